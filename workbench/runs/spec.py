"""The settings of a run, each with its type, default, bounds and help text: the one place where they are listed.

Flags of `workbench run` and `workbench sweep`, keys of a sweep file, keywords of `workbench.run` and `workbench.sweep`,
the form of the app and the request that a manifest keeps are all made from the fields of :class:`RunSpec`. A field
that is added here is in all of them; CONTRIBUTING.md shows it. Nothing heavy is imported: ``--help`` needs this module.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from workbench.protocol.messages import Dialect, Product

__all__ = ["PATH", "RunSpec", "Setting"]

Setting = str | int | float | bool | None
"""Value of one setting of an audio configuration, ``network`` or ``pace``."""

_Count = Annotated[int, Meta(ge=1)]
_Port = Annotated[int, Meta(ge=0, le=65_535)]
PATH = {"format": "path"}
"""Marks a field that names a file."""


class RunSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Specification of a run: plain values that can be written to a file and read again.

    :func:`workbench.runs.resolve.resolve` loads what they name. The help text of every field is in its annotation.
    """

    corpus: Annotated[
        str, Meta(description="Corpus to play: built-in name (clinic, librivox), folder or manifest.")
    ] = "clinic"
    utterances: Annotated[tuple[str, ...], Meta(description="Utterance to play, by id (repeatable).")] = ()
    tags: Annotated[tuple[str, ...], Meta(description="Play only utterances that have this tag (repeatable).")] = ()
    limit: Annotated[_Count | None, Meta(description="Number of utterances to play, drawn by seed.")] = None
    skip_bad: Annotated[
        bool, Meta(description="Leave out recordings that datasets check refuses; list and count them.")
    ] = False
    base: Annotated[
        dict[str, Setting],
        Meta(description="Setting of the audio, the network or the pace, such as snr_db=20 (repeatable)."),
    ] = {}
    vary: Annotated[
        dict[str, list[Setting]],
        Meta(description="Setting to vary and its values; several make a grid of all combinations."),
    ] = {}
    cells: Annotated[
        list[dict[str, Setting]], Meta(description="Configurations, one table of settings each, instead of a grid.")
    ] = []
    repeats: Annotated[_Count, Meta(description="Number of times to play each recording under each configuration.")] = 1
    noise_floor: Annotated[
        bool, Meta(description="A/A run: play everything at least twice and report the differences as noise floor.")
    ] = False
    seed: Annotated[
        int, Meta(description="Random seed for the choice of utterances, noise, session order and bootstrap.")
    ] = 0
    concurrency: Annotated[_Count, Meta(description="Number of concurrent sessions.")] = 4
    normaliser: Annotated[str, Meta(description="Text normaliser used for scoring.")] = "clinical"
    product: Annotated[Product, Meta(description="Suki product that the sessions use.")] = Product.DICTATION
    form_templates: Annotated[
        tuple[str, ...], Meta(description="Form template to fill, by name or id (repeatable; form-filling only).")
    ] = ()
    context: Annotated[
        str | dict[str, Any] | None,
        Meta(description="JSON file with the context of the visit (ambient, form-filling).", extra_json_schema=PATH),
    ] = None
    push_to_talk: Annotated[
        bool, Meta(description="Play all utterances of a speaker in one dictation session, one connection each.")
    ] = False
    dialect: Annotated[
        Dialect,
        Meta(description="Wire dialect: live (the vendor's documentation) or asyncapi (its AsyncAPI document)."),
    ] = Dialect.LIVE
    endpoint: Annotated[
        str | None,
        Meta(description="Service: simulator (started for the command), staging, production or a base URL."),
    ] = None
    model: Annotated[
        str | None,
        Meta(
            description="Model of the local simulator: whisper, whisper-vocabulary, whisper-lite, general, vocabulary, "
            "lite, a CTranslate2 folder or a dictionary file; WORKBENCH_MODEL or whisper if not given."
        ),
    ] = None
    recogniser: Annotated[
        Literal["live", "replay"],
        Meta(description="Recogniser of the local simulator: decode live, or replay cached decodings."),
    ] = "live"
    partials: Annotated[
        Literal["all", "settled", "agreed"],
        Meta(description="Words that partials of whisper show: all, all but the last, or those two passes agree on."),
    ] = "settled"
    partial_every: Annotated[float, Meta(description="Seconds of audio between two partials of whisper.", ge=0.1)] = 0.5
    offline_baseline: Annotated[
        bool,
        Meta(
            description="Also decode each recording as a whole with the same model (whisper) and report what "
            "streaming costs in WER."
        ),
    ] = False
    scenario: Annotated[
        str | None,
        Meta(description="TOML file of faults that the local simulator plays; see docs/faults.md.",
             extra_json_schema=PATH),
    ] = None  # fmt: skip
    provider_id: Annotated[
        str | None, Meta(description="Provider id that a shared partner token acts for (Single Auth).")
    ] = None
    webhook_port: Annotated[
        _Port | None, Meta(description="Local port to receive notifications on; reads SUKI_WEBHOOK_SECRET.")
    ] = None
    ca_file: Annotated[
        str | None, Meta(description="Additional CA certificate (PEM).", extra_json_schema=PATH)
    ] = None  # fmt: skip
    transport: Annotated[
        Literal["auto", "websockets", "picows"],
        Meta(description="WebSocket library; auto takes picows above 200 concurrent sessions."),
    ] = "auto"
    realtime: Annotated[
        bool, Meta(description="Ask for real-time priority (SCHED_FIFO) and keep processors awake during the run.")
    ] = False
    kernel_stamps: Annotated[
        bool, Meta(description="Take times of arrival from the kernel; over TLS from this process.")
    ] = False
