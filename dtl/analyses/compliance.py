"""What the cube holds of compliance: by feeder and case the broken limits of each code, lights, curtailed volumes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from dtl.analyses.compliance_stage import LEFT, LIGHT, STUDY, TAKEN, UNSOLVED

Row = dict[str, Any]
Key = tuple[str, str]
"""Feeder and case."""

WORST = 40
"""Broken limits of a feeder and case that are facts of their own, the furthest beyond first."""


def gathered(compliance: pa.Table, lights: pa.Table, curtailment: pa.Table, step_min: int = 60) -> list[Row]:
    """The rows of the cube from the tables ``compliance``, ``lights`` and ``curtailment`` of all groups.

    Rows of the latter two are of steps, whose length makes hours and energies of them.
    """
    step_h = step_min / 60.0
    verdicts, shown, taken = (_by_case(t.to_pylist()) for t in (compliance, lights, curtailment))
    made: list[Row] = []
    for key, rows in sorted(verdicts.items()):
        same = {k: rows[0][k] for k in ("feeder", "scenario", "year", "case")} | {"analysis": "compliance"}
        empty = {"level": "feeder", "kind": "", "element": "", "text": "", "hour": None, "limit": None, "rule": ""}
        own = list(_codes(rows))
        if any(r["what"] == LIGHT for r in rows):  # else it was not solved, and no light was seen
            own += _lights(rows, shown.get(key, []), step_h)
        own += _taken(rows, taken.get(key, []), step_h)
        made += [{**empty, **same, **row} for row in own]
    return made


def _by_case(rows: Sequence[Row]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault((row["feeder"], row["case"]), []).append(row)
    return found


def _codes(rows: Sequence[Row]) -> Iterator[Row]:
    """How many limits hold and break, in all and by code, and the furthest broken ones."""
    mine = [r for r in rows if r["code"] != STUDY]
    counts = {v: [r for r in mine if r["verdict"] == v] for v in ("complies", "violates", "not_assessed")}
    broken = counts["violates"]
    kinds = Counter(r["what"].replace("_", " ") for r in broken).most_common()
    if broken or counts["complies"]:
        text = ", ".join(f"{w} {n}" for w, n in kinds)
        yield {"metric": "compliance_violated", "value": len(broken), "text": text}
    yield {"metric": "compliance_judged", "value": len(counts["complies"]) + len(broken)}
    why = "; ".join(sorted({f"{r['what'].replace('_', ' ')}: {r['text']}" for r in counts["not_assessed"]})[:12])
    why = next((r["text"] for r in counts["not_assessed"] if r["text"].startswith(UNSOLVED)), why)
    yield {"metric": "compliance_unjudged", "value": len(counts["not_assessed"]), "text": why}
    for code in sorted({r["code"] for r in mine}):
        at = {"level": "element", "kind": "code", "element": code}
        judged = [r for r in mine if r["code"] == code and r["verdict"] != "not_assessed"]
        lost = sorted({r["what"].replace("_", " ") for r in counts["not_assessed"] if r["code"] == code})
        yield {**at, "metric": "code_judged", "value": len(judged)}
        over = sum(r["verdict"] == "violates" for r in judged)
        yield {**at, "metric": "code_violated", "value": over, "text": ", ".join(lost)}
    for row in sorted(broken, key=lambda r: (r["margin"] / (r["limit"] or 1.0), r["code"], r["element"]))[:WORST]:
        yield {
            "level": "element", "metric": "code_value", "kind": f"{row['code']} {row['what']} {row['range']}".strip(),
            "element": f"{row['kind']} {row['element']}", "value": row["value"], "limit": row["limit"],
            "hour": row["hour"], "text": f"{row['unit']}: {row['text']}", "rule": f"{row['code']}: {row['clause']}",
        }  # fmt: skip


def _lights(rows: Sequence[Row], shown: Sequence[Row], step_h: float) -> Iterator[Row]:
    """Hours by phase, the most power that is needed, and the red hours of each segment."""
    counts = Counter(r["phase"] for r in shown)
    causes = Counter(f"{r['phase']} {r['cause'].replace('_', ' ')}" for r in shown).most_common(4)
    text = ", ".join(f"{cause} {n * step_h:g} h" for cause, n in causes)
    yield {"metric": "light_red_h", "value": counts["red"] * step_h, "text": text}
    yield {"metric": "light_yellow_h", "value": counts["yellow"] * step_h, "text": text}
    known = [r for r in shown if r["kw_to_green"] is not None]
    if known:
        most = max(known, key=lambda r: (r["kw_to_green"], r["segment"], -r["hour"]))
        said = f"segment {most['segment']}: {most['direction'].replace('_', ' ')} at {most['kind']} {most['element']}"
        yield {"metric": "light_worst_kw", "value": most["kw_to_green"], "hour": most["hour"], "text": said}
    for row in rows:
        if row["what"] == LIGHT:
            at = {"level": "element", "kind": "segment", "element": row["element"]}
            yield {**at, "metric": "segment_red_h", "value": row["value"], "text": row["text"], "rule": row["clause"]}


def _taken(rows: Sequence[Row], taken: Sequence[Mapping[str, Any]], step_h: float) -> Iterator[Row]:
    """What is curtailed, of what, and what is left; nothing where the study does not ask for it."""
    left = next((r for r in rows if r["what"] == LEFT), None)
    if left is None:
        return
    kwh = sum(r["curtailed_kw"] for r in taken) * step_h
    could = sum(r["available_kw"] for r in taken) * step_h
    yield {"metric": "curtail_left_h", "value": left["value"], "text": left["text"], "rule": left["clause"]}
    yield {"metric": "curtailed_kwh", "value": kwh, "text": left["text"]}
    yield {"metric": "curtailed_h", "value": len({(r["hour"], r["minute"]) for r in taken}) * step_h}
    yield {"metric": "curtailed_pct", "value": 100.0 * kwh / could if could else 0.0}
    for row in rows:
        if row["what"] == TAKEN:
            at = {"level": "element", "kind": "plant", "element": row["element"]}
            yield {**at, "metric": "plant_curtailed_kwh", "value": row["value"], "text": row["text"]}
