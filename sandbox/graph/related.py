"""What hangs on an event and is shown only when it is asked for: the targets of `$expand`, and of filters."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, TypeVar

from sandbox import attachments, extended, extensions, series
from sandbox.graph import query
from sandbox.graph.calendars import show as show_calendar
from sandbox.graph.call import Call
from sandbox.graph.expand import Expansion
from sandbox.graph.extending import MULTI, SINGLE, expanded_properties, searched_properties, spelled
from sandbox.graph.listing import Kind
from sandbox.graph.query import Shown
from sandbox.items import Event
from sandbox.render import NAMES, Renderer
from sandbox.series import Instance

Listed = TypeVar("Listed")
Place = tuple[Event, date | None]
Expander = Callable[[Place, Expansion], Shown]


def singles(call: Call) -> Kind[Event]:
    """Lists of single events and masters."""
    return _kind(call, call.renderer.single, lambda event: (event, None))


def instances(call: Call, *, hidden: frozenset[str] = frozenset()) -> Kind[Instance]:
    """Lists of what happens at some time."""
    return _kind(call, call.renderer.instance, lambda one: (one.event, one.slot), hidden=hidden)


def one_event(call: Call) -> Mapping[str, Expander]:
    """What comes with a single event: more than with those of a list."""
    return _related(call) | {
        "instances": partial(_instances, call),
        "exceptionoccurrences": partial(_exceptions, call),
    }


def show_place(renderer: Renderer, place: Place) -> Shown:
    """The event itself, or an instance of it."""
    event, slot = place
    return renderer.single(event) if slot is None else renderer.instance(series.instance_at(event, slot))


def _kind(
    call: Call,
    show: Callable[[Listed], Shown],
    place: Callable[[Listed], Place],
    *,
    hidden: frozenset[str] = frozenset(),
) -> Kind[Listed]:
    def at_place(expander: Expander) -> Callable[[Listed, Expansion], Shown]:
        return lambda item, wish: expander(place(item), wish)

    return Kind(
        show,
        names=NAMES,
        searched={
            "extensions": lambda item: _searched_extensions(place(item)),
            SINGLE: lambda item: _searched_properties(place(item)),
        },
        related={name: at_place(expander) for name, expander in _related(call).items()},
        hidden=hidden,
    )


def _related(call: Call) -> dict[str, Expander]:
    def if_seen(expander: Expander) -> Expander:
        """Of what the caller may not see, nothing comes along."""
        return lambda place, wish: {} if call.sight.hides(place[0].members_at(place[1])) else expander(place, wish)

    # Events of groups have none.
    of_people = {} if call.group is not None else {"attachments": if_seen(partial(_attachments, call))}
    return of_people | {
        "calendar": partial(_calendar, call),
        "extensions": if_seen(_extensions),
        SINGLE: if_seen(partial(_properties, several=False)),
        MULTI: if_seen(partial(_properties, several=True)),
    }


def _attachments(call: Call, place: Place, wish: Expansion) -> Shown:
    renderer = call.renderer
    shown: list[Shown] = [renderer.attachment(*place, each) for each in attachments.of(*place).values()]
    return {"attachments": wish.narrowed(wish.fitting(shown))}


def _calendar(call: Call, place: Place, wish: Expansion) -> Shown:
    calendar = call.reach.copy or call.mailbox.calendars[place[0].calendar]
    return {"calendar": query.narrow(show_calendar(call, calendar), query.names_in(wish.options.get("select")))}


def _extensions(place: Place, wish: Expansion) -> Shown:
    found = wish.fitting(_searched_extensions(place))
    # Without a match the member is left out.
    return {"extensions": wish.narrowed([each | {"id": each["id"].shown} for each in found])} if found else {}


def _searched_extensions(place: Place) -> list[Shown]:
    return [spelled(extensions.shown(each), extensions.key_of) for each in place[0].extensions.values()]


def _properties(place: Place, wish: Expansion, *, several: bool) -> Shown:
    return expanded_properties(_properties_of(place), wish, several=several)


def _searched_properties(place: Place) -> list[Shown]:
    return searched_properties(_properties_of(place))


def _properties_of(place: Place) -> extended.Properties:
    event, slot = place
    return extended.of(event, event.overrides.get(slot) if slot is not None else None)


def _instances(call: Call, place: Place, wish: Expansion) -> Shown:
    event, slot = place
    if event.rule is None or slot is not None:
        return {}
    start, end = query.window()
    renderer = call.renderer
    return {"instances": wish.narrowed([renderer.instance(one) for one in series.view(event, start, end)])}


def _exceptions(call: Call, place: Place, wish: Expansion) -> Shown:
    event, slot = place
    # Expanding alone does not bring them: they must be selected as well.
    if event.rule is None or slot is not None or "exceptionoccurrences" not in query.selected():
        return {}
    renderer = call.renderer
    shown: list[Any] = [renderer.instance(series.instance_at(event, day)) for day in sorted(event.overrides)]
    return {"exceptionOccurrences": wish.narrowed(shown)}
