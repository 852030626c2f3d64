"""The page that builds a scenario: its form comes from the JSON Schema of layers, its suggestions from the study."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dtl import scenarios
from dtl.analyses.ranking import Ranked
from dtl.report.facts import Facts
from dtl.spec.canonical import plain
from dtl.spec.edits import STATUSES
from dtl.spec.kinds import ORDER
from dtl.spec.layer_files import SHIPPED
from dtl.spec.profiles import BUILT_IN
from dtl.spec.schema import schema
from dtl.spec.study import Study

SECTIONS = ("profiles", "layers", "scenarios")
"""The sections that a scenario is made of, in the order in which they are written."""

NAMED = {
    "Follow.forecast": "forecasts", "Growth.forecast": "forecasts", "Queue.from": "registers", "Battery.with": "roofs",
    "ScaleLoad.area": "areas", "Flexibility.areas": "areas", "Step.execute": "programs",
    "Step.delete_program": "programs", "Membership.program": "programs", "UpdateProgram.name": "programs",
    "Ev.profile": "profiles", "Scenario.stack": "layers",
}  # fmt: skip
"""Fields whose value must be one of the study's own names, by section class."""
SUGGESTED = {
    "to": "classes", "feeders": "feeders", "bus": "buses", "buses": "buses", "at": "buses", "open": "switches",
    "close": "switches", "line": "lines", "ReplaceTransformer.at": "transformers", "SetTap.at": "transformers",
    "Queue.status": "statuses", "by": "years", "from_year": "years", "year": "years",
}  # fmt: skip
"""Fields for which the study has names to choose from, and others may be written; by name, or by class and name."""
FILES = ("Custom.profile", "Solar.profile", "Project.profile", "Upgrades.from", "Profile.sessions", "Profile.year",
         "Profile.weekday", "Profile.weekend")  # fmt: skip
"""Fields that name a CSV of the study."""
MOST = 300
"""So many names of a kind are suggested at most."""


def payload(
    spec: Mapping[str, Any], known: Facts, assets: Iterable[Ranked], parts: Mapping[str, list[str]]
) -> dict[str, Any]:
    """The payload ``builder``; `parts` are names of buses and switches."""
    whole = json.loads(spec["spec_text"])
    study = plain(Study.model_validate(_said(whole)), defaults=False)
    ranked = [a.asset for a in assets]
    names = {
        "feeders": known.feeders[:MOST],
        "transformers": [a.element for a in ranked if a.kind == "transformer"][:MOST],
        "lines": [a.element for a in ranked if a.kind == "line"][:MOST],
        **{kind: found[:MOST] for kind, found in parts.items()},
        **_named(whole),
    }
    return {
        "language": language(),
        "order": ORDER,
        "sections": SECTIONS,
        "study": spec["study"],
        "written": study,
        "years": whole.get("years", {}),
        "names": names,
        "named": NAMED,
        "suggested": SUGGESTED,
        "files": FILES,
        "days": days(),
    }


def _said(part: Any) -> Any:
    """A part of the study without empty texts, which are defaults that nobody may write."""
    if isinstance(part, dict):
        return {k: _said(v) for k, v in part.items() if v != ""}
    return [_said(v) for v in part] if isinstance(part, list) else part


def _named(whole: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names that the study has, by what they are names of."""
    sources, layers = whole.get("sources", {}), whole.get("layers", {})
    classes = {layer.get("to", "all") for layer in layers.values()} | {"all", *SHIPPED}
    files = {v for layer in layers.values() for k, v in layer.items() if k in ("profile", "from") and ".csv" in str(v)}
    areas = whole.get("areas") or {}
    planned = whole.get("years", {}).get("planned", [])
    steps = [s for layer in layers.values() if layer["kind"] == "actions" for s in layer.get("do", [])]
    return {
        "forecasts": sorted(n for n, s in sources.items() if s["kind"] == "forecast"),
        "registers": sorted(n for n, s in sources.items() if s["kind"] == "generators"),
        "roofs": sorted(n for n, layer in layers.items() if layer["kind"] == "solar"),
        "programs": sorted(n for n, layer in layers.items() if layer["kind"] == "flexibility"),
        "made": sorted(s["register_program"]["name"] for s in steps if "register_program" in s),
        "areas": sorted(n for n in areas if n != "from"),
        "classes": sorted(classes),
        "profiles": [*BUILT_IN, *sorted(whole.get("profiles", {}))],
        "layers": sorted(layers),
        "statuses": list(STATUSES),
        "files": sorted(files),
        "years": [str(y) for y in planned],
    }


@cache
def language() -> dict[str, Any]:
    """The part of the JSON Schema that layers, scenarios and profiles need: classes by name, and the order of words."""
    whole = schema()
    found: dict[str, Any] = {}

    def follow(part: Any) -> None:
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found[name] = whole["$defs"][name]
                follow(found[name])
            for inner in part.values():
                follow(inner)
        elif isinstance(part, list):
            for inner in part:
                follow(inner)

    for section in SECTIONS:
        follow(whole["properties"][section])
    kinds = {d["properties"].get("kind", {}).get("const", ""): n for n, d in found.items()}
    kinds.pop("", None)
    words = {name: list(cls["properties"]) for name, cls in found.items()}
    return {"classes": found, "kinds": kinds, "words": words}


def days() -> dict[str, dict[str, Any]]:
    """Of each built-in profile the mean power of a unit in each hour [kW], as if nobody waits, on the two kinds of day.

    Sessions begin evenly within their hour and take the mean energy at full power.
    """
    folder = Path(scenarios.__file__).parent / "profiles"
    found = {}
    for row in _rows(folder / "sessions.csv"):
        kw = float(row["charger_kw"])
        rates = [float(row[f"{day}_sessions"]) for day in ("weekday", "weekend")]
        kwh = float(row["energy_kwh_per_day"]) / float(row["efficiency"]) / ((5.0 * rates[0] + 2.0 * rates[1]) / 7.0)
        begun = _rows(folder / f"{row['profile']}.csv")
        found[row["profile"]] = {"charger_kw": kw} | {
            day: _day([float(r[day]) for r in begun], rate, kw, kwh / kw)
            for day, rate in zip(("weekday", "weekend"), rates, strict=True)
        }
    return found


def _day(begun: list[float], rate: float, kw: float, lasts_h: float) -> list[float]:
    """Power by hour of sessions that begin evenly within each hour and last so long: the overlap of their times."""
    power = [0.0] * 24
    steps = 60
    for hour, weight in enumerate(begun):
        for minute in range(steps):
            start = hour + (minute + 0.5) / steps
            at, left = start, lasts_h
            while left > 1e-9:
                part = min(left, int(at) + 1 - at)
                power[int(at) % 24] += kw * part * rate * weight / sum(begun) / steps
                at, left = float(int(at) + 1), left - part
    return [round(p, 3) for p in power]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))
