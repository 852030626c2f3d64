"""Results reach DuckDB and a real PostgreSQL; what is there is not sent again, what breaks changes nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from dtl import cli, layout, tables
from dtl.errors import StoreError
from dtl.network.feeder import Feeder
from dtl.report.publish import run as publishing
from dtl.report.publish.circuits import Circuit
from dtl.report.publish.parts import Results
from dtl.report.publish.relations import RELATIONS
from dtl.report.publish.targets import Duck, Postgres, Target
from dtl.spec.study import load
from dtl.spec.twins import reach
from dtl.workflow import digests, job
from dtl.workflow.questions import solvable
from dtl.workflow.slices import Slices
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Store

ROOT = Path(__file__).resolve().parents[2]
OUTAGES = "id,feeder,start,end,customers\no1,ieee13,2025-07-01 12:00,2025-07-01 13:00,40\n"
WORDS = {
    "dtl": 1, "title": "t", "timezone": "UTC", "feeders": ["*"], "network": {"model": "m"},
    "sources": {"m": {"kind": "opendss", "path": "ieee13/master.dss"}, "o": {"kind": "oms", "path": "o.csv",
                "columns": {"id": "id", "feeder": "feeder", "start": "start", "end": "end", "customers": "customers"},
                "zone": "UTC", "time_format": "%Y-%m-%d %H:%M"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A solved study of IEEE 13, with one outage, in ``results/s``."""
    place = tmp_path_factory.mktemp("published")
    folder = place / "studies/s"
    shutil.copytree(ROOT / "studies/demo/data/opendss/ieee13", folder / "ieee13")
    (folder / "o.csv").write_text(OUTAGES)
    (folder / "study.yaml").write_text(yaml.safe_dump(WORDS))
    before = Path.cwd()
    os.chdir(place)
    try:
        study = load(folder)
        slices, store = Slices(study), Store(place / "store")
        for name, stage in STAGES.items():
            if name in ("write_site", "build_site") or not slices.asked(name):
                continue
            of = {"source": slices.sources, "study": [""], "group": []}[stage.per]
            for each in of or solvable(Path("results/s/feeders.json")):
                job.run(slices.job(name, each), store)
        Path(layout.SPEC.format(study="s")).write_text(digests.pretty(study.canonical()))
        Path(layout.REACH.format(study="s")).write_text(digests.pretty(reach(study)))
    finally:
        os.chdir(before)
    return place


@contextmanager
def duck(folder: Path) -> Iterator[Callable[[], Target]]:
    pytest.importorskip("duckdb")
    yield lambda: Duck(str(folder / "grid.duckdb"), "grid")


@contextmanager
def postgres(folder: Path) -> Iterator[Callable[[], Target]]:
    pytest.importorskip("psycopg")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found or shutil.which("runuser") is None or os.getuid() != 0:
        pytest.skip("no PostgreSQL server that this user can start")
    binaries = found[-1].parent
    place = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    shutil.chown(place, "postgres")

    def server(*words: str) -> None:
        subprocess.run(["runuser", "-u", "postgres", "--", *words], check=True, capture_output=True, cwd="/")

    server(str(binaries / "initdb"), "-D", str(place / "d"), "-A", "trust", "-U", "postgres", "--no-sync")
    options = f"-c listen_addresses='' -c fsync=off -k {place}"
    server(str(binaries / "pg_ctl"), "-D", str(place / "d"), "-o", options, "-l", str(place / "log"), "-w", "start")
    try:
        yield lambda: Postgres(f"postgresql://postgres@/postgres?host={place}", "grid")
    finally:
        server(str(binaries / "pg_ctl"), "-D", str(place / "d"), "-m", "immediate", "stop")
        shutil.rmtree(place)


def ask(base: Any, text: str) -> list[tuple[Any, ...]]:
    return list(base._base.execute(text).fetchall())


def queries() -> list[str]:
    text = (ROOT / "site/docs/publish.md").read_text(encoding="utf-8")
    return re.findall(r"```sql\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("kind", [duck, postgres], ids=["duckdb", "postgresql"])
def test_a_study_in_a_database(kind: Any, solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(solved)
    with kind(tmp_path) as opened:
        base = opened()
        base.prepare()
        first = publishing.publish(Results("s"), base)
        hourly = tables.read("hourly", Path("results/s/f/ieee13/hourly.parquet"))
        (energy,) = ask(base, "SELECT sum(source_kw), count(*) FROM grid.head_hourly")[0:1]
        assert energy[1] == 8760 and energy[0] == pytest.approx(sum(hourly["source_kw"].to_pylist()), rel=1e-12)
        assert ask(base, "SELECT feeder_id, customers_interrupted, cmi_min FROM grid.oms_events") == [
            ("ieee13", 40, 2400)
        ]
        assert ask(base, "SELECT count(*) FROM grid.segments")[0][0] == first["segments"][2] > 10
        shape = ask(base, "SELECT hourly_shape FROM grid.ev_charging_profiles WHERE id = 'level1_residential'")[0][0]
        assert len(shape) == 24
        asked = queries()
        assert len(asked) == 10
        answers = [ask(base, text) for text in asked]
        assert answers[2] and answers[3][0][3] == pytest.approx(max(hourly["source_kw"].to_pylist()))
        base.close()

        base = opened()
        again = publishing.publish(Results("s"), base)
        assert all(sent == 0 for sent, _, _ in again.values())
        assert sum(kept for _, kept, _ in again.values()) == sum(sent for sent, _, _ in first.values())

        (part,) = (p for p in Results("s").parts() if p.relation == "segments")
        wrong = part.make().slice(0, 2).drop(["geom"])
        with pytest.raises(Exception, match=r"(?i)column"):
            base.replace(RELATIONS["segments"], part.name, "other", wrong)
        base.close()
        base = opened()
        assert ask(base, "SELECT count(*) FROM grid.segments")[0][0] == first["segments"][2], (
            "a failed part changes nothing"
        )
        base.drop("segments", part.name)
        assert ask(base, "SELECT count(*) FROM grid.segments")[0][0] == 0
        assert publishing.publish(Results("s"), base)["segments"][0] == 1, "what is missing is sent again"
        base.close()


def test_a_schema_of_another_study_or_of_another_make_is_left_alone(
    solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(solved)
    pytest.importorskip("duckdb")
    target = f"duckdb:{tmp_path / 'grid.duckdb'}"
    assert publishing.run("s", target, "grid") == 0
    base = Duck(str(tmp_path / "grid.duckdb"), "grid")
    rows = ask(base, "SELECT count(*) FROM grid.segments")
    other = Results("s")
    other.study = "other"
    with pytest.raises(StoreError, match="holds the study s; name another one by --schema"):
        publishing.publish(other, base)
    assert ask(base, "SELECT count(*) FROM grid.segments") == rows
    base._base.execute("ALTER TABLE grid.capacitors DROP COLUMN kvar")
    base.close()
    with pytest.raises(StoreError, match=r"capacitors of schema grid was made otherwise.*\(kvar\).*DROP SCHEMA grid"):
        publishing.run("s", target, "grid")


def test_a_planner_who_is_no_administrator_publishes(
    solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """PostGIS is on the server and not in the database, and he may not put it there; a stranger is refused."""
    monkeypatch.chdir(solved)
    with postgres(tmp_path) as opened:
        base = opened()
        available = ask(base, "SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'")
        base._base.rollback()
        base._base.autocommit = True
        for words in ("ROLE planner LOGIN", "ROLE stranger LOGIN", "DATABASE plans OWNER planner"):
            base._base.execute(f"CREATE {words}")
        place = base._base.info.host
        base.close()
        address = f"postgresql://%s:secret@/plans?host={place}"
        with pytest.raises(StoreError, match="the database refused: permission denied for database plans"):
            publishing.run("s", address % "stranger")
        assert publishing.run("s", address % "planner") == 0
        said = capsys.readouterr().out
        assert "secret" not in said and "published: schema s of /plans" in said
        assert ("administrator can put it there by CREATE EXTENSION postgis" in said) == bool(available)
        if available:
            base = Postgres(address % "postgres", "s")
            base._base.autocommit = True
            base._base.execute("CREATE EXTENSION postgis")
            base.close()
            with pytest.raises(StoreError, match=r"without PostGIS .*geom, which is text there and would be geometry"):
                publishing.run("s", address % "planner")
            assert publishing.run("s", address % "planner", "again") == 0


def test_a_place_has_its_reference_only_where_that_is_known(solved: Path) -> None:
    """Coordinates of a drawing that could be degrees are none; those of a stated system are turned into them."""
    read = Feeder.from_json((solved / "results/s/feeders/ieee13.json").read_bytes())
    buses = tuple(b.model_copy(update={"x": 10.0 + i, "y": 20.0}) for i, b in enumerate(read.buses))
    for crs, begin in (("", ""), ("EPSG:32614", "SRID=4326;")):
        feeder = read.model_copy(update={"crs": crs, "buses": buses})
        circuit = Circuit(feeder, {})
        rows = circuit.rows()
        lines = [r["geom"] for r in rows["segments"]] + [r["geom"] for r in circuit.feeder({"status": "solved"}, "")]
        points = [r["geom"] for r in rows["capacitors"] + rows["regulators"]]
        assert lines and points
        assert all(re.match(begin + r"(MULTI)?LINESTRING\(", x) for x in lines)
        assert all(x.startswith(begin + "POINT(") for x in points)


def test_what_cannot_be_published_is_said(solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(solved)
    with pytest.raises(StoreError, match="dtl run none"):
        publishing.run("none", "duckdb:x")
    with pytest.raises(StoreError, match="duckdb:FILE"):
        publishing.run("s", "mysql://x")
    with pytest.raises(StoreError, match="--schema"):
        publishing.run("s", "duckdb:x", "Robert'); DROP")
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match="no connection"):
        publishing.run("s", "postgresql://nobody@127.0.0.1:1/none")
    assert cli.main(["publish", "none", "duckdb:x"]) == 1
