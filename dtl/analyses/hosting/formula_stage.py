"""The stage ``formula_feeder``: what the formula says of every site of one case, beside what the search found there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dtl import tables
from dtl.analyses.hosting.answers import ALL, Row
from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.formula import capacities
from dtl.analyses.hosting.gather import EXACT_FIRST
from dtl.analyses.hosting.stage import read_case
from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import head

NO_FACTORS = "the engine of this feeder solves one power flow after the other, and has no linear network to ask"
NO_SUN = "the formula knows plants of one power, none that follow the sun"
FOUND = ("hc_kw", "step_kw", "at_least", "limiting_factor", "method")


def formula_feeder(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Write the table ``formula`` of one case; a case without answers gets one row with the reason."""
    words = spec["analyses"]["hosting"]
    feeder = Feeder.from_json(Path(inputs["feeder"]).read_text(encoding="utf-8"))
    same = {"scenario": spec["scenario"], "year": spec["year"], "case": spec["case"]}
    owner = {b.name: b.feeder or feeder.feeders[0] for b in feeder.buses}
    searched = found(tables.read("hosting", Path(inputs["hosting"])).to_pylist())
    try:
        case = read_case(spec, inputs, feeder)
        rows = [
            row for of in words["of"] for row in ([_none(of, NO_SUN)] if of == "pv" else answers(case, of, searched))
        ]
    except SolveError as err:
        rows = [_none(of, str(err)) for of in words["of"]]
    rows = [{**same, "feeder": owner.get(row["bus"], feeder.feeders[0]), **row} for row in rows]
    tables.write("formula", tables.frame("formula", rows), outputs["formula"])


def found(hosting: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Row]:
    """What was found of single plants, by kind of plant and bus: by the search, else by the streamlined method."""
    best: dict[tuple[str, str], Row] = {}
    for method in reversed(EXACT_FIRST):
        for row in hosting:
            if row["method"] == method and row["criterion"] == ALL and row["bus"] and row["hc_kw"] is not None:
                best[row["of"], row["bus"]] = {name: row[name] for name in FOUND}
    return best


def answers(case: Case, of: Any, searched: Mapping[tuple[str, str], Row]) -> list[Row]:
    """The rows of one kind of plant."""
    if of == "pv":
        return [_none(of, NO_SUN)]
    grid, top = case.grid(of), float(case.words["up_to_kw"])
    said = capacities(grid, top)
    if not said:
        return [_none(of, NO_FACTORS)]
    km = head.view(case.feeder).distance_km
    none = dict.fromkeys(FOUND) | {"at_least": False, "limiting_factor": "", "method": ""}
    return [
        {
            "of": of, "bus": place.bus, "phases": place.label, "kv_ll": place.kv_ll, "wires": len(place.nodes),
            "distance_km": km.get(place.bus, 0.0), "top_kw": top, "note": "",
            **row, **searched.get((of, place.bus), none),
        }
        for place, row in zip(grid.places, said, strict=True)
    ]  # fmt: skip


def _none(of: str, reason: str) -> Row:
    return {"of": of, "bus": "", "phases": "", "wires": 0, "formula_term": "", "at_least": False,
            "limiting_factor": "", "method": "", "note": reason}  # fmt: skip
