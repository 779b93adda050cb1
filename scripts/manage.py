"""
`python -m scripts.manage COMMAND…`: a command of manage.py on the data of `make run`.

It joins the services when they are running, else it starts PostgreSQL and Redis for as long as the command takes.
"""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack

from scripts import recovery
from scripts.embedded import Postgres, Redis
from scripts.environment import ROOT, VAR, environment, kept, read_environment
from scripts.problems import Problem


def main(arguments: list[str]) -> int:
    try:
        with ExitStack() as held:
            settings = _settings(held)
            command = [sys.executable, "manage.py", *arguments]
            # Ctrl-C belongs to the command: a shell goes on after it. A handler is not inherited, as ignoring would be.
            signal.signal(signal.SIGINT, lambda *_: None)
            return subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=False).returncode
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1


def _settings(held: ExitStack) -> dict[str, str]:
    try:
        held.callback(recovery.lock(VAR).close)
    except recovery.AlreadyRunning:
        return read_environment(VAR)
    recovery.end_leftovers(VAR)
    secrets = kept(VAR)
    postgres = Postgres(VAR, durable=True)
    redis = Redis(VAR, durable=True, password=secrets.redis_password)
    for service in (postgres, redis):
        service.start()
        held.callback(service.stop)
    return environment(secrets, postgres=postgres, redis=redis, port=8000, sandbox_port=8400)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
