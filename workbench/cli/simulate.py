"""``workbench simulate``: a Suki on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import click

from workbench.cli.options import KEY_VALUE, spec_option
from workbench.cli.screen import echo, note
from workbench.errors import InputError
from workbench.protocol.messages import Dialect
from workbench.settings import Secret, is_loopback

if TYPE_CHECKING:
    from workbench.simulator.auth.accounts import Partner

__all__ = ["simulate"]


@click.command(epilog="Example: workbench simulate --port 8765 --model whisper-lite")
@click.option("--host", metavar="HOST", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    metavar="PORT",
    default=8765,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--recogniser",
    default="live",
    show_default=True,
    type=click.Choice(["live", "scripted", "replay"]),
    help="Source of the words: live decoding, a script posted to /_sim/scripts/{session_id}, or cached decodings.",
)
@click.option(
    "--refuse-unknown", is_flag=True, help="With replay: reject audio that was never decoded.  [default: decode it]"
)
@click.option(
    "--processes", metavar="N", default=1, show_default=True, type=click.IntRange(1, 64),
    help="Number of independent simulators, on consecutive ports.",
)  # fmt: skip
@click.option(
    "--workers", metavar="N", type=click.IntRange(1),
    help="Number of recogniser processes or threads.  [default: one per core]",
)  # fmt: skip
@click.option(
    "--streams",
    metavar="N",
    type=click.IntRange(1),
    help="Maximum number of concurrent streams.  [default: what the workers decode in real time]",
)
@spec_option("model")
@spec_option("partials", default=True)
@spec_option("partial_every", default=True)
@click.option(
    "--dialect", type=click.Choice([d.value for d in Dialect]), default="live", show_default=True,
    help="API dialect to serve.",
)  # fmt: skip
@click.option(
    "--tls-cert",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Certificate (PEM); the simulator then serves https and wss.",
)
@click.option("--tls-key", metavar="FILE", type=click.Path(path_type=Path), help="Key of the certificate (PEM).")
@click.option(
    "--partner",
    "partners",
    multiple=True,
    type=KEY_VALUE,
    metavar="ID=TOKEN",
    help="Additional partner with its token (repeatable).",
)
@click.option(
    "--single-auth", is_flag=True, help="Single Auth: one shared partner token; every call names a registered provider."
)
@click.option(
    "--partner-key", metavar="FILE", type=click.Path(path_type=Path),
    help="Public key (PEM) or JSON key set; partner tokens must be RS256 and signed with it.",
)  # fmt: skip
@click.option(
    "--partner-claim",
    metavar="NAME",
    default="email",
    show_default=True,
    help="Claim of a partner token that names the user.",
)
@click.option(
    "--inactive-provider",
    "inactive",
    multiple=True,
    metavar="ID",
    help="Provider to reject with status 412 (repeatable).",
)
@click.option(
    "--token-life",
    metavar="SECONDS",
    default=3600.0,
    show_default=True,
    type=click.FloatRange(1),
    help="Seconds until a token expires.",
)
@click.option(
    "--processing",
    metavar="SECONDS",
    default=7.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Seconds until a note or form is ready; the service takes 5 to 10.",
)
@click.option(
    "--keep-alive",
    default="5",
    show_default=True,
    type=click.Choice(["5", "15"]),
    help="Seconds that a paused stream may be silent; the vendor documents 5 and 15.",
)
@click.option(
    "--limit", "limits", multiple=True, type=KEY_VALUE, metavar="NAME=VALUE",
    help="Limit of the simulator, such as idle_s=25, paused_s=1800, release_s=2 or refusal_status=412 (repeatable).",
)  # fmt: skip
@click.option(
    "--strict", is_flag=True, help="Reject every breach of the contract and name it, even where the service ignores it."
)
@click.option("--cors", multiple=True, metavar="ORIGIN", help="Web origin that may call REST; * for all (repeatable).")
@click.option(
    "--webhook-url", metavar="URL", help="Address to notify of finished notes and forms; reads SUKI_WEBHOOK_SECRET."
)
@click.option(
    "--scenario",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="TOML file of faults to play; see docs/faults.md.",
)
@click.option("--end-with-stdin", is_flag=True, hidden=True, help="End when standard input does.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print address and credentials as one JSON object on the first line."
)
def simulate(
    host: str,
    port: int,
    recogniser: str,
    refuse_unknown: bool,
    processes: int,
    workers: int | None,
    streams: int | None,
    model: str | None,
    partials: str,
    partial_every: float,
    dialect: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    partners: tuple[tuple[str, str], ...],
    single_auth: bool,
    partner_key: Path | None,
    partner_claim: str,
    inactive: tuple[str, ...],
    token_life: float,
    processing: float,
    keep_alive: str,
    limits: tuple[tuple[str, str], ...],
    strict: bool,
    cors: tuple[str, ...],
    webhook_url: str | None,
    scenario: Path | None,
    end_with_stdin: bool,
    as_json: bool,
) -> None:
    """Run a local Suki simulator until Ctrl-C.

    Transcripts come from decoding the audio it receives. It prints its address and the credentials that it accepts;
    play to it from another terminal: `workbench run --endpoint http://127.0.0.1:8765`.

    With --processes it prints several addresses: a session exists only at the address where it was created, so a
    client must split its sessions over the addresses.
    """
    from workbench.playing.pacer import run
    from workbench.settings import DEFAULT_MODEL
    from workbench.simulator.auth.accounts import DEMO_PARTNER
    from workbench.simulator.auth.partner_tokens import load_partner_keys
    from workbench.simulator.faults.read_scenario import read_scenario
    from workbench.simulator.limits import SimulatorLimits, changed_limits
    from workbench.simulator.local import LocalSimulator
    from workbench.simulator.server import SimulatorOptions

    if not is_loopback(host):
        note(
            f"warning: {host} can be reached from other machines; the credentials are public and the speech is not"
            " protected"
        )
    secret = os.environ.get("SUKI_WEBHOOK_SECRET")
    options = SimulatorOptions(
        host=host,
        port=port,
        recogniser=cast("Literal['live', 'scripted', 'replay']", recogniser),
        decode_unknown=not refuse_unknown,
        workers=workers,
        streams=streams,
        model=model or os.environ.get("WORKBENCH_MODEL") or DEFAULT_MODEL,
        partials=partials,
        partial_every_s=partial_every,
        dialect=Dialect(dialect),
        tls_cert=tls_cert,
        tls_key=tls_key,
        partner=replace(
            DEMO_PARTNER,
            single_auth=single_auth,
            keys=load_partner_keys(partner_key, partner_claim) if partner_key is not None else None,
            inactive=frozenset(inactive),
        ),
        limits=changed_limits(
            SimulatorLimits(
                token_life_s=token_life, processing_s=processing, keep_alive_s=float(keep_alive), strict=strict
            ),
            dict(limits),
        ),
        partners=tuple(_partner(name, token, single_auth=single_auth) for name, token in partners),
        cors=cors,
        webhook_url=webhook_url,
        webhook_secret=Secret(secret) if secret else None,
        scenario=read_scenario(scenario) if scenario is not None else None,
    )
    with contextlib.ExitStack() as others:
        more = [
            others.enter_context(LocalSimulator(*_repeated(click.get_current_context(), port + place if port else 0)))
            for place in range(1, processes)
        ]
        run(_serve(options, as_json, end_with_stdin, [(other.url, other.ws_url) for other in more]))


def _partner(name: str, token: str, *, single_auth: bool) -> Partner:
    from workbench.simulator.auth.accounts import Partner

    if not token:
        raise InputError("a partner needs a token", item=f"--partner {name}", expected="ID=TOKEN")
    return Partner(name, token, single_auth=single_auth)


def _repeated(context: click.Context, port: int) -> list[str]:
    """The arguments of this call once more, for a process that listens elsewhere."""
    words: list[str] = []
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if parameter.name in ("port", "processes", "end_with_stdin", "as_json", "host") or value in (None, False, ()):
            continue
        for each in value if isinstance(value, tuple) else (value,):
            text = "=".join(each) if isinstance(each, tuple) else str(each)
            words += [parameter.opts[-1]] if each is True else [parameter.opts[-1], text]
    return [*words, "--host", context.params["host"], "--port", str(port)]


def _settle_collector() -> None:
    """A collection that looks at everything stops the loop for milliseconds: with 1,000 sessions, late stamps."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _serve(options: object, as_json: bool, end_with_stdin: bool, others: Sequence[tuple[str, str]] = ()) -> None:
    from workbench.simulator.server import Simulator, SimulatorOptions

    assert isinstance(options, SimulatorOptions)  # noqa: S101  imported late, so that --help stays fast
    logging.getLogger("workbench").setLevel(logging.INFO)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if end_with_stdin:
        # Whoever started this holds the other end; it closes when that process is gone, however it went.
        try:
            asyncio.get_running_loop().add_reader(0, stop.set)
        except OSError:  # no pipe but a file, and a file is at its end
            stop.set()
    async with Simulator(options) as simulator:
        _settle_collector()
        partner = options.partner
        facts = {
            "url": simulator.url,
            "ws_url": simulator.ws_url,
            "partner_id": partner.id,
            "partner_token": partner.token if partner.keys is None else None,
            "partners": [{"partner_id": other.id, "partner_token": other.token} for other in options.partners],
            "processes": [
                {"url": url, "ws_url": ws_url} for url, ws_url in [(simulator.url, simulator.ws_url), *others]
            ],
        }
        if as_json:
            echo(json.dumps(facts))
        else:
            echo(f"Suki simulator ({options.recogniser}) at {simulator.url} and {simulator.ws_url}")
            for url, ws_url in others:
                echo(f"and, with separate sessions, at {url} and {ws_url}")
            token = partner.token if partner.keys is None else "<signed with the private key>"
            echo(f"SUKI_PARTNER_ID={partner.id} SUKI_PARTNER_TOKEN={token}")
            echo("End it with Ctrl-C.")
        await stop.wait()
