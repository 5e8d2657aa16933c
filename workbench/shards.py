"""Parts of a run that machines play apart: which sessions belong to which."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.errors import InputError

__all__ = ["Shard"]


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of equal size.

    Attributes:
        number: from 1.
        of: how many there are.

    Raises:
        InputError: there is no such part.
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise InputError(
                "there is no such shard", item="--shard", got=str(self), expected=f"1/{self.of} to {self.of}/{self.of}"
            )

    @classmethod
    def parse(cls, text: str) -> Shard:
        """``2/4`` is the second of four.

        >>> Shard.parse("2/4").holds(5)
        True

        Raises:
            InputError: not of this form, or no such part.
        """
        parts = re.fullmatch(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", text.strip())
        if parts is None:
            raise InputError("not a shard", item="--shard", got=text, expected="a number and how many, such as 2/4")
        return cls(int(parts[1]), int(parts[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def holds(self, place: int) -> bool:
        """Whether the block at ``place`` of the order of playing belongs to it."""
        return place % self.of == self.number - 1
