"""Our three components: plain JavaScript modules beside this file, served by Streamlit from its own origin.

No build step and no inline script, so that the page's policy stays strict: modules are files, import each
other by relative paths and are registered as an installed package would declare them. Data goes in as JSON.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import __version__

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

__all__ = ["ASSETS", "inspector", "live", "microphone"]

ASSETS = Path(__file__).parent / "assets"

_PACKAGE = "suki-workbench"
_NAMES = ("live", "microphone", "inspector")


def live(key: str, data: dict[str, Any]) -> str | None:
    """Live transcript: ``session`` and either ``url`` of its socket or ``told``, a JSON array of its messages.

    ``sounds`` are the addresses of what each lane hears, ``present`` fills the window, ``next`` says that there is a
    next clip, ``microphone`` that the sound is there only at the end.

    Returns:
        What the user has just asked for: ``present``, ``leave``, ``next`` or None.
    """
    _declare()
    result = _renderer("live")(key=key, data=data, on_act_change=lambda: None)
    return getattr(result, "act", None)


def microphone(key: str, data: dict[str, Any]) -> str | None:
    """Microphone: ``url`` of its socket, ``name``, ``facts`` and ``lanes``; returns the session that was just begun."""
    _declare()
    result = _renderer("microphone")(key=key, data=data, on_session_change=lambda: None)
    return getattr(result, "session", None)


def inspector(key: str, data: dict[str, Any]) -> dict[str, Any] | None:
    """Utterance inspector; returns what is seen once it rests: ``place`` of the data, ``at`` and ``zoom`` in ms.

    Args:
        key: unique on the page.
        data: ``place``, a name that changes with what is shown; ``sessions``, one or two, see
            :func:`workbench.reporting.session_timeline.session_timeline`; ``at`` and ``zoom``, where it opens.
    """
    _declare()
    result = _renderer("inspector")(key=key, data=data, on_view_change=lambda: None)
    return getattr(result, "view", None)


def _declare() -> None:
    """Tell the running Streamlit where the files are; each runtime has to be told once.

    An installed package would be found by its metadata; an editable one is not, and a source tree has none.
    """
    from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
    from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(f"{_PACKAGE}.{_NAMES[0]}") is None:
        configs = [ComponentConfig(name, ASSETS.name) for name in _NAMES]
        manager.register_from_manifest(ComponentManifest(_PACKAGE, __version__, configs), ASSETS.parent)


@functools.cache
def _renderer(name: str) -> ComponentRenderer:
    import streamlit as st

    return st.components.v2.component(f"{_PACKAGE}.{name}", css=f"{name}.css", js=f"{name}.js")
