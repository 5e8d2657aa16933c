"""Stability of partials: erasure by the paper's formula, runs on screen, unsafe flicker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.metrics.records import session, untimed
from workbench.reference import Reference, Term
from workbench.scoring.metrics.alignment import align
from workbench.scoring.metrics.stability import erased_tokens, stability
from workbench.scoring.view import SessionView
from workbench.units import NS_PER_MS

TEXTS = st.lists(st.lists(st.sampled_from("abc"), max_size=5), min_size=1, max_size=6)


def steady(messages, reference=None):
    """Stability of a record with these messages."""
    return stability(SessionView(session(reference or untimed("x"), messages)))


def erasure_of_the_paper(outputs):
    """Arivazhagan et al. 2020, equation (4), as it stands: sum over i of |o(i-1)| - |LCP(o(i), o(i-1))|."""

    def lcp(one, other):
        n = 0
        while n < len(one) and n < len(other) and one[n] == other[n]:
            n += 1
        return n

    return sum(len(outputs[i - 1]) - lcp(outputs[i], outputs[i - 1]) for i in range(1, len(outputs)))


@given(TEXTS)
def test_erasure_is_that_of_the_paper(texts):
    """Token by token, over any sequence of outputs."""
    assert erased_tokens(texts) == erasure_of_the_paper(texts)
    messages = [(100 * i, "partial", " ".join(t)) for i, t in enumerate(texts)] + [(1000, "final", "a b")]
    found = steady(messages)
    assert found.erased_tokens == erasure_of_the_paper([*texts, ["a", "b"]])
    assert found.normalised_erasure == found.erased_tokens / 2


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=6))
def test_text_that_only_grows_is_stable(words):
    """Nothing erased, nothing unstable, every word stable at once, no flicker."""
    partials = [(10 * i, "partial", " ".join(words[: i + 1])) for i in range(len(words))]
    found = steady([*partials, (1000, "final", " ".join(words))])
    assert (found.erased_tokens, found.unstable_words, found.unsafe_flicker_ns) == (0, 0, 0)
    assert found.time_to_stable_ns == (0,) * len(words)
    assert found.shown_words == len(words)


def test_a_revision_in_the_middle_erases_what_follows_and_unsettles_one_word():
    """Erasure counts from the first difference; the unstable word is the one that went."""
    found = steady(
        [(100, "partial", "no chess pain"), (200, "partial", "no chest pain"), (300, "final", "no chest pain")]
    )
    assert (found.erased_tokens, found.final_tokens) == (2, 3)
    assert (found.shown_words, found.unstable_words) == (4, 1)
    assert found.unstable_ratio == 0.25


def test_case_and_commas_are_no_instability():
    """The final brings punctuation; the words are the same."""
    found = steady([(100, "partial", "no chest pain"), (300, "final", "No chest pain.")])
    assert (found.erased_tokens, found.unstable_words) == (0, 0)


def test_time_to_stable_is_the_start_of_the_last_run_minus_the_first_appearance():
    """ "chest" comes at 200, goes at 300, comes back at 500 for good."""
    found = steady(
        [
            (100, "partial", "no"),
            (200, "partial", "no chest"),
            (300, "partial", "no just"),
            (500, "partial", "no chest pain"),
            (900, "final", "no chest pain"),
        ]
    )
    assert found.time_to_stable_ns == (0, 300 * NS_PER_MS, 0)


@pytest.mark.parametrize(
    ("partial", "final", "unsafe"),
    [
        ("no pain", "no pain", False),
        ("chest pain", "no chest pain", True),
        ("no chest", "no chest pain", False),
        ("left arm", "right arm", True),
        ("take fifteen", "take fifty", True),
        ("5 mg", "5 mcg", True),
        ("the arm", "an arm", False),
        ("met forming daily", "metformin daily", True),
        ("doesn't hurt", "does hurt", True),
    ],
)
def test_flicker_is_unsafe_where_a_critical_word_differs_from_the_final(partial, final, unsafe):
    """Numbers, units, negations, sides and marked terms; other words may change."""
    reference = Reference("x", "x", (), (Term("metformin", "drug"),))
    found = steady([(100, "partial", partial), (350, "final", final)], reference)
    assert found.unsafe_flicker_ns == (250 * NS_PER_MS if unsafe else 0)


def test_flicker_lasts_until_the_text_is_right():
    """From the wrong partial to the next message."""
    found = steady(
        [(100, "partial", "left"), (300, "partial", "right"), (400, "partial", "left arm"), (450, "final", "right arm")]
    )
    assert found.unsafe_flicker_ns == 250 * NS_PER_MS


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "no final"),
        ([(100, "partial", "no")], "no final"),
        ([(100, "final", "no")], "no partials before a final"),
        ([(50, "end", ""), (100, "partial", "a"), (200, "final", "b")], "no final"),
    ],
)
def test_without_partials_and_a_final_there_is_nothing_to_count(messages, reason):
    """Unknown, with the reason; no zero that means unknown."""
    found = steady(messages)
    assert (found.reason, found.normalised_erasure, found.unstable_ratio) == (reason, None, None)
    assert found.unsafe_flicker_ns is None


def test_segments_are_counted_on_their_own_and_added():
    """The first partial of a sentence does not erase the sentence before."""
    found = steady([(100, "partial", "a"), (200, "final", "a b"), (300, "partial", "c x"), (400, "final", "c d")])
    assert (found.erased_tokens, found.final_tokens, found.shown_words, found.unstable_words) == (1, 4, 5, 1)


@pytest.mark.parametrize(
    ("partial", "final"),
    [
        ("fifteen milligrams", "15 mg"),
        ("blood pressure one twenty over eighty", "BP 120/80"),
        ("denies pain", "no pain"),
        ("five", "500 mg"),
        ("take five", "Take five hundred milligrams."),
    ],
)
def test_the_same_meaning_in_another_form_is_no_flicker(partial, final):
    """Both are read as values; a value that is still growing is not wrong."""
    found = steady([(100, "partial", partial), (350, "final", final)])
    assert found.unsafe_flicker_ns == (250 * NS_PER_MS if partial == "five" else 0)


def test_a_value_that_appears_and_goes_is_flicker():
    """Nobody said it."""
    found = steady([(100, "partial", "warfarin 5 mg and"), (350, "final", "warm and dry")])
    assert found.unsafe_flicker_ns == 250 * NS_PER_MS


def one_by_one(texts, stamps):
    """Times to stable, word by word and message by message."""
    final = texts[-1]
    first, run = [None] * len(final), [None] * len(final)
    for words, at in zip(texts, stamps, strict=True):
        pairs = align(final, words, open_end=words != final)
        present = {i for i, j in pairs if final[i] == words[j]}
        for i in range(len(final)):
            run[i] = None if i not in present else at if run[i] is None else run[i]
            first[i] = run[i] if first[i] is None else first[i]
    return tuple(start - seen for start, seen in zip(run, first, strict=True))


@given(st.lists(st.lists(st.sampled_from(["no", "new", "pain", "pains"]), max_size=6), min_size=2, max_size=7))
def test_times_to_stable_are_those_of_each_message_aligned_alone(texts):
    """Empty partials and repeated ones, too."""
    places = range(0, 100 * len(texts), 100)
    kinds = [*["partial"] * (len(texts) - 1), "final"]
    said = [" ".join(words) for words in texts]
    found = steady(list(zip(places, kinds, said, strict=True)))
    assert found.time_to_stable_ns == one_by_one(texts, [at * NS_PER_MS for at in places])
