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
# A closed terminal is a wish to stop, too.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked us to stop. Not an Exception, so that nothing on the way takes it for a failure."""


def main() -> int:
    console = Console()
    processes.end_with_make()
    try:
        with ExitStack() as held:
            _run(console, held)
    except Problem as problem:
        console.say(f"\nAlmanac stopped. {problem}")
        return 1
    except Stopped:
        console.say("Almanac has stopped.")
    return 0


def _run(console: Console, held: ExitStack) -> None:
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
    supervisor = Supervisor(VAR, console, ROOT)
    _stop_on_signals(console, supervisor)
    # In this order they are stopped last, because everybody else writes to them until the end.
    held.callback(postgres.stop)
    held.callback(redis.stop)
    held.callback(supervisor.stop)

    console.tell("almanac", "starting the sandbox, PostgreSQL and Redis")
    # The sandbox first, since it seeds its world while the others start.
    supervisor.start("sandbox", [PYTHON, "-m", "sandbox", "--port", str(sandbox_port)])
    postgres.start()
    supervisor.adopt("postgres", postgres.process, postgres.log)
    redis.start()
    supervisor.adopt("redis", redis.process, redis.log)
    settings = environment(secrets, postgres=postgres, redis=redis, port=port, sandbox_port=sandbox_port)
    write_environment(VAR, settings)
    supervisor.configure(settings)

    console.tell("almanac", "migrating the database")
    # As the owner of the tables: what the application logs in as may not change them.
    supervisor.run("migrate", _manage("migrate", "--verbosity", "0"), DATABASE_URL=settings["DATABASE_OWNER_URL"])
    for name, command in _programs(port):
        supervisor.start(name, command)
    _wait_for(f"{settings['SANDBOX_URL']}/", supervisor)
    _wait_for(f"http://127.0.0.1:{port}/healthz", supervisor)

    console.tell("almanac", "connecting the demo's mailbox")
    began = datetime.now(UTC)
    supervisor.run("demo", _manage("demo_people"))
    demo.connect_mailbox(settings["ALMANAC_ORIGIN"])
    state = supervisor.run("demo", _manage("demo_state", "--wait", "90", "--since", began.isoformat()))
    for line in demo.ready_lines(settings["ALMANAC_ORIGIN"], settings["SANDBOX_URL"], demo.read_state(state)):
        console.say(line)
    while True:
        supervisor.check()
        time.sleep(0.2)


def _manage(*arguments: str) -> list[str]:
    return [PYTHON, "manage.py", *arguments]


def _programs(port: int) -> Iterator[tuple[str, list[str]]]:
    yield (
        "web",
        [
            *(PYTHON, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "16"),
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
        time.sleep(0.1)


def _stop_on_signals(console: Console, supervisor: Supervisor) -> None:
    """The first signal stops in order, the second at once."""

    def first(*_: object) -> None:
        for each in SIGNALS:
            signal.signal(each, second)
        console.say("\nStopping; press Ctrl-C again to stop at once.")
        raise Stopped

    def second(number: int, *_: object) -> None:
        supervisor.kill()
        os._exit(128 + number)

    for each in SIGNALS:
        signal.signal(each, first)


if __name__ == "__main__":
    sys.exit(main())
