"""What the map can show of a feeder besides loading and voltage: numbers of buses by case, and of parts for good."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from dtl import tables
from dtl.network.feeder import Feeder
from dtl.report import hosting_payloads
from dtl.report.rows import of_feeders
from dtl.tables.named import unfolded

Number = dict[str, float]
Part = tuple[str, str]

DEVICES = ("ev", "solar")
"""Kinds of devices with a layer of the map of their own."""

DIGITS = {"fit_generation": 1, "fit_load": 1, "fit_pv": 1, "ev": 2, "solar": 2}
"""The columns of buses by case, and their decimals: ``fit_<kind>`` is the plant that fits there alone [kW]; ``ev`` and
``solar`` are the highest power of the devices that layers placed there [kW]."""

PART_DIGITS = {"customers": 0, "load_kw": 1, "cmi": 1, "outages": 0, "age": 1}
"""The columns of parts for all cases: customers and peak of the model's loads [kW] of a bus; customer minutes of
interruption [min] and number of interruptions by its opening; years since it was installed."""


CALENDAR_YEAR = 2025
"""The measured year of a study that names none."""


@dataclass(frozen=True)
class Overlays:
    """Numbers for the map, only those that the study has.

    ``of_bus`` maps a column to a case to a bus to its value; ``of_part`` maps a column to a kind and name of a part
    (``bus``, ``line``, ``switch``, ``transformer``) to its value, which holds for all cases. ``units`` maps a kind of
    devices to a case to a bus to their number.
    """

    of_bus: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    of_part: Mapping[str, Mapping[Part, float]] = field(default_factory=dict)
    units: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """What the tables of the whole study say of parts, by feeder: built once, asked for each group."""

    parts: Mapping[str, Mapping[str, Mapping[Part, float]]]

    @classmethod
    def read(cls, inputs: Mapping[str, Any], measured_year: int, feeders: Sequence[str]) -> Known:
        """From the tables ``outages``, ``assets`` and ``links``; ages are at the end of the measured year."""
        found: dict[str, dict[str, dict[Part, float]]] = {}
        columns = ["feeder", "kind", "element", "customer_minutes", "refused"]
        for row in of_feeders(tables.read("outages", Path(inputs["outages"]), columns), feeders).to_pylist():
            if row["element"] and not row["refused"]:
                mine = found.setdefault(row["feeder"], {})
                part = (row["kind"], row["element"])
                for column, more in (("cmi", row["customer_minutes"]), ("outages", 1.0)):
                    own = mine.setdefault(column, {})
                    own[part] = own.get(part, 0.0) + more
        for feeder, part, age in _ages(inputs, measured_year, feeders):
            found.setdefault(feeder, {}).setdefault("age", {})[part] = age
        return cls(found)

    def of(self, feeders: Iterable[str]) -> dict[str, dict[Part, float]]:
        """The columns of some feeders together."""
        joined: dict[str, dict[Part, float]] = {}
        for feeder in feeders:
            for column, values in self.parts.get(feeder, {}).items():
                joined.setdefault(column, {}).update(values)
        return joined


def _ages(inputs: Mapping[str, Any], measured_year: int, feeders: Sequence[str]) -> Iterable[tuple[str, Part, float]]:
    """Feeder, part and years since installation, of parts that are linked to an asset with a date."""
    assets = tables.read("assets", Path(inputs["assets"]), ["asset", "installed"])
    assets = assets.filter(pc.is_valid(assets["installed"]))
    links = of_feeders(tables.read("links", Path(inputs["links"]), ["feeder", "kind", "element", "asset"]), feeders)
    links = links.filter(pc.and_(pc.not_equal(links["element"], ""), pc.not_equal(links["asset"], "")))
    at = pc.index_in(links["asset"].cast(tables.TEXT), assets["asset"].cast(tables.TEXT).combine_chunks())
    links, day = links.filter(pc.is_valid(at)), assets["installed"].take(pc.drop_null(at))
    years = pc.subtract(measured_year + 1, pc.year(day).cast("double"))
    ages = pc.subtract(years, pc.divide(pc.subtract(pc.day_of_year(day), 1).cast("double"), 365.25))
    feeders, kinds, elements = (links[name].to_pylist() for name in ("feeder", "kind", "element"))
    parts = zip(kinds, elements, strict=True)
    return zip(feeders, parts, pc.max_element_wise(ages, 0.0).to_pylist(), strict=True)


def overlays(
    model: Feeder,
    hosted: Sequence[Mapping[str, Any]],
    devices: Path | None,
    known: Known,
    like: Mapping[str, str] | None = None,
) -> Overlays:
    """The overlays of one group; ``like`` maps the cases that it was not asked to those that are answered as they."""
    of_bus = {f"fit_{of}": dict(by_case) for of, by_case in hosting_payloads.at_buses(hosted).items()}
    units: dict[str, dict[str, Number]] = {}
    if devices is not None:
        for row in unfolded(tables.read("devices", devices), like or {}).to_pylist():
            there = units.setdefault(row["kind"], {}).setdefault(row["case"], {})
            there[row["bus"]] = there.get(row["bus"], 0.0) + row["units"]
            if row["kind"] in DEVICES:
                at = of_bus.setdefault(row["kind"], {}).setdefault(row["case"], {})
                at[row["bus"]] = at.get(row["bus"], 0.0) + row["peak_kw"]
    of_part = known.of(model.feeders)
    customers: dict[Part, float] = {}
    power: dict[Part, float] = {}
    for load in model.loads:
        part = ("bus", load.bus)
        customers[part] = customers.get(part, 0.0) + load.customers
        power[part] = power.get(part, 0.0) + load.kw
    return Overlays(of_bus, {**of_part, "customers": customers, "load_kw": power}, units)


def measured_year(spec: Mapping[str, Any]) -> int:
    """The measured year of a study."""
    return int(json.loads(spec["spec_text"])["years"].get("measured") or CALENDAR_YEAR)
