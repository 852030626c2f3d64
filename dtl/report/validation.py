"""What the page of validation says: the model of each feeder against results of another program, and every difference.

Verdicts and figures are the cube's; the charts and the file to take away are the table ``deviations``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.report import figures, payloads
from dtl.report.facts import Facts

Shown = dict[str, Any]

MOST = 20_000
"""Differences in the payload, the largest of each quantity; the file for download holds all."""

LEAST_PU = 0.000_01
"""Differences of voltages below this are told as nothing; the file for download has all digits."""

QUANTITIES = {
    "v_pu": ("Voltage", "pu"),
    "load_pct": ("Loading", "%"),
    "amps": ("Current", "A"),
    "kw": ("Active power", "kW"),
    "kvar": ("Reactive power", "kvar"),
    "loss_kw": ("Losses", "kW"),
    "tap": ("Tap", "steps"),
}
"""Quantities of the charts: title and unit; voltages in kilovolts are judged as per unit, and so shown."""

_FAR = {
    "reference_max_loading_pct": ("loading", "%"),
    "reference_max_a": ("current", "A"),
    "reference_max_kw": ("active power", "kW"),
    "reference_max_kvar": ("reactive power", "kvar"),
    "reference_max_loss_kw": ("losses", "kW"),
    "reference_max_tap": ("tap", "steps"),
}


def read(inputs: Mapping[str, Any]) -> pa.Table:
    """The table ``deviations`` of all groups; empty where the study asks for no validation."""
    parts = [tables.read("deviations", Path(p)) for _, p in sorted(inputs["deviations"].items())]
    return tables.concat("deviations", parts)


def context(facts: Facts) -> Shown | None:
    """The context of the page; None where the study asked for no validation."""
    whole = facts.fact("reference_rows")
    if whole is None:
        return None
    rows = [_feeder(facts, f) for f in facts.feeders]
    rows.sort(key=lambda r: (r["order"], -r["sort"], r["feeder"]))
    strange = facts.fact("reference_elsewhere")
    return {
        "lead": _lead(facts, rows, whole.value or 0),
        "rows": rows,
        "worst": _worst(facts),
        "gate": _gate(facts, rows),
        "elsewhere": strange.text.split() if strange is not None and strange.value else [],
        "elsewhere_count": figures.text(strange.value if strange is not None else 0),
    }


def _feeder(facts: Facts, feeder: str) -> Shown:
    count, within = facts.value("reference_rows", feeder) or 0, facts.fact("reference_within", feeder)
    rmse, far = facts.fact("reference_rmse_pu", feeder), facts.fact("reference_max_pu", feeder)
    lost = facts.fact("reference_unmatched", feeder)
    verdict = "no reference" if not count or within is None else "within" if within.value else "outside"
    others = [(word, unit, facts.fact(name, feeder)) for name, (word, unit) in _FAR.items()]
    return {
        "feeder": feeder,
        "verdict": verdict,
        "why": within.text if within is not None else "",
        "values": figures.text(count),
        "coverage": figures.text(facts.value("reference_coverage_pct", feeder), "%"),
        "lost": f"{figures.text(lost.value)} not compared: {lost.text}" if lost is not None and lost.value else "",
        "rmse": _pu(rmse.value) if rmse is not None else figures.MISSING,
        "bias": rmse.text if rmse is not None else "",
        "far": _pu(far.value) if far is not None else figures.MISSING,
        "far_text": far.text if far is not None else "",
        "others": [
            {"word": word, "value": figures.text(cell.value, unit), "text": cell.text}
            for word, unit, cell in others
            if cell is not None
        ],
        "order": ("outside", "within", "no reference").index(verdict),
        "sort": rmse.value if rmse is not None and rmse.value is not None else 0.0,
    }


def _pu(value: float | None) -> str:
    """A difference of voltages with three significant digits; what no voltmeter tells apart from 0 is said to be so."""
    if value is None:
        return figures.MISSING
    if 0 < abs(value) < LEAST_PU:
        return f"less than {LEAST_PU:.5f} pu"
    return f"{figures.significant(float(f'{value:.3g}'))} pu"


def _gate(facts: Facts, rows: Sequence[Shown]) -> list[Shown]:
    """What the study allows, as the facts state it."""
    found = []
    for name, words, unit in (
        ("reference_rmse_pu", "root mean square of voltage differences", "pu"),
        ("reference_max_pu", "largest voltage difference", "pu"),
        ("reference_max_loading_pct", "largest difference of a loading", "%"),
    ):
        cells = [facts.fact(name, r["feeder"]) for r in rows]
        limit = next((c.limit for c in cells if c is not None and c.limit is not None), None)
        if limit is not None:
            found.append({"words": words, "limit": f"{limit:g} {unit}"})
    return found


def _worst(facts: Facts) -> list[Shown]:
    own = [r for r in facts.parts("validate") if r["metric"] == "reference_deviation_pu"]
    own.sort(key=lambda r: (-abs(r["value"]), r["feeder"], r["element"]))
    return [
        {"feeder": r["feeder"], "bus": r["element"], "off": _signed(r["value"]), "text": r["text"]} for r in own[:50]
    ]


def _signed(value: float) -> str:
    if abs(value) < LEAST_PU:
        return _pu(value)
    return f"{'+' if value > 0 else figures.MINUS}{_pu(abs(value))}"


def _lead(facts: Facts, rows: Sequence[Shown], count: float) -> str:
    """The answer in a sentence or two."""
    if not count:
        return "The reference has nothing of the feeders of this study, so that nothing is validated."
    compared = [r for r in rows if r["verdict"] != "no reference"]
    outside = [r["feeder"] for r in compared if r["verdict"] == "outside"]
    if outside:
        more = ", ..." if len(outside) > 5 else ""
        told = f"{len(outside)} of {len(compared)} feeders are outside of tolerance: {', '.join(outside[:5])}{more}."
    else:
        many = f"All {len(compared)} feeders with a reference are" if len(compared) > 1 else "The feeder is"
        told = f"{many} within tolerance of the reference."
    rmse, far = facts.fact("reference_rmse_pu"), facts.fact("reference_max_pu")
    if rmse is not None and far is not None:
        told += f" Voltages differ by {_pu(rmse.value)} (root mean square), at most by {_pu(far.value)} ({far.text})."
    return told


def payload(deviations: pa.Table, facts: Facts) -> bytes:
    """The payload ``validation``: a row per compared value, the largest differences of each quantity first.

    Columns: ``feeder`` (its place in the list), ``quantity``, ``element``, ``phase``, ``reference``, ``off`` (ours less
    the reference, in the unit of the quantity; ``v_pu`` from kilovolts too). ``meta.quantities`` names title and unit,
    ``meta.limits`` the largest allowed difference by quantity, ``meta.left_out`` how many differences are not here.
    """
    place = {f: i for i, f in enumerate(facts.feeders)}
    known = deviations.filter(pc.is_valid(deviations["deviation"])).to_pylist()
    by_quantity: dict[str, list[Shown]] = {}
    for row in known:
        volts = row["quantity"] in ("kv_ln", "kv_ll")
        quantity, base = ("v_pu", row["reference"] or 1.0) if volts else (row["quantity"], 1.0)
        if quantity in QUANTITIES and row["feeder"] in place:
            told = {"at": 1.0 if volts else row["reference"], "off": row["deviation"] / base}
            by_quantity.setdefault(quantity, []).append(row | told)
    kept = []
    for quantity in (q for q in QUANTITIES if q in by_quantity):
        rows = sorted(by_quantity[quantity], key=lambda r: (-abs(r["off"]), r["feeder"], r["element"], r["phase"]))
        kept += [(quantity, r) for r in rows[:MOST]]
    cols = [
        payloads.numbers("feeder", [place[r["feeder"]] for _, r in kept]),
        payloads.words("quantity", [q for q, _ in kept]),
        payloads.words("element", [f"{r['kind']} {r['element']}".strip() for _, r in kept]),
        payloads.words("phase", [r["phase"] for _, r in kept]),
        payloads.reals("reference", [r["at"] for _, r in kept]),
        payloads.doubles("off", [r["off"] for _, r in kept]),
    ]
    limits = {"v_pu": "reference_max_pu", "load_pct": "reference_max_loading_pct"}
    cells = {q: [facts.fact(m, f) for f in facts.feeders] for q, m in limits.items()}
    meta = {
        "feeders": facts.feeders,
        "quantities": {q: {"title": t, "unit": unit} for q, (t, unit) in QUANTITIES.items() if q in by_quantity},
        "limits": {q: next((c.limit for c in own if c is not None and c.limit is not None), None)
                   for q, own in cells.items()},
        "left_out": sum(len(rows) for rows in by_quantity.values()) - len(kept),
    }  # fmt: skip
    return payloads.columns({"differences": cols}, meta)
