"""What a start does about another one, alive or killed."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from scripts import recovery


@pytest.fixture
def sleeper():
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_a_second_start_in_the_same_directory_is_told_who_holds_it(tmp_path):
    with recovery.lock(tmp_path), pytest.raises(recovery.AlreadyRunning, match=rf"process {os.getpid()}\)"):
        recovery.lock(tmp_path)


def test_the_lock_of_a_killed_launcher_is_free(tmp_path):
    program = f"from pathlib import Path; from scripts import recovery\nheld = recovery.lock(Path({str(tmp_path)!r}))\n"
    with subprocess.Popen(
        [sys.executable, "-c", f"{program}print('held', flush=True); import time; time.sleep(60)"],
        stdout=subprocess.PIPE,
    ) as killed:
        assert killed.stdout.readline() == b"held\n"
        killed.kill()

    recovery.lock(tmp_path).close()


def test_what_a_killed_launcher_left_is_ended(tmp_path, sleeper):
    recovery.remember(tmp_path, [sleeper.pid])

    assert recovery.end_leftovers(tmp_path) == 1
    assert sleeper.wait(5) == -signal.SIGTERM


def test_another_program_that_got_the_number_of_an_old_one_is_left_alone(tmp_path, sleeper):
    started = psutil.Process(sleeper.pid).create_time()
    (tmp_path / "processes.json").write_text(json.dumps([{"pid": sleeper.pid, "started": started - 3600}]))

    assert recovery.end_leftovers(tmp_path) == 0
    assert sleeper.poll() is None


@pytest.mark.parametrize("text", ["", "[{", '{"pid": 1}', '[{"pid": "x", "started": 0}]', "[1]", "null"])
def test_a_damaged_list_of_processes_is_no_reason_not_to_start(tmp_path, text):
    (tmp_path / "processes.json").write_text(text)

    assert recovery.end_leftovers(tmp_path) == 0
