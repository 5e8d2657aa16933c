"""Audio lab: change the sound of a clip, hear and see what changed, and what it does to the words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import streamlit as st

from workbench.app import components, data, privacy
from workbench.app.access import own_url
from workbench.app.frame import guarded, head, state
from workbench.app.lab import AFTER, BEFORE, Heard, facts_table, settings_of
from workbench.app.live import Clip, Lane, live_registry
from workbench.app.live.asking import Value
from workbench.app.live.routes import LIVE
from workbench.app.presets import CLEAN, DEMO, PRESETS, TELEPHONE
from workbench.app.showing import table
from workbench.app.uploads import keep_upload
from workbench.audio.config import BANDS, CODEC_RATES_HZ, CODECS, NOISES, SAMPLE_RATES_HZ
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["page"]

_NONE = "none"
_OWN = "Own settings"
_SESSION = "audio_lab_session"
_POLL_S = 0.25


def page() -> None:
    """Draw the page."""
    head("Audio lab", "What a setting does to the sound, and what the sound does to the words.")
    with guarded():
        clip = _clip()
        if clip is None:
            return
        content = clip.corpus or Path(clip.audio or "").parent.name
        sides = data.sides(msgspec.json.encode(clip).decode(), content)
        for column, (side, waveform, spectrum), lane in zip(st.columns(2), sides, clip.lanes, strict=True):
            with column:
                _side(side, lane, {"waveform": waveform, "spectrogram": spectrum})
        table(
            facts_table([side for side, _, _ in sides]),
            "audio_lab_facts",
            "levels and other measured facts of both sides",
        )
        _transcribe(clip)


def _clip() -> Clip | None:
    """What is heard, and how it is changed."""
    left, middle, right = st.columns(3)
    sources = [*data.corpora(), "Upload"]
    source = left.selectbox("Corpus", sources, key="audio_lab_corpus", bind="query-params")
    chosen = right.selectbox(
        "Change", [*(name for name in PRESETS if name != CLEAN), _OWN], key="audio_lab_preset", bind="query-params"
    )
    lanes = (Lane(BEFORE), Lane(AFTER, _own() if chosen == _OWN else PRESETS[chosen or TELEPHONE]))
    if source != "Upload":
        ids = [utterance.id for utterance in data.corpus(source, "").utterances]
        first = ids.index(DEMO[1]) if DEMO[1] in ids else 0
        utterance = middle.selectbox("Utterance", ids, index=first, key="audio_lab_utterance", bind="query-params")
        return Clip(lanes, utterance, source)
    file = middle.file_uploader("Sound file", key="audio_lab_file")
    if file is None:
        st.info("Waveform, spectrogram, levels and a player of both sides appear here once there is a file.")
        return None
    path = keep_upload(data.store_root(), file.name, file.getvalue())
    return Clip(lanes, path.stem, audio=str(path))


def _own() -> dict[str, Value]:
    """Settings one by one; only those that change something are kept."""
    one, two, three, four = st.columns(4)
    rate = one.selectbox("Sample rate [Hz]", SAMPLE_RATES_HZ, index=2, key="audio_lab_rate", bind="query-params")
    band = one.selectbox("Band", [_NONE, *BANDS], key="audio_lab_band", bind="query-params")
    noise = two.selectbox("Noise", [_NONE, *NOISES], key="audio_lab_noise", bind="query-params")
    snr = two.slider("Signal to noise [dB]", -5, 40, 20, key="audio_lab_snr", disabled=noise == _NONE)
    gain = three.slider("Gain [dB]", -40, 20, 0, key="audio_lab_gain", bind="query-params")
    clip = three.slider("Clipping [dB]", 0, 20, 0, key="audio_lab_clip", bind="query-params")
    room = four.slider("Reverberation [s]", 0.0, 2.0, 0.0, 0.1, key="audio_lab_room", bind="query-params")
    loss = four.slider("Packets lost [%]", 0, 50, 0, key="audio_lab_loss", bind="query-params")
    codecs = [_NONE, *(c for c in CODECS if rate in CODEC_RATES_HZ.get(c, SAMPLE_RATES_HZ))]
    codec = one.selectbox("Codec", codecs, key="audio_lab_codec", bind="query-params")
    asked: dict[str, Value] = {
        "sample_rate_hz": rate,
        "band": None if band == _NONE else band,
        "noise": None if noise == _NONE else noise,
        "snr_db": None if noise == _NONE else float(snr),
        "gain_db": float(gain),
        "clip_db": float(clip),
        "rt60_s": float(room),
        "loss_percent": float(loss),
        "codec": None if codec == _NONE else codec,
    }
    return {key: value for key, value in asked.items() if value not in (None, 0.0)}


def _side(side: Heard, lane: Lane, figures: dict[str, Figure]) -> None:
    st.subheader(side.name, anchor=False)
    st.caption(f"{settings_of(lane)} · {side.rate_hz:,} Hz · {side.seconds:.1f} s")
    if privacy.hidden():
        state("missing", "privacy mode is on: sound is not played")
    else:
        st.audio(side.wav(), format="audio/wav")
    key = "audio_lab_before" if side.name == BEFORE else "audio_lab_after"
    for what, figure in figures.items():
        # Their numbers stand in one table below, both sides beside each other.
        st.plotly_chart(figure, key=f"{key}_{what}", alt=f"{what}: {side.name}", config={"displayModeBar": False})


def _transcribe(clip: Clip) -> None:
    """Both sides played at the same time; the words and their difference appear below."""
    if privacy.hidden():
        return
    registry = live_registry()
    if st.button("Transcribe both", type="primary", icon=":material/graphic_eq:", key="audio_lab_transcribe"):
        try:
            with st.spinner("Starting the service …"):
                st.session_state[_SESSION] = registry.start(clip)
        except WorkbenchError as error:
            state("failed", str(error))
    session = registry.get(st.session_state.get(_SESSION, ""))
    if session is None or session.ask != clip:
        st.caption("Both sides are played in real time to the service that is set; errors are marked word by word.")
        return
    url = own_url(f"{LIVE}/{session.id}")
    if url is not None:
        components.live("audio_lab_live", {"session": session.id, "url": url})
        return

    def polled() -> None:
        components.live("audio_lab_live", {"session": session.id, "told": session.told().decode()})

    st.fragment(polled, run_every=None if session.over else _POLL_S)()
