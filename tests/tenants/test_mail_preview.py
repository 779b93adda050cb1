"""The address that shows every mail: there on a developer's machine, and nowhere else."""

import os
import subprocess
import sys

import pytest
from django.test import Client

from scripts.environment import ROOT
from tenants.views.mail_preview import samples
from tests.config.test_production import SAFE

pytestmark = pytest.mark.django_db


def test_every_mail_is_listed_and_shown_as_text_and_html():
    client = Client()
    listed = client.get("/mail/").content.decode()
    assert len(samples()) >= 11
    for kind, mail in samples().items():
        assert f'href="/mail/{kind}/"' in listed
        assert mail.button in client.get(f"/mail/{kind}/").content.decode()
        html = client.get(f"/mail/{kind}/html/")
        assert mail.button in html.content.decode()
        assert html["Content-Security-Policy"].startswith("default-src 'none'; frame-ancestors 'none'")
        assert "script" not in html["Content-Security-Policy"]


def test_a_kind_that_is_none_is_a_404():
    assert Client().get("/mail/no-such-kind/").status_code == 404
    assert Client().get("/mail/no-such-kind/html/").status_code == 404


def test_views_are_shut_without_development_even_if_somebody_mounts_them(settings):
    settings.DEVELOPMENT = False
    for address in ("/mail/", "/mail/password-reset-key/", "/mail/password-reset-key/html/"):
        assert Client().get(address).status_code == 404


def test_in_production_there_is_no_such_address():
    ask = (
        "import django; django.setup()\n"
        "from django.urls import resolve, Resolver404\n"
        "for path in ('/mail/', '/mail/password-reset-key/', '/mail/password-reset-key/html/'):\n"
        "    try: print(resolve(path).view_name)\n"
        "    except Resolver404: print('none')"
    )
    environment = {**os.environ, **SAFE, "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["none"] * 3, done.stderr
