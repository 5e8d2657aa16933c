"""One value of a setting by a control of its kind: a slider with its range and unit, or the values there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from workbench.app.live.request import Value
from workbench.app.parts.run_picker import link_to
from workbench.app.sweep_form import SETTINGS, control
from workbench.audio.config import RANGES, SNR_RANGE_DB
from workbench.reporting.setting_axis import setting_label
from workbench.runs.sweep import DEFAULTS, setting_from_text

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

__all__ = ["OWN_SETTINGS", "SLIDERS", "base_text", "own_settings", "sweep_link"]

SLIDERS: dict[str, tuple[float, float, float, float]] = {
    "chunk_ms": (10, 1_000, 10, 200),
    "speed": (0.5, 2.0, 0.05, 1.1),
    "lead_ms": (0, 5_000, 100, 500),
    "trail_ms": (0, 5_000, 100, 500),
    "rt60_s": (0.0, 3.0, 0.1, 0.5),
    "snr_db": (-10.0, 40.0, 1.0, 20.0),
    "gain_db": (-60.0, 40.0, 1.0, -20.0),
    "dc_offset": (-0.5, 0.5, 0.01, 0.1),
    "clip_db": (0.0, 40.0, 1.0, 12.0),
    "codec_kbps": (6.0, 64.0, 1.0, 12.0),
    "loss_percent": (0.0, 50.0, 1.0, 5.0),
    "loss_ms": (5, 200, 5, 20),
    "pace": (0.5, 4.0, 0.5, 2.0),
}
"""Lowest, highest, step and first value of what is tried by ear; a run may go further where more is allowed."""
_FIRST = {"codec": "ulaw", "noise": "babble", "band": "telephone", "network": "poor", "sample_rate_hz": "8000"}
OWN_SETTINGS = tuple(key for key in SETTINGS if key != "service")
"""A sound has all of them; where it is played has a field of its own."""
_NEEDS: dict[str, tuple[str, Value]] = {
    "noise": ("snr_db", 20.0),
    "codec_rate_hz": ("codec", "pcm"),
    "codec_kbps": ("codec", "opus"),
}
"""Settings that mean nothing alone, with what they are tried with."""


def own_settings(prefix: str, label: str, first: str = "", wide: int = 4) -> dict[str, Value]:
    """Any settings, one by one; they stand in the address.

    Args:
        prefix: of the keys.
        label: what they are chosen for.
        first: setting that is chosen where the address names none.
        wide: controls beside each other.
    """
    name = f"{prefix}_settings"
    if name not in st.session_state:
        asked = str(st.query_params.get(name, first)).split(",")
        st.session_state[name] = [key for key in asked if key in OWN_SETTINGS]
    keys = st.multiselect(label, OWN_SETTINGS, key=name, format_func=setting_label)
    link_to(name, ",".join(keys) or None)
    values: dict[str, Value] = {}
    columns = st.columns(wide)
    for place, key in enumerate(keys):
        values[key] = _control(columns[place % wide], key, f"{prefix}_{key}")
    for key, (needed, value) in _NEEDS.items():
        if values.get(key) is not None:
            values.setdefault(needed, value)
    return {key: value for key, value in values.items() if value is not None}


def _control(column: DeltaGenerator, key: str, name: str) -> Value:
    label = setting_label(key)
    if key in SLIDERS:
        low, high, step, first = SLIDERS[key]
        limits = SNR_RANGE_DB if key == "snr_db" else RANGES.get(key)
        allowed = f"Allowed in a run: {limits[0]:,g} to {limits[1]:,g}." if limits else None
        value: Value = column.slider(label, low, high, first, step, "%g", key=name, bind="query-params", help=allowed)
        return value
    options = control(key).options
    first_choice = _FIRST.get(key, options[min(1, len(options) - 1)])
    picked = column.selectbox(label, options, options.index(first_choice), key=name, bind="query-params")
    chosen = None if picked == "none" and key != "network" else setting_from_text(key, str(picked))
    return chosen if isinstance(chosen, str | int | float) else None


def sweep_link(key: str, settings: Mapping[str, Value], corpus: str | None) -> dict[str, str]:
    """The address of New run with a setting to change around its value here, and the others as they are here.

    Args:
        key: the setting.
        settings: everything that was changed, this one among it.
        corpus: name of the data set; None for a file.
    """
    asked = control(key)
    values = [_plain(DEFAULTS.get(key)) if key != "snr_db" else "inf", *asked.first, _plain(settings[key])]
    texts = list(dict.fromkeys(values))
    if all(_is_number(text) for text in texts):
        texts = sorted(dict.fromkeys(f"{float(text):g}" for text in texts), key=float)
    rest = {name: _plain(value) for name, value in settings.items() if name != key}
    query = {"sweep_vary": key, f"sweep_values_{key}": ",".join(texts), "sweep_base_settings": ",".join(rest)}
    query |= {f"sweep_base_{name}": text for name, text in rest.items()} | {"sweep_corpus": corpus or ""}
    return {name: text for name, text in query.items() if text}


def base_text(settings: Mapping[str, Value]) -> str:
    """Settings as the form of a run takes those of every configuration.

    >>> base_text({"trail_ms": 300, "codec": "ulaw"})
    'trail_ms=300, codec=ulaw'
    """
    return ", ".join(f"{key}={_plain(value)}" for key, value in settings.items())


def _plain(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
