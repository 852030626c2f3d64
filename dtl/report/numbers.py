"""One number of the cube by its address: ``METRIC``, ``FEEDER/METRIC`` or ``FEEDER/ELEMENT/METRIC``, and a case."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from dtl.analyses.hours import when
from dtl.analyses.metrics import DELTA, METRICS
from dtl.errors import StoreError
from dtl.spec.base import near


@dataclass(frozen=True)
class Address:
    """Where a number is: ``feeder`` is empty for the study, ``element`` for the whole feeder, ``case`` if not said."""

    metric: str
    feeder: str = ""
    element: str = ""
    case: str = ""

    @property
    def unit(self) -> str:
        """The unit of the metric."""
        return METRICS[self.metric.removeprefix(DELTA)].unit

    def __str__(self) -> str:
        path = "/".join(x for x in (self.feeder, self.element, self.metric) if x)
        return f"{path} in {self.case}" if self.case else path


@dataclass(frozen=True)
class Number:
    """What the cube has at an address: the address with its case, the value, and what belongs to it."""

    address: Address
    value: float | None
    about: str


def address(text: str, case: str = "") -> Address:
    """The address that a text means; raises StoreError if there is no such metric."""
    *path, metric = text.strip("/").split("/")
    if metric.removeprefix(DELTA) not in METRICS:
        raise StoreError(f"there is no metric {metric!r}{near(metric, METRICS)}")
    return Address(metric, path[0] if path else "", "/".join(path[1:]), case)


def find(table: pa.Table, asked: Address) -> Number | None:
    """The number of a cube at an address; None if there is none.

    Where the address names no case, the number that holds for all cases is meant, else that of the worst case of the
    feeder or the study.
    """
    mine = pc.and_(pc.equal(table["feeder"].cast(pa.string()), asked.feeder), pc.equal(table["element"], asked.element))
    own = table.filter(mine)
    rows = own.filter(pc.equal(own["metric"].cast(pa.string()), asked.metric)).to_pylist()
    by_case = {row["case"]: row for row in rows if asked.case in ("", row["case"])}
    chosen = asked.case or ("" if "" in by_case else _worst(table, asked.feeder))
    row = by_case.get(chosen)
    if row is None:
        return None
    told = table.filter(pc.equal(table["metric"].cast(pa.string()), "states"))["text"].to_pylist()
    parts = [row["text"], when(row["hour"], str(told[0]).split() if told else ())]
    parts.append(f"(limit {row['limit']:g}, {row['rule']})" if row["limit"] is not None and row["rule"] else "")
    at = Address(asked.metric, asked.feeder, asked.element, chosen)
    return Number(at, row["value"], " ".join(p for p in parts if p))


def _worst(table: pa.Table, feeder: str) -> str:
    mine = pc.and_(
        pc.equal(table["feeder"].cast(pa.string()), feeder), pc.equal(table["metric"].cast(pa.string()), "worst_case")
    )
    found = table.filter(mine)["text"].to_pylist()
    return str(found[0]) if found else ""


def missing(table: pa.Table, asked: Address) -> StoreError:
    """The error that says what is near an address at which there is no number."""
    feeders = set(table["feeder"].to_pylist()) - {""}
    if asked.feeder and asked.feeder not in feeders:
        return StoreError(f"there is no feeder {asked.feeder!r}{near(asked.feeder, feeders)}")
    cases = set(table["case"].to_pylist()) - {""}
    if asked.case and asked.case not in cases:
        return StoreError(f"there is no case {asked.case!r}{near(asked.case, cases)}")
    of = "an element within its limits has none" if asked.element else "the study does not ask for it, or not there"
    return StoreError(f"the results have no number {asked}; {of}")
