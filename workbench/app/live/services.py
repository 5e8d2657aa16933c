"""The services that a player speaks to: the one that is set, and those that single lanes ask for."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

from workbench.playing.service import Service
from workbench.runs.service import open_service
from workbench.settings import Settings

__all__ = ["Services"]


class Services:
    """Services of a process: each is opened once, when it is first asked for, and closed with the process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._open: dict[tuple[str, str | None] | None, tuple[Service, str | None]] = {}
        self._opening = asyncio.Lock()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Services:
        return self

    async def __aexit__(self, *problem: object) -> None:
        await self._stack.aclose()

    async def at(self, where: tuple[str, str | None] | None) -> tuple[Service, str | None]:
        """The service at an endpoint under a model; None is the one that is set.

        Raises:
            WorkbenchError: it cannot be opened.
        """
        async with self._opening:
            if where not in self._open:
                settings = self.settings
                if where is not None:
                    endpoint, model = where
                    settings = replace(settings, endpoint=endpoint, model=model or settings.model)
                self._open[where] = await self._stack.enter_async_context(open_service(settings))
        return self._open[where]
