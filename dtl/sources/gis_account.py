"""The account of a GIS: each layer and column with verdict and counts, rows only where they are not as stated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dtl.plural import many
from dtl.sources.gis_files import Handle, Layer
from dtl.sources.gis_values import Fields
from dtl.sources.gis_words import FIELD_CUT, Plan
from dtl.sources.reading import Reading
from dtl.sources.record import clip

Counts = Sequence[int] | npt.NDArray[np.int64]

MOST = 1000
"""Single rows that the account lists for one column; of what goes beyond it says how many."""

CANNOT = {
    "csv": "the format states no types and no coordinate system: every value is text, and the system is declared",
    "json": "the format states no types: every value is text",
    "geojson": "the format knows degrees of WGS 84 only, and no dates: coordinates are brought back, dates are text",
    "shp": f"the format cuts names of columns to {FIELD_CUT} characters, knows no time of day and not what codes mean",
    "gdb": "the format makes every line one of several parts, and dates moments in UTC: both are turned back",
    "gpkg": "",
    "esri": "",
}
"""What a container cannot hold."""


def thing(handle: Handle, plan: Plan | None = None) -> str:
    """What a layer is called in the account; with its class where it holds several."""
    name = f"[layer] {handle.file}" + ("" if handle.file.endswith(handle.name) else f":{handle.name}")
    return name if plan is None else f"{name} as {plan.kind}"


def unused(reading: Reading, handle: Handle, layer: Layer) -> None:
    """A layer that no class is declared for: unused with each of its columns; refused where it has rows."""
    reason = "no class of assets is declared for this layer"
    count = layer.table.num_rows
    told = reading.refused if count else reading.unused
    told("", thing(handle), "", many(count, "rows"), reason if count else "the layer is empty")
    for name in layer.table.column_names:
        reading.unused("", thing(handle), name, filled(layer.table[name]), reason)


def related(reading: Reading, handle: Handle, layer: Layer, taken: frozenset[str], to: str) -> None:
    """A layer without assets of its own, of which others take columns."""
    reading.mapped("", thing(handle), "", f"columns of {to}", many(layer.table.num_rows, "rows"))
    for name in layer.table.column_names:
        value = filled(layer.table[name])
        if name in taken:
            reading.mapped("", thing(handle), name, f"columns of {to}", value)
        else:
            reading.unused("", thing(handle), name, value, "no relation takes this column")


def columns(
    reading: Reading,
    handle: Handle,
    layer: Layer,
    made: Sequence[tuple[Plan, pa.Table, Fields]],
    relations: frozenset[str],
) -> None:
    """Each column of a layer: mapped with the rows that state something, defaulted where none does, or unused.

    ``relations`` are the columns by which it belongs to other layers, or that they take.
    """
    kinds = ", ".join(p.kind for p, _, _ in made)
    reading.mapped("", thing(handle), "", f"assets: {kinds}", many(layer.table.num_rows, "rows"))
    used: dict[str, list[str]] = {}
    for plan, _, fields in made:
        for field, names in fields.used.items():
            for name in names:
                used.setdefault(name, []).append(f"{plan.kind}.{field}")
    for name in layer.table.column_names:
        value = filled(layer.table[name])
        if name not in used and name in relations:
            reading.mapped("", thing(handle), name, "a relation", value)
        elif name not in used:
            reading.unused("", thing(handle), name, value, "no field of the class is declared for this column")
        elif value.startswith("0 "):
            reading.defaulted("", thing(handle), name, " ".join(used[name]), value, "no row states a value")
        else:
            reading.mapped("", thing(handle), name, " ".join(used[name]), value)
    for column, full in sorted({c: w for _, _, f in made for c, w in f.cut.items()}.items()):
        reason = f"the format cuts names to {FIELD_CUT} characters; it stands for {full}"
        reading.defaulted("", thing(handle), f"name of {column}", " ".join(used[column]), column, reason)
    for name, coded in layer.domains.items():
        if name in used:
            pairs = {**coded.meanings, **{c: m for s in coded.subtypes.values() for c, m in s.items()}}
            shown = ", ".join(f"{c} = {m}" for c, m in pairs.items())
            reading.mapped("", thing(handle), f"codes of {name}", clip(shown), f"domain {coded.name} of the file")
    if layer.curved:
        reading.defaulted("", thing(handle), "geometry", "geometry", many(layer.curved, "rows"),
                          "shapes of curves; chords of 4 degrees stand in place of arcs")  # fmt: skip
    if reason := CANNOT[handle.container]:
        reading.defaulted("", thing(handle), "format", handle.container, "", reason)


def filled(column: pa.ChunkedArray) -> str:
    """How many rows of a column state something."""
    empty = column.null_count
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        empty += pc.sum(pc.equal(pc.utf8_trim_whitespace(column), "")).as_py() or 0
    return f"{len(column) - empty} of {many(len(column), 'rows')}"


class Rows:
    """Single rows of one layer that are not taken as they stand, and the finding for each kind of fault.

    ``numbers`` are the rows in the file, ``names`` the ids, where they are known.
    """

    def __init__(self, reading: Reading, handle: Handle, numbers: Counts, names: pa.Array | None = None):
        self._reading, self._handle, self._numbers, self._names = reading, handle, numbers, names

    def refuse(
        self, check: str, at: Counts, field: str, values: Sequence[str], why: str, remedy: str, *,
        whole: bool = False,
    ) -> None:  # fmt: skip
        """Refuse a value in each of the rows ``at``, or (``whole``) these rows."""
        if not len(at):
            return
        own, prop = thing(self._handle).removeprefix("[layer] "), "" if whole else field
        for i, value in zip(at[:MOST], values[:MOST], strict=True):
            self._reading.refused("", f"[row] {own} {self._label(i, whole)}", prop, clip(value), why)
        if len(at) > MOST:
            more = many(len(at) - MOST, "more rows")
            self._reading.refused("", f"[row] {own} ({more}: {check})", prop, more, why)
        shown = ", ".join(dict.fromkeys(clip(v) for v in values[:MOST]))
        text = f"{why}: {many(len(at), 'rows')} of {self._handle.name}"
        self._reading.find(check, "error" if whole else "warning", text,
                           file=self._handle.file, line=int(self._numbers[at[0]]), element=self._label(at[0], False),
                           field=field, value=clip(shown), remedy=remedy)  # fmt: skip

    def _label(self, i: int, whole: bool) -> str:
        name = self._names[int(i)].as_py() if self._names is not None else None
        row = f"row {self._numbers[i]}"
        return f"{name} {row}" if name and whole else name or row
