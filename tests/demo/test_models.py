"""The files of the demo study are those that its script writes, and they are the published feeders."""

from __future__ import annotations

import csv
import hashlib
import math
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

DEMO = Path("studies/demo")
CASES = Path("tests/cases/anchors")


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(line for line in path.read_text(encoding="utf-8").splitlines() if line[:1] != "#"))


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_files_are_those_that_the_script_writes(root: Path, tmp_path: Path) -> None:
    script = root / DEMO / "write_models.py"
    subprocess.run([sys.executable, script, "--out", tmp_path / "out"], check=True, cwd=tmp_path)
    assert tree(tmp_path / "out") == tree(root / DEMO / "data")


def test_conductors_and_spacings_give_the_published_matrices(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(root / DEMO))
    from writer.constants import carson
    from writer.facts import Facts

    folder = root / CASES / "line_constants"
    tolerance = yaml.safe_load((folder / "case.yaml").read_text())["tolerance"]
    facts = {feeder: Facts(feeder) for feeder in ("ieee13", "ieee123")}
    seen = set()
    for row in rows(folder / "expected.csv"):
        configuration = facts[row["feeder"]].configurations[row["configuration"]]
        seen.add((row["feeder"], row["configuration"]))
        i, j = configuration["phasing"].index(row["row"]), configuration["phasing"].index(row["column"])
        r, x, b = (m[i][j] for m in carson(facts[row["feeder"]], configuration))
        assert r == pytest.approx(float(row["r_ohm_per_mile"]), abs=tolerance["ohm_per_mile"]), row
        assert x == pytest.approx(float(row["x_ohm_per_mile"]), abs=tolerance["ohm_per_mile"]), row
        assert b == pytest.approx(float(row["b_us_per_mile"]), abs=tolerance["us_per_mile"]), row
    overhead = {(f, c) for f in facts for c, r in facts[f].configurations.items() if r["kind"] == "overhead"}
    assert seen == overhead


@pytest.mark.parametrize("case", ["ieee13_sheet", "ieee123_posted_taps"])
def test_the_opendss_twin_gives_the_published_answer(root: Path, case: str) -> None:
    import opendssdirect as dss

    about = yaml.safe_load((root / CASES / case / "case.yaml").read_text())
    dss.Text.Command("clear")
    dss.Text.Command(f'redirect "{root / DEMO / "data/opendss" / about["feeder"] / "master.dss"}"')
    dss.Text.Command("set controlmode=off tolerance=1e-9 maxiterations=100")
    dss.Solution.Solve()
    assert dss.Solution.Converged()
    pu = dict(zip((n.lower() for n in dss.Circuit.AllNodeNames()), dss.Circuit.AllBusMagPu(), strict=True))
    expected = rows(root / CASES / case / "expected.csv")
    off = [abs(pu[f"{r['bus']}.{r['node']}"] - float(r["pu"])) for r in expected]
    assert max(off) <= about["tolerance"]["max_pu"]
    assert sum(off) / len(off) <= about["tolerance"]["mean_pu"]
    kw, loss_kw = -dss.Circuit.TotalPower()[0], dss.Circuit.Losses()[0] / 1e3
    assert kw == pytest.approx(about["source_kw"], rel=about["tolerance"]["source_pct"] / 100)
    assert loss_kw == pytest.approx(about["loss_kw"], rel=about["tolerance"]["loss_pct"] / 100)


def test_the_loads_are_the_published_totals(root: Path) -> None:
    total: dict[str, list[float]] = {"ieee13": [0.0, 0.0], "ieee123": [0.0, 0.0]}
    for row in rows(root / DEMO / "tables/loads.csv"):
        total[row["feeder"]][0] += float(row["kw"])
        total[row["feeder"]][1] += float(row["kvar"])
    assert total["ieee13"] == pytest.approx([3466.0, 2102.0])
    assert total["ieee123"] == pytest.approx([3490.0, 1920.0])


def test_the_drawing_is_orthogonal_to_scale_and_without_two_buses_in_one_place(root: Path) -> None:
    tables = root / DEMO / "tables"
    place = {(b["feeder"], b["bus"]): (float(b["x_m"]), float(b["y_m"])) for b in rows(tables / "buses.csv")}
    assert len(set(place.values())) == len(place)
    for line in rows(tables / "lines.csv"):
        (x1, y1), (x2, y2) = (place[line["feeder"], line[end]] for end in ("from_bus", "to_bus"))
        assert x1 == x2 or y1 == y2, line
        length_m = float(line["length_ft"]) * 0.3048
        assert math.dist((x1, y1), (x2, y2)) == pytest.approx(length_m, rel=0.05, abs=1.5), line


def test_every_load_has_one_class_and_customers(root: Path) -> None:
    loads = rows(root / DEMO / "tables/loads.csv")
    classes = rows(root / DEMO / "overrides/classes.csv")
    assert sorted((r["feeder"], r["load"]) for r in loads) == sorted((r["feeder"], r["load"]) for r in classes)
    assert all(int(r["customers"]) > 0 for r in loads)


def test_the_study_is_good_and_its_sources_are_those_pinned(root: Path) -> None:
    from dtl.spec.study import load

    study = load(root / DEMO)
    assert [c.case for c in study.cases] == [f"{s}@{y}" for s in ("base", "growth", "transfer") for y in (2026, 2035)]
    pinned = yaml.safe_load((root / DEMO / "sources.lock.yaml").read_text(encoding="utf-8"))
    for name, source in study.sources.items():
        files = {p.relative_to(root / DEMO).as_posix(): p.read_bytes() for p in source.files(root / DEMO)}
        assert {n: pin["sha256"] for n, pin in pinned[name].items()} == {
            n: hashlib.sha256(data).hexdigest() for n, data in files.items()
        }
