"""Every study that is shipped is accepted by `dtl check`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MADE_BY_A_COMMAND = {"utility": "make utility"}
STUDIES = sorted(path.parent.name for path in (ROOT / "studies").glob("*/study.yaml"))


@pytest.mark.parametrize("name", STUDIES)
def test_a_shipped_study_is_good(name: str) -> None:
    if name in MADE_BY_A_COMMAND and not (ROOT / "studies" / name / "data").is_dir():
        pytest.skip(f"the data of {name} are written by `{MADE_BY_A_COMMAND[name]}`")
    done = subprocess.run(
        [sys.executable, "-m", "dtl.cli", "check", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
