"""Assets and service points as the tables of their contracts, made by whole columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables

OWN = frozenset(("id", "feeder", "name", "installed", "x", "y"))
"""Fields that are columns of their own."""
UNITS = {"length": "length_m", "height": "height_m"}
"""Attributes whose name gets its unit."""
DIGITS = 6
"""Digits of a number among the attributes."""

Numbers = npt.NDArray[np.float64]


@dataclass
class Assets:
    """The rows of one class in one layer that count: fields by name, shapes, places [m], and where they stand."""

    kind: str
    layer: str
    file: str
    columns: dict[str, pa.Array]
    shapes: npt.NDArray[np.object_]
    at: Numbers
    rows: npt.NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.rows)

    def text(self, name: str) -> pa.Array:
        """A field as text, empty where it is not stated."""
        found = self.columns.get(name)
        return pa.array([""] * self.count, pa.string()) if found is None else pc.fill_null(found, "")

    def words(self, name: str) -> npt.NDArray[np.object_]:
        """The same as an array of objects."""
        found: npt.NDArray[np.object_] = self.text(name).to_numpy(zero_copy_only=False)
        return found

    def numbers(self, name: str) -> Numbers:
        """A field as numbers, nan where it is not stated."""
        found = self.columns.get(name)
        empty = np.full(self.count, np.nan)
        return empty if found is None else found.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(float)


def assets(source: str, found: list[Assets]) -> pa.Table:
    """The table ``assets`` of all that are no service points, which have a table, and no associations."""
    made = [_assets(source, a) for a in found if a.kind not in ("service_point", "association") and a.count]
    return tables.concat("assets", made)


def _assets(source: str, own: Assets) -> pa.Table:
    columns = {
        "source": _same(source, own.count),
        "asset": own.text("id"),
        "kind": _same(own.kind, own.count),
        "feeder": own.text("id") if own.kind == "feeder" else own.text("feeder"),
        "name": own.text("name"),
        "x": _number(own.at[:, 0]),
        "y": _number(own.at[:, 1]),
        "installed": own.columns.get("installed", pa.nulls(own.count, pa.date32())),
        "attributes": attributes({n: c for n, c in own.columns.items() if n not in OWN}, own.count),
    }
    return tables.frame("assets", columns)


def service_points(source: str, found: list[Assets]) -> pa.Table:
    """The table ``service_points``."""
    made = []
    for own in found:
        if own.kind != "service_point" or not own.count:
            continue
        columns = {"source": _same(source, own.count), "meter": own.text("id"), "bus": own.text("node")}
        columns |= {n: own.text(n) for n in ("feeder", "transformer", "phases", "customer_class", "address")}
        columns |= {"annual_kwh": _number(own.numbers("annual_kwh"))}
        columns |= {"x": _number(own.at[:, 0]), "y": _number(own.at[:, 1])}
        made.append(tables.frame("service_points", columns))
    return tables.concat("service_points", made)


def attributes(columns: Mapping[str, pa.Array], count: int) -> pa.Array:
    """Rows of fields as canonical JSON: sorted names, no blanks, fields without a value left out."""
    parts = []
    for name in sorted(columns, key=lambda n: UNITS.get(n, n)):
        values = _json(columns[name])
        head = f'"{UNITS.get(name, name)}":'
        parts.append(pc.binary_join_element_wise(pa.scalar(head), values, "", null_handling="emit_null"))
    if not parts:
        return pa.array(["{}"] * count, pa.string())
    # Arrow leaves a row out where every part is null; the empty text in front keeps it.
    joined = pc.binary_join_element_wise("", *parts, ",", null_handling="skip")
    return pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(joined, 1), "}", "")


def _json(values: pa.Array) -> pa.Array:
    if pa.types.is_floating(values.type):
        return _digits(pc.round(values, DIGITS))
    if not pa.types.is_string(values.type):
        return values.cast(pa.string())
    if pc.any(pc.match_substring_regex(values, r"[\x00-\x1f\x7f]")).as_py():
        quoted = [None if v is None else json.dumps(v, ensure_ascii=False) for v in values.to_pylist()]
        return pa.array(quoted, pa.string())
    escaped = pc.replace_substring(pc.replace_substring(values, "\\", "\\\\"), '"', '\\"')
    return pc.binary_join_element_wise('"', escaped, '"', "", null_handling="emit_null")


def _digits(values: pa.Array) -> pa.Array:
    """Numbers as text; whole ones without a point."""
    whole = pc.and_(pc.equal(values, pc.floor(values)), pc.less(pc.abs(values), 1e15))
    ints = pc.if_else(whole, values, None).cast(pa.int64()).cast(pa.string())
    return pc.if_else(pc.fill_null(whole, False), ints, values.cast(pa.string()))


def _same(value: str, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([value]))


def _number(values: Numbers) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)
