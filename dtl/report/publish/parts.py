"""The parts of a study that are published: which files each is made from, and its rows."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyproj

import dtl.scenarios.profiles as built_in
from dtl import layout, tables
from dtl.errors import StoreError
from dtl.network.feeder import Feeder
from dtl.report.publish.circuits import Circuit, catalogs, installed
from dtl.report.publish.relations import RELATIONS, WGS84
from dtl.spec.twins import twins
from dtl.tables.named import unfolded

Row = dict[str, Any]
WHOLE = "*"
"""The part that is the study as a whole."""


@dataclass(frozen=True)
class Part:
    """Some rows of one relation, which are replaced together; ``digest`` is that of the files they are made from."""

    relation: str
    name: str
    digest: str
    make: Callable[[], pa.Table]


class Results:
    """The results of a study, part by part."""

    def __init__(self, study: str) -> None:
        self.study = study
        if not self._path(layout.CUBE).is_file():
            raise StoreError(f"{self._path(layout.CUBE)}: is not there; `dtl run {study}` writes it")
        self._index: dict[str, Any] = json.loads(self._path(layout.FEEDERS).read_text(encoding="utf-8"))["groups"]
        self._spec = json.loads(self._path(layout.SPEC).read_text(encoding="utf-8"))
        self._reach = json.loads(self._path(layout.REACH).read_text(encoding="utf-8"))

    def parts(self) -> Iterator[Part]:
        """All parts, relation by relation in the order of `RELATIONS`."""
        groups, system = sorted(self._index), self._of_system()
        by_name: dict[str, list[Part]] = {name: [] for name in RELATIONS}
        for part in (*system, *(p for g in groups for p in self._of_group(g))):
            by_name[part.relation].append(part)
        for name in RELATIONS:
            yield from by_name[name]

    def _path(self, template: str, group: str = "") -> Path:
        return Path(template.format(study=self.study, group=group))

    def _part(
        self,
        relation: str,
        name: str,
        files: list[Path],
        rows: Callable[[], list[Row] | pa.Table],
        like: Mapping[str, str] | None = None,
    ) -> Part:
        digest = hashlib.sha256(str(RELATIONS[relation].schema).encode())
        if like:
            digest.update(json.dumps(like, sort_keys=True).encode())
        for file in files:
            digest.update(hashlib.sha256(file.read_bytes()).digest() if file.is_file() else b"none")
        return Part(relation, name, digest.hexdigest(), lambda: _table(relation, name, rows()))

    def _of_system(self) -> Iterator[Part]:
        models = [self._path(layout.FEEDER, g) for g in sorted(self._index) if self._path(layout.FEEDER, g).is_file()]
        yield self._part("substations", WHOLE, [self._path(layout.ASSETS)], self._substations)
        for relation in ("conductor_catalog", "transformer_catalog"):
            yield self._part(relation, WHOLE, models, partial(self._catalog, relation))
        profiles = sorted(Path(next(iter(built_in.__path__))).glob("*.csv"))
        yield self._part("ev_charging_profiles", WHOLE, profiles, lambda: [_profile(p) for p in profiles])
        yield self._part("weather_data", WHOLE, [self._path(layout.WEATHER)], self._weather)
        outages = [self._path(layout.OUTAGES), self._path(layout.STEPS)]
        yield self._part("oms_events", WHOLE, outages, lambda: _outages(*outages))
        yield self._part("scenarios", WHOLE, [self._path(layout.SPEC), self._path(layout.CUBE)], self._scenarios)
        yield self._part("cube", WHOLE, [self._path(layout.CUBE)], self._cube)

    def _of_group(self, group: str) -> Iterator[Part]:
        def at(template: str) -> Path:
            return self._path(template, group)

        like = twins(self._reach, self._index[group]["feeders"])
        model = at(layout.FEEDER)
        if model.is_file():
            files = [model, self._path(layout.LINKS), self._path(layout.ASSETS)]
            yield self._part("feeders", group, [model, self._path(layout.FEEDERS)], lambda: self._feeder(group))
            for relation in ("segments", "transformers", "capacitors", "regulators"):
                yield self._part(relation, group, files, partial(self._of_circuit, group, relation))
        plain: dict[str, tuple[str, Callable[[Path], list[Row] | pa.Table]]] = {
            "meters": (layout.LINKED, self._meters),
            "ami_readings": (layout.READINGS, _readings),
            "scada_readings": (layout.GIVEN_SCADA, _scada),
            "hosting_capacity": (layout.HOSTING, _hosting),
            "cyme_validation": (layout.DEVIATIONS, _validation),
        }
        for relation, (template, rows) in plain.items():
            if (path := at(template)).is_file():
                yield self._part(relation, group, [path], partial(rows, path))
        if (hourly := at(layout.HOURLY)).is_file():
            yield self._part("head_hourly", group, [hourly], lambda: _hourly(hourly, like), like)
        flow, over = at(layout.POWERFLOW), at(layout.VIOLATIONS)
        if flow.is_file() and over.is_file():
            yield self._part("simulation_results", group, [flow, over], lambda: _results(flow, over, like), like)

    def _models(self) -> Iterator[Feeder]:
        for group in sorted(self._index):
            if (path := self._path(layout.FEEDER, group)).is_file():
                yield Feeder.from_json(path.read_text(encoding="utf-8"))

    @cached_property
    def _installed(self) -> Mapping[tuple[str, str], Any]:
        return installed(self._path(layout.LINKS), self._path(layout.ASSETS))

    def _catalog(self, relation: str) -> list[Row]:
        return catalogs(self._models())[relation]

    def _of_circuit(self, group: str, relation: str) -> list[Row]:
        return self._circuit(group).rows()[relation]

    def _circuit(self, group: str) -> Circuit:
        text = self._path(layout.FEEDER, group).read_text(encoding="utf-8")
        return Circuit(Feeder.from_json(text), self._installed)

    def _feeder(self, group: str) -> list[Row]:
        return self._circuit(group).feeder(self._index[group], self._substation_of(group))

    @cached_property
    def _stations(self) -> list[Row]:
        found = tables.read("assets", self._path(layout.ASSETS)).to_pylist()
        return [r | json.loads(r["attributes"]) for r in found if r["kind"] in ("substation", "feeder")]

    def _substation_of(self, group: str) -> str:
        known = {r["asset"]: str(r.get("substation", "")) for r in self._stations if r["kind"] == "feeder"}
        return next((known[f] for f in self._index[group]["feeders"] if known.get(f)), "")

    def _substations(self) -> list[Row]:
        return [
            {"id": r["asset"], "name": r["name"] or r["asset"], "voltage_kv": r.get("kv"), "geom": self._point(r)}
            for r in self._stations
            if r["kind"] == "substation"
        ]

    def _meters(self, path: Path) -> list[Row]:
        return [
            {
                "feeder_id": r["feeder"], "id": r["meter"], "xfmr_id": r["transformer"],
                "customer_type": r["customer_class"], "mapping_confidence": r["confidence"],
                "mapping_band": r["band"], "mapping_basis": r["basis"], "geom": self._point(r),
            }
            for r in tables.read("meters", path).to_pylist()
        ]  # fmt: skip

    @cached_property
    def _turn(self) -> Callable[[float, float], tuple[float, float]] | None:
        """From the working coordinates of the GIS to longitude and latitude; None where no GIS states them."""
        for about in sorted(self._path(layout.SOURCE.replace("{source}", "*")).parent.glob("*/source.json")):
            words = json.loads(about.read_text(encoding="utf-8"))
            if words["kind"] == "gis" and words["crs"]:
                return pyproj.Transformer.from_crs(words["crs"], f"EPSG:{WGS84}", always_xy=True).transform
        return None

    def _point(self, row: Mapping[str, Any]) -> str | None:
        if row.get("x") is None or row.get("y") is None:
            return None
        if self._turn is None:
            return f"POINT({row['x']:.9g} {row['y']:.9g})"
        x, y = self._turn(row["x"], row["y"])
        return f"SRID={WGS84};POINT({x:.9g} {y:.9g})"

    def _weather(self) -> pa.Table:
        names = {"point": "station_id", "start": "time", "ghi_w_m2": "solar_ghi_w_m2"}
        return _renamed(tables.read("weather", self._path(layout.WEATHER)), names)

    def _cube(self) -> pa.Table:
        table = tables.read("cube", self._path(layout.CUBE))
        return table.filter(pc.is_valid(table["value"]))

    def _scenarios(self) -> list[Row]:
        cube = tables.read("cube", self._path(layout.CUBE), ["case", "scenario", "year"])
        cases = {(r["case"], r["scenario"], r["year"]) for r in cube.to_pylist() if r["case"]}
        found = []
        for case, scenario, year in sorted(cases):
            words = self._spec["scenarios"].get(scenario, {})
            layers = {n: self._spec["layers"].get(n) for n in words.get("stack", [])}
            config = json.dumps({"scenario": words, "layers": layers}, sort_keys=True, ensure_ascii=False)
            title = words.get("title", "")
            found.append({"id": case, "name": scenario, "year": year, "title": title, "config_json": config,
                          "status": "solved"})  # fmt: skip
        return found


def _table(relation: str, part: str, rows: list[Row] | pa.Table) -> pa.Table:
    """The rows as a table of the relation; columns that a row does not have are missing values."""
    schema = RELATIONS[relation].schema
    if isinstance(rows, list):
        return pa.Table.from_pylist([{"part": part, **row} for row in rows], schema=schema)
    columns = [
        pa.array([part] * rows.num_rows, field.type) if field.name == "part"
        else rows[field.name].cast(field.type) if field.name in rows.column_names
        else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]  # fmt: skip
    return pa.Table.from_arrays(columns, schema=schema)


def _renamed(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    return table.rename_columns([names.get(n, n) for n in table.column_names])


def _readings(path: Path) -> pa.Table:
    table = tables.read("readings", path)
    hours = pc.divide(table["interval_min"].cast(pa.float64()), 60.0)
    table = table.append_column("kw", pc.divide(table["kwh"].cast(pa.float64()), hours))
    table = table.append_column("kvar", pc.divide(table["kvarh"].cast(pa.float64()), hours))
    return _renamed(table, {"meter": "meter_id", "start": "time", "volts": "voltage_v"})


def _scada(path: Path) -> pa.Table:
    return _renamed(tables.read("scada", path), {"device": "device_id", "feeder": "feeder_id", "start": "time"})


def _hourly(path: Path, like: Mapping[str, str]) -> pa.Table:
    return _renamed(unfolded(tables.read("hourly", path), like), {"case": "scenario_id", "feeder": "feeder_id"})


def _hosting(path: Path) -> pa.Table:
    return _renamed(tables.read("hosting", path), {"case": "scenario_id", "feeder": "feeder_id", "bus": "bus_id"})


def _validation(path: Path) -> pa.Table:
    return _renamed(tables.read("deviations", path), {"feeder": "feeder_id", "element": "bus_id"})


def _outages(outages: Path, steps: Path) -> list[Row]:
    taken: dict[tuple[str, str], list[Row]] = {}
    for step in tables.read("steps", steps).to_pylist():
        row = {"step": step["step"], "end": step["end"].isoformat(), "customers": step["customers"]}
        taken.setdefault((step["source"], step["outage"]), []).append(row)
    return [
        {
            "id": r["outage"], "feeder_id": r["feeder"], "device_id": r["device"], "element_id": r["element"],
            "start_time": r["start"], "end_time": r["end"], "primary_cause": r["cause"],
            "stated_cause": r["cause_stated"], "customers_interrupted": r["customers"],
            "cmi_min": r["customer_minutes"], "refused": r["refused"],
            "recovery_steps": json.dumps(taken.get((r["source"], r["outage"]), [])),
        }
        for r in tables.read("outages", outages).to_pylist()
    ]  # fmt: skip


MAXIMA = {
    "max_load_pct": ("max_load_hour", "hours_over"),
    "min_pu": ("min_hour", "hours_low"),
    "max_pu": ("max_hour", "hours_high"),
}
"""Metrics of the worst hour of an element, with its hour and with the hours that break a limit."""


def _results(powerflow: Path, violations: Path, like: Mapping[str, str]) -> list[Row]:
    wide = unfolded(tables.read("powerflow", powerflow), like).to_pylist()
    found = [
        {
            "scenario_id": r["case"], "feeder_id": r["feeder"], "asset_id": _asset(r), "metric_type": metric,
            "value": r[metric], "hour": r[hour], "violation_flag": bool(r[over]),
        }
        for r in wide
        for metric, (hour, over) in MAXIMA.items()
        if r[metric] is not None and r["kind"] != "head"
    ]  # fmt: skip
    found += [
        {
            "scenario_id": r["case"], "feeder_id": r["feeder"], "asset_id": _asset(r), "metric_type": r["violation"],
            "value": r["value"], "limit_value": r["limit"], "hour": r["hour"], "violation_flag": True,
        }
        for r in unfolded(tables.read("violations", violations), like).to_pylist()
    ]  # fmt: skip
    return found


def _asset(row: Mapping[str, Any]) -> str:
    name = f"{row['kind']} {row['element']}"
    return f"{name}.{row['phase']}" if row["phase"] else name


def _profile(path: Path) -> Row:
    with path.open(encoding="utf-8", newline="") as file:
        about = file.readline().lstrip("# ").strip()
        rows = list(csv.DictReader(file))
    shape = {c: [float(r[c]) for r in rows] if rows and c in rows[0] else None for c in ("weekday", "weekend")}
    return {"id": path.stem, "about": about, "hourly_shape": shape["weekday"], "weekend_shape": shape["weekend"]}
