"""The power flow under a Turkish locale, where the small letter of I is not i."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from power_cases import LIMITS, demand_of, own, solve_spec
from dtl.demand.calendar import Calendar
from dtl.powerflow import results, solve
feeder = own("mixed")
spec = solve_spec(limits=LIMITS, hours=[0, 5000], controls="active", engine="opendss")
found = solve.run(feeder, demand_of(feeder), Calendar(), spec)
case = {"scenario": "s", "year": 2030, "case": "s@2030"}
print(results.powerflow(found.reduction, case).to_pylist())
"""


@pytest.fixture(scope="module")
def turkish(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Turkish workstation."""
    folder = tmp_path_factory.mktemp("locale")
    words = ["localedef", "-i", "tr_TR", "-f", "UTF-8", "--no-archive", str(folder / "tr_TR.UTF-8")]
    try:
        made = subprocess.run(words, capture_output=True).returncode == 0
    except OSError:
        made = False
    if not made:
        pytest.skip("no Turkish locale can be made here: it takes localedef and its sources (Debian's package locales)")
    return {"LOCPATH": str(folder), "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}


def solved(environment: dict[str, str]) -> str:
    path = os.pathsep.join(str(ROOT / p) for p in (".", "tests", "tests/powerflow"))
    known = {k: v for k, v in os.environ.items() if not k.startswith("LC_")} | {"PYTHONPATH": path} | environment
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=known)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_same_answer_under_a_turkish_locale(turkish: dict[str, str]) -> None:
    assert solved(turkish) == solved({"LC_ALL": "C.UTF-8"})
