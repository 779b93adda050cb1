"""Setting up the environment: what is said where it cannot be done."""

import os
import subprocess
from pathlib import Path

import pytest

from scripts import prepare
from scripts.environment import ROOT


@pytest.fixture
def machine(tmp_path: Path):
    """A machine with a few programs, on which somebody calls `prepare.sh`."""

    def call(**programs: str) -> subprocess.CompletedProcess[str]:
        for name, script in programs.items():
            program = tmp_path / name
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
        return subprocess.run(
            ["/bin/sh", ROOT / "scripts" / "prepare.sh"],
            cwd=tmp_path,
            env={"PATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def test_without_python_one_sentence_says_what_is_needed(machine):
    done = machine()

    assert done.returncode == 1
    assert done.stderr == (
        "Almanac needs Python 3.11 or newer: install it, or name one with PYTHON=/path/to/python3.\n"
    )


def test_an_old_python_is_as_good_as_none(machine):
    done = machine(python3="exit 1")

    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr


def test_a_python_without_venv_is_named_with_the_way_out(machine):
    done = machine(python3='case "$2" in *ensurepip*) exit 1;; esac')

    assert done.returncode == 1
    assert done.stderr == (
        "python3 lacks the venv module: install it (on Debian and Ubuntu: apt install python3-venv).\n"
    )


def test_the_first_python_that_can_is_taken(machine):
    done = machine(python3='if [ "$1" = scripts/prepare.py ]; then echo set up; fi')

    assert (done.returncode, done.stdout) == (0, "set up\n")


def test_what_installs_the_packages_is_itself_pinned_with_its_hashes():
    lines = prepare.pinned("uv", (ROOT / prepare.REQUIREMENTS).read_text()).splitlines()

    assert lines[0].startswith("uv==")
    assert len(lines) > 1
    assert all("--hash=sha256:" in line for line in lines[1:])


def test_a_package_index_that_cannot_be_reached_is_said_in_a_sentence(tmp_path):
    (tmp_path / "requirements").symlink_to(ROOT / "requirements")
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    (tmp_path / "Makefile").symlink_to(ROOT / "Makefile")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}

    done = subprocess.run(
        ["make", "--silent", ".venv/.ready"],
        cwd=tmp_path,
        env=os.environ | nowhere | {"PIP_NO_CACHE_DIR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "The package index cannot be reached" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / ".venv" / ".ready").exists()
