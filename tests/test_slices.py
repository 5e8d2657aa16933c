"""Parts of a run, confused words and normalisers side by side."""

from __future__ import annotations

from pathlib import Path

from tests.stored import batch, heard, stored
from workbench.confusions import confusions, ladder
from workbench.drawing import slices_figure
from workbench.metrics.normalize import NORMALISERS, normaliser
from workbench.run_tables import confusions_table, ladder_table, slices_table
from workbench.slices import SLICINGS, members, names_of, slices


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
    found = {part.name: part.measured for part in slices(result.scores, "speaker", "wer", seed=1)}
    assert {name: (part.value, part.n) for name, part in found.items()} == {"rms": (1 / 3, 1), "slt": (0.0, 1)}
    (length,) = slices(result.scores, "length", "wer", seed=1)
    assert (length.name, length.measured.n) == ("up to 10 words", 3)
    assert [score.utterance for score in members(result.scores, "speaker", "rms")] == ["b"]


def test_a_part_of_one_utterance_has_no_interval(tmp_path: Path) -> None:
    """One block says nothing about another."""
    result = stored(tmp_path, [heard(utterance="a", speaker="slt")])
    (part,) = slices(result.scores, "speaker", "wer", seed=1)
    assert part.measured.interval is None
    row = slices_table([part], "%").rows[0]
    assert (row["low"], row["high"]) == (None, None)


def test_parts_are_drawn_with_their_intervals(tmp_path: Path) -> None:
    """One trace a configuration; a figure of nothing is no error."""
    result = stored(tmp_path, batch(6, wrong=3, speaker="slt") + batch(6, speaker="slt", cell="noise"))
    rows = slices_table(slices(result.scores, "speaker", "wer", seed=1), "%").rows
    figure = slices_figure(rows, "%", "WER")
    assert [trace.name for trace in figure.data] == ["clean", "noise"]
    assert figure.data[0].error_x.array[0] > 0
    assert len(slices_figure([], "%", "WER").data) == 0


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


def test_the_ladder_holds_what_the_scores_hold(tmp_path: Path) -> None:
    """Each normaliser on the same sessions; failed ones are in no count."""
    result = stored(tmp_path, batch(4, wrong=2))
    found = ladder(result.run.records(), NORMALISERS.values())
    assert found["clean", "basic"] == result.cells[0].words
    assert found["clean", "raw"] == result.cells[0].raw
    assert len(ladder_table(found).rows) == len(NORMALISERS)


def test_names_are_told_for_every_cut(tmp_path: Path) -> None:
    """A session has one length, at most one speaker, any number of tags."""
    (score,) = stored(tmp_path, [heard(speaker="slt")]).scores
    assert [len(names_of(score, cut)) for cut in SLICINGS] == [len(score.tags), 1, 1]
