"""Chance that comes out the same for the same seed."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item")


class Dice(Random):
    """
    Asked thousands of times for one calendar, so each question is one step. What comes out is what `choice`,
    `randrange` and `sample` give, whose detours through checks cost more than the draw itself.
    """

    def between(self, lowest: int, beyond: int) -> int:
        """A whole number from `lowest` on, and below `beyond`."""
        span = beyond - lowest
        bits = span.bit_length()
        found = self.getrandbits(bits)
        while found >= span:
            found = self.getrandbits(bits)
        return lowest + found

    def one_of(self, items: Sequence[Item]) -> Item:
        return items[self.between(0, len(items))]

    def some_of(self, items: Sequence[Item], count: int) -> list[Item]:
        """Different ones, in the order in which they were drawn."""
        left, found = list(items), []
        for last in range(len(left) - 1, len(left) - 1 - count, -1):
            drawn = self.between(0, last + 1)
            found.append(left[drawn])
            left[drawn] = left[last]
        return found
