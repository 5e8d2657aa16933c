"""What the site needs beyond the pages: links out of docs/ become paths, and docstrings become Markdown."""

from __future__ import annotations

import inspect
import re
from typing import Any

import griffe


def on_page_markdown(markdown: str, **_: Any) -> str:  # noqa: ANN401  what mkdocs passes
    """The page with ``[name](../path)`` as name and path: files outside of docs/ are no part of the site."""
    return re.sub(r"\[([^\]]+)\]\(\.\./([^)#\s]+)[^)]*\)", _as_path, markdown)


def _as_path(link: re.Match[str]) -> str:
    name, path = link[1].strip("`"), link[2]
    return f"`{path}`" if path.rstrip("/").endswith(name.removeprefix("../").rstrip("/")) else f"{link[1]} (`{path}`)"


class Docstrings(griffe.Extension):
    """Doctests as blocks of code, and references such as ``:func:`x``` as code."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:  # noqa: ANN401  what griffe passes
        """Rewrite the docstring of everything that is loaded."""
        if obj.docstring is not None:
            text = inspect.cleandoc(obj.docstring.value)
            text = re.sub(r":(?:func|class|meth|attr|mod|data):`~?([^`]+)`", r"`\1`", text)
            text = re.sub(r"^( *)>>> (?:.*\n?)(?:^\1\S.*\n?)*", _fenced, text, flags=re.MULTILINE)
            # What is listed there when the module is imported is a table of the pages.
            obj.docstring.value = text.removesuffix("Settings of the run:")


def _fenced(block: re.Match[str]) -> str:
    indent = block[1]
    return f"{indent}```pycon\n{block[0].rstrip()}\n{indent}```\n"
