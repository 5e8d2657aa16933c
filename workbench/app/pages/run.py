"""Run: one run under its own address, from the answer to the recordings behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from workbench.app import data, privacy
from workbench.app.data import Chosen
from workbench.app.pages.accuracy import accuracy_of
from workbench.app.pages.latency import latency_of
from workbench.app.parts import jobs as job_panel
from workbench.app.parts.chart import table
from workbench.app.parts.numbers import metric_number, seconds_number
from workbench.app.parts.page import all_failed, badges, folded, guarded, head, plain, state
from workbench.app.parts.run_actions import report
from workbench.app.parts.run_picker import choose_cell, label_of
from workbench.app.parts.run_recordings import recordings
from workbench.app.parts.setting_axis import setting_axis
from workbench.app.router import page_of
from workbench.comparing.headline import headline
from workbench.reporting.sentence import sentence
from workbench.reporting.setting_axis import settings_of, settings_text
from workbench.reporting.tables.cells import cells_table
from workbench.reporting.tables.table import Table
from workbench.runs.cost import paid
from workbench.runs.listing import RunListing
from workbench.runs.result import RunResult
from workbench.scoring.cells import CellScore
from workbench.scoring.measures import METRICS
from workbench.store.labels import RunLabel, label_run, label_tags
from workbench.units import counted

__all__ = ["page"]

_SENTENCES = 3
_COLUMNS = (
    "audio", "n", "failed", "wer", "wer_low", "wer_high", "critical_errors", "word_latency_p50_ms",
    "word_latency_p95_ms", "coverage",
)  # fmt: skip
"""What fits beside each other on a page."""
_POLL_S = 2.0


def page() -> None:
    """Draw the page."""
    lines = data.lines()
    run_id = _wanted(lines)
    if run_id is None:
        return
    line = next(line for line in lines if line.summary.run_id == run_id)
    label = data.labels().get(run_id, RunLabel())
    head(label.name or f"Run of {line.summary.corpus or 'an unknown data set'}", label_of(line))
    with guarded():
        badges(line)
        if line.summary.problem:
            state("failed", line.summary.problem)
            return
        run = data.chosen(run_id)
        result = data.result(run.run_id, run.content)
        _actions(run, line, label)
        if not result.scores:
            state("missing", "this run has no recordings yet")
            return
        tab = st.segmented_control(
            "Part", list(_TABS), default="Overview", required=True, key="run_tab", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        _TABS[str(tab)](run, result)


def _wanted(lines: Sequence[RunListing]) -> str | None:
    """The run of the address, or the one that is picked; an unknown one is said and nothing else shown for it."""
    ids = [line.summary.run_id for line in lines]
    if not ids:
        head("Run", "One run: the answer, its recordings, accuracy, latency and settings.")
        job_panel.nothing_yet("run", "A run with its recordings, worst first, appears here.")
        return None
    wanted = st.query_params.get("id")
    if wanted is not None:
        found = [run_id for run_id in ids if run_id.startswith(wanted)]
        if wanted in ids or len(found) == 1:
            return wanted if wanted in ids else found[0]
        head("Run", "One run: the answer, its recordings, accuracy, latency and settings.")
        state("missing", f"there is no run {wanted} in this store")
        st.page_link(page_of("runs"), label="See every run", icon=":material/list_alt:")
        return None
    st.query_params["id"] = ids[0]
    return ids[0]


def _actions(run: Chosen, line: RunListing, label: RunLabel) -> None:
    if label.tags:
        st.markdown(" ".join(f":gray-badge[#{plain(tag)}]" for tag in label.tags))
    if label.note:
        st.markdown(plain(label.note))
    with st.container(horizontal=True):
        hidden = privacy.hidden()
        st.download_button(
            "Report", lambda: report(run.run_id, hidden), f"{run.run_id}.html", "text/html", key="run_report",
            on_click="ignore", icon=":material/download:", type="primary", disabled=hidden,
            help="One HTML file that opens from a mail. It holds transcripts: treat it as patient data.",
        )  # fmt: skip
        if st.button("Compare", key="run_compare", icon=":material/compare_arrows:"):
            st.switch_page(page_of("compare"), query_params={"compare_run": run.run_id})
        with st.popover("Name and note", icon=":material/edit:"):
            _label_form(run.run_id, label)
        if line.summary.counts.failed and st.button(
            f"Play {line.summary.counts.failed} failed again", key="run_retry", icon=":material/replay:"
        ):
            job_panel.play_failed(run.run_id)
            st.rerun()
        if line.summary.status == "interrupted" and st.button("Resume", key="run_resume", icon=":material/resume:"):
            job_panel.resume_run(run.run_id)
            st.rerun()
    job_panel.panel("run")


def _label_form(run_id: str, label: RunLabel) -> None:
    with st.form("run_label", border=False):
        name = st.text_input("Name", label.name, max_chars=120)
        tags = st.text_input("Tags", " ".join(label.tags), placeholder="release-1.8 smoke")
        note = st.text_area("Note", label.note, max_chars=4_000)
        if st.form_submit_button("Save"):
            label_run(data.store_root(), run_id, RunLabel(name.strip(), note.strip(), label_tags([tags])))
            st.rerun()


# -- overview ---------------------------------------------------------------------------------------------------------


def _overview(run: Chosen, result: RunResult) -> None:
    several = len(result.cells) > 1
    if several:
        compared = data.comparison(run.run_id, run.content)
        for pair in compared.pairs[:_SENTENCES]:
            st.markdown(plain(headline(pair.verdict, *pair.cells)))
        if len(compared.pairs) > _SENTENCES:
            st.caption(f"{len(compared.pairs) - _SENTENCES} more under Compare.")
    cell = choose_cell(result, "run_cell")
    if cell.failed == cell.n:
        all_failed(cell, [score for score in result.scores if score.cell == cell.cell])
    else:
        _numbers(run, cell)
        _trust(cell, result)
    if several:
        every = cells_table(result.cells)
        # Remarks stand under every number; the answer above has said what matters.
        table(Table(every.columns, every.rows), "run_cells", "Every configuration of the run", order=_COLUMNS)
        if (box := folded("Every number", "run_every", ":material/table:")) is not None:
            with box:
                table(every, "run_every_number", "Every number of every configuration")


def _numbers(run: Chosen, cell: CellScore) -> None:
    """The answer of a configuration in a sentence and three numbers."""
    st.markdown(f"## {sentence(cell)}")
    with st.container(horizontal=True):
        rates = data.rates(run.run_id, run.content, "wer critical_errors word_latency_p50 word_latency_p95")
        metric_number("Word error rate", "wer", rates[cell.cell, "wer"], "no words")
        delays = [rates[cell.cell, f"word_latency_{p}"] for p in ("p50", "p95")]
        seconds_number("Half · 95 % of words within", delays, "no word has a latency that counts")
        why = cell.reasons.get("critical_errors") or "no words"
        metric_number("Critical errors per 100 words", "critical_errors", rates[cell.cell, "critical_errors"], why)


def _trust(cell: CellScore, result: RunResult) -> None:
    done = cell.n - cell.failed
    parts = [f"{done - cell.left_out} of {cell.n} recordings timed"]
    if cell.coverage is not None:
        parts.append(f"{METRICS['coverage'].text(cell.coverage)} of their words have a latency")
    if cell.failed:
        parts.append(f"{cell.failed} failed and excluded from averages")
    if result.excluded:
        parts.append(f"{len(result.excluded)} excluded because the reference is marked as wrong")
    st.caption("; ".join(parts) + ".")
    if cell.left_out:
        why = f": {cell.pacing.reasons[0]}" if cell.pacing.reasons else ""
        recordings = counted(cell.left_out, "recording")
        st.warning(plain(f"{recordings} not timed, their latencies are excluded{why}"), icon=":material/timer_off:")
    elif cell.word_latency_p50_ns is None:
        state("missing", cell.reasons.get("word_latency_p50_ns") or "no word has a latency")


# -- settings ---------------------------------------------------------------------------------------------------------


def _settings(run: Chosen, result: RunResult) -> None:
    if result.run.status == "live":
        st.fragment(_playing, run_every=_POLL_S)(run.run_id)
    elif len(result.run.manifest.cells) > 1:
        setting_axis(run, result, "run")
    if (cost := paid(result, data.settings().price_per_minute)) is not None:
        st.markdown(f"**Cost**: {plain(str(cost))}")
    settings = settings_of(result)
    for name, values in settings.items():
        st.markdown(f"**{plain(name)}**: {plain(settings_text(values))}")
    manifest = result.run.manifest
    st.caption(
        plain(
            f"Run {run.run_id}; data set {manifest.corpus.name}, {manifest.corpus.utterances} recordings; target "
            f"{manifest.endpoint}; {manifest.recogniser or 'recogniser of the service'}; seed {manifest.seed}; "
            f"{manifest.concurrency} at a time; normaliser {result.cells[0].normaliser if result.cells else 'none'}."
        )
    )


def _playing(run_id: str) -> None:
    """The sweep as far as it has come; the whole page is drawn again once it has ended."""
    run = data.chosen(run_id)
    result = data.result(run.run_id, run.content)
    setting_axis(run, result, "run")
    if result.run.status != "live":
        st.rerun(scope="app")


_TABS: dict[str, Callable[[Chosen, RunResult], None]] = {
    "Overview": _overview,
    "Recordings": recordings,
    "Accuracy": accuracy_of,
    "Latency": lambda run, result: latency_of(run),
    "Settings": _settings,
}
