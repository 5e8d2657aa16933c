"""A sweep over its settings: lines with ribbons, grids, the front, and only the recordings that all have."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

import workbench as wb
from tests.stored import batch, failing, stored
from workbench.cli import cli
from workbench.reporting.figures.base import COLOURS
from workbench.reporting.figures.pareto import pareto_figure, pareto_front
from workbench.reporting.figures.setting import grid_figure, setting_figure
from workbench.reporting.setting_axis import axes_of, lines_over, on_grid, only_shared, settings_of
from workbench.runs.result import RunResult
from workbench.store import CellFacts

SVG = "{http://www.w3.org/2000/svg}"


def sweep(folder: Path, failed: int = 0) -> RunResult:
    """Chunks of 100 and 200 ms, without noise and at 20 and 10 dB; 2 to 7 of 24 utterances have a word wrong."""
    records, cells = [], []
    for slow in (0, 1):
        for step, snr in enumerate((None, 20.0, 10.0)):
            name = f"c{100 + 100 * slow} s{snr:g}" if snr else f"c{100 + 100 * slow} clean"
            config: dict[str, object] = {"snr_db": snr, "noise": "pink"} if snr else {}
            cells.append(CellFacts.of(name, config | ({"chunk_ms": 200} if slow else {})))
            records += batch(24, wrong=2 + 2 * step + slow, cell=name, delay=100 * slow)
    return stored(folder, records + failing(failed, cell="c100 s20"), cells=cells)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """The sweep without failures."""
    return sweep(tmp_path_factory.mktemp("swept"))


def test_what_differs_is_an_axis_in_its_unit(swept: RunResult) -> None:
    """A default stands in no configuration; no noise is at the end; one kind of noise is no setting of its own."""
    axes = axes_of(settings_of(swept))
    assert list(axes) == ["snr_db", "chunk_ms"]
    assert axes["snr_db"].label == "Speech over noise (dB)"
    assert axes["snr_db"].places() == [10, 20, math.inf]
    assert [axes["snr_db"].text(name) for name in ("c100 s10", "c200 clean")] == ["10 dB", "clean"]
    assert axes["chunk_ms"].values["c100 clean"] == 100
    assert (axes["snr_db"].scaled, axes["chunk_ms"].scaled) == (False, True)


def test_each_second_setting_is_a_line_with_its_ribbon(swept: RunResult) -> None:
    """24 utterances of 3 words: 6 wrong at 10 dB are 8.3 %; the ribbon goes from interval to interval and back."""
    result = swept
    figure = setting_figure(result.cells, settings_of(result), "snr_db", "wer")
    ribbon, line, _, slow = figure.data
    assert (line.name, slow.name) == ("chunk length 100 ms", "chunk length 200 ms")
    assert list(line.x) == ["10 dB", "20 dB", "clean"]
    assert [round(value, 1) for value in line.y] == [8.3, 5.6, 2.8]
    interval = result.cells[2].shown("wer").interval
    assert interval is not None
    assert (ribbon.fill, len(ribbon.y)) == ("toself", 6)
    assert ribbon.y[0] == pytest.approx(100 * interval.high)
    assert ribbon.y[-1] == pytest.approx(100 * interval.low)
    assert list(line.marker.color) == [COLOURS[2], COLOURS[1], COLOURS[0]]
    assert figure.layout.xaxis.title.text == "Speech over noise (dB), n = 24 each"


def test_a_point_with_failures_is_hollow_and_says_its_number(tmp_path: Path) -> None:
    """Where numbers differ they stand at the points."""
    result = sweep(tmp_path, failed=2)
    line = setting_figure(result.cells, settings_of(result), "snr_db", "wer").data[1]
    assert list(line.marker.symbol) == ["circle", "circle-open", "circle"]
    assert [n for _, n in line.customdata] == [24, 26, 24]
    assert line.text[1] == "c100 s20, n = 26, 2 failed"
    assert "text" in line.mode


def test_a_latency_says_how_many_were_timed(tmp_path: Path) -> None:
    """Four of eight were sent late under the second configuration."""
    cells = [CellFacts.of("a", {}), CellFacts.of("b", {"chunk_ms": 200})]
    late = [record for record in batch(8, cell="b", late_ms=90) if record.key.utterance >= "u04"]
    result = stored(tmp_path, batch(8, cell="a") + batch(4, cell="b") + late, cells=cells)
    for metric, counts in (("word_latency_p50", [8, 4]), ("wer", [8, 8])):
        line = setting_figure(result.cells, settings_of(result), "chunk_ms", metric).data[-1]
        assert [n for _, n in line.customdata] == counts


def test_words_are_points_without_a_line_between_them() -> None:
    """Between two codecs there is nothing; without noise there is no kind of it, so that point begins both lines."""
    axes = axes_of({"a": {}, "b": {"codec": "opus"}})
    assert not axes["codec"].numeric
    kinds = {"clean": {}, "w": {"snr_db": 20.0, "noise": "white"}, "p": {"snr_db": 20.0, "noise": "pink"}}
    cells = [type("Cell", (), {"cell": name})() for name in kinds]
    lines = lines_over(cells, axes_of(kinds), "snr_db")
    assert {name: [cell.cell for cell in line] for name, line in lines.items()} == {
        "kind of noise white": ["w", "clean"],
        "kind of noise pink": ["p", "clean"],
    }


def test_a_grid_has_a_place_for_each_pair_and_gaps_for_what_is_not_played(swept: RunResult) -> None:
    """Rates of 2 to 7 wrong of 72 words; where more differs there is no grid."""
    result = swept
    settings = settings_of(result)
    figure = grid_figure(result.cells[:5], settings, "snr_db", "chunk_ms", "wer")
    assert figure is not None
    heat, points = figure.data
    rows = [[value and round(72 * value) for value in row] for row in heat.z]
    assert rows == [[6, 4, 2], [None, 5, 3]]
    assert list(heat.y) == ["100 ms", "200 ms"]
    assert points.customdata[0][0] == "c100 clean"
    more = {name: given | {"gain_db": float(place)} for place, (name, given) in enumerate(settings.items())}
    more["c200 clean"] = more["c100 clean"] | {"codec": "opus"}
    axes = axes_of(more)
    assert on_grid(result.cells, axes["snr_db"], axes["chunk_ms"]) is None
    assert grid_figure(result.cells, more, "snr_db", "chunk_ms", "wer") is None


def test_the_front_is_what_no_other_beats_in_both(tmp_path: Path) -> None:
    """Worked by hand: (2, 5) is beaten by (1, 4), and an equal pair beats nothing."""
    assert pareto_front([(3.0, 1.0), (2.0, 5.0), (1.0, 4.0), (3.0, 3.0)]) == [2, 0]
    assert pareto_front([(1.0, 1.0), (1.0, 1.0)]) == [0, 1]
    result = sweep(tmp_path, failed=1)
    points, front = pareto_figure(result.cells).data
    # The same latency under every noise: the first alone is on the front.
    assert (list(front.x), list(front.y)) == ([points.x[0]], [points.y[0]])
    assert list(points.marker.symbol)[1] == "circle-open"
    assert [note.text for note in pareto_figure(result.cells).layout.annotations] == ["↙ better"]


def test_only_recordings_that_every_configuration_has(tmp_path: Path) -> None:
    """One configuration lacks two, and another failed one: 21 of 24 are left, under each the same."""
    records = batch(24, wrong=3) + batch(22, cell="noise") + failing(1, cell="noise")
    records = [record for record in records if (record.key.cell, record.key.utterance) != ("clean", "u05")]
    shared, count = only_shared(stored(tmp_path, records))
    assert count == 21
    assert [(cell.cell, cell.n, cell.failed) for cell in shared.cells] == [("clean", 21, 0), ("noise", 21, 0)]
    assert shared.cells[0].words.reference == 63


def test_pictures_of_a_sweep_are_written_and_another_kind_is_refused(swept: RunResult, tmp_path: Path) -> None:
    """Two figures over each of the two settings, their grid, errors against delay; a dot a configuration."""
    store = swept.run.path.parent
    shown = ["show", swept.run.run_id, "--store", str(store)]
    done = CliRunner().invoke(cli, [*shown, "--plot", str(tmp_path / "a.svg")])
    assert f"figures written to {tmp_path / 'a.svg'}" in done.stdout.replace("\n", "")
    root = ET.fromstring((tmp_path / "a.svg").read_text())  # noqa: S314  our own text
    drawn = root.findall(f"{SVG}svg")
    assert len(drawn) == 6
    assert len(drawn[0].findall(f"{SVG}circle")) == 6 + 2  # and in the legend of two lines
    assert not CliRunner().invoke(cli, [*shown, "--plot", str(tmp_path / "a.html")]).exception
    page = (tmp_path / "a.html").read_text()
    assert page.count("<svg") == 6
    assert "<script" not in page
    with pytest.raises(wb.InputError, match=r"got \.pdf; expected \.svg, \.png or \.html"):
        CliRunner().invoke(cli, [*shown, "--plot", "a.pdf"], standalone_mode=False, catch_exceptions=False)


def test_a_notebook_draws_the_same_figures(swept: RunResult, tmp_path: Path) -> None:
    """By keyword; what does not differ, and what would hide something, is refused."""
    result = swept
    run = wb.load(result.run.run_id, store=swept.run.path.parent)
    assert run.setting_figure() == setting_figure(result.cells, settings_of(result), "snr_db", "wer")
    assert run.setting_figure("snr_db", rows="chunk_ms").data[0].type == "heatmap"
    for asked in ({"setting": "gain_db"}, {"metric": "speed"}, {"setting": "snr_db", "rows": "noise"}):
        with pytest.raises(wb.InputError):
            run.setting_figure(**asked)
    run.report(tmp_path / "report.html")
    assert "over Speech over noise (dB), with 95 % intervals</figcaption><svg" in (tmp_path / "report.html").read_text()
