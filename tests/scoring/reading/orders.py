"""Random medication orders in three written and two spoken styles."""

from dataclasses import dataclass

ONES = str.split(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen"""
)
TENS = str.split("- - twenty thirty forty fifty sixty seventy eighty ninety")
DRUGS = str.split(
    """lisinopril metformin amoxicillin furosemide warfarin sertraline gabapentin prednisone levothyroxine
    cephalexin atorvastatin hydralazine hydroxyzine clonidine klonopin celebrex celexa vancomycin morphine
    digoxin"""
)
# Unit: abbreviation, another, spoken, and the same amount in another unit (factor as a power of ten, unit).
UNITS = {
    "mg": ("mg", "milligrams", (-3, "g")),
    "mcg": ("mcg", "micrograms", (-3, "mg")),
    "g": ("g", "grams", (3, "mg")),
    "units": ("units", "units", None),
    "mEq": ("mEq", "milliequivalents", None),
    "mL": ("mL", "milliliters", (-3, "L")),
    "mg/kg": ("mg/kg", "milligrams per kilogram", (-3, "g/kg")),
    "mcg/kg/min": ("mcg/kg/min", "micrograms per kilogram per minute", None),
    "mL/hr": ("mL/hr", "milliliters per hour", None),
}
ROUTES = {
    "po": ("PO", "by mouth", "p.o.", "by mouth", "orally"),
    "iv": ("IV", "intravenously", "i.v.", "i v", "intravenously"),
    "im": ("IM", "intramuscularly", "i.m.", "intramuscularly", "into the muscle"),
    "subq": ("SC", "subcutaneously", "subq", "subcutaneously", "under the skin"),
    "sl": ("SL", "sublingually", "sublingual", "sublingually", "under the tongue"),
}
FREQUENCIES = {
    "daily": ("daily", "once a day", "q.d.", "once daily", "every day"),
    "bid": ("BID", "twice daily", "b.i.d.", "twice a day", "two times a day"),
    "tid": ("TID", "three times daily", "t.i.d.", "three times a day", "three times daily"),
    "qid": ("QID", "4 times daily", "q.i.d.", "four times a day", "four times daily"),
    "q4h": ("q4h", "every 4 hours", "q 4 hrs", "every four hours", "every four hours"),
    "q6h": ("q6h", "every 6 hours", "Q6H", "every six hours", "every six hours"),
    "q8h": ("q8h", "every 8 hours", "q 8 h", "every eight hours", "every eight hours"),
    "q12h": ("q12h", "every 12 hours", "q 12 hrs", "every twelve hours", "every twelve hours"),
    "q4-6h": ("q4-6h", "every 4 to 6 hours", "q 4-6 hrs", "every four to six hours", "every four to six hours"),
    "qod": ("QOD", "every other day", "q.o.d.", "every other day", "every second day"),
    "qhs": ("qHS", "at bedtime", "q.h.s.", "at bedtime", "at bedtime"),
    "weekly": ("weekly", "once a week", "once weekly", "once a week", "every week"),
    "2/week": ("twice weekly", "2x/week", "2 times a week", "twice a week", "two times a week"),
    "monthly": ("monthly", "once a month", "once monthly", "once a month", "every month"),
}


@dataclass(frozen=True)
class Order:
    """What is ordered: the amount in thousandths of its unit."""

    drug: str
    thousandths: int
    high: int
    unit: str
    route: str
    frequency: str
    needed: bool
    days: int

    @property
    def meaning(self):
        """What makes two orders the same: the amount in its smallest unit, and everything else."""
        top, _, below = self.unit.partition("/")
        power = {"mg": 3, "mcg": 0, "g": 6}.get(top, 0)
        base = "mass" if top in ("mg", "mcg", "g") else top
        amount, high = self.thousandths * 10**power, self.high * 10**power
        return (self.drug, amount, high, base, below, self.route, self.frequency, self.needed, self.days)


def random_order(dice):
    """An order drawn from the grammar."""
    choose = dice.choice
    whole = choose(
        [*range(1, 21), 25, 30, 40, 50, 75, 80, 100, 125, 150, 200, 250, 325, 400, 500, 650, 750, 875, 1000, 1250, 2000]
    )
    thousandths = whole * 1000 + choose([0, 0, 0, 0, 500, 250, 125, 50] if whole < 100 else [0])
    if dice.random() < 0.08:
        thousandths = choose([500, 250, 125, 50, 25, 750])
    high = thousandths * 2 if thousandths % 1000 == 0 and whole < 500 and dice.random() < 0.1 else 0
    return Order(
        choose(DRUGS), thousandths, high, choose(list(UNITS)), choose(list(ROUTES)), choose(list(FREQUENCIES)),
        dice.random() < 0.3, choose([0, 0, 3, 5, 7, 10, 14, 30]),
    )  # fmt: skip


def decimal(thousandths, power=0):
    """Plain digits of thousandths of a unit, moved by powers of ten."""
    digits = f"{thousandths:012d}" + "0" * 6
    point = len(digits) - 9 + power
    whole, places = digits[:point].lstrip("0") or "0", digits[point:].rstrip("0")
    return f"{whole}.{places}" if places else whole


def grouped(digits):
    """Digits with commas between thousands."""
    whole, _, places = digits.partition(".")
    return f"{int(whole):,}" + (f".{places}" if places else "")


def under_thousand(n):
    """A whole number said in full."""
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10] + (f" {ONES[n % 10]}" if n % 10 else "")
    return f"{ONES[n // 100]} hundred" + (f" {under_thousand(n % 100)}" if n % 100 else "")


def full(n):
    """A whole number said in full."""
    if n < 1000:
        return under_thousand(n)
    return f"{under_thousand(n // 1000)} thousand" + (f" {under_thousand(n % 1000)}" if n % 1000 else "")


def short(n):
    """A whole number as it is said on a ward: "one twenty five", "one oh five", "twelve fifty"."""
    if 100 < n < 1000 and n % 100 >= 10:
        return f"{ONES[n // 100]} {under_thousand(n % 100)}"
    if 100 < n < 1000 and n % 100:
        return f"{ONES[n // 100]} oh {ONES[n % 100]}"
    if 1100 <= n < 2000 and n % 100 >= 10:
        return f"{ONES[n // 100]} {under_thousand(n % 100)}"
    if 1100 <= n < 2000 and n % 100 == 0:
        return f"{ONES[n // 100]} hundred"
    return full(n)


def said(thousandths, whole):
    """An amount in words."""
    n, rest = divmod(thousandths, 1000)
    if not rest:
        return whole(n)
    if rest == 500 and whole is short and n:
        return f"{whole(n)} and a half"
    places = " ".join("oh" if d == "0" and whole is short else ONES[int(d)] for d in f"{rest:03d}".rstrip("0"))
    return f"{whole(n)} point {places}" if n or whole is full else f"point {places}"


def styles(order):
    """The order in three written and two spoken styles."""
    mark, spoken, other = UNITS[order.unit]
    ways, times = ROUTES[order.route], FREQUENCIES[order.frequency]
    low, high = order.thousandths, order.high
    one = decimal(low) + (f"-{decimal(high)}" if high else "")
    two = grouped(decimal(low)) + (f" to {grouped(decimal(high))}" if high else "")
    three = one
    unit = mark
    if other:
        three, unit = decimal(low, other[0]) + (f"–{decimal(high, other[0])}" if high else ""), other[1]
    four = said(low, full) + (f" to {said(high, full)}" if high else "")
    five = said(low, short) + (f" to {said(high, short)}" if high else "")
    days, need = order.days, order.needed
    return [
        f"{order.drug} {one} {mark} {ways[0]} {times[0]}" + " PRN" * need + f" x {days} days" * bool(days),
        f"{order.drug.capitalize()} {two} {spoken} {ways[1]} {times[1]}" + ", as needed" * need
        + f" for {days} days" * bool(days) + ".",
        f"{order.drug.upper()} {three}{unit} {ways[2]} {times[2]}" + " p.r.n." * need + f" x{days} days" * bool(days),
        f"{order.drug} {four} {spoken} {ways[3]} {times[3]}" + " as needed" * need
        + f" for {full(days)} days" * bool(days),
        f"{order.drug} {five} {spoken} {ways[4]} {times[4]}" + " p r n" * need
        + f" times {full(days)} days" * bool(days),
    ]  # fmt: skip
