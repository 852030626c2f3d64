"""What the cube holds of hosting capacity: the distribution over the buses of each feeder, and what limits it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

Row = dict[str, Any]

EXACT_FIRST = ("iterative", "drive")
"""The methods that answer for single plants, the one that counts first."""


def gathered(hosting: pa.Table) -> list[Row]:
    """The rows of the cube from the tables ``hosting`` of all groups; capacities of buses are never added up."""
    whole = [r for r in hosting.to_pylist() if r["criterion"] == "all"]
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in whole:
        groups.setdefault((row["feeder"], row["case"], row["of"]), []).append(row)
    made = []
    for (feeder, case, of), rows in sorted(groups.items()):
        same = {
            "level": "feeder", "feeder": feeder, "scenario": rows[0]["scenario"], "year": rows[0]["year"],
            "case": case, "analysis": "hosting", "kind": "", "element": "", "rule": "",
        }  # fmt: skip
        made += [
            {"text": "", **same, **r}
            for r in (*_buses(rows, of), *_deployments(rows, of), _unexplained(rows, of), *_unanswered(rows, of))
        ]
    return made


def _buses(rows: list[Row], of: str) -> Iterator[Row]:
    for method in EXACT_FIRST:
        found = [r for r in rows if r["method"] == method and r["bus"] and r["hc_kw"] is not None]
        if found:
            break
    else:
        return
    kw = np.array([r["hc_kw"] for r in found])
    least = found[int(kw.argmin())]
    factors = Counter(r["limiting_factor"] or "none" for r in found).most_common()
    yield {"metric": f"hosting_{of}_median_kw", "value": float(np.median(kw)), "text": method}
    yield {"metric": f"hosting_{of}_p5_kw", "value": float(np.percentile(kw, 5.0)), "text": method}
    said = {"text": f"bus {least['bus']}: {least['verdict']}", "hour": least["limiting_hour"]}
    yield {"metric": f"hosting_{of}_min_kw", "value": float(kw.min()), **said}
    yield {"metric": f"hosting_{of}_zero_buses", "value": int((kw <= 0).sum())}
    counts = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in factors)
    yield {"metric": f"hosting_{of}_buses", "value": len(found), "text": counts}


def _unexplained(rows: list[Row], of: str) -> Row:
    """Capacities below the largest that was tried without a criterion that fails above them."""
    bare = [r for r in rows if r["hc_kw"] is not None and not r["limiting_factor"] and not r["at_least"]]
    named = ", ".join(r["bus"] or r["method"] for r in bare[:5])
    return {"metric": f"hosting_{of}_without_reason", "value": len(bare), "text": named}


def _unanswered(rows: list[Row], of: str) -> Iterator[Row]:
    """Why methods have no answer; nothing where all have one."""
    none = [r for r in rows if r["hc_kw"] is None]
    if none:
        reasons: dict[str, list[str]] = {}
        for row in none:
            methods = reasons.setdefault(row["verdict"].removeprefix("no answer: "), [])
            methods += [row["method"]] if row["method"] not in methods else []
        text = "; ".join(f"{', '.join(methods)}: {why}" for why, methods in reasons.items())
        yield {"metric": f"hosting_{of}_unanswered", "value": len(none), "text": text}


def _deployments(rows: list[Row], of: str) -> Iterator[Row]:
    for row in rows:
        if row["method"] == "stochastic" and not row["bus"] and row["hc_kw"] is not None:
            yield {"metric": f"hosting_{of}_deployed_kw", "value": row["hc_kw_p50"], "text": row["verdict"]}
