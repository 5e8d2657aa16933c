"""One session, or two of the same recording in step, as one HTML file: sound, words in time, nothing fetched.

The page is the inspector of the app: the same modules, put into one script, and the same data, so that a mail shows
what the app shows. It allows itself that one script and that one style, by their hashes, and no connection at all.
What was said is data in it, and enters the page through ``textContent`` alone.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from workbench.audio.files import encode_audio
from workbench.audio.levels import to_float, to_int16
from workbench.audio.resample import resample
from workbench.errors import InputError, escaped
from workbench.reporting.markup import escape
from workbench.reporting.session import Session
from workbench.reporting.session_timeline import session_timeline
from workbench.store.files import write_named

__all__ = ["MAX_SESSIONS", "render_session_page", "write_session_page"]

MAX_SESSIONS = 2

Sound = tuple[NDArray[np.int16], int]
"""Samples, int16, mono, shape (n,), and their rate in Hz."""

_MODULES = ("words.js", "wordtimes.js", "timeline.js", "playback.js", "inspector.js")
_STYLES = ("words.css", "inspector.css")
_RATE_HZ = 16_000
_LOSSLESS_BYTES = 2_000_000
"""A minute of 16 kHz is 1.9 MB before FLAC takes its half: what is longer than about two minutes goes as Opus."""

_IMPORT = re.compile(r"^import .*?;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?:default )?", re.MULTILINE)

_LOOK = """
:root{color-scheme:light dark;--st-font:system-ui,sans-serif;--st-text-color:#1b2430;--st-background-color:#fff;
--st-secondary-background-color:#f4f6f8;--st-border-color:#d9dfe5;--st-primary-color:#0b6e99}
@media (prefers-color-scheme:dark){:root{--st-text-color:#e8edf2;--st-background-color:#12181f;
--st-secondary-background-color:#1d262f;--st-border-color:#3a4652;--st-primary-color:#5cc3ee}}
body{margin:0 auto;padding:1.5rem 1rem;max-width:90rem;font:16px/1.45 var(--st-font);color:var(--st-text-color);
background:var(--st-background-color)}h1{font-size:1.4rem;margin:0 0 .3rem;overflow-wrap:anywhere}
h2{font-size:1rem;margin:0 0 .6rem;font-weight:500}
.lead{margin:0 0 1rem}footer{font-size:.85rem;margin-top:1rem;overflow-wrap:anywhere}
"""
_BEGIN = """
const data = JSON.parse(document.getElementById("session").textContent);
const place = { data, parentElement: document.getElementById("inspector") };
inspector(place);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => inspector(place));
"""


def write_session_page(path: Path, sessions: Sequence[Session], sound: Sound) -> int:
    """Write the page; only the owner may read the file, it holds what was said.

    Args:
        path: file to write.
        sessions: one, or two of the same recording.
        sound: of the first, as the service heard it.

    Returns:
        Its size in bytes.

    Raises:
        InputError: no or too many sessions, two recordings, or the file cannot be written.
    """
    data = render_session_page(sessions, sound).encode()
    write_named(path, "session", lambda file: file.write(data))
    return len(data)


def render_session_page(sessions: Sequence[Session], sound: Sound | None) -> str:
    """The page; arguments and errors as for :func:`write_session_page`. Without sound it is silent."""
    if not 1 <= len(sessions) <= MAX_SESSIONS:
        raise InputError("not a number of sessions", got=len(sessions), expected=f"1 to {MAX_SESSIONS}")
    names = list(dict.fromkeys(session.record.key.utterance for session in sessions))
    if len(names) > 1:
        raise InputError("two recordings have no time in common", got=", ".join(names), expected="one recording")
    script = f"{_script()}{_BEGIN}"
    style = _LOOK + "".join(_asset(name) for name in _STYLES)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; media-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(names[0])}</title><style>{style}</style></head><body><main>\n"
        f"<h1>{escape(names[0])}</h1>\n<h2>What was said, and what was shown when</h2>\n"
        f'<p class="lead">{_lead(sessions)}</p>\n'
        '<div id="inspector"></div>\n<noscript><p>This page draws its words and sound by script.</p></noscript>\n'
        f"</main>\n<footer>{_facts(sessions)}</footer>\n"
        f'<script type="application/json" id="session">{_json(_data(sessions, sound))}</script>\n'
        f'<script type="module">{script}</script>\n</body></html>\n'
    )


def _data(sessions: Sequence[Session], sound: Sound | None) -> dict[str, Any]:
    """What the inspector draws; two sessions have one sound, that of the first."""
    pcm, url = (None, None) if sound is None else (sound[0], _address(sound))
    drawn = []
    for place, session in enumerate(sessions):
        name = session.record.key.cell
        if len(sessions) > 1:
            name += f", {session.run.manifest.created[:16].replace('T', ' ')}"
        first = place == 0
        drawn.append(session_timeline(session, pcm if first else None, url if first else None, name))
    if len(drawn) > 1 and drawn[0]["lengthMs"] == drawn[1]["lengthMs"]:
        drawn[1]["peaks"] = drawn[0]["peaks"]
    return {"sessions": drawn}


def _address(sound: Sound) -> str:
    """The sound as a data address: every sample where there is room, at 16 kHz at most."""
    pcm, rate_hz = sound if sound[1] <= _RATE_HZ else _at_16_khz(sound)
    data, kind = encode_audio(pcm, rate_hz, "FLAC"), "flac"
    if len(data) > _LOSSLESS_BYTES:
        data, kind = encode_audio(*_at_16_khz((pcm, rate_hz)), "OPUS"), "ogg"
    return f"data:audio/{kind};base64,{base64.b64encode(data).decode()}"


def _at_16_khz(sound: Sound) -> Sound:
    pcm, rate_hz = sound
    return to_int16(resample(to_float(pcm), rate_hz, _RATE_HZ)), _RATE_HZ


def _lead(sessions: Sequence[Session]) -> str:
    """What the sessions came to, in a sentence each."""
    sentences = []
    for session in sessions:
        score, cell = session.score, escape(session.record.key.cell)
        if score.failed:
            sentences.append(f"{cell}: failed, {escape(session.record.error or score.outcome)}.")
        elif not score.words.errors:
            sentences.append(f"{cell}: no word wrong of {score.words.reference}.")
        else:
            sentences.append(f"{cell}: {score.words.errors} of {score.words.reference} words wrong.")
    if len(sessions) > 1:
        sentences.append(f"The sound is that of {escape(sessions[0].record.key.cell)}; both move with it.")
    return " ".join(sentences)


def _facts(sessions: Sequence[Session]) -> str:
    runs = {session.run.run_id: session.run.manifest for session in sessions}
    lines = []
    for name, manifest in runs.items():
        begun = manifest.created[:16].replace("T", " ")
        recogniser = f"simulated by {manifest.recogniser}" if manifest.recogniser else "recogniser of the service"
        lines.append(
            f"Run {name} of {begun} UTC, data set {manifest.corpus.name}, target {manifest.endpoint}, {recogniser}."
        )
    return "<br>".join([*map(escape, lines), "This file holds what was said: treat it as patient data."])


def _script() -> str:
    """The modules of the inspector in one: nothing is imported, nothing exported."""
    return "".join(_EXPORT.sub("", _IMPORT.sub("", _asset(name))) for name in _MODULES)


def _asset(name: str) -> str:
    text = (files("workbench") / "app" / "assets" / name).read_text("utf-8")
    return text.removeprefix('@import url("words.css");\n') if name.endswith(".css") else text


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(value: object) -> str:
    """JSON that ends no element and has no control character: both are written as escapes."""
    return escaped(msgspec.json.encode(value).decode()).replace("<", "\\u003c")
