"""Facts of results: what counts as there, as lost and as invented, in documents of the vendor's shape."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.scoring.metrics.records import session, spoken
from tests.stored import stored
from workbench.comparing.gate import Rules, judge
from workbench.protocol.endpoints import (
    AMBIENT_CONTENT,
    AMBIENT_STATUS,
    AMBIENT_STRUCTURED_DATA,
    END_AMBIENT,
    FORM_STRUCTURED_DATA,
)
from workbench.protocol.messages import Product
from workbench.recording.record import Outcome
from workbench.reference import Fact, Reference
from workbench.reporting.tables.cells import cell_json, summary_table
from workbench.reporting.tables.sessions import sessions_table
from workbench.scoring.metrics.facts import FactTally, Results, judge_facts
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session

TEXT = "I have a cough for 10 days, no fever. My blood pressure is 128/82. Take lisinopril 10 mg once a day."


def note(**sections: str) -> Results:
    """``s10164_2="…"`` is the text of section 10164-2."""
    summary = [
        {"title": "", "loinc_code": code[1:].replace("_", "-"), "content": text} for code, text in sections.items()
    ]
    return Results({"summary": summary})


def coded(*codes: str, values: tuple = (), partial: tuple = ()) -> Results:
    """As the vendor's sample has it, unknown members included."""
    diagnoses = [
        {
            "codes": [{"code": c, "type": "ICD10", "description": ""}],
            "laterality_indicator": 4,
            "post_coord_lex_flag": None,
        }
        for c in codes
    ]
    orders = {"medication_orders": {"values": list(values), "partial_values": list(partial)}}
    return Results(structured={"structured_data": {"diagnoses": {"values": diagnoses}, "orders": orders}})


LISINOPRIL = {
    "drug_name": "Lisinopril 10mg Tab",
    "status": "ACTIVE",
    "dosage": {"quantity": 1, "raw_value": "1 tablet", "unit": "TAB"},
    "strength": {"raw_value": "10mg"},
    "frequency": {"raw_value": "once daily", "structured_value": "ONE_A_DAY"},
    "medication_timing": None,
    "quantity_dispensed": "1 box",
}
ORDER = [Fact("order", "lisinopril", v) for v in ("ACTIVE", "10 mg", "ONE_A_DAY")]
COUGH, FEVER = Fact("diagnosis", "R05.9"), Fact("diagnosis", "R50.9", required=False)
TABLET = Fact("order", "lisinopril", "1 TAB", required=False)


def tally(facts, results) -> tuple[int, int, int, int]:
    found, _ = judge_facts(facts, Reference(TEXT, TEXT), results)
    return found.said, found.kept, found.right, found.invented


@pytest.mark.parametrize(
    ("facts", "results", "expected"),
    [
        ([Fact("note", "10164-2", "cough")], note(s10164_2="Cough for ten days."), (1, 1, 1, 0)),
        ([Fact("note", "10164-2", "cough")], note(s18776_5="Cough."), (1, 0, 0, 0)),
        ([Fact("note", "10164-2|18776-5", "cough")], note(s18776_5="Cough."), (1, 1, 1, 0)),
        ([Fact("note", "*", "ten days")], note(s18776_5="Cough for 10 days."), (1, 1, 1, 0)),
        ([Fact("note", "*", "10 days and cough")], note(s18776_5="Cough for ten days."), (1, 1, 1, 0)),
        ([Fact("note", "*", "cough and fever")], note(s18776_5="Cough. Fever."), (1, 0, 0, 0)),
        ([Fact("note", "*", "cough")], note(s18776_5="Cough. BP 182/82."), (1, 1, 1, 1)),
        ([Fact("note", "*", "cough")], note(s18776_5="Cough. Started on metformin."), (1, 1, 1, 1)),
        ([Fact("note", "*", "cough")], note(s18776_5="Cough. Lisinopril ten milligrams."), (1, 1, 1, 0)),
        ([Fact("denied", "*", "fever")], note(s10187_3="Denies fever."), (1, 1, 1, 0)),
        ([Fact("denied", "*", "fever")], note(s10187_3="Fever: no."), (1, 1, 1, 0)),
        ([Fact("denied", "*", "fever")], note(s10187_3="Fever."), (1, 0, 0, 1)),
        ([Fact("denied", "*", "fever")], note(s10187_3="No fever. Fever since Monday."), (1, 1, 1, 1)),
        ([Fact("denied", "*", "fever")], note(s10187_3="No fever. Call if you get a fever."), (1, 1, 1, 0)),
        ([Fact("denied", "*", "fever")], note(), (1, 0, 0, 0)),
        ([Fact("note", "*", "cough")], Results(), (1, 0, 0, 0)),
        ([Fact("note", "*", "cough")], Results("cut"), (1, 0, 0, 0)),
        ([Fact("diagnosis", "R05.9|R05.1")], coded("R05.1"), (1, 1, 1, 0)),
        ([Fact("diagnosis", "E11*")], coded("E11.65"), (1, 1, 1, 0)),
        ([Fact("diagnosis", "R05.9")], coded("R05.9", "J18.9"), (1, 1, 1, 1)),
        ([COUGH, FEVER], coded("R05.9", "R50.9"), (1, 1, 2, 0)),
        ([COUGH, FEVER], coded(), (1, 0, 0, 0)),
        ([*ORDER, TABLET], coded(values=(LISINOPRIL,)), (3, 3, 4, 0)),
        ([*ORDER, TABLET], coded(partial=(LISINOPRIL,)), (3, 3, 4, 0)),
        (ORDER, coded(values=(LISINOPRIL,)), (3, 3, 3, 1)),
        ([*ORDER, TABLET], coded(values=(LISINOPRIL | {"strength": {"raw_value": "100 mg"}},)), (3, 2, 3, 1)),
        ([*ORDER, TABLET], coded(values=(LISINOPRIL | {"status": "DISCONTINUED"},)), (3, 2, 3, 1)),
        ([*ORDER, TABLET], coded(values=(LISINOPRIL | {"drug_name": "Losartan"},)), (3, 0, 0, 4)),
    ],
)  # fmt: skip
def test_what_a_result_has_of_its_facts(facts, results, expected):
    """Said, kept, right and invented, counted by hand."""
    assert tally(facts, results) == expected


def form(**data) -> Results:
    values = [{"type": "VITALS_ASSESSMENT", "data": data}]
    return Results(forms={"structured_data": {"generated_values": values, "non_generated_values": [{"x": 1}]}})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"systolic": 128, "temperature": 98.6}, (2, 2, 2, 0)),
        ({"systolic": 128.0, "temperature": "98.6"}, (2, 2, 2, 0)),
        ({"systolic": 182, "temperature": None}, (2, 0, 0, 1)),
        ({"systolic": 128, "temperature": 98.6, "heart_rate": 72}, (2, 2, 2, 1)),
    ],
)
def test_values_of_a_form(data, expected):
    """Equal as numbers; what is null is not there; a field that nobody spoke of is invented."""
    facts = [Fact("form", "VITALS_ASSESSMENT.systolic", "128"), Fact("form", "VITALS_ASSESSMENT.temperature", "98.6")]
    assert tally(facts, form(**data)) == expected


def played(facts, product=Product.AMBIENT, *, outcome=Outcome.COMPLETED, **bodies):
    """A session whose result is there between 2 and 2.5 s after its end."""
    record = session(spoken("no chest pain"), [], outcome=outcome)
    record.product = product
    record.reference = replace(record.reference, facts=tuple(facts))
    begin = record.mono_end_ns

    def rest(call, at_ms, body):
        text = json.dumps({"call": call, "status": 200, "body": body})
        record.frames.rest(text, begin + at_ms * 1_000_000, begin + (at_ms + 100) * 1_000_000)

    rest(END_AMBIENT.name, 0, {})
    rest(AMBIENT_STATUS.name, 2000, {"status": "running"})
    rest(AMBIENT_STATUS.name, 2400, {"status": "completed"})
    for name, body in bodies.items():
        rest(name, 3000, body)
    return record


NO_PAIN = [Fact("denied", "*", "chest pain"), Fact("diagnosis", "I10")]
GOOD = {
    AMBIENT_CONTENT.name: note(s10187_3="Denies chest pain.").content,
    AMBIENT_STRUCTURED_DATA.name: coded("R05.9").structured,
}


def test_a_session_is_scored_by_the_results_in_its_record():
    """Whatever the service: the documents as they came over REST; no facts, or a failed session, counts nothing."""
    score = score_session(played(NO_PAIN, **GOOD), normaliser("clinical"))
    assert score.facts == FactTally(said=2, kept=1, right=1, invented=1)
    assert (score.result.low_ns, score.result.high_ns) == (2_000_000_000, 2_500_000_000)
    assert type(score).from_row(score.to_row()) == score
    for record in (played((), **GOOD), played(NO_PAIN, outcome=Outcome.RESULT_FAILED, **GOOD)):
        assert score_session(record, normaliser("clinical")).facts == FactTally()
    assert score_session(played(NO_PAIN), normaliser("clinical")).facts == FactTally(said=2)


def test_forms_that_nobody_asked_for_lose_nothing():
    """The facts of a corpus are of all forms; a session fills some."""
    facts = [Fact("form", "VITALS_ASSESSMENT.systolic", "128"), Fact("form", "SKIN_ASSESSMENT.color", "PALE"),
             Fact("form", "NEURO_ASSESSMENT.speech", "CLEAR"), *NO_PAIN]  # fmt: skip
    record = played(facts, Product.FORM_FILLING, **{FORM_STRUCTURED_DATA.name: form(systolic=128).forms})
    assert score_session(record, normaliser("clinical")).facts == FactTally(1, 1, 1, 0)
    record = played(facts[:2], Product.FORM_FILLING, **{FORM_STRUCTURED_DATA.name: form(systolic=128).forms})
    assert score_session(record, normaliser("clinical")).facts == FactTally(2, 1, 1, 0)


def test_table_json_sessions_and_gate_have_facts_and_the_time_to_result(tmp_path):
    """One list of metrics: every face has them; a run stores the facts with its records."""
    run = stored(tmp_path, [played(NO_PAIN, **GOOD)])
    row = cell_json(run.cells[0])
    assert (row["fact_recall"], row["fact_precision"], row["facts_invented"]) == (0.5, 0.5, 1)
    assert (row["result_low_p50_s"], row["result_high_p50_s"]) == (2.0, 2.5)
    for table in (summary_table(run.cells), sessions_table(run.scores)):
        shown = {c.title: text for c, text in zip(table.columns, table.text_rows()[0], strict=True)}
        assert (shown["facts"], shown["invented facts"]) == ("50.0", "1")
        assert {"2.0", "2.5"} <= set(shown.values())
    limits = {"fact_recall": 0.9, "facts_invented": 0, "result_high_p50_s": 2.0}
    checks = judge(run, Rules(limits=limits, min_utterances=1)).checks
    assert {check.metric: check.judgement for check in checks if check.metric in limits} == dict.fromkeys(
        limits, "fail"
    )
    limits = {"result_high_p50_s": 3.0, "fact_recall": 0.4}
    checks = judge(run, Rules(limits=limits, min_utterances=1)).checks
    assert {check.metric: check.judgement for check in checks if check.metric in limits} == dict.fromkeys(
        limits, "pass"
    )
