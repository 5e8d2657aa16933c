"""What is chosen for a live session: its lanes, and what will be said into a microphone."""

from __future__ import annotations

import streamlit as st

from workbench.app.corpora import corpus_named
from workbench.app.live import Lane
from workbench.app.presets import DEMO_CLIPS, PRESETS, preset
from workbench.simulator.recognition.models import MODELS

__all__ = ["clip_lanes", "microphone_lanes", "sentence_to_read"]

_NONE = "none"
_SET = "as set"
_OWN_WORDS = "my own words"
_PLACES = ("first", "second", "third", "fourth")
_LABELS = ("Lane", "Second lane", "Third lane", "Fourth lane")


def clip_lanes() -> tuple[Lane, ...]:
    """One to four lanes of a recording: settings, and where asked for, models and services."""
    others = _others()
    lanes: list[Lane] = []
    for place, label, column in zip(_PLACES, _LABELS, st.columns(4), strict=True):
        taken = [] if others else [lane.name for lane in lanes]
        names = [name for name in PRESETS if name not in taken]
        name = column.selectbox(
            label, names if not lanes else [_NONE, *names], key=f"live_{place}", bind="query-params"
        )
        if name == _NONE:
            break
        with column:
            lanes.append(_named(preset(name or names[0]), *(_service(place) if others else (None, None))))
    return tuple(lanes)


def microphone_lanes() -> tuple[Lane, ...]:
    """One to four lanes of a microphone: it is streamed as it is, to several models or services where asked for."""
    if not _others():
        return (Lane("microphone"),)
    count = st.radio("Lanes", [1, 2, 3, 4], horizontal=True, key="live_count", bind="query-params") or 1
    lanes = []
    for place, column in zip(_PLACES[:count], st.columns(count), strict=True):
        with column:
            lanes.append(_named(Lane("microphone"), *_service(place)))
    return tuple(lanes)


def _others() -> bool:
    return st.toggle(
        "Other models or services", key="live_others", bind="query-params",
        help="Each lane has its own model of the simulator or its own service; all get the same sound at once.",
    )  # fmt: skip


def _service(place: str) -> tuple[str | None, str | None]:
    """Model and endpoint of a lane; None is what is set."""
    model = st.selectbox("Model", [_SET, *MODELS], key=f"live_model_{place}", bind="query-params")
    endpoint = st.selectbox(
        "Service", [_SET, "simulator", "staging", "production"], key=f"live_service_{place}", bind="query-params",
        help="Services other than the simulator take their credentials from the environment.",
    )  # fmt: skip
    return (None if model == _SET else model), (None if endpoint == _SET else endpoint)


def _named(lane: Lane, model: str | None, endpoint: str | None) -> Lane:
    name = ", ".join(filter(None, (lane.name, model, endpoint)))
    return Lane(name, lane.settings, model, endpoint)


def sentence_to_read() -> str | None:
    """A sentence that somebody will read aloud, so that it is scored at once; None for words of their own."""
    corpora = {name: corpus_named(name) for name in dict.fromkeys(corpus for corpus, _ in DEMO_CLIPS)}
    texts = [corpora[corpus].utterance(utterance).reference.written for corpus, utterance in DEMO_CLIPS]
    chosen = st.selectbox("What will you say?", [_OWN_WORDS, *texts], key="live_read")
    if chosen in (None, _OWN_WORDS):
        return None
    st.markdown(f"## {chosen}")
    return chosen
