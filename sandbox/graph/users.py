"""`/me` and `/users/{id}`: enough of a person for a calendar client."""

from flask import Response

from sandbox.directory import Person
from sandbox.graph import expand, query
from sandbox.graph.call import PROFILE, Call
from sandbox.graph.envelope import answer, context
from sandbox.graph.routing import mailbox


@mailbox.route("GET", "")
def show_user(call: Call) -> Response:
    call.need(PROFILE)
    # Nothing of a person that comes with an expansion is here.
    expand.read(())
    return answer(query.narrow(_user(call.person), query.selected()))


def _user(person: Person) -> dict[str, object]:
    given, _, family = person.name.partition(" ")
    return {
        "@odata.context": context("users/$entity"),
        "businessPhones": [],
        "displayName": person.name,
        "givenName": given,
        "jobTitle": None,
        "mail": person.mail,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": "en-US",
        "surname": family,
        "userPrincipalName": person.upn,
        "id": person.oid,
    }
