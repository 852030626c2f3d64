"""The made-up study with a sweep and a surrogate, for the pages that estimate: every number of it is known here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import made_study
import pyarrow as pa
import pyarrow.compute as pc
from grown_surrogate import grown

from dtl import tables
from dtl.report.build import build_site
from dtl.report.write import write_site

POINTS = (("grow-1", 0.0, "base@2026"), ("grow-2", 0.01, "growth@2026"), ("grow-3", 0.02, "growth@2035"))
"""Points of the sweep: its case, the number that is varied, and the case of the study whose answer it has."""
SITES = 40
CASE = "base@2035"


def spec() -> dict[str, Any]:
    """The spec of the stage ``write_site`` with the sweep in it."""
    found = made_study.spec()
    whole = json.loads(found["spec_text"])
    whole["sweeps"] = {"grow": {"of": "growth", "vary": {"more.per_year": [value for _, value, _ in POINTS]}}}
    whole["analyses"]["surrogate"] = {}
    points = [{"sweep": "grow", "case": name, "values": {"more.per_year": value}} for name, value, _ in POINTS]
    return found | {"points": points, "spec_text": json.dumps(whole, sort_keys=True, indent=1)}


def site(inputs: dict[str, Any], folder: Path) -> tuple[Path, pa.Table]:
    """Write and build the site; returns its folder and the table of the surrogate's sites."""
    given = inputs | {"swept": _swept(inputs["assess"], folder / "swept")}
    shutil.copytree(inputs["learning"], folder / "learning")
    formula = _learned(folder / "learning")
    given["learning"] = folder / "learning"
    write_site(spec(), given, {"site": folder / "site"})
    build_site({"study": "made"}, {"site": folder / "site"}, {"www": folder / "www"})
    return folder / "www", formula


def _swept(assess: dict[str, Path], folder: Path) -> dict[str, Path]:
    """Per group the answers of the points, which are those of cases under other names."""
    folder.mkdir()
    found = {}
    for i, (group, path) in enumerate(sorted(assess.items())):
        rows: list[dict[str, Any]] = []
        for name, _, case in POINTS:
            table = tables.read("assess", path)
            own = table.filter(pc.equal(table["case"].cast(tables.TEXT), case))
            rows += [row | {"case": name, "scenario": "grow", "year": 0} for row in own.to_pylist()]
        found[group] = folder / f"{i}.parquet"
        tables.write("assess", tables.frame("assess", rows), found[group])
    return found


def _learned(folder: Path) -> pa.Table:
    """A model with trees over sites of one feeder."""
    model, frame = grown(200)
    said = {"of": "load", "bus": "b00", "phases": "ABC", "kw": 1.0, "bound_kw": 1.0, "at_least": False}
    said |= {"limiting_term": "voltage", "verdict": "ok", "reason": ""}
    place = {"feeder": "north", "scenario": "base", "year": 2035, "case": CASE}
    told = frame.head(SITES).assign(bus=[f"b{i:02}" for i in range(SITES)], phases="ABC", **place)
    nothing = {"at_least": False, "limiting_factor": "", "method": "", "note": ""}
    formula = tables.frame("formula", told.assign(**nothing).to_dict("list"))
    about = {"target": "hosting_kw", "verdict": "ok", "digest": "0" * 12, "mape_pct": 3.0, "p90_error_pct": 9.0,
             "optimistic_pct": 1.0, "feeders": 6, "rows": 200, "model": json.dumps(model.exported())}  # fmt: skip
    tables.write("formula", formula, folder / "formula.parquet")
    tables.write("surrogate", tables.frame("surrogate", [place | said]), folder / "surrogate.parquet")
    tables.write("surrogate_model", tables.frame("surrogate_model", [about]), folder / "surrogate_model.parquet")
    return formula
