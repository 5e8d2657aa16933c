"""One scripted simulator for each module of tests, on a free port; tests that break theirs start their own."""

from __future__ import annotations

import pytest_asyncio

from tests.simulator.partner import partner_of
from tests.simulators import new_simulator
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.server import SimulatorOptions


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scripted():
    """A scripted simulator whose lost sockets are released soon."""
    limits = SimulatorLimits(release_s=0.05, message_bytes=65_536)
    async with new_simulator(SimulatorOptions(recogniser="scripted", limits=limits)) as simulator:
        yield simulator


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def partner(scripted):
    """Logged in at the scripted simulator."""
    async with partner_of(scripted) as who:
        yield who
