"""The answers of each group as pages need them, read from the files of its jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dtl import tables
from dtl.network.customers import moved
from dtl.network.feeder import Feeder
from dtl.report import answers, hosting_payloads
from dtl.report.overlays import Overlays
from dtl.report.places import places
from dtl.report.rows import of_feeders
from dtl.report.solution import Flow, Solution, hours_by_case
from dtl.spec.twins import twins
from dtl.tables.named import all_cases

HOURLY = ("feeder", "case", "hour", "solved_h", "source_kw", "source_kvar", "highest_kw", "lowest_kw", "max_load_pct",
          "min_pu", "max_pu")  # fmt: skip
"""The columns of ``hourly`` that pages and the folder ``api`` show."""


def model(inputs: Mapping[str, Any], group: str) -> Feeder | None:
    """The network of a group, with customers as its meters are linked; None where it has none."""
    path, meters = (inputs[name].get(group) for name in ("feeder", "meters"))
    if path is None:
        return None
    found = Feeder.from_json(Path(path).read_text(encoding="utf-8"))
    return found if meters is None else moved(found, tables.read("meters", Path(meters), ["transformer", "basis"]))


def crs(inputs: Mapping[str, Any], index: Mapping[str, Any]) -> str:
    """The coordinate system of the first group that has coordinates; empty where none has."""
    for group in sorted(index["groups"]):
        found = model(inputs, group)
        if found is not None and any(b.x is not None for b in found.buses):
            return found.crs or ""
    return ""


def hosted(inputs: Mapping[str, Any], group: str) -> list[dict[str, Any]]:
    """The rows of hosting capacity of a group that pages show; none where the study does not ask for it."""
    path = inputs["hosting"].get(group)
    rows: list[dict[str, Any]] = (
        [] if path is None else hosting_payloads.shown(tables.read("hosting", Path(path))).to_pylist()
    )
    return rows


def solutions(
    spec: Mapping[str, Any],
    inputs: Mapping[str, Any],
    name: str,
    group: Mapping[str, Any],
    network: Feeder | None,
    cases: tuple[str, ...],
    crs: str,
    shown: Overlays,
    elements: answers.Elements,
) -> Iterator[Solution]:
    """The feeders of a group with their answers of all cases; ``elements`` takes in what questions may ask for."""
    if network is None or name not in inputs["powerflow"]:
        yield from (Solution(f, name, cases, spec["limits"]) for f in group["feeders"])
        return
    like = twins(spec.get("reach", {}), group["feeders"])
    flow = tables.read("powerflow", Path(inputs["powerflow"][name]))
    elements.add(flow, like)
    hourly = tables.read("hourly", Path(inputs["hourly"][name]), HOURLY)
    told = all_cases(_cases(inputs["manifest"][name]), like)
    where = places(network, crs)
    for feeder in group["feeders"]:
        yield Solution(
            feeder,
            name,
            cases,
            spec["limits"],
            network,
            where,
            Flow(of_feeders(flow, [feeder]), like),
            all_cases(hours_by_case(of_feeders(hourly, [feeder]), cases), like),
            told,
            shown,
        )


def manifests(spec: Mapping[str, Any], inputs: Mapping[str, Any], index: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest of each group says of each case, by group and case, in their order."""
    reach, groups = spec.get("reach", {}), index["groups"]
    return {
        group: all_cases(_cases(path), twins(reach, groups[group]["feeders"]))
        for group, path in sorted(inputs["manifest"].items())
    }


def _cases(path: str | Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))["cases"]
    return told
