"""What an error of Microsoft's sign-in asks of us, and what people read about it."""

import json
from pathlib import Path
from typing import Any

import pytest

from connections.models import Status
from connections.reasons import WORDS, Kind, classify, words_for
from tests.shared import shared


@pytest.fixture
def documented() -> dict[str, Any]:
    document: dict[str, Any] = shared("identity/errors.json")
    return document


def test_every_documented_number_is_in_our_table_with_the_documented_kind(documented: dict[str, Any]) -> None:
    ours = json.loads((Path(__file__).parents[2] / "connections" / "aadsts.json").read_text())["numbers"]
    assert {number: kind for number, (kind, _) in ours.items()} == {
        str(code["code"]): code["class"] for code in documented["codes"]
    }


def test_every_reason_in_the_table_of_numbers_has_words() -> None:
    ours = json.loads((Path(__file__).parents[2] / "connections" / "aadsts.json").read_text())["numbers"]
    assert {reason for _, reason in ours.values() if reason} <= set(WORDS)


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ({"error": "temporarily_unavailable", "numbers": [90033]}, Kind.RETRY, "microsoft_busy"),
        ({"error": "server_error", "numbers": [7000215]}, Kind.RETRY, "microsoft_busy"),
        ({"error": "invalid_client", "numbers": [7000222]}, Kind.OPERATOR_CONFIG, "our_setup"),
        ({"error": "unauthorized_client", "numbers": [999999]}, Kind.OPERATOR_CONFIG, "our_setup"),
        ({"error": "invalid_client", "numbers": [650052]}, Kind.ADMIN_CONSENT, "service_missing"),
        ({"error": "interaction_required", "numbers": [50105]}, Kind.NOT_ASSIGNED, "not_assigned"),
        ({"error": "invalid_grant", "suberror": "message_only", "numbers": [53003]}, Kind.BLOCKED_BY_POLICY, None),
        ({"error": "invalid_grant", "suberror": "additional_action"}, Kind.BLOCKED_BY_POLICY, "blocked_by_policy"),
        ({"error": "invalid_grant", "suberror": "consent_required", "numbers": [65001]}, Kind.REAUTHORIZE, None),
        ({"error": "invalid_grant", "suberror": "bad_token", "numbers": [50173]}, Kind.REAUTHORIZE, "sessions_reset"),
        ({"error": "invalid_grant", "numbers": [700082]}, Kind.REAUTHORIZE, "unused_too_long"),
        ({"error": "invalid_grant", "numbers": [123456789]}, Kind.REAUTHORIZE, "sign_in_again"),
        ({"error": "invalid_grant", "numbers": [50057]}, Kind.REAUTHORIZE, "account_disabled"),
        ({"error": "login_required"}, Kind.REAUTHORIZE, "sign_in_again"),
        ({"error": "invalid_request", "numbers": [900144]}, Kind.BAD_REQUEST, "our_request"),
        ({"error": "never heard of"}, Kind.BAD_REQUEST, "our_request"),
        ({"error": ""}, Kind.BAD_REQUEST, "our_request"),
        ({"error": "invalid_grant", "numbers": ["65001", True, None]}, Kind.REAUTHORIZE, "sign_in_again"),
    ],
)
def test_status_error_and_suberror_decide_and_numbers_choose_the_words(
    answer: dict[str, Any], kind: Kind, reason: str | None
) -> None:
    found = classify(**answer)
    assert found.kind == kind
    assert reason is None or found.reason == reason
    assert found.reason in WORDS


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"error": "access_denied", "description": "AADSTS65004: declined"}, Kind.USER_DECLINED),
        ({"error": "access_denied", "suberror": "cancel", "description": "AADSTS65004: x"}, Kind.USER_DECLINED),
        ({"error": "access_denied", "description": "The user has denied access to the scope"}, Kind.USER_DECLINED),
        ({"error": "consent_required", "description": "AADSTS65004: declined"}, Kind.USER_DECLINED),
        ({"error": "access_denied", "suberror": "cancel"}, Kind.ADMIN_CONSENT),
        ({"error": "access_denied", "description": "AADSTS90094: admin"}, Kind.ADMIN_CONSENT),
        ({"error": "access_denied", "description": "AADSTS50105: not assigned"}, Kind.NOT_ASSIGNED),
        ({"error": "access_denied", "description": "AADSTS50020: other tenant"}, Kind.REAUTHORIZE),
        ({"error": "access_denied", "description": "AADSTS500212: policy"}, Kind.BLOCKED_BY_POLICY),
        ({"error": "server_error"}, Kind.RETRY),
        ({"error": "invalid_scope", "description": "AADSTS70011: x"}, Kind.BAD_REQUEST),
    ],
)
def test_what_comes_with_the_browser_is_told_apart(answer: dict[str, Any], kind: Kind) -> None:
    assert classify(**answer, at_redirect=True).kind == kind


def test_the_ids_for_an_administrator_are_kept_and_the_text_is_not() -> None:
    found = classify(
        error="access_denied",
        description="AADSTS65004: ada@contoso.example said no.\r\nTrace ID: 0f0f0f0f-1111-2222-3333-444444444444\r\n"
        "Correlation ID: aaaaaaaa-1111-2222-3333-444444444444\r\nTimestamp: 2026-01-31 10:20:30Z",
        at_redirect=True,
    )
    assert (found.number, found.trace_id, found.correlation_id) == (
        65004,
        "0f0f0f0f-1111-2222-3333-444444444444",
        "aaaaaaaa-1111-2222-3333-444444444444",
    )
    assert "contoso" not in repr(found)


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_words_even_for_a_reason_that_we_no_longer_know(status: Status) -> None:
    assert words_for(status, "a reason of last year").sentence.endswith(".")


def test_words_blame_nobody_and_do_not_shout() -> None:
    for words in WORDS.values():
        assert "!" not in words.sentence + words.next_step
        assert "AADSTS" not in words.sentence + words.next_step
