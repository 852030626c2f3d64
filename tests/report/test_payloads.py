"""Payloads say what the tables say, read by a reader of their own."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any

import made_study
import numpy as np
import payload_reader
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtl import tables
from dtl.report import facts, payloads, rows
from dtl.report.palette import SCALES, volt_class
from dtl.report.study_payloads import worded


def content(made: Any, name: str) -> Any:
    found, told = payload_reader.read(made.site / "docs" / "data" / f"{name}.js")
    assert found == name
    return told


@given(
    st.lists(st.one_of(st.none(), st.floats(-2e5, 2e5)), max_size=40),
    st.integers(0, 4),
    st.lists(st.text(max_size=6), max_size=40),
)
def test_columns_come_back_as_they_went(numbers: list[float | None], digits: int, words: list[str]) -> None:
    cols = {"n": [payloads.numbers("x", numbers, digits)], "w": [payloads.words("t", words)]}
    data = payloads.columns(cols, {"a": 1})
    size = int.from_bytes(data[:4], "little")
    head = json.loads(data[4 : 4 + size])["tables"]
    back = payload_reader.column(head["n"]["cols"][0], data[4 + size :], head["n"]["n"])
    for before, after in zip(numbers, back, strict=True):
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert abs(before - after) <= 0.5 * 10.0**-digits + 1e-9
    assert payload_reader.column(head["w"]["cols"][0], data[4 + size :], head["w"]["n"]) == words


@given(st.lists(st.one_of(st.none(), st.floats(-2e5, 2e5)), max_size=40), st.integers(0, 4))
def test_steps_are_summed_to_the_same_values(numbers: list[float | None], digits: int) -> None:
    column = payloads.numbers("x", numbers, digits)
    told = []
    for each in (column, column.stepped()):
        data = payloads.columns({"n": [each]}, {})
        size = int.from_bytes(data[:4], "little")
        table = json.loads(data[4 : 4 + size])["tables"]["n"]
        told.append(payload_reader.column(table["cols"][0], data[4 + size :], table["n"]))
    assert told[0] == told[1]


def test_hours_pack_to_three_quarters_by_their_steps() -> None:
    """A year of hours of a load: what the site of many feeders mostly holds."""
    chance = np.random.default_rng(3)
    hour = np.arange(8760)
    kw = 400 + 150 * np.cos(2 * np.pi * (hour % 24 - 18) / 24) + np.cumsum(chance.normal(0, 3, 8760))
    plain = payloads.numbers("kw", kw, 1)
    packed = [len(gzip.compress(raw, 9)) for raw in (plain.raw.tobytes(), plain.stepped().packed())]
    assert packed[1] < 0.75 * packed[0]


def test_every_payload_can_be_read(made: Any) -> None:
    files = sorted((made.site / "docs" / "data").rglob("*.js"))
    top = {p.stem for p in files if p.parent.name == "data"}
    assert top >= {"study", "feeders", "ov", "compare", "hosting"}
    counts = {kind: sum(p.parent.name == kind for p in files) for kind in ("f", "a", "ts", "profile", "hc", "oms")}
    assert counts == {"f": 4, "a": 3, "ts": 3, "profile": 3, "hc": 2, "oms": 1}
    for path in files:
        name, told = payload_reader.read(path)
        assert path.as_posix().endswith(f"{name}.js")
        assert told.get("schema", 1) == 1


@pytest.mark.parametrize("feeder", ["north", "south-2"])
def test_parts_of_the_map_equal_the_tables(made: Any, feeder: str) -> None:
    told, cases = content(made, f"a/{feeder}"), content(made, "study")["cases"]
    rows = {}
    for row in tables.read("powerflow", made.inputs["powerflow"][feeder]).to_pylist():
        rows[row["case"], row["kind"], row["element"], row["phase"]] = row
    model = made_study.MODELS[feeder]
    for i, case in enumerate(c["case"] for c in cases):
        for k, name in enumerate(told["buses"]["name"]):
            row = rows.get((case, "bus", name, ""))
            for column, source in (("min", "min_pu"), ("max", "max_pu")):
                value = told["buses"][f"{column}@{i}"][k]
                assert value == (None if row is None else pytest.approx(row[source], abs=6e-5))
            bus = model.bus[name]
            assert told["buses"]["x"][k] == pytest.approx(bus.x, abs=0.006)
            assert told["buses"]["y"][k] == pytest.approx(bus.y, abs=0.006)
        for table, limit in (("lines", 100.0), ("transformers", 120.0)):
            for k, name in enumerate(told[table]["name"]):
                kind = told[table]["kind"][k] if table == "lines" else "transformer"
                row = rows.get((case, kind, name, ""))
                load, hours = told[table][f"load@{i}"][k], told[table][f"over@{i}"][k]
                assert load == (None if row is None else pytest.approx(100 * row["max_load_pct"] / limit, abs=6e-4))
                assert hours == (None if row is None else row["hours_over"])
    points = sum(int(n) for n in told["lines"]["points"])
    assert points == len(told["path"]["x"]) == len(told["path"]["y"])


def test_time_series_equal_the_tables(made: Any) -> None:
    told, cases = content(made, "ts/north"), content(made, "study")["cases"]
    hourly = tables.read("hourly", made.inputs["hourly"]["north"]).to_pylist()
    for i, case in enumerate(c["case"] for c in cases):
        rows = sorted((r for r in hourly if r["case"] == case), key=lambda r: r["hour"])
        power, load = [r["source_kw"] for r in rows], [r["max_load_pct"] for r in rows]
        assert told["hours"][f"kw@{i}"] == pytest.approx(power, abs=0.51)
        assert told["hours"][f"load@{i}"] == pytest.approx(load, abs=0.051)
        for d in (0, 194, 364):
            assert told["days"][f"kw_max@{i}"][d] == pytest.approx(max(power[24 * d : 24 * d + 24]), abs=0.051)
            assert told["days"][f"kw_min@{i}"][d] == pytest.approx(min(power[24 * d : 24 * d + 24]), abs=0.051)
            assert told["days"][f"low@{i}"][d] == pytest.approx(
                min(r["min_pu"] for r in rows[24 * d : 24 * d + 24]), abs=6e-5
            )
        start = told["meta"]["week_start"]
        assert told["week"][f"kw@{i}"] == pytest.approx(power[start : start + 168], abs=0.051)
        assert start <= told["meta"]["peak"][case] < start + 168
        assert power[told["meta"]["peak"][case]] == max(power)


def test_profile_equals_the_tables_and_is_a_tree(made: Any) -> None:
    told, cases = content(made, "profile/north")["buses"], content(made, "study")["cases"]
    rows = tables.read("powerflow", made.inputs["powerflow"]["north"]).to_pylist()
    worst = {(r["case"], r["element"], r["phase"]): r["worst_pu"] for r in rows if r["kind"] == "bus"}
    for i, case in enumerate(c["case"] for c in cases):
        for phase in "ABC":
            expected = [worst[case, n, phase] for n in told["name"]]
            assert told[f"pu@{i}.{phase}"] == pytest.approx(expected, abs=6e-5)
    roots = [k for k, p in enumerate(told["parent"]) if p is None]
    assert [told["name"][k] for k in roots] == ["n00"]
    assert all(told["km"][int(p)] <= told["km"][k] for k, p in enumerate(told["parent"]) if p is not None)


def test_sheet_holds_the_cubes_numbers(made: Any) -> None:
    cube, told = facts.load(made.inputs["cube"]), content(made, "f/north")
    assert told["answer"] == worded(cube.answer("north"), cube.cases) and "@" not in told["answer"]
    for case, here in told["cases"].items():
        assert here["solved"] is True
        for metric, figure in here["figures"].items():
            cell = cube.fact(metric, "north", case)
            assert cell is not None and (figure["value"], figure.get("limit")) == (cell.value, cell.limit)
    loads = [max(c["max_load_pct"] for c in w["cases"].values()) / w["limit"] for w in told["worst"]]
    assert loads == sorted(loads, reverse=True) and len(loads) == 20


def test_failed_feeders_have_reasons_and_no_answers(made: Any) -> None:
    lost, partly = content(made, f"f/{made_study.LOST}"), content(made, "f/south-2")
    assert lost["reason"] and not lost["drawn"] and not any(c["solved"] for c in lost["cases"].values())
    assert partly["cases"]["growth@2035"]["reason"] == made_study.REASON
    assert "kw_max@3" not in content(made, "ts/south-2")["days"]


def test_overview_counts_every_part_once(made: Any) -> None:
    told, cases = content(made, "ov"), content(made, "study")["cases"]
    at = told["feeders"]["id"].index("north")
    flow = [r for r in tables.read("powerflow", made.inputs["powerflow"]["north"]).to_pylist() if r["phase"] == ""]
    for i, case in enumerate(c["case"] for c in cases):
        load = [0] * 5
        volt = [0] * 5
        for row in (r for r in flow if r["case"] == case):
            if row["kind"] == "bus":
                volt[volt_class(row["min_pu"], row["max_pu"], 0.95, 1.05) or 0] += 1
            else:
                load[
                    SCALES["load"].of(100 * row["max_load_pct"] / (120 if row["kind"] == "transformer" else 100)) or 0
                ] += 1
        assert [told["feeders"][f"load@{i}.{k}"][at] for k in range(5)] == load
        assert [told["feeders"][f"volt@{i}.{k}"][at] for k in range(5)] == volt
    assert sum(int(n) for n in told["paths"]["points"]) == len(told["points"]["x"])
    assert all(not math.isnan(x) for x in told["points"]["x"])


def test_file_names_are_safe_and_distinct() -> None:
    ids = ["a", "A", "b c", "b/c", "ok-1", "..", "Süd", "x" * 80, "CON"]
    names = payloads.file_names(ids)
    assert names["ok-1"] == "ok-1"
    assert len({n.lower() for n in names.values()}) == len(ids)
    assert all(len(n) <= 61 and n.isascii() and set("/\\. ").isdisjoint(n) for n in names.values())


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a", "b", "a"]).dictionary_encode(),
        pa.array(["a", None, "a"]).dictionary_encode(),
        pa.array([0.1, None, float("nan")], pa.float32()),
        pa.array([1.5, 2.5], pa.float64()),
        pa.array([3, None, -1], pa.int32()),
        pa.array([3, 4], pa.int64()),
        pa.array([True, None]),
        pa.array(["x", None]),
        pa.array([], pa.float32()),
    ],
)
def test_cells_of_a_column_are_what_pyarrow_lists(column: pa.Array) -> None:
    other = column.slice(1)
    for whole in (pa.chunked_array([column]), pa.chunked_array([column, other, column])):
        assert list(map(repr, rows.listed(whole))) == list(map(repr, whole.to_pylist()))
