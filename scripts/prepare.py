"""
Make .venv and put the pinned packages into it, with any Python from 3.11 and nothing else installed.

Writes `.venv/.ready` when all is well, by which make knows; what the installers said is in var/log/setup.log.
"""

import fcntl
import os
import re
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
READY = VENV / ".ready"
REQUIREMENTS = Path("requirements/development.txt")
LOG = Path("var/log/setup.log")


def main() -> None:
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("a+") as log:
        # Somebody else may be at it in another terminal; whoever comes second finds everything there.
        fcntl.flock(log, fcntl.LOCK_EX)
        if is_ready():
            return
        log.truncate(0)
        make_environment()
        install(log)
        READY.touch()


def is_ready() -> bool:
    """Whether what make waits for has been done meanwhile, for everything that it depends on (see Makefile)."""
    if not READY.exists():
        return False
    done = READY.stat().st_mtime
    return works(PYTHON) and all(
        path.stat().st_mtime < done for path in (REQUIREMENTS, *Path("scripts").glob("prepare.*"))
    )


def make_environment() -> None:
    """A new one where there is none, and where the Python of the old one has gone."""
    if works(PYTHON):
        return
    say("Making the virtual environment .venv …")
    try:
        venv.create(VENV, clear=True, with_pip=True, symlinks=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"The virtual environment .venv could not be made: {error}")


def install(log: IO[str]) -> None:
    """Exactly the pinned packages: by uv where it can be had, since it takes seconds, else by pip."""
    say("Installing the pinned packages …")
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(VENV.absolute())}
    if not os.access(Path.home(), os.W_OK):
        environment["UV_CACHE_DIR"] = str(Path("var/cache/uv").absolute())
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--require-hashes", "--no-input"]
    pip += ["--retries", "2", "--timeout", "20"]

    only_uv = VENV / "uv.txt"
    only_uv.write_text(pinned("uv", REQUIREMENTS.read_text()))
    if not run([*pip, "--no-deps", "-r", str(only_uv)], log, environment):
        sys.exit(
            "The package index cannot be reached, or does not have what we pinned: check the network, or name "
            f"a mirror with PIP_INDEX_URL. What pip said is in {LOG}; its last word: {last_error()}"
        )
    synced = run([str(PYTHON), "-m", "uv", "pip", "sync", "--require-hashes", str(REQUIREMENTS)], log, environment)
    # uv reads none of pip's configuration, so a mirror or a certificate may be known to pip alone.
    if not synced and not run([*pip, "-r", str(REQUIREMENTS)], log, environment):
        sys.exit(f"The packages could not be installed. See {LOG}; its last word: {last_error()}")


def pinned(package: str, requirements: str) -> str:
    """The lines of one package, with its hashes."""
    found = re.search(rf"^{package}==(?:.*\\\n)*.*\n", requirements, re.MULTILINE)
    if found is None:
        sys.exit(f"{REQUIREMENTS} does not pin {package}: run `make requirements`.")
    return found[0]


def works(python: Path) -> bool:
    try:
        return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def run(command: Sequence[str], log: IO[str], environment: Mapping[str, str]) -> bool:
    done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, env=environment, check=False)
    return done.returncode == 0


def last_error() -> str:
    lines = [line.strip() for line in LOG.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["nothing."])[-1]


def say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    try:
        main()
    except OSError as failure:
        sys.exit(f"The environment could not be set up. The system says: {failure}")
