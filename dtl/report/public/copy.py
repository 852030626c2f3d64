"""The inputs of the pages as the public copy has them: every table and model with what may be shown, and no more."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.errors import DtlError
from dtl.network.feeder import Feeder
from dtl.network.topology import Edge, trace
from dtl.report.public import figures, rule
from dtl.report.public.model import model as reduced
from dtl.report.public.names import Names, drawn, names
from dtl.spec.twins import twins
from dtl.tables.named import all_cases, unfolded

PAGES = ("index", "questions", "map", "compare", "feeder", "side-by-side", "hosting-capacity", "reliability", "method",
         "downloads")  # fmt: skip
"""Pages that the copy has; all others name customers, plants, files or devices."""


@dataclass
class Copy:
    """What became of the inputs: their paths by name as the pages take them, and what must not be in the copy.

    An input that the copy does not know is empty, as one of an analysis that the study does not ask for.
    ``points`` are coordinates [x, y in the source's system] that only hidden parts have.
    """

    inputs: defaultdict[str, Any]
    kept: set[str] = field(default_factory=set)
    withheld: set[str] = field(default_factory=set)
    secret: set[str] = field(default_factory=set)
    points: set[tuple[float, float]] = field(default_factory=set)
    models: dict[str, Feeder] = field(default_factory=dict)


def copy(spec: Mapping[str, Any], inputs: Mapping[str, Any], folder: Path) -> Copy:
    """Write the copy's inputs into a folder.

    Raises
    ------
    DtlError
        No feeder may be shown.
    """
    publish = spec["public"]
    made = Copy(defaultdict(dict))
    index = json.loads(Path(inputs["index"]).read_text(encoding="utf-8"))
    groups: dict[str, Any] = {}
    for name, group in sorted(index["groups"].items()):
        if name not in inputs["feeder"]:
            made.withheld |= set(group["feeders"])
            continue
        here = folder / f"g{len(groups)}"
        like = twins(spec.get("reach", {}), group["feeders"])
        found = _group(publish, inputs, name, group, here, made, like)
        if found:
            groups[_joined(found["feeders"])] = found
    if not groups:
        raise DtlError(_NONE.format(**publish))
    made.inputs["index"] = folder / "feeders.json"
    made.inputs["index"].write_text(json.dumps({"groups": groups}), encoding="utf-8")
    _of_study(inputs, folder, made)
    made.secret |= {f.lower() for f in made.withheld}
    made.secret -= {f.lower() for f in made.kept}
    return made


_NONE = (
    "report.publish: no feeder may be shown: none was solved with at least {min_customers} customers of which none has "
    "more than {max_customer_share:g} of the load; give the loads their numbers of customers, or take publish out"
)


def _joined(feeders: list[str]) -> str:
    return "+".join(sorted(feeders))


def _group(
    publish: Mapping[str, Any],
    inputs: Mapping[str, Any],
    name: str,
    group: Mapping[str, Any],
    here: Path,
    made: Copy,
    like: Mapping[str, str],
) -> dict[str, Any] | None:
    """Write one group's inputs; its entry of ``feeders.json``, or None where none of its feeders may be shown."""
    whole = Feeder.from_json(Path(inputs["feeder"][name]).read_text(encoding="utf-8"))
    passing = rule.feeders(whole, publish)
    kept = [f for f in group["feeders"] if f in passing and group["status"] == "ok"]
    made.withheld |= set(group["feeders"]) - set(kept)
    topology = trace(whole)
    buses = drawn(whole, kept)
    told = names(whole, topology, buses)
    made.secret |= told.secret
    placed = "coordinates" not in publish["hide"]
    seen = {(b.x, b.y) for b in whole.buses if b.name in buses} if placed else set()
    made.points |= {(b.x, b.y) for b in whole.buses if b.x is not None and b.y is not None} - seen
    if not kept:
        return None
    told.secret |= {f.lower() for f in set(group["feeders"]) - set(kept)}
    shown = rule.parts(whole, topology, publish)
    here.mkdir(parents=True)
    of, key = _joined(kept), dict.fromkeys(kept, told)
    made.kept |= set(kept)
    copied = reduced(whole, kept, buses, told, placed=placed)
    made.models[of] = copied
    made.inputs["feeder"][of] = _text(here / "feeder.json", copied.to_json())
    told_by = json.loads(Path(inputs["manifest"][name]).read_text(encoding="utf-8"))["cases"]
    manifest = _manifest(all_cases(told_by, like), publish)
    made.inputs["manifest"][of] = _text(here / "manifest.json", json.dumps(manifest))
    _tables(publish, inputs, name, of, key, shown, here, made, like)
    return _entry(kept, passing, copied, group, publish)


def _tables(
    publish: Mapping[str, Any],
    inputs: Mapping[str, Any],
    name: str,
    of: str,
    key: Mapping[str, Names],
    shown: set[Edge],
    here: Path,
    made: Copy,
    like: Mapping[str, str],
) -> None:
    settings = "device_settings" not in publish["hide"]
    told, most = next(iter(key.values())), figures.highest(tables.TABLES["powerflow"].schema.empty_table())
    for table in ("powerflow", "hourly", "assess", "hosting"):
        path = inputs[table].get(name)
        if path is None:
            continue
        found = unfolded(tables.read(table, Path(path)), like)
        found = found.filter(pc.is_in(found["feeder"].cast(tables.TEXT), pa.array(sorted(key), tables.TEXT)))
        if table == "powerflow":
            found = figures.powerflow(found, told, shown, settings=settings)
            most = figures.highest(found)
        elif table == "hourly":
            found = figures.hourly(found, publish)
        elif table == "assess":
            found = figures.assess(found, key, shown, most, publish)
        else:
            found = figures.hosting(found, key, publish)
        made.inputs[table][of] = here / f"{table}.parquet"
        tables.write(table, found, made.inputs[table][of])


def _text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


_TOLD = ("status", "engine", "engine_version", "tolerance", "hours", "secondary", "worst_hour", "balance_max_rel")
"""What the copy keeps of how a case was solved; the rest may name parts."""


def _manifest(told_by: Mapping[str, Any], publish: Mapping[str, Any]) -> dict[str, Any]:
    cases = {}
    for case, told in told_by.items():
        ok = told["status"] == "ok"
        kept = {k: told[k] for k in _TOLD if k in told}
        controls = {} if "device_settings" in publish["hide"] else {"mode": told.get("controls", {}).get("mode", "")}
        reason = "" if ok else "the power flow gave no answer"
        cases[case] = kept | {"reason": reason, "engine_reason": "", "warnings": [], "controls": controls}
    return {"cases": cases}


def _entry(
    kept: list[str],
    passing: Mapping[str, rule.Group],
    copied: Feeder,
    group: Mapping[str, Any],
    publish: Mapping[str, Any],
) -> dict[str, Any]:
    """The group in ``feeders.json``, with the customers of its kept feeders and the network that is drawn."""
    hidden = "customer_load" in publish["hide"]
    kw = float(figures.rounded(sum(passing[f].kw for f in kept), publish["round_kw"]))
    return {
        "feeders": kept,
        "status": "ok",
        "reason": "",
        "customers": None if hidden else sum(passing[f].customers for f in kept),
        "loads": None,
        "kw": None if hidden else kw,
        "kv_ll": group["kv_ll"],
        "buses": len(copied.buses),
        "length_km": sum(p.length_km for p in copied.lines),
    }


def _of_study(inputs: Mapping[str, Any], folder: Path, made: Copy) -> None:
    """The tables of the whole study: outages and customers served of the kept feeders; nothing of all others."""
    outages = tables.read("outages", Path(inputs["outages"]))
    steps = tables.read("steps", Path(inputs["steps"]))
    served = tables.read("served", Path(inputs["served"]))
    kept = pa.array(sorted(made.kept), tables.TEXT)
    found = {name: tables.TABLES[name].schema.empty_table() for name in _EMPTY}
    found["outages"], found["steps"] = figures.outages(outages, steps, made.kept)
    found["served"] = served.filter(pc.is_in(served["feeder"].cast(tables.TEXT), kept))
    for name, table in found.items():
        made.inputs[name] = folder / f"{name}.parquet"
        tables.write(name, table, made.inputs[name])
    made.secret |= {d.lower() for d in outages["device"].to_pylist() if d}


_EMPTY = ("findings", "conversion", "series", "links", "assets")
