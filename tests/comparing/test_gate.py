"""The gate: four verdicts, their exit codes, and what is written for build servers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from click.testing import CliRunner

from tests.stored import batch, failing, heard, store_run, stored
from workbench.cli.gate import gate
from workbench.comparing.gate import (
    LIMITS,
    MARGINS,
    Judgement,
    Rules,
    judge,
    junit_xml,
    load_rules,
    markdown,
)
from workbench.errors import InputError
from workbench.reporting.tables.cells import cell_json
from workbench.scoring.measures import METRICS
from workbench.store import CorpusFacts

SCHEMA = xmlschema.XMLSchema(Path(__file__).parents[1] / "data" / "junit.xsd")


def limits(run, against=None, /, **bounds):
    """The result of limits alone."""
    return judge(run, Rules(limits=bounds), against)


def ruled(result):
    """The checks that were asked for."""
    return [check for check in result.checks if check.kind != "guard"]


def only(result):
    """The one check that was asked for."""
    (check,) = ruled(result)
    return check


def test_a_run_within_its_limits_passes(tmp_path):
    """Exit code 0."""
    result = limits(stored(tmp_path, batch(wrong=2)), wer=0.1, finalisation_p50_ms=400, failed=0.0)
    assert {c.judgement for c in result.checks} == {Judgement.PASS}
    assert (result.judgement, result.exit_code) == (Judgement.PASS, 0)


def test_a_run_beyond_a_limit_fails(tmp_path):
    """Exit code 1, the others are judged all the same."""
    result = limits(stored(tmp_path, batch(wrong=12)), wer=0.1, failed=0.0)
    assert [c.judgement for c in ruled(result)] == [Judgement.FAIL, Judgement.PASS]
    assert (result.judgement, result.exit_code) == (Judgement.FAIL, 1)


def test_too_few_utterances_never_pass(tmp_path):
    """Seven good ones: exit code 6; a lower demand must be asked for."""
    run = stored(tmp_path, batch(7))
    result = limits(run, wer=0.1)
    assert (result.judgement, result.exit_code) == (Judgement.NOT_ENOUGH, 6)
    assert only(result).reason == "n = 7, 20 needed"
    assert judge(run, Rules(limits={"wer": 0.1}, min_utterances=7)).exit_code == 0


def test_few_utterances_are_enough_to_fail_where_the_whole_interval_is_beyond(tmp_path):
    """Every word of seven utterances is wrong."""
    run = stored(tmp_path, [heard("x y z", utterance=f"u{i}") for i in range(7)])
    assert limits(run, wer=0.1).judgement is Judgement.FAIL


def test_a_95th_percentile_of_too_few_utterances_is_not_enough(tmp_path):
    """59 are needed to bound it; medians need no more than other metrics."""
    p95 = {"word_latency_p95_ms": 900.0}
    assert only(limits(stored(tmp_path, batch(58)), **p95)).reason == "needs 59 recordings; 58 here"
    assert limits(stored(tmp_path, batch(59)), **p95).judgement is Judgement.PASS
    assert limits(stored(tmp_path, batch(58)), word_latency_p50_ms=900).judgement is Judgement.PASS


def test_latencies_of_a_run_with_invalid_pacing_are_invalid(tmp_path):
    """Exit code 6, whatever the value; its words are judged."""
    run = stored(tmp_path, batch(22) + [heard(utterance=f"late{i}", late_ms=60) for i in range(2)])
    result = limits(run, finalisation_p50_ms=1, wer=0.1)
    assert [c.judgement for c in ruled(result)] == [Judgement.INVALID, Judgement.PASS]
    assert (result.judgement, result.exit_code) == (Judgement.INVALID, 6)
    assert "timing not certified in 2 of 24 sessions (p99 lateness 60.0 ms" in result.checks[0].reason


def test_one_late_session_in_many_does_not_invalidate_the_rest(tmp_path):
    """Under 5 % it is left out and the others are judged."""
    run = stored(tmp_path, [*batch(24), heard(utterance="late", late_ms=60)])
    assert limits(run, finalisation_p50_ms=400).judgement is Judgement.PASS


def test_a_fail_comes_before_all_else(tmp_path):
    """Then an invalid measurement, then too few data."""
    run = stored(tmp_path, batch(3, late_ms=60) + failing(1))
    assert limits(run, failed=0.0, finalisation_p50_ms=900, wer=0.1).exit_code == 1
    assert limits(run, failed=0.5, finalisation_p50_ms=900, wer=0.1).judgement is Judgement.INVALID
    assert limits(stored(tmp_path, batch(3)), wer=0.1).judgement is Judgement.NOT_ENOUGH


def test_failed_sessions_are_counted_and_named(tmp_path):
    """Their share has its own limit; every other check says how many there are."""
    result = limits(stored(tmp_path, batch(24) + failing(6)), failed=0.1, wer=0.1)
    assert (result.checks[0].value, result.checks[0].judgement) == (0.2, Judgement.FAIL)
    assert result.checks[1].reason == "n = 24; 6 of 30 sessions failed"
    nothing = limits(stored(tmp_path, failing(3)), wer=0.1)
    assert (only(nothing).judgement, only(nothing).value) == (Judgement.NOT_ENOUGH, None)
    assert nothing.judgement is Judgement.FAIL


def test_an_unfinished_run_never_passes(tmp_path):
    """What was not played is named; a breach is a breach."""
    run = stored(tmp_path, batch(), planned=48, commit=False)
    assert only(limits(run, wer=0.1)).reason == "24 of 48 sessions were not played"
    assert limits(run, wer=0.1).exit_code == 6
    bad = stored(tmp_path, batch(wrong=24), planned=48, commit=False)
    assert limits(bad, wer=0.1).exit_code == 1


def test_recalls_have_a_least_value(tmp_path):
    """More is better: above passes, below fails."""
    run = stored(tmp_path, [heard("no chest pain 5 mg", utterance=f"u{i:02}") for i in range(24)])
    assert limits(run, negations_kept=0.9).judgement is Judgement.PASS
    lost = stored(tmp_path, [heard("chest pain", utterance=f"u{i:02}") for i in range(24)])
    assert limits(lost, negations_kept=0.9).judgement is Judgement.FAIL
    assert limits(run, drug_recall=0.9).judgement is Judgement.NOT_ENOUGH


def test_a_limit_judges_the_value_that_tables_show(tmp_path):
    """One definition of each number."""
    run = stored(tmp_path, batch(30, wrong=7))
    shown = cell_json(run.cells[0])
    names = [name for name in LIMITS if name in shown and name != "failed"]
    assert {"wer", "cer", "word_latency_p95_ms", "finalisation_p50_ms"} <= set(names)
    for check in limits(run, **dict.fromkeys(names, 1e6)).checks:
        assert check.value == pytest.approx(shown[check.metric]), check.metric


def margin(tmp_path, base, candidate, **margins):
    """The checks of margins alone, by metric."""
    result = judge(stored(tmp_path, candidate), Rules(margins=margins), stored(tmp_path, base))
    return result, {c.metric: c for c in ruled(result)}


def test_a_change_within_the_margin_passes(tmp_path):
    """The upper end of the interval of the paired difference lies under it."""
    result, checks = margin(tmp_path, batch(), batch(delay=20), wer=0.1, finalisation_p50_ms=40)
    assert result.exit_code == 0
    assert checks["finalisation_p50_ms"].value == pytest.approx(20, abs=1)
    assert result.against is not None


def test_a_change_beyond_the_margin_fails(tmp_path):
    """20 ms later where 10 are allowed, and half of the utterances wrong."""
    result, checks = margin(tmp_path, batch(), batch(delay=20, wrong=12), wer=0.01, finalisation_p50_ms=10)
    assert result.exit_code == 1
    assert {c.judgement for c in checks.values()} == {Judgement.FAIL}


@pytest.mark.parametrize(("before", "after", "judgement"), [(12, 0, Judgement.PASS), (0, 12, Judgement.FAIL)])
def test_two_services_of_one_run_are_judged_as_two_runs_are(tmp_path, before, after, judgement):
    """The same numbers as from two runs; the first configuration is the baseline and is not judged itself.

    Whole recordings: 12 of 24 have one word of three wrong, a sixth of all words.
    """
    rules = Rules(limits={"wer": 0.1}, margins={"wer": 0.1})
    base, alone = (stored(tmp_path / name, batch(wrong=n)) for name, n in (("a", before), ("b", after)))
    apart = judge(alone, rules, base)
    both = stored(tmp_path / "both", batch(wrong=before, cell="A") + batch(wrong=after, cell="B"))
    found = judge(both, rules, against_first=True)
    assert (found.judgement, found.against, {check.part for check in found.checks}) == (judgement, "A", {"B"})
    assert [replace(check, part="clean") for check in found.checks] == list(apart.checks)
    (margin,) = (check for check in found.checks if check.kind == "margin")
    assert margin.value == pytest.approx((after - before) / 72)
    assert found.sentence.startswith(f"{judgement} for {both.run.run_id} against A: ")
    for run in (base, both):
        with pytest.raises(InputError, match=r"its own baseline .*the same run .*against_first"):
            judge(run, rules, run)
    with pytest.raises(InputError, match=r"no configuration to judge .*one configuration"):
        judge(base, rules, against_first=True)
    with pytest.raises(InputError, match="two baselines"):
        judge(both, rules, base, against_first=True)


def test_an_interval_that_reaches_over_the_margin_is_not_enough_data(tmp_path):
    """One wrong word in 24 utterances: neither shown to be worse nor shown to be within half a point."""
    result, checks = margin(tmp_path, batch(), batch(wrong=1), wer=0.005)
    assert (result.judgement, result.exit_code) == (Judgement.NOT_ENOUGH, 6)
    assert checks["wer"].reason == "n = 24, the interval reaches over the margin"
    perfect, _ = margin(tmp_path, batch(), batch(), wer=0.01)
    assert perfect.exit_code == 6


def test_margins_of_few_pairs_or_late_sessions_never_pass(tmp_path):
    """Not enough, or invalid on either side."""
    few, _ = margin(tmp_path, batch(7), batch(7), wer=0.01)
    assert few.judgement is Judgement.NOT_ENOUGH
    late, checks = margin(tmp_path, batch(late_ms=60), batch(), finalisation_p50_ms=50, wer=0.1)
    assert late.judgement is Judgement.INVALID
    assert checks["finalisation_p50_ms"].reason.startswith("baseline: timing not certified in 24 of 24")
    assert checks["wer"].judgement is Judgement.PASS


def test_better_is_never_a_regression(tmp_path):
    """Fewer errors and earlier words pass any margin."""
    result, _ = margin(tmp_path, batch(wrong=12, delay=30), batch(), wer=0.01, finalisation_p50_ms=10)
    assert result.exit_code == 0


def test_another_corpus_is_an_invalid_measurement(tmp_path):
    """The same ids do not make the same utterances."""
    other = stored(tmp_path, batch(), corpus=CorpusFacts(name="clinic", hash="d" * 64))
    result = judge(stored(tmp_path, batch()), Rules(margins={"wer": 0.1}), other)
    assert (result.judgement, only(result).reason) == (Judgement.INVALID, "the runs differ in corpus")
    assert any("in corpus" in line for line in result.warnings)


def test_a_configuration_that_the_baseline_lacks_is_not_passed_over(tmp_path):
    """It has its checks, and they do not pass."""
    run = stored(tmp_path, batch() + batch(cell="noise"))
    result = judge(run, Rules(margins={"wer": 0.1}), stored(tmp_path, batch()))
    assert [(c.part, c.judgement) for c in ruled(result)] == [
        ("clean", Judgement.PASS), ("noise", Judgement.NOT_ENOUGH),
    ]  # fmt: skip


def test_slices_are_judged_beside_the_whole(tmp_path):
    """Every speaker, limits and margins; a bad one fails the gate."""
    records = batch(40)
    for i, record in enumerate(records):
        record.speaker, record.tags = ("good", ("a",)) if i % 2 else ("bad", ("a", "b"))
    run = stored(tmp_path, records)
    for i in range(0, 40, 2):
        records[i] = heard("no", utterance=f"u{i:02}", speaker="bad")
        records[i].tags = ("a", "b")
    worse = stored(tmp_path, records)
    rules = Rules(limits={"wer": 0.5}, margins={"wer": 0.4}, slices=("speaker", "tag"))
    result = judge(worse, rules, run)
    found = {(c.part, c.kind): c.judgement for c in result.checks}
    assert [part for part, kind in found if kind == "limit"] == [
        "clean", "clean / speaker bad", "clean / speaker good", "clean / tag a", "clean / tag b",
    ]  # fmt: skip
    assert found["clean", "limit"] is found["clean / speaker good", "margin"] is Judgement.PASS
    assert found["clean / speaker bad", "limit"] is found["clean / tag b", "margin"] is Judgement.FAIL


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (Rules(), "a limit or a margin"),
        (Rules(margins={"wer": 0.1}), "a baseline run"),
        (Rules(limits={"speed": 1}), "no such metric .*wer"),
        (Rules(limits={"wrr": 1}), r"^limits.wrr: no such metric \(expected a metric, such as wer, "),
        (Rules(margins={"reference_words": 0.1}), "margins.reference_words: no such metric"),
        (Rules(limits={"wer": -1}), "got -1; expected a number, 0 or more"),
        (Rules(margins={"wer": 0}), "a number above 0"),
        (Rules(limits={"wer": float("nan")}), "value not allowed"),
    ],
)
def test_rules_that_cannot_be_checked_are_refused(tmp_path, rules, says):
    """Before anything is judged, naming the key."""
    with pytest.raises(InputError, match=says):
        judge(stored(tmp_path, batch(2)), rules)


def test_rules_are_read_from_toml(tmp_path):
    """The table alone; the file may hold other settings."""
    file = tmp_path / "gate.toml"
    file.write_text(
        'endpoint = "staging"\n[gate]\nmin_utterances = 5\nslices = ["tag"]\n[gate.limits]\nwer = 0.2\n'
        "[gate.margins]\nword_latency_p95_ms = 50\n"
    )
    assert load_rules(file) == Rules(
        limits={"wer": 0.2}, margins={"word_latency_p95_ms": 50.0}, min_utterances=5, slices=("tag",)
    )
    for text, says in (
        ("[gate.limits]\nspeed = 1", r"limits\.speed: no such metric"),
        ("[gate]\nlimit = 1", "unknown field `limit`"),
        ("[gate", "cannot be understood"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=says):
            load_rules(file)
    with pytest.raises(InputError, match="cannot be read"):
        load_rules(tmp_path / "none.toml")


def mixed(tmp_path):
    """A result with all four judgements, names that need escaping."""
    name = 'a<b & "c" | `d` \x07 [e](f)'
    base = batch(24, cell=name) + batch(3, cell="few")
    run = stored(tmp_path, batch(24, cell=name, wrong=12) + batch(3, cell="few") + batch(24, cell="late", late_ms=60))
    rules = Rules(limits={"wer": 0.9, "finalisation_p50_ms": 900.0}, margins={"wer": 0.01})
    return judge(run, rules, stored(tmp_path, base))


def test_junit_is_valid_and_holds_a_case_for_every_check(tmp_path):
    """Fails are failures, what cannot be judged is an error, nothing is skipped."""
    result = mixed(tmp_path)
    text = junit_xml(result)
    SCHEMA.validate(text)
    root = ET.fromstring(text)  # noqa: S314  our own text
    cases = root.findall("testsuite/testcase")
    assert len(cases) == len(result.checks)
    assert len(ruled(result)) == 9
    (pair,) = {s.findtext("system-out").splitlines()[1] for s in root}
    assert "WER is worse by 16.7 points" in pair
    wanted = {Judgement.FAIL: "failure", Judgement.NOT_ENOUGH: "error", Judgement.INVALID: "error"}
    assert {c.judgement for c in result.checks} == set(Judgement)
    for kind in ("failure", "error"):
        expected = sum(wanted.get(c.judgement) == kind for c in result.checks)
        assert len(root.findall(f".//{kind}")) == expected
        assert sum(int(s.get(f"{kind}s")) for s in root) == expected
    assert {s.get("skipped") for s in root} == {"0"}


def test_the_schema_refuses_what_is_not_junit():
    """The check above can fail."""
    assert not SCHEMA.is_valid("<testsuites><testsuite name='a'/></testsuites>")


def test_markdown_is_one_table_whatever_the_names(tmp_path):
    """No name opens a column, a tag or a link."""
    result = mixed(tmp_path)
    text = markdown(result)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(result.checks)
    assert {line.replace("\\|", "").count("|") for line in rows} == {7}
    assert "<b" not in text
    assert "[e](f)" not in text
    assert text.startswith("## Gate: fail\n")


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Call the verb on the store."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        ran = CliRunner().invoke(gate, [*words, "--store", str(tmp_path)], standalone_mode=False)
        if ran.exception is not None:
            raise ran.exception
        return ran

    return call


def test_the_verb_returns_the_exit_code_and_writes_files(tmp_path, call):
    """All four cases; text and JSON say the same."""
    base, late = store_run(tmp_path, batch()), store_run(tmp_path, batch(late_ms=60))
    assert call(base, "--limit", "wer=0.1").return_value == 0
    assert call(late, "--limit", "finalisation_p50_ms=900").return_value == 6
    bad = store_run(tmp_path, batch(wrong=12))
    ran = call(bad, "--against", base, "--margin", "wer=0.01", "--junit", "g.xml", "--markdown", "g.md")
    assert ran.return_value == 1
    assert f"fail for {bad} against {base}: 3 pass, 2 fail" in ran.stdout
    assert "WER is worse by 16.7 points" in ran.stdout
    SCHEMA.validate(Path("g.xml").read_text())
    assert "## Gate: fail" in Path("g.md").read_text()
    few = call(store_run(tmp_path, batch(5)), "--limit", "wer=0.1", "--json")
    answer = json.loads(few.stdout)
    assert (few.return_value, answer["verdict"], answer["checks"][0]["n"]) == (6, "not enough data", 5)
    assert call("--limit", "wer=0.1", "--min-utterances", "5").return_value == 0
    with pytest.raises(InputError, match="the file cannot be written"):
        call("--limit", "wer=0.1", "--junit", str(tmp_path / "no" / "g.xml"))


def test_flags_come_before_the_table_of_the_settings(tmp_path, call):
    """workbench.toml may hold [gate] beside everything else."""
    (tmp_path / "workbench.toml").write_text("[limits]\nrest_s = 5.0\n[gate.limits]\nwer = 0.01\n")
    run = store_run(tmp_path, batch(wrong=3))
    assert call(run).return_value == 1
    assert call(run, "--limit", "wer=0.5").return_value == 0
    (tmp_path / "other.toml").write_text("[gate.limits]\nwer = 0.5\n")
    assert call(run, "--config", "other.toml").return_value == 0


def test_what_may_have_a_margin_may_have_a_limit():
    """Every metric that has a direction, failed sessions, flicker and critical errors among them."""
    assert set(MARGINS) == set(LIMITS) == {metric.name for metric in METRICS.values() if metric.better}
    assert {"failed", "unsafe_flicker_ms", "critical_errors", "coverage"} < set(LIMITS)
