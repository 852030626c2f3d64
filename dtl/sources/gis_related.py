"""Columns that a layer has from a related one: the wires of a conductor, the units of a bank, the id behind a number.

In a geometric network much stands in tables of their own, whose rows name the asset by its OBJECTID or GLOBALID. A
relation says by which columns the rows of two layers belong together, and which columns are taken over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dtl.errors import Severity, SourceError
from dtl.plural import many
from dtl.sources import gis_account as account
from dtl.sources.gis_domains import Coded
from dtl.sources.gis_files import Handle, Layer
from dtl.sources.gis_text import VOID, text, whole
from dtl.sources.gis_values import among, numbers
from dtl.sources.gis_words import Relation, place
from dtl.sources.reading import Reading

Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Taken:
    """The columns of one layer that relations take or go by, and the layers on their other side."""

    columns: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()


class Related:
    """The layers of one source with the columns of their relations, and what was taken of each."""

    def __init__(self, reading: Reading, handles: Sequence[Handle], relations: Callable[[str], Sequence[Relation]]):
        self._reading, self._handles = reading, handles
        self._loaded: dict[Handle, Layer] = {}
        self._made: dict[Handle, Layer] = {}
        self.taken: dict[Handle, Taken] = {}
        for handle in handles:
            for relation in relations(handle.name):
                if (other := self._other(handle, relation)) is not None:
                    with suppress(SourceError):  # raised again, and told, where the layer is taken
                        own, there = self._made.get(handle) or self._load(handle), self._load(other)
                        self._made[handle] = self._joined(handle, own, relation, other, there)

    def layer(self, handle: Handle) -> Layer:
        """A layer with its columns and those of its relations; raises SourceError where it cannot be read."""
        found = self._made.pop(handle, None) or self._loaded.pop(handle, None)
        return found or handle.load()

    def _load(self, handle: Handle) -> Layer:
        if handle not in self._loaded:
            self._loaded[handle] = handle.load()
        return self._loaded[handle]

    def _other(self, handle: Handle, relation: Relation) -> Handle | None:
        """The layer of a relation; the one in the same file where there are several."""
        named = [h for h in self._handles if h.name.casefold() == relation.other.casefold()]
        near = [h for h in named if h.file == handle.file] or named
        if len(near) == 1:
            return near[0]
        if near or relation.stated:
            text = f"{len(near)} files have the layer {relation.other}" if near else f"no file has {relation.other}"
            remedy = "Give it a name of its own." if near else "Correct the name, or add it."
            self._tell(handle, "error", f"{text}, to which a relation goes", relation.other, remedy)
        return None

    def _joined(self, handle: Handle, layer: Layer, relation: Relation, at: Handle, other: Layer) -> Layer:
        """The layer with the columns of one relation; one that it has itself, with values, counts instead."""
        own = self._columns(handle, handle, layer, list(relation.by), relation)
        theirs = self._columns(handle, at, other, [*relation.by.values(), *relation.where], relation)
        if own is None or theirs is None:
            return layer
        keys = _keys(layer, own)
        rows = np.flatnonzero(_counting(other, relation, theirs[len(relation.by) :]))
        names = _keys(other, theirs[: len(relation.by)])[rows]
        self._matched(handle, layer, relation, keys, names)
        for new, (wanted, how) in relation.columns.items():
            column = place(other.table.column_names, wanted, at.container == "shp")
            there = place(layer.table.column_names, new, handle.container == "shp")
            if column is None or (there and layer.table[there].null_count < layer.table.num_rows):
                if column is None:
                    self._lacks(handle, relation, at.name, wanted, other)
                continue
            self._took(at, {column, *theirs}, handle.name)
            self._took(handle, set(own), at.name)
            if how == "sum":
                values = self._sums(at, other, column, rows, names).reindex(keys).to_numpy(float)
                layer = _with(layer, new, there, pa.array(values, from_pandas=True))
                continue
            first = self._firsts(handle, relation, other, column, rows, names).reindex(keys)
            values, said = _coded(other, column)
            layer = _with(layer, new, there, values.take(pa.array(first, pa.int64(), from_pandas=True)), said)
        return layer

    def _columns(self, to: Handle, of: Handle, layer: Layer, wanted: list[str], by: Relation) -> list[str] | None:
        """The columns of a layer by which a relation goes; none where one is missing."""
        found = [place(layer.table.column_names, w, of.container == "shp") for w in wanted]
        for w in (w for w, c in zip(wanted, found, strict=True) if c is None):
            self._lacks(to, by, of.name, w, layer)
        return None if None in found else [c for c in found if c is not None]

    def _lacks(self, handle: Handle, relation: Relation, name: str, wanted: str, layer: Layer) -> None:
        if relation.stated:
            there = ", ".join(layer.table.column_names)
            self._tell(handle, "error", f"{name} has no column {wanted}, which a relation names; there is {there}",
                       wanted, "Correct the name in `related` of the source.")  # fmt: skip

    def _matched(self, handle: Handle, layer: Layer, relation: Relation, keys: Texts, names: Texts) -> None:
        """Tell how many rows belong together; of those that name one of the other side, each should."""
        found, known = pd.Index(keys).isin(names[names != ""]), pd.Index(names).isin(keys[keys != ""])
        single = pd.Index(names[names != ""]).is_unique
        good = found[keys != ""].all() if single else known[names != ""].all()
        message = (
            f"{found.sum()} of {many(layer.table.num_rows, 'rows')} belong to {known.sum()} of "
            f"{many(len(names), 'rows')} of {relation.other}"
        )
        self._tell(handle, "info" if good and found.any() else "warning", message, relation.other,
                   "Check the columns of the relation, and rows that name what is not there.")  # fmt: skip

    def _firsts(
        self, handle: Handle, relation: Relation, other: Layer, column: str, rows: npt.NDArray[np.int64], names: Texts
    ) -> pd.Series:
        """The row of the first stated value of each key; told where rows of one key differ."""
        plain = text(other.table[column], VOID).to_numpy(zero_copy_only=False)[rows]
        good = ~pd.isna(plain) & (names != "")
        groups = pd.DataFrame({"row": rows[good], "value": plain[good]}).groupby(names[good], sort=False)
        differ = groups["value"].nunique()
        if (mixed := differ.index[differ > 1]).size:
            self._tell(handle, "warning", f"{column} of {relation.other} has several values for "
                       f"{many(mixed.size, 'rows')}; the first counts", column,
                       "Let `where` of the relation choose the rows.", ", ".join(map(str, mixed[:5])))  # fmt: skip
        return groups["row"].first()

    def _sums(self, at: Handle, other: Layer, column: str, rows: npt.NDArray[np.int64], names: Texts) -> pd.Series:
        bad: list[tuple[int, str, str]] = []
        found = numbers(text(other.table[column], VOID).take(pa.array(rows)), column, bad)
        lines = account.Rows(self._reading, at, other.numbers()[rows])
        lines.refuse("gis.bad-value", [i for i, _, _ in bad], column, [v for _, _, v in bad],
                     f"a value of {column} that cannot be read", "Correct it.")  # fmt: skip
        return pd.Series(found, names)[names != ""].groupby(level=0).sum(min_count=1)

    def _took(self, at: Handle, columns: set[str], other: str) -> None:
        old = self.taken.get(at, Taken())
        self.taken[at] = Taken(old.columns | columns, old.others | {other})

    def _tell(self, handle: Handle, severity: Severity, message: str, field: str, remedy: str, value: str = "") -> None:
        self._reading.find("gis.related", severity, message, file=handle.file, element=handle.name, field=field,
                           value=value, remedy=remedy)  # fmt: skip


def _keys(layer: Layer, columns: Sequence[str]) -> Texts:
    """The key of each row as text; empty where one of its columns is blank."""
    parts = [pc.fill_null(whole(text(layer.table[c], VOID)), "") for c in columns]
    blank = reduce(np.logical_or, [pc.equal(p, "").to_numpy(zero_copy_only=False) for p in parts])
    keys = np.asarray(pc.binary_join_element_wise(*parts, "\x1f").to_numpy(zero_copy_only=False), object)
    keys[blank] = ""
    return keys


def _counting(other: Layer, relation: Relation, columns: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Rows of the related layer that count, by the values of some columns."""
    said = {c: coded.of(other.table, c) for c, coded in other.domains.items() if c in other.table.column_names}
    mask = np.ones(other.table.num_rows, bool)
    for column, values in zip(columns, relation.where.values(), strict=True):
        mask &= among(other.table, column, values, said)
    return mask


def _coded(layer: Layer, column: str) -> tuple[pa.Array, Coded | None]:
    """A column and what its codes mean; where that depends on the subtype of a row, the meanings in place of codes."""
    raw, said = layer.table[column].combine_chunks(), layer.domains.get(column)
    if said is None or not said.subtypes:
        return raw, said
    return pc.coalesce(said.of(layer.table, column), text(raw, VOID)), None


def _with(layer: Layer, new: str, there: str | None, values: pa.Array, said: Coded | None = None) -> Layer:
    """A layer with one more column, in place of one that is there and blank."""
    table = layer.table.drop_columns([there]) if there else layer.table
    domains: dict[str, Any] = {c: d for c, d in layer.domains.items() if c != there}
    return replace(layer, table=table.append_column(new, values), domains=domains | ({new: said} if said else {}))
