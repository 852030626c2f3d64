"""From measurements to a file, and from the file to a model that follows them, through ``dtl run``."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from learning import twin_study

pytestmark = pytest.mark.slow
CSV = "results/twin/www/downloads/calibration.csv"
SETS = {"reg1_a": 123.5, "reg1_b": 120.8, "reg1_c": 124.2}
LATERAL = "684-611"


def run(root: Path, folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """The proposal of a run, by parameter and element."""
    known = {k: v for k, v in os.environ.items() if not k.startswith("DTL_")} | {"PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-m", "dtl.cli", "run", "twin"], cwd=folder, env=known, check=True)
    with (folder / CSV).open(encoding="utf-8", newline="") as file:
        return {(r["parameter"], r["element"]): r for r in csv.DictReader(file)}


def again(root: Path, folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """The proposal of a run with that of the run before in force."""
    study = folder / "studies" / "twin"
    (study / "overrides").mkdir()
    shutil.copy(folder / CSV, study / "overrides" / "calibration.csv")
    twin_study.state(study, "overrides/calibration.csv")
    return run(root, folder)


def test_what_scada_tells_is_applied_and_the_residual_falls_as_promised(root: Path, tmp_path: Path) -> None:
    hidden = {("load_scale", ""): 1.09, ("power_factor", ""): 0.88, ("impedance", ""): 1.15}
    hidden |= {("regulator_set", name): volts for name, volts in SETS.items()}
    change = "load_scale, power_factor, regulator_set, impedance"
    twin_study.write(tmp_path / "studies" / "twin", hidden, change)
    first = run(root, tmp_path)
    for (parameter, element), true in hidden.items():
        row = first[parameter, element]
        limit = {"load_scale": 0.01, "power_factor": 0.005, "impedance": 0.0575, "regulator_set": 0.3}[parameter]
        assert row["identified"] == "true" and abs(float(row["proposed"]) - true) <= limit, (parameter, element, row)
    second = again(root, tmp_path)
    for key, row in first.items():
        promised, now = float(row["rmse_after"]), float(second[key]["rmse_before"])
        assert now < 0.75 * float(row["rmse_before"]) and now == pytest.approx(promised, rel=0.05), key
        assert float(second[key]["before"]) == pytest.approx(float(row["proposed"]), rel=1e-5)
    page = (tmp_path / "results/twin/www/assumptions.html").read_text(encoding="utf-8")
    assert (
        "Calibrated values" in page and "reg1_b" in page and f"{float(first['load_scale', '']['proposed']):g}" in page
    )


def test_what_another_program_found_moves_a_lateral_and_the_next_run_agrees(root: Path, tmp_path: Path) -> None:
    hidden = {("load_scale", ""): 1.09, ("impedance", ""): 1.15, ("phase", LATERAL): 1.0}
    twin_study.write(tmp_path / "studies" / "twin", hidden, "load_scale, impedance, phase", reference=True)
    first = run(root, tmp_path)
    assert first["phase", LATERAL]["proposed"] == "1" and first["phase", LATERAL]["before"] == "3"
    assert float(first["load_scale", ""]["proposed"]) == pytest.approx(1.09, rel=0.02)
    second = again(root, tmp_path)
    row = second["phase", LATERAL]
    assert float(row["rmse_before"]) == pytest.approx(float(first["phase", LATERAL]["rmse_after"]), rel=0.05)
    assert float(row["rmse_before"]) < 0.5 * float(first["phase", LATERAL]["rmse_before"])
