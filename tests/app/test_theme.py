"""One set of colours and defaults, wherever the app is started from."""

from __future__ import annotations

import tomllib
from pathlib import Path

from streamlit import config as streamlit_config

from workbench.app.theme import CATEGORICAL, config
from workbench.reporting.figures.base import COLOURS

ROOT = Path(__file__).parents[2]


def _flat(table: dict[str, object], prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in table.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def test_the_file_repeats_what_the_launcher_passes() -> None:
    """`streamlit run` and `workbench app` look and listen alike."""
    assert _flat(tomllib.loads((ROOT / ".streamlit/config.toml").read_text())) == config()


def test_there_are_exactly_ten_chart_colours_and_figures_use_them() -> None:
    """With any other number Plotly falls back to red and green."""
    assert len(CATEGORICAL) == 10
    assert CATEGORICAL == COLOURS


def test_every_option_is_one_that_streamlit_knows() -> None:
    """A misspelt option would be ignored without a word."""
    assert set(config()) <= set(streamlit_config._config_options_template)


def test_the_defaults_keep_data_on_this_machine() -> None:
    """Loopback, known hosts, no telemetry, no error details."""
    options = config()
    assert options["server.address"] == "127.0.0.1"
    assert options["browser.gatherUsageStats"] is False
    assert options["client.showErrorDetails"] == "none"
    assert options["server.allowedHosts"] == ["localhost", "127.0.0.1", "::1"]
