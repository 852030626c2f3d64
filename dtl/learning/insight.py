"""One thing that a learning module says, with the cells it rests on; and the answer "not enough"."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from dtl import tables

OK, NOT_ENOUGH, REFUSED = "ok", "not_enough", "refused"


@dataclass(frozen=True)
class Cell:
    """A cell of a table that an insight rests on: ``key`` is the text of the row's key, its parts joined by blanks."""

    table: str
    key: str
    column: str


@dataclass(frozen=True)
class Insight:
    """One row of the table ``insights``; a value that is no finite number is stored as empty."""

    module: str
    metric: str
    value: float | None = None
    unit: str = "1"
    text: str = ""
    feeder: str = ""
    case: str = ""
    kind: str = ""
    element: str = ""
    confidence: float | None = None
    evidence: Sequence[Cell] = ()
    verdict: str = OK

    def row(self) -> dict[str, Any]:
        """The row, its evidence as JSON."""
        value = None if self.value is None or not math.isfinite(self.value) else float(self.value)
        evidence = json.dumps([asdict(c) for c in self.evidence], sort_keys=True, ensure_ascii=False)
        return asdict(self) | {"value": value, "evidence": evidence}


KEY = ("module", "feeder", "case", "kind", "element", "metric")
"""What an insight is about; its value, text and evidence may change from run to run."""


def identity(row: Mapping[str, Any]) -> str:
    """The id of a row of ``insights``: its module and ten digits of a digest of its key; the same in every run."""
    key = json.dumps([str(row[name]) for name in KEY], ensure_ascii=False)
    return f"{row['module']}-{hashlib.sha256(key.encode()).hexdigest()[:10]}"


@dataclass(frozen=True)
class LearnResult:
    """What a module gives: insights, and tables of its own by the name of their contract."""

    rows: Sequence[Insight] = ()
    tables: Mapping[str, pa.Table] = field(default_factory=dict)

    def insights(self) -> pa.Table:
        """The insights as a table that keeps its contract."""
        return tables.frame("insights", [r.row() for r in self.rows])


@dataclass(frozen=True)
class NotEnough:
    """The answer of a pure function that was given too little; ``why`` says what is missing, with numbers."""

    why: str


def not_enough(
    module: str, why: str, *, feeder: str = "", kind: str = "", element: str = "", evidence: Sequence[Cell] = ()
) -> Insight:
    """The insight that there is no answer, and why."""
    return Insight(
        module,
        "not_enough",
        text=f"not enough: {why}",
        feeder=feeder,
        kind=kind,
        element=element,
        evidence=tuple(evidence),
        verdict=NOT_ENOUGH,
    )
