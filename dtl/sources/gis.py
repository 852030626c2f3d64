"""The source ``gis``: assets, service points and the topology of a geographic information system.

Layers become classes of assets by a declared map of columns. All shapes come into one projected system in metres, on a
grid of one centimetre, so that the same utility gives the same tables from every container. Whole columns are read at a
time; the account counts by layer and column, and lists single rows only where they are not taken as they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from dtl.errors import Severity, SourceError
from dtl.plural import many
from dtl.sources import gis_account as account
from dtl.sources import gis_areas
from dtl.sources.gis_assets import Assets, assets, service_points
from dtl.sources.gis_associations import attach
from dtl.sources.gis_edges import DEVICES, edges
from dtl.sources.gis_files import Handle, Layer, Shapes, handles
from dtl.sources.gis_named import Named
from dtl.sources.gis_places import TRUE, fits, inside, metric, middles, placed, stretch, system, zone
from dtl.sources.gis_related import Related, Taken
from dtl.sources.gis_values import Fields, fields, taken
from dtl.sources.gis_words import LENGTHS, Plan, Words
from dtl.sources.reading import Reading

SNAP_M = 0.5
"""Tolerance within which ends are one, unless the study says another [m]."""
REMEDY = "Correct the file, or what the study says."
TABLES = ("conductor_type", "transformer_unit", "feeder", "association")
"""Classes that stand nowhere."""
NODES = ("node", "from_node", "to_node", "pole", "service", "conductor_id")
"""Fields by which an asset is found without a place."""
SHOWN = 10
"""Ids that a finding names."""
GRANTED: dict[str, tuple[Severity, str]] = {
    "gis.cut-name": ("warning", "Name the column in `columns` as it is called in the file."),
    "gis.kilovolts": ("warning", "Declare voltage_unit, kV or V."),
    "gis.part-open": ("warning", "State one position for the device; the model has none by phase."),
    "gis.phases": ("info", "Declare codes for phases where this is not so."),
    "gis.row-id": ("warning", "Name a column of ids that last: a layer that is exported anew has other row numbers."),
    "gis.volts": ("info", "Declare voltage_unit, kV or V."),
}
"""How much is made of what was taken for granted, and what settles it."""


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read every layer of the files into the tables ``assets``, ``service_points`` and ``gis_edges``."""
    reading = Reading(name, "gis")
    reader = _Reader(reading, spec)
    if not files:
        reading.find(
            "source.file-missing", "error", "no file matches the path", file=str(spec.get("path")), remedy=REMEDY
        )
    opened: list[Handle] = []
    for one in handles(files):
        if isinstance(one, Handle):
            opened.append(one)
        else:
            reading.find("gis.file", "error", str(one[1]), file=one[0], remedy=REMEDY)
    related = Related(reading, opened, reader.words.relations)
    for handle in opened:
        try:
            reader.take(handle, related.layer(handle), related.taken.get(handle, Taken()))
        except SourceError as err:
            severity: Severity = "error" if reader.words.plans(handle.name) else "warning"
            reading.find("gis.file", severity, str(err), file=handle.file, element=handle.name, remedy=REMEDY)
    reader.close()
    found = reader.distinct()
    reading.crs = reader.to_crs
    if reader.areas is not None:
        reading.tables["areas"] = reader.areas.rows(reader.to_crs)
    topology = edges(reading, found, float(spec.get("snap_m") or SNAP_M))
    reading.tables |= {
        "assets": assets(name, found),
        "service_points": service_points(name, found),
        "gis_edges": topology,
    }
    return reading


class _Reader:
    """What is known while layers are read: the working system, and the assets so far."""

    def __init__(self, reading: Reading, spec: Mapping[str, Any]):
        self.reading, self.spec, self.words = reading, spec, Words(spec)
        self.to_crs = str(spec.get("to_crs") or "")
        self.found: list[tuple[Handle, Assets]] = []
        self.seen: set[str] = set()
        self.named = Named(spec)
        self.areas = gis_areas.declared(reading, spec)

    def take(self, handle: Handle, layer: Layer, over: Taken) -> None:
        """Take one layer: its columns as fields, its shapes in the working system."""
        self.seen.add(handle.name.casefold())
        for text in layer.noted:
            self.reading.find("gis.file", "warning", text, file=handle.file, element=handle.name)
        plans = self.words.plans(handle.name)
        drawn = self.areas is not None and handle.name.casefold() == self.areas.table.casefold()
        if self.areas is not None and drawn and layer.shapes is not None:
            self.areas.take(handle, layer, layer.shapes, layer.crs or str(self.spec.get("crs") or ""))
        if not plans and drawn:
            return
        if not plans and over.columns:
            account.related(self.reading, handle, layer, over.columns, ", ".join(sorted(over.others)))
            return
        if not plans:
            account.unused(self.reading, handle, layer)
            return
        shapes, crs = self._shapes(handle, layer)
        self.named.see(handle.name, [p.kind for p in plans], layer.table.column_names, handle.container == "shp")
        cut, numbers, rest = handle.container == "shp", layer.numbers(), np.ones(layer.table.num_rows, bool)
        said = {c: coded.of(layer.table, c) for c, coded in layer.domains.items() if c in layer.table.column_names}
        made: list[tuple[Plan, pa.Table, Fields]] = []
        ragged = account.Rows(self.reading, handle, [r + 2 for r, _ in layer.ragged])
        ragged.refuse("gis.ragged-row", range(len(layer.ragged)), "", [w for _, w in layer.ragged],
                      "a row has more or fewer cells than there are columns", "Put texts with the delimiter in quotes.",
                      whole=True)  # fmt: skip
        account.Rows(self.reading, handle, numbers).refuse(
            "gis.bad-shape", [i for i, _, _ in layer.bad], "geometry", [v for _, _, v in layer.bad],
            "a shape cannot be read", "Correct the shape.",
        )  # fmt: skip
        for plan in plans:
            mask, left = taken(layer.table, plan, cut, said)
            rest &= ~mask
            table = layer.table.filter(pa.array(mask))
            got = fields(table, plan, self.words, cut, {c: m.filter(pa.array(mask)) for c, m in said.items()})
            if layer.row_id and "id" not in got.columns:
                _by_row(handle, layer.row_id, plan, table, got)
            self._noted(handle, got)
            made.append((plan, table, got))
            for column, count in left.items():
                rest_reason = many(count, "rows are not in service by this column")
                self.reading.refused(
                    "", f"{account.thing(handle)} out of service", column, many(count, "rows"), rest_reason
                )
            self._class(handle, plan, got, shapes[mask], crs, numbers[mask])
        kept_out = int(rest.sum())
        if kept_out and any(p.where for p in plans):
            self.reading.refused(
                "", f"{account.thing(handle)} of no class", "", many(kept_out, "rows"), "no class takes these rows"
            )
        account.columns(self.reading, handle, layer, made, over.columns)

    def _noted(self, handle: Handle, got: Fields) -> None:
        """Tell what was taken for granted about columns."""
        for check, column, what in dict.fromkeys(got.noted):
            severity, remedy = GRANTED[check]
            self.reading.find(check, severity, f"column {column} {what}", file=handle.file, element=handle.name,
                              field=column, remedy=remedy)  # fmt: skip

    def _shapes(self, handle: Handle, layer: Layer) -> tuple[Shapes, str]:
        """The shapes of a layer and their system; decides the working system at the first layer that has shapes."""
        empty = np.full(layer.table.num_rows, None, object)
        if layer.shapes is None or not layer.table.num_rows:
            return empty, ""
        crs = self._system(handle, layer, layer.shapes)
        if not crs:
            self.reading.find("gis.no-crs", "error", "no coordinate system: neither the file nor the study states one",
                              file=handle.file, element=handle.name, field="crs",
                              remedy="Declare crs, as EPSG:26916.")  # fmt: skip
            return empty, ""
        if not self._fitting(handle, layer.shapes, crs):
            return empty, ""
        self._decide(layer.shapes, crs)
        return layer.shapes, crs

    def _system(self, handle: Handle, layer: Layer, shapes: Shapes) -> str:
        """The system of a layer: the file's, else the study's, which counts in GeoJSON that states none too."""
        own, declared = layer.crs, str(self.spec.get("crs") or "")
        if handle.container == "geojson" and declared and not fits(shapes, own or declared) and fits(shapes, declared):
            self.reading.find("gis.geojson-crs", "warning", f"its places are not in {own}, as GeoJSON is; {declared} "
                              "is taken, as the study says", file=handle.file, element=handle.name, field="crs",
                              value=declared, remedy="Export it in degrees of WGS 84.")  # fmt: skip
            return declared
        return own or declared

    def _fitting(self, handle: Handle, shapes: Shapes, crs: str) -> bool:
        """Whether shapes can be of their system; told where they cannot."""
        good = fits(shapes, crs)
        beyond = [c for c in (crs, self.to_crs) if c and not inside(shapes, crs, c)] if good else [crs]
        if not beyond:
            return True
        text = "lie far outside of the area of" if good else "cannot be of"
        self.reading.find("gis.crs-does-not-fit", "error", f"its coordinates {text} {beyond[0]}", file=handle.file,
                          element=handle.name, field="crs", value=crs,
                          remedy="Declare their true system; check its unit and the order of x and y.")  # fmt: skip
        return False

    def _decide(self, shapes: Shapes, crs: str) -> None:
        if self.to_crs:
            if not metric(system(self.to_crs)):
                raise SourceError(f"to_crs {self.to_crs} is not projected in metres")
            scale = stretch(shapes, crs, self.to_crs)
            if abs(scale - 1.0) > TRUE:
                raise SourceError(
                    f"lengths in to_crs {self.to_crs} are {scale:.3f} of the true ones here: leave it away"
                )
            return
        good = metric(system(crs)) and abs(stretch(shapes, crs, crs) - 1.0) <= TRUE
        self.to_crs = crs if good else zone(shapes, crs)
        self.reading.find("gis.working-crs", "info", f"the working system is {self.to_crs}", field="to_crs",
                          value=self.to_crs, remedy="Declare to_crs where it must be another.")  # fmt: skip

    def _class(self, handle: Handle, plan: Plan, got: Fields, shapes: Shapes, crs: str, numbers: Any) -> None:
        """Make the assets of one class in a layer, and note what its rows state wrongly."""
        ids = got.text("id", len(numbers))
        if plan.prefix and "id" in got.columns:
            ids = got.columns["id"] = pc.binary_join_element_wise(plan.prefix, ids, "")
        rows = account.Rows(self.reading, handle, numbers, ids)
        for field in sorted({f for _, f, _ in got.bad}):
            cells = [(i, v) for i, f, v in got.bad if f == field]
            rows.refuse("gis.bad-value", [i for i, _ in cells], " ".join(got.used.get(field, (field,))),
                        [v for _, v in cells], f"a value of {field} that cannot be read",
                        "Correct it, or declare the code.")  # fmt: skip
        if any(f in got.used for f in LENGTHS) and self.words.metre is None:
            self.reading.find("gis.no-unit", "error", "nobody states the unit of its lengths; metres are taken",
                              file=handle.file, element=handle.name, field="length_unit",
                              remedy="Declare length_unit.")  # fmt: skip
        if crs:
            shapes = self._placed(rows, shapes, crs, plan.kind)
        at = middles(shapes)
        if not crs and {"x", "y"} <= set(got.columns):
            at = self._numbered(handle, rows, got, len(numbers))
        there = ids.is_valid().to_numpy(zero_copy_only=False)
        missing, good = np.flatnonzero(~there), np.flatnonzero(there)
        rows.refuse("gis.no-id", missing, "id", [""] * len(missing), "a row has no id", "Give it one, or take it out.",
                    whole=True)  # fmt: skip
        columns = {f: c.take(pa.array(good)) for f, c in got.columns.items()}
        own = Assets(plan.kind, handle.name, handle.file, columns, shapes[good], at[good], numbers[good])
        self.found.append((handle, own))

    def _placed(self, rows: account.Rows, shapes: Shapes, crs: str, kind: str) -> Shapes:
        """Shapes in the working system; those of no use are told."""
        wanted = "line" if kind == "conductor" else "span" if kind in DEVICES else "point"
        done = placed(shapes, crs, self.to_crs, wanted)
        for why in sorted({w for _, w in done.bad}):
            lost = [i for i, w in done.bad if w == why]
            rows.refuse("gis.no-place", lost, "geometry", [""] * len(lost), why, "Correct the place.")
        return done.shapes

    def _numbered(self, handle: Handle, rows: account.Rows, got: Fields, count: int) -> Any:
        """Places from columns x and y."""
        crs = str(self.spec.get("crs") or "")
        if not crs:
            self.reading.find("gis.no-crs", "error", "x and y have no coordinate system, and the study states none",
                              file=handle.file, element=handle.name, field="crs",
                              remedy="Declare crs, as EPSG:26916.")  # fmt: skip
            return np.full((count, 2), np.nan)
        at = np.column_stack([got.number("x", count), got.number("y", count)]).astype(float)
        shapes = np.full(count, None, object)
        there = np.isfinite(at).all(axis=1)
        shapes[there] = shapely.points(at[there])
        if not self._fitting(handle, shapes, crs):
            return np.full((count, 2), np.nan)
        self._decide(shapes, crs)
        return middles(self._placed(rows, shapes, crs, ""))

    def close(self) -> None:
        """Note layers and columns that the study names and no file has."""
        self.named.tell(self.reading)
        for pattern in self.words.expected():
            if "*" not in pattern and "?" not in pattern and pattern not in self.seen:
                there = ", ".join(sorted(self.seen)) or "none"
                self.reading.find("gis.no-layer", "error", f"no file has the layer; there is {there}", element=pattern,
                                  remedy="Correct the name in `layers` of the source.")  # fmt: skip

    def distinct(self) -> list[Assets]:
        """The assets, ids once within each class: the first counts, the others are refused."""
        found: list[Assets] = []
        for kind in sorted({a.kind for _, a in self.found}):
            own = [(h, a) for h, a in self.found if a.kind == kind]
            names = pd.Series(np.concatenate([a.words("id") for _, a in own]) if own else [])
            doubled = names.duplicated().to_numpy()
            start = 0
            for handle, one in own:
                twice = np.flatnonzero(doubled[start : start + one.count])
                start += one.count
                ids = one.words("id")
                account.Rows(self.reading, handle, one.rows, one.columns.get("id")).refuse(
                    "gis.duplicate", twice, "id", [ids[i] for i in twice],
                    f"an id of class {kind} occurs twice; the first counts",
                    "Give each asset its own id, or declare a prefix for the layer.", whole=True,
                )  # fmt: skip
                keep = np.setdiff1d(np.arange(one.count), twice)
                columns = {f: c.take(pa.array(keep)) for f, c in one.columns.items()}
                found.append(Assets(kind, one.layer, one.file, columns, one.shapes[keep], one.at[keep], one.rows[keep]))
            total = sum(a.count for a in found if a.kind == kind)
            self.reading.find("gis.read", "info", f"assets of class {kind}: {total}", element=kind)
        attach(self.reading, found)
        _at_poles(self.reading, found)
        _of_units(self.reading, found)
        self._nowhere(found)
        return found

    def _nowhere(self, found: list[Assets]) -> None:
        """Tell of each layer how many assets have neither a place nor a node, so that nothing can be near them."""
        for own in found:
            nodes = [own.columns[n].is_valid().to_numpy(zero_copy_only=False) for n in NODES if n in own.columns]
            lost = ~np.isfinite(own.at).all(axis=1) & ~np.any([np.zeros(own.count, bool), *nodes], axis=0)
            if own.kind in TABLES or not lost.any():
                continue
            rows = np.flatnonzero(lost)
            shown = ", ".join(str(w) for w in own.words("id")[rows][:SHOWN])
            self.reading.find("gis.nowhere", "warning", f"assets of class {own.kind} with neither place nor node: "
                              f"{len(rows)} of {own.count}", file=own.file, line=int(own.rows[rows[0]]),
                              element=own.layer, field="geometry", value=shown,
                              remedy="Export their shapes, x and y, or the ids of their nodes.")  # fmt: skip


def _by_row(handle: Handle, column: str, plan: Plan, table: pa.Table, got: Fields) -> None:
    """Ids of a layer that has no column of them: its name, or the declared prefix, and the container's own number."""
    front = "" if plan.prefix else f"{handle.name}-"
    got.columns["id"] = pc.binary_join_element_wise(front, pc.cast(table[column].combine_chunks(), pa.string()), "")
    got.used["id"] = (column,)
    got.noted.append(("gis.row-id", column, "is taken for the id, as no column of ids is there"))


def _at_poles(reading: Reading, found: list[Assets]) -> None:
    """Assets without a place that name their pole stand at it."""
    poles = [a for a in found if a.kind == "pole"]
    if not poles:
        return
    ids = pa.array(np.concatenate([a.words("id") for a in poles]), pa.string())
    places = np.concatenate([a.at for a in poles])
    for own in found:
        nowhere = ~np.isfinite(own.at).all(axis=1)
        if own.kind in ("pole", "conductor") or "pole" not in own.columns or not nowhere.any():
            continue
        at = pc.index_in(own.columns["pole"], ids)
        known = nowhere & at.is_valid().to_numpy(zero_copy_only=False)
        own.at[known] = places[at.fill_null(0).to_numpy(zero_copy_only=False)[known]]
        if known.any():
            reading.defaulted("", f"[class] {own.kind} in {own.layer}", "place", "x y", many(int(known.sum()), "rows"),
                              "no place of their own; they stand at the pole that they name")  # fmt: skip


def _of_units(reading: Reading, found: list[Assets]) -> None:
    """Transformers that state no rating have that of their units together."""
    units = [a for a in found if a.kind == "transformer_unit" and {"kva", "transformer"} <= set(a.columns)]
    if not units:
        return
    bank = np.concatenate([a.words("transformer") for a in units])
    total = pd.Series(np.concatenate([a.numbers("kva") for a in units])).groupby(bank).sum(min_count=1)
    for own in found:
        rated = own.numbers("kva")
        of_units = total.reindex(own.words("id")).to_numpy(float)
        open_ = np.isnan(rated) & np.isfinite(of_units) & (own.kind == "transformer")
        if open_.any():
            own.columns["kva"] = pa.array(np.where(open_, of_units, rated), from_pandas=True)
            reading.defaulted("", f"[class] transformer in {own.layer}", "kva", "kva", many(int(open_.sum()), "rows"),
                              "none is stated; that of their units together")  # fmt: skip
