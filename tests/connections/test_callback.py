"""The callback takes whatever a stranger posts: a page, never a fault, and no trace."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.connections.conftest import CALLBACK, FORM, NOTHING, Stored, Traveller, post_back

CONTENT_TYPES = [
    FORM,
    f"{FORM}; charset=utf-16",
    f"{FORM}; charset=nonsense",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "text/plain",
    "",
    "\x00",
]


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=2000), content_type=st.sampled_from(CONTENT_TYPES))
def test_any_bytes_get_a_page(cast: object, acme: Stored, body: bytes, content_type: str) -> None:
    response = Client().generic("POST", CALLBACK, body, content_type=content_type)
    assert response.status_code in {400, 410}
    assert acme.counts() == NOTHING


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(
        st.sampled_from(["code", "state", "error", "error_description", "error_subcode", "id_token", "\x00"]),
        st.text(max_size=200),
        max_size=7,
    )
)
def test_any_fields_get_a_page(cast: object, acme: Stored, fields: dict[str, str]) -> None:
    body = urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in fields.items()})
    response = Client().post(CALLBACK, body, content_type=FORM)
    assert response.status_code in {400, 410}
    assert acme.counts() == NOTHING


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(
        st.sampled_from(["code", "error", "error_description", "error_subcode", "error_uri", "client_info"]),
        st.text(max_size=200),
        max_size=6,
    )
)
def test_any_answer_to_a_live_sign_in_gets_a_page(alice: Traveller, acme: Stored, fields: dict[str, str]) -> None:
    state = parse_qs(urlsplit(alice.begin()).query)["state"][0]
    safe = {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}
    response = alice.return_with({**safe, "state": state})
    assert response.status_code in {200, 400, 503}
    assert acme.counts() == NOTHING


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "patch", "options"])
def test_only_a_post_is_taken(db: None, method: str) -> None:
    assert getattr(Client(), method)(CALLBACK).status_code == 405


@pytest.mark.parametrize("method", ["post", "head", "put", "delete"])
def test_only_a_get_finishes(db: None, method: str) -> None:
    assert getattr(Client(), method)("/connections/finish/?k=x").status_code == 405


@pytest.mark.parametrize(
    "too_much",
    [
        {"code": "x" * 8193},
        {"state": "x" * 257},
        {"error": "x" * 129},
        {"error_description": "x" * 8193},
        {f"field{number}": "x" for number in range(40)},
        {"other": "x" * 33_000},
    ],
)
def test_an_answer_beyond_every_measure_is_not_kept(alice: Traveller, acme: Stored, too_much: dict[str, str]) -> None:
    answer = alice.answer("alice.moreau@contoso.example")
    assert post_back(answer | too_much).status_code == 400
    assert acme.counts()["SignInAnswer"] == 0


def test_an_unknown_state_gets_a_friendly_page_and_leaves_no_trace(alice: Traveller, acme: Stored) -> None:
    answer = alice.answer("alice.moreau@contoso.example")
    response = post_back(answer | {"state": "made up"})
    assert response.status_code == 410
    assert "too old or was used" in response.content.decode()
    assert "Set-Cookie" not in response.headers
    assert acme.counts() == NOTHING | {"SignInFlow": 1}


def test_the_callback_needs_no_session_and_makes_none(alice: Traveller) -> None:
    stranger = Client()
    stranger.post(CALLBACK, urlencode(alice.answer("alice.moreau@contoso.example")), content_type=FORM)
    assert not stranger.cookies
