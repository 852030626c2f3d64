"""What the page of mitigation shows: the chosen works, what they leave, what each measure does, what is not offered."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from dtl import tables
from dtl.report import figures

Row = dict[str, Any]

FILE = "upgrades.csv"
ABOUT = "The chosen works as the layer upgrades reads them: review, commit, and name it in a stack."
ROWS = 200
"""Rows of a table of the page at most; the downloads hold all."""
_WORDS = {"solves": "no violation left", "still_violates": "still violates", "no_violation": "no violation",
          "not_solved": "not solved"}  # fmt: skip
_WIDTH, _HEIGHT, _EDGE = 640.0, 220.0, 44.0


def read(inputs: Mapping[str, Any]) -> dict[str, pa.Table]:
    """The tables of mitigation by their contract; empty where the study does not ask for it."""
    if not inputs["portfolio"]:
        return {}
    found = {n: tables.concat(n, [tables.read(n, Path(p)) for _, p in sorted(inputs[n].items())])
             for n in ("measures", "packages")}  # fmt: skip
    return found | {"portfolio": tables.read("portfolio", Path(inputs["portfolio"]))}


def take_away(inputs: Mapping[str, Any], folder: Path) -> list[dict[str, str]]:
    """Copy the file of works to the downloads; the row of the page that lists them."""
    if not inputs["proposal"]:
        return []
    path = folder / FILE
    shutil.copyfile(Path(inputs["proposal"]) / FILE, path)
    count = sum(1 for line in path.read_text(encoding="utf-8").splitlines()[1:] if line and not line.startswith("#"))
    return [{"name": FILE, "about": ABOUT, "rows": str(count), "size": f"{max(path.stat().st_size / 1e3, 0.1):.1f} kB"}]


def context(
    found: Mapping[str, pa.Table], spec: Mapping[str, Any], cases: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """The context of the page; None where the study asked for no mitigation."""
    if not found:
        return None
    rows = {name: table.to_pylist() for name, table in found.items()}
    chosen = rows["portfolio"]
    total = next(r for r in chosen if r["what"] == "total")
    priced = any(m["cost"] is not None for m in rows["measures"])
    label = {c["case"]: c["label"] for c in cases}
    money = _Money(spec["currency"] or "" if priced else "")
    sets = {r["group"]: r["package"] for r in chosen if r["what"] == "group"}
    return {
        "lead": total["text"],
        "priced": priced,
        "cost_title": f"Cost {money.currency}".strip() if priced else "Measures",
        "currency": money.currency,
        "facts": _facts(total, chosen, money),
        "works": [_work(r, money) for r in chosen if r["what"] == "work"],
        "groups": [_group(r, money, label) for r in _after(rows["packages"], sets, chosen)],
        "front": _front(chosen),
        "budgets": [_budget(r, g, money) for r, g in _pairs(chosen)],
        "measures": [_measure(r, money, label) for r in _ranked(rows["measures"])][:ROWS],
        "count": sum(1 for r in rows["measures"] if r["measure"]),
        "refused": _refused(rows["measures"])[:ROWS],
        "futures": [{"name": r["place"], "text": r["text"], "regret": figures.text(r["regret"])}
                    for r in chosen if r["what"] == "future"],
        "notes": [_labelled(r["text"], label) for r in chosen if r["what"] == "note"],
        "years": any(r["year"] for r in chosen if r["what"] == "work"),
        "value": total["npv"] is not None,
    }  # fmt: skip


def _labelled(text: str, label: Mapping[str, str]) -> str:
    """A text of the tables with cases by their labels."""
    for case in sorted(label, key=len, reverse=True):
        text = text.replace(case, label[case])
    return text


class _Money:
    """Costs as text, in the currency of the study."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def text(self, value: float | None) -> str:
        """A cost; a dash where there is none."""
        return figures.MISSING if value is None else f"{value:,.0f}"


def _facts(total: Row, chosen: Sequence[Row], money: _Money) -> list[dict[str, str]]:
    """The figures on top of the page."""
    works = sum(r["what"] == "work" for r in chosen)
    before = total["removed_h"] + total["left_h"]
    found = [
        {"name": "Chosen measures", "text": str(works)},
        {
            "name": f"Cost {money.currency}".strip(),
            "text": money.text(total["cost"]) if money.currency else "no prices",
        },
        {"name": "Element-hours before", "text": figures.text(before, "h")},
        {"name": "Element-hours left", "text": figures.text(total["left_h"], "h")},
        {"name": "Verdict, solved together", "text": _WORDS[total["verdict"]]},
    ]
    if total["budget"] is not None:
        found.insert(2, {"name": f"Budget {money.currency}".strip(), "text": money.text(total["budget"])})
    if total["npv"] is not None:
        found.append({"name": f"Net present value {money.currency}".strip(), "text": money.text(total["npv"])})
    if total["stable"] is not None:
        found.append({"name": "Chosen again with costs off by 30 %", "text": f"{100 * total['stable']:.0f} % of draws"})
    return found


def _work(row: Row, money: _Money) -> Row:
    return {
        "feeder": row["feeder"], "option": row["option"].replace("_", " "), "place": row["place"],
        "size": row["size"], "year": row["year"] or "", "cost": money.text(row["cost"]), "price": row["text"],
        "removed": figures.text(row["removed_h"], "h"),
    }  # fmt: skip


def _after(packages: Sequence[Row], sets: Mapping[str, str], chosen: Sequence[Row]) -> list[Row]:
    """The rows of the chosen sets, most left first, with the costs of the feeder's works and the group's words."""
    why = {r["group"]: r["text"] for r in chosen if r["what"] == "group"}
    works: dict[str, list[float]] = {}
    for row in chosen:
        if row["what"] == "work":
            works.setdefault(row["feeder"], []).append(row["cost"] or 0.0)
    rows = [{**r, "why": why.get(r["group"], ""), "works": works.get(r["feeder"], ())}
            for r in packages if sets.get(r["group"]) == r["package"]]  # fmt: skip
    return sorted(rows, key=lambda r: (-(r["element_h_after"] or 0.0), -(r["element_h_before"] or 0.0), r["feeder"],
                                       r["case"]))  # fmt: skip


def _group(row: Row, money: _Money, label: Mapping[str, str]) -> Row:
    count = len(json.loads(row["measures"]))
    cost = money.text(math.fsum(row["works"])) if money.currency else str(len(row["works"]))
    return {
        "feeder": row["feeder"], "case": row["case"], "label": label.get(row["case"], row["case"]), "count": count,
        "cost": cost, "verdict": _WORDS[row["verdict"]],
        "bad": row["verdict"] in ("still_violates", "not_solved"),
        "left": _labelled((row["left"] if count else row["why"]) or "", label),
        **{f"{w}_{a}": figures.text(row[f"{w}_{a}"], unit) for a in ("before", "after") for w, unit in
           (("element_h", "h"), ("violating_h", "h"), ("worst_pct", "%"), ("min_pu", "pu"), ("loss_kwh", "kWh"))},
    }  # fmt: skip


def _ranked(measures: Sequence[Row]) -> list[Row]:
    """The measures that were solved, by what they remove per cost, without costs by what they remove."""
    rows = [r for r in measures if r["offered"] and r["measure"]]
    return sorted(
        rows, key=lambda r: (r["cost"] is None, -_per_cost(r), -_removed(r), r["feeder"], r["measure"], r["case"])
    )


def _removed(row: Row) -> float:
    return float(row["element_h_before"] - row["element_h_after"])


def _per_cost(row: Row) -> float:
    return _removed(row) / max(row["cost"], 1e-9) if row["cost"] is not None else 0.0


def _measure(row: Row, money: _Money, label: Mapping[str, str]) -> Row:
    removed = _removed(row)
    return {
        "feeder": row["feeder"], "id": row["measure"], "option": row["option"].replace("_", " "), "place": row["place"],
        "size": row["size"], "label": label.get(row["case"], row["case"]), "removed": figures.text(removed, "h"),
        "cost": money.text(row["cost"]), "price": row["price"] or row["reason"],
        "per": money.text(row["cost"] / removed) if row["cost"] is not None and removed > 0 else figures.MISSING,
        "loss": figures.change(round(row["loss_kwh_after"] - row["loss_kwh_before"], 3), "kWh"), "worse": removed < 0,
        "hours": row["hours"],
    }  # fmt: skip


def _refused(measures: Sequence[Row]) -> list[Row]:
    rows = [r for r in measures if not r["offered"]]
    rows.sort(key=lambda r: (r["feeder"], r["option"], r["place"]))
    return [
        {
            **{k: r[k] for k in ("feeder", "reason")},
            "option": r["option"].replace("_", " "),
            "place": r["place"] or "any",
        }
        for r in rows
    ]


def _pairs(chosen: Sequence[Row]) -> list[tuple[Row, Row]]:
    exact = [r for r in chosen if r["what"] == "budget"]
    return list(zip(exact, [r for r in chosen if r["what"] == "greedy"], strict=True))


def _budget(row: Row, greedy: Row, money: _Money) -> Row:
    return {
        "budget": money.text(row["budget"]), "cost": money.text(row["cost"]), "left": figures.text(row["left_h"], "h"),
        "greedy": figures.text(greedy["left_h"], "h"), "verdict": _WORDS[row["verdict"]],
    }  # fmt: skip


def _front(chosen: Sequence[Row]) -> dict[str, Any] | None:
    """The front of cost and what is left as the points of a drawing; None where there is nothing to draw."""
    rows = [r for r in chosen if r["what"] == "budget"]
    most, high = max((r["cost"] for r in rows), default=0.0), max((r["left_h"] for r in rows), default=0.0)
    if most <= 0 or high <= 0:
        return None
    seen = sorted({(r["cost"], r["left_h"]) for r in rows})
    total = next(r for r in chosen if r["what"] == "total")

    def at(cost: float, left: float) -> tuple[str, str]:
        x = _EDGE + (_WIDTH - 2 * _EDGE) * cost / most
        y = _HEIGHT - _EDGE - (_HEIGHT - 1.5 * _EDGE) * left / high
        return f"{x:.1f}", f"{y:.1f}"

    points = [at(*p) for p in seen]
    steps = [f"M{points[0][0]},{points[0][1]}", *(f"H{x}V{y}" for x, y in points[1:])]
    mark = at(min(total["cost"], most), total["left_h"])
    return {
        "path": "".join(steps), "points": points, "none": "0", "mark": mark, "width": _WIDTH,
        "height": _HEIGHT, "edge": _EDGE,
        "most": f"{most:,.0f}", "high": f"{high:,.0f}",
    }  # fmt: skip
