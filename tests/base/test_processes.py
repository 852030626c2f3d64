"""What a process keeps for itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOOP = """
import resource
import numpy as np
from dtl.processes import keep_memory
{first}
for turn in range(101):
    arrays = [np.ones(200_000) for _ in range(8)]
    del arrays
    if turn == 0:
        begun = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begun)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only the C library of Linux is told")
def test_memory_that_was_freed_is_not_mapped_anew() -> None:
    def faults(first: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", LOOP.format(first=first)], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert faults("keep_memory()") < faults("") / 100
