"""What gets into a log, and what does not."""

import io
import json
import logging
from collections.abc import Iterator
from logging.config import dictConfig

import pytest
import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client

from config import logs
from tenants.models import User

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
CODE = "1.AXEA" + "x" * 60


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What production would write, from here on."""
    stream = io.StringIO()
    configuration = logs.configuration(level="INFO", console=False)
    configuration["handlers"]["lines"]["stream"] = stream
    dictConfig(configuration)
    yield stream
    dictConfig(settings.LOGGING)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_only_known_fields_get_in(written: io.StringIO):
    structlog.get_logger("almanac").info("stored", calendar=7, subject="Lunch with Bob", address="bob@acme.example")
    (line,) = lines(written)
    assert line["calendar"] == 7
    assert not {"subject", "address"} & set(line)


@pytest.mark.parametrize(
    "text",
    [
        f"got {JWT}",
        f"got {CODE}",
        "https://x.example/?code=abc&state=def",
        "client_secret=hush",
        "?$deltatoken=R0usmc",
        "<WSGIRequest: GET '/invite/Hu5h-_7f3a/'>",
        "https://x.example/approve/Hu5h-_7f3a/",
    ],
)
def test_what_looks_like_a_token_is_cut(written: io.StringIO, text: str):
    structlog.get_logger("almanac").info(text)
    logging.getLogger("somebody.else").warning(text)
    try:
        int(text)
    except ValueError:
        structlog.get_logger("almanac").exception("failed")
    found = written.getvalue()
    for secret in (JWT, CODE, "abc", "def&", "hush", "R0usmc", "Hu5h", "7f3a"):
        assert secret not in found
    assert found.count("[cut]") >= 3


def test_a_request_is_logged_by_its_route_and_never_by_its_path(written: io.StringIO, db: None):
    Client().get("/accounts/confirm-email/the-key-of-a-link/?code=secret-code")
    Client().get("/accounts/password/reset/key/1-the-key-of-a-link/")
    Client().get("/no-such-page/the-key-of-a-link")
    Client().get("/invite/the-key-of-a-link/")
    Client().post("/invite/the-key-of-a-link/")
    Client().post("/connections/callback/?state=secret-code", {"code": "secret-code", "state": "secret-code"})
    found = written.getvalue()
    assert "confirm-email" in found
    assert "the-key-of-a-link" not in found
    assert "secret-code" not in found


def test_a_health_check_that_fails_writes_no_line_of_djangos(
    written: io.StringIO, db: None, capsys: pytest.CaptureFixture[str]
):
    assert Client().get("/healthz").status_code in {200, 503}
    assert [line for line in lines(written) if line.get("logger") == "django.request"] == []
    assert "Logging error" not in capsys.readouterr().err


def test_what_the_database_quotes_of_a_row_is_cut(written: io.StringIO, db: None):
    address = "bob@acme.example"
    User.objects.create_user(address)
    try:
        with transaction.atomic():
            User.objects.create_user(address)
    except IntegrityError:
        structlog.get_logger("almanac").exception("failed")
    (line,) = lines(written)
    assert "user_email_unique" in str(line["exception"])
    assert address not in str(line)


def test_a_made_up_host_is_a_line_and_no_alarm(written: io.StringIO, db: None):
    assert Client().get("/", headers={"host": "elsewhere.example"}).status_code == 400
    (line,) = lines(written)
    assert (line["level"], line["status"]) == ("info", 400)
