"""Bounds and times of the simulator, set by name."""

import doctest
from dataclasses import fields

import pytest
import websockets

from tests.simulator.partner import partner_of, read_all, refusal_of
from tests.simulator.visits import visit
from workbench.errors import InputError
from workbench.simulator import limits
from workbench.simulator.limits import SimulatorLimits, changed_limits
from workbench.simulator.local import LocalSimulator


def test_every_limit_can_be_set_by_its_name():
    """And the others stay."""
    base = SimulatorLimits()
    for field in fields(SimulatorLimits):
        changed = changed_limits(base, {field.name: "true" if field.type == "bool" else "8"})
        differing = [f.name for f in fields(base) if getattr(changed, f.name) != getattr(base, f.name)]
        assert differing == [field.name]
    assert changed_limits(base, {}) == base


@pytest.mark.parametrize(("name", "value"), [("idle", "5"), ("idle_s", "soon"), ("message_bytes", "1.5")])
def test_what_is_no_limit_is_refused(name, value):
    """With what there is, or with the type."""
    with pytest.raises(InputError, match=f"^limits.{name}: "):
        changed_limits(SimulatorLimits(), {name: value})


async def test_the_command_line_sets_them():
    """A stream is given up after the time that was asked for, a refusal has the status that was asked for."""
    arguments = ("--recogniser", "scripted", "--limit", "idle_s=0.2", "--limit", "refusal_status=400")
    async with LocalSimulator(*arguments) as simulator, partner_of(simulator) as partner:
        session_id, one = await partner.create(), await visit(partner)
        await partner.script(session_id)
        async with partner.transcribe(session_id) as socket:
            with pytest.raises(websockets.ConnectionClosedError):
                await read_all(socket)
            assert (socket.close_code, socket.close_reason) == (1008, "no audio for 0.2 s")
        assert (await refusal_of(partner.transcribe(session_id)))[0] == 400
        assert await one.status() == "created"


def test_the_examples_hold():
    """Docstrings tell the truth."""
    assert doctest.testmod(limits).failed == 0
