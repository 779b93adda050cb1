"""
The environment, read and judged once.

Production that is wrongly configured does not start: a failed system check stops neither gunicorn nor a Celery
worker, so what must not be is refused here, where settings are read. Every name is explained in `.env.example`.
"""

import base64
import binascii
import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

BASE = Path(__file__).resolve().parent.parent

env = environ.Env()
for _file in (BASE / ".env", BASE / "var" / "embedded.env"):
    # The process's own environment wins over a file, and `.env` over what `make run` left behind.
    if _file.is_file():
        env.read_env(str(_file), overwrite=False)

_DEVELOPMENT_MARKS = ("insecure", "change-me", "almanac-demo", "sandbox-secret")


def seal_keys(text: str) -> list[tuple[str, bytes]]:
    """
    `id:base64` pairs, newest first, as (id, 32 bytes).

    Raises:
        ImproperlyConfigured: a pair is malformed, a key has another length, or an id comes twice.
    """
    keys: list[tuple[str, bytes]] = []
    for number, pair in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        name, colon, encoded = pair.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not (colon and name.isascii() and name.isalnum() and len(name) <= 16 and len(key) == 32):
            raise ImproperlyConfigured(
                f"SEAL_KEYS: entry {number} is not of the form id:base64-of-32-bytes (id: up to 16 letters, digits)."
            )
        keys.append((name, key))
    if len({name for name, _ in keys}) != len(keys):
        raise ImproperlyConfigured("SEAL_KEYS: the same id is given twice.")
    if not keys:
        raise ImproperlyConfigured("SEAL_KEYS is empty: without a key no token can be stored.")
    return keys


def is_loopback(host: str | None) -> bool:
    """Whether this host (or Unix socket directory) is on this machine only."""
    if not host or host == "localhost" or host.startswith(("/", "%2F", "%2f")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sandbox_url(text: str) -> str:
    """
    Where the stand-in of Microsoft listens, without a trailing slash; empty for the real Microsoft.

    Raises:
        ImproperlyConfigured: not a plain address on this machine. Whoever reaches a sandbox signs in as anybody.
    """
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme != "http" or not parts.hostname or not is_loopback(parts.hostname) or parts.path.strip("/"):
        raise ImproperlyConfigured("SANDBOX_URL must look like http://127.0.0.1:8400: this machine, no path.")
    return f"http://{parts.netloc}"


def refuse_unsafe_production(
    *,
    secret_key: str,
    hosts: list[str],
    origin: str,
    notifications: str,
    sandbox: str,
    client: tuple[str, str],
    keys: list[tuple[str, bytes]],
    redis_url: str,
    database: dict[str, object],
    email_backend: str,
) -> None:
    """
    With DEBUG off, say what is unsafe and stop.

    Raises:
        ImproperlyConfigured: naming every finding at once, so that one look at the log is enough.
    """
    found = []
    if sandbox:
        found.append("SANDBOX_URL is set: people would sign in at a stand-in of Microsoft.")
    if len(secret_key) < 50 or any(mark in secret_key for mark in _DEVELOPMENT_MARKS):
        found.append("SECRET_KEY is short or a known default: use 50 random characters or more.")
    if any(base64.b64encode(key).decode() in secret_key for _, key in keys):
        found.append("SECRET_KEY and SEAL_KEYS share a value: they must be apart.")
    if any(len(set(key)) < 8 for _, key in keys):
        found.append("SEAL_KEYS holds a key that is not random.")
    if not hosts or "*" in hosts:
        found.append("ALLOWED_HOSTS must name the hosts, without '*'.")
    found += [
        f"{name} must begin with https://."
        for name, address in (("ALMANAC_ORIGIN", origin), ("NOTIFICATION_ORIGIN", notifications))
        if urlsplit(address).scheme != "https"
    ]
    if not validate_host(urlsplit(origin).hostname or "", hosts):
        found.append("ALMANAC_ORIGIN is not among ALLOWED_HOSTS: every link in our mails would be refused.")
    if not all(client) or any(mark in client[1] for mark in _DEVELOPMENT_MARKS):
        found.append("MICROSOFT_CLIENT_ID and MICROSOFT_CLIENT_SECRET are those of our registration at Microsoft.")
    redis = urlsplit(redis_url)
    if not is_loopback(redis.hostname) and (redis.scheme != "rediss" or not redis.password):
        found.append("REDIS_URL leaves this host without TLS (rediss://) or without a password.")
    options = database.get("OPTIONS")
    options = options if isinstance(options, dict) else {}
    host, mode = str(database.get("HOST") or options.get("host", "")), options.get("sslmode", "")
    if not is_loopback(host) and mode not in {"require", "verify-ca", "verify-full"}:
        found.append("DATABASE_URL leaves this host without TLS: add ?sslmode=verify-full (or require).")
    if email_backend.endswith((".console.EmailBackend", ".dummy.EmailBackend", ".locmem.EmailBackend")):
        found.append("EMAIL_URL sends no mail: confirmations would never arrive.")
    if found:
        raise ImproperlyConfigured("Almanac does not start with DEBUG off:\n  - " + "\n  - ".join(found))
