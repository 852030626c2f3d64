"""The downloads of the public copy: the file of the integration capacity analysis, that of DRIVE, and maps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from dtl import tables
from dtl.errors import DtlError
from dtl.network.feeder import Feeder, Line
from dtl.report.hosting_payloads import KINDS, SINGLE_FIRST
from dtl.report.public.copy import Copy
from dtl.tables.contract import FINE


def write(folder: Path, made: Copy, cube: pa.Table, words: Sequence[str], cases: Sequence[str]) -> list[dict[str, str]]:
    """Write the files that the study offers; a row per file with its name, meaning, rows and size."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [tables.read("hosting", Path(p)) for _, p in sorted(made.inputs["hosting"].items())]
    hosting = tables.concat("hosting", found)
    rows = []
    for word in sorted(set(words)):
        for name, about, count in WRITERS[word](folder, made, cube, hosting, cases):
            size = (folder / name).stat().st_size
            rows.append({"name": name, "about": about, "rows": str(count), "size": f"{max(size / 1e3, 0.1):.1f} kB"})
    return rows


Written = Iterator[tuple[str, str, int]]


def _ica(folder: Path, made: Copy, cube: pa.Table, hosting: pa.Table, cases: Sequence[str]) -> Written:
    single = _single(hosting)
    alone = sorted({f"{r['of']}_{r['criterion']}_kw" for r in single if r["criterion"] != "all"})
    kinds = sorted({r["of"] for r in single})
    columns = [*_NODE, *(f"{of}_{what}" for of in kinds for what in ("kw", "limit")), *alone]
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in single:
        key = (row["case"], row["feeder"], row["bus"])
        entry = rows.setdefault(key, dict.fromkeys(columns) | dict(zip(_NODE, key, strict=False)))
        entry["kv_ll"] = None if row["kv_ll"] is None else round(row["kv_ll"], 3)
        if row["criterion"] == "all":
            entry[f"{row['of']}_kw"] = row["hc_kw"]
            entry[f"{row['of']}_limit"] = row["limiting_factor"]
        else:
            entry[f"{row['of']}_{row['criterion']}_kw"] = row["hc_kw"]
    texts = {*_NODE[:3], *(f"{of}_limit" for of in kinds)}
    values = {c: pa.array([rows[k][c] for k in sorted(rows)], pa.string() if c in texts else FINE) for c in columns}
    csv.write_csv(pa.table(values), folder / "ica.csv")
    about = "Integration capacity of each node: by all criteria together and what limits it, and by each alone [kW]."
    yield "ica.csv", about, len(rows)


_NODE = ("case", "feeder", "node", "kv_ll")


def _single(hosting: pa.Table) -> list[dict[str, Any]]:
    """The answers of one plant at a bus, by the method that counts first in the study."""
    rows: list[dict[str, Any]] = hosting.filter(
        pc.and_(pc.equal(hosting["mode"].cast(tables.TEXT), "single"), pc.not_equal(hosting["bus"], ""))
    ).to_pylist()
    there = {r["method"] for r in rows}
    method = next((m for m in (*SINGLE_FIRST, "drive") if m in there), "")
    return [r for r in rows if r["method"] == method]


def _drive(folder: Path, made: Copy, cube: pa.Table, hosting: pa.Table, cases: Sequence[str]) -> Written:
    own = hosting.filter(pc.equal(hosting["method"].cast(tables.TEXT), "drive"))
    columns = ("case", "feeder", "of", "mode", "bus", "criterion", "kv_ll", "hc_kw", "limiting_factor", "hours")
    table = pa.table({c: own[c].cast(tables.TEXT) if pa.types.is_dictionary(own[c].type) else own[c] for c in columns})
    csv.write_csv(table.rename_columns(["node" if c == "bus" else c for c in columns]), folder / "drive.csv")
    yield "drive.csv", "Hosting capacity by the streamlined method, by criterion [kW].", table.num_rows


def _csv(folder: Path, made: Copy, cube: pa.Table, hosting: pa.Table, cases: Sequence[str]) -> Written:
    plain = pa.table(
        {c: cube[c].cast(tables.TEXT) if pa.types.is_dictionary(cube[c].type) else cube[c] for c in cube.column_names}
    )
    csv.write_csv(plain, folder / "cube.csv")
    yield "cube.csv", "Every fact of the copy: level, feeder, case, metric, value, hour, limit, rule.", cube.num_rows


def _geojson(folder: Path, made: Copy, cube: pa.Table, hosting: pa.Table, cases: Sequence[str]) -> Written:
    found = [f for group in sorted(made.models) for f in features(made, group, hosting, cases)]
    text = json.dumps({"type": "FeatureCollection", "features": found}, separators=(",", ":"), ensure_ascii=False)
    (folder / "network.geojson").write_text(text + "\n", encoding="utf-8")
    yield "network.geojson", "Lines of the copy with hosting capacity [kW] and loading [%]; WGS 84.", len(found)


def _geoparquet(folder: Path, made: Copy, cube: pa.Table, hosting: pa.Table, cases: Sequence[str]) -> Written:
    import geopandas

    found = [f for group in sorted(made.models) for f in features(made, group, hosting, cases)]
    if found:
        geopandas.GeoDataFrame.from_features(found, crs="EPSG:4326").to_parquet(folder / "network.parquet")
        yield "network.parquet", "The same as GeoParquet.", len(found)


Writer = Callable[[Path, Copy, pa.Table, pa.Table, Sequence[str]], Written]

WRITERS: Mapping[str, Writer] = {
    "ica_csv": _ica, "drive_csv": _drive, "csv": _csv, "geojson": _geojson, "geoparquet": _geoparquet,
}  # fmt: skip
"""What writes each format of ``report.publish.formats``; each tells name, meaning and rows of what it wrote."""


def features(made: Copy, group: str, hosting: pa.Table, cases: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The lines of a group as features of GeoJSON, in longitude and latitude; none of a group without coordinates.

    Raises
    ------
    DtlError
        The coordinate system of the model is none that is known.
    """
    model = made.models[group]
    where = {b.name: (b.x, b.y) for b in model.buses if b.x is not None and b.y is not None}
    if not where or not model.crs:
        return
    turned = _to_degrees(model.crs)
    fits = {
        (r["case"], r["bus"], r["of"]): r["hc_kw"]
        for r in _single(hosting)
        if r["criterion"] == "all" and r["feeder"] in model.feeders
    }
    loads = _loads(made, group)
    for line in model.lines:
        if {line.from_bus, line.to_bus} <= where.keys():
            points = [where[line.from_bus], *line.path, where[line.to_bus]]
            yield {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": [turned(*p) for p in points]},
                "properties": _properties(model, line, fits, loads, cases),
            }


def _properties(
    model: Feeder,
    line: Line,
    fits: Mapping[tuple[str, str, str], float],
    loads: Mapping[tuple[str, str], float],
    cases: Sequence[str],
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "feeder": model.bus[line.from_bus].feeder,
        "line": line.name,
        "phases": len(line.from_nodes),
    }
    for case in cases:
        for of in KINDS:
            value = fits.get((case, line.to_bus, of))
            if value is not None:
                told[f"{of}_kw {case}"] = value
        if (case, line.name) in loads:
            told[f"load_pct {case}"] = loads[case, line.name]
    return told


def _loads(made: Copy, group: str) -> dict[tuple[str, str], float]:
    path = made.inputs["powerflow"].get(group)
    if path is None:
        return {}
    columns = ("case", "element", "max_load_pct")
    rows = tables.read("powerflow", Path(path), ["case", "element", "phase", "max_load_pct"], kind="line")
    keep = rows.filter(pc.and_(pc.equal(rows["phase"].cast(tables.TEXT), ""), pc.is_valid(rows["max_load_pct"])))
    return {(c, e): pct for c, e, pct in zip(*(keep[k].to_pylist() for k in columns), strict=True)}


def _to_degrees(crs: str) -> Callable[[float, float], list[float]]:
    """From the model's coordinates to longitude and latitude [degree], to a tenth of a metre."""
    import pyproj

    try:
        system = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except pyproj.exceptions.CRSError as err:
        raise DtlError(f"report.publish.formats: a map needs a known coordinate system, and '{crs}' is none") from err

    def turned(x: float, y: float) -> list[float]:
        longitude, latitude = system.transform(x, y)
        return [round(longitude, 6), round(latitude, 6)]

    return turned
