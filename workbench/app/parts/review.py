"""Review of references on the page of a data set: what recognisers agree on against them first, then drafts."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.app import data, data_sets_data, jobs
from workbench.app.parts.page import guarded, plain, state
from workbench.app.sounds import sound_url
from workbench.audio.files import encode_audio
from workbench.corpus import Corpus, read_utterance
from workbench.reporting.session import diff_html
from workbench.runs.doubtful import Doubt
from workbench.runs.review import ReviewItem, settle_reference, to_review
from workbench.scoring.metrics.normalize import DEFAULT
from workbench.scoring.word_diff import word_diff
from workbench.store.labels import flag_reference, flagged
from workbench.units import counted

__all__ = ["review"]

_SHOWN = 5
_MODEL = "whisper"
_WHY = {
    "doubtful": "two recognisers agree on other words",
    "draft": "a draft that nobody has confirmed",
    "differs": "recognisers agree on a few other words",
}


def review(name: str, corpus: Corpus, *, own: bool) -> None:
    """The references to look at, the most doubtful first, and what can be done with each.

    Args:
        name: of the data set.
        corpus: as it is on the disk now.
        own: whether its references can be changed.
    """
    items = to_review(corpus, _doubts(name), flagged(data.store_root(), corpus.name))
    urgent = sum(item.why != "differs" for item in items)
    title = counted(urgent, "reference") + " to review" if urgent else "References"
    with st.expander(title, expanded=urgent > 0, icon=":material/rule:"):
        if not items:
            st.markdown("Nothing to review: no draft, and no reference that two recognisers contradict alike.")
        for number, item in enumerate(items[:_SHOWN]):
            with st.container(border=True), guarded():
                _one(name, corpus, item, number, own=own)
        if items and not own:
            st.caption(
                "References of a built-in set can be excluded here; *Copy to correct it* above makes them yours."
            )
        if len(items) > _SHOWN:
            st.caption(f"{len(items) - _SHOWN} more follow once these are decided.")
        if st.button("Decode every recording with Whisper", key="datasets_doubts", icon=":material/hearing:"):
            jobs.start(data.store_root(), f"References of {name}", _command(name))
            st.rerun()
        st.caption(
            "Two recognisers must agree: the newest stored run of each counts, and Whisper on the whole recording."
        )


def _command(name: str) -> tuple[str, ...]:
    return ("datasets", "review", name, "--against", _MODEL, "--json")


def _doubts(name: str) -> Sequence[Doubt]:
    """What stored runs agree on, and before it what the last finished decoding found."""
    store = data.store_root()
    found: dict[str, Doubt] = {}
    for job in jobs.jobs(store):
        answer = jobs.output(store, job) if job.arguments == _command(name) else None
        if answer is not None:
            for row in answer.get("references", []):
                if row["heard"] is not None:
                    doubt = Doubt(row["utterance"], row["words"], row["differing"], 2, row["reference"], row["heard"])
                    found[doubt.utterance] = doubt
            break
    for doubt in data_sets_data.doubts(name):
        found.setdefault(doubt.utterance, doubt)
    return sorted(found.values(), key=lambda doubt: (-doubt.share, doubt.utterance))


def _one(name: str, corpus: Corpus, item: ReviewItem, number: int, *, own: bool) -> None:
    utterance = item.utterance
    reference = utterance.reference.written
    share = f" · {item.differing} of {item.words} words" if item.heard is not None else ""
    st.markdown(f"**{plain(utterance.id)}** {plain(_WHY[item.why])}{share}")
    if item.heard is not None:
        st.html(diff_html(word_diff(utterance.reference, item.heard, DEFAULT)))
    else:
        st.markdown(plain(reference) or "*nothing was heard*")
    key = f"datasets_review_{number}"
    with st.container(horizontal=True, gap="small"):
        if st.button("▶ Listen", key=f"{key}_play"):
            st.session_state["datasets_heard"] = utterance.id
        if own and item.heard is not None and st.button("Heard is right", key=f"{key}_heard"):
            _settle(corpus, item, item.heard)
        if own and st.button("Reference is right" if item.heard is not None else "Confirm", key=f"{key}_right"):
            _settle(corpus, item, reference)
        if own:
            with st.popover("Edit", icon=":material/edit:"), st.form(f"{key}_form", border=False):
                text = st.text_area("What is said", item.heard or reference, key=f"{key}_text_{utterance.id}")
                if st.form_submit_button("Save"):
                    _settle(corpus, item, text)
        if not utterance.draft and st.button(
            "Exclude", key=f"{key}_flag", icon=":material/flag:", type="tertiary",
            help="Marks the reference as wrong: no number counts it. Can be undone on the page of a run.",
        ):  # fmt: skip
            flag_reference(data.store_root(), corpus.name, utterance.id, reference)
            st.rerun()
    if st.session_state.get("datasets_heard") == utterance.id:
        audio = read_utterance(utterance)
        wav = encode_audio(audio.pcm, audio.sample_rate_hz, "WAV")
        if sound_url(wav, f"review {name} {utterance.id}"):
            st.audio(wav, autoplay=True)
        else:
            state("missing", "a player: there is no server")


def _settle(corpus: Corpus, item: ReviewItem, text: str) -> None:
    settle_reference(corpus.root, item.utterance, text)
    st.rerun()
