"""The sandbox's numbers against the list that was gathered from documents and recordings."""

from typing import Any

from sandbox.identity.numbers import FAULTS, Where
from tests.shared import shared

# Said by the sandbox, but not by any list: instance discovery, and secrets sent by pages.
OUTSIDE = {50049, 9002326}
PLACES = {"page": Where.PAGE, "redirect": Where.REDIRECT, "token": Where.TOKEN, "discovery": Where.DISCOVERY}


def listed() -> dict[int, Any]:
    return {code["code"]: code for code in shared("identity/errors.json")["codes"]}


def test_every_number_of_the_list_can_be_said_as_the_list_has_it() -> None:
    for number, known in listed().items():
        fault = FAULTS[number]
        assert set(fault.errors) == {error for error in known["error"] if error}, number
        assert set(fault.suberrors) == set(known.get("suberror", [])), number
        assert all(PLACES[place] & fault.where for place in known["where"]), number
        if Where.TOKEN in fault.where and "http_status" in known:
            assert fault.status == known["http_status"], number


def test_nothing_is_said_that_the_list_does_not_have() -> None:
    assert set(FAULTS) - set(listed()) == OUTSIDE
