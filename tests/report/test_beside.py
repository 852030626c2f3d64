"""Processes beside this one."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")

OWNER = """
import os, signal, sys, time
from dtl.report import beside

def work():
    print(os.getpid(), flush=True)
    time.sleep({seconds})
    return bytes(1 << 20)

helper = beside.start(work, "slept")
time.sleep({seconds} + 1)
print("unread", flush=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("seconds", [60, 0.2])
def test_a_process_dies_with_its_owner_at_work_or_with_a_result_that_nobody_reads(seconds: float) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER.format(seconds=seconds)], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        if seconds < 1:
            assert owner.stdout.readline() == "unread\n", "its result is larger than a pipe holds"
        assert not gone(pid)
        owner.kill()
    deadline = time.monotonic() + 5
    while not gone(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert gone(pid)
