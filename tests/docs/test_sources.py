"""The worked mappings of the pages of sources, with the rows that stand above them: they give what the page says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from docs.blocks import ROOT, of_page
from pydantic import TypeAdapter

from dtl.sources.reading import Reading
from dtl.sources.registry import READERS
from dtl.spec.canonical import plain
from dtl.spec.sources import Source

PAGES = ROOT / "site/docs/sources"
TABLE = re.compile(r"(?:^\|.*\|\n)+", re.M)


def tables(page: str) -> list[str]:
    """The tables of a page as CSV with tabs."""
    found = TABLE.findall((PAGES / page).read_text(encoding="utf-8"))
    split = [
        [[c.strip().strip("`") for c in line.strip().strip("|").split("|")] for line in t.splitlines()] for t in found
    ]
    return ["".join("\t".join(row) + "\n" for row in [t[0], *t[2:]]) for t in split]


def declared(page: str, name: str) -> dict[str, Any]:
    """A source of the first block of a page that has it, as the language reads it."""
    for block in of_page(PAGES / page):
        said: Any = yaml.load(block.text, Loader=yaml.BaseLoader) if block.language == "yaml" else None
        if isinstance(said, dict) and name in (said.get("sources") or {}):
            source: Any = TypeAdapter(Source).validate_python(said["sources"][name])
            return dict(plain(source, cosmetic=False)) | {"timezone": "America/Chicago"}
    raise AssertionError(f"{page} has no source {name}")


def read(spec: dict[str, Any], folder: Path, files: dict[str, str]) -> Reading:
    """Read texts as the files of a source."""
    paths = {}
    for file, text in files.items():
        paths[file] = folder / file
        paths[file].parent.mkdir(parents=True, exist_ok=True)
        paths[file].write_text(text, encoding="utf-8")
    module, function = READERS[spec["kind"]].split(":")
    reading: Reading = getattr(__import__(module, fromlist=[function]), function)("s", spec, paths)
    assert not [f for f in reading.findings if f.severity == "error"]
    return reading


def rows(reading: Reading, table: str) -> list[dict[str, Any]]:
    found: Any = reading.tables[table]
    return found if isinstance(found, list) else found.to_pylist()


def test_gis(tmp_path: Path) -> None:
    line, meter = tables("gis.md")[:2]
    reading = read(declared("gis.md", "gis"), tmp_path, {
        "data/gis/PrimaryConductor.csv": line, "data/gis/ServicePoint.csv": meter,
        "data/gis/SecondaryConductor.csv": line.split("\n")[0] + "\n",
    })  # fmt: skip
    (edge,) = rows(reading, "gis_edges")
    assert (edge["asset"], edge["phases"], edge["from_node"], edge["to_node"]) == ("L1", "ABC", "N1", "N2")
    assert edge["length_m"] == pytest.approx(100.005, abs=1e-3)
    assert '"conductor":"336.4 ACSR"' in rows(reading, "assets")[0]["attributes"]
    (point,) = rows(reading, "service_points")
    assert (point["meter"], point["phases"], point["transformer"], point["customer_class"]) == ("M77", "A", "TX5", "R1")


def test_ami(tmp_path: Path) -> None:
    text = tables("ami.md")[0].replace("\t", ",")
    path = tmp_path / "data/ami"
    path.mkdir(parents=True)
    import gzip

    (path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    spec = declared("ami.md", "meters")
    module, function = READERS["ami"].split(":")
    reading = getattr(__import__(module, fromlist=[function]), function)(
        "s", spec, {"data/ami/a.csv.gz": path / "a.csv.gz"}
    )
    (row,) = rows(reading, "series")
    assert (row["meter"], row["kwh"], row["has_volts"]) == ("M700000", 0.412, True)
    assert row["first"] == datetime(2025, 11, 2, 5, 45, tzinfo=UTC), "01:00 ends the last quarter before the hour"


def test_scada(tmp_path: Path) -> None:
    values, tags = (t.replace("\t", ",") for t in tables("scada.md")[:2])
    values += "".join(f"NS101_MW,2025-10-28T{h:02d}:{m:02d}:00Z,3.4,GOOD\n" for h in (6, 7) for m in (0, 15, 30, 45))
    reading = read(declared("scada.md", "scada"), tmp_path, {"data/scada/a.csv": values, "data/scada_tags.csv": tags})
    first = [r for r in rows(reading, "scada") if r["start"].hour == 5]
    found = {(r["feeder"], r["device"], r["quantity"], r["start"].minute): r["value"] for r in first}
    assert found == {
        ("NS101", "52-NS101", "kw", 0): 3412, ("NS101", "52-NS101", "kw", 15): 3398,
        ("NS101", "52-NS101", "status", 3): 0,
    }  # fmt: skip


def test_oms(tmp_path: Path) -> None:
    outages, steps = (t.replace("\t", ",") for t in tables("oms.md")[:2])
    reading = read(declared("oms.md", "outages"), tmp_path, {"data/oms.csv": outages, "data/oms_steps.csv": steps})
    (row,) = rows(reading, "outages")
    assert (row["feeder_alias"], row["device_alias"], row["cause"], row["customers"]) == (
        "NS101",
        "t065",
        "weather",
        100,
    )
    assert row["customer_minutes"] == row["customer_minutes_stated"] == 5400
    assert [s["customers"] for s in rows(reading, "steps")] == [60, 40]


def test_weather(tmp_path: Path) -> None:
    text = tables("weather.md")[1].replace("\t", ",")
    reading = read(declared("weather.md", "station"), tmp_path, {"data/ohare.csv": text})
    found = {r["start"]: r for r in rows(reading, "weather")}
    at, before = datetime(2025, 6, 1, 18, tzinfo=UTC), datetime(2025, 6, 1, 17, tzinfo=UTC)
    assert found[at]["temp_c"] == pytest.approx(25, abs=1e-4)
    assert found[at]["wind_m_s"] == pytest.approx(8.1 * 0.44704, abs=1e-4)
    assert found[before]["ghi_w_m2"] == 612, "radiation is of the hour before its label"
