"""Data sets: the list, one of them with its recordings, and what can be done with it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from textwrap import shorten as shortened
from typing import Any

import streamlit as st

from workbench.app import data, data_sets_data, jobs, privacy
from workbench.app.corpora import corpora, corpus_named
from workbench.app.parts.chart import chart, table
from workbench.app.parts.page import guarded, plain, state
from workbench.app.parts.review import review
from workbench.app.router import page_of
from workbench.app.sounds import sound_url
from workbench.audio.align import spoken_tokens
from workbench.audio.files import encode_audio
from workbench.corpus import Corpus, Utterance, builtin_corpora, read_utterance
from workbench.corpus.own import copy_to_own, correct_reference, corrections, own_corpora, own_folder, remove_own
from workbench.errors import WorkbenchError
from workbench.reporting.figures.corpus import histogram, histogram_figure
from workbench.reporting.tables.table import Column, Table
from workbench.units import counted

__all__ = ["find_word_times", "length_text", "listed", "opened", "problems"]

_CHECKED = "datasets_checked"
_CHECK_S = 300.0
_WORDS = 60
_LISTED = 56
"""Signs of a description that a list has room for; the whole of it stands on the opened set, with its licence."""


def _words(utterance: Utterance) -> int:
    return len(spoken_tokens(utterance.reference.spoken))


def _timed(corpus: Corpus) -> int:
    return sum(bool(utterance.reference.words) for utterance in corpus.utterances)


_SETS: tuple[Column[Corpus], ...] = (
    Column("name", "data set", lambda c: c.root.name),
    Column("own", "kind", lambda c: "own" if c.root.parent == own_folder() else "built in"),
    Column("recordings", "recordings", lambda c: len(c.utterances)),
    Column("minutes", "audio", lambda c: sum(u.duration_s for u in c.utterances) / 60, "min", 1),
    Column("speakers", "speakers", lambda c: len({u.speaker for u in c.utterances if u.speaker}) or None),
    Column("words", "words", lambda c: sum(map(_words, c.utterances))),
    Column("times", "with word times", _timed, explain="recordings whose words have times"),
    Column(
        "description",
        "what it is",
        lambda c: shortened(c.description, _LISTED, placeholder=" …") if c.description else None,
    ),
)
_RECORDINGS: tuple[Column[Utterance], ...] = (
    Column("id", "recording", lambda u: u.id),
    Column("seconds", "length", lambda u: u.duration_s, "s", 1),
    Column("words", "words", _words),
    Column("speaker", "speaker", lambda u: u.speaker),
    Column("times", "word times", lambda u: bool(u.reference.words)),
    Column("tags", "tags", lambda u: ", ".join(u.tags) or None),
    Column("reference", "reference", lambda u: u.reference.written),
)
_PROBLEMS: tuple[Column[dict[str, object]], ...] = (
    Column("item", "recording", lambda p: None if p.get("item") is None else str(p["item"])),
    Column("what", "problem", lambda p: str(p.get("what"))),
    Column("path", "file", lambda p: Path(str(p.get("path"))).name),
    Column("line", "line", lambda p: None if p.get("line") is None else int(str(p["line"]))),
)


def listed() -> None:
    """Every data set with its facts."""
    sets = []
    for name in corpora():
        try:
            sets.append(corpus_named(name))
        except WorkbenchError as error:
            state("failed", f"{name}: {error}")
    rows = tuple({c.key: c.value(one) for c in _SETS} for one in sets)
    event = table(Table(_SETS, rows), "datasets_list", "Data sets that can be played", select="single-row")
    if event is not None and event.selection.rows:
        # The choice of the picker above can only change before it is drawn.
        st.query_params["datasets_set"] = sets[event.selection.rows[0]].root.name
        del st.session_state["datasets_list"]
        st.session_state.pop("datasets_set", None)
        st.rerun()
    st.caption("Tick a data set to open it.")


def opened(name: str) -> None:
    """One data set: its facts, what can be done with it, its recordings."""
    corpus = corpus_named(name)
    own = name in own_corpora()
    st.header(plain(corpus.name), anchor=False)
    st.markdown(plain(_facts(corpus)))
    told = [corpus.description, f"Licence: {corpus.licence}" if corpus.licence else None]
    if any(told):
        st.caption(plain("  \n".join(text for text in told if text)))
    _actions(name, corpus, own=own)
    checked = st.session_state.get(_CHECKED)
    if checked is not None and checked[0] == name:
        _show_check(*checked)
    if privacy.hidden():
        st.info("Privacy mode is on: recordings and their texts are hidden.", icon=":material/visibility_off:")
        return
    review(name, corpus, own=own)
    _spread(name)
    _recordings(name, corpus, own=own)


_BARS: tuple[Column[dict[str, Any]], ...] = (
    Column("low", "from", lambda r: r["low"], "", 2),
    Column("high", "to", lambda r: r["high"], "", 2),
    Column("count", "recordings", lambda r: r["count"]),
)


def _spread(name: str) -> None:
    """Histograms of length and level, and rare words; every file is decoded once, so they are drawn on request."""
    if not st.toggle("Lengths, levels and rare words", key="datasets_spread", bind="query-params"):
        return
    spread = data_sets_data.spread(name)
    left, right = st.columns(2)
    drawn = ((left, spread.seconds, "length [s]"), (right, spread.levels_dbfs, "speech level [dBFS]"))
    for where, values, what in drawn:
        with where:
            if not values:
                state("missing", f"{what}: there is no recording with sound")
                continue
            bars: list[dict[str, Any]] = [
                {"low": low, "high": high, "count": count} for low, high, count in histogram(values) if count
            ]
            alt = f"Recordings by {what}: {min(values):.1f} to {max(values):.1f}"
            chart(histogram_figure(values, what), alt, Table(_BARS, tuple(bars)), f"datasets_spread_{what[:6]}")
    _words_listed(spread.unknown, "not in the dictionary of the simulator's recogniser")
    _words_listed(spread.once, "said once")


def _words_listed(words: tuple[str, ...], what: str) -> None:
    more = f" … and {len(words) - _WORDS:,} more" if len(words) > _WORDS else ""
    st.markdown(plain(f"{counted(len(words), 'word')} {what}: {', '.join(words[:_WORDS])}{more}") if words
                else f"No word is {what}.")  # fmt: skip


def _facts(corpus: Corpus) -> str:
    utterances = corpus.utterances
    seconds = sum(u.duration_s for u in utterances)
    speakers = len({u.speaker for u in utterances if u.speaker})
    timed = _timed(corpus)
    parts = [f"{len(utterances)} recording{'s' * (len(utterances) != 1)}, {length_text(seconds)}"]
    if speakers:
        parts.append(f"{speakers} speaker{'s' * (speakers != 1)}")
    parts.append(f"{sum(map(_words, utterances)):,} words")
    times = "all have word times" if timed == len(utterances) else f"{timed} of {len(utterances)} have word times"
    return f"{', '.join(parts)}; {times}."


def length_text(seconds: float) -> str:
    """How long recordings are together, as people say it."""
    return f"{seconds / 60:.1f} minutes" if seconds >= 60 else f"{seconds:.0f} seconds"


def _actions(name: str, corpus: Corpus, *, own: bool) -> None:
    with st.container(horizontal=True):
        if st.button("Run it", key="datasets_run", type="primary", icon=":material/play_arrow:"):
            st.switch_page(page_of("sweep"), query_params={"sweep_corpus": name})
        if st.button("Check every file", key="datasets_check", icon=":material/fact_check:"):
            with st.spinner("Decoding every file …"):
                st.session_state[_CHECKED] = (name, _checked(name))
        untimed = own and _timed(corpus) < len(corpus.utterances)
        if untimed and st.button("Find word times", key="datasets_align", icon=":material/timer:"):
            find_word_times(name)
            st.rerun()
        if not own:
            with st.popover("Copy to correct it", icon=":material/content_copy:"):
                _copy(name, corpus)
        if own and st.button("Remove", key="datasets_remove", icon=":material/delete:"):
            _confirm(name, len(corpus.utterances))


def _copy(name: str, corpus: Corpus) -> None:
    """A built-in set stays as it is; its references can be corrected in a copy."""
    with st.form("datasets_copy", border=False):
        new = st.text_input("Name of the copy", f"my-{name}")
        st.caption("The copy with its sound is yours: references can be corrected, with a history.")
        if st.form_submit_button("Copy", icon=":material/content_copy:"):
            with guarded():
                copy_to_own(corpus.root, new.strip(), tuple(builtin_corpora()))
                st.query_params["datasets_set"] = new.strip()
                st.session_state.pop("datasets_set", None)
                st.rerun()


def find_word_times(name: str) -> None:
    """Align a data set in a process of its own; without word times no word has a latency."""
    jobs.start(data.store_root(), f"Word times of {name}", ("datasets", "align", name, "--json"))


@st.dialog("Remove this data set?")
def _confirm(name: str, recordings: int) -> None:
    st.markdown(f"**{plain(name)}**: {recordings} recordings with their texts are removed for good. Runs of it stay.")
    with st.container(horizontal=True):
        if st.button("Remove for good", key="datasets_remove_yes", type="primary", icon=":material/delete_forever:"):
            with guarded():
                remove_own(name)
                st.query_params.pop("datasets_set", None)
                st.session_state.pop("datasets_set", None)
                st.rerun()
        if st.button("Keep it", key="datasets_remove_no"):
            st.rerun()


def _recordings(name: str, corpus: Corpus, *, own: bool) -> None:
    shown = _filtered(corpus)
    if len(shown) < len(corpus.utterances):
        st.caption(f"{len(shown):,} of {len(corpus.utterances):,} recordings; the filters hide the others.")
    rows = tuple({c.key: c.value(u) for c in _RECORDINGS} for u in shown)
    event = table(Table(_RECORDINGS, rows), "datasets_recordings", "Recordings of the data set", select="single-row")
    picked = event.selection.rows if event is not None else []
    if not picked:
        if shown:
            st.caption("Tick a recording to hear it" + (" and to correct its text." if own else "."))
        return
    _one(name, corpus, shown[picked[0]], own=own)


def _filtered(corpus: Corpus) -> list[Utterance]:
    left, middle, right = st.columns([3, 2, 2])
    words = left.text_input("Search", key="datasets_search", placeholder="recording or words in it").casefold().split()
    speakers = Counter(u.speaker for u in corpus.utterances if u.speaker)
    tags = Counter(tag for u in corpus.utterances for tag in u.tags)
    speaker = middle.multiselect("Speaker", sorted(speakers), key="datasets_speaker") if speakers else []
    tag = right.multiselect("Tag", sorted(tags), key="datasets_tag") if tags else []
    return [
        u
        for u in corpus.utterances
        if (not speaker or u.speaker in speaker)
        and (not tag or set(tag) & set(u.tags))
        and all(word in f"{u.id} {u.reference.written}".casefold() for word in words)
    ]


def _one(name: str, corpus: Corpus, utterance: Utterance, *, own: bool) -> None:
    with st.container(border=True):
        st.markdown(f"**{plain(utterance.id)}**")
        audio = read_utterance(utterance)
        wav = encode_audio(audio.pcm, audio.sample_rate_hz, "WAV")
        if sound_url(wav, f"datasets {name} {utterance.id}"):
            st.audio(wav)
        if not own:
            st.markdown(plain(utterance.reference.written))
            st.caption(
                "A built-in reference cannot be changed here. *Copy to correct it* above makes a set of your own."
            )
            return
        with st.form(f"datasets_edit_{utterance.id}", border=False):
            text = st.text_area("What is said", utterance.reference.written)
            st.caption("The old text is kept. Runs that were played keep the text that they were scored against.")
            saved = st.form_submit_button("Save the correction", icon=":material/save:")
        if saved and " ".join(text.split()) != utterance.reference.written:
            correct_reference(corpus.root, utterance.id, text)
            find_word_times(name)
            st.rerun()
        before = [entry for entry in corrections(corpus.root) if entry.id == utterance.id]
        for entry in reversed(before):
            st.caption(plain(f"until {entry.when[:16].replace('T', ' ')}: {entry.before}"))


# -- check ------------------------------------------------------------------------------------------------------------


def _checked(name: str) -> dict[str, object]:
    try:
        return jobs.ask(data.store_root(), ("datasets", "check", "--json", "--", name), _CHECK_S)
    except WorkbenchError as error:
        return {"failure": str(error)}


def _show_check(name: str, report: dict[str, object]) -> None:
    if "failure" in report:
        state("failed", str(report["failure"]))
        return
    if report.get("good"):
        st.success(f"{name}: every file exists, decodes and matches its hash.", icon=":material/check_circle:")
    else:
        problems(report.get("problems"), "problem", "data_problems")
    if report.get("remarks"):
        problems(report["remarks"], "remark", "data_remarks")


def problems(found: object, word: str, key: str) -> None:
    """What is wrong with recordings, or worth knowing, grouped by its cause."""
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    title = f"{len(rows)} {word}{'s' * (len(rows) != 1)}"
    if word == "problem":
        state("failed", title)
    else:
        st.info(f"{title}: these recordings can be played all the same.", icon=":material/info:")
    causes = Counter(str(row.get("cause") or row.get("what")) for row in rows)
    for cause, count in causes.most_common(8):
        st.caption(plain(f"{count} × {cause}"))
    listed_rows = tuple({c.key: c.value(row) for c in _PROBLEMS} for row in rows)
    table(Table(_PROBLEMS, listed_rows), key, "Problems by recording")
