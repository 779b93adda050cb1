"""With DEBUG off, settings that are unsafe stop every program, each in a process of its own, and say why."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEY = base64.b64encode(bytes(range(100, 132))).decode()
SAFE = {
    "DEBUG": "false",
    "SECRET_KEY": "m8Qv2Zs6Jx0Ld4Wn9Rb3Ty7Ug1Hk5Pc8Fa2Xe6Vi0Oz4Nw9Sq3Dr7Ml1",
    "SEAL_KEYS": f"k2:{KEY}",
    "ALLOWED_HOSTS": "almanac.example",
    "ALMANAC_ORIGIN": "https://almanac.example",
    "NOTIFICATION_ORIGIN": "https://hooks.almanac.example",
    "SANDBOX_URL": "",
    "REDIS_URL": "rediss://:a-password@redis.example:6379/0",
    "DATABASE_URL": "postgres://almanac_app:a-password@db.example/almanac?sslmode=verify-full",
    "DATABASE_OWNER_URL": "",
    "EMAIL_URL": "smtp+tls://almanac:a-password@mail.example:587",
    "MICROSOFT_CLIENT_ID": "11111111-2222-4333-8444-555555555555",
    "MICROSOFT_CLIENT_SECRET": "from-the-registration",
}


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    """Read the settings as gunicorn, a worker or beat would, and say `started`."""
    environment = {**os.environ, **SAFE, **changes}
    command = [sys.executable, "-c", "import config.settings; print('started')"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_safe_settings_start():
    started = start()
    assert started.stdout == "started\n", started.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SANDBOX_URL": "http://127.0.0.1:8400"}, "SANDBOX_URL is set"),
        ({"SANDBOX_URL": "http://sandbox.example:8400"}, "SANDBOX_URL must look like"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is short"),
        ({"SECRET_KEY": "django-insecure-" + "x1" * 40}, "SECRET_KEY is short or a known default"),
        ({"SECRET_KEY": f"{KEY}{KEY}"}, "share a value"),
        ({"SEAL_KEYS": ""}, "SEAL_KEYS is empty"),
        ({"SEAL_KEYS": "k1:c2hvcnQ="}, "SEAL_KEYS: entry 1"),
        ({"SEAL_KEYS": KEY}, "SEAL_KEYS: entry 1"),
        ({"SEAL_KEYS": f"k1:{KEY},k1:{KEY}"}, "the same id is given twice"),
        ({"SEAL_KEYS": f"k1:{base64.b64encode(bytes(32)).decode()}"}, "not random"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name"),
        ({"ALLOWED_HOSTS": "other.example"}, "not among ALLOWED_HOSTS"),
        ({"ALMANAC_ORIGIN": "http://almanac.example"}, "ALMANAC_ORIGIN must begin with https"),
        ({"NOTIFICATION_ORIGIN": "http://almanac.example"}, "NOTIFICATION_ORIGIN must begin with https"),
        ({"REDIS_URL": "redis://:a-password@redis.example:6379/0"}, "REDIS_URL leaves this host"),
        ({"REDIS_URL": "rediss://redis.example:6379/0"}, "REDIS_URL leaves this host"),
        ({"DATABASE_URL": "postgres://almanac_app@db.example/almanac"}, "DATABASE_URL leaves this host"),
        ({"DATABASE_URL": "postgres://almanac_app@db.example/almanac?sslmode=prefer"}, "DATABASE_URL leaves this host"),
        ({"DATABASE_URL": "postgres://almanac_app@/almanac?host=db.example"}, "DATABASE_URL leaves this host"),
        ({"EMAIL_URL": "consolemail://"}, "EMAIL_URL sends no mail"),
        ({"EMAIL_URL": "dummymail://"}, "EMAIL_URL sends no mail"),
        ({"MICROSOFT_CLIENT_SECRET": ""}, "MICROSOFT_CLIENT_ID and MICROSOFT_CLIENT_SECRET"),
        ({"MICROSOFT_CLIENT_SECRET": "sandbox-secret-of-almanac"}, "MICROSOFT_CLIENT_ID and MICROSOFT_CLIENT_SECRET"),
    ],
)
def test_what_is_unsafe_is_refused_with_a_sentence(changes: dict[str, str], said: str):
    refused = start(**changes)
    assert refused.returncode != 0
    assert refused.stdout == ""
    assert said in refused.stderr
    assert "a-password" not in refused.stderr, "a refusal gave a secret away"


def test_every_finding_is_named_at_once():
    refused = start(SANDBOX_URL="http://127.0.0.1:8400", ALLOWED_HOSTS="*", EMAIL_URL="consolemail://")
    for said in ("SANDBOX_URL", "ALLOWED_HOSTS", "EMAIL_URL"):
        assert f"  - {said}" in refused.stderr


@pytest.mark.parametrize(
    "changes",
    [
        {"REDIS_URL": "redis://127.0.0.1:6379/0"},
        {"REDIS_URL": "redis://localhost:6379/0"},
        {"DATABASE_URL": "postgres://almanac_app@/almanac?host=/var/run/postgresql"},
        {"DATABASE_URL": "postgres://almanac_app@localhost/almanac"},
        {"DATABASE_URL": "postgres://almanac_app@[::1]/almanac"},
    ],
)
def test_on_this_machine_nothing_need_be_encrypted(changes: dict[str, str]):
    started = start(**changes)
    assert started.stdout == "started\n", started.stderr


SHOW = """
import django; django.setup()
from django.conf import settings as s
from django.test import Client
print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE)
for address in ("http", "https"):
    answer = Client(headers={"host": "almanac.example"}).get("/webhooks/graph/", secure=address == "https")
    print(answer.status_code, sorted(set(answer.headers) & {
        "Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
        "Cross-Origin-Opener-Policy", "Strict-Transport-Security"}), answer.get("Strict-Transport-Security", ""))
"""


def test_in_production_cookies_belong_to_the_host_and_http_leads_to_https():
    command = [sys.executable, "-c", SHOW]
    environment = {**os.environ, **SAFE, "DJANGO_SETTINGS_MODULE": "config.settings"}
    shown = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    lines = shown.stdout.splitlines()
    assert lines[0] == "__Host-session __Host-csrf True True", shown.stderr
    everywhere = [
        "Content-Security-Policy",
        "Cross-Origin-Opener-Policy",
        "Referrer-Policy",
        "X-Content-Type-Options",
        "X-Frame-Options",
    ]
    assert lines[1].strip() == f"301 {everywhere}"
    assert lines[2].startswith("405 ")
    assert lines[2].endswith("max-age=31536000; includeSubDomains")
