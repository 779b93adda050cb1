"""Refusals on request: who meets which number, where, and how often."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from sandbox.identity.numbers import FAULTS, Fault, Where


@dataclass
class Script:
    """`fault` is met at `where` it shows itself, for ever or a number of times."""

    fault: Fault
    times: int | None = None

    @classmethod
    def of(
        cls,
        number: int,
        *,
        times: int | None = None,
        where: str | None = None,
        error: str | None = None,
        suberror: str | None = None,
    ) -> Script:
        """
        The script for a number; `where` (page, redirect, token, discovery), `error` and `suberror` choose
        among what is known of it.

        Raises:
            ValueError: the sandbox cannot say that.
        """
        fault = FAULTS.get(number)
        if fault is None:
            raise ValueError(f"AADSTS{number} is not among the refusals of the sandbox.")
        if where is not None:
            place = Where.__members__.get(where.upper())
            if place is None or not place & fault.where:
                raise ValueError(f"AADSTS{number} does not show itself at {where!r}.")
            fault = replace(fault, where=place)
        if error is not None:
            if error not in fault.errors:
                raise ValueError(f"AADSTS{number} comes with {', '.join(fault.errors) or 'no error value'}.")
            fault = replace(fault, errors=(error,))
        if suberror is not None:
            fault = replace(fault, suberrors=(suberror,) if suberror else ())
        return cls(fault, times)


class Scripts:
    """At most one for each person, tenant or app; keys are their ids."""

    def __init__(self) -> None:
        self._by_key: dict[str, Script] = {}

    def put(self, key: str, script: Script) -> None:
        self._by_key[key] = script

    def take_back(self, key: str) -> None:
        self._by_key.pop(key, None)

    def cure(self, keys: Iterable[str], numbers: Collection[int]) -> None:
        """Take back what is among `numbers`: the person has done what it asked for."""
        for key in keys:
            if key in self._by_key and self._by_key[key].fault.number in numbers:
                del self._by_key[key]

    def meets(self, keys: Iterable[str], where: Where) -> Fault | None:
        """The refusal that the first of `keys` meets at one of these places, used up by one meeting."""
        for key in keys:
            script = self._by_key.get(key)
            if script is None or not script.fault.where & where:
                continue
            if script.times is not None:
                script.times -= 1
                if script.times <= 0:
                    del self._by_key[key]
            return script.fault
        return None
