import json
import os
import socket
import subprocess
import sys
import time

import pytest

from genmodels.errors import LaterError
from genmodels.runs import lock

HOLD = """
import sys, time
from pathlib import Path
from genmodels.runs import lock
with lock.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(100)
"""


def holder(workdir):
    return json.loads((workdir / lock.HOLDER).read_text())


def left_behind(workdir, host, pid=7):
    (workdir / lock.HOLDER).write_text(json.dumps({"host": host, "pid": pid, "beats": 3}))


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(lock, "BEAT", 0.05)


def test_the_holder_is_named_and_leaves_nothing(tmp_path):
    with lock.held(tmp_path):
        assert holder(tmp_path) == {"host": socket.gethostname(), "pid": os.getpid(), "beats": 0}
        words = rf"is being trained by process {os.getpid()} on {socket.gethostname()}\."
        with pytest.raises(LaterError, match=words), lock.held(tmp_path):
            pass
        assert (tmp_path / lock.HOLDER).exists()
    assert [path.name for path in tmp_path.iterdir()] == [lock.LOCK]
    with lock.held(tmp_path):
        pass


def test_it_is_released_when_training_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), lock.held(tmp_path):
        raise ZeroDivisionError
    with lock.held(tmp_path):
        pass


def test_a_killed_process_of_this_host_does_not_block(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(LaterError, match=f"trained by process {process.pid} on"), lock.held(tmp_path):
        pass
    process.kill()
    process.communicate()
    assert holder(tmp_path)["pid"] == process.pid  # it could not clean up
    began = time.monotonic()
    with lock.held(tmp_path):
        assert holder(tmp_path)["pid"] == os.getpid()
    assert time.monotonic() - began < lock.BEAT  # without waiting for a heartbeat


def test_a_holder_gives_signs_of_life(tmp_path, quick):
    with lock.held(tmp_path):
        deadline = time.monotonic() + 10
        while holder(tmp_path)["beats"] < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_dead_process_of_another_host_does_not_block(tmp_path, quick, capsys):
    left_behind(tmp_path, "elsewhere")
    with lock.held(tmp_path):
        assert holder(tmp_path)["host"] == socket.gethostname()
    assert capsys.readouterr().out.startswith(f"process 7 on elsewhere held {tmp_path} and may be alive: waiting")


def test_a_living_process_of_another_host_keeps_its_run(tmp_path, quick, monkeypatch):
    """On a file system whose locks do not reach other hosts; the other host's heartbeats arrive between checks."""
    left_behind(tmp_path, "elsewhere")
    sleep, looks = time.sleep, []

    def beat(seconds):
        looks.append(seconds)
        if len(looks) == 5:
            text = {"host": "elsewhere", "pid": 7, "beats": 4}
            (tmp_path / lock.HOLDER).write_text(json.dumps(text))
        sleep(seconds)

    monkeypatch.setattr(lock.time, "sleep", beat)
    with pytest.raises(LaterError, match="is being trained by process 7 on elsewhere"), lock.held(tmp_path):
        pass
    assert holder(tmp_path) == {"host": "elsewhere", "pid": 7, "beats": 4}  # untouched
    (tmp_path / lock.HOLDER).unlink()
    with lock.held(tmp_path):
        pass


def test_a_process_of_another_host_that_ends_is_followed_at_once(tmp_path, monkeypatch):
    left_behind(tmp_path, "elsewhere")
    monkeypatch.setattr(lock.time, "sleep", lambda _: (tmp_path / lock.HOLDER).unlink())
    began = time.monotonic()
    with lock.held(tmp_path):
        pass
    assert time.monotonic() - began < lock.BEAT


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"host": "elsewhere"}'])
def test_a_name_that_cannot_be_read_is_nobodys(tmp_path, text):
    (tmp_path / lock.HOLDER).write_text(text)
    with lock.held(tmp_path):
        assert holder(tmp_path)["pid"] == os.getpid()
