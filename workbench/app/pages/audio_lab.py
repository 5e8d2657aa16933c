"""Audio lab: change the sound of a clip, hear and see what changed, and what it does to the words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import streamlit as st

from workbench.app import components, data, privacy
from workbench.app.access import own_url
from workbench.app.audio_lab_data import AFTER, BEFORE, Hypothesis, facts_table, sides
from workbench.app.corpora import corpora, corpus_named
from workbench.app.live import Clip, Lane, live_registry
from workbench.app.live.routes import LIVE
from workbench.app.parts.chart import table
from workbench.app.parts.page import guarded, head, plain, state
from workbench.app.parts.setting_control import own_settings, sweep_link
from workbench.app.presets import CLEAN, DEMO, PRESETS, TELEPHONE
from workbench.app.router import page_of
from workbench.app.uploads import keep_upload
from workbench.errors import WorkbenchError
from workbench.reporting.setting_axis import NAMES, settings_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from workbench.app.live.session import LiveSession

__all__ = ["page"]

_OWN = "Own settings"
_SESSION = "audio_lab_session"
_POLL_S, _LOOK_S = 0.25, 1.0


def page() -> None:
    """Draw the page."""
    head("Audio lab", "What a setting does to the sound, and what the sound does to the words.")
    with guarded():
        clip = _clip()
        if clip is None:
            return
        content = clip.corpus or Path(clip.audio or "").parent.name
        heard = sides(msgspec.json.encode(clip).decode(), content)
        for column, (side, _, _), lane in zip(st.columns(2), heard, clip.lanes, strict=True):
            with column:
                _side(side, lane)
        session = _transcribe(clip)
        playing = session is not None and not session.over
        st.fragment(_facts, run_every=_LOOK_S if playing else None)([side for side, _, _ in heard], session, playing)
        for column, (side, waveform, spectrum) in zip(st.columns(2), heard, strict=True):
            with column:
                _drawn(side, {"waveform": waveform, "spectrogram": spectrum})


def _facts(heard: list[Hypothesis], session: LiveSession | None, playing: bool) -> None:
    """What is measured of both sides, and what the recogniser made of them; ends to look once the session is over."""
    if playing and session is not None and session.over:
        st.rerun(scope="app")
    made = [view.numbers for view in session.lanes] if session is not None else []
    table(facts_table(heard, made), "audio_lab_facts", "levels and other measured facts of both sides, words wrong")


def _sweep(clip: Clip) -> None:
    """Each setting that was changed can be carried over to New run."""
    settings = clip.lanes[1].settings
    for key in settings:
        name = NAMES.get(key, (key, ""))[0].lower()
        if st.button(
            f"Sweep {name}", key=f"audio_lab_sweep_{key}", icon=":material/stacked_line_chart:",
            help="Opens New run with values around this one; the other settings stay as they are here.",
        ):  # fmt: skip
            for asked in [held for held in st.session_state if str(held).startswith("sweep_")]:
                del st.session_state[asked]  # what was asked there before would win over the address
            st.switch_page(page_of("sweep"), query_params=sweep_link(key, settings, clip.corpus))


def _clip() -> Clip | None:
    """What is heard, and how it is changed."""
    left, middle, right = st.columns(3)
    sources = [*corpora(), "Upload"]
    source = left.selectbox("Data set", sources, key="audio_lab_corpus", bind="query-params")
    chosen = right.selectbox(
        "Change", [*(name for name in PRESETS if name != CLEAN), _OWN], key="audio_lab_preset", bind="query-params"
    )
    lanes = (
        Lane(BEFORE),
        Lane(
            AFTER,
            own_settings("audio_lab", "Settings to change", "snr_db")
            if chosen == _OWN
            else PRESETS[chosen or TELEPHONE],
        ),
    )
    if source != "Upload":
        ids = [utterance.id for utterance in corpus_named(source).utterances]
        first = ids.index(DEMO[1]) if DEMO[1] in ids else 0
        utterance = middle.selectbox("Recording", ids, index=first, key="audio_lab_utterance", bind="query-params")
        return Clip(lanes, utterance, source)
    file = middle.file_uploader("Sound file", key="audio_lab_file")
    if file is None:
        st.info("Waveform, spectrogram, levels and a player of both sides appear here once there is a file.")
        return None
    path = keep_upload(data.store_root(), file.name, file.getvalue())
    return Clip(lanes, path.stem, audio=str(path))


def _side(side: Hypothesis, lane: Lane) -> None:
    told = plain(f"{settings_text(lane.settings)} · {side.rate_hz:,} Hz · {side.seconds:.1f} s")
    st.markdown(f"**{side.name}** :small[{told}]")
    if privacy.hidden():
        state("missing", "privacy mode is on: sound is not played")
    else:
        st.audio(side.wav(), format="audio/wav")


def _drawn(side: Hypothesis, figures: dict[str, Figure]) -> None:
    key = "audio_lab_before" if side.name == BEFORE else "audio_lab_after"
    for what, figure in figures.items():
        # Their numbers stand in one table above, both sides beside each other.
        st.plotly_chart(figure, key=f"{key}_{what}", alt=f"{what}: {side.name}", config={"displayModeBar": False})


def _transcribe(clip: Clip) -> LiveSession | None:
    """Both sides played at the same time, with their words and the difference; what is known of it."""
    if privacy.hidden():
        _sweep(clip)
        return None
    registry = live_registry()
    with st.container(horizontal=True):
        asked = st.button("Transcribe both", type="primary", icon=":material/graphic_eq:", key="audio_lab_transcribe")
        _sweep(clip)
    if asked:
        try:
            with st.spinner("Starting the service …"):
                st.session_state[_SESSION] = registry.start(clip)
        except WorkbenchError as error:
            state("failed", str(error))
    session = registry.get(st.session_state.get(_SESSION, ""))
    if session is None or session.ask != clip:
        st.caption("Both sides are played in real time to the service that is set; errors are marked word by word.")
        return None
    url = own_url(f"{LIVE}/{session.id}")
    if url is not None:
        components.live("audio_lab_live", {"session": session.id, "url": url})
        return session

    def polled() -> None:
        components.live("audio_lab_live", {"session": session.id, "told": session.told().decode()})

    st.fragment(polled, run_every=None if session.over else _POLL_S)()
    return session
