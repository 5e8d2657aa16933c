"""The command line: a verb a file, loaded when it is called.

Results go to stdout, progress and warnings to stderr. A user never sees a traceback: every failure is one line.
"""

from __future__ import annotations

import importlib
import logging
import os
import re
import shlex
import sys
import traceback
from typing import Any

import click

from workbench import __version__
from workbench.cli.ending import (
    ReaderLeftError,
    end,
    end_broken_pipe,
    end_interrupted,
    end_unwritable,
    interrupts_raise,
    prepare_streams,
    reader_may_leave,
)
from workbench.cli.redaction import RedactingFilter, redact
from workbench.errors import WorkbenchError, visible
from workbench.settings import secrets_of

__all__ = ["cli", "main"]

VERBS = {
    "demo": "Stream a built-in corpus to the simulator under three audio configurations and compare",
    "simulate": "Run a local Suki simulator with a real speech recogniser",
    "run": "Play a corpus to Suki or the simulator and store the results",
    "sweep": "Play the same utterances under many configurations and compare them",
    "resume": "Play the rest of a run that was stopped or killed",
    "score": "Score a stored run again, with the same or another text normaliser",
    "show": "Show a stored run",
    "compare": "Compare the configurations of one run, or several runs, pairwise",
    "gate": "Judge a run by limits and against a baseline: pass, fail, not enough data or invalid",
    "trend": "Show one corpus under one configuration over time, with control limits",
    "watch": "Play a corpus at intervals and report runs outside their control limits",
    "report": "Write a run as one HTML file that needs no network",
    "case": "Write recordings that went wrong as one file for a support ticket",
    "live": "Transcribe a microphone or a file live",
    "calibrate": "Measure this machine's timing error",
    "capacity": "Find how many concurrent sessions work, and whether client or service is the limit",
    "runs": "List, label, verify, recover, merge, export and remove stored runs",
    "datasets": "List, check, import, align, render and review corpora, and draft references",
    "models": "List, fetch and verify models of the simulator's recogniser",
    "notebooks": "Copy the example notebooks of the package into a folder",
    "app": "Watch sessions live, compare runs and start sweeps in a browser",
    "clean": "Remove recordings and cached decodings, which are stored outside of runs",
    "trust": "Allow the settings file of a folder to choose where credentials and speech are sent",
    "doctor": "Check this machine and the connection to the service, with a fix for every failure",
}
"""Every verb with its one line of help, so that ``workbench --help`` imports none of them."""


class _Verbs(click.Group):
    """Imports a verb's module when the verb is called."""

    def make_context(self, *args: Any, **options: Any) -> click.Context:  # noqa: ANN401  as click has it
        with reader_may_leave():
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  as click has it
        with reader_may_leave():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"workbench.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        interrupts_raise()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=_Verbs,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="workbench")
@click.pass_context
def cli(context: click.Context) -> None:
    """Measure streaming clinical speech recognition: accuracy, latency and the effect of audio quality.

    Start with `workbench demo`.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main() -> None:
    """Entry point of the console script."""
    os.umask(0o077)  # whatever is written may hold speech: nobody else on this machine reads it
    prepare_streams()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(RedactingFilter(secrets_of(os.environ)))
    try:
        status = cli(standalone_mode=False)
        sys.stdout.flush()  # here, where a full disk or a closed pipe can still be answered
    except (click.exceptions.Abort, KeyboardInterrupt):
        end_interrupted()
    except click.ClickException as error:
        # Parts of a usage error are on lines of their own; a user gets one.
        end(" ".join(error.format_message().split()).rstrip("."), 2, _hint(error))
    except WorkbenchError as error:
        end(_with_store(str(_in_flags(error))), error.exit_code)
    except (BrokenPipeError, ReaderLeftError):
        end_broken_pipe()
    except OSError as error:
        _trace()
        end_unwritable(error)
    except Exception as error:  # noqa: BLE001  the last line of defence: a user gets a sentence, not a traceback
        _trace()
        end(f"internal error: {_where(error)}", 1, "Set WORKBENCH_TRACEBACK=1 to see where, and please report it")
    sys.exit(status if isinstance(status, int) else 0)


def _trace() -> None:
    if os.environ.get("WORKBENCH_TRACEBACK"):
        click.echo(visible(redact(traceback.format_exc(), secrets_of(os.environ)), keep="\n"), err=True)


def _in_flags(error: WorkbenchError) -> WorkbenchError:
    """The error with the option that was typed in place of the parameter that the library names."""
    from workbench.cli.options import in_flags

    command: click.Command = cli
    for word in sys.argv[1:]:
        if not isinstance(command, click.Group):
            break
        command = command.get_command(click.Context(command), word) or command
    return in_flags(error, command)


_STORE_VERBS = r"workbench (?:runs \w+|run|show|score|resume|calibrate)"


def _with_store(message: str) -> str:
    """The message; commands in it that can be pasted name the store that was typed."""
    words = sys.argv[1:]
    after = [words[i + 1] for i, word in enumerate(words[:-1]) if word == "--store"]
    typed = after or [word.partition("=")[2] for word in words if word.startswith("--store=")]
    if not typed:
        return message
    flag = f" --store {shlex.quote(typed[-1])}"
    return re.sub(rf"`({_STORE_VERBS})`", lambda command: f"`{command[1]}{flag}`", message)


def _hint(error: click.ClickException) -> str | None:
    context = getattr(error, "ctx", None)
    return f"Try '{context.command_path} --help'" if context else None


def _where(error: Exception) -> str:
    """Class and place, not the message: it may hold a transcript."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, line {frame.lineno} of {os.path.basename(frame.filename)}"  # noqa: PTH119
