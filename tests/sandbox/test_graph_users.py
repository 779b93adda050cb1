"""People as the directory shows them: oneself, a colleague, and all of them."""

import pytest

from tests.sandbox.graph_side import ALICE, BOB, FARID, PAULA, Graph, StandIn
from tests.sandbox.samples import lacks, sample
from tests.sandbox.sharing_side import app
from tests.shared import shared

NO_PRIVILEGES = (403, "Authorization_RequestDenied")
UNKNOWN = (404, "Request_ResourceNotFound")


@pytest.fixture
def colleague(stand_in: StandIn) -> Graph:
    return stand_in.graph(ALICE, ("User.ReadBasic.All",))


def test_ones_own_profile_needs_its_own_scope(stand_in: StandIn) -> None:
    reader = stand_in.graph(scopes=("User.Read",))
    for path in ("/me", f"/users/{ALICE}", f"/users/{stand_in.person(ALICE).oid}"):
        shown = reader.get(path)
        assert shown["userPrincipalName"] == ALICE
        assert lacks(shown, sample("user-me-response")) == ["/businessPhones is empty"]
    assert stand_in.graph(scopes=("Calendars.ReadWrite",)).refused("GET", "/me") == NO_PRIVILEGES
    assert set(reader.get("/me?$select=mail,displayName")) == {"@odata.context", "id", "mail", "displayName"}


def test_colleagues_need_another_scope(stand_in: StandIn, colleague: Graph) -> None:
    assert stand_in.graph(scopes=("User.Read",)).refused("GET", f"/users/{BOB}") == NO_PRIVILEGES
    basic = colleague.get(f"/users/{BOB}")
    assert (basic["displayName"], basic["mail"], basic["preferredLanguage"]) == ("Bob Ito", BOB, None)
    full = stand_in.graph(scopes=("User.Read.All",)).get(f"/users/{BOB}")
    assert full["preferredLanguage"] == "en-US"
    assert full.keys() == basic.keys()
    assert stand_in.graph(scopes=("Directory.Read.All",)).get(f"/users/{BOB}") == full
    assert app(stand_in, "User.Read.All").get(f"/users/{BOB}")["mail"] == BOB
    assert app(stand_in, "User.Read").refused("GET", f"/users/{BOB}") == NO_PRIVILEGES


def test_who_is_not_in_the_tenant_is_unknown(colleague: Graph) -> None:
    for name in (FARID, PAULA, "nobody@contoso.example", "11111111-2222-4333-8444-555555555555"):
        assert colleague.refused("GET", f"/users/{name}") == UNKNOWN
        assert colleague.refused("GET", f"/users/{name}/events") == (404, "ErrorInvalidUser")


def headcount(stand_in: StandIn) -> int:
    """How many people Contoso has."""
    return sum(each["userPrincipalName"].endswith("@contoso.example") for each in stand_in.look("world")["people"])


def test_colleagues_are_listed_page_by_page(stand_in: StandIn, colleague: Graph) -> None:
    pages = list(colleague.pages("/users?$top=3&$select=userPrincipalName"))
    assert [len(page["value"]) for page in pages[:-1]] == [3] * (len(pages) - 1)
    assert "$skiptoken=" in pages[0]["@odata.nextLink"]
    people = [each["userPrincipalName"] for page in pages for each in page["value"]]
    assert {ALICE, BOB} <= set(people)
    assert len(set(people)) == len(people) == headcount(stand_in)
    assert all(name.endswith("@contoso.example") for name in people)
    assert set(pages[0]["value"][0]) == {"id", "userPrincipalName"}
    assert len(app(stand_in, "User.ReadBasic.All").all("/users")) == headcount(stand_in)


def test_a_long_directory_comes_in_pages_of_a_hundred(stand_in: StandIn) -> None:
    stand_in.door("reset", mailboxes=120, events=0)
    pages = list(stand_in.graph(ALICE, ("User.Read.All",)).pages("/users"))
    assert len(pages[0]["value"]) == 100
    assert len({each["id"] for page in pages for each in page["value"]}) > 110


def test_colleagues_are_filtered_ordered_and_counted(stand_in: StandIn, colleague: Graph) -> None:
    found = colleague.get("/users?$filter=startswith(displayName,'B')")
    assert [each["displayName"] for each in found["value"]] == ["Bob Ito"]
    assert len(colleague.all(f"/users?$filter=mail eq '{BOB}'")) == 1
    names = [each["displayName"] for each in colleague.all("/users?$orderby=displayName desc")]
    assert names == sorted(names, reverse=True)
    assert "@odata.count" not in colleague.get("/users?$count=true")
    assert colleague.get("/users?$count=true", ConsistencyLevel="eventual")["@odata.count"] == headcount(stand_in)


def test_a_list_that_may_not_be_read_or_asked_for_so_is_refused(stand_in: StandIn, colleague: Graph) -> None:
    for scopes in (("User.Read",), ("Calendars.Read.Shared",)):
        assert stand_in.graph(scopes=scopes).refused("GET", "/users") == NO_PRIVILEGES
    assert stand_in.graph(PAULA, ("User.ReadBasic.All",)).refused("GET", "/users") == NO_PRIVILEGES
    assert colleague.refused("GET", "/users?$skip=2") == (400, "Request_UnsupportedQuery")
    for token in ("x", "RFNwdA==", "%C3%A4"):
        assert colleague.refused("GET", f"/users?$skiptoken={token}") == (400, "Directory_ExpiredPageToken")
    assert colleague.refused("GET", "/users?$top=0") == (400, "BadRequest")
    assert colleague.refused("POST", "/users", {"displayName": "Mallory"})[0] == 405


def test_a_photo_cannot_be_expanded_as_in_the_published_sample(graph: Graph) -> None:
    wanted = shared("graph/examples/error-400-expand-not-supported.json")["error"]
    for word in ("photo", "Photo($select=id)"):
        response = graph.call("GET", f"/me?$expand={word}")
        error = response.get_json()["error"]
        assert (response.status_code, error["code"], error["message"]) == (400, wanted["code"], wanted["message"])
    assert graph.get("/me?$expand=manager")["mail"] == ALICE


def test_nobody_has_a_photo(graph: Graph) -> None:
    for path in ("/me/photo", "/me/photo/$value", "/me/photos"):
        assert graph.refused("GET", path) == (404, "ImageNotFound")
