"""Live: a clip, a file or a microphone becomes words, in one to four lanes at a time; present mode for an audience."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import streamlit as st

from workbench.app import components, data, privacy
from workbench.app.access import own_url
from workbench.app.corpora import corpora, corpus_named
from workbench.app.live import Clip, Lane, LiveRegistry, LiveSession, live_registry
from workbench.app.live.request import MAX_LANES
from workbench.app.live.routes import LIVE, MICROPHONE
from workbench.app.parts.live_lanes import clip_lanes, microphone_lanes, sentence_to_read
from workbench.app.parts.page import head
from workbench.app.presets import CLEAN, DEMO, TELEPHONE, next_clip, preset
from workbench.app.uploads import keep_upload
from workbench.errors import WorkbenchError

__all__ = ["page"]

_SESSION = "live_session"
_PRESENT = "present"
_FALLBACK_S = 0.25
_WATCH_S = 1.0
_COUNT_IN_S = 1.0
_STOP_S = 5.0
_SPOKEN = "live_spoken"
_HEARD_HERE = "live_heard_here"
_CHOOSING = "live_choosing"


def page() -> None:
    """Draw the page."""
    if privacy.hidden():
        head("Live", _LEAD)
        st.info("Privacy mode is on: live transcripts are not shown.", icon=":material/visibility_off:")
        return
    registry = live_registry()
    if st.query_params.get("live_demo") or st.session_state.pop("live_demo", False):
        st.query_params.pop("live_demo", None)
        _start(registry, _demo())
    session = registry.get(str(st.query_params.get(_SESSION, "")))
    # A microphone's own button stands in the form: to leave that out would take it off the page, and with it the sound.
    listening = "Microphone" in (st.session_state.get("live_source"), st.query_params.get("live_source"))
    if _presenting():
        st.html(_NO_FRAME)
    if _presenting() and session is not None and not listening:
        _view(registry, session)
        return
    head("Live", _LEAD)
    choosing = st.session_state.get(_CHOOSING, False)
    with st.expander("What is played", expanded=session is None or listening or choosing):
        # Not a segmented control: its chosen part has too little contrast on a dark page.
        source = st.radio(
            "Sound", list(_SOURCES), horizontal=True, key="live_source", bind="query-params", on_change=_choose
        )
        _SOURCES[source](registry)
    if session is None:
        st.info("Words, their lanes in time and three numbers appear here while something is played.")
        if st.button("Play demo", icon=":material/play_arrow:", key="live_play_demo"):
            st.query_params[_PRESENT] = "1"
            _begin(registry, _demo())
        return
    st.fragment(_controls, run_every=None if session.over else _WATCH_S)(registry, session)
    _view(registry, session)


_NO_FRAME = (
    """<style>[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"], header { display: none }</style>"""
)
_LEAD = "Live transcript of a clip, a file or a microphone, in one to four lanes at a time."


def _presenting() -> bool:
    return st.query_params.get(_PRESENT) == "1"


def _view(registry: LiveRegistry, session: LiveSession) -> None:
    """The lanes; and what is asked for on them."""
    following = _following(session)
    shown = {
        "session": session.id, "present": _presenting(), "next": following is not None,
        "microphone": not isinstance(session.ask, Clip),
        "sounds": [own_url(f"{LIVE}/{session.id}/sound/{lane}") for lane in range(len(session.lanes))],
    }  # fmt: skip
    url = own_url(f"{LIVE}/{session.id}")
    if url is None:
        if not _presenting():
            st.caption(
                f"Not started by `workbench app`: there is no sound, and the page reads again every {_FALLBACK_S:g} s "
                "instead of being notified."
            )
        polled = st.fragment(_polled, run_every=None if session.over else _FALLBACK_S)
        polled(registry, session, {**shown, "sounds": None}, following)
    else:
        _act(registry, components.live("live_view", {**shown, "url": url}), session, following)


def _polled(registry: LiveRegistry, session: LiveSession, shown: dict[str, object], following: Clip | None) -> None:
    _act(registry, components.live("live_view", {**shown, "told": session.told().decode()}), session, following)


def _act(registry: LiveRegistry, act: str | None, session: LiveSession, following: Clip | None) -> None:
    if act == "next" and following is not None:
        _end(registry, session)
        _begin(registry, following)
    elif act == "present":
        st.query_params[_PRESENT] = "1"
        st.rerun()
    elif act == "leave":
        st.query_params.pop(_PRESENT, None)
        st.rerun()


def _following(session: LiveSession) -> Clip | None:
    """The next clip under the same lanes; None for a file and a microphone."""
    ask = session.ask
    if not isinstance(ask, Clip) or ask.corpus is None:
        return None
    ids = [utterance.id for utterance in corpus_named(ask.corpus).utterances]
    return msgspec.structs.replace(ask, utterance=next_clip(ask.corpus, ask.utterance, ids))


def _end(registry: LiveRegistry, session: LiveSession) -> None:
    """Stop a session and wait until its lanes have made room."""
    until = time.monotonic() + _STOP_S
    registry.stop(session.id)
    while not session.over and time.monotonic() < until:
        time.sleep(0.05)


def _demo() -> Clip:
    return Clip((preset(CLEAN), preset(TELEPHONE)), DEMO[1], DEMO[0], count_in_s=_COUNT_IN_S)


# -- what is played -------------------------------------------------------------------------------------------------


def _clip(registry: LiveRegistry) -> None:
    left, right = st.columns(2)
    corpus = left.selectbox("Data set", corpora(), key="live_corpus", bind="query-params")
    ids = [utterance.id for utterance in corpus_named(corpus).utterances]
    utterance = right.selectbox("Recording", ids, key="live_utterance", bind="query-params")
    lanes = clip_lanes()
    if st.button("Play", type="primary", icon=":material/play_arrow:", key="live_play"):
        _begin(registry, Clip(lanes, utterance, corpus, count_in_s=_COUNT_IN_S))


def _upload(registry: LiveRegistry) -> None:
    file = st.file_uploader("Sound file: WAV, FLAC, MP3, Ogg, AIFF", key="live_file")
    reference = st.text_area("What is said in it (leave empty where nobody knows)", key="live_said").strip()
    if file is None:
        st.caption("The file is kept in the store of this machine and goes to the service, as speech would.")
        return
    try:
        path = keep_upload(data.store_root(), file.name, file.getvalue())
    except WorkbenchError as error:
        st.error(str(error))
        return
    lanes = clip_lanes()
    if st.button("Play", type="primary", icon=":material/play_arrow:", key="live_play"):
        clip = Clip(lanes, path.stem, audio=str(path), reference=reference or None, count_in_s=_COUNT_IN_S)
        _begin(registry, clip)


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
    lanes = msgspec.to_builtins(microphone_lanes())
    sentence = sentence_to_read()
    asked = {"url": url, "name": "spoken", "facts": facts, "lanes": lanes}
    began = components.microphone("live_microphone", asked)
    if began and registry.get(began) is not None:
        st.query_params[_SESSION] = st.session_state[_HEARD_HERE] = began
        st.session_state[_SPOKEN] = sentence or ""
        registry.refer(began, sentence or "")
        st.rerun()


def _start(registry: LiveRegistry, clip: Clip) -> bool:
    try:
        with st.spinner("Starting the service …"):
            st.query_params[_SESSION] = registry.start(clip)
    except WorkbenchError as error:
        st.error(str(error))
        return False
    return True


def _choose() -> None:
    """Whoever chooses another sound goes on choosing: what is played stays open, also below a session."""
    st.session_state[_CHOOSING] = True


def _begin(registry: LiveRegistry, clip: Clip) -> None:
    if _start(registry, clip):
        st.session_state.pop(_CHOOSING, None)
        st.rerun()


_SOURCES = {"Clip": _clip, "Upload": _upload, "Microphone": _microphone}


# -- what is done with it -------------------------------------------------------------------------------------------


def _controls(registry: LiveRegistry, session: LiveSession) -> None:
    """Stop while it plays; what was said, at any time; save, repeat and compare when it is over."""
    if not (isinstance(session.ask, Clip) and (session.ask.corpus or session.ask.reference)):
        spoken = st.text_input(
            "What was said? Every lane is scored with it at once.", key=_SPOKEN, disabled=session.run_id is not None
        )
        if spoken.strip() != (session.spoken or ""):
            registry.refer(session.id, spoken)
    if not session.over:
        st.session_state["live_watched"] = session.id
        if session.silent:
            st.caption("The microphone is off; its last words are on their way.")
        elif st.session_state.get(_HEARD_HERE) != session.id:
            # One Stop: a microphone of this page has its own beside its meter, which needs no answer to end it.
            st.button("Stop", icon=":material/stop:", key="live_stop", on_click=registry.stop, args=(session.id,))
        return
    if st.session_state.pop("live_watched", None) == session.id:
        st.rerun()  # it has just ended: the page draws once more, without its watch
    if session.run_id is not None:
        st.success(f"Saved as run {session.run_id}.", icon=":material/check:")
    clip = _again(session)
    with st.container(horizontal=True):
        if session.run_id is None and st.button("Save as run", icon=":material/save:", key="live_save"):
            _save(registry, session)
        if clip is not None and st.button("Play again", icon=":material/replay:", key="live_again"):
            _begin(registry, clip)
        if clip is not None and len(clip.lanes) < MAX_LANES and TELEPHONE not in [lane.name for lane in clip.lanes]:
            label = "Add a lane: telephone, 8 kHz"
            if st.button(label, icon=":material/splitscreen:", key="live_add", type="primary"):
                _begin(registry, msgspec.structs.replace(clip, lanes=(*clip.lanes, preset(TELEPHONE))))


def _again(session: LiveSession) -> Clip | None:
    """What plays the same sound again; what a microphone sent is a file now."""
    ask = session.ask
    if isinstance(ask, Clip):
        return msgspec.structs.replace(ask, reference=ask.reference or session.spoken)
    if session.audio is None:
        return None
    lanes = tuple(
        Lane(CLEAN if lane.elsewhere is None else lane.name, {}, lane.model, lane.endpoint) for lane in ask.lanes
    )
    return Clip(lanes, Path(session.audio).stem, audio=session.audio, reference=session.spoken, count_in_s=_COUNT_IN_S)


def _save(registry: LiveRegistry, session: LiveSession) -> None:
    try:
        registry.save(session.id)
    except WorkbenchError as error:
        st.error(str(error))
    else:
        st.rerun()
