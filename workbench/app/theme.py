"""Colours and the configuration of Streamlit, once: the launcher passes it, ``.streamlit/config.toml`` repeats it.

Ten categorical colours, neither more nor fewer (Streamlit falls back to red and green otherwise); a test
compares the file with this module.
"""

from __future__ import annotations

__all__ = ["CATEGORICAL", "config"]

CATEGORICAL = (
    "#0072B2", "#CC79A7", "#000000", "#66BDFF", "#6D00CC",
    "#CCB800", "#8A426B", "#A866FF", "#878A42", "#565229",
)  # fmt: skip
"""Told apart with every kind of colour vision, none of them orange, red or green, which mean wrong and right."""

_LIGHT = {
    "primaryColor": "#0B6E99",
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#F4F6F8",
    "textColor": "#10161D",
    "linkColor": "#0B5F86",
    "borderColor": "#D9DFE5",
}
_DARK = {
    "primaryColor": "#1A76A3",
    "backgroundColor": "#0F1318",
    "secondaryBackgroundColor": "#1B222B",
    "textColor": "#E7ECF1",
    "linkColor": "#7CC7E8",
    "borderColor": "#36414D",
}
_SHARED: dict[str, object] = {
    "baseRadius": "0.4rem",
    "showWidgetBorder": True,
    "chartCategoricalColors": list(CATEGORICAL),
    # Title, then answer and parts of a page: levels follow each other, so that a screen reader finds its way.
    "headingFontSizes": ["2.75rem", "1.6rem", "1.4rem", "1.25rem", "1.1rem", "1rem"],
}


def config() -> dict[str, object]:
    """Streamlit's options by their dotted names: theme and the defaults that keep data on this machine."""
    options: dict[str, object] = {
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.toolbarMode": "minimal",
        "global.developmentMode": False,
        "server.address": "127.0.0.1",
        "server.allowedHosts": ["localhost", "127.0.0.1", "::1"],
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "server.enableStaticServing": False,
        "server.fileWatcherType": "none",
        "server.headless": True,
        "server.maxUploadSize": 200,
        "server.runOnSave": False,
    }
    options |= {f"theme.{name}": value for name, value in _SHARED.items()}
    for scheme, colours in (("light", _LIGHT), ("dark", _DARK)):
        options |= {f"theme.{scheme}.{name}": value for name, value in colours.items()}
    return options
