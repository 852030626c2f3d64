"""Damaged files of the readers that have no page of their own: each becomes parts, rows or findings."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ami_exports as ex
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
from gis_utility import CRS, made
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mutations import JSON, damage, survive
from test_fuzz_gis import wounded

from dtl.sources.registry import READERS
from dtl.spec.equipment_file import equipment
from dtl.spec.load_profiles import ProfilesError, profiles
from dtl.spec.secondary_file import secondary
from dtl.spec.small_csv import SmallCsvError
from dtl.spec.switch_file import positions
from dtl.synth import lv

NUMBER = pytest.mark.parametrize("number", [200, pytest.param(2000, marks=pytest.mark.slow)])
CELL = re.compile(r"(?<=[,\n])[^,\n]+")
WORD = re.compile(r"(?<==)[^\s=\[\]|]+|(?<= )[A-Za-z_0-9]+(?==)|(?<=\n)[A-Za-z]+ [a-z.A-Z0-9]+|[0-9]+\.[0-9]+")

DSS = """clear
new circuit.head basekv=12.47 pu=1.02 bus1=a.1.2.3 r1=0.01 x1=0.1 r0=0.01 x0=0.1
new linecode.c nphases=3 units=km rmatrix=[0.3 | 0.1 0.3 | 0.1 0.1 0.3]
~ xmatrix=[0.5 | 0.2 0.5 | 0.2 0.2 0.5] normamps=300
new line.l1 bus1=a.1.2.3 bus2=b.1.2.3 linecode=c length=1.2 units=km
new line.s1 bus1=b bus2=c switch=yes
new transformer.t phases=1 windings=2 buses=[c.1 d.1] conns=[wye wye] kvs=[7.2 0.24] kvas=[50 50] xhl=2 %loadloss=1
new transformer.r phases=3 windings=2 buses=[c e] conns=[wye wye] kvs=[12.47 12.47] kvas=[5000 5000] xhl=0.01
new regcontrol.r transformer=r winding=2 vreg=122 band=2 ptratio=60
new capacitor.cap bus1=b phases=3 kv=12.47 kvar=600
new loadshape.day npts=4 interval=1 mult=(0.5 0.6 0.7 0.8)
new load.x bus1=d.1 phases=1 kv=0.24 kw=20 kvar=5 model=1 daily=day
new generator.g bus1=b phases=3 kv=12.47 kw=50 pf=1
new xycurve.eff npts=2 xarray=[0.1 1] yarray=[0.9 1]
new pvsystem.p bus1=b phases=3 kv=12.47 kva=100 pmpp=100 irradiance=1
new xycurve.vv npts=4 xarray=[0.92 0.98 1.02 1.08] yarray=[0.44 0 0 -0.44]
new xycurve.vw npts=2 xarray=[1.06 1.1] yarray=[1 0.2]
new invcontrol.i derlist=[pvsystem.p] combimode=vv_vw vvc_curve1=vv voltwatt_curve=vw refreactivepower=varmax
set voltagebases=[12.47 0.416]
calcvoltagebases
buscoords xy.csv
solve
"""
RESULTS = "NodeId,DevNumber,SectionId,VpuA,VpuB,IA,LOADINGA,KWTOT\n" + "".join(
    f"N{i},,,{1.01 - i / 1000},-,,,\n,L{i},S{i},,,{120.5 - i},{40.2 - i},\n,,S{i},,,7,,3\n" for i in range(20)
)


@NUMBER
def test_damaged_scripts(tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    for i in range(number):
        (tmp_path / f"m{i:04d}.dss").write_text(damage(DSS, rng, WORD), encoding="utf-8", errors="replace")
    assert survive("opendss", tmp_path, {}) == []


@NUMBER
def test_damaged_twins(tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    net = lv.network(3, 12, 1)
    sound = json.dumps({k: v for k, v in net.items() if k != "recipe"}, indent=1)
    for i in range(number):
        (tmp_path / f"feeder_{i:04d}.json").write_text(damage(sound, rng, JSON), encoding="utf-8", errors="replace")
    assert survive("mini_twin", tmp_path, {}) == []


@NUMBER
def test_damaged_results(tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    for i in range(number):
        (tmp_path / f"f{i:04d}.csv").write_text(damage(RESULTS, rng, CELL), encoding="utf-8", errors="replace")
    assert survive("cyme_results", tmp_path, {"columns": "keywords", "heads": ["total"]}) == []


def parquet() -> bytes:
    """Readings as Parquet, not packed, so that damage reaches them."""
    rows = list(ex.long_rows())[:150]
    sink = io.BytesIO()
    columns = dict(zip(("METER_ID", "READ_TIME", "KWH"), map(list, zip(*rows, strict=True)), strict=True))
    pq.write_table(pa.table(columns), sink, compression="none")
    return sink.getvalue()


METERS: dict[str, Any] = {k: v for k, v in ex.spec().items() if k not in ("kind", "path")}


@NUMBER
def test_damaged_parquet_of_meters(tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    sound = parquet()
    for i in range(number):
        (tmp_path / f"r{i:04d}.parquet").write_bytes(wounded(sound, rng))
    assert survive("ami", tmp_path, METERS) == []


def test_a_row_of_parquet_whose_meter_is_in_no_dictionary_is_told(tmp_path: Path) -> None:
    """Each byte of the column of meters in turn: Arrow itself hands out numbers beyond its dictionary."""
    sound = parquet()
    column = pq.read_metadata(io.BytesIO(sound)).row_group(0).column(0)
    first = column.dictionary_page_offset
    for at in range(first, first + column.total_compressed_size):
        (tmp_path / f"r{at:04d}.parquet").write_bytes(sound[:at] + b"\x50" + sound[at + 1 :])
    assert survive("ami", tmp_path, METERS) == []


@pytest.mark.parametrize(
    ("layers", "number"),
    [
        pytest.param(("SecondaryConductor", "Transformer"), 200, id="two layers-200"),
        pytest.param(("SecondaryConductor", "Transformer"), 2000, marks=pytest.mark.slow, id="two layers-2000"),
        pytest.param((), 500, marks=pytest.mark.slow, id="all layers-500"),
    ],
)
def test_damaged_geodatabases(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, layers: tuple[str, ...], number: int
) -> None:
    """A database of lines and points; one of all layers takes five times as long to read."""
    rng = random.Random(number)
    (packed,) = made(tmp_path_factory.mktemp("gis") / "u", errors="none").glob("**/*.gdb.zip")
    with zipfile.ZipFile(_of(packed, layers) if layers else packed) as archive:
        members = {n: archive.read(n) for n in archive.namelist() if not n.endswith("/")}
    large = sorted(n for n in members if len(members[n]) > 100)
    for i in range(number):
        hurt = rng.choice(large)
        with zipfile.ZipFile(tmp_path / f"m{i:04d}.gdb.zip", "w") as archive:
            for name, data in members.items():
                archive.writestr(name, wounded(data, rng) if name == hurt else data)
    spec: dict[str, Any] = {"columns": "arcfm", "crs": CRS}
    assert survive("gis", tmp_path, spec) == []


def _of(packed: Path, layers: tuple[str, ...]) -> Path:
    """A geodatabase of some layers of another, forty rows of each."""
    folder, target = packed.parent / "few.gdb", packed.parent / "few.gdb.zip"
    for layer in layers:
        rows = pyogrio.read_dataframe(packed, layer=layer).head(40)
        pyogrio.write_dataframe(rows, folder, layer=layer, driver="OpenFileGDB", append=folder.exists())
    with zipfile.ZipFile(target, "w") as archive:
        for member in sorted(folder.iterdir()):
            archive.write(member, f"few.gdb/{member.name}")
    return target


@NUMBER
def test_every_file_of_a_study_tells_or_is_read(tmp_path: Path, number: int) -> None:
    """The CSV files that the language itself names: positions, equipment, secondaries, profiles."""
    rng = random.Random(number)
    path = tmp_path / "x.csv"
    sound: dict[str, tuple[Callable[[Path], Any], type[Exception]]] = {
        "switch,position\n" + "".join(f"sw{i},{'open' if i % 2 else 'closed'}\n" for i in range(9)):
            (positions, SmallCsvError),
        "kind,name,feeder,normal_a,kva\nline,l1,f,100,\ntransformer,t1,,,50\nline_code,c*,,5,\n":
            (equipment, SmallCsvError),
        "kva,r_ohm,x_ohm\n25,0.1,0.05\n50,0.05,0.02\n": (secondary, SmallCsvError),
        "hour,class:residential,feeder:f kw\n" + "".join(f"{h},{h / 10},{h}\n" for h in range(24)):
            (profiles, ProfilesError),
    }  # fmt: skip
    for _ in range(number):
        text, (read, error) = rng.choice(list(sound.items()))
        path.write_text(damage(text, rng, CELL), encoding="utf-8", errors="replace")
        try:
            assert read(path) is not None
        except error as told:
            assert str(told).startswith(":")


TABULAR = {
    "costs": {}, "forecast": {}, "generators": {}, "cyme_results": {"columns": "keywords", "heads": ["total"]},
    "scada": {"tags": {"F1": {"feeder": "F1", "unit": "kW"}}, "zone": "local", "timezone": "UTC"},
    "weather_file": {"timezone": "UTC", "points": {"any": {"latitude_deg": 41.9, "longitude_deg": -87.6}}},
    "ami": METERS,
    "gis": {"columns": "arcfm", "crs": CRS, "layers": {"any": {"class": "conductor", "set": {"level": "primary"}}}},
}  # fmt: skip
_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
_CELL = st.one_of(st.just(""), st.integers().map(str), st.floats().map(str), st.datetimes().map(str), _TEXT)
ANY_TABLE = st.builds(
    lambda head, rows: "\n".join(",".join(cells) for cells in [head, *rows]),
    st.lists(st.sampled_from(["id", "feeder", "time", "value", "kw", "NodeId", "METER_ID", "KWH", "year", "cost", "WKT",
                              "temp_c", "READ_TIME", "tag", "x", "y", ""]) | _TEXT, min_size=1, max_size=6),
    st.lists(st.lists(_CELL, max_size=7), max_size=6),
)  # fmt: skip


@pytest.mark.parametrize("kind", sorted(TABULAR))
@settings(max_examples=25, deadline=2000, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(text=ANY_TABLE)
def test_any_table_at_all(kind: str, tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Tables of any cells under any header: rows, or a finding that says why not."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(text, encoding="utf-8")
    module, function = READERS[kind].split(":")
    read = getattr(__import__(module, fromlist=[function]), function)
    reading = read("s", {"kind": kind, "path": path.name, **TABULAR[kind]}, {path.name: path})
    assert reading.parts or reading.findings or any(len(table) for table in reading.tables.values())
