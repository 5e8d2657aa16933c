"""Sessions that are played while somebody looks on.

Audio is paced in a process of its own, through the same functions as ``workbench run``; the app's process
mirrors what happens and tells its viewers. Nobody has to look: a session goes on when its last tab is closed.
"""

from __future__ import annotations

from workbench.app.live.registry import LiveRegistry, close_registry, live_registry
from workbench.app.live.request import Clip, Lane, Microphone
from workbench.app.live.session import LiveSession

__all__ = ["Clip", "Lane", "LiveRegistry", "LiveSession", "Microphone", "close_registry", "live_registry"]
