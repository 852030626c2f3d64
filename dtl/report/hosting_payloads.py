"""The payloads of hosting capacity: ``hc/<file>`` of a feeder, and ``hosting`` of the study."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.analyses.hosting.gather import EXACT_FIRST
from dtl.report import payloads
from dtl.report.payloads import Column

Row = Mapping[str, Any]

SINGLE_FIRST = (*EXACT_FIRST, "qsts")
"""Methods with an answer for one plant at each bus; the first that a study asks for colours the map."""

KINDS = ("generation", "load", "pv")
"""What can be added, in the order of the page."""
PLANTS = {"generation": "Generation", "load": "Load", "pv": "PV"}
"""What headings call it."""


def shown(hosting: pa.Table) -> pa.Table:
    """The rows that pages show: of single buses the answer to all criteria, of whole feeders every criterion."""
    whole = pc.or_(_is(hosting, "criterion", "all"), _is(hosting, "bus", ""))
    single = pc.or_(_is(hosting, "bus", ""), _is(hosting, "mode", "single"))
    return hosting.filter(pc.and_(whole, single))


def at_buses(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, float]]]:
    """The capacity of one plant [kW] by kind, case and bus, by the method that counts first in each case."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for method in reversed(SINGLE_FIRST):
        for row in rows:
            if row["method"] == method and row["bus"] and row["criterion"] == "all" and row["hc_kw"] is not None:
                found.setdefault(row["of"], {}).setdefault(row["case"], {})[row["bus"]] = row["hc_kw"]
    return found


def feeder(rows: Sequence[Row], name: str, cases: Sequence[str]) -> bytes:
    """The payload ``hc/<file>``: table ``answers``, and ``levels`` with the curve of random deployments.

    ``answers.case`` is the position in the payload ``study``; ``levels.row`` that of the answer in ``answers``.
    """
    number = {case: i for i, case in enumerate(cases)}
    cols = [
        *(payloads.words(key, [r[key] for r in rows]) for key in _WORDS),
        payloads.numbers("case", [number.get(r["case"]) for r in rows]),
        *(payloads.reals(key, [r[key] for r in rows]) for key in _REALS),
        *(payloads.numbers(key, [_whole(r[key]) for r in rows]) for key in _WHOLE),
        payloads.words("verdict", [r["verdict"] if not r["bus"] else "" for r in rows]),
    ]
    return payloads.columns({"answers": cols, "levels": _levels(rows)}, {"feeder": name})


_WORDS = ("method", "of", "mode", "bus", "criterion", "phases", "limiting_factor", "limiting_element", "engine")
_REALS = ("hc_kw", "hc_kw_mean", "hc_kw_p5", "hc_kw_p50", "hc_kw_p95", "step_kw", "limiting_value", "limiting_limit",
          "standard_error_kw", "hours_violated")  # fmt: skip
_WHOLE = ("limiting_hour", "at_least", "pre_existing", "mc_iterations", "converged", "hours", "solves")


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _levels(rows: Sequence[Row]) -> list[Column]:
    curves = [(i, r["levels_kw"], r["violation_share"]) for i, r in enumerate(rows) if r["levels_kw"]]
    return [
        payloads.numbers("row", [i for i, levels, _ in curves for _ in levels]),
        payloads.reals("kw", [kw for _, levels, _ in curves for kw in levels], "kW"),
        payloads.reals("share", [s for _, _, shares in curves for s in shares]),
    ]


def study(by_feeder: Mapping[str, Sequence[Row]], files: Mapping[str, str], cases: Sequence[str]) -> bytes:
    """The payload ``hosting``: ``spreads``, a row per feeder, case, kind and method; ``factors``; ``levels``.

    A spread of one plant at each bus is over the buses (lowest, 5th, 50th and 95th percentile, highest); one of random
    deployments is over the deployments. ``factors`` counts what limits the buses; ``levels`` has the curves.
    """
    number = {case: i for i, case in enumerate(cases)}
    spreads: list[dict[str, Any]] = []
    for name, rows in sorted(by_feeder.items()):
        groups: dict[tuple[str, str, str, str], list[Row]] = {}
        for row in rows:
            if row["criterion"] == "all" and row["hc_kw"] is not None:
                groups.setdefault((row["case"], row["of"], row["method"], row["mode"]), []).append(row)
        for (case, of, method, mode), same in sorted(groups.items()):
            at = {"feeder": name, "case": number[case], "of": of, "method": method, "mode": mode}
            spreads.append(at | (_over_buses(same) if mode == "single" else _of_feeder(same[0])))
    cols = [
        *(
            payloads.words(key, [s[key] for s in spreads])
            for key in ("feeder", "of", "method", "mode", "factor", "element", "bus")
        ),
        payloads.words("file", [files[s["feeder"]] for s in spreads]),
        *(payloads.numbers(key, [s[key] for s in spreads]) for key in ("case", "n", "zero", "hour")),
        *(payloads.reals(key, [s[key] for s in spreads], "kW") for key in ("low", "p5", "p50", "p95", "high", "mean")),
    ]
    factors = [(i, factor, n) for i, s in enumerate(spreads) for factor, n in s["factors"]]
    return payloads.columns(
        {
            "spreads": cols,
            "factors": [
                payloads.numbers("row", [i for i, _, _ in factors]),
                payloads.words("factor", [f for _, f, _ in factors]),
                payloads.numbers("n", [n for _, _, n in factors]),
            ],
            "levels": _levels([s["curve"] for s in spreads]),
        },
        {"cases": list(cases)},
    )


_NO_CURVE = {"levels_kw": None, "violation_share": None}


def _over_buses(rows: Sequence[Row]) -> dict[str, Any]:
    kw = np.array([r["hc_kw"] for r in rows], dtype=float)
    least = rows[int(kw.argmin())]
    low, p5, p50, p95, high = (float(v) for v in np.percentile(kw, [0, 5, 50, 95, 100]))
    return {
        "n": len(rows), "zero": int((kw <= 0).sum()), "low": low, "p5": p5, "p50": p50, "p95": p95, "high": high,
        "mean": float(kw.mean()), **_limit(least), "curve": _NO_CURVE,
        "factors": Counter(r["limiting_factor"] or "none" for r in rows).most_common(),
    }  # fmt: skip


def _of_feeder(row: Row) -> dict[str, Any]:
    values = {to: row[key] for to, key in (("p5", "hc_kw_p5"), ("p50", "hc_kw_p50"), ("p95", "hc_kw_p95"),
                                           ("mean", "hc_kw_mean"))}  # fmt: skip
    return {
        "n": row["mc_iterations"], "zero": None, "low": math.nan, "high": math.nan, **values, **_limit(row),
        "curve": row, "factors": [],
    }  # fmt: skip


def _limit(row: Row) -> dict[str, Any]:
    return {"factor": row["limiting_factor"], "element": row["limiting_element"], "hour": row["limiting_hour"],
            "bus": row["bus"]}  # fmt: skip


def _is(table: pa.Table, column: str, text: str) -> pa.ChunkedArray:
    return pc.equal(table[column].cast(tables.TEXT), text)
