"""Parts of a run, confused words and normalisers side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.stored import batch, heard, stored
from workbench.comparing.gate import Rules, judge
from workbench.reference import Reference
from workbench.reporting.figures.breakdown import breakdown_figure
from workbench.reporting.tables.analysis import breakdown_table, confusions_table, ladder_table
from workbench.reporting.tables.cells import meaning_table
from workbench.reporting.tables.groups import groups_table
from workbench.scoring.breakdown import GROUPINGS, breakdown, groupings, members, names_of
from workbench.scoring.confusions import alike, confusions, ladder
from workbench.scoring.measures import METRICS
from workbench.scoring.metrics.normalize import NORMALISERS, normaliser

CELLS = ["clean", "noise"]


def test_every_session_is_in_the_parts_that_it_belongs_to(tmp_path: Path) -> None:
    """By speaker and by length; sessions without a speaker are in no part of that cut."""
    result = stored(
        tmp_path,
        [
            heard(utterance="a", speaker="slt"),
            heard("no test pain", utterance="b", speaker="rms"),
            heard(utterance="c"),
        ],
    )
    found = {part.name: part.measured for part in breakdown(result.scores, "speaker", "wer", 1, CELLS)}
    assert {name: (part.value, part.n) for name, part in found.items()} == {"rms": (1 / 3, 1), "slt": (0.0, 1)}
    (length,) = breakdown(result.scores, "length", "wer", 1, CELLS)
    assert (length.name, length.measured.n) == ("up to 10 words", 3)
    assert [score.utterance for score in members(result.scores, "speaker", "rms")] == ["b"]


def test_recordings_are_cut_by_their_length(tmp_path: Path) -> None:
    """1 s, 10 s and 12 s of audio: classes from short to long, the bound in the shorter one; a gate judges each."""
    lengths = {"short": 10, "bound": 100, "long": 120}
    records = [heard(utterance=name, chunks=chunks) for name, chunks in lengths.items()]
    result = stored(tmp_path, records)
    found = [(part.name, part.measured.n) for part in breakdown(result.scores, "duration", "wer", 1, CELLS)]
    assert found == [("up to 10 s", 2), ("10 to 30 s", 1)]
    rules = Rules(limits={"wer": 0.5}, slices=("duration",), min_utterances=1)
    parts = [check.part for check in judge(result, rules).checks if check.kind == "limit"]
    assert parts == ["clean", "clean / duration 10 to 30 s", "clean / duration up to 10 s"]
    before = replace(result.scores[0], instrument=replace(result.scores[0].instrument, audio_ns=None))
    assert names_of(before, "duration") == ()
    rows = groups_table(result.scores, "duration", [METRICS["wer"], METRICS["word_latency_p95"]], 1, CELLS).rows
    assert [(row["slice"], row["n"], row["wer"], row["word_latency_p95_ms"]) for row in rows] == [
        ("up to 10 s", 2, 0.0, 300.0), ("10 to 30 s", 1, 0.0, 300.0),
    ]  # fmt: skip


def test_a_part_of_one_utterance_has_no_interval(tmp_path: Path) -> None:
    """One block says nothing about another."""
    result = stored(tmp_path, [heard(utterance="a", speaker="slt")])
    (part,) = breakdown(result.scores, "speaker", "wer", 1, CELLS)
    assert part.measured.interval is None
    row = breakdown_table([part], METRICS["wer"]).rows[0]
    assert (row["low"], row["high"]) == (None, None)


def test_parts_are_drawn_with_their_intervals(tmp_path: Path) -> None:
    """One trace a configuration; a figure of nothing is no error."""
    result = stored(tmp_path, batch(6, wrong=3, speaker="slt") + batch(6, speaker="slt", cell="noise"))
    rows = breakdown_table(breakdown(result.scores, "speaker", "wer", 1, CELLS), METRICS["wer"]).rows
    figure = breakdown_figure(rows, METRICS["wer"], CELLS)
    assert [trace.name for trace in figure.data] == ["clean", "noise"]
    assert figure.data[0].error_x.array[0] > 0
    assert len(breakdown_figure([], METRICS["wer"], CELLS).data) == 0


def test_confusions_add_up_to_the_errors_of_the_scores(tmp_path: Path) -> None:
    """For every configuration and for all of them together."""
    result = stored(
        tmp_path, batch(6, wrong=4) + batch(6, wrong=2, cell="noise") + [heard("chest pain now", utterance="x")]
    )
    records = result.run.records()
    which = normaliser("basic")
    found = confusions(records, which)
    assert sum(one.count for one in found) == sum(score.words.errors for score in result.scores)
    assert (found[0].said, found[0].heard, found[0].count) == ("chest", "test", 6)
    noisy = confusions(records, which, "noise")
    assert sum(one.count for one in noisy) == 2
    assert noisy[0].cell == "noise"


def test_hidden_words_are_in_no_cell_of_the_table_and_in_no_repr(tmp_path: Path) -> None:
    """Counts stay."""
    found = confusions(stored(tmp_path, batch(2, wrong=2)).run.records(), normaliser("basic"))
    rows = confusions_table(found, hide_words=True).rows
    assert rows[0]["count"] == 2
    assert "test" not in str(rows)
    assert "test" not in repr(found)


def test_what_is_counted_as_the_same_is_named_under_the_strictest_normaliser(tmp_path: Path) -> None:
    """By hand: case and marks under basic, a contraction under english, a unit under clinical; an error never."""
    spoken = "no chest pain he is on ten mg"
    records = [
        heard("No chest pain. He's on ten milligrams", utterance="a"),
        heard("No test pain, he is on ten mg", utterance="b"),
    ]
    for record in records:
        record.reference = Reference("No chest pain, he is on 10 mg", spoken)
    found = alike(stored(tmp_path, records).run.records(), list(NORMALISERS.values()))
    assert [(one.normaliser, one.said, one.heard, one.count) for one in found] == [
        ("basic", "no", "No", 2), ("basic", "pain", "pain,", 1), ("basic", "pain", "pain.", 1),
        ("english", "he is", "He's", 1), ("clinical", "mg", "milligrams", 1),
    ]  # fmt: skip
    assert "milligrams" not in repr(found)


def test_what_became_of_the_meaning_is_counted_by_kind(tmp_path: Path) -> None:
    """By hand: of two values one is another, the negation is gone, left has become right; no term is marked."""
    record = heard("pain in the right knee take 20 mg twice daily")
    said = "no pain in the left knee take 10 mg twice daily"
    record.reference = Reference(said, said)
    result = stored(tmp_path, [record])
    keys = ("value_accuracy", "term_recall", "drug_recall", "negations_kept", "sides_kept")
    rates = {("clean", key): result.cells[0].shown(key) for key in keys}
    rows = {str(row["kind"]): row for row in meaning_table(result.cells, rates).rows}
    counts = ("said", "kept", "changed", "lost", "invented")
    assert {kind: [row[key] for key in counts] for kind, row in rows.items()} == {
        "values": [2, 1, 1, 0, 0], "negations": [1, 0, 0, 1, 0], "sides": [1, 0, 0, 1, 1],
    }  # fmt: skip
    assert [rows[kind]["share"] for kind in rows] == [0.5, 0.0, 0.0]


def test_the_ladder_holds_what_the_scores_hold(tmp_path: Path) -> None:
    """Each normaliser on the same sessions; failed ones are in no count."""
    result = stored(tmp_path, batch(4, wrong=2))
    found = ladder(result.run.records(), NORMALISERS.values(), CELLS)
    assert found["clean", "basic"] == result.cells[0].words
    assert found["clean", "raw"] == result.cells[0].raw
    assert len(ladder_table(found).rows) == len(NORMALISERS)


def test_names_are_told_for_every_cut(tmp_path: Path) -> None:
    """A session has one length, at most one speaker, any number of tags."""
    (score,) = stored(tmp_path, [heard(speaker="slt")]).scores
    assert [len(names_of(score, cut)) for cut in GROUPINGS] == [len(score.tags), 1, 1, 1]


def test_a_grouping_for_every_key_of_the_tags(tmp_path: Path) -> None:
    """Classes of length are in their order; what a run does not have is no grouping of it."""
    records = [heard(utterance=f"u{i}") for i in range(3)]
    for record, tags in zip(records, (("quiet", "ward:north"), ("ward:south wing",), ()), strict=True):
        record.tags = tags
    scores = stored(tmp_path, records).scores
    assert groupings(scores) == ["tag", "length", "duration", "ward"]
    assert [names_of(score, "ward") for score in scores] == [("north",), ("south wing",), ()]
    assert [names_of(score, "tag") for score in scores] == [("quiet", "ward:north"), ("ward:south wing",), ()]
    before = [replace(score, instrument=replace(score.instrument, audio_ns=None)) for score in scores]
    assert groupings(before) == ["tag", "length", "ward"]
