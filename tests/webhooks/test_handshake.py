"""The handshake: Graph asks whether we listen, before the subscription exists."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from webhooks.payloads import LONGEST_VALIDATION_TOKEN

ADDRESS = "/webhooks/graph/"
TOKEN = "Validation: Testing client application reachability for subscription Request-Id: 1+1=2 & é"


def test_the_token_comes_back_decoded_as_plain_text_that_loads_nothing(client: Client) -> None:
    answer = client.post(ADDRESS, query_params={"validationToken": TOKEN}, content_type="text/plain")

    assert answer.status_code == 200
    assert answer.content.decode() == TOKEN
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"


# Without the mark for a database, pytest-django lets nothing connect: this passes because nothing tries to.
def test_the_handshake_needs_no_database_and_leaves_no_cookie(client: Client) -> None:
    answer = client.post(ADDRESS, query_params={"validationToken": "opaque"})

    assert answer.status_code == 200
    assert not answer.cookies


def test_markup_in_the_token_stays_text(client: Client) -> None:
    answer = client.post(ADDRESS, query_params={"validationToken": "<script>alert(1)</script>"})

    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content == b"<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("x" * LONGEST_VALIDATION_TOKEN, 200),
        ("x" * (LONGEST_VALIDATION_TOKEN + 1), 400),
        ("é" * (LONGEST_VALIDATION_TOKEN // 2 + 1), 400),
        ("", 400),
    ],
)
def test_a_token_of_more_than_a_kilobyte_or_of_nothing_is_not_echoed(client: Client, token: str, status: int) -> None:
    answer = client.post(ADDRESS, query_params={"validationToken": token})

    assert answer.status_code == status
    assert status == 200 or answer.content == b""


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_a_post_is_answered(client: Client, method: str) -> None:
    answer = getattr(client, method)(f"{ADDRESS}?validationToken=opaque")

    assert answer.status_code == 405
    assert b"opaque" not in answer.content


@given(query=st.binary(max_size=300))
def test_any_query_gets_an_answer(query: bytes) -> None:
    answer = Client().post(ADDRESS, QUERY_STRING="validationToken=" + query.decode("latin-1"))

    assert answer.status_code in {200, 400}
