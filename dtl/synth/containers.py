"""Feature classes in their containers: file geodatabase, shapefiles, GeoJSON, CSV with WKT; bytes reproducible."""

from __future__ import annotations

import shutil
import uuid
import warnings
import zipfile
from pathlib import Path

import geopandas
import pandas as pd
import pyogrio
import shapely

from dtl.synth.gis import TABLES, Layers
from dtl.synth.system import EPSG

NAMESPACE = uuid.UUID("6f0d8f9c-5a0e-4a3c-9a3e-2f2f7b0d1c11")
FIXED = (2025, 1, 1, 0, 0, 0)
"""The time that every member of an archive carries."""


def write(layers: Layers, formats: tuple[str, ...], folder: Path) -> None:
    """Write the layers in every wanted container below ``folder``."""
    ordered = {name: layers[name] for name in sorted(layers)}
    if "gdb" in formats:
        geodatabase(ordered, folder / "utility.gdb.zip")
    if "shp" in formats:
        shapefiles(ordered, folder / "shp")
    if "geojson" in formats:
        geojson(ordered, folder / "geojson")
    if "csv" in formats:
        delimited(ordered, folder / "csv")


def _spatial(table: pd.DataFrame) -> geopandas.GeoDataFrame:
    """A table with its geometry in the working coordinate system."""
    return geopandas.GeoDataFrame(table, geometry="geometry", crs=f"EPSG:{EPSG}")


def geodatabase(layers: Layers, path: Path) -> None:
    """A zipped Esri file geodatabase; its random row ids are replaced by ones that depend on names alone."""
    folder = path.with_suffix("")
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    for name, table in layers.items():
        frame = table if name in TABLES else _spatial(table)
        pyogrio.write_dataframe(frame, folder, layer=name, driver="OpenFileGDB")
    _settle_ids(folder)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for file in sorted(folder.iterdir()):
            member = zipfile.ZipInfo(f"{folder.name}/{file.name}", FIXED)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, file.read_bytes())
    shutil.rmtree(folder)


def _settle_ids(folder: Path) -> None:
    """Replace the random GUIDs of the system tables, in text order of what they name."""
    items = pyogrio.read_dataframe(folder, layer="GDB_Items", read_geometry=False)
    names = {
        str(i): f"item {name} {path}" for i, name, path in zip(items["UUID"], items["Name"], items["Path"], strict=True)
    }
    links = pyogrio.read_dataframe(folder, layer="GDB_ItemRelationships", read_geometry=False)
    names |= {
        str(i): f"link {names.get(str(a), a)} {names.get(str(b), b)}"
        for i, a, b in zip(links["UUID"], links["OriginID"], links["DestID"], strict=True)
    }
    change = {uuid.UUID(old).bytes_le: uuid.uuid5(NAMESPACE, text).bytes_le for old, text in names.items()}
    for number in (4, 6):
        table = folder / f"a{number:08x}.gdbtable"
        data = table.read_bytes()
        for old, new in change.items():
            data = data.replace(old, new)
        table.write_bytes(data)


def shapefiles(layers: Layers, folder: Path) -> None:
    """One shapefile per layer, names cut to ten characters by the format; tables without geometry as DBF."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in layers.items():
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Normalized/laundered field name")
            warnings.filterwarnings("ignore", message="Column names longer than 10 characters")
            frame = table.copy() if name in TABLES else _spatial(table)
            if "INSTALLATIONDATE" in frame:
                frame["INSTALLATIONDATE"] = frame["INSTALLATIONDATE"].dt.strftime("%Y-%m-%d")
            path = folder / (f"{name}.dbf" if name in TABLES else f"{name}.shp")
            options = {"DBF_DATE_LAST_UPDATE": "2025-01-01", "ENCODING": "UTF-8"}
            pyogrio.write_dataframe(frame, path, driver="ESRI Shapefile", layer_options=options)


def geojson(layers: Layers, folder: Path) -> None:
    """One GeoJSON per layer in longitude and latitude, tables as JSON rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in layers.items():
        path = folder / f"{name}.geojson"
        if name in TABLES:
            path = folder / f"{name}.json"
            path.write_text(table.to_json(orient="records", indent=1) + "\n", encoding="utf-8", newline="\n")
            continue
        frame = _spatial(table).to_crs(4326)
        pyogrio.write_dataframe(
            frame, path, driver="GeoJSON", layer_options={"COORDINATE_PRECISION": "8", "WRITE_NAME": "NO"}
        )


def delimited(layers: Layers, folder: Path) -> None:
    """One CSV per layer with the geometry as WKT in the working coordinate system, which the file does not state."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in layers.items():
        plain = pd.DataFrame(table.drop(columns="geometry")) if name not in TABLES else table.copy()
        if "INSTALLATIONDATE" in plain:
            plain["INSTALLATIONDATE"] = plain["INSTALLATIONDATE"].dt.strftime("%Y-%m-%d")
        if name not in TABLES:
            plain["WKT"] = shapely.to_wkt(table["geometry"].to_numpy(), rounding_precision=2)
        plain.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
