"""
A run fails when any answer of the sandbox broke the schema of Microsoft's API, whichever test it answered.

Loaded by `-p tests.answer_checks` in pyproject.toml.
"""

import os
from typing import Any

import pytest
import requests
from _pytest.terminal import TerminalReporter
from flask import Flask, Response, request_finished

from tests import answers

findings = answers.Findings()


def pytest_configure() -> None:
    if answers.can_be_checked():
        request_finished.connect(look)


def look(app: Flask, response: Response, **_: Any) -> None:
    """At every sandbox of this process, and at nothing else that is made with Flask."""
    if "sandbox" in app.extensions:
        findings.look(app, response)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if not answers.can_be_checked():
        if os.environ.get("CI"):
            findings.problems.append("../shared/graph/openapi-calendar.json is not beside the repository")
    elif url := os.environ.get("SANDBOX_URL"):
        findings.add(requests.get(f"{url}/_answers", timeout=10).json())
    if findings.problems and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    total = findings.checked.total()
    if not answers.can_be_checked():
        terminalreporter.write_line("The sandbox's answers were not validated: ../shared is not beside the repository.")
    elif total:
        kinds = ", ".join(f"{count} {name}" for name, count in findings.checked.most_common())
        terminalreporter.write_line(f"{total} answers of the sandbox validated against Microsoft's schema: {kinds}")
    for problem in findings.problems:
        terminalreporter.write_line(f"Breaks the schema: {problem}", red=True)
