"""The command line: a verb a file, loaded when it is called.

Results go to stdout, progress and warnings to stderr. A user never sees a traceback: every failure is one line.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import traceback

import click

from workbench import __version__
from workbench.errors import WorkbenchError
from workbench.redaction import RedactingFilter, redact, secrets_of

__all__ = ["cli", "main"]

VERBS = {
    "demo": "Stream a built-in corpus to the simulator under three audio configurations and compare",
    "simulate": "Run a Suki on this machine, with a real recogniser",
    "run": "Play a corpus to Suki or the simulator and store what happened",
    "sweep": "Play the same utterances under many configurations and compare them",
    "resume": "Play what is left of a run that was stopped or killed",
    "score": "Score a stored run again, with another normaliser if you like",
    "show": "Show a stored run",
    "compare": "Compare the configurations of one run, or several runs, pairwise",
    "gate": "Judge a run by limits and by its change: pass, fail, not enough data, measurement invalid",
    "report": "Write a run as one HTML file that opens anywhere",
    "live": "A microphone or a file, words as they come",
    "calibrate": "Measure the error of the measurement itself on this machine",
    "capacity": "Find out how many sessions at a time hold, and which end gives way",
    "runs": "List, verify, recover, merge, export and remove stored runs",
    "datasets": "List, check, import, align and render corpora",
    "notebooks": "Copy the notebooks that come with the package, to try them",
    "app": "See sessions as they come, compare runs and start sweeps, in a browser",
    "doctor": "Check this machine and the way to the service, and say what to do where something fails",
}
"""Every verb with its one line of help, so that ``workbench --help`` imports none of them."""


class _Verbs(click.Group):
    """Imports a verb's module when the verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"workbench.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="workbench")
def cli() -> None:
    """Measure streaming clinical speech recognition: how accurate, how late, and what the audio costs.

    Start with `workbench demo`.
    """


def main() -> None:
    """Entry point of the console script."""
    os.umask(0o077)  # whatever is written may hold speech: nobody else on this machine reads it
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(RedactingFilter(secrets_of(os.environ)))
    try:
        status = cli(standalone_mode=False)
    except click.exceptions.Abort:
        _end("interrupted", 130)
    except click.ClickException as error:
        # Parts of a usage error are on lines of their own; a user gets one.
        _end(" ".join(error.format_message().split()).rstrip("."), 2, _hint(error))
    except KeyboardInterrupt:
        _end("interrupted", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except WorkbenchError as error:
        _end(str(error), error.exit_code)
    except Exception as error:  # noqa: BLE001  the last line of defence: a user gets a sentence, not a traceback
        if os.environ.get("WORKBENCH_TRACEBACK"):
            click.echo(redact(traceback.format_exc(), secrets_of(os.environ)), err=True)
        _end(f"internal error: {_where(error)}", 1, "Set WORKBENCH_TRACEBACK=1 to see where, and please report it")
    sys.exit(status if isinstance(status, int) else 0)


def _hint(error: click.ClickException) -> str | None:
    context = getattr(error, "ctx", None)
    return f"Try '{context.command_path} --help'" if context else None


def _where(error: Exception) -> str:
    """Class and place, not the message: it may hold a transcript."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, line {frame.lineno} of {os.path.basename(frame.filename)}"  # noqa: PTH119


def _end(message: str, status: int, hint: str | None = None) -> None:
    click.echo(f"workbench: {message}" + (f". {hint}" if hint else ""), err=True)
    sys.exit(status)
