"""One stream on a socket that answers at the worst moment: whatever comes when, the answer is an outcome."""

import asyncio
import time

import pytest

from tests.playing.test_runner import plan
from tests.service import TERMINAL
from workbench.playing.job import Job
from workbench.playing.pacer import Pacer
from workbench.playing.runner import new_record
from workbench.playing.stream import SessionFailed, StreamPlayer
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome, SessionKey
from workbench.settings import Limits


class Hasty:
    """A socket whose terminal frame is read in the turn of the event loop in which the next thing is due.

    Args:
        blocked: the first chunk is taken only then; otherwise the second one is due then.
    """

    def __init__(self, player, *, blocked):
        self.player, self.blocked, self.written = player, blocked, []

    def write(self, frame):
        self.written.append(frame)
        if len(self.written) == 1:
            asyncio.get_running_loop().call_soon(self._turn)
        return self.blocked

    def _turn(self):
        self.player.arrived(TERMINAL, time.perf_counter_ns())
        if self.blocked:
            self.player.drained()
        else:
            self.player._due(1)


@pytest.mark.parametrize(("chunks", "blocked"), [(3, False), (3, True), (1, True)])
async def test_a_terminal_frame_between_two_chunks_ends_the_stream_at_the_first(chunks, blocked):
    """Neither the next one nor the end of audio is sent; it is the service's breach, never a fault of ours."""
    job = Job(SessionKey("c", "u"), plan(100 * chunks))
    record, told = new_record(job), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    async with Pacer() as pacer:
        player = StreamPlayer(record, job.plan, pacer)
        socket = Hasty(player, blocked=blocked)
        with pytest.raises(SessionFailed, match="before the audio had ended") as caught:
            await player.run(socket, Limits())
        player.finish()
    assert told == []
    assert caught.value.outcome is Outcome.PROTOCOL_ERROR
    assert socket.written == list(job.plan.frames[:1])
    assert [frame.chunk for frame in record.frames.frames() if frame.kind is FrameKind.AUDIO] == [0]
