"""The router: the pages in five sections; nothing else happens before a page draws.

A page is a module of :mod:`workbench.app.pages` with ``page()``, imported when it is first opened. The
address of a page is its name, so that a link to a view stays good.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

__all__ = ["ICON", "PAGES", "PageFacts", "page_of", "route"]

ICON = Path(__file__).parent / "script" / "icon.svg"
"""Of the window; one of Streamlit's symbols would be fetched from another machine."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """One page.

    Attributes:
        name: name of its module and address, and prefix of its query parameters.
        title: title in the navigation and in the window.
        icon: Material symbol that ships with Streamlit.
        section: section of the navigation.
    """

    name: str
    title: str
    icon: str
    section: str

    @property
    def first(self) -> bool:
        """Whether it is the page of the bare address."""
        return self.name == "start"

    @property
    def address(self) -> str:
        """Its path, without the slash; the first page has none."""
        return self.name.replace("_", "-")


PAGES = (
    PageFacts("start", "Start", ":material/home:", "Demo"),
    PageFacts("live", "Live", ":material/graphic_eq:", "Demo"),
    PageFacts("datasets", "Data sets", ":material/library_music:", "Measure"),
    PageFacts("sweep", "New run", ":material/play_circle:", "Measure"),
    PageFacts("runs", "Runs", ":material/list_alt:", "Results"),
    PageFacts("run", "Run", ":material/lab_profile:", "Results"),
    PageFacts("compare", "Compare", ":material/compare_arrows:", "Results"),
    PageFacts("trends", "Trends", ":material/trending_up:", "Results"),
    PageFacts("latency", "Latency", ":material/timer:", "Results"),
    PageFacts("accuracy", "Accuracy", ":material/spellcheck:", "Results"),
    PageFacts("inspect", "Inspect", ":material/manage_search:", "Explore"),
    PageFacts("audio_lab", "Audio lab", ":material/tune:", "Explore"),
    PageFacts("data", "System", ":material/database:", "System"),
)


_DARK = """<style>
button[data-testid="stBaseButton-segmented_controlActive"] p, button[data-selected="true"] p { color: #E7ECF1 }
</style>"""
"""No colour is dark enough below white and light enough on a dark page: what is chosen is written in the text's."""


_ROOM = """<style>
@media (min-width: 800px) { [data-testid="stMainBlockContainer"] { padding: 4rem 2.5rem 4rem } }
</style>"""
"""Streamlit keeps a fifth of a laptop's screen empty; a table needs it."""


def route() -> None:
    """Draw the page that the address names."""
    import streamlit as st

    st.set_page_config(page_title="Suki Workbench", page_icon=str(ICON), layout="wide")
    pages = {facts.name: page_of(facts.name) for facts in PAGES}
    # Streamlit's own list of sections has elements in it that a list may not have; a screen reader loses its way.
    st.html(_ROOM)
    if st.context.theme.type == "dark":
        st.html(_DARK)
    opened = st.navigation(list(pages.values()), position="hidden")
    # Nothing but words in front of an audience; the page itself offers the way back.
    if st.query_params.get("present") != "1":
        with st.sidebar:
            _sections(pages)
    opened.run()


def _sections(pages: dict[str, StreamlitPage]) -> None:
    import streamlit as st

    for section in dict.fromkeys(facts.section for facts in PAGES):
        st.caption(section)
        with st.container(gap="xsmall"):
            for facts in PAGES:
                if facts.section == section:
                    st.page_link(pages[facts.name], width="stretch")


def page_of(name: str) -> StreamlitPage:
    """A page by name, for the navigation, ``st.switch_page`` and ``st.page_link``."""
    import streamlit as st

    facts = next(facts for facts in PAGES if facts.name == name)
    return st.Page(_opening(name), title=facts.title, icon=facts.icon, url_path=facts.address, default=facts.first)


def _opening(name: str) -> Callable[[], None]:
    def open_page() -> None:
        importlib.import_module(f"workbench.app.pages.{name}").page()

    return open_page
