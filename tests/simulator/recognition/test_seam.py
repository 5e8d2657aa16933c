"""The seam between the simulator and its engines: models by name, and what a run records of its recogniser."""

import pytest

from tests.quick import resolved
from tests.simulator.partner import dictate, running, speech
from workbench.corpus import find_corpus, load_corpus
from workbench.errors import ConfigurationError, InputError
from workbench.runs.evaluate import evaluate
from workbench.runs.sweep import cell_from
from workbench.settings import Settings
from workbench.simulator.local import decodable_streams
from workbench.simulator.recognition.models import MODELS, check_model, engine_of, model_name
from workbench.simulator.recognition.timelines import fingerprint
from workbench.simulator.server import SimulatorOptions


def test_each_model_has_its_engine_and_its_name(tmp_path):
    """A folder is a Whisper model, a file a dictionary for pocketsphinx."""
    dictionary = tmp_path / "words.dict"
    dictionary.write_text("lisinopril L AY S IH N OW P R IH L\n")
    assert [engine_of(model) for model in MODELS] == ["whisper"] * 3 + ["pocketsphinx"] * 3
    assert (engine_of(str(tmp_path)), engine_of(str(dictionary))) == ("whisper", "pocketsphinx")
    assert [model_name(model) for model in ("whisper-lite", "lite")] == ["whisper-lite", "pocketsphinx lite"]


def test_what_cannot_be_loaded_is_refused_before_a_worker_starts(tmp_path, monkeypatch):
    """Without weights the line names the command that gets them; an unknown name lists the known ones."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("workbench.simulator.recognition.whisper.variants.installed_parts", lambda: None)
    with pytest.raises(ConfigurationError, match="workbench models fetch"):
        check_model("whisper")
    with pytest.raises(InputError, match=r"no such model .*whisper, whisper-vocabulary, whisper-lite, general"):
        check_model("huge")


def test_streams_that_are_decoded_in_real_time_depend_on_the_engine():
    """Three of Whisper on two cores, four of pocketsphinx, and never none."""
    assert [decodable_streams(model, 2) for model in ("whisper", "general")] == [3, 4]
    assert decodable_streams("whisper", 1) == 1


def test_timelines_of_one_setting_are_not_those_of_another():
    """Partials change what is said, so they change what a replay may say."""
    prints = {fingerprint("whisper"), fingerprint("whisper", "all"), fingerprint("whisper", "settled", 1.0)}
    assert len(prints | {fingerprint(model) for model in ("whisper-lite", "whisper-vocabulary", "general")}) == 6


async def test_the_simulator_writes_as_a_service_does():
    """Capitals, a full stop and digits with units, in the dialect's own frames; words carry their times."""
    async with (
        running(SimulatorOptions(model="whisper", streams=1)) as partner,
        partner.transcribe(await partner.create()) as socket,
    ):
        frames = await dictate(socket, speech("clinic", "vitals-01-slt"))
    finals = [frame["transcript"] for frame in frames if frame.get("is_final") and frame["transcript"]["transcript"]]
    text = " ".join(final["transcript"] for final in finals)
    assert text[0].isupper()
    assert "." in text
    assert any(character.isdigit() for character in text)


def test_a_run_names_its_recogniser_and_records_its_backlog(tmp_path):
    """In the manifest and in the facts of each session."""
    corpus = load_corpus(find_corpus("clinic"))
    run = resolved(corpus=corpus, utterances=corpus.utterances[:1], cells=(cell_from({"name": "clean"}, item="test"),))
    result = evaluate(run, Settings(store=tmp_path, model="whisper"))
    assert result.run.manifest.recogniser == "whisper"
    (record,) = result.run.records()
    assert record.outcome.value == "completed"
    assert isinstance(record.facts["recogniser_backlog_ms"], int)
