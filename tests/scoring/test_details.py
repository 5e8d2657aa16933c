"""Metrics that are looked at on request: values worked by hand, and that they cost the others nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

import workbench as wb
from tests.scoring.metrics.records import session, spoken
from tests.stored import batch, heard, store_run, stored
from workbench.cli import cli
from workbench.comparing.gate import Judgement, Rules, judge
from workbench.comparing.paired import adjust_metrics, compare_scores
from workbench.recording.record import Connect
from workbench.reference import Reference
from workbench.reporting.tables.cells import DETAIL_COLUMNS
from workbench.reporting.tables.chosen import chosen_metrics
from workbench.scoring.cells import score_run
from workbench.scoring.delay_parts import PARTS
from workbench.scoring.measures import METRICS
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.units import NS_PER_MS

CLINICAL = normaliser("clinical")


def cell_of(*records, name="clinical"):
    """The one configuration of some records."""
    (cell,) = score_run([score_session(record, normaliser(name)) for record in records], seed=1)
    return cell


def show(store, *options):
    """What ``show --json`` says of the newest run."""
    answer = CliRunner().invoke(cli, ["show", "last", "--store", str(store), "--json", *options])
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.output)


def test_phases_of_opening_a_session_stand_apart():
    """Three sessions: the median is the middle one, the 95th percentile the largest; what did not happen is unknown."""
    records = [heard(utterance=f"u{i}") for i in range(3)]
    for record, dns in zip(records, (4, 9, 2), strict=True):
        record.connect = Connect(dns * NS_PER_MS, 3 * NS_PER_MS, None, 2 * NS_PER_MS, (dns + 5) * NS_PER_MS)
    cell = cell_of(*records)
    assert [cell.shown(key).value for key in ("dns_p50", "dns_p95", "tcp_p50", "upgrade_p50")] == [4, 9, 3, 2]
    assert cell.shown("tls_p50").value is None


def test_words_shown_early_are_kept_and_counted():
    """The second and third word are due at 400 and 600 ms; both stand there at 350: -50 and -250 ms."""
    early = session(spoken("no chest pain"), [(350, "partial", "no chest pain"), (700, "final", "no chest pain")])
    score = score_session(early, CLINICAL)
    assert [v / NS_PER_MS for v in score.latency.word_latency_ns] == [150, -50, -250]
    assert cell_of(early).metrics["negative_latencies"].value == 2
    assert cell_of(session(spoken("no chest pain"), [])).metrics["negative_latencies"].value is None


def test_missing_words_are_as_late_as_the_worst_of_their_session():
    """no 50, chest missing, pain 100 ms: with the missing word the values are 50, 100, 100."""
    record = session(spoken("no chest pain"), [(250, "partial", "no"), (700, "final", "no pain"), (1100, "end", "")])
    cell = cell_of(record)
    assert (cell.shown("word_latency_p50").value, cell.shown("word_latency_imputed_p50").value) == (50, 100)
    assert score_session(record, CLINICAL).latency.word_latency_imputed_ns == tuple(
        v * NS_PER_MS for v in (50, 100, 100)
    )


def test_the_bounds_of_ambiguous_words_enclose_the_latency():
    """Of "the the", "a the" shows either: earliest 50, -150, 50 and latest 250, 50, 50 ms."""
    messages = [(250, "partial", "a the"), (450, "partial", "the the"), (650, "final", "the the end")]
    cell = cell_of(session(spoken("the the end"), messages))
    assert [cell.shown(f"word_latency_{end}_p95").value for end in ("low", "high")] == [50, 250]
    assert [cell.shown(f"word_latency_{end}_p50").value for end in ("low", "high")] == [50, 50]


def test_errors_of_convention_are_those_that_the_normaliser_forgives():
    """Raw: case, mark and "15 mg." are 4 errors of 5 words; clinically one, the wrong last word, is left of them."""
    reference = Reference("Take 15 mg today.", "take fifteen milligrams today")
    record = session(reference, [(700, "final", "take 15 mg now")])
    score = score_session(record, CLINICAL)
    assert (score.raw.errors, score.words.errors) == (2, 1)  # "Take" and "today."; "today"
    assert cell_of(record).metrics["convention_share"].value == pytest.approx(1 / 2)
    assert cell_of(heard(name := "no chest pain")).metrics["convention_share"].value is None, name


def test_overhead_and_breaches_are_counted():
    """Ten chunks of 3,200 bytes weigh 4,300 each on the wire."""
    record = heard()
    record.violations = ("a final after the terminal frame",)
    cell = cell_of(record)
    assert cell.shown("wire_overhead").value == pytest.approx(4300 / 3200)
    assert cell.shown("breaches").value == 1


def test_what_is_looked_at_on_request_costs_the_others_nothing():
    """A comparison knows no such metric and adjusts as before; one that is asked for joins the family."""
    sides = [
        [score_session(r, CLINICAL) for r in batch(24, wrong=wrong, delay=delay)] for wrong, delay in ((0, 0), (9, 30))
    ]
    plain, asked = (compare_scores(*sides, seed=1, also=also) for also in ((), ("wire_overhead",)))
    keys = {d.metric for d in (*plain.differences, *plain.others)}
    assert keys == {key for key, row in METRICS.items() if row.better and not row.on_request}
    with pytest.raises(KeyError):
        plain.of("wire_overhead")
    assert asked.of("wire_overhead").difference == 0
    known = [d.p_value is not None for d in (*plain.differences, *plain.others)]
    assert sum(known) + 1 == sum(d.p_value is not None for d in (*asked.differences, *asked.others))
    assert [d.p_value for d in plain.differences] == [d.p_value for d in asked.differences]
    assert adjust_metrics([plain])[0].wer.p_adjusted is not None


def test_a_gate_judges_them(tmp_path):
    """A limit on the value, and a margin on the difference, although no comparison tests it unasked."""
    base = store_run(tmp_path, batch(24))
    run = store_run(tmp_path, batch(24))
    command = ["gate", run, "--against", base, "--store", str(tmp_path), "--json"]
    rules = ["--limit", "wire_overhead=1.3", "--limit", "breaches=0", "--margin", "wire_overhead=0.1"]
    answer = CliRunner().invoke(cli, [*command, *rules])
    checks = json.loads(answer.stdout)["checks"][:3]
    assert [(c["kind"], c["metric"], c["verdict"]) for c in checks] == [
        ("limit", "wire_overhead", "fail"), ("limit", "breaches", "pass"), ("margin", "wire_overhead", "pass"),
    ]  # fmt: skip


def test_every_one_of_them_may_be_limited_and_given_a_margin(tmp_path):
    """Extremes, ratios and means too: what was measured on both sides is the same here, so nothing fails."""
    base, run = (stored(tmp_path, batch(24)) for _ in range(2))
    names = [row.name for row in METRICS.values() if row.on_request and row.better == "lower"]
    result = judge(run, Rules(limits=dict.fromkeys(names, 1e6), margins=dict.fromkeys(names, 1e6)), base)
    found = {(c.kind, c.metric): c for c in result.checks}
    assert {name for kind, name in found if kind == "margin"} == set(names)
    measured = ("wire_overhead", "cursor_max_ms", "cursor_min_ms", "cursor_mean_ms", "word_latency_imputed_p50_ms")
    assert {found[kind, name].judgement for name in measured for kind in ("limit", "margin")} == {Judgement.PASS}
    assert found["limit", "cursor_max_ms"].low is None
    assert found["limit", "dns_p50_ms"].reason == "nothing to measure it on"


def test_show_has_the_columns_that_are_asked_for(tmp_path):
    """Any metric by its key or name; JSON has them with their intervals, and the details with every configuration."""
    store_run(tmp_path, batch(3))
    found = show(tmp_path, "--columns", "wer, word_emission_p95_ms,word_latency_p95")
    # 100 ms chunks: "chest" is due at 400 ms and shown at 702.
    chosen = {name: one["value"] for name, one in found["cells"][0]["chosen"].items()}
    assert chosen == {"wer": 0.0, "word_emission_p95_ms": 302.0, "word_latency_p95_ms": 302.0}
    assert {column.key for column in DETAIL_COLUMNS} <= set(found["cells"][0])
    text = CliRunner().invoke(cli, ["show", "last", "--store", str(tmp_path), "--columns", "details"]).output
    assert all(title in text for title in ("overhead", "early", "send gap p95", "no value"))
    wrong = CliRunner().invoke(cli, ["show", "last", "--store", str(tmp_path), "--columns", "speed"])
    assert "unknown column (got speed; expected accuracy, clinical, stability, latency, details or" in str(
        wrong.exception
    )


def test_notebooks_have_them_as_numbers(tmp_path):
    """Also where nothing was measured."""
    frame = wb.load(store_run(tmp_path, batch(3)), store=tmp_path).details
    assert (str(frame["tls_p50_ms"].dtype), frame["tls_p50_ms"].isna().all()) == ("Float64", True)
    assert frame["wire_overhead"].tolist() == pytest.approx([4300 / 3200], rel=0.01)


def test_show_takes_the_delay_of_the_median_word_apart(tmp_path):
    """All words of one session; the parts add up to the whole in text and JSON."""
    records = [replace_words(record) for record in batch(1)]
    store_run(tmp_path, records)
    (row,) = show(tmp_path, "--delays")["delay_parts"]
    assert row["total"] == pytest.approx(sum(row[part.replace(" ", "_")] for part in PARTS))
    assert row["chunk"] == pytest.approx(50)
    text = CliRunner().invoke(cli, ["show", "last", "--store", str(tmp_path), "--delays"]).output
    assert "from end to" in text


def replace_words(record):
    """The words end 50 ms before their chunk does."""
    words = tuple(replace(word, end_sample=word.end_sample - 800) for word in record.reference.words)
    record.reference = replace(record.reference, words=words)
    return record


def test_a_table_of_metrics_has_no_column_twice():
    """Named by key, by name and with the details, a metric stands once."""
    keys = [metric.key for metric in chosen_metrics("dns_p50,dns_p50_ms,details", item="columns")]
    assert keys.count("dns_p50") == 1
    assert {column.key for column in DETAIL_COLUMNS[1:]} == {METRICS[key].name for key in keys}
