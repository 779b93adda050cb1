"""The check of the sandbox's answers finds what is wrong with one."""

from typing import Any

import pytest
from flask import Flask, request_finished

from tests import answers
from tests.shared import shared


def faults_of(path: str, body: Any, *, method: str = "GET", status: int = 200) -> list[str]:
    """What the check says of an answer like that."""
    shared("graph/openapi-calendar.json")
    app = Flask("answers")
    app.add_url_rule(path, view_func=lambda: (body, status), methods=[method])
    findings = answers.Findings()
    with request_finished.connected_to(findings.look, app):
        app.test_client().open(path, method=method)
    assert findings.checked.total() == 1
    return findings.problems


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1.0/me/events/AAMk=", {"id": "AAMk=", "subject": "Tea", "start": {"dateTime": "x", "timeZone": "UTC"}}),
        ("/v1.0/users/alice@contoso.example/calendarView", {"value": []}),
        ("/v1.0/me/calendarview/delta()", {"value": [], "@odata.deltaLink": "x"}),
        ("/v1.0/groups/1/events", {"value": [{"id": "1"}]}),
    ],
)
def test_an_answer_as_microsoft_describes_it_is_fine(path: str, body: Any) -> None:
    assert faults_of(path, body) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/v1.0/me/events/1", {"id": "1", "subject": 7}, id="a value of another type"),
        pytest.param("/v1.0/me/events/1", {"id": "1", "showAs": "Busy"}, id="an enum value in other letters"),
        pytest.param("/v1.0/me/events/1", {"id": "1", "notes": ""}, id="a member that is not declared"),
        pytest.param("/v1.0/me/events", {"value": [{"location": {"name": "x"}}]}, id="the same, further down"),
        pytest.param("/v1.0/me/calendarView/delta", {"value": []}, id="a page of delta without any link"),
        pytest.param("/v1.0/me/nonsense", {"value": []}, id="a call that nothing describes"),
    ],
)
def test_an_answer_that_microsoft_would_not_give_is_found(path: str, body: Any) -> None:
    assert faults_of(path, body) != []


def test_an_error_needs_code_and_message_whatever_was_called() -> None:
    error = {"code": "ErrorItemNotFound", "message": "Not found."}
    assert faults_of("/v1.0/me/nonsense", {"error": error}, status=404) == []
    assert faults_of("/v1.0/me/events", {"error": "no"}, status=404) != []
