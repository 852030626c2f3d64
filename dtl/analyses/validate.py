"""The analysis ``validate``: the model of each feeder, solved in the state of a reference, against its results.

The stage `validate_feeder` solves and compares; its rows become facts of the study when it is gathered.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.errors import SolveError
from dtl.network.calibrated import with_loads
from dtl.network.feeder import Feeder
from dtl.powerflow.against import Gate, Summary, compare, deviation, summary, unmatched, worst_buses
from dtl.powerflow.state import solve_state, with_taps

WORST = 10
"""Buses that are facts of their own."""
NAMED = 20
"""Names that a text lists."""
METRICS_OF = {
    "amps": "reference_max_a", "load_pct": "reference_max_loading_pct", "kw": "reference_max_kw",
    "kvar": "reference_max_kvar", "loss_kw": "reference_max_loss_kw", "tap": "reference_max_tap",
}  # fmt: skip

Row = dict[str, Any]


def validate_feeder(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Write the table ``deviations`` of a group; a group that cannot be solved keeps its reference, without ours."""
    words = spec["analyses"]["validate"]
    reference = tables.read("reference", Path(inputs["reference"]), source=words["against"])
    feeder = Feeder.from_json(Path(inputs["feeder"]).read_text(encoding="utf-8"))
    feeder = with_loads(feeder, spec.get("calibrated") or ())
    ready = json.loads(Path(inputs["ready"]).read_text(encoding="utf-8"))
    ids = {f.lower(): f for f in feeder.feeders}
    named = reference["feeder"].cast(tables.TEXT)
    mine = reference.filter(pc.is_in(pc.utf8_lower(named), pa.array(list(ids), tables.TEXT))).to_pylist()
    by_feeder: dict[str, list[Row]] = {f: [] for f in feeder.feeders}
    for row in mine:
        by_feeder[ids[row["feeder"].lower()]].append(row)
    rows: list[Row] = []
    try:
        if ready["status"] != "ok":
            raise SolveError(ready["reason"])
        state = solve_state(_set(feeder, by_feeder, words), controlled=words["taps"] == "controlled") if mine else []
        for name, own in by_feeder.items():
            rows += compare(own, state, name)
    except SolveError as err:
        rows = [deviation(row, name, "", None, f"not solved: {err}") for name, own in by_feeder.items() for row in own]
    tables.write("deviations", tables.frame("deviations", rows), outputs["deviations"])


def _set(feeder: Feeder, by_feeder: Mapping[str, list[Row]], words: Mapping[str, Any]) -> Feeder:
    """The feeder with its taps where the reference has them; those that it does not state stay as the model's are."""
    if words["taps"] != "from_reference":
        return feeder
    stated = {
        (r["element"], r["phase"]): r["value"] for own in by_feeder.values() for r in own if r["quantity"] == "tap"
    }
    taps = {}
    for part in feeder.transformers:
        letters = ["ABC"[n - 1] for n in part.windings[-1].nodes if 0 < n < 4]
        keys = [(name, phase) for name in (part.name, part.bank) if name for phase in ("", *letters)]
        value = next((stated[k] for k in keys if k in stated), None)
        if value is not None:
            taps[part.name] = value
    return with_taps(feeder, taps)


def validate(
    words: Mapping[str, Any], deviations: pa.Table, reference: pa.Table, feeders: Collection[str]
) -> list[Row]:
    """Rows of the cube: per feeder the differences, coverage and verdict, its worst buses, and the whole study's."""
    gate = Gate(words["rmse_pu"], words["max_pu"], words["loading_pct"])
    rows = deviations.to_pylist()
    found: list[Row] = []
    for feeder in sorted(feeders):
        own = [r for r in rows if r["feeder"] == feeder]
        found += _rows(feeder, own, gate)
        found += [
            _row(feeder, "reference_deviation_pu", r["deviation"], f"phase {r['phase']}: {r['ours']:.5f} here, "
                 f"{r['reference']:.5f} in {r['file']}:{r['line']}", kind="bus", element=r["element"])
            for r in worst_buses(own, WORST)
        ]  # fmt: skip
    found += _rows("", rows, gate)
    known = {f.lower() for f in feeders}
    mine = reference.filter(pc.equal(reference["source"].cast(tables.TEXT), words["against"]))
    strange = [f for f in mine["feeder"].cast(tables.TEXT).to_pylist() if f.lower() not in known]
    found.append(_row("", "reference_elsewhere", len(strange), " ".join(sorted(set(strange))[:NAMED])))
    return found


def _rows(feeder: str, own: list[Row], gate: Gate) -> Iterator[Row]:
    about = summary(own, gate)
    yield _row(feeder, "reference_rows", len(own), "" if own else "the reference has nothing of it")
    if not own:
        return
    lacking = unmatched(own)
    text = ", ".join(list(lacking)[:NAMED]) + (", ..." if len(lacking) > NAMED else "")
    yield _row(feeder, "reference_unmatched", about.unmatched, text or _why(own))
    yield _row(feeder, "reference_coverage_pct", 100.0 * about.coverage, "")
    if feeder:
        yield _row(feeder, "reference_within", 0 if about.broken else 1, "; ".join(about.broken))
    if "v_pu" in about.rmse:
        bias = f"mean difference {about.mean['v_pu']:+.5f} pu"
        yield _row(feeder, "reference_rmse_pu", about.rmse["v_pu"], bias) | {"limit": gate.rmse_pu}
        yield _worst(feeder, "reference_max_pu", about, "v_pu") | {"limit": gate.max_pu}
    for quantity, metric in METRICS_OF.items():
        if quantity in about.worst:
            allowed = gate.loading_pct if quantity == "load_pct" else None
            yield _worst(feeder, metric, about, quantity) | {"limit": allowed}


def _why(own: list[Row]) -> str:
    """The reasons of values of known names that could not be compared."""
    return "; ".join(sorted({r["note"] for r in own if r["note"]})[:5])


def _worst(feeder: str, metric: str, about: Summary, quantity: str) -> Row:
    row = about.worst[quantity]
    where = " ".join(p for p in (row["feeder"] * (not feeder), row["kind"], row["element"], row["phase"]) if p)
    digits = ".5f" if quantity == "v_pu" else ".5g"
    text = f"{where}: {row['ours']:{digits}} here, {row['reference']:{digits}} in {row['file']}:{row['line']}"
    return _row(feeder, metric, abs(row["deviation"]), text)


def _row(feeder: str, metric: str, value: float, text: str, kind: str = "", element: str = "") -> Row:
    return {
        "level": "element" if kind else "feeder" if feeder else "study",
        "feeder": feeder,
        "scenario": "",
        "year": 0,
        "case": "",
        "analysis": "validate",
        "metric": metric,
        "kind": kind,
        "element": element,
        "value": float(value),
        "text": text,
        "hour": None,
        "limit": None,
        "rule": "",
    }
