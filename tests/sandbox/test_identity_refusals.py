"""The sandbox's numbers against the list that was gathered from documents and recordings."""

from sandbox.identity.aadsts import FAULTS, Where
from tests.shared import shared

# Said by the sandbox, but not by any list: instance discovery, and secrets sent by pages.
OUTSIDE = {50049, 9002326}


def test_every_refusal_agrees_with_the_list() -> None:
    known = {code["code"]: code for code in shared("identity/errors.json")["codes"]}
    for number, fault in FAULTS.items():
        if number in OUTSIDE:
            continue
        listed = known[number]
        expected = [error for error in listed["error"] if error] or ["access_denied"]
        assert fault.error in expected, number
        if fault.suberror:
            assert fault.suberror in listed.get("suberror", [fault.suberror]), number
        if Where.TOKEN in fault.where and "http_status" in listed:
            assert fault.status == listed["http_status"], number
