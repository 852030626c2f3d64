"""The layers of GIS files, whatever their container: file geodatabase, GeoPackage, shapefile, GeoJSON, CSV.

Attributes come as Arrow columns, shapes as arrays of shapely geometries. Nothing is unpacked to disk; archives are read
in place, after a look at what they would unpack to.
"""

from __future__ import annotations

import json
import mmap
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyogrio
import shapely

from dtl.errors import SourceError
from dtl.sources import gis_csv
from dtl.sources.gis_domains import Coded, Domains, geodatabase, geopackage

Shapes = npt.NDArray[np.object_]

GDAL = (
    pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError,
    pyogrio.errors.FieldError, pyogrio.errors.GeometryError, pyogrio.errors.CRSError, pa.ArrowException, RuntimeError,
    OSError, ValueError, OverflowError, KeyError, TypeError, UnboundLocalError,
)  # fmt: skip
"""What reading a damaged file raises."""

PACKED = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError)
"""What a damaged archive raises."""

SIDECARS = frozenset((
    ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".shp.xml", ".fbn", ".fbx", ".ain", ".aih", ".atx", ".ixs",
    ".mxs", ".xml", ".gpkg-wal", ".gpkg-shm",
))  # fmt: skip
"""Ends of files that belong to others."""

NUMBERED = ("gdb", "gpkg")
"""Containers that number their rows for good, and name the column of the numbers."""

SIGNS = {
    ".shp": (b"\x00\x00\x27\x0a",),
    ".dbf": (b"\x03", b"\x30", b"\x31", b"\x83", b"\x8b", b"\xf5"),
    ".gpkg": (b"SQLite format 3\x00",),
}
"""How a file of each kind begins; a library of many formats must not be led to another by the content."""

UNPACKED = 8 * 1024**3
"""Most bytes that an archive may unpack to."""
RATIO = 400
"""Most bytes that one packed byte of a large member may become."""


@dataclass
class Layer:
    """One layer, read: its attributes, its shapes, and in which coordinate system they are (empty: the file says none).

    ``noted`` is what the library complained of; ``bad`` are cells that could not be read: row of the table, column and
    value; ``ragged`` are rows of the file (from 0) that are not in the table, with the reason.
    """

    table: pa.Table
    shapes: Shapes | None = None
    crs: str = ""
    noted: list[str] = field(default_factory=list)
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    ragged: list[tuple[int, str]] = field(default_factory=list)
    head: int = 0
    """Rows of the file before the first of the table."""
    curved: int = 0
    """So many shapes are curves, with chords in place of arcs."""
    row_id: str = ""
    """The column of the numbers by which the container itself knows its rows, as OBJECTID of a geodatabase."""
    domains: Mapping[str, Coded] = field(default_factory=dict)
    """What the codes of a column mean by the file itself."""

    def numbers(self) -> npt.NDArray[np.int64]:
        """The number of each row in its file, from 1."""
        every = np.arange(self.table.num_rows + len(self.ragged))
        return np.delete(every, [r for r, _ in self.ragged if r < len(every)]) + 1 + self.head


@dataclass(frozen=True)
class Handle:
    """A layer that can be read: its name, its file as the study names it, and its container."""

    name: str
    file: str
    container: str
    load: Callable[[], Layer]


def handles(files: Mapping[str, Path]) -> Iterator[Handle | tuple[str, SourceError]]:
    """Every layer of the files, by file and name; a file that cannot be opened comes as its name and the error."""
    for file, path in sorted(_containers(files).items()):
        try:
            yield from _opened(file, path)
        except SourceError as err:
            yield file, err


def _containers(files: Mapping[str, Path]) -> dict[str, Path]:
    """Files that hold layers: a geodatabase is a folder, the tables of a shapefile belong to it."""
    found: dict[str, Path] = {}
    for file, path in files.items():
        parts = PurePosixPath(file).parts
        at = next((i for i, part in enumerate(parts) if part.lower().endswith(".gdb")), None)
        if at is not None and at < len(parts) - 1:
            folder = path.parents[len(parts) - 2 - at]
            found[str(PurePosixPath(*parts[: at + 1]))] = folder
        else:
            found[file] = path
    shapes = {str(PurePosixPath(f).with_suffix("")) for f in found if f.lower().endswith(".shp")}
    tables = {f for f in found if f.lower().endswith(".dbf") and str(PurePosixPath(f).with_suffix("")) in shapes}
    return {f: p for f, p in found.items() if f not in tables and not _sidecar(f)}


def _sidecar(file: str) -> bool:
    return any(file.lower().endswith(end) for end in SIDECARS)


def _opened(file: str, path: Path) -> Iterator[Handle]:
    end = PurePosixPath(file).suffix.lower()
    if path.is_dir():
        yield from _many(file, str(path), "gdb")
    elif not path.is_file():
        raise SourceError("the file does not exist")
    elif end == ".zip":
        yield from _packed(file, path)
    elif end in (".csv", ".txt"):
        yield Handle(PurePosixPath(file).stem, file, "csv", lambda: csv_layer(path))
    elif end == ".json" and _first(path, 1) == b"[":
        yield Handle(PurePosixPath(file).stem, file, "json", lambda: rows_layer(path))
    elif end in (".geojson", ".json"):
        kind, noted = _json_kind(path)
        yield from _many(file, str(path), kind, noted)
    elif end in SIGNS:
        if not path.read_bytes()[:16].startswith(SIGNS[end]):
            raise SourceError(f"is no {end} file: it begins otherwise")
        yield from _many(file, str(path), {".dbf": "shp"}.get(end, end[1:]))
    else:
        raise SourceError(f"files ending in '{end}' are not read; .gdb, .gdb.zip, .gpkg, .shp, .geojson and .csv are")


def _first(path: Path, count: int) -> bytes:
    with path.open("rb") as opened:
        return opened.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:count]


_CUT = re.compile(rb'"exceededTransferLimit"\s*:\s*true').search


def _json_kind(path: Path) -> tuple[str, list[str]]:
    """Whether a file is GeoJSON or the JSON of an ArcGIS server, and whether its server cut it.

    Raises
    ------
    SourceError
        It is no object, or JSON that would make the library read other files.
    """
    if _first(path, 1) != b"{":
        raise SourceError("is no GeoJSON: it holds no object")
    with path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find(b"gdal_streamed_alg") >= 0:
            raise SourceError("is no GeoJSON but a command for the library that reads it")
        text = "its server cut the answer (exceededTransferLimit): further rows stand in other files, or are missing"
        return "esri" if data.find(b'"esriGeometry') >= 0 else "geojson", [text] if _CUT(data) else []


def _many(file: str, source: str, container: str, before: Sequence[str] = ()) -> Iterator[Handle]:
    """The layers of what GDAL opens; ``before`` is what was noted already."""
    noted = list(before)
    try:
        with _noting(noted):
            names = [str(n) for n, _ in pyogrio.list_layers(source)]
    except GDAL as err:
        raise SourceError(f"cannot be opened: {_said(err)}") from err
    domains = _domains(source, container, noted)
    stem = PurePosixPath(file).stem
    for name in sorted(names):
        single = container in ("shp", "geojson", "esri")
        yield Handle(
            stem if single else name, file, container, _loader(source, name, container, noted, domains.get(name, {}))
        )
    for name in sorted(set(domains) - set(names)) if container == "gdb" else ():
        yield Handle(name, file, container, _absent)


def _absent() -> Layer:
    raise SourceError("the geodatabase lists it, but its table is missing, damaged or compressed: export it anew")


def _domains(source: str, container: str, noted: list[str]) -> dict[str, Domains]:
    """What the codes of each layer mean by the file itself; said where it cannot be read."""
    kinds = {"gdb": geodatabase, "gpkg": geopackage}
    if container not in kinds:
        return {}
    try:
        with _noting([]):
            return kinds[container](source)
    except (*GDAL, RecursionError) as err:
        noted.append(f"what its codes mean (domains) cannot be read: {_said(err)}")
        return {}


def _loader(
    source: str, layer: str, container: str, before: list[str], domains: Mapping[str, Coded]
) -> Callable[[], Layer]:
    def load() -> Layer:
        more = {"DATE_AS_STRING": "YES", "ARRAY_AS_STRING": "YES"} if container == "geojson" else {}
        noted = list(before)
        try:
            with _noting(noted):
                meta, table = pyogrio.read_arrow(source, layer=layer, return_fids=container in NUMBERED, **more)
        except GDAL as err:
            raise SourceError(f"cannot be read: {_said(err)}") from err
        row_id = str(meta.get("fid_column") or "") if container in NUMBERED else ""
        if container in NUMBERED and not row_id:
            table = table.remove_column(0)
        table = _readable(_bare(table), noted)
        column = meta.get("geometry_name") or "wkb_geometry"
        if meta.get("geometry_type") is None or column not in table.column_names:
            return Layer(table, noted=noted, domains=domains, row_id=row_id)
        raw = table[column].combine_chunks()
        table = table.drop_columns([column])
        try:
            with _noting(noted):
                # only this way the library makes lines of curves
                shapes, curved, bad = _shapes(raw, lambda: pyogrio.raw.read(source, layer=layer, columns=[])[2])
        except GDAL as err:
            raise SourceError(f"its shapes cannot be read: {_said(err)}") from err
        crs = str(meta.get("crs") or "")
        return Layer(table, shapes, crs, noted=noted, bad=bad, domains=domains, row_id=row_id, curved=curved)

    return load


def _bare(table: pa.Table) -> pa.Table:
    """The table with codes as they stand: the library makes them indices of their domain, some beyond its end."""
    for i, name in enumerate(table.column_names):
        if pa.types.is_dictionary(kind := table[name].type):
            codes = pa.chunked_array([c.indices for c in table[name].chunks], kind.index_type)
            table = table.set_column(i, name, codes)
    return table


def _readable(table: pa.Table, noted: list[str]) -> pa.Table:
    """The table with text that is text: what is not in the declared encoding is read as Windows-1252, and said."""
    for i, name in enumerate(table.column_names):
        if not (pa.types.is_string(table[name].type) or pa.types.is_large_string(table[name].type)):
            continue
        try:
            table[name].validate(full=True)
        except pa.ArrowInvalid:
            raw = table[name].cast(pa.binary()).to_pylist()
            text = [None if v is None else v.decode("cp1252", errors="replace") for v in raw]
            table = table.set_column(i, name, pa.chunked_array([pa.array(text, pa.string())]))
            noted.append(f"column {name} is not in the encoding that the file states, and was read as Windows-1252")
    return table


def _shapes(raw: pa.Array, straight: Callable[[], Any]) -> tuple[Shapes, int, list[tuple[int, str, str]]]:
    """Geometries of their binary form, how many have arcs, and those of a kind that is not read, which are missing.

    ``straight`` reads the same once more with chords in place of arcs.
    """
    there = raw.is_valid().to_numpy(zero_copy_only=False)
    with np.errstate(all="ignore"):
        found = np.asarray(gis_csv.of_wkb(raw.to_numpy(zero_copy_only=False)), object)
        curved = np.flatnonzero(there & shapely.is_missing(found))
        if len(curved):
            found[curved] = gis_csv.of_wkb(straight()[curved])
    lost = np.flatnonzero(there & shapely.is_missing(found))
    bad = [(int(i), "geometry", "of a kind that is not read") for i in lost]
    return shapely.force_2d(found), len(curved) - len(lost), bad


def _packed(file: str, path: Path) -> Iterator[Handle]:
    """The layers of a zipped geodatabase, of zipped shapefiles or GeoPackages; tables beside them are told."""
    try:
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
    except PACKED as err:
        raise SourceError(f"is no archive that can be read: {err}") from err
    if sum(m.file_size for m in members) > UNPACKED:
        raise SourceError(f"unpacks to more than {UNPACKED // 1024**3} GB")
    for member in members:
        if member.file_size > 50 * 1024**2 and member.file_size > RATIO * max(member.compress_size, 1):
            raise SourceError(f"{member.filename} is packed {RATIO} times and more, as no data are")
        if member.filename.startswith("/") or ".." in PurePosixPath(member.filename).parts:
            raise SourceError(f"{member.filename} would lie outside of the archive")
    names = [m.filename for m in members if not m.is_dir()]
    folders = sorted({n[: n.lower().index(".gdb/") + 4] for n in names if ".gdb/" in n.lower()})
    inside = f"/vsizip/{path.resolve()}/"
    for folder in folders:
        yield from _many(file, inside + folder, "gdb")
    single = [n for n in names if not any(n.startswith(f"{f}/") for f in folders)]
    known = {".shp": "shp", ".gpkg": "gpkg"}
    for name in sorted(single):
        if (end := PurePosixPath(name).suffix.lower()) in known:
            _signed(path, name, end)
            yield from _many(f"{file}/{name}", inside + name, known[end])
    if not folders and not any(PurePosixPath(n).suffix.lower() in known for n in single):
        raise SourceError("holds no .gdb folder, no .shp and no .gpkg")
    if beside := [n for n in single if PurePosixPath(n).suffix.lower() in (".csv", ".geojson", ".json", ".zip")]:
        raise SourceError(f"in an archive these are not read: {', '.join(sorted(beside)[:5])}; put them beside it")


def _signed(path: Path, name: str, end: str) -> None:
    try:
        with zipfile.ZipFile(path) as packed, packed.open(name) as member:
            start = member.read(16)
    except PACKED as err:
        raise SourceError(f"{name} cannot be unpacked: {err}") from err
    if not start.startswith(SIGNS[end]):
        raise SourceError(f"{name} is no {end} file: it begins otherwise")


SHAPES = ("wkt", "the_geom_wkt", "geom_wkt", "geometry", "geom", "the_geom", "shape", "geo_shape")
"""Columns of a CSV in which shapes are looked for."""


def csv_layer(path: Path) -> Layer:
    """A CSV: every value is text; a column holds the shapes, as WKT, in the forms of PostGIS, or as GeoJSON."""
    table, noted, ragged = gis_csv.table(path)
    at = next((n for n in table.column_names if n.casefold() in SHAPES and gis_csv.drawn(table[n])), None)
    if at is None:
        return Layer(table, noted=noted, ragged=ragged, head=1)
    text = table[at].combine_chunks().to_numpy(zero_copy_only=False)
    filled = np.array([bool(t) for t in text], bool)
    shapes = np.full(len(text), None, object)
    shapes[filled], crs = gis_csv.shapes(text[filled])
    lost = np.flatnonzero(filled & shapely.is_missing(shapes))
    bad = [(int(i), at, str(text[i])) for i in lost]
    return Layer(table.drop_columns([at]), shapely.force_2d(shapes), crs, noted, bad, ragged, 1)


def rows_layer(path: Path) -> Layer:
    """A JSON file that is a list of objects: a table without shapes."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as err:
        raise SourceError(f"is no JSON that can be read: {err}") from err
    if not all(isinstance(r, dict) for r in rows):
        raise SourceError("is no list of objects")
    names = list(dict.fromkeys(n for r in rows for n in r))
    return Layer(pa.table({n: pa.array([_cell(r.get(n)) for r in rows], pa.string()) for n in names}))


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if value else None
    return json.dumps(value, ensure_ascii=True)


@contextmanager
def _noting(into: list[str]) -> Iterator[None]:
    """Collects the warnings of the library as text."""
    with warnings.catch_warnings(record=True) as log:
        warnings.simplefilter("always")
        yield
    into += dict.fromkeys(" ".join(str(w.message).split()) for w in log)


def _said(err: Exception) -> str:
    text = " ".join(str(err).split())
    return PurePosixPath(text).name if text.startswith("/") else text.split("'; ")[0][:200]


def names(found: Iterable[Handle]) -> str:
    """Names of layers for a message."""
    return ", ".join(sorted({h.name for h in found})) or "none"
