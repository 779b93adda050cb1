"""`manage.py demo_people`."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from tenants import doors
from tenants.models import User

pytestmark = pytest.mark.django_db


def demo(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    call_command("demo_people")
    (line,) = capsys.readouterr().out.splitlines()
    printed: dict[str, str] = json.loads(line)
    return printed


def test_the_demonstrations_people_can_sign_in(settings: Settings, capsys: pytest.CaptureFixture[str]):
    settings.DEVELOPMENT = True
    printed = demo(capsys)
    for who, lands in (("owner", "/o/acme/"), ("member", "/o/acme/"), ("support", "/new/")):
        client = Client()
        answer = client.post("/accounts/login/", {"login": printed[who], "password": printed["password"]})
        if who == "support":
            assert answer["Location"] == "/accounts/2fa/authenticate/"
            call_command("demo_code")
            client.post(answer["Location"], {"code": capsys.readouterr().out.split()[0]})
        assert client.get("/home/")["Location"] == lands
    assert client.get("/admin/").status_code == 200
    assert [card.role for card in doors.organizations_of(User.objects.get(email=printed["member"]).pk)] == ["member"]


def test_running_it_twice_changes_nothing(settings: Settings, capsys: pytest.CaptureFixture[str]):
    settings.DEVELOPMENT = True
    first = demo(capsys)
    before = list(User.objects.order_by("pk").values())
    assert demo(capsys) == first
    assert list(User.objects.order_by("pk").values()) == before


def test_it_is_refused_in_production(settings: Settings):
    settings.DEVELOPMENT = False
    for command in ("demo_people", "demo_code"):
        with pytest.raises(CommandError, match="DEBUG"):
            call_command(command)
    assert not User.objects.exists()
