"""Client rules of what comes back: result documents, terminal frames, status events, over both transports."""

import json
from asyncio import run

import pytest
from starlette.responses import JSONResponse, Response

from tests.conformance.client_traces import against, job, play
from tests.service import SEGMENTS, SESSION, TEMPLATE, TERMINAL, Service, final, read_to_end
from workbench.protocol.messages import EndOfResults, Product
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome

rule = pytest.mark.rule
TRANSPORTS = pytest.mark.parametrize("transport", ["websockets", "picows"])

SAMPLE_DIAGNOSIS = {
    "codes": [{"code": "I10", "description": "Hypertension", "type": "ICD10"}],
    "diagnosis_note": "Stable",
    "laterality_indicator": 4,
    "post_coord_lex_flag": 1,
}
SAMPLE_ORDER = {
    "drug_name": "Acetaminophen 500mg Tab",
    "medication_code": {"code": "860975", "type": "RXCUI"},
    "metadata": {"origin": "SUKI_AMBIENT", "encounter_relation": "CURRENT_ENCOUNTER"},
    "status": "ACTIVE",
    "quantity_dispensed": "1 box",
    "dosage": {"quantity": 1, "raw_value": "1 tablet", "unit": "TAB"},
    "frequency": {"raw_value": "once daily", "structured_value": "ONE_A_DAY"},
    "end_date": "2026-01-08T00:00:00Z",
}


def structured(diagnosis=SAMPLE_DIAGNOSIS, order=SAMPLE_ORDER, **more):
    orders = {"medication_orders": {"values": [order], "partial_values": [{"drug_name": "aspirin"}]}}
    return {"structured_data": {"diagnoses": {"values": [diagnosis]}, "orders": orders} | more}


DOCUMENTS = {
    "the vendor's sample": (structured(), 0),
    "nulls of the sample's integers": (structured(SAMPLE_DIAGNOSIS | {"laterality_indicator": None}), 0),
    "new members": (structured(note={"new": 1}), 0),
    "everything missing": ({}, 0),
    "a new status": (structured(order=SAMPLE_ORDER | {"status": "ON_HOLD"}), 2),
    "a new coding system": (structured(SAMPLE_DIAGNOSIS | {"codes": [{"code": "1", "type": "ICD11"}]}), 2),
    "a number for a text": (structured(SAMPLE_DIAGNOSIS | {"diagnosis_note": 7}), 1),
    "null for everything": (None, 1),
    "an array": ([], 1),
    "null for the orders": (structured(orders=None), 1),
}


@rule("S-206")
@TRANSPORTS
@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_result_document_fails_a_completed_session(name, transport):
    """What cannot be read is counted, and lies in the log as it came."""
    document, unread = DOCUMENTS[name]
    service = Service(planned={"ambient_structured_data": [JSONResponse(document)]})
    record = run(play([job(Product.AMBIENT)], service=service, transport=transport)).record
    assert (record.outcome, record.error) == (Outcome.COMPLETED, None)
    assert record.final_transcript == " ".join(segment["transcript"] for segment in SEGMENTS)
    assert record.facts.get("result_members_unread", 0) == unread
    logged = [json.loads(frame.text) for frame in record.frames.frames() if frame.kind is FrameKind.REST]
    assert [one["body"] for one in logged if one["call"] == "ambient_structured_data"] == [document]


@rule("S-206")
@pytest.mark.parametrize("entry", [None, {"transcript": None}, {"transcript": 7, "lang_id": "yue"}, "text"])
def test_an_unreadable_segment_costs_no_other(entry):
    """The transcript is that of the segments that can be read."""
    answer = JSONResponse({"final_transcript": [SEGMENTS[0], entry, SEGMENTS[1]]})
    record = run(play([job(Product.AMBIENT)], service=Service(planned={"ambient_transcript": [answer]}))).record
    assert (record.outcome, record.final_transcript) == (Outcome.COMPLETED, "blood pressure")
    assert record.facts["result_members_unread"] == 1


@rule("S-206")
def test_a_form_of_the_vendors_sample_is_counted():
    """Its template id is no UUID, its data hold whatever they hold."""
    form = {"id": "1", "form_template_id": f"{TEMPLATE}-template", "title": "Adult Vitals", "patient_id": "patient-123",
            "data": {"hr": {"value": 72, "comment": None}}, "metadata": None, "created_at": None}  # fmt: skip
    body = {"structured_data": {"generated_values": [form], "non_generated_values": [{"form_template_id": SESSION}]}}
    service = Service(planned={"form_structured_data": [JSONResponse(body)]})
    record = run(play([job(Product.FORM_FILLING)], service=service)).record
    assert record.outcome is Outcome.COMPLETED
    assert (record.facts["forms_generated"], record.facts["forms_not_generated"]) == (1, 1)


def test_an_answer_that_is_not_json_is_no_result():
    """A page of a proxy is no document of the service."""
    service = Service(planned={"ambient_content": [Response("<html>", media_type="text/html")]})
    assert run(play([job(Product.AMBIENT)], service=service)).record.outcome is Outcome.RESULT_FAILED


DISGUISED = {
    "bare": json.loads(TERMINAL),
    "with an id": {"transcript": {"transcript": "EOF"}, "transcript_id": "t"},
    "with a flag": {"transcript": {"transcript": "EOF"}, "is_final": True},
    "with everything": {"transcript": {"transcript": "EOF", "words": []}, "is_final": True, "transcript_id": "t"},
    "as a partial": {"transcript": {"transcript": "EOF", "words": []}, "is_final": False, "transcript_id": "t"},
    "with a new member": {"transcript": {"transcript": "EOF"}, "status": "done"},
}


@rule("S-220")
@TRANSPORTS
@pytest.mark.parametrize("name", DISGUISED)
def test_the_terminal_frame_is_known_by_its_text(name, transport):
    """Whatever members it has; it ends the session, and is no text, in the record read again neither."""
    answers = (final("blood pressure"), json.dumps(DISGUISED[name]))
    record = run(play([job()], answers=answers, transport=transport)).record
    assert (record.outcome, record.violations, record.hypothesis()) == (Outcome.COMPLETED, (), "blood pressure")
    assert record.messages()[-1].message == EndOfResults()


@rule("S-220")
@TRANSPORTS
def test_a_speaker_may_say_eof(transport):
    """With words, or before the end of audio, it is speech."""

    async def stream(ws):
        await ws.accept()
        await ws.receive_text()
        await ws.send_text(json.dumps(DISGUISED["as a partial"]))
        await ws.send_text(json.dumps(DISGUISED["with everything"]))
        await read_to_end(ws)
        await ws.send_text(final("EOF"))
        await ws.send_text(TERMINAL)
        await ws.close()

    (record,) = run(against(stream, transport=transport))[1]
    assert (record.outcome, record.hypothesis()) == (Outcome.COMPLETED, "EOF EOF")
    assert record.violations == ()


@TRANSPORTS
def test_a_skipped_session_whose_close_was_answered_is_complete(transport):
    """The service had the end of the audio; where the close is not answered, ``docs/faults.md`` has the outcome."""
    service = Service(planned={"ambient_status": [JSONResponse({"status": "skipped"})]})
    record = run(play([job(Product.AMBIENT)], service=service, transport=transport)).record
    assert (record.outcome, record.facts["result_status"]) == (Outcome.COMPLETED, "skipped")
    assert "end_unconfirmed" not in record.facts
