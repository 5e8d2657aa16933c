"""Figures as a notebook keeps them: the interactive one, and a picture beside it for pages that run nothing."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from workbench.reporting.figures.picture import picture

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["shown"]


def shown(figure: Figure, label: str) -> Figure:
    """The same figure; where a notebook was exported, or its page knows no Plotly, its picture is seen.

    Args:
        figure: one of this project's.
        label: what a reader who does not see it has to be told, where the figure has no title.
    """
    kept = _kind()(figure)
    kept._workbench_label = figure.layout.title.text or label
    return kept


@functools.cache
def _kind() -> Any:  # noqa: ANN401  a class that needs Plotly, which is loaded where it is used
    from plotly.graph_objects import Figure

    class Shown(Figure):  # type: ignore[misc]  # untyped base
        """A figure that shows itself by what is in it, and needs no script of its page."""

        # Plotly's own would print a script that an exported page does not have, so that nothing was seen.
        _ipython_display_ = None
        _repr_html_ = None
        _workbench_label = ""

        def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
            interactive = {k: v for k, v in self.to_plotly_json().items() if k in ("data", "layout")}
            return {
                "application/vnd.plotly.v1+json": interactive | {"config": {"displaylogo": False}},
                "image/svg+xml": picture(self, self._workbench_label),
            }

    return Shown
