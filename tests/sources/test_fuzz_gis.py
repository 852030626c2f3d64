"""Damaged GIS files: each becomes findings or assets, within two seconds, and never a traceback."""

from __future__ import annotations

import random
import re
import zipfile
from pathlib import Path

import pytest
from gis_utility import CRS, made
from mutations import damage, survive

CELL = re.compile(r"(?<=[,\n])[^,\n\"]+(?=[,\n])|-?\d+\.\d+|(?<=\n)\w+(?=,)")
JSON = re.compile(r'(?<=: )(?:-?\d+(?:\.\d+)?|"[^"\\]*"|true|null)|-?\d+\.\d+|"[A-Za-z]+"')
SPEC: dict[str, object] = {
    "columns": "arcfm",
    "crs": CRS,
    "layers": {"m*": {"class": "conductor", "set": {"level": "primary"}}},
}

NUMBER = pytest.mark.parametrize("number", [67, pytest.param(2000, marks=pytest.mark.slow)])


@pytest.fixture(scope="module")
def utility(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("gis") / "u", errors="none")


@NUMBER
def test_damaged_csv(utility: Path, tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    text = "".join((utility / "csv/PrimaryConductor.csv").read_text(encoding="utf-8").splitlines(keepends=True)[:120])
    for i in range(number):
        (tmp_path / f"m{i:04d}.csv").write_text(damage(text, rng, CELL), encoding="utf-8", errors="replace")
    assert survive("gis", tmp_path, SPEC) == []


@NUMBER
def test_damaged_geojson(utility: Path, tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    text = (utility / "geojson/SecondaryConductor.geojson").read_text(encoding="utf-8")
    for i in range(number):
        (tmp_path / f"m{i:04d}.geojson").write_text(damage(text, rng, JSON), encoding="utf-8", errors="replace")
    assert survive("gis", tmp_path, SPEC) == []


@NUMBER
def test_damaged_shapefiles(utility: Path, tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    parts = {e: (utility / f"shp/SecondaryConductor.{e}").read_bytes() for e in ("shp", "shx", "dbf", "prj", "cpg")}
    for i in range(number):
        hurt = rng.choice(list(parts))
        with zipfile.ZipFile(tmp_path / f"m{i:04d}.zip", "w") as packed:
            for end, data in parts.items():
                if end != hurt or rng.random() < 0.9:
                    packed.writestr(f"m{i:04d}.{end}", wounded(data, rng) if end == hurt else data)
        if rng.random() < 0.1:
            whole = (tmp_path / f"m{i:04d}.zip").read_bytes()
            (tmp_path / f"m{i:04d}.zip").write_bytes(wounded(whole, rng))
    assert survive("gis", tmp_path, SPEC) == []


def wounded(data: bytes, rng: random.Random) -> bytes:
    """The end cut off, or one to eight bytes turned over, half of them in the header."""
    if rng.random() < 0.2:
        return data[: rng.randrange(len(data))]
    made = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        made[rng.randrange(min(len(made), 200)) if rng.random() < 0.5 else rng.randrange(len(made))] = rng.randrange(
            256
        )
    return bytes(made)
