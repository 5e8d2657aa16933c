"""Keywords of a run: from what a caller gave to a specification, and into signatures and help texts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from inspect import Parameter, cleandoc, signature
from pathlib import Path
from typing import Any

from workbench.audio.config import AudioConfig
from workbench.errors import InputError
from workbench.runs.keywords import RunKeywords
from workbench.runs.spec import RunSpec
from workbench.runs.spec_fields import make_spec, spec_fields
from workbench.runs.sweep import DEFAULTS, SETTINGS, Cell, check_sweep_authority, load_sweep

__all__ = ["as_given", "signed", "spec_of"]

_AUDIO = "Audio configuration; settings given as keywords override it."


def spec_of(options: Mapping[str, Any]) -> RunSpec:
    """Keywords as a specification: fields by their name, settings of the audio as its ``base``.

    Raises:
        InputError: an unknown keyword, or a value that is not allowed.
    """
    names = {field.name for field in spec_fields()}
    unknown = next((name for name in options if name not in {*names, "audio", "file", *SETTINGS}), None)
    if unknown is not None:
        allowed = ", ".join((*(field.name for field in spec_fields()), "audio", *SETTINGS))
        raise InputError("unknown setting", item=unknown, expected=f"one of {allowed}")
    fields = {name: value for name, value in options.items() if name in names and value is not None}
    over = None if options.get("file") is None else load_sweep(Path(options["file"]))
    if over is not None:
        check_sweep_authority(Path(options["file"]), over, fields, os.environ)
    given = {name: value for name, value in options.items() if name in SETTINGS}
    fields["base"] = {
        **(over.base if over else {}),
        **_audio_settings(options.get("audio")),
        **fields.get("base", {}),
        **given,
    }
    if "cells" in fields:
        fields["cells"] = [cell.all_settings() if isinstance(cell, Cell) else cell for cell in fields["cells"]]
    return make_spec(fields, over=over)


def _audio_settings(audio: object) -> dict[str, Any]:
    """Every setting of an audio configuration: it replaces what a file says as a whole."""
    if audio is None:
        return {}
    if not isinstance(audio, AudioConfig):
        expected = "an AudioConfig, such as AudioConfig(noise='pink', snr_db=20)"
        raise InputError("not an audio configuration", item="audio", got=type(audio).__name__, expected=expected)
    settings = Cell(audio.name, audio).all_settings()
    return {key: value for key, value in settings.items() if key not in ("network", "pace", "service") and value != ""}


def as_given(error: InputError, options: Mapping[str, Any]) -> InputError:
    """The error with the keyword that the caller gave in place of ``base.<setting>``."""
    table, _, name = (error.item or "").partition(".")
    if table == "base" and name not in options.get("base", {}) and options.get("file") is None:
        error.item = name
    return error


def signed(function: Callable[..., object], *left_out: str) -> None:
    """Show every keyword of a function, by its name, in its signature and its help.

    Args:
        function: takes the keywords of a run as ``**options``.
        left_out: fields that it does not take.
    """
    shown = signature(function)
    fixed = [part for part in shown.parameters.values() if part.kind is not Parameter.VAR_KEYWORD]
    fields = [field for field in spec_fields() if field.name not in ("corpus", *left_out)]
    types = RunKeywords.__annotations__
    settings = {"audio": None, **{name: DEFAULTS.get(name, "") for name in SETTINGS}}
    made = [Parameter(f.name, Parameter.KEYWORD_ONLY, default=f.default, annotation=f.annotation) for f in fields]
    made += [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=types[name].__forward_arg__)
        for name, default in settings.items()
    ]
    if "vary" not in left_out:
        made.append(Parameter("file", Parameter.KEYWORD_ONLY, default=None, annotation="str | Path | None"))
    function.__signature__ = shown.replace(parameters=[*fixed, *made])  # type: ignore[attr-defined]
    # What only an option can be is left out of the help.
    lines = [f"    {f.name}: {f.help.replace(' (repeatable)', '').replace('repeatable; ', '')}" for f in fields]
    lines += [f"    audio: {_AUDIO}", f"    {', '.join(SETTINGS)}: as in :class:`AudioConfig`, docs/audio.md."]
    function.__doc__ = f"{cleandoc(function.__doc__ or '')}\n" + "\n".join(lines) + "\n"
