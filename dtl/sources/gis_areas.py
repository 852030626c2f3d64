"""Areas of a GIS: the polygons of one of its tables, each with the name that one of its columns states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from dtl.sources import gis_account as account
from dtl.sources.gis_files import Handle, Layer, Shapes
from dtl.sources.gis_places import system, turning
from dtl.sources.reading import Reading
from dtl.spec.base import near

POLYGONS = (3, 6)
"""Kinds of shapes that have an inside."""


@dataclass
class Drawn:
    """The polygons of the table that a study declares, as they are read."""

    reading: Reading
    table: str
    column: str
    seen: bool = False
    shapes: list[tuple[str, Any, str]] = field(default_factory=list)
    """Name, polygon and its coordinate system."""

    def take(self, handle: Handle, layer: Layer, shapes: Shapes, crs: str) -> None:
        """Take the polygons of a layer, if it is the declared one; what has no name or no inside is refused."""
        self.seen = True
        names = {n.casefold(): n for n in layer.table.column_names}
        own = names.get(self.column.casefold())
        if own is None:
            self.reading.find("gis.no-area", "error", f"the table has no column '{self.column}'"
                              f"{near(self.column, names.values())}", file=handle.file, element=handle.name,
                              field="column", remedy="Correct `column` in the section areas.")  # fmt: skip
            return
        words = [str(v or "").strip() for v in layer.table[own].to_pylist()]
        good = np.isin(shapely.get_type_id(shapes), POLYGONS)
        rows = account.Rows(self.reading, handle, layer.numbers())
        flat = np.flatnonzero(~good).tolist()
        rows.refuse("gis.no-area", flat, "geometry", [words[i] for i in flat], "the shape of an area is no polygon",
                    "Draw the area as a polygon.", whole=True)  # fmt: skip
        nameless = [i for i, word in enumerate(words) if good[i] and not word]
        rows.refuse("gis.no-area", nameless, own, [""] * len(nameless), "an area has no name",
                    "Give it one, or take it out.", whole=True)  # fmt: skip
        self.shapes += [(word, shapes[i], crs) for i, word in enumerate(words) if good[i] and word]
        self.reading.mapped("", account.thing(handle), own, "areas", f"{layer.table.num_rows} rows")

    def rows(self, to_crs: str) -> list[dict[str, Any]]:
        """The table ``areas``: the polygons of each name as one, in the working system."""
        if not self.seen:
            self.reading.find("gis.no-layer", "error", "no file has the table of the areas", element=self.table,
                              remedy="Correct `table` in the section areas.")  # fmt: skip
        by_name: dict[str, list[Any]] = {}
        for name, shape, crs in self.shapes:
            by_name.setdefault(name, []).append(shapely.make_valid(_turned(shape, crs, to_crs)))
        return [
            {"source": self.reading.source, "area": name, "shape": shapely.to_wkb(shapely.union_all(parts), hex=True)}
            for name, parts in sorted(by_name.items())
        ]


def declared(reading: Reading, spec: Mapping[str, Any]) -> Drawn | None:
    """What takes the areas that a study wants of a source; None if it wants none."""
    words = spec.get("areas")
    return Drawn(reading, str(words["table"]), str(words["column"])) if words else None


def _turned(shape: Any, crs: str, to_crs: str) -> Any:
    if not to_crs or system(crs) == system(to_crs):
        return shape
    turn = turning(crs, to_crs)
    return shapely.transform(shape, lambda at: np.column_stack(turn.transform(at[:, 0], at[:, 1])))
