"""What the cube holds of mitigation: what violates with and without the chosen measures, and what each removes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from dtl.analyses.mitigation.measure import called

Row = dict[str, Any]
_ALL = {"scenario": "", "year": 0, "case": ""}


def gathered(measures: pa.Table, packages: pa.Table, portfolio: pa.Table) -> list[Row]:
    """The rows of the cube from the tables ``measures``, ``packages`` and ``portfolio``."""
    chosen = portfolio.to_pylist()
    total = next(r for r in chosen if r["what"] == "total")
    sets = {r["group"]: r["package"] for r in chosen if r["what"] == "group"}
    solved = packages.to_pylist()
    return [
        *_study(total, chosen),
        *_feeders([r for r in solved if sets.get(r["group"]) == r["package"]]),
        *_alone(measures.to_pylist()),
    ]


def _study(total: Row, chosen: Sequence[Row]) -> Iterator[Row]:
    works = [r for r in chosen if r["what"] == "work"]
    before = total["removed_h"] + total["left_h"]
    numbers = {
        "portfolio_cost": total["cost"],
        "portfolio_measures": float(len(works)),
        "portfolio_removed_h": total["removed_h"],
        "portfolio_left_h": total["left_h"],
        "portfolio_still_violating": total["left_h"] / before if before > 0 else 0.0,
        "portfolio_npv": total["npv"],
    }
    for metric, value in numbers.items():
        if value is not None:
            text = total["text"] if metric == "portfolio_still_violating" else ""
            yield _row(_ALL, "study", "", metric, value, text)
    for row in works:
        element = f"{row['measure']} {called(row['option'], row['place'])}: {row['size']}"
        said = f"removes {row['removed_h']:.6g} element-hours alone, mean of the cases"
        yield _row(_ALL, "element", row["feeder"], "work_cost", row["cost"], said, "work", element)


def _feeders(rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        count = float(len(json.loads(row["measures"])))
        yield _row(row, "feeder", row["feeder"], "mitigation_measures", count, row["verdict"])
        if row["element_h_after"] is None:
            yield _row(row, "feeder", row["feeder"], "mitigation_left_h", None, f"not solved: {row['left']}")
            continue
        yield _row(row, "feeder", row["feeder"], "mitigation_before_h", row["element_h_before"], "")
        yield _row(row, "feeder", row["feeder"], "mitigation_left_h", row["element_h_after"], row["left"])


def _alone(rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        if row["offered"]:
            element = f"{row['measure']} {row['place']}: {row['size']}"
            removed = row["element_h_before"] - row["element_h_after"]
            said = f"{row['option']}; {row['price'] or row['reason']}"
            yield _row(row, "element", row["feeder"], "measure_removed_h", removed, said, "measure", element)


def _row(
    at: Row, level: str, feeder: str, metric: str, value: float | None, text: str, kind: str = "", element: str = ""
) -> Row:
    return {
        "level": level, "feeder": feeder, "scenario": at["scenario"], "year": at["year"], "case": at["case"],
        "analysis": "mitigation", "metric": metric, "kind": kind, "element": element, "value": value, "text": text,
        "hour": None, "limit": None, "rule": "",
    }  # fmt: skip
