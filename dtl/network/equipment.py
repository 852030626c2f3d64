"""Ratings and data of equipment that a study states in place of those of the model (``network.equipment``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from dtl.network.feeder import Feeder, Transformer

_FIELD = {"line_code": "line_codes", "line": "lines", "switch": "switches", "transformer": "transformers"}


def label(row: Mapping[str, Any]) -> str:
    """How a row is called: its kind, feeder and name."""
    return f"{row['kind']} {row['feeder'] + ':' if row['feeder'] else ''}{row['name']}"


def equipped(feeder: Feeder, rows: Sequence[Mapping[str, Any]]) -> tuple[Feeder, set[str]]:
    """The feeder with the values of `rows`, as `dtl.spec.equipment_file` reads them, and the labels of those it has.

    A name may have the wildcards ``*`` and ``?``; of several rows for one part the last that sets a field counts.
    """
    own = {f.lower() for f in feeder.feeders}
    known: set[str] = set()
    parts = {kind: {p.name: p for p in getattr(feeder, field)} for kind, field in _FIELD.items()}
    for row in rows:
        if row["feeder"] and row["feeder"] not in own:
            continue
        mine = parts[row["kind"]]
        for name in [n for n in mine if fnmatchcase(n.lower(), row["name"])]:
            known.add(label(row))
            mine[name] = _set(mine[name], row["set"])
    if not known:
        return feeder, known
    fields = {field: tuple(parts[kind].values()) for kind, field in _FIELD.items()}
    return feeder.model_copy(update=fields), known


def _set(part: Any, values: Mapping[str, float]) -> Any:
    return _transformer(part, values) if isinstance(part, Transformer) else part.model_copy(update=dict(values))


def _transformer(part: Transformer, values: Mapping[str, float]) -> Transformer:
    """The transformer with its values; a resistance is that of all windings, shared as they share it now."""
    kva, r_pct = values.get("kva"), values.get("r_pct")
    total = sum(w.r_pct for w in part.windings)
    windings = []
    for winding in part.windings:
        share = winding.r_pct / total if total > 0 else 1.0 / len(part.windings)
        new = {} if r_pct is None else {"r_pct": r_pct * share}
        if kva is not None:
            new["kva"] = winding.kva * kva / part.windings[0].kva
        windings.append(winding.model_copy(update=new))
    update: dict[str, Any] = {w: v for w, v in values.items() if w not in ("kva", "r_pct", "x_pct")}
    if "x_pct" in values:
        update["xhl_pct"] = values["x_pct"]
    if kva is not None:
        update = {"normal_kva": None, "emergency_kva": None} | update
    return part.model_copy(update={**update, "windings": tuple(windings)})
