"""Identifiers that the simulator makes."""

import time

from workbench.simulator.identifiers import new_transcript_id

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_a_transcript_id_is_a_ulid_of_now():
    """Ten letters of Unix milliseconds, then sixteen drawn ones, all of which occur and none of which are another's."""
    before_ms = time.time_ns() // 1_000_000
    ids = [new_transcript_id() for _ in range(500)]
    after_ms = time.time_ns() // 1_000_000
    for each in ids:
        ms = 0
        for letter in each[:10]:
            ms = ms * 32 + ALPHABET.index(letter)
        assert before_ms <= ms <= after_ms
    assert {len(each) for each in ids} == {26}
    assert set("".join(each[10:] for each in ids)) == set(ALPHABET)
    assert len({each[10:] for each in ids}) == 500
