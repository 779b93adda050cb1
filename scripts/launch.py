"""
`make run`: everything that Almanac is, on this machine, in one console.

PORT and SANDBOX_PORT move it. Ctrl-C or SIGTERM ends all of it in order, a second one at once; when this process is
killed, the kernel ends its children.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import requests

from scripts import demo, ports, processes, recovery
from scripts.console import Console
from scripts.embedded import Postgres, Redis
from scripts.environment import ROOT, VAR, environment, kept, write_environment
from scripts.problems import Problem
from scripts.supervisor import Supervisor

PYTHON = sys.executable
QUEUES = "interactive,changes,backfill,housekeeping"
READY_WITHIN = 60.0


class Stopped(BaseException):
    """Somebody asked us to stop. Not an Exception, so that nothing on the way takes it for a failure."""


def main() -> int:
    console = Console()
    supervisor = Supervisor(VAR, console, ROOT)
    stop_on_signals(supervisor)
    processes.end_with_make()
    try:
        with ExitStack() as held:
            _run(console, supervisor, held)
    except Problem as problem:
        console.say(f"\n{problem}")
        return 1
    except OSError as error:
        # A full disk, or a var/ that another user has made.
        console.say(f"\nAlmanac cannot go on. The system says: {error}")
        return 1
    except Stopped:
        console.say("Almanac has stopped.")
    return 0


def _run(console: Console, supervisor: Supervisor, held: ExitStack) -> None:
    lock = recovery.lock(VAR)
    held.callback(lock.close)
    if left := recovery.end_leftovers(VAR):
        console.tell("almanac", f"ended {left} processes that an earlier run had left")
    port = ports.wanted("PORT", os.environ.get("PORT"), 8000)
    sandbox_port = ports.wanted("SANDBOX_PORT", os.environ.get("SANDBOX_PORT"), 8400)
    if port == sandbox_port:
        raise Problem(f"PORT and SANDBOX_PORT are both {port}: they must differ.")
    secrets = kept(VAR)
    postgres = Postgres(VAR, durable=True)
    redis = Redis(VAR, durable=True, password=secrets.redis_password)
    # In this order they are stopped last, because everybody else writes to them until the end.
    held.callback(postgres.stop)
    held.callback(redis.stop)
    held.callback(supervisor.stop)
    held.push(lambda kind, *_: _announce(console, kind))

    console.tell("almanac", "starting the sandbox, PostgreSQL and Redis")
    # The sandbox first, since it seeds its world while the others start.
    supervisor.start("sandbox", [PYTHON, "-m", "sandbox", "--port", str(sandbox_port)])
    postgres.start()
    supervisor.adopt("postgres", postgres.process, postgres.log)
    redis.start()
    supervisor.adopt("redis", redis.process, redis.log)
    settings = environment(secrets, postgres=postgres, redis=redis, port=port, sandbox_port=sandbox_port)
    write_environment(VAR, settings)
    # Where a release collects its files; with DEBUG on it stays empty, and WhiteNoise warns when it is missing.
    (ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)
    supervisor.configure(settings)
    if os.geteuid() == 0:
        # Celery warns of root because of pickled messages; ours are JSON. Given by its words, which begin alike.
        supervisor.configure({"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"})

    console.tell("almanac", "migrating the database")
    supervisor.run("migrate", _manage("migrate", "--verbosity", "0"))
    for name, command in _programs(port):
        supervisor.start(name, command)
    _wait_for(f"{settings['SANDBOX_URL']}/", supervisor)
    _wait_for(f"http://127.0.0.1:{port}/healthz", supervisor)

    console.tell("almanac", "connecting the demo's mailbox")
    began = datetime.now(UTC)
    people = demo.read_people(supervisor.run("demo", _manage("demo_people"), shown=False))
    demo.connect_mailbox(settings["ALMANAC_ORIGIN"], people)
    waiting = _manage("demo_state", "--wait", "90", "--since", began.isoformat())
    state = demo.read_state(supervisor.run("demo", waiting, shown=False))
    for line in demo.ready_lines(settings["ALMANAC_ORIGIN"], settings["SANDBOX_URL"], people, state):
        console.say(line)
    while not console.lost_its_terminal:
        supervisor.check()
        time.sleep(0.2)


def _manage(*arguments: str) -> list[str]:
    return [PYTHON, "manage.py", *arguments]


def _programs(port: int) -> Iterator[tuple[str, list[str]]]:
    yield (
        "web",
        [
            *(PYTHON, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"),
            # Loaded once and forked: half the time to start.
            *("--worker-class", "gthread", "--workers", "2", "--threads", "16", "--preload"),
            *("--graceful-timeout", "3", "--timeout", "60", "--log-level", "warning", "--no-control-socket"),
        ],
    )
    celery = [PYTHON, "-m", "celery", "--app", "config", "--quiet"]
    yield (
        "worker",
        [
            *(*celery, "worker", "--pool", "threads", "--concurrency", "8", "--queues", QUEUES),
            *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
        ],
    )
    yield ("beat", [*celery, "beat", "--schedule", str(VAR / "celerybeat-schedule"), "--loglevel", "INFO"])


def _wait_for(url: str, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        supervisor.check()
        try:
            answer = requests.get(url, timeout=5)
            if answer.ok:
                return
            said = f"{answer.status_code} {answer.text[:300]}"
        except requests.RequestException as error:
            said = str(error)
        if time.monotonic() > deadline:
            raise Problem(f"{url} was not ready within {READY_WITHIN:.0f} seconds; its last answer was: {said}")
        time.sleep(0.3)


def stop_on_signals(supervisor: Supervisor) -> None:
    """The first signal stops in order, the second at once."""

    def first(*_: object) -> None:
        for each in signals:
            signal.signal(each, second)
        # Nothing is printed here: the line that this interrupts may hold the console.
        raise Stopped

    def second(number: int, *_: object) -> None:
        supervisor.kill()
        os._exit(128 + number)

    signals = [signal.SIGINT, signal.SIGTERM]
    # A closed terminal is a wish to stop too, unless somebody said `nohup`.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signals.append(signal.SIGHUP)
    for each in signals:
        signal.signal(each, first)


def _announce(console: Console, kind: type[BaseException] | None) -> None:
    if kind is Stopped:
        console.say("\nStopping; Ctrl-C again stops at once.")


if __name__ == "__main__":
    sys.exit(main())
