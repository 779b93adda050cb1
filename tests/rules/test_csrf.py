"""A POST from another site does nothing, anywhere; but for two addresses that machines call."""

from django.conf import settings
from django.test import Client

from tests.cast import signed_in
from tests.rules import walk
from tests.rules.visits import path_to
from tests.rules.world import World

EXEMPT = {
    "/connections/callback/": "Microsoft's page posts it; it is good for a live flow only, and sees no session",
    "/webhooks/graph/": "Microsoft's servers post it; every item is checked by itself",
}


def test_two_addresses_are_exempt_and_no_third():
    assert {address.route for address in walk.addresses() if address.is_csrf_exempt} == set(EXEMPT)


def test_every_other_post_without_a_token_is_a_403(world: World):
    """As Bob, who may; in the admin as staff. A token from elsewhere helps nobody either."""
    wrong = []
    for address in walk.addresses():
        if address.route in EXEMPT:
            continue
        for token in ("", "x" * 64):
            person = world.cast.support if address.is_support else world.cast.bob
            client = Client(enforce_csrf_checks=True)
            client.cookies[settings.SESSION_COOKIE_NAME] = signed_in(person).cookies[settings.SESSION_COOKIE_NAME].value
            answer = client.post(path_to(address, world), {"csrfmiddlewaretoken": token})
            if answer.status_code != 403:
                wrong.append((address.route, answer.status_code))
    assert wrong == []


def test_the_page_for_it_says_what_to_do(db: None):
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {})
    assert b"reload the page and try again" in answer.content
