"""The rest of the page System: service, normalisers, rescoring, storage, privacy, versions."""

from __future__ import annotations

import streamlit as st

from workbench.app import data, diagnostics, jobs, privacy
from workbench.app.parts.chart import table
from workbench.app.parts.page import guarded, state
from workbench.app.parts.run_picker import choose_run
from workbench.errors import WorkbenchError
from workbench.reporting.tables.table import Column, Table, metric_column
from workbench.scoring.metrics.accuracy import ErrorCounts, word_errors
from workbench.scoring.metrics.normalize import NORMALISERS

__all__ = ["connection", "normalisers", "privacy_mode", "rescoring", "storage", "versions"]

_DIAGNOSED = "data_diagnosed"
_DIAGNOSE_S = 120.0

_CHECK_COLUMNS: tuple[Column[dict[str, object]], ...] = (
    Column("state", "state", lambda c: str(c["state"])),
    Column("name", "check", lambda c: str(c["name"])),
    Column("found", "found", lambda c: str(c["found"])),
    Column("action", "what to do", lambda c: None if c["action"] is None else str(c["action"])),
)


def connection() -> None:
    """The checks of ``workbench doctor``: installation, pacing of this machine, and every step to the service."""
    st.caption("Logs in and creates nothing; about five seconds, two of which measure this machine's pacing.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        endpoint = st.selectbox(
            "Target", ["simulator", "staging", "production"], key="data_target_service", bind="query-params",
            accept_new_options=True, width=320,
        )  # fmt: skip
        if st.button("Check the connection", key="data_connect", type="primary", icon=":material/network_check:"):
            with st.spinner("Checking …"):
                st.session_state[_DIAGNOSED] = (endpoint, _diagnosed(str(endpoint)))
    st.caption(
        "Credentials: "
        + ("set in the environment." if data.settings().names_credentials else "none in the environment.")
    )
    if _DIAGNOSED not in st.session_state:
        return
    checked_endpoint, diagnosis = st.session_state[_DIAGNOSED]
    if "failure" in diagnosis:
        state("failed", f"{checked_endpoint}: {diagnosis['failure']}")
        return
    rows = [row for row in diagnosis["checks"] if isinstance(row, dict)]
    wrong = [row for row in rows if row["state"] == "failed"]
    if wrong:
        state("failed", f"{checked_endpoint}: {wrong[0]['name']}: {wrong[0]['found']}")
    else:
        st.success(f"{checked_endpoint}: everything is in place.", icon=":material/check_circle:")
    listed = tuple({c.key: c.value(row) for c in _CHECK_COLUMNS} for row in rows)
    table(Table(_CHECK_COLUMNS, listed), "data_checks", "Checks of this machine and the way to the service")


def _diagnosed(endpoint: str) -> dict[str, object]:
    try:
        return jobs.ask(data.store_root(), ("doctor", "--endpoint", endpoint, "--json"), _DIAGNOSE_S)
    except WorkbenchError as error:
        return {"failure": str(error)}


_BENCH_COLUMNS: tuple[Column[tuple[str, str, str]], ...] = (
    Column("normaliser", "normaliser", lambda r: r[0]),
    metric_column("wer", lambda r: _errors(r).rate),
    metric_column("substitutions", lambda r: _errors(r).substitutions),
    metric_column("deletions", lambda r: _errors(r).deletions),
    metric_column("insertions", lambda r: _errors(r).insertions),
    Column("reference", "reference becomes", lambda r: r[1]),
    Column("hypothesis", "transcript becomes", lambda r: r[2]),
)


def _errors(row: tuple[str, str, str]) -> ErrorCounts:
    return word_errors(row[1].split(), row[2].split())


def normalisers() -> None:
    """Two texts under every normaliser: what each forgives, and what it does not."""
    st.caption("What each normaliser forgives. It may forgive form, never content: two drugs or two values stay two.")
    left, right = st.columns(2)
    reference = left.text_area("Reference", "Give Metformin 500 mg twice a day; no chest pain.", key="data_reference")
    hypothesis = right.text_area(
        "Transcript", "give metformin five hundred milligrams bid no chest pain", key="data_heard"
    )
    rows = [(name, one(reference), one(hypothesis)) for name, one in NORMALISERS.items()]
    listed = tuple({c.key: c.value(row) for c in _BENCH_COLUMNS} for row in rows)
    table(Table(_BENCH_COLUMNS, listed), "data_bench", "Both texts under every normaliser")


def rescoring() -> None:
    """Score a stored run again with another normaliser; nothing else of it changes."""
    lines = [line for line in data.lines() if not line.summary.problem]
    if not lines:
        state("missing", "there is no run to score again")
        return
    run = choose_run("data", lines)
    if run is None:
        return
    used = next(line.normaliser for line in lines if line.summary.run_id == run.run_id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Normaliser", list(NORMALISERS), key="data_normaliser", bind="query-params", width=320)
        if st.button("Score again", key="data_rescore", type="primary", icon=":material/restart_alt:"):
            arguments = ("score", "--normaliser", str(name), "--json", "--", run.run_id)
            jobs.start(data.store_root(), f"Scores of {run.run_id} with {name}", arguments)
            st.rerun()
    st.caption(f"Scored with {used} now. Its frames and transcripts stay as they are." if used else "Not scored yet.")


def storage() -> None:
    """Where the runs are, how much they take, and whether one of them is still what was measured."""
    root = data.store_root()
    lines = data.lines()
    bytes_, files = data.store_size(str(root.resolve()), data.lines_key(lines))
    with st.container(horizontal=True):
        st.metric("Runs", f"{len(lines):,}", border=True, width=150)
        st.metric(
            "On disk",
            f"{bytes_ / 1e6:,.1f} MB",
            f"{files:,} files",
            delta_color="off",
            delta_arrow="off",
            border=True,
            width=190,
        )
        damaged = sum(line.summary.status == "damaged" for line in lines)
        st.metric("Damaged", f"{damaged:,}", border=True, width=150)
    st.code(str(root.resolve()), language=None)
    st.caption("Folder of the runs; only its owner may read it. Runs are deleted under Runs.")
    sound = [line for line in lines if not line.summary.problem]
    if not sound:
        return
    with st.container(border=True):
        st.markdown("**Verify a run**: hashes, row counts, certificates and scores are derived again.")
        run = choose_run("data", sound, label="Run to verify", name="verify", show=False)
        if run is not None and st.button("Verify", key="data_verify_go", icon=":material/verified:"):
            with guarded(), st.spinner("Deriving everything again …"):
                verdict = jobs.ask(root, ("runs", "verify", "--json", "--", run.run_id), _DIAGNOSE_S)
                findings = [f"{f['item']}: {f['problem']}" for f in verdict.get("findings", [])]
                if verdict.get("sound"):
                    st.success(f"{run.run_id} is sound.", icon=":material/verified:")
                else:
                    state("failed", f"{run.run_id} is damaged")
                for finding in findings[:20]:
                    st.caption(finding)


def privacy_mode() -> None:
    """The switch that hides transcripts and turns exports off."""
    if privacy.locked():
        st.info("Privacy mode is on for everybody: WORKBENCH_PRIVACY is set.", icon=":material/lock:")
        return
    before = bool(st.session_state.get(privacy.KEY, False))
    chosen = st.toggle("Privacy mode in this tab", value=before, key="data_privacy")
    st.caption("Hides transcripts, confused words and sounds on every page, and turns exports off.")
    if chosen != before:
        st.session_state[privacy.KEY] = chosen
        st.rerun()


_FACT_COLUMNS: tuple[Column[tuple[str, str]], ...] = (
    Column("name", "what", lambda f: f[0]),
    Column("value", "value", lambda f: f[1]),
)


def versions() -> None:
    """Versions of all that can move a number, the machine, and the diagnostics bundle."""
    about = diagnostics.about(data.settings())
    host = about["host"]
    resolution = data.resolution_ms()
    facts = [(name, str(version)) for name, version in about["versions"].items()]
    facts += [
        ("streamlit", st.__version__),
        ("processor", f"{host['cpu']}, {host['cores']} cores"),
        ("system", host["kernel"]),
    ]
    facts.append(
        (
            "resolution of the measurement",
            f"{resolution:g} ms" if resolution else "not calibrated when idle: workbench calibrate",
        )
    )
    table(
        Table(_FACT_COLUMNS, tuple({c.key: c.value(f) for c in _FACT_COLUMNS} for f in facts)), "data_facts", "Versions"
    )
    st.markdown("**Diagnostics bundle**")
    st.caption(
        "Versions, settings, manifests and states. No transcript, no id of an utterance, no path, no credential."
    )
    st.download_button(
        "Download", lambda: diagnostics.bundle(data.settings(), data.lines()), "workbench-diagnostics.zip",
        "application/zip", key="data_bundle", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
