"""The stage ``split_feeders``: the network becomes one file per group of feeders that are solved together.

A feeder with an error of the model, and a feeder that the study names but no source has, is listed as ``failed`` with
the reason; the others go on. Errors of outages and registers fail no feeder. What is not connected to a source is left
out of the file, and noted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dtl import tables
from dtl.errors import first_fault
from dtl.network import given
from dtl.network.calibrated import UnknownElement
from dtl.network.chosen import chosen
from dtl.network.feeder import Feeder
from dtl.network.ids import SAFE
from dtl.network.join import join, pruned
from dtl.network.rows import by_feeder
from dtl.network.studied import Studied

Reason = tuple[bool, str]
"""Why a feeder fails; those without a place in a file sort last."""


def split_feeders(spec: Mapping[str, Any], inputs: Mapping[str, Any], outputs: Mapping[str, Path]) -> None:
    """Write ``feeders.json``, and the model of each group whose status is ``ok``, with what is given for it."""
    network = tables.read("network", inputs["network"])
    rows = dict(by_feeder(network))
    findings = tables.read("findings", inputs["findings"]).to_pylist()
    errors: dict[str, list[Reason]] = {}
    for finding in findings:
        if finding["severity"] == "error" and finding["source"] in ("", spec.get("model", finding["source"])):
            errors.setdefault(finding["feeder"], []).append((not finding["file"], _reason(finding)))
    known = sorted(set(rows) | {f for f in errors if f})
    asked = chosen(spec["feeders"], known, rows)
    absent = {*asked.absent, *(set(spec.get("feeders_expected") or ()) - set(known))}
    folder = outputs["feeders"]
    folder.mkdir(parents=True, exist_ok=True)
    groups: dict[str, dict[str, Any]] = {}
    places: dict[str, given.Place] = {}
    wanted = given.by_bus(inputs)
    studied = Studied.of(spec, inputs["scada"], rows)
    for names in _groups(sorted({*asked.feeders, *absent}), spec.get("together") or ()):
        group = "+".join(names)
        feeder, reason = _build(names, rows, errors, studied)
        if feeder is None:
            groups[group] = _entry(names, "failed", reason)
            continue
        text = feeder.to_json()
        (folder / f"{group}.json").write_text(text, encoding="utf-8")
        groups[group] = _entry(names, "ok", "") | _facts(feeder, text)
        own = wanted & {b.name.lower() for b in feeder.buses} if wanted else wanted
        places[group] = given.Place(names, feeder.crs, _head(feeder), own, _drawn(feeder))
    index: dict[str, Any] = {"groups": groups, "unmet": list(asked.unmet), **studied.notes}
    text = json.dumps(index, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    outputs["index"].write_text(text, encoding="utf-8")
    given.write(spec["areas"], inputs, places, outputs["given"])


def _reason(finding: Mapping[str, Any]) -> str:
    place = ":".join(str(p) for p in (finding["file"], finding["line"]) if p not in ("", None))
    what = " ".join(p for p in (finding["element"], finding["field"]) if p)
    value = f" ({finding['value']})" if finding["value"] else ""
    return " ".join(p for p in (place and place + ":", what and what + ":", finding["message"] + value) if p)


def _groups(chosen: list[str], together: Iterable[list[str]]) -> list[tuple[str, ...]]:
    """The chosen feeders, those that are solved together side by side, in the order of their group ids."""
    left, groups = set(chosen), []
    for names in together:
        mine = tuple(sorted(n for n in names))
        if left & set(mine):
            groups.append(mine)
            left -= set(mine)
    return sorted([*groups, *((n,) for n in left)])


def _build(
    names: tuple[str, ...], rows: Mapping[str, list[dict[str, Any]]], errors: Mapping[str, list[Reason]],
    studied: Studied,
) -> tuple[Feeder | None, str]:  # fmt: skip
    """The model of a group with what the study states of it, or why there is none."""
    if studied.why_not:
        return None, studied.why_not
    if bad := [n for n in names if not SAFE.fullmatch(n)]:
        return None, f"the id {bad[0]!r} cannot be the name of a file; rename the feeder in its source"
    for name in names:
        found = errors.get(name, [])
        if name not in rows and not found:
            found = errors.get("", []) or [(True, "no source has this feeder")]
        if found:
            more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
            return None, f"{name}: " * (len(names) > 1) + "; ".join(text for _, text in sorted(found)[:3]) + more
    try:
        whole = join([Feeder.from_parts(rows[n]) for n in names])
        return pruned(studied.applied(whole, "+".join(names))), ""
    except ValidationError as err:
        return None, f"the parts make no feeder: {first_fault(err)[2]}"
    except UnknownElement as err:
        return None, str(err)


def _entry(names: tuple[str, ...], status: str, reason: str) -> dict[str, Any]:
    empty = {"digest": "", "customers": 0, "kv_ll": 0.0, "loads": 0, "kw": 0.0, "buses": 0, "length_km": 0.0}
    return {"feeders": list(names), "status": status, "reason": reason, **empty}


def _facts(feeder: Feeder, text: str) -> dict[str, Any]:
    kw = sum(load.kw for load in feeder.loads if load.enabled)
    heads = [feeder.bus[s.bus].kv_ll for s in feeder.sources]
    return {
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "customers": feeder.customers,
        "kv_ll": round(max(_main(feeder), default=max(heads)), 6),
        "loads": sum(load.enabled for load in feeder.loads),
        "kw": round(kw, 6),
        "buses": len(feeder.buses),
        "length_km": round(sum(p.length_km for p in feeder.lines if p.enabled), 6),
    }


def _drawn(feeder: Feeder) -> dict[str, list[str]]:
    """The buses in each area of the GIS."""
    found: dict[str, list[str]] = {}
    for bus in feeder.buses:
        if bus.area:
            found.setdefault(bus.area, []).append(bus.name)
    return found


def _head(feeder: Feeder) -> tuple[float, float] | None:
    """The place of the first source, in the coordinates of the feeder; None without one."""
    bus = feeder.bus[feeder.sources[0].bus] if feeder.sources else None
    return None if bus is None or bus.x is None or bus.y is None else (bus.x, bus.y)


def _main(feeder: Feeder) -> list[float]:
    """The voltage at which most of the line length is, as a list of one; empty without lines [kV]."""
    length: dict[float, float] = {}
    for line in feeder.lines:
        if line.enabled:
            kv = round(feeder.bus[line.from_bus].kv_ll, 6)
            length[kv] = length.get(kv, 0.0) + line.length_km
    return [max(length, key=lambda kv: (length[kv], kv))] if length else []
