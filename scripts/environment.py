"""
What `make run` tells its programs, and what it must remember from one start to the next.

`var/secrets.json` holds keys that are made once: with new ones the stored tokens could not be opened and everybody
would be signed out. `var/embedded.env` holds the whole environment of the last start, for `manage.py` on the side.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.embedded import Postgres, Redis
from scripts.problems import Problem

ROOT = Path(__file__).resolve().parents[1]
# Another place for all data, so that two runs of one clone do not meet: tests use it.
VAR = Path(os.environ.get("ALMANAC_VAR") or ROOT / "var").absolute()
# The application that the sandbox knows: see sandbox/README.md. These are no secrets, nor is what they open.
SANDBOX_CLIENT_ID = "8f1c2f0e-6a43-4a57-9d0b-3c5de8a1a7c4"
SANDBOX_CLIENT_SECRET = "sandbox-secret-of-almanac"  # noqa: S105


@dataclass(frozen=True)
class Kept:
    """What stays the same in one `var/`."""

    secret_key: str
    seal_key: str
    redis_password: str

    @classmethod
    def fresh(cls) -> "Kept":
        return cls(
            secret_key=secrets.token_urlsafe(64),
            seal_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            redis_password=secrets.token_urlsafe(24),
        )


def kept(var: Path) -> Kept:
    """
    Read `var`/secrets.json, or make it at the first start.

    Raises:
        Problem: it is damaged. It is not replaced: what is stored under its keys would be lost.
    """
    path = var / "secrets.json"
    try:
        return Kept(**json.loads(path.read_text()))
    except FileNotFoundError:
        made = Kept.fresh()
        write_private(path, json.dumps(asdict(made), indent=2) + "\n")
        return made
    except (ValueError, TypeError) as error:
        raise Problem(f"{path} is damaged: put it right, or delete {var} to begin anew without its data.") from error


def environment(kept: Kept, *, postgres: Postgres, redis: Redis, port: int, sandbox_port: int) -> dict[str, str]:
    """The settings of an embedded run: everything that `.env.example` explains and that differs from its default."""
    origin = f"http://localhost:{port}"
    return {
        "DEBUG": "true",
        # Whoever tries Almanac out sees what people will see; tracebacks are in the console.
        "PLAIN_ERROR_PAGES": "true",
        "SECRET_KEY": kept.secret_key,
        "SEAL_KEYS": f"embedded1:{kept.seal_key}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "ALMANAC_ORIGIN": origin,
        "DATABASE_URL": postgres.url("almanac_app"),
        "DATABASE_OWNER_URL": postgres.url("almanac_owner"),
        "REDIS_URL": redis.url,
        "MICROSOFT_CLIENT_ID": SANDBOX_CLIENT_ID,
        "MICROSOFT_CLIENT_SECRET": SANDBOX_CLIENT_SECRET,
        "SANDBOX_URL": f"http://127.0.0.1:{sandbox_port}",
        "EMAIL_URL": "consolemail://",
    }


def write_environment(var: Path, settings: Mapping[str, str]) -> None:
    """Leave `var`/embedded.env for programs that are started on the side."""
    lines = "".join(f"{name}={value}\n" for name, value in settings.items())
    write_private(var / "embedded.env", f"# Written by every start of `make run`.\n{lines}")


def read_environment(var: Path) -> dict[str, str]:
    """What the last start wrote; empty before the first one."""
    path = var / "embedded.env"
    if not path.exists():
        return {}
    lines = (line for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, never readable by others and never half written."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
