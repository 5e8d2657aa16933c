"""Every target with its seeds, with mutated seeds and with bytes that nobody ever wrote."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.frames import Mutator, Reader, fuzz, seeds
from tests.fuzz.make_seeds import CORPUS, seed_files
from tests.fuzz.targets import TARGETS

SLOW = {"importers": 15, "manifest": 40}
"""Examples of those that write files."""


def in_corpus(target):
    """Seeds that are in the tree."""
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]


def test_the_seeds_in_the_tree_are_those_that_the_codecs_make():
    """A frame that changed its form is a seed that has to change, too."""
    assert {target: set(in_corpus(target)) for target in TARGETS} == {t: set(s) for t, s in seed_files().items()}


@pytest.mark.parametrize("target", TARGETS)
def test_every_seed_is_read(target):
    """Known good, known odd, and every input that once broke something."""
    for seed in in_corpus(target):
        TARGETS[target](seed)


@pytest.mark.parametrize("target", TARGETS)
def test_no_bytes_bring_a_reader_down(target):
    """Undocumented exceptions are findings; Hypothesis shrinks them."""
    known = st.sampled_from([seed for seed in in_corpus(target) if seed] or [b"x"])

    @st.composite
    def mutated(draw):
        return Mutator([draw(known)], draw(st.integers(0, 2**32))).frame()

    @settings(max_examples=SLOW.get(target, 80), deadline=None, suppress_health_check=list(HealthCheck))
    @given(mutated() | st.binary(max_size=300))
    def reads(data):
        TARGETS[target](data)

    reads()


def test_a_short_run_over_frames_ends_well():
    """The long one is ``make fuzz``."""
    said = []
    assert fuzz(5_000, 7, say=said.append) == 0
    assert said[0].startswith("5000 frames of seed 7")


def test_a_finding_is_told_with_its_frame(monkeypatch):
    """So that it can become a seed."""
    said = []
    monkeypatch.setattr(Reader, "read", lambda *_: {}["missing"])
    assert fuzz(10, 7, say=said.append) == 1
    assert "FINDING KeyError at frame 0" in said[0]


def test_the_same_seed_makes_the_same_frames():
    """A finding can be had again."""
    first, second = Mutator(seeds(), 5), Mutator(seeds(), 5)
    assert [first.frame() for _ in range(50)] == [second.frame() for _ in range(50)]
