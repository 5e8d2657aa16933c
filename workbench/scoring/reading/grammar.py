"""Which reader looks at which token, and the pass over a text.

The first token decides, and for many words the second. Most words start nothing and are written as they are; the table
below names the readers for all others, tried in order until one reads something.

Longer than most: half of it is that table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from string import ascii_lowercase

from workbench.scoring.reading import clocks, codes, comparisons, dates, dosing, eyes, marks, phrases, quantities
from workbench.scoring.reading.abbreviations import PHRASES
from workbench.scoring.reading.amounts import UNIT_NAMES, unit_alone
from workbench.scoring.reading.memory import recall
from workbench.scoring.reading.mixed import Number, countable
from workbench.scoring.reading.number_words import DECADES, NUMBER_WORDS, ORDINALS, ROMAN, SCALES, TAKES_ROMAN, plain
from workbench.scoring.reading.numerals import decade, number, under_hundred, whole
from workbench.scoring.reading.scan import FRONT, Reader, Scan
from workbench.scoring.reading.tables import words
from workbench.scoring.reading.tokens import Row, Token
from workbench.scoring.reading.units import ALONE, PERIODS, UNITS, convert

__all__ = ["STARTS", "scan"]


def _money(scan: Scan, at: int) -> int:
    """``$20 million``, ``2.25 dollars``, ``two dollars and seventy cents``, ``3 cents``."""
    tokens = scan.tokens
    sign = tokens[at].text if tokens[at].text in "$€£¢" else ""
    amount = number(tokens, at + bool(sign))
    if amount is None or amount.ordinal or "/" in amount.digits:
        return at
    end, digits = amount.end, amount.digits
    if not sign:
        name = tokens[end].text
        if name in ("cent", "cents"):
            return _paid(scan, at, end + 1, "$", plain(Decimal(digits) / 100))
        sign = {"dollar": "$", "dollars": "$", "euro": "€", "euros": "€"}.get(name, "")
        if not sign:
            return at
        end += 1
        cents = number(tokens, end + 1) if tokens[end].text == "and" else None
        if cents and cents.digits.isdigit() and tokens[cents.end].text in ("cent", "cents"):
            return _paid(scan, at, cents.end + 1, sign, plain(Decimal(digits) + Decimal(cents.digits) / 100))
    if sign == "¢":
        return _paid(scan, at, end, "$", plain(Decimal(digits) / 100))
    return _paid(scan, at, end, sign, digits)


def _paid(scan: Scan, at: int, end: int, sign: str, digits: str) -> int:
    scan.write(sign + digits, at, end)
    scan.note("quantity", sign + digits, len(scan.words) - 1)
    return end


def _ended(scan: Scan, at: int) -> int:
    """Digits with an ending: ``2nd``, ``10 th``, ``1950s``, ``60's``."""
    tokens = scan.tokens
    token, after = tokens[at], tokens[at + 1]
    if not token.text.isdigit():
        return at
    if after.text in ("st", "nd", "rd", "th"):
        return quantities.ordinal(scan, at, Number(token.text, at + 2, ordinal=True))
    end = at + 2 if after.text == "s" and (after.tight or after.joined) else 0
    if after.text == "'" and after.tight and tokens[at + 2].text == "s" and tokens[at + 2].tight:
        end = at + 3
    if not end or len(token.text) < 2:
        return at
    return _decade(scan, at, end, token.text)


def _decade(scan: Scan, at: int, end: int, digits: str) -> int:
    """Writes ``1950s``, and ``140s/80s`` where another decade stands below a line."""
    below = decade(scan.tokens, end + 1) if scan.tokens[end].text in ("/", "over") else None
    text = f"{digits}s/{below.digits}" if below else f"{digits}s"
    end = below.end if below else end
    scan.write(text, at, end)
    scan.note("pressure" if below else "quantity", text, len(scan.words) - 1)
    return end


def _decades(scan: Scan, at: int) -> int:
    """``fifties``, ``nineteen fifties``."""
    tokens = scan.tokens
    if tokens[at].text in DECADES:
        return _decade(scan, at, at + 1, str(DECADES[tokens[at].text]))
    high = under_hundred(tokens, at)
    hundred = high and high.end == at + 1 and high.digits in ("1", "2", "3", "18", "19", "20")
    if tokens[at].text in ("two", "2") and tokens[at + 1].text == "thousands":
        return _decade(scan, at, at + 2, "2000")
    if high and hundred and tokens[at + 1].text in DECADES:
        return _decade(scan, at, at + 2, f"{high.digits}{DECADES[tokens[at + 1].text]}")
    return at


def _ordinal_word(scan: Scan, at: int) -> int:
    ordinal = under_hundred(scan.tokens, at)
    if ordinal is None or not ordinal.ordinal:
        ordinal = whole(scan.tokens, at)
    return quantities.ordinal(scan, at, ordinal) if ordinal and ordinal.ordinal else at


def _unit(scan: Scan, at: int) -> int:
    unit = unit_alone(scan.tokens, at)
    if unit is None:
        return at
    scan.write(unit.name, at, unit.end)
    if unit.name != "%":
        scan.note("unit", unit.name, len(scan.words) - 1)
    return unit.end


def _half_more(scan: Scan, at: int) -> int:
    """``an hour and a half``, ``a mile and a half``."""
    tokens = scan.tokens
    if countable(tokens[at + 1]) and tokens[at + 1].text in UNITS and scan.texts(at + 2, 3) == ("and", "a", "half"):
        first = len(scan.words)
        (amount,), unit = convert(("1.5",), UNITS[tokens[at + 1].text])
        scan.write(amount, at, at + 5)
        scan.write(unit, at + 1, at + 2)
        scan.note("quantity", " ".join(scan.words[first:]), first)
        return at + 5
    return at


def _table() -> dict[str, tuple[Reader, ...]]:
    table: dict[str, list[Reader]] = {}

    def add(firsts: Iterable[str], *readers: Reader) -> None:
        for word in set(firsts):
            table.setdefault(word, []).extend(readers)

    add(phrases.POSSIBLY, phrases.contracted)
    add(("n't", "'"), phrases.parted)
    add(TAKES_ROMAN, phrases.roman)
    add(ROMAN, phrases.roman_pair)
    add(("c", "t", "l", "s"), codes.vertebrae)
    add(codes.OBSTETRIC, codes.births)
    add(("r", "l", "rt", "lt"), eyes.eye, phrases.side_letter)
    add(("od", "os", "ou", "in", "to", "into", "right", "left", "both"), eyes.eye)
    add(("ad", "as", "au"), eyes.ear)
    add(("every", "once", "each"), dosing.every)
    add(("q",), dosing.q_form)
    add(("twice", "once", "thrice"), dosing.counted_times)
    add(("x", "times"), dosing.times_number)
    add((form[0] for form in (*dosing.FREQUENCIES, *dosing.ROUTES)), dosing.often)
    add(("in", "at", "with", "on"), dosing.part_of_day)
    add(("/", "per"), dosing.per_period)
    add({form[0] for form in comparisons.COMPARISONS}, comparisons.compared)
    add(("between",), comparisons.between)
    add(dates.MONTHS, dates.month)
    add((*dates.WEEKDAYS, *dates.SHORT_DAYS), dates.weekday)
    add(("noon", "midnight"), clocks.named_time)
    add(("half", "quarter", "a"), clocks.past)
    add(phrases.LABELLING, phrases.label)
    add((row[0] for row in PHRASES), phrases.phrase)
    add("bcdefghjklmnopqrstuvwxyzia", phrases.letters)
    add(DECADES, _decades)
    add(
        NUMBER_WORDS | {"hundred", "oh", "o", "double", "triple"},
        codes.identifier,
        eyes.snellen,
        codes.suture,
        _decades,
        dates.day_first,
        clocks.clock,
        *_COUNTING,
    )
    add(("half", "quarter", "point", "a"), _money, quantities.quantity)
    add(ORDINALS, dates.day_first, _ordinal_word)
    add(("minus", "negative", "plus", "positive", "-", "+"), comparisons.signed)
    add(ALONE, _unit)
    add(("a", "an"), _half_more, dosing.a_while)
    add(("non",), phrases.non)
    add(("bilateral",), eyes.eye, phrases.both)
    add(("equals",), marks.equals)
    add(("m", "mwf", "t", "tths", "tts"), dates.weekdays)
    add(phrases.PREFIXES, phrases.prefixed)
    add(("$", "€", "£", "¢"), _money)
    return {word: tuple(readers) for word, readers in table.items()}


_COUNTING: tuple[Reader, ...] = (_money, dosing.counted_times, quantities.quantity)
STARTS = _table()
"""First word to its readers."""
_NUMBERS: tuple[Reader, ...] = (
    codes.identifier, eyes.snellen, codes.suture, codes.gestation,
    dates.numeric_date, codes.code, dates.day_first, _ended, clocks.clock, *_COUNTING,
)  # fmt: skip


_STOPS = frozenset(",.;?!")
_FOLLOWING = frozenset(
    {*STARTS, *UNITS, *PERIODS, *SCALES, *dates.MONTHS, *(form[0] for form in UNIT_NAMES)}
    | set(words("over out point plus and times time through thru axis cent cents dollar dollars euro euros o'clock"))
    | set(words("oclock noon midnight hours hundred mix mixed insulin per thousands millions billions"))
)
"""Words of three letters and more behind a number that may change how it is read."""
_TIMING = frozenset(words("at about around approximately"))


_BEHIND: dict[Reader, Callable[[str], frozenset[str] | None]] = {
    eyes.eye: eyes.behind_eye,
    phrases.phrase: phrases.SHORTENED.behind,
    dosing.often: dosing.OFTEN.behind,
    dosing.part_of_day: dosing.DAY_PARTS.behind,
    comparisons.compared: comparisons.COMPARED.behind,
    phrases.letters: lambda first: frozenset(ascii_lowercase) if first == "i" else None,
    phrases.roman_pair: lambda _: frozenset("/"),
}
"""Readers that look at the word behind the first, and which words they read something with; None for any."""


def _starting() -> dict[str, frozenset[str] | None]:
    """First words to what must stand behind them for any of their readers to read something; None for anything."""
    table: dict[str, frozenset[str] | None] = {}
    for first, readers in STARTS.items():
        seconds = [_BEHIND[reader](first) if reader in _BEHIND else None for reader in readers]
        known = [s for s in seconds if s is not None]
        table[first] = frozenset().union(*known) if len(known) == len(seconds) else None
    return table


_STARTING = _starting()


def _bare(scan: Scan, at: int, token: Token) -> bool:
    """Whether a number stands alone: a plain word follows, and nothing says that it is a time."""
    after = scan.tokens[at + 1]
    return (
        token.kind == "n"
        and after.kind == "w"
        and len(after.text) > 2
        and after.text not in _FOLLOWING
        and not after.joined
        and token.raw[0] != "0"
        and not token.raw.endswith(".0")
        and (len(token.text) != 4 or scan.before(at).text not in _TIMING)
    )


def scan(tokens: Row) -> Scan:
    """Reads a text once, from left to right: stretches of plain words at once, everything else by its readers."""
    starts, texts, at = _STARTING, [token.text for token in tokens], FRONT
    places = [i for i, token in enumerate(tokens, FRONT) if token.kind != "w" or token.text in starts]
    scanned = Scan(tokens)
    cut = scanned.tokens
    for place in places:
        if place < at:
            continue
        token = cut[place]
        if token.kind == "w" and (seconds := starts[token.text]) is not None and cut[place + 1].text not in seconds:
            continue
        if place > at:
            _plain(scanned, texts, at, place)
        at = _read(scanned, place, token)
    if at < scanned.size:
        _plain(scanned, texts, at, scanned.size)
    return scanned


def _plain(scan: Scan, texts: list[str], at: int, end: int) -> None:
    """Words that start nothing are written as they are."""
    scan.words += texts[at - FRONT : end - FRONT]
    scan.sources += zip(range(at, end), range(at + 1, end + 1), strict=True)


def _read(scan: Scan, at: int, token: Token) -> int:
    """Reads what begins here; what nobody reads stays a word or becomes what its mark is."""
    if token.text in _STOPS:
        scan.breaks.add(len(scan.words))
        return at + 1
    if _bare(scan, at, token):  # as its readers would, ten of which look at every number
        scan.write(token.text, at, at + 1)
        scan.note("quantity", token.text, len(scan.words) - 1)
        return at + 1
    # A date behind "the" takes the word that was written before it.
    if (token.kind in "nf" or token.text in _SAID) and scan.before(at).text != "the":
        return recall(scan, at, token, _read_anew)
    return _read_anew(scan, at, token)


_SAID = frozenset((*NUMBER_WORDS, "a")) - {"oh", "o", "plus"}
"""Words that ten readers look at, none of which looks at what was read before."""


def _read_anew(scan: Scan, at: int, token: Token) -> int:
    """The first reader that reads something, or the token itself."""
    for reader in _NUMBERS if token.kind in "nf" else STARTS.get(token.text, ()):
        end = reader(scan, at)
        if end != at:
            return end
    if token.kind == "w":
        scan.write(token.text, at, at + 1)
        return at + 1
    if token.kind == "b":
        scan.breaks.add(len(scan.words))
        return at + 1
    return marks.mark(scan, at)
