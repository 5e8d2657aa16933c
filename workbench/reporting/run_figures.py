"""The figures of a run that stand outside of the app: in its report, in a file of their own, in a notebook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.reporting.figures.pareto import pareto_figure
from workbench.reporting.figures.picture import picture
from workbench.reporting.figures.png import png_of
from workbench.reporting.figures.run import latency_figure, wer_figure
from workbench.reporting.figures.setting import grid_figure, setting_figure
from workbench.reporting.html_page import figures_html, page_html, write_page
from workbench.reporting.markup import escape
from workbench.reporting.setting_axis import axes_of, setting_label, settings_of
from workbench.runs.result import RunResult
from workbench.scoring.measures import METRICS
from workbench.store.files import write_named

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["figure_over", "sweep_figures", "write_plot"]

_OVER = ("wer", "word_latency_p95")
_AXES = 3
_GAP = 24


def figure_over(result: RunResult, setting: str | None, metric: str, rows: str | None = None) -> Figure:
    """A metric over a setting of a sweep, or over a grid of two.

    Args:
        result: a sweep.
        setting: key of the setting; None for the first that differs.
        metric: key of the metric.
        rows: key of the second setting of a grid; None for lines.

    Raises:
        InputError: no such setting differs, there is no such metric, or a grid would hide that more differs.
    """
    settings = settings_of(result)
    axes = axes_of(settings)
    if not axes:
        raise InputError("the configurations differ in no setting", item=result.run.run_id, expected="a sweep")
    for name, key in (("setting", setting), ("rows", rows)):
        if key is not None and key not in axes:
            raise InputError("this setting does not differ", item=name, got=key, expected=" or ".join(axes))
    if metric not in METRICS:
        raise InputError("unknown metric", item="metric", got=metric, expected="a key of docs/metrics.md, such as wer")
    key = setting or next(iter(axes))
    if rows is None:
        return setting_figure(result.cells, settings, key, metric)
    drawn = grid_figure(result.cells, settings, key, rows, metric)
    if drawn is None:
        raise InputError("more than two settings differ", item="rows", got=", ".join(axes), expected="lines")
    return drawn


def sweep_figures(result: RunResult) -> dict[str, Figure]:
    """Figures of a sweep by their titles: over each setting, the grid of two, errors against delay; none of a run."""
    settings = settings_of(result)
    axes = axes_of(settings)
    figures: dict[str, Figure] = {}
    for key in list(axes)[:_AXES]:
        for metric in _OVER:
            if any(cell.shown(metric).value is not None for cell in result.cells):
                title = f"{METRICS[metric].title} over {setting_label(key)}, with 95 % intervals"
                figures[title] = setting_figure(result.cells, settings, key, metric)
    if len(axes) == 2:
        across, up = axes
        grid = grid_figure(result.cells, settings, across, up, "wer")
        figures |= {} if grid is None else {f"{METRICS['wer'].title} over both settings": grid}
    if len(axes) and all(any(cell.shown(metric).value is not None for cell in result.cells) for metric in _OVER):
        figures["Errors against delay: lower left is better"] = pareto_figure(result.cells).update_layout(title=None)
    return figures


def write_plot(path: Path, result: RunResult) -> int:
    """Write the figures of a run as pictures: one SVG or PNG file, or one HTML file that needs nothing else.

    Returns:
        Its size in bytes.

    Raises:
        InputError: another kind of file is asked for, or it cannot be written.
        ConfigurationError: PNG is asked for and no browser is there to draw it.
    """
    kind = path.suffix.lower()
    if kind not in (".svg", ".png", ".html"):
        raise InputError(
            "a figure is written as SVG, PNG or HTML",
            item=str(path),
            got=kind or "no ending",
            expected=".svg, .png or .html",
        )
    figures = sweep_figures(result) or {
        "Word error rate by configuration, with 95 % intervals": wer_figure(result.cells),
        "Words shown within a time of being spoken": latency_figure(result.cells, result.scores),
    }
    title = f"Run {result.run.run_id}"
    if kind == ".html":
        drawn = figures_html({name: picture(figure, name) for name, figure in figures.items()})
        return write_page(path, page_html(title, [f"<h1>{escape(title)}</h1>", drawn]))
    drawn, width, height = _stacked(title, figures)
    if kind == ".svg":
        return write_page(path, drawn)
    png = png_of(drawn, width, height)
    write_named(path, "figures", lambda file: file.write(png))
    return len(png)


def _stacked(title: str, figures: dict[str, Figure]) -> tuple[str, int, int]:
    """Pictures below each other in one SVG, each under its title; with its width and height."""
    parts, top = [], 0
    for name, figure in figures.items():
        drawn = picture(figure, name)
        found = re.search(r'viewBox="0 0 (\d+) (\d+)"', drawn)
        width, height = (int(side) for side in found.groups()) if found else (0, 0)
        parts.append(f'<text x="8" y="{top + 18}" font-family="sans-serif" font-size="14">{escape(name)}</text>')
        parts.append(drawn.replace("<svg ", f'<svg y="{top + _GAP}" height="{height}" ', 1))
        top += height + 2 * _GAP
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" height="{top}">'
        f'<title>{escape(title)}</title><rect width="{width}" height="{top}" fill="#FFFFFF"/>{"".join(parts)}</svg>\n'
    )
    return svg, width, top
