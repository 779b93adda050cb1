"""Which accounts a page offers, and which one was taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.directory import Person
from sandbox.identity.browsers import BrowserSession
from sandbox.identity.service import Identity

# A page with a thousand buttons helps nobody; further people can be typed.
MOST_LISTED = 30


def accounts_for(
    identity: Identity,
    session: BrowserSession | None,
    fits: Callable[[Person], bool],
    hinted: Person | None = None,
) -> tuple[list[Person], list[Person]]:
    """
    The accounts shown at once, and those behind "use another account".

    At once: the hinted person; else those signed in in `session`; else everybody who fits.
    """
    people = identity.directory.people
    if hinted is not None:
        listed = [hinted]
    else:
        signed_in = session.signed_in if session is not None else {}
        listed = [person for person in people if person.oid in signed_in and fits(person)]
        listed = listed or [person for person in people if fits(person)]
    listed = listed[:MOST_LISTED]
    others = [person for person in people if person not in listed]
    # Those who do not fit come last: they are there to show what Microsoft says to them.
    others.sort(key=lambda person: not fits(person))
    return listed, others[:MOST_LISTED]


def chosen_person(identity: Identity, form: Mapping[str, str]) -> Person | None:
    """
    By the button that was pressed (`person`), or the address that was typed (`username`).

    Always the account at home, also where somebody typed the name of a guest.
    """
    found = identity.directory.find_person(form.get("person") or form.get("username") or "")
    return identity.directory.at_home(found) if found is not None else None
