"""How paths of Graph are read: functions in all their spellings, and the parameters they are given."""

import pytest
from flask import Response

from sandbox.graph.call import Call
from sandbox.graph.routing import Router
from sandbox.refusals import Refusal
from tests.sandbox.graph_side import Graph


@pytest.fixture
def router() -> Router:
    made = Router()

    @made.route("GET", "outlook/zones(TimeZoneStandard)", "view(startDateTime,endDateTime)", "events/*/delta")
    def nowhere(_: Call) -> Response:
        return Response()

    return made


@pytest.mark.parametrize(
    "word",
    [
        "zones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')",
        "zones(TimeZoneStandard='Iana')",
        "Zones( timezonestandard = 'Iana' )",
        "microsoft.graph.zones(TimeZoneStandard=Iana)",
    ],
)
def test_a_parameter_is_taken_quoted_bare_or_as_the_value_of_an_enum(router: Router, word: str) -> None:
    found = router.find("GET", ("outlook", word))
    assert found is not None
    assert found.parameters == {"timezonestandard": "Iana"}
    assert found.ids == ()


@pytest.mark.parametrize("word", ["zones", "zones()", "ZONES()", "microsoft.graph.zones()"])
def test_a_function_is_found_without_parameters_too(router: Router, word: str) -> None:
    found = router.find("GET", ("outlook", word))
    assert found is not None
    assert found.parameters == {}


def test_several_parameters_stand_in_any_order_and_may_hold_anything_in_quotes(router: Router) -> None:
    found = router.find("GET", ("view(EndDateTime=2026-12-01T00:00:00+01:00,startDateTime='O''Hara, (later)')",))
    assert found is not None
    assert found.parameters == {"enddatetime": "2026-12-01T00:00:00+01:00", "startdatetime": "O'Hara, (later)"}


def test_a_parameter_that_the_function_does_not_have_leads_nowhere(router: Router) -> None:
    assert router.find("GET", ("view(from='now')",)) is None
    assert router.find("GET", ("events", "1", "delta(from='now')")) is None
    assert router.find("GET", ("events", "1", "delta()")) is not None


@pytest.mark.parametrize("inside", ["startDateTime='a'endDateTime='b'", "startDateTime=", "'a'", "startDateTime='a',"])
def test_parameters_that_cannot_be_read_are_refused(router: Router, inside: str) -> None:
    with pytest.raises(Refusal) as refused:
        router.find("GET", (f"view({inside})",))
    assert (refused.value.status, refused.value.code) == (400, "BadRequest")


def test_a_path_has_one_answer(router: Router) -> None:
    with pytest.raises(ValueError, match="twice"):
        router.route("GET", "events/*/delta")(lambda _: Response())
    router.route("POST", "events/*/delta")(lambda _: Response())


def test_a_word_with_parameters_of_nobody_is_no_resource(graph: Graph) -> None:
    assert graph.refused("GET", "/me/calendar/calendarView/delta(from='now')") == (404, "ResourceNotFound")


def test_no_path_is_answered_by_two_functions(router: Router) -> None:
    with pytest.raises(ValueError, match="EVENTS"):
        router.route("GET", "EVENTS/*/Delta")(lambda _: Response())
    router.route("DELETE", "events/*/delta")(lambda _: Response())
