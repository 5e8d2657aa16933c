"""Nested values as flat rows and back."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import StoreError
from workbench.scoring.row import flatten, row_types, unflatten


@dataclass(frozen=True, slots=True)
class Inner:
    """A part."""

    count: int = 0
    times_ns: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Outer:
    """A whole."""

    name: str
    valid: bool | None = None
    share: float | None = None
    part: Inner = field(default_factory=Inner)
    reasons: dict[str, str] = field(default_factory=dict)


KEYS = st.text("abc_", min_size=1)
OUTER = st.builds(
    Outer,
    st.text(),
    st.none() | st.booleans(),
    st.none() | st.floats(allow_nan=False),
    st.builds(Inner, st.integers(), st.lists(st.none() | st.integers()).map(tuple)),
    st.dictionaries(KEYS, st.text()),
)


def test_a_part_puts_its_name_in_front():
    """Names and types of the flat columns."""
    assert row_types(Outer) == {
        "name": "string",
        "valid": "bool",
        "share": "double",
        "part_count": "int64",
        "part_times_ns": "list<int64>",
        "reasons": "list<string>",
    }


@given(OUTER)
def test_a_row_gives_the_value_back(value):
    """Flatten and unflatten are inverse, and a row has exactly the declared columns."""
    row = flatten(value)
    assert list(row) == list(row_types(Outer))
    assert unflatten(Outer, row) == value


def test_columns_that_an_older_row_lacks_take_their_defaults():
    """A column added later does not make old rows unreadable."""
    assert unflatten(Outer, {"name": "x"}) == Outer("x")


def test_a_missing_column_without_default_is_named():
    """The error says which column."""
    with pytest.raises(StoreError, match="name: a score row lacks a column"):
        unflatten(Outer, {"valid": True})


def test_rows_hold_nothing_but_scalars_and_lists():
    """A field of another kind is refused when the columns are declared."""

    @dataclass
    class Odd:
        held: bytes

    with pytest.raises(TypeError, match="rows hold no"):
        row_types(Odd)
