"""Filters are read as they are written, however odd the spelling, and whatever cannot be read is refused."""

import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.graph.filters import parse
from sandbox.refusals import Refusal
from tests.sandbox.graph_side import JSON

ITEM: JSON = {
    "subject": "It's lunch; at Harry's",
    "isAllDay": False,
    "isOrganizer": True,
    "reminderMinutesBeforeStart": 15,
    "seriesMasterId": None,
    "id": "AbC",
    "categories": ["Red", "Blue"],
    "location": {"displayName": "Harry's Bar", "coordinates": {"latitude": 47.672}},
    "attendees": [
        {"type": "required", "emailAddress": {"address": "ada@contoso.example"}},
        {"type": "optional", "emailAddress": {"address": "bob@contoso.example"}},
    ],
    "createdDateTime": "2026-11-20T08:00:00.1234567Z",
    "start": {"dateTime": "2026-12-01T12:00:00.0000000", "timeZone": "Pacific Standard Time"},
    "end": {"dateTime": "2026-12-01T21:00:00.0000000", "timeZone": "UTC"},
}


def fits(text: str, item: JSON = ITEM) -> bool:
    return parse(text).fits(item)


@pytest.mark.parametrize(
    "text",
    [
        "subject eq 'IT''S LUNCH; AT HARRY''S'",
        "startswith(subject,'it''s')",
        "EndsWith( Subject , 'Harry''s' )",
        "contains(location/displayName, 'BAR') and not contains(subject, 'dinner')",
        "isAllDay eq false and IsOrganizer eq TRUE",
        "isOrganizer",
        "not isAllDay",
        "isOrganizer ne 1",
        "seriesMasterId eq null",
        "subject ne null",
        "id eq 'AbC'",
        "id ne 'abc'",
        "reminderMinutesBeforeStart ge 15 and reminderMinutesBeforeStart lt 15.5",
        "15 eq reminderMinutesBeforeStart",
        "location/coordinates/latitude gt 47",
        "start/dateTime eq '2026-12-01T20:00'",
        "start/dateTime eq 2026-12-01T20:00:00Z",
        "start/dateTime ge '2026-12-01T21:00:00+01:00' and start/dateTime le 2026-12-01T21:00:00 01:00",
        "start/dateTime gt 2026-12-01 and end/dateTime lt '2026-12-02'",
        "'2026-12-01T20:00' eq start/dateTime",
        "createdDateTime gt 2026-11-20T08:00:00Z and createdDateTime lt 2026-11-20T08:00:01.0000001Z",
        "categories/any(c:c eq 'red')",
        "categories/all(c: c ne 'green')",
        "categories/Any()",
        "not attendees/any(a: a/emailAddress/address eq 'carla@contoso.example')",
        "attendees/any(a: a/type eq 'optional' and startswith(a/emailAddress/address, 'bob') and isOrganizer)",
        "attendees/any(a: categories/any(c: c eq 'Blue' and a/type eq 'required'))",
        "importance eq null and nowhere/at/all eq null",
        "microsoft.graph.sensitivity'normal' ne subject",
        "(((isOrganizer)))",
        "not (isAllDay or not isOrganizer)",
        "isAllDay or isOrganizer and isOrganizer",
        "cast(reminderMinutesBeforeStart, Edm.Int32) eq 15",
    ],
)
def test_what_is_so_fits(text: str) -> None:
    assert fits(text)
    assert not fits(f"not ({text})")


@pytest.mark.parametrize(
    "text",
    [
        "subject eq 'lunch'",
        "id eq 'abc'",
        "reminderMinutesBeforeStart eq '15'",
        "subject gt 5",
        "seriesMasterId gt 'A'",
        "startswith(reminderMinutesBeforeStart, '1')",
        "contains(seriesMasterId, 'A')",
        "subject",
        "categories/all(c: c eq 'red')",
        "subject/any(c: c eq 'i')",
        "cast(subject, Edm.Int32) eq 5",
        "start/dateTime lt '2026-12-01T20:00'",
    ],
)
def test_what_is_not_so_does_not_fit(text: str) -> None:
    assert not fits(text)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense eq",
        "subject eq 'a' and",
        "subject eq 'a' or or subject eq 'b'",
        "(subject eq 'a'",
        "subject eq 'a')",
        "subject eq 'a",
        "subject is 'a'",
        "subject eq 'a' subject eq 'b'",
        "'a'",
        "5",
        "null",
        "not",
        "startswith(subject)",
        "startswith(subject, 'a'",
        "endsin(subject, 'a')",
        "categories/some(c: c eq 'a')",
        "categories/any(c c eq 'a')",
        "categories/any(c/d: c eq 'a')",
        "categories/any('c': c eq 'a')",
        "categories/all()",
        "cast(subject, Edm.Picture) eq 5",
        "start/dateTime ge 'tomorrow'",
        "start/dateTime ge 7",
        "subject eq 5x",
        "subject eq ;",
        "start/dateTime ge 2026-13-01",
        "(" * 500 + "isOrganizer" + ")" * 500,
        "cast(" * 500 + "subject" + ", Edm.String)" * 500 + " eq 'a'",
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(text)
    assert (refused.value.status, refused.value.code) == (400, "ErrorInvalidUrlQueryFilter")


def test_only_known_members_are_asked_about_where_they_are_known() -> None:
    names = frozenset({"subject", "categories"})
    assert parse("categories/any(x: x eq subject)", names).names == names
    with pytest.raises(Refusal):
        parse("subjekt eq 'a'", names)


def test_all_day_events_are_days_of_utc_in_every_zone() -> None:
    day = {
        "isAllDay": True,
        "start": {"dateTime": "2026-12-24T00:00:00.0000000", "timeZone": "Tokyo Standard Time"},
    }
    assert fits("start/dateTime eq 2026-12-24T00:00:00Z", day)


def test_times_that_nobody_can_read_are_no_times() -> None:
    for time in ("soon", "2026-12-01T00:00:00", None):
        assert fits("start/dateTime eq null", {"start": {"dateTime": time, "timeZone": "Mars"}})
    assert not fits("start/dateTime ge 2026-01-01", {"start": {"dateTime": "2026-12-01T00:00:00", "timeZone": "Mars"}})


# --- whatever is written means what it says ----------------------------------------------------------------

Test = Callable[[JSON], bool]
Written = tuple[str, Test]

_ORDERS = {"eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt,
           "le": operator.le}  # fmt: skip
_blank = st.sampled_from(["", " ", "  "])
_gap = st.sampled_from([" ", "   ", "\t"])
_texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=6)


def _cased(word: str) -> st.SearchStrategy[str]:
    return st.sampled_from([word, word.upper(), word.title()])


@st.composite
def _comparisons(draw: st.DrawFn) -> Written:
    name, value = draw(
        st.sampled_from(["subject", "importance"]).flatmap(lambda n: st.tuples(st.just(n), _texts | st.none()))
        | st.tuples(st.just("reminder"), st.integers(-9, 9) | st.none())
        | st.tuples(st.just("isAllDay"), st.booleans())
    )
    how = draw(st.sampled_from(sorted(_ORDERS) if not isinstance(value, bool) else ["eq", "ne"]))
    match value:
        case None:
            literal = draw(_cased("null"))
        case bool():
            literal = draw(_cased(str(value).lower()))
        case str():
            quoted = value.replace("'", "''")
            literal = f"'{quoted}'"
        case _:
            literal = str(value)

    def test(item: JSON) -> bool:
        found = item.get(name)
        one, other = (x.casefold() if isinstance(x, str) else x for x in (found, value))
        if how in {"eq", "ne"}:
            return bool(_ORDERS[how](one, other))
        return one is not None and other is not None and bool(_ORDERS[how](one, other))

    return f"{draw(_cased(name))}{draw(_gap)}{draw(_cased(how))}{draw(_gap)}{literal}", test


@st.composite
def _moments(draw: st.DrawFn) -> Written:
    offset = draw(st.none() | st.integers(-14 * 4, 14 * 4))
    moment = draw(st.datetimes(datetime(2026, 11, 30), datetime(2026, 12, 2)))  # noqa: DTZ001 - the offset follows
    how = draw(st.sampled_from(sorted(_ORDERS)))
    aware = moment.replace(tzinfo=UTC if offset is None else timezone(timedelta(minutes=15 * offset)))
    text = moment.isoformat() if offset is None else aware.isoformat()
    literal = draw(st.sampled_from([text, f"'{text}'", text.replace("+", " ")]))

    def test(item: JSON) -> bool:
        return bool(_ORDERS[how](item["start_utc"], aware))

    return f"start/dateTime {how} {literal}", test


@st.composite
def _text_tests(draw: st.DrawFn) -> Written:
    how, found = draw(
        st.sampled_from([("startswith", str.startswith), ("endswith", str.endswith), ("contains", operator.contains)])
    )
    part = draw(_texts)
    quoted = part.replace("'", "''")

    def test(item: JSON) -> bool:
        subject = item.get("subject")
        return isinstance(subject, str) and bool(found(subject.casefold(), part.casefold()))

    return f"{draw(_cased(how))}({draw(_blank)}subject{draw(_blank)},{draw(_blank)}'{quoted}')", test


@st.composite
def _lambdas(draw: st.DrawFn) -> Written:
    how, combine = draw(st.sampled_from([("any", any), ("all", all)]))
    word = draw(st.sampled_from(["red", "blue", "green"]))

    def test(item: JSON) -> bool:
        return combine(each == word for each in item["categories"])

    return f"categories/{draw(_cased(how))}({draw(_blank)}c{draw(_blank)}:{draw(_blank)}c eq '{word}')", test


def _joined(parts: st.SearchStrategy[Written]) -> st.SearchStrategy[Written]:
    @st.composite
    def both(draw: st.DrawFn) -> Written:
        word, combine = draw(st.sampled_from([("and", all), ("or", any)]))
        some = draw(st.lists(parts, min_size=2, max_size=3))
        text = f"{draw(_gap)}{draw(_cased(word))}{draw(_gap)}".join(f"({draw(_blank)}{one})" for one, _ in some)
        return text, lambda item: combine(test(item) for _, test in some)

    @st.composite
    def negated(draw: st.DrawFn) -> Written:
        text, test = draw(parts)
        return f"{draw(_cased('not'))}{draw(_blank)}({text})", lambda item: not test(item)

    return both() | negated()


_conditions = st.recursive(_comparisons() | _moments() | _text_tests() | _lambdas(), _joined, max_leaves=8)
_ZONES = {"UTC": 0, "Tokyo Standard Time": 9, "US Mountain Standard Time": -7}


@st.composite
def _items(draw: st.DrawFn) -> JSON:
    start = draw(st.datetimes(datetime(2026, 11, 30), datetime(2026, 12, 2)))  # noqa: DTZ001 - its zone stands beside
    zone = draw(st.sampled_from(sorted(_ZONES)))
    return {
        "subject": draw(_texts | st.none()),
        "importance": draw(_texts),
        "reminder": draw(st.integers(-9, 9) | st.none()),
        "isAllDay": draw(st.booleans()),
        "categories": draw(st.lists(st.sampled_from(["red", "blue", "green"]), max_size=3)),
        "start": {"dateTime": f"{start.isoformat(timespec='microseconds')}0", "timeZone": zone},
        "start_naive": start,
    }


@given(_conditions, _items())
def test_a_filter_means_what_its_parts_say(written: Written, item: JSON) -> None:
    text, test = written
    start: datetime = item.pop("start_naive")
    hours = 0 if item.get("isAllDay") else _ZONES.get(item.get("start", {}).get("timeZone", "UTC"), 0)
    known: dict[str, Any] = {**item, "start_utc": start.replace(tzinfo=UTC) - timedelta(hours=hours)}
    assert parse(text).fits(item) is test(known)


@given(_comparisons(), _comparisons(), _comparisons(), _items())
def test_and_binds_stronger_than_or(one: Written, two: Written, three: Written, item: JSON) -> None:
    text = f"{one[0]} or {two[0]} and {three[0]}"
    assert parse(text).fits(item) is (one[1](item) or (two[1](item) and three[1](item)))
    negated = f"not {one[0]} and {two[0]}"
    assert parse(negated).fits(item) is (not one[1](item) and two[1](item))


def verdict(text: str) -> bool | int:
    """Whether an item fits, or the status of the refusal."""
    try:
        return fits(text)
    except Refusal as refused:
        return refused.status


@given(st.text("()'/,:aeioqnrdtg0159 -.", max_size=40))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    assert verdict(text) in {True, False, 400}
