"""What the page of states says: of a snapshot, every feeder in every loading state, as the table ``hourly`` has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from dtl import tables
from dtl.report import figures
from dtl.report.facts import Facts
from dtl.spec.twins import twins
from dtl.tables.named import unfolded

Shown = dict[str, Any]

MOST = 500
"""Rows of the page, the highest loadings first; the file for download holds all."""
COLUMNS = ("source_kw", "source_kvar", "load_kw", "load_kvar", "generation_kw", "loss_kw", "min_pu", "max_pu",
           "max_load_pct")  # fmt: skip


def table(spec: Mapping[str, Any], facts: Facts, inputs: Mapping[str, Any], index: Mapping[str, Any]) -> pa.Table:
    """A row per case, feeder and state; empty where time runs."""
    rows: list[Shown] = []
    for group, path in sorted(inputs["hourly"].items()) if facts.states else ():
        like = twins(spec.get("reach", {}), index["groups"][group]["feeders"])
        for row in unfolded(tables.read("hourly", Path(path)), like).to_pylist():
            told = {name: row[name] for name in ("case", "feeder")} | {"state": facts.states[row["hour"]]}
            rows.append(told | {name: row[name] for name in COLUMNS})
    words = [(name, pa.string()) for name in ("case", "feeder", "state")]
    return pa.Table.from_pylist(rows, pa.schema([*words, *((name, pa.float64()) for name in COLUMNS)]))


def context(facts: Facts, found: pa.Table, cases: Sequence[Mapping[str, Any]]) -> Shown | None:
    """The context of the page; None where time runs."""
    if not facts.states:
        return None
    label = {c["case"]: c["label"] for c in cases}
    order = {state: i for i, state in enumerate(facts.states)}
    rows = found.to_pylist()
    by_feeder: dict[tuple[str, str], float] = {}
    for row in rows:
        key = (row["case"], row["feeder"])
        by_feeder[key] = max(by_feeder.get(key, 0.0), row["max_load_pct"] or 0.0)
    rows.sort(key=lambda r: (-by_feeder[r["case"], r["feeder"]], r["feeder"], r["case"], order[r["state"]]))
    return {
        "states": facts.states,
        "count": len(rows),
        "rows": [
            {
                "case": label.get(r["case"], r["case"]),
                "feeder": r["feeder"],
                "state": r["state"],
                "kw": figures.text(r["source_kw"], "kW"),
                "kvar": figures.text(r["source_kvar"], "kvar"),
                "load": figures.text(r["load_kw"], "kW"),
                "generation": figures.text(r["generation_kw"], "kW"),
                "loss": figures.text(r["loss_kw"], "kW"),
                "low": figures.text(r["min_pu"], "pu"),
                "high": figures.text(r["max_pu"], "pu"),
                "loading": figures.text(r["max_load_pct"], "%"),
            }
            for r in rows[:MOST]
        ],
    }


def notice(facts: Facts) -> list[dict[str, str]]:
    """What every reader of a snapshot must know."""
    if not facts.states:
        return []
    names = ", ".join(facts.states)
    text = (
        f"This study solves {len(facts.states)} loading states ({names}) and no year: where a figure is in hours it "
        "counts states, and energy is that of one hour in each."
    )
    return [{"kind": "note", "text": text, "link": "states.html"}]
