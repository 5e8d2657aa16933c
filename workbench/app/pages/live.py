"""Live: a clip or a microphone becomes words, under one or two configurations at a time."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from workbench.app import components, data, privacy
from workbench.app.access import own_url
from workbench.app.frame import head
from workbench.app.live import Clip, Lane, LiveRegistry, LiveSession, live_registry
from workbench.app.live.routes import LIVE, MICROPHONE
from workbench.app.presets import CLEAN, DEMO, PRESETS, TELEPHONE, preset
from workbench.app.uploads import keep_upload
from workbench.errors import WorkbenchError

__all__ = ["page"]

_SESSION = "live_session"
_FALLBACK_S = 0.25
_WATCH_S = 1.0
_NONE = "none"
_SPOKEN = "live_spoken"


def page() -> None:
    """Draw the page."""
    head("Live", "Words as they come, from a clip, a file or a microphone, under one or two settings at a time.")
    if privacy.hidden():
        st.info("Privacy mode is on: live transcripts are not shown.", icon=":material/visibility_off:")
        return
    registry = live_registry()
    if st.query_params.get("live_demo") or st.session_state.pop("live_demo", False):
        st.query_params.pop("live_demo", None)
        _start(registry, _demo())
    session = registry.get(str(st.query_params.get(_SESSION, "")))
    # A microphone's own button stands in here: folding it away would take it off the page, and with it the sound.
    listening = "Microphone" in (st.session_state.get("live_source"), st.query_params.get("live_source"))
    with st.expander("What is played", expanded=session is None or listening):
        # Not a segmented control: its chosen part has too little contrast on a dark page.
        source = st.radio("Sound", list(_SOURCES), horizontal=True, key="live_source", bind="query-params")
        _SOURCES[source](registry)
    if session is None:
        st.info("Words, their lanes in time and three numbers appear here while something is played.")
        if st.button("Play demo", icon=":material/play_arrow:", key="live_play_demo"):
            _begin(registry, _demo())
        return
    st.fragment(_controls, run_every=None if session.over else _WATCH_S)(registry, session)
    url = own_url(f"{LIVE}/{session.id}")
    if url is None:
        st.caption(
            f"Not started by `workbench app`: the page reads again every {_FALLBACK_S:g} s instead of being told."
        )
        st.fragment(_polled, run_every=None if session.over else _FALLBACK_S)(session)
    else:
        components.live("live_view", {"session": session.id, "url": url})


def _polled(session: LiveSession) -> None:
    components.live("live_view", {"session": session.id, "told": session.told().decode()})


def _demo() -> Clip:
    return Clip((preset(CLEAN),), DEMO[1], DEMO[0])


# -- what is played -------------------------------------------------------------------------------------------------


def _clip(registry: LiveRegistry) -> None:
    left, right = st.columns(2)
    corpus = left.selectbox("Corpus", data.corpora(), key="live_corpus", bind="query-params")
    ids = [utterance.id for utterance in data.corpus(corpus, "").utterances]
    utterance = right.selectbox("Utterance", ids, key="live_utterance", bind="query-params")
    lanes = _lanes()
    if st.button("Play", type="primary", icon=":material/play_arrow:", key="live_play"):
        _begin(registry, Clip(lanes, utterance, corpus))


def _upload(registry: LiveRegistry) -> None:
    file = st.file_uploader("Sound file: WAV, FLAC, MP3, Ogg, AIFF", key="live_file")
    said = st.text_area("What is said in it (leave empty where nobody knows)", key="live_said").strip()
    if file is None:
        st.caption("The file is kept in the store of this machine and goes to the service, as speech would.")
        return
    try:
        path = keep_upload(data.store_root(), file.name, file.getvalue())
    except WorkbenchError as error:
        st.error(str(error))
        return
    lanes = _lanes()
    if st.button("Play", type="primary", icon=":material/play_arrow:", key="live_play"):
        _begin(registry, Clip(lanes, path.stem, audio=str(path), reference=said or None))


def _microphone(registry: LiveRegistry) -> None:
    url = own_url(MICROPHONE)
    if url is None:
        st.warning("The microphone needs `workbench app`: a bare script has no socket to send sound to.")
        return
    labels = {
        "echo_cancellation": "Echo cancellation",
        "noise_suppression": "Noise suppression",
        "gain_control": "Gain control",
    }
    boxes = st.columns(len(labels))
    facts = {key: box.toggle(label, key=f"live_{key}") for box, (key, label) in zip(boxes, labels.items(), strict=True)}
    st.caption("Off unless you ask; what the browser really does to the sound is recorded with it.")
    began = components.microphone("live_microphone", {"url": url, "name": "spoken", "facts": facts})
    if began and registry.get(began) is not None:
        st.query_params[_SESSION] = began
        st.rerun()


def _lanes() -> tuple[Lane, ...]:
    left, right = st.columns(2)
    first = left.selectbox("Lane", list(PRESETS), key="live_first", bind="query-params")
    others = [_NONE, *(name for name in PRESETS if name != first)]
    second = right.selectbox("Second lane", others, key="live_second", bind="query-params")
    return (preset(first),) if second == _NONE else (preset(first), preset(second))


def _start(registry: LiveRegistry, clip: Clip) -> bool:
    try:
        with st.spinner("Starting the service …"):
            st.query_params[_SESSION] = registry.start(clip)
    except WorkbenchError as error:
        st.error(str(error))
        return False
    return True


def _begin(registry: LiveRegistry, clip: Clip) -> None:
    if _start(registry, clip):
        st.rerun()


_SOURCES = {"Clip": _clip, "Upload": _upload, "Microphone": _microphone}


# -- what is done with it -------------------------------------------------------------------------------------------


def _controls(registry: LiveRegistry, session: LiveSession) -> None:
    """Stop while it plays; save, repeat and compare when it is over."""
    if not session.over:
        st.session_state["live_watched"] = session.id
        if st.button("Stop", icon=":material/stop:", key="live_stop"):
            registry.stop(session.id)
        return
    if st.session_state.pop("live_watched", None) == session.id:
        st.rerun()  # it has just ended: the page draws once more, without its watch
    if session.run_id is not None:
        st.success(f"Saved as run {session.run_id}.", icon=":material/check:")
    elif not isinstance(session.ask, Clip):
        st.text_input("What was said? With it the recording can be scored.", key=_SPOKEN)
    clip = _again(session)
    with st.container(horizontal=True):
        if session.run_id is None and st.button("Save as run", icon=":material/save:", key="live_save"):
            _save(registry, session)
        if clip is not None and st.button("Play again", icon=":material/replay:", key="live_again"):
            _begin(registry, clip)
        if clip is not None and len(clip.lanes) == 1 and clip.lanes[0].name != TELEPHONE:
            label = "Add a second lane: telephone, 8 kHz"
            if st.button(label, icon=":material/splitscreen:", key="live_add", type="primary"):
                lanes = (*clip.lanes, preset(TELEPHONE))
                _begin(registry, Clip(lanes, clip.utterance, clip.corpus, clip.audio, clip.reference))


def _again(session: LiveSession) -> Clip | None:
    """What plays the same sound again; what a microphone sent is a file now."""
    if isinstance(session.ask, Clip):
        return session.ask
    if session.audio is None:
        return None
    said = st.session_state.get(_SPOKEN, "").strip()
    return Clip((preset(CLEAN),), Path(session.audio).stem, audio=session.audio, reference=said or None)


def _save(registry: LiveRegistry, session: LiveSession) -> None:
    try:
        registry.save(session.id, st.session_state.get(_SPOKEN))
    except WorkbenchError as error:
        st.error(str(error))
    else:
        st.rerun()
