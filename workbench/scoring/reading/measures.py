"""What two readings have in common: values, terms, drugs, negations and sides kept, changed, lost and invented.

Pure functions over two readings. Where the words of both are equal nothing is aligned; otherwise one
alignment serves every measure. Counts add, rates are derived, nothing to divide by is None.

Longer than most: every verdict stands on the same alignment, and they are read together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

from workbench.scoring.metrics.alignment import align
from workbench.scoring.reading.drugs import DRUGS
from workbench.scoring.reading.reading import Item, Reading, read
from workbench.scoring.reading.tables import words
from workbench.scoring.reading.tallies import Judged, Meaning, Tally

__all__ = ["judge", "meaning", "occurrences"]

Pairs = Sequence[tuple[int, int]]


def meaning(
    reference: Reading,
    hypothesis: Reading,
    terms: Collection[str] = (),
    drugs: Collection[str] = (),
    *,
    pairs: Pairs | None = None,
) -> Meaning:
    """Every measure of meaning of one pair.

    Args:
        reference: reading of what was said.
        hypothesis: reading of what was heard.
        terms: marked medical terms as written.
        drugs: marked drugs as written; they are terms too.
        pairs: an alignment of the canonical words that is known already; None to make one where it is needed.

    >>> counts = meaning(read("no pain, aspirin 81 mg daily"), read("pain, aspirin 18 mg daily"), drugs=["aspirin"])
    >>> counts.values, counts.negations, counts.critical
    (Tally(said=2, kept=1, changed=1, lost=0, invented=0), Tally(said=1, kept=0, changed=0, lost=1, invented=0), 2)
    """
    if reference is hypothesis:
        return _perfect(reference, terms, drugs)
    medical, named = _rows(terms), _rows(drugs)
    if _alike(reference, hypothesis, medical | named):
        return _perfect(reference, terms, drugs)
    pairs = _opposite(reference, hypothesis, pairs)
    judged = judge(reference, hypothesis, terms, drugs, pairs=pairs)
    tallies = {kind: _tally(judged, kind) for kind in ("value", "drug", "negation", "side")}
    marked = tallies["drug"] + _tally(judged, "term")
    return Meaning(
        tallies["value"],
        marked,
        tallies["drug"],
        tallies["negation"],
        tallies["side"],
        _critical(judged),
        len(reference.words),
        *_medical(reference.words, hypothesis.words, medical | named, pairs),
    )


def _opposite(reference: Reading, hypothesis: Reading, pairs: Pairs | None) -> Pairs:
    ours, theirs = reference.words, hypothesis.words
    if ours == theirs:
        return [(i, i) for i in range(len(ours))]
    return align(ours, theirs) if pairs is None else pairs


def _medical(
    ours: Sequence[str], theirs: Sequence[str], terms: frozenset[tuple[str, ...]], pairs: Pairs
) -> tuple[int, int]:
    """Reference words inside terms, and errors on them: wrong or lost ones, and inserted words of a term."""
    if not terms:
        return 0, 0
    inside = {k for first, stop in occurrences(ours, terms) for k in range(first, stop)}
    equal = sum(i in inside and ours[i] == theirs[j] for i, j in pairs)
    vocabulary = {word for term in terms for word in term}
    inserted = set(range(len(theirs))) - {j for _, j in pairs}
    return len(inside), len(inside) - equal + sum(theirs[j] in vocabulary for j in inserted)


def _alike(reference: Reading, hypothesis: Reading, terms: frozenset[tuple[str, ...]]) -> bool:
    """Whether both say the same of all that is measured, so that nothing needs to be aligned."""
    ours, theirs = reference.words, hypothesis.words
    if _said(reference) != _said(hypothesis):
        return False
    if terms and (occurrences(ours, terms) or occurrences(theirs, terms)) and ours != theirs:
        return False
    return DRUGS.isdisjoint(theirs) or DRUGS.intersection(theirs) <= set(ours)


def _said(reading: Reading) -> tuple[list[str], list[tuple[str, ...]], list[tuple[str, str]]]:
    """Values, what each negation reaches, and each side with the word behind it."""
    words = (*reading.words, "")
    return (
        [item.value for item in reading.values],
        [(item.value, *item.scope) for item in reading.negations],
        [(item.value, words[item.stop]) for item in reading.sides],
    )


def _perfect(reading: Reading, terms: Collection[str], drugs: Collection[str]) -> Meaning:
    """A text against itself."""
    ours = _rows(drugs)
    places = occurrences(reading.words, _rows(terms) | ours) if terms or drugs else []
    marked = len(places)
    drug_count = len(occurrences(reading.words, ours)) if drugs else 0
    counts = (len(reading.values), marked, drug_count, len(reading.negations), len(reading.sides))
    values, medical, named, negations, sides = (Tally(n, n) for n in counts)
    inside = sum(stop - first for first, stop in places)
    return Meaning(values, medical, named, negations, sides, 0, len(reading.words), inside)


def judge(
    reference: Reading,
    hypothesis: Reading,
    terms: Collection[str] = (),
    drugs: Collection[str] = (),
    *,
    pairs: Pairs | None = None,
) -> list[Judged]:
    """Everything said or heard with its verdict, kind by kind, in the order of the text; see :func:`meaning`."""
    ours, theirs = reference.words, hypothesis.words
    said = (reference.values, reference.negations, reference.sides)
    heard = (hypothesis.values, hypothesis.negations, hypothesis.sides)
    if not any((*said, *heard, terms, drugs)) and DRUGS.isdisjoint(theirs):
        return []
    pairs = _opposite(reference, hypothesis, pairs)
    opposite = dict(pairs)
    equal = {i: j for i, j in pairs if ours[i] == theirs[j]}
    judged = _values(reference, hypothesis, equal)
    unmoved = _unmoved(ours, theirs)
    judged += _matched("negation", reference.negations, hypothesis.negations, opposite, unmoved, _same_scope)
    following = _following(ours, theirs)
    judged += _matched("side", reference.sides, hypothesis.sides, opposite, _same_value, following)
    marked = _rows(drugs)
    judged += _terms("drug", reference, hypothesis, marked, equal, opposite)
    judged += _terms("term", reference, hypothesis, _rows(terms) - marked, equal, opposite)
    return judged


def _tally(judged: Sequence[Judged], kind: str) -> Tally:
    counts = dict.fromkeys(("kept", "changed", "lost", "invented"), 0)
    for one in judged:
        if one.kind == kind:
            counts[one.verdict] += 1
    if kind != "value":
        counts["lost"] += counts["changed"]
        counts["invented"] += counts["changed"] if kind == "side" else 0
        counts["changed"] = 0
    total = counts["kept"] + counts["changed"] + counts["lost"]
    return Tally(total, counts["kept"], counts["changed"], counts["lost"], counts["invented"])


def _critical(judged: Sequence[Judged]) -> int:
    """Errors that matter most; a side inside a wrong value (an eye) is counted with the value."""
    wrong = {"value": ("changed", "invented"), "drug": ("changed", "invented"), "negation": ("lost", "invented"),
             "side": ("changed", "invented")}  # fmt: skip
    inside: set[int] = set()
    count = 0
    for one in judged:
        if one.verdict not in wrong.get(one.kind, ()):
            continue
        if one.kind == "value" and one.theirs:
            inside.update(range(one.theirs.first, one.theirs.stop))
        if one.kind == "side" and one.theirs and one.theirs.first in inside:
            continue
        count += 1
    return count


def _values(reference: Reading, hypothesis: Reading, equal: dict[int, int]) -> list[Judged]:
    """Values in order: equal ones are kept; of the others, one that stands in another's place changed it."""
    ours, theirs = reference.values, hypothesis.values
    judged: list[Judged] = []
    i = j = 0
    for a, b in [*_common([v.value for v in ours], [v.value for v in theirs]), (len(ours), len(theirs))]:
        left = list(theirs[j:b])
        for item in ours[i:a]:
            low, high = _window(item, equal, len(reference.words), len(hypothesis.words))
            place = next((k for k, other in enumerate(left) if low <= other.first and other.stop <= high), None)
            if place is None:
                judged.append(Judged("value", "lost", item))
            else:
                judged += [Judged("value", "invented", None, other) for other in left[:place]]
                judged.append(Judged("value", "changed", item, left[place]))
                del left[: place + 1]
        judged += [Judged("value", "invented", None, other) for other in left]
        if a < len(ours):
            judged.append(Judged("value", "kept", ours[a], theirs[b]))
        i, j = a + 1, b + 1
    return judged


def _window(item: Item, equal: dict[int, int], ours: int, theirs: int) -> tuple[int, int]:
    """Words of the hypothesis between the nearest equal words around an item."""
    before = next((equal[k] for k in range(item.first - 1, -1, -1) if k in equal), -1)
    after = next((equal[k] for k in range(item.stop, ours) if k in equal), theirs)
    return before + 1, after


def _common(ours: list[str], theirs: list[str]) -> list[tuple[int, int]]:
    """Places of a longest common subsequence."""
    if ours == theirs:
        return [(i, i) for i in range(len(ours))]
    from rapidfuzz.distance import LCSseq

    pairs: list[tuple[int, int]] = []
    for step in LCSseq.opcodes(ours, theirs):
        if step.tag == "equal":
            pairs += zip(range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True)
    return pairs


Rescue = Callable[[Item, Item], bool]


def _matched(
    kind: str,
    ours: Sequence[Item],
    theirs: Sequence[Item],
    opposite: dict[int, int],
    stays: Rescue,
    rescue: Rescue,
) -> list[Judged]:
    """Negations or sides: kept where the same stands opposite, or where it reaches the same word elsewhere."""
    if not ours and not theirs:
        return []
    heard = {item.first: item for item in theirs}
    judged: list[Judged] = []
    open_items: list[Item] = []
    for item in ours:
        other = heard.get(opposite.get(item.first, -1))
        if other is not None and stays(item, other):
            judged.append(Judged(kind, "kept", item, other))
            del heard[other.first]
        else:
            open_items.append(item)
    for item in open_items:
        able = [o for o in heard.values() if rescue(item, o) and (kind == "side" or stays(item, o))]
        other = next((o for o in able if o.value == item.value), None)
        if other is None and kind == "negation":
            other = next(iter(able), None)
        if other is not None:
            judged.append(Judged(kind, "kept", item, other))
            del heard[other.first]
            continue
        other = heard.get(opposite.get(item.first, -1)) if kind == "side" else None
        if other is not None:
            judged.append(Judged(kind, "changed", item, other))
            del heard[other.first]
        else:
            judged.append(Judged(kind, "lost", item))
    judged += [Judged(kind, "invented", None, item) for item in heard.values()]
    return sorted(judged, key=_place)


def _place(one: Judged) -> tuple[int, int]:
    return (one.ours.first if one.ours else one.theirs.first if one.theirs else 0), one.ours is None


_LIGHT = frozenset(
    words("""any a an the of for to been have has had be is are was were evidence signs and or in on at with by from
    he she it they i patient no not""")
)  # fmt: skip


def _content(item: Item) -> str:
    """The first word of content that a negation reaches; "" for none."""
    return next((w for w in item.scope if w not in _LIGHT), "")


def _same_scope(one: Item, other: Item) -> bool:
    """Whether two negations reach the same first word of content."""
    return bool(_content(one)) and _content(one) == _content(other)


def _same_value(one: Item, other: Item) -> bool:
    return one.value == other.value


def _stem(word: str) -> str:
    """Without the "s" of a verb or a plural: "drinks" is what "not drink" denies."""
    return word[:-1] if len(word) > 3 and word[-1] == "s" else word


def _unmoved(ours: Sequence[str], theirs: Sequence[str]) -> Rescue:
    """Whether a negation still negates what it did: "no rales, rhonchi" heard as "rales, no rhonchi" does not."""

    def same(one: Item, other: Item) -> bool:
        left = {_stem(w) for w in one.scope if w not in _LIGHT}
        came = {_stem(w) for w in other.scope if w not in _LIGHT}
        if left == came:
            return True
        return (left - came).isdisjoint(map(_stem, theirs)) or (came - left).isdisjoint(map(_stem, ours))

    return same


def _following(ours: Sequence[str], theirs: Sequence[str]) -> Rescue:
    """Whether the same word stands behind two sides."""

    def same(one: Item, other: Item) -> bool:
        after = ours[one.stop : one.stop + 1]
        return bool(after) and after == theirs[other.stop : other.stop + 1]

    return same


@lru_cache(maxsize=1 << 12)
def _row(term: str) -> tuple[str, ...]:
    return read(term).words


def _rows(terms: Collection[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(_row(t) for t in terms) - {()} if terms else frozenset()


def occurrences(words: Sequence[str], terms: Collection[tuple[str, ...]]) -> list[tuple[int, int]]:
    """(first, one past the last) of terms in a text, left to right, the longest first, without overlap.

    >>> occurrences("type 2 diabetes on metformin".split(), {("metformin",), ("type", "2", "diabetes")})
    [(0, 3), (4, 5)]
    """
    spans: list[tuple[int, int]] = []
    lengths = sorted({len(t) for t in terms if t}, reverse=True)
    at = 0
    while lengths and at < len(words):
        for length in lengths:
            if at + length <= len(words) and tuple(words[at : at + length]) in terms:
                spans.append((at, at + length))
                at += length
                break
        else:
            at += 1
    return spans


def _terms(
    kind: str,
    reference: Reading,
    hypothesis: Reading,
    terms: frozenset[tuple[str, ...]],
    equal: dict[int, int],
    opposite: dict[int, int],
) -> list[Judged]:
    """Terms: kept whole at their place; a known drug nobody said is invented though no list has it."""
    if not terms and (kind != "drug" or DRUGS.isdisjoint(hypothesis.words)):
        return []
    ours = occurrences(reference.words, terms)
    theirs = dict(occurrences(hypothesis.words, terms))
    judged: list[Judged] = []
    for first, stop in ours:
        item = _item(kind, reference, first, stop)
        place = equal.get(first, -1)
        whole = all(equal.get(k, -2) == place + k - first for k in range(first, stop))
        if whole and theirs.get(place) == place + stop - first:
            judged.append(Judged(kind, "kept", item, _item(kind, hypothesis, place, theirs.pop(place))))
        elif any(k in opposite for k in range(first, stop)):
            judged.append(Judged(kind, "changed", item))
        else:
            judged.append(Judged(kind, "lost", item))
    if kind == "drug":
        matched = set(equal.values()) | {k for a, b in theirs.items() for k in range(a, b)}
        theirs |= {j: j + 1 for j, w in enumerate(hypothesis.words) if w in DRUGS and j not in matched}
    new = [Judged(kind, "invented", None, _item(kind, hypothesis, a, b)) for a, b in sorted(theirs.items())]
    if kind == "drug":
        judged = _replaced(judged, new, opposite)
    return judged + new


def _replaced(judged: list[Judged], new: list[Judged], opposite: dict[int, int]) -> list[Judged]:
    """A drug with another in its place is lost and the other invented: one critical error, not two."""
    taken = {one.theirs.first for one in new if one.theirs}
    return [
        Judged(one.kind, "lost", one.ours)
        if one.verdict == "changed"
        and one.ours
        and any(opposite.get(k) in taken for k in range(one.ours.first, one.ours.stop))
        else one
        for one in judged
    ]


def _item(kind: str, reading: Reading, first: int, stop: int) -> Item:
    spans = reading.spans[first:stop]
    return Item(kind, " ".join(reading.words[first:stop]), spans[0][0], max(s[1] for s in spans), first, stop)
