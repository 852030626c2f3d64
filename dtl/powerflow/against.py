"""A model against results of another program: which of these are there, how far ours are from them, and the gate.

Nothing here knows an engine: two lists of values go in, those of the reference and those of the model's state, and
their differences come out. Nothing of the reference is dropped; what fits nothing says why.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
"""A row of the tables ``reference``, ``state`` or ``deviations``."""

BRANCHES = ("line", "transformer", "switch")
"""Kinds of the model that a branch of the reference may be, the likeliest first."""
HALVES = ("", "__1")
"""What the name of a part may have behind that of its device: the first half of a line with a load in its middle."""


@dataclass(frozen=True)
class Gate:
    """How far values may be apart: voltages as root mean square and at most [pu], loadings at most [%]."""

    rmse_pu: float = 0.005
    max_pu: float = 0.01
    loading_pct: float = 3.0


@dataclass(frozen=True)
class Summary:
    """The differences of one feeder.

    ``rmse``, ``worst`` and ``mean`` are by quantity: root mean square, the largest difference with its row, and the
    mean (the bias); voltages of all kinds count as ``v_pu``. ``broken`` names what is over the gate.
    """

    matched: int
    unmatched: int
    rmse: Mapping[str, float]
    mean: Mapping[str, float]
    worst: Mapping[str, Row]
    broken: tuple[str, ...]

    @property
    def coverage(self) -> float:
        """The part of the reference that was compared [-]."""
        return self.matched / max(self.matched + self.unmatched, 1)


def compare(reference: Iterable[Row], state: Iterable[Row], feeder: str) -> list[dict[str, Any]]:
    """The rows of the table ``deviations`` of one feeder, one for each row of its reference.

    A row without a phase of a branch is compared with the sum (powers) or the highest phase (currents, loadings), one
    of a bus with the mean of its phases.
    """
    values: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    for row in state:
        if row["feeder"] == feeder:
            values.setdefault((row["kind"], row["element"]), {})[row["phase"], row["quantity"]] = row["value"]
    found = []
    for row in reference:
        key = _match(row, values)
        ours, note = None, f"the model has no {row['kind']} of this name"
        if key is not None:
            ours = values[key].get((row["phase"], row["quantity"]))
            here = " ".join(sorted({p for p, q in values[key] if q == row["quantity"] and p}))
            on = f" on {row['phase']}" if row["phase"] else ""
            note = f"{'.'.join(key)} has no {row['quantity']}{on}" + (f"; it has {here}" if here else "")
        found.append(deviation(row, feeder, ".".join(k for k in key if k) if key else "", ours, note))
    return found


def deviation(row: Row, feeder: str, matched: str, ours: float | None, note: str) -> dict[str, Any]:
    """One row of the table ``deviations``; `note` counts only without a value of ours."""
    same = {c: row[c] for c in ("source", "kind", "element", "phase", "quantity", "file", "line")}
    known = ours is not None
    return same | {
        "feeder": feeder,
        "matched": matched,
        "reference": row["value"],
        "ours": ours,
        "deviation": ours - row["value"] if ours is not None else None,
        "note": "" if known else note,
    }


def _match(row: Row, values: Mapping[tuple[str, str], Any]) -> tuple[str, str] | None:
    """The element of the model that a row of the reference is about: by its name, else by that of its section."""
    if row["kind"] != "branch":
        key = (row["kind"], row["element"])
        return key if key in values else None
    named = [n for n in (row["element"], row["section"]) if n]
    keys = [(kind, f"{name}{half}") for name in named for kind in BRANCHES for half in HALVES]
    there = [k for k in keys if k in values]
    telling = [k for k in there if (row["phase"], row["quantity"]) in values[k]]
    return next(iter([*telling, *there]), None)


def summary(deviations: Sequence[Row], gate: Gate, bases: Mapping[str, float] | None = None) -> Summary:
    """The differences of one feeder, judged; `bases` are nominal voltages of buses, line to ground [kV].

    Volts and kilovolts are judged as per unit of the reference where `bases` does not know the bus.
    """
    by_quantity: dict[str, list[tuple[float, Row]]] = {}
    for row in deviations:
        if row["deviation"] is not None:
            quantity, value = row["quantity"], row["deviation"]
            if quantity in ("kv_ln", "kv_ll"):
                base = (bases or {}).get(row["element"], 0.0) * (math.sqrt(3.0) if quantity == "kv_ll" else 1.0)
                value, quantity = value / (base or row["reference"] or 1.0), "v_pu"
            by_quantity.setdefault(quantity, []).append((value, row))
    rmse = {q: math.sqrt(sum(v * v for v, _ in rows) / len(rows)) for q, rows in by_quantity.items()}
    mean = {q: sum(v for v, _ in rows) / len(rows) for q, rows in by_quantity.items()}
    worst = {q: max(rows, key=lambda r: abs(r[0])) for q, rows in by_quantity.items()}
    count = sum(len(rows) for rows in by_quantity.values())
    over = (("v_pu", "rmse", rmse.get("v_pu"), gate.rmse_pu, "pu"),
            ("v_pu", "largest difference", abs(worst["v_pu"][0]) if "v_pu" in worst else None, gate.max_pu, "pu"),
            ("load_pct", "largest difference", abs(worst["load_pct"][0]) if "load_pct" in worst else None,
             gate.loading_pct, "%"))  # fmt: skip
    broken = [
        f"{word} of {WORDS[quantity]} {value:.5g} {unit}, {limit:g} {unit} is allowed"
        for quantity, word, value, limit, unit in over
        if value is not None and value > limit
    ]
    if not count:
        broken.append("nothing of the reference could be compared")
    return Summary(
        matched=count,
        unmatched=len(deviations) - count,
        rmse=rmse,
        mean=mean,
        worst={q: {**row, "deviation": value} for q, (value, row) in worst.items()},
        broken=tuple(broken),
    )


WORDS = {"v_pu": "voltages", "load_pct": "loadings"}


def worst_buses(deviations: Sequence[Row], number: int) -> list[Row]:
    """The rows of voltages per unit that are farthest apart, one for each bus, the worst first."""
    seen: dict[str, Row] = {}
    known = [r for r in deviations if r["quantity"] == "v_pu" and r["deviation"] is not None]
    for row in sorted(known, key=lambda r: (-abs(r["deviation"]), r["element"], r["phase"])):
        seen.setdefault(row["element"], row)
    return list(seen.values())[:number]


def unmatched(deviations: Iterable[Row]) -> dict[str, int]:
    """Names of the reference of which the model has nothing, and how many of their values were not compared."""
    return dict(sorted(Counter(f"{r['kind']} {r['element']}".strip() for r in deviations if not r["matched"]).items()))
