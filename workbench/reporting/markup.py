"""Text of others in HTML: no markup of its own, and no character that acts instead of being seen."""

from __future__ import annotations

import html

from workbench.errors import visible

__all__ = ["escape"]


def escape(text: str, quote: bool = True) -> str:
    """As :func:`html.escape`, with control characters made visible."""
    return html.escape(visible(text, keep="\n\r\t"), quote)
