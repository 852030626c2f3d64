"""Meters find their transformers: an override wins, then the record, then connectivity, then the nearest."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dtl import tables
from dtl.network import overrides
from dtl.network.expected import Expected, traits
from dtl.network.meters import place
from dtl.network.nearness import bits, nearness
from dtl.network.rows import by_feeder
from dtl.network.service_transformers import serving

WORDS = {"candidates": 3, "max_distance_m": 100.0}


def part(kind: str, name: str, body: str) -> dict[str, str]:
    return {"feeder": "f1", "kind": kind, "name": name, "body": body}


def unit(name: str, high: str, low: str, kv: float = 0.24) -> dict[str, str]:
    ends = f'{{"bus":"{high}","nodes":[1],"kv":7.2,"kva":50}},{{"bus":"{low}","nodes":[1],"kv":{kv},"kva":50}}'
    return part("transformer", name, f'{{"name":"{name}","phases":1,"windings":[{ends}]}}')


def network() -> pa.Table:
    """Two transformers 80 m apart, the second with a low-voltage line to its load; a load without transformer."""
    rows = [
        part("feeder", "f1", '{"crs":"EPSG:26916"}'),
        *(part("bus", n, f'{{"name":"{n}","x":{x},"y":0}}') for n, x in (("m1", 0), ("m2", 80), ("m3", 900))),
        *(part("bus", n, f'{{"name":"{n}"}}') for n in ("s1", "s2", "s2b")),
        unit("t1", "m1", "s1"),
        unit("t2", "m2", "s2"),
        unit("big", "m1", "m2", kv=4.16),
        part("line", "l", '{"name":"l","from_bus":"s2","to_bus":"s2b"}'),
        part("line", "mv", '{"name":"mv","from_bus":"m1","to_bus":"m3"}'),
        part("load", "a", '{"name":"a","bus":"s1","kw":1}'),
        part("load", "b", '{"name":"b","bus":"s2b","kw":1}'),
        part("load", "c", '{"name":"c","bus":"m3","kw":1}'),
    ]
    return tables.frame("network", rows)


def point(meter: str, x: float | None, transformer: str = "") -> dict[str, object]:
    empty = {"source": "g", "feeder": "f1", "bus": "", "phases": "A", "customer_class": "", "address": ""}
    return empty | {"meter": meter, "transformer": transformer, "x": x, "y": None if x is None else 5.0}


def placed(
    *points: dict[str, object], forced: dict[str, tuple[str, str]] | None = None
) -> dict[str, dict[str, object]]:
    empty = {name: tables.concat(name, []) for name in ("series", "assets", "gis_edges", "links")}
    found = place(
        tables.frame("service_points", list(points)), empty["series"], serving(network()), empty["assets"],
        empty["gis_edges"], empty["links"], forced or {}, WORDS,
    )  # fmt: skip
    return {row["meter"]: row for row in found.to_pylist()}


def test_what_serves_customers() -> None:
    found = serving(network())
    told = {row.transformer: (row.bus, row.x, row.loads) for row in found.itertuples()}
    assert list(found["kva"]) == [50.0, 50.0, 0.0]
    assert told == {"t1": ("s1", 0, ["a"]), "t2": ("s2", 80, ["b"]), "m3": ("m3", 900, ["c"])}
    assert [f for f, _ in by_feeder(network())] == ["f1"]


def test_records_stand_and_the_rest_goes_to_the_nearest() -> None:
    found = placed(point("near2", 70.0), point("says1", 70.0, "T1"), point("far", 500.0), point("nowhere", None))
    assert [found[m]["transformer"] for m in ("near2", "says1", "far", "nowhere")] == ["t2", "t1", "", ""]
    assert [found[m]["basis"] for m in ("near2", "says1", "far", "nowhere")] == ["nearest", "record", "none", "none"]
    assert found["says1"]["load"] == "a" and found["near2"]["load"] == "b"
    assert found["near2"]["distance_m"] == pytest.approx((10**2 + 5**2) ** 0.5)
    assert found["near2"]["candidates"] == "t1=1.00"
    assert found["far"]["band"] == "none" and found["far"]["feeder"] == ""


@pytest.mark.parametrize(
    ("noise", "addresses", "least", "high"),
    [
        (0.0, False, 0.993, 0.95),
        (0.25, False, 0.9455, 0.75),
        (0.5, False, 0.8185, 0.38),
        (0.25, True, 0.9555, 0.79),
        (0.5, True, 0.851, 0.45),
    ],
)
def test_meters_of_a_real_feeder_by_place_and_phase(
    samples: Path, noise: float, addresses: bool, least: float, high: float
) -> None:
    """Exact transformers, calibration, and the share of sure ones, over five draws of errors of the coordinates.

    The error moves each meter by itself; meters that stood at one point have one address, where these are told.
    """
    folder = samples / "ml" / "meter-transformer-j1"
    meters, units, truth = (pd.read_csv(folder / f"{n}.csv", dtype=str) for n in ("meters", "transformers", "truth"))
    letters = {"1": "A", "2": "B", "3": "C"}
    phases = bits(np.array([letters.get(str(p), "") for p in meters["node_phases"]], object))
    theirs = bits(np.array(["".join(letters.get(c, "") for c in str(p)) for p in units["phases"]], object))
    number = {name: i for i, name in enumerate(units["transformer"])}
    wanted = meters["meter"].map(dict(zip(truth["meter"], truth["transformer"], strict=True))).map(number).to_numpy()
    places, at = units[["x", "y"]].to_numpy(float), meters[["x", "y"]].to_numpy(float)
    known = traits(places, units["kva"].to_numpy(float), theirs)
    house = np.unique(at, axis=0, return_inverse=True)[1].reshape(-1).astype(str).astype(object)
    right, sure, off = [], [], []
    for seed in range(5):
        moved = at + np.random.default_rng(seed).normal(0.0, noise * 234.0, at.shape)
        found = nearness(moved, places, phases, theirs, 12, traits=known, address=house if addresses else None)
        best = found.probability.argmax(axis=1)[:, None]
        ok = np.take_along_axis(found.index, best, axis=1)[:, 0] == wanted
        said = found.probability.max(axis=1)
        right.append(ok.mean())
        sure.append((said >= 0.95).mean())
        bins = np.minimum((said * 10).astype(int), 9)
        off.append(sum((bins == b).mean() * abs(said[bins == b].mean() - ok[bins == b].mean()) for b in set(bins)))
    assert np.mean(right) >= least and np.mean(sure) >= high and np.mean(off) <= 0.05


def test_how_many_meters_a_transformer_serves_is_learnt_from_what_is_known_of_it() -> None:
    """Larger units serve more, banks and units of three phases fewer; a trait that all share tells nothing."""
    rng = np.random.default_rng(4)
    count = 400
    places = rng.uniform(0.0, 1000.0, (count, 2))
    places[:50] = np.repeat(places[:25], 2, axis=0)
    kva = rng.choice([15.0, 50.0], count)
    phases = np.where(np.arange(count) < 350, 1, 7).astype(np.uint8)
    truth = np.where(kva > 20.0, 4.0, 1.5) * np.where(np.arange(count) < 50, 0.4, 1.0) * np.where(phases > 1, 0.3, 1.0)
    told = Expected(traits(places, kva, phases))
    served = np.maximum(rng.poisson(truth), 1)
    for _ in range(20):
        told.learn(served)
    rate = told.rate
    for few, many in ((kva < 20.0, kva > 20.0), (np.arange(count) < 50, phases == 1), (phases > 1, phases == 1)):
        assert rate[few].mean() < 0.6 * rate[many & ~few].mean()
    usual = (phases == 1) & (np.arange(count) >= 50)
    assert rate[usual].mean() == pytest.approx(truth[usual].mean(), rel=0.1), "of those that serve any"
    alike = traits(np.zeros((3, 2)), np.full(3, 25.0), np.ones(3, np.uint8))
    assert not alike.any() and len(set(Expected(alike).rate)) == 1


def test_flats_of_one_address_make_no_transformer_probable_for_the_houses_between() -> None:
    """Large units serve one address of ten flats each, small ones four houses; four more stand halfway between."""
    rng = np.random.default_rng(2)
    places = np.array([[200.0 * a, 200.0 * b] for a in range(8) for b in range(8)])
    large = (np.indices((8, 8)).sum(axis=0) % 2 == 0).reshape(-1)
    serves = np.where(large, 10, 4)
    at = np.repeat(places, serves, axis=0) + rng.normal(0.0, 20.0, (int(serves.sum()), 2))
    address = np.array([f"{t} {0 if large[t] else k}" for t in range(64) for k in range(serves[t])], object)
    between = places[[9, 27, 36, 54]] + [100.0, 0.0]
    at, address = np.append(at, between, axis=0), np.append(address, ["e", "f", "g", "h"])
    one, theirs = np.ones(len(at), np.uint8), np.ones(64, np.uint8)
    known = traits(places, np.where(large, 200.0, 25.0), theirs)
    found = nearness(at, places, one, theirs, 4, traits=known, address=address)
    small = np.where(large[found.index], 0.0, found.probability).sum(axis=1)
    assert small[-4:].min() > 0.6


def test_a_meter_of_one_phase_belongs_rather_to_a_unit_of_that_phase_than_to_one_of_three_or_of_unknown_ones() -> None:
    """The first meter stands between both units, and neither is empty without it."""
    at, places = np.array([[0.0, 0.0], [-10.0, 0.0], [-10.0, 1.0]]), np.array([[-10.0, 0.0], [10.0, 0.0]])
    own = bits(np.array(["A", "B", "C"], object))
    for other in ("ABC", ""):
        theirs = bits(np.array([other, "A"], object))
        found = nearness(at, places, own, theirs, 2, known=np.array([0, 1]))
        assert found.probability[0, found.index[0] == 1] > 0.7
        assert found.index[1:, 0].tolist() == [0, 0] and found.probability[1:, 0].min() > 0.95


def test_a_service_of_three_phases_hangs_on_one_pole() -> None:
    """Beside units of one phase stand three of a bank farther away; two meters of an address differ in their phases."""
    places = np.array([[0.0, 5.0], [6.0, 0.0], [12.0, 0.0], [12.0, 0.0], [12.0, 0.0]])
    theirs = bits(np.array(["A", "B", "A", "B", "C"], object))
    at, own = np.array([[0.0, 0.0]] * 3), bits(np.array(["A", "B", "C"], object))
    at = np.append(at, [[0.0, 6.0], [6.0, 1.0]], axis=0)
    own = np.append(own, own[:2])
    found = nearness(at, places, own, theirs, 5)
    assert np.take_along_axis(found.index, found.probability.argmax(axis=1)[:, None], axis=1)[:, 0].tolist() == [
        2, 3, 4, 0, 1
    ]  # fmt: skip
    np.testing.assert_allclose(found.probability.sum(axis=1), 1.0)


@pytest.mark.parametrize("alone", [True, False])
def test_a_meter_drawn_far_away_belongs_to_the_transformer_that_it_leaves_empty(alone: bool) -> None:
    """Beyond the last corner of a grid with 49 transformers of one meter each stands that of the first one.

    Where the first transformer has another meter beside it, nothing tells that the far one is its.
    """
    places = np.array([[100.0 * a, 100.0 * b] for a in range(7) for b in range(7)])
    at = np.append(places + np.random.default_rng(1).normal(0.0, 2.0, places.shape), [[1.0, 1.0]], axis=0)
    at[0] = [1200.0, 1200.0]
    if alone:
        at = at[:-1]
    one = np.ones(len(at), np.uint8)
    found = nearness(at, places, one, np.ones(49, np.uint8), 5)
    best = np.take_along_axis(found.index, found.probability.argmax(axis=1)[:, None], axis=1)[:, 0]
    assert (best[0] == 0) == alone and best[1:49].tolist() == list(range(1, 49))
    np.testing.assert_allclose(found.probability.sum(axis=1), 1.0)


def test_one_address_is_one_place_however_its_meters_are_drawn() -> None:
    """Of four meters of an address two stand nearer to the second transformer, little."""
    alone = [point(f"m{k}", x) for k, x in enumerate((5.0, 38.0, 42.0, 43.0))]
    for address, wanted in (("", ["t1", "t1", "t2", "t2"]), ("12 Mill Road", ["t1"] * 4)):
        found = placed(*(p | {"address": address} for p in alone), point("other", 79.0), point("one", 1.0))
        assert [found[f"m{k}"]["transformer"] for k in range(4)] == wanted


def test_a_record_out_of_reach_is_doubted_where_another_transformer_is_within_it() -> None:
    found = placed(point("far", 150.0, "t1"), point("lost", 500.0, "t1"), point("near", 70.0, "t1"))
    assert {m: (r["transformer"], r["basis"], r["band"]) for m, r in found.items()} == {
        "far": ("t1", "record", "medium"), "lost": ("t1", "record", "high"), "near": ("t1", "record", "high")
    }  # fmt: skip


def test_an_override_wins() -> None:
    found = placed(point("m", 0.0, "t1"), forced={"m": ("", "t2")})
    assert (found["m"]["transformer"], found["m"]["basis"], found["m"]["confidence"]) == ("t2", "override", 1.0)


def test_bad_rows_of_overrides_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "meters.csv"
    path.write_text("meter,transformer\nm1,t1\nm1,t2\n,t1\nm2,\n")
    found, findings = overrides.meters("overrides/meters.csv", path)
    assert found == {"m1": ("", "t1")}
    assert [(f.line, f.field) for f in findings] == [(3, "meter"), (4, "meter"), (5, "transformer")]
    assert overrides.meters("x.csv", tmp_path / "none.csv")[1][0].severity == "error"
    path.write_text("meter\nm1\n")
    assert "transformer" in overrides.meters("x.csv", path)[1][0].value


def test_no_customer_is_lost_or_doubled() -> None:
    points = [point(f"m{i}", float(i)) for i in range(50)]
    assert sorted(placed(*points)) == sorted(str(p["meter"]) for p in points)
    reverse = placed(*reversed(points))
    assert reverse == placed(*points)


def test_truth_of_the_synthetic_utility_through_the_whole_of_ingestion(tmp_path: Path) -> None:
    """Read GIS and CYME of a made utility; who is recorded right stays right, nobody is lost."""
    from dtl.network.metering import metering
    from dtl.sources import cyme_text, gis, read
    from dtl.spec.canonical import plain
    from dtl.spec.gis import Gis
    from dtl.spec.sources import CymeText

    out = tmp_path / "u"
    _made(out)
    folders = {}
    specs = {
        "gis": (gis, Gis(kind="gis", path="gis/utility.gdb.zip", columns="arcfm")),
        "cyme": (cyme_text, CymeText(kind="cyme_text", path="cyme_system/*.txt", missing="default")),
    }
    for name, (module, spec) in specs.items():
        files = {p.relative_to(out).as_posix(): p for p in spec.files(out)}
        reading = module.read(name, plain(spec, cosmetic=False), files)
        read.write(reading, files, tmp_path / name)
        folders[name] = tmp_path / name
    network = tables.read("network", folders["cyme"] / "network.parquet")
    _, found, findings = metering(folders, network, tables.concat("links", []), WORDS, {})
    truth = {r["meter"]: r for r in _rows(out / "truth/meters.csv")}
    device = {r["transformer"]: r["cyme_device"].lower() for r in _rows(out / "truth/transformers.csv")}
    right = {r["meter"] for r in found.to_pylist() if r["transformer"] == device[truth[r["meter"]]["transformer"]]}
    recorded = {m for m, r in truth.items() if r["recorded_transformer"] == r["transformer"]}
    assert recorded <= right and found.num_rows == len(truth)
    told = {f.check: f.message for f in findings}
    doubted = {r["meter"] for r in found.to_pylist() if r["basis"] == "record" and r["confidence"] < 0.9}
    assert doubted and not doubted & recorded, "only wrong records are against the connectivity"
    assert told["meters.disputed"].startswith(f"{len(doubted)} meter") and "meters.placed" in told
    far = sum(r["distance_m"] > WORDS["max_distance_m"] for r in found.to_pylist())
    assert far and told["meters.far"].startswith(f"{far} meter")


@pytest.mark.parametrize(
    ("read", "value"), [(("m1", "m2", "m3"), ""), (("m2", "foreign"), "m1, m3"), ((), "")], ids=["all", "some", "none"]
)
def test_meters_of_the_record_without_a_reading_are_told(tmp_path: Path, read: tuple[str, ...], value: str) -> None:
    """A study without any source of readings has none to miss."""
    from dtl.network.metering import metering

    row = {"source": "ami", "interval_min": 60, "kwh": 1.0, "peak_kw": 1.0, "has_volts": False}
    row |= {"first": 0, "last": 0} | dict.fromkeys(
        ("intervals", "missing", "duplicate", "conflict", "ambiguous", "estimated", "unused"), 0
    )
    found = {
        "service_points": [point(m, 0.0) for m in ("m1", "m2", "m3")],
        "series": [row | {"meter": m} for m in read],
    }
    for name, rows in found.items():
        tables.write(name, tables.frame(name, rows), tmp_path / f"{name}.parquet")
    findings = metering({"all": tmp_path}, network(), tables.concat("links", []), WORDS, {})[2]
    silent = [f for f in findings if f.check == "meters.silent"]
    assert [(f.value, f.severity) for f in silent] == ([(value, "warning")] if value else [])
    assert all(f.message.startswith("2 of 3 meters") for f in silent)


def _made(out: Path) -> None:
    from dtl import cli

    words = ["--feeders", "1", "--days", "0", "--meters", "60-80", "--formats", "gdb,cyme_text", "--seed", "3"]
    assert cli.main(["synth", "utility", "--out", str(out), *words]) == 0


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
