"""The same utility in four containers is the same utility, and what its GIS says is traced as the truth has it."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pyogrio
import pytest
from gis_utility import CONTAINERS, CRS, made, read

from dtl.sources import read as stage
from dtl.sources.reading import Reading

TEXT = {"dtype": str, "keep_default_na": False}


@pytest.fixture(scope="module")
def utility(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("gis") / "u")


@pytest.fixture(scope="module")
def readings(utility: Path) -> dict[str, Reading]:
    return {name: read(utility, path) for name, path in CONTAINERS.items()}


@pytest.fixture(scope="module")
def edges(readings: dict[str, Reading]) -> pd.DataFrame:
    return readings["gdb"].tables["gis_edges"].to_pandas()


@pytest.fixture(scope="module")
def planted(utility: Path) -> pd.DataFrame:
    found = pd.read_csv(utility.parent / "truth/planted.csv", **TEXT)
    return found[found["source"] == "gis"]


@pytest.mark.parametrize("other", ["shp", "geojson", "csv"])
@pytest.mark.parametrize("table", ["assets", "service_points", "gis_edges"])
def test_containers_agree(readings: dict[str, Reading], other: str, table: str) -> None:
    one, two = readings["gdb"].tables[table], readings[other].tables[table]
    assert one.num_rows > 90
    assert one.equals(two)


def test_nothing_is_lost(utility: Path, readings: dict[str, Reading]) -> None:
    rows = {p.stem: len(pd.read_csv(p, **TEXT)) for p in (utility / "csv").glob("*.csv")}
    tables = readings["csv"].tables
    assert tables["assets"].num_rows + tables["service_points"].num_rows == sum(rows.values())
    for reading in readings.values():
        said = {(r["object"], r["property"]) for r in reading.conversion.values() if r["object"].startswith("[layer]")}
        named = {o for o, p in said if not p}
        assert len(named) == len(rows)
        for layer, columns in ((p.stem, pd.read_csv(p, nrows=0).columns) for p in (utility / "csv").glob("*.csv")):
            own = {p[:10] for o, p in said if layer in o}
            assert {c[:10] for c in columns if c != "WKT"} <= own


def test_what_a_container_cannot_hold_is_told(readings: dict[str, Reading]) -> None:
    def told(name: str) -> str:
        return " ".join(r["reason"] for r in readings[name].conversion.values() if r["verdict"] == "defaulted")

    assert "it stands for PHASEDESIGNATION" in told("shp") and "it stands for" not in told("csv")
    assert "every value is text" in told("csv")
    assert "degrees of WGS 84" in told("geojson")
    assert "several parts" in told("gdb")


def test_every_line_is_traced_to_its_head(edges: pd.DataFrame) -> None:
    assert (edges["head"] != "").all()
    assert set(edges["head"]) == {"F0001", "F0002"}
    ties = edges[(edges["kind"] == "switch") & ~edges["closed"]]
    assert (
        len(ties)
        and (edges["head"].astype(str).str[1:] == edges["asset"].str.extract(r"^\w+?(\d{4})")[0]).mean() > 0.98
    )


def test_customers_are_traced_to_their_true_transformer(utility: Path, edges: pd.DataFrame) -> None:
    truth = pd.read_csv(utility.parent / "truth/meters.csv", **TEXT).set_index("meter")["transformer"]
    drops = edges[edges["to_node"].isin(truth.index)].set_index("to_node")["transformer"]
    assert drops.reindex(truth.index).astype(str).tolist() == truth.tolist()


def test_planted_lengths_are_found_and_missing_phases_filled(
    edges: pd.DataFrame, readings: dict[str, Reading], planted: pd.DataFrame
) -> None:
    told = readings["gdb"].conversion.values()
    lengths = {r["object"].split()[-1] for r in told if r["property"] == "length" and r["verdict"] == "defaulted"}
    assert lengths == set(planted[planted["kind"] == "line_length_unit"]["element"]) != set()
    missing = planted[planted["kind"] == "line_phase_missing"]
    filled = {r.element: set(edges[edges["asset"] == r.element]["phases"].astype(str)) for r in missing.itertuples()}
    right = [filled[r.element] == {r.truth} for r in missing.itertuples()]
    assert len(right) >= 5 and sum(right) >= 0.9 * len(right)


def test_meters_at_zero_have_no_place(utility: Path, readings: dict[str, Reading], planted: pd.DataFrame) -> None:
    points = readings["shp"].tables["service_points"].to_pandas().set_index("meter")
    assert set(points[points["x"].isna()].index) == set(planted[planted["kind"] == "meter_at_zero"]["element"])


@pytest.fixture(scope="module")
def without_ids(utility: Path, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """The same without any id of a node or a line: topology from places alone."""
    folder = tmp_path_factory.mktemp("places")
    for path in (utility / "csv").glob("*.csv"):
        table = pd.read_csv(path, **TEXT)
        gone = [c for c in ("FROMNODE", "TONODE", "NODEID", "CONDUCTORID", "HEADNODE") if c in table]
        (folder / "csv").mkdir(exist_ok=True)
        table.drop(columns=gone).to_csv(folder / "csv" / path.name, index=False)
    return read(folder, "csv")


def test_places_alone_give_the_same_feeders(edges: pd.DataFrame, without_ids: Reading) -> None:
    found = without_ids.tables["gis_edges"].to_pandas()
    assert set(found["basis"]) == {"geometry"}
    one, two = (t.drop_duplicates("asset").set_index("asset") for t in (edges, found))
    both = one.join(two.add_suffix("_2"))
    lines = both[(both["kind"] == "conductor") & (both["level"] == "primary")]
    assert len(lines) > 300
    assert (lines["head"].astype(str) == lines["head_2"].astype(str)).mean() > 0.99
    low = both[(both["kind"] == "conductor") & (both["level"] == "secondary")]
    assert (low["transformer"] == low["transformer_2"]).mean() > 0.99


def test_zipped_shapefiles_and_folders_read_alike(utility: Path, readings: dict[str, Reading], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        for path in sorted((utility / "shp").iterdir()):
            if path.stem != "CircuitSource":
                packed.write(path, f"inside/{path.name}")
    shutil.unpack_archive(utility / "utility.gdb.zip", tmp_path / "folder")
    assert read(tmp_path, "folder").tables["gis_edges"].equals(readings["gdb"].tables["gis_edges"])
    packed_points = read(tmp_path, "all.zip").tables["service_points"]
    assert packed_points.equals(readings["gdb"].tables["service_points"])


def test_geopackage_and_feet_and_degrees_agree(utility: Path, readings: dict[str, Reading], tmp_path: Path) -> None:
    for layer, _ in pyogrio.list_layers(utility / "utility.gdb.zip"):
        frame = pyogrio.read_dataframe(utility / "utility.gdb.zip", layer=layer)
        if "geometry" in frame:
            frame = frame.to_crs(3435)  # State Plane in US survey feet
        pyogrio.write_dataframe(frame, tmp_path / "u.gpkg", layer=layer, driver="GPKG")
    found = read(tmp_path, "u.gpkg").tables
    points, want = (t["service_points"].to_pandas() for t in (found, readings["gdb"].tables))
    assert (points["meter"] == want["meter"]).all()
    assert (points["x"] - want["x"]).abs().max() <= 0.011 and (points["y"] - want["y"]).abs().max() <= 0.011
    own = read(tmp_path, "u.gpkg", to_crs=None)
    assert own.crs == "EPSG:32616"


def test_the_stage_writes_every_table_with_equal_bytes(utility: Path, tmp_path: Path) -> None:
    spec = {"source": "gis", "spec": {"kind": "gis", "path": "csv", "columns": "arcfm", "crs": CRS}}
    raw = {p.relative_to(utility).as_posix(): p for p in sorted((utility / "csv").glob("*.csv"))}
    for name in ("one", "two"):
        stage.read_source(spec, {"raw": raw}, {"source": tmp_path / name})
    names = {p.name for p in (tmp_path / "one").iterdir()}
    assert {"assets.parquet", "service_points.parquet", "gis_edges.parquet", "conversion.parquet"} <= names
    assert all((tmp_path / "one" / n).read_bytes() == (tmp_path / "two" / n).read_bytes() for n in names)
