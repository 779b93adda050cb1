"""Which accounts a page offers, and which one was taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

from sandbox.directory import Person
from sandbox.identity.browsers import Attempt, BrowserSession
from sandbox.identity.http import page
from sandbox.identity.service import Identity

# A page with a thousand buttons helps nobody; further people can be typed.
MOST_LISTED = 30


def accounts_page(
    identity: Identity,
    attempt: Attempt[Any],
    fits: Callable[[Person], bool],
    *,
    purpose: str,
    base: str,
    is_approval: bool,
    hinted: Person | None = None,
    hint: str = "",
    unknown: str | None = None,
) -> Response:
    """
    The choice is posted below `base`; `unknown` is what was typed there before and is nobody's address.

    An approval offers every administrator, whoever is signed in: nobody approves by habit.
    """
    listed, others = _accounts_for(identity, None if is_approval else attempt.session, fits, hinted)
    return page(
        "sign-in-accounts.html",
        purpose=purpose,
        base=base,
        attempt=attempt.key,
        listed=listed,
        others=others,
        signed_in=attempt.session.signed_in,
        directory=identity.directory,
        hint=hint,
        is_approval=is_approval,
        unknown=unknown,
    )


def _accounts_for(
    identity: Identity,
    session: BrowserSession | None,
    fits: Callable[[Person], bool],
    hinted: Person | None,
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
