"""Figures of sound: waveform and spectrogram, before and after a configuration.

At most 600 points a trace, thinned so that nothing loud is lost; both figures of a pair have the same axes and the
same scale, so that they can be compared by eye.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.audio.levels import to_float
from workbench.audio.peaks import peaks
from workbench.audio.spectrogram import FLOOR_DB, spectrogram
from workbench.reporting.figures.base import base_figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["spectrogram_figure", "waveform_figure"]

_COLUMNS = 290
_COLOUR = "#0072B2"
_TOP_HZ = 8_000


def waveform_figure(pcm: NDArray[np.int16], rate_hz: int, seconds: float) -> Figure:
    """Lowest and highest sample of each stretch, as a filled outline.

    Args:
        pcm: int16, mono, shape (n,).
        rate_hz: its rate.
        seconds: length of the time axis, the same for both figures of a pair.
    """
    outline = to_float(peaks(pcm, _COLUMNS).ravel()).reshape(-1, 2)
    at = np.round(np.arange(len(outline)) * pcm.size / max(1, len(outline)) / rate_hz, 3)
    figure = base_figure("time [s]", "amplitude", height=170)
    figure.add_scatter(
        x=np.concatenate((at, at[::-1])).tolist(),
        y=np.round(np.concatenate((outline[:, 1], outline[::-1, 0])), 4).tolist(),
        fill="toself",
        mode="lines",
        line={"width": 0.5, "color": _COLOUR},
        fillcolor=_COLOUR,
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_xaxes(range=[0, seconds], showgrid=False, zeroline=False)
    figure.update_yaxes(range=[-1, 1], tickvals=[-1, 0, 1], showgrid=False, zeroline=False)
    return figure


def spectrogram_figure(pcm: NDArray[np.int16], rate_hz: int, seconds: float) -> Figure:
    """Level over time and frequency; above half the rate there is nothing, and nothing is drawn."""
    level, at, hertz = spectrogram(pcm, rate_hz)
    figure = base_figure("time [s]", "frequency [kHz]", height=230)
    figure.add_heatmap(
        z=level.tolist(),
        x=np.round(at, 3).tolist(),
        y=np.round(hertz / 1000, 3).tolist(),
        zmin=FLOOR_DB + 10,
        zmax=-20,
        colorscale="Cividis",
        colorbar={"title": {"text": "dB"}, "thickness": 10, "outlinewidth": 0},
        hovertemplate="%{x:.2f} s, %{y:.1f} kHz: %{z} dB<extra></extra>",
    )
    figure.update_xaxes(range=[0, seconds], showgrid=False, zeroline=False)
    figure.update_yaxes(range=[0, _TOP_HZ / 1000], showgrid=False, zeroline=False)
    return figure
