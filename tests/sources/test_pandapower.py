"""The source `pandapower`: every encoding of a table, every element, and the voltages of the files' own results."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models import feeders, files_of, only, read
from pandapower_nets import CABLE, Tables, old, small, wrapped

from dtl.network.feeder import Feeder
from dtl.network.join import pruned
from dtl.powerflow import dss, engine, names
from dtl.sources.reading import Reading


def make(folder: Path, tables: Tables, **how: Any) -> Reading:
    (folder / "net.json").write_text(wrapped(tables, **how))
    return read("pandapower", folder, "*.json")


def solve(feeder: Feeder, frequency_hz: float = 50.0) -> dict[str, complex]:
    """Voltages of node 1 of each bus [pu]."""
    feeder = pruned(feeder).model_copy(update={"frequency_hz": frequency_hz})
    engine.load(dss.write(feeder))
    engine.load_settings(mode="snapshot", controlmode="off", tolerance=1e-9, maxiterations=200)
    assert not engine.solve() and engine.converged()
    volts = np.empty(len(engine.node_names()) + 1, np.complex128)
    engine.Voltages().read(volts)
    index = {n: i for i, n in enumerate(engine.node_names(), 1)}
    at = {b.name: (f"{names.spelled(b.name)}.1", b.kv_ln) for b in feeder.buses}
    return {b: complex(volts[index[n]]) / 1e3 / kv for b, (n, kv) in at.items() if n in index}


@pytest.fixture(scope="module")
def oberrhein(samples: Path) -> tuple[Reading, dict[str, Any]]:
    folder = samples / "pandapower" / "mv_oberrhein"
    reading = read("pandapower", folder, "*.json", each_file="grid")
    return reading, json.loads((folder / "mv_oberrhein.json").read_text())["_object"]


def test_sample_comes_whole(oberrhein: tuple[Reading, dict[str, Any]]) -> None:
    reading, _ = oberrhein
    assert not reading.findings
    kinds = Counter(kind for parts in reading.parts.values() for kind, _ in parts)
    assert kinds["bus"] == 179 + 322  # one more behind each switch at the end of a line
    assert (kinds["line"], kinds["transformer"], kinds["load"], kinds["generator"]) == (181, 2, 147, 153)
    assert (kinds["switch"], kinds["source"]) == (322, 2)
    feeder = only(reading)
    assert sum(p.kw for p in feeder.loads) == pytest.approx(37116, abs=0.5)
    assert sum(p.kvar for p in feeder.loads) == pytest.approx(7536.7, abs=0.5)
    assert sum(p.kw for p in feeder.generators) == 0.0
    assert sum(b.x is not None for b in feeder.buses) == len(feeder.buses)
    assert sum(not s.is_closed for s in feeder.switches) == 6


def test_sample_gives_its_stored_voltages(oberrhein: tuple[Reading, dict[str, Any]]) -> None:
    reading, body = oberrhein
    volts = solve(only(reading))
    told = json.loads(body["res_bus"]["_object"])
    targets = {r["object"]: r["target"] for r in reading.conversion.values() if not r["property"]}
    off = [
        abs(abs(volts[targets[f"bus {i}"].removeprefix("bus.")]) - row[0])
        for i, row in zip(told["index"], told["data"], strict=True)
    ]
    assert len(off) == 179
    assert max(off) < 1e-4  # 4.3e-5: the no-load branch of the transformers is not amid their leakage impedance
    assert engine.source_kw() == pytest.approx(38134, abs=1.0)


def test_every_row_and_value_has_one_verdict(oberrhein: tuple[Reading, dict[str, Any]]) -> None:
    reading, body = oberrhein
    told: dict[str, list[str]] = {}
    for row in reading.conversion.values():
        told.setdefault(row["object"], []).append(row["property"])
    checked = 0
    for table, frame in body.items():
        if not isinstance(frame, dict) or frame.get("_class") != "DataFrame" or table.startswith("res_"):
            continue
        inner = json.loads(frame["_object"])
        for index in inner["index"]:
            given = told[f"{table} {index}"]
            assert given.count("") == 1
            words = [w for text in given for w in text.split()]
            assert len(words) == len(set(words))
            assert set(inner["columns"]) <= set(words)
            checked += 1
    assert checked == 179 + 147 + 153 + 322 + 2 + 181 + 2


@pytest.mark.parametrize(
    ("order", "text"), [("split", True), ("split", False), ("records", True), ("index", True), ("columns", True)]
)
def test_every_order_of_a_table_gives_the_same(tmp_path: Path, order: str, text: bool) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert only(make(tmp_path / "a", small())) == only(make(tmp_path / "b", small(), order=order, text=text))


def test_the_oldest_files_give_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    new = only(make(tmp_path / "a", small()))
    reading = make(tmp_path / "b", old(small()), order="bare", version="1.2.2")
    assert not reading.findings
    assert only(reading).to_json() == new.to_json()


def test_voltages_are_those_of_pandapower(tmp_path: Path) -> None:
    """Solved by pandapower 3.5.6 (tolerance 1e-10 MVA, angles on)."""
    volts = solve(only(make(tmp_path, small())))
    told = {"b": (1.03067690164, -150.62652), "bus_2": (1.0090457745, -150.92427)}
    for bus, (pu, degrees) in told.items():
        assert abs(volts[bus]) == pytest.approx(pu, abs=5e-5)
        assert math.degrees(np.angle(volts[bus])) == pytest.approx(degrees, abs=0.02)


def test_parts_of_a_small_network(tmp_path: Path) -> None:
    reading = make(tmp_path, small())
    feeder = only(reading)
    assert not reading.findings
    (line,), (code,), (transformer,) = feeder.lines, feeder.line_codes, feeder.transformers
    assert code.normal_a == pytest.approx(270 * 2 * 0.8)
    assert np.linalg.eigvalsh(code.r_ohm_per_km) == pytest.approx([0.104, 0.104, 0.416])
    assert np.linalg.eigvalsh(code.c_nf_per_km) == pytest.approx([522.0] * 3)
    assert (line.length_km, line.placement) == (0.2, "underground")
    assert [w.kva for w in transformer.windings] == [800.0, 800.0]
    assert [w.tap_pu for w in transformer.windings] == [0.975, 1.0]
    assert (transformer.windings[0].min_tap_pu, transformer.windings[0].max_tap_pu) == (0.95, 1.05)
    assert [w.connection for w in transformer.windings] == ["delta", "wye"]
    loads = {p.name: p for p in feeder.loads}
    assert loads["x@0"].zip == pytest.approx((0.3, 0.2, 0.5, 0.3, 0.2, 0.5, 0.0))
    assert (loads["x@1"].kw, loads["x@1"].enabled) == (250.0, False)
    assert loads["motor_m"].kw == pytest.approx(10 * 0.8 / 0.9)
    assert loads["motor_m"].kvar == pytest.approx(10 * 0.8 / 0.9 * math.tan(math.acos(0.9)))
    assert (loads["ward_w_pz"].model, loads["ward_w_pz"].kvar) == (2, -1.0)
    (roof,) = feeder.generators
    assert (roof.kw, roof.kvar, roof.type) == (15.0, -5.0, "pv")
    (capacitor,), (reactor,) = feeder.capacitors, feeder.reactors
    assert (capacitor.kvar, capacitor.steps_on) == ((20.0, 20.0, 20.0), (True, True, False))
    z = complex(reactor.r_ohm, reactor.x_ohm)
    assert 0.16 / z.conjugate() == pytest.approx(0.003 + 0.01j)
    assert (feeder.bus["a"].x, feeder.bus["bus_2"].x) == (7.1, None)
    assert reading.frequency_hz == 50.0


@pytest.mark.parametrize(
    ("group", "shift"),
    [("", 0), ("", 120), ("", 240), ("", 30), ("", 150), ("", 330), ("Dyn5", 150), ("Dyn11", 330), ("YNd", 90),
     ("Yd", 210), ("Dyn", 270), ("Yyn", 240), ("Dd", 0), ("Yzn", 150), ("YNyn", -120)],
)  # fmt: skip
def test_low_side_lags_by_the_stated_angle(tmp_path: Path, group: str, shift: float) -> None:
    tables = small()
    tables["trafo"][0] |= {"shift_degree": shift, "vector_group": group or None}
    reading = make(tmp_path, tables)
    assert not reading.findings
    volts = solve(only(reading))
    lag = (math.degrees(np.angle(volts["a"] / volts["b"])) - shift + 180) % 360 - 180
    assert lag == pytest.approx(0.6265, abs=0.01)
    assert abs(volts["b"]) == pytest.approx(1.03068, abs=5e-5)


@pytest.mark.parametrize(
    ("group", "shift", "check"),
    [("", 180, "source.vector-group"), ("", 10, "source.phase-shift"), ("Dy?", 150, "source.bad-value"),
     ("Zyn", 150, "source.vector-group"), ("Dyn", 0, "source.phase-shift")],
)  # fmt: skip
def test_windings_that_the_model_lacks_are_told(tmp_path: Path, group: str, shift: float, check: str) -> None:
    tables = small()
    tables["trafo"][0] |= {"shift_degree": shift, "vector_group": group or None}
    reading = make(tmp_path, tables)
    assert [f.check for f in reading.findings] == [check]
    assert reading.findings[0].element == "trafo 0"


def test_three_windings_as_pandapower_solves_them(tmp_path: Path) -> None:
    """Solved by pandapower 3.5.6 without no-load losses, which sit elsewhere in the model."""
    three = {"sn_hv_mva": 63.0, "sn_mv_mva": 25.0, "sn_lv_mva": 38.0, "vn_hv_kv": 110.0, "vn_mv_kv": 20.0}
    three |= {"vn_lv_kv": 10.0, "vk_hv_percent": 10.4, "vk_mv_percent": 10.4, "vk_lv_percent": 10.4}
    three |= {"vkr_hv_percent": 0.28, "vkr_mv_percent": 0.32, "vkr_lv_percent": 0.35, "pfe_kw": 0.0}
    three |= {"i0_percent": 0.0, "shift_mv_degree": 0.0, "shift_lv_degree": 150.0, "tap_side": "hv", "tap_pos": 2}
    three |= {"tap_neutral": 0, "tap_min": -10, "tap_max": 10, "tap_step_percent": 1.2, "tap_changer_type": "Ratio"}
    line = {"r_ohm_per_km": 0.161, "x_ohm_per_km": 0.11, "c_nf_per_km": 406.0, "max_i_ka": 0.358}
    tables: Tables = {
        "bus": [{"name": n, "vn_kv": kv} for n, kv in (("h", 110.0), ("m", 20.0), ("l", 10.0), ("e", 10.0))],
        "ext_grid": [{"bus": 0, "vm_pu": 1.02}],
        "trafo3w": [{"hv_bus": 0, "mv_bus": 1, "lv_bus": 2, "in_service": True, **three}],
        "line": [{"from_bus": 2, "to_bus": 3, "length_km": 2.0, "parallel": 1, "df": 1.0, **line}],
        "load": [
            {"bus": b, "p_mw": p, "q_mvar": q, "scaling": 1.0} for b, p, q in ((1, 15, 5), (2, 10, 3), (3, 1, 0.2))
        ],
        "switch": [{"bus": 1, "element": 0, "et": "t3", "closed": True, "type": "CB"}],
    }  # fmt: skip
    reading = make(tmp_path, tables)
    assert not reading.findings
    volts = solve(only(reading))
    assert abs(volts["m"]) == pytest.approx(0.965189666, abs=5e-6)
    assert math.degrees(np.angle(volts["l"] / volts["m"])) == pytest.approx(-148.37945, abs=1e-3)


@pytest.mark.parametrize(("gone", "pu"), [(1, 0.990410932), (2, 0.974937632)])
def test_three_windings_join_two_where_the_bus_of_one_is_out_of_service(tmp_path: Path, gone: int, pu: float) -> None:
    """Solved by pandapower 3.5.6."""
    three = {"sn_hv_mva": 63.0, "sn_mv_mva": 25.0, "sn_lv_mva": 38.0, "vn_hv_kv": 110.0, "vn_mv_kv": 20.0}
    three |= {"vn_lv_kv": 10.0, "vk_hv_percent": 10.4, "vk_mv_percent": 10.4, "vk_lv_percent": 10.4}
    three |= {"vkr_hv_percent": 0.28, "vkr_mv_percent": 0.32, "vkr_lv_percent": 0.35, "pfe_kw": 0.0}
    three |= {"i0_percent": 0.0, "shift_mv_degree": 0.0, "shift_lv_degree": 0.0}
    tables: Tables = {
        "bus": [{"name": n, "vn_kv": kv} for n, kv in (("h", 110.0), ("m", 20.0), ("l", 10.0))],
        "ext_grid": [{"bus": 0, "vm_pu": 1.0}],
        "trafo3w": [{"hv_bus": 0, "mv_bus": 1, "lv_bus": 2, "in_service": True, **three}],
        "load": [{"bus": b, "p_mw": p, "q_mvar": q, "scaling": 1.0} for b, p, q in ((1, 15, 5), (2, 10, 3))],
        "switch": [{"bus": 3 - gone, "element": 0, "et": "t3", "closed": True}],
    }
    tables["bus"][gone]["in_service"] = False
    reading = make(tmp_path, tables)
    assert not reading.findings
    feeder = only(reading)
    assert len(feeder.switches) == 1 and not {"m", "l"} <= set(feeder.bus)
    assert abs(solve(feeder)["l" if gone == 1 else "m"]) == pytest.approx(pu, abs=5e-6)


def test_a_star_with_a_negative_resistance_is_that_of_its_pairs(tmp_path: Path) -> None:
    """Solved by pandapower 3.5.6; with zero in its place the low side is 1.4e-3 per unit lower."""
    three = {"sn_hv_mva": 40.0, "sn_mv_mva": 25.0, "sn_lv_mva": 15.0, "vn_hv_kv": 110.0, "vn_mv_kv": 20.0}
    three |= {"vn_lv_kv": 10.0, "vk_hv_percent": 10.5, "vk_mv_percent": 11.0, "vk_lv_percent": 12.0, "pfe_kw": 0.0}
    three |= {"vkr_hv_percent": 1.6, "vkr_mv_percent": 0.25, "vkr_lv_percent": 0.25, "i0_percent": 0.0}
    reading = make(tmp_path, {
        "bus": [{"name": n, "vn_kv": kv} for n, kv in (("h", 110.0), ("m", 20.0), ("l", 10.0))],
        "ext_grid": [{"bus": 0, "vm_pu": 1.02}],
        "trafo3w": [{"hv_bus": 0, "mv_bus": 1, "lv_bus": 2, "in_service": True, **three}],
        "load": [{"bus": b, "p_mw": p, "q_mvar": q} for b, p, q in ((1, 15, 5), (2, 9, 3))],
    })  # fmt: skip
    assert not reading.findings
    feeder = only(reading)
    assert min(w.r_pct for w in feeder.transformers[0].windings) < -0.4
    volts = solve(feeder)
    assert [abs(volts[bus]) for bus in "ml"] == pytest.approx([0.9745988, 0.9715616], abs=5e-6)


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize(
    ("mv", "lv"), [(0, 30), (0, 330), (0, 90), (0, 210), (120, 150), (330, 0), (330, 330), (210, 90)]
)
def test_lower_windings_lag_by_the_stated_angles(tmp_path: Path, mv: float, lv: float, swap: bool) -> None:
    """Also where the engine turns no winding, as the first two are alike, or where the first has the lower voltage."""
    three = {"sn_hv_mva": 63.0, "sn_mv_mva": 25.0, "sn_lv_mva": 38.0, "vn_hv_kv": 110.0, "vn_mv_kv": 20.0}
    three |= {"vn_lv_kv": 10.0, "vk_hv_percent": 10.4, "vk_mv_percent": 11.0, "vk_lv_percent": 14.0, "i0_percent": 0.0}
    three |= {"vkr_hv_percent": 0.28, "vkr_mv_percent": 0.32, "vkr_lv_percent": 0.35, "pfe_kw": 0.0}
    three |= {"shift_mv_degree": mv, "shift_lv_degree": lv, "tap_side": "lv", "tap_pos": 2, "tap_neutral": 0}
    three |= {"tap_min": -2, "tap_max": 2, "tap_step_percent": 1.5, "tap_changer_type": "Ratio"}
    kv = {"vn_hv_kv": 5.0} if swap else {}
    tables: Tables = {
        "bus": [{"name": n, "vn_kv": v} for n, v in (("h", 5.0 if swap else 110.0), ("m", 20.0), ("l", 10.0))],
        "ext_grid": [{"bus": 0, "vm_pu": 1.0}],
        "trafo3w": [{"hv_bus": 0, "mv_bus": 1, "lv_bus": 2, "in_service": True, **three, **kv}],
        "load": [{"bus": b, "p_mw": p, "q_mvar": q} for b, p, q in ((1, 15, 5), (2, 10, 3))],
    }
    reading = make(tmp_path, tables)
    assert not reading.findings
    volts = solve(only(reading))
    for bus, shift, size, lag in (("m", mv, 0.968090, 4.673708), ("l", lv, 1.005019, 3.656271)):
        assert abs(volts[bus]) == pytest.approx(size, abs=5e-6)  # by pandapower 3.5.6
        assert (math.degrees(np.angle(volts["h"] / volts[bus])) - shift) % 360 == pytest.approx(lag, abs=1e-3)


@pytest.mark.parametrize(("group", "shift"), [("Dyn", 150), ("YNd", 330), ("YNd", 30), ("Dyn", 210)])
def test_a_first_side_of_lower_voltage(tmp_path: Path, group: str, shift: float) -> None:
    tables = small()
    tables["trafo"][0] |= {"shift_degree": shift, "vector_group": group, "vn_hv_kv": 20.0, "vn_lv_kv": 33.0}
    for row, kv in zip(tables["bus"], (20.0, 33.0, 33.0), strict=True):
        row["vn_kv"] = kv
    del tables["shunt"]
    volts = solve(only(make(tmp_path, tables)))
    lag = (math.degrees(np.angle(volts["a"] / volts["b"])) - shift + 180) % 360 - 180
    assert abs(lag) < 2.0


def test_open_ends_isolate_one_end(tmp_path: Path) -> None:
    tables = small()
    tables["line"].append(tables["line"][0] | {"name": "tie", "std_type": None, "parallel": 1})
    tables["switch"] = [
        {"name": "open", "bus": 2, "element": 1, "et": "l", "closed": False, "type": "LBS"},
        {"name": "shut", "bus": 1, "element": 1, "et": "l", "closed": True, "type": "CB"},
        {"name": "low", "bus": 1, "element": 0, "et": "t", "closed": True, "type": "CB", "in_ka": 1.2},
    ]
    reading = make(tmp_path, tables)
    assert not reading.findings
    feeder = only(reading)
    tie = next(p for p in feeder.lines if p.name == "tie")
    assert (tie.from_bus, tie.to_bus) == ("b__line_1", "bus_2__line_1")
    assert feeder.transformers[0].windings[1].bus == "b__trafo_0"
    states = {s.name: (s.is_closed, s.type, s.normal_a) for s in feeder.switches}
    assert states == {
        "open": (False, "switch", None), "shut": (True, "breaker", None), "low": (True, "breaker", 1200.0),
    }  # fmt: skip
    volts = solve(feeder)
    assert abs(volts["bus_2"]) == pytest.approx(1.009046, abs=5e-5)
    assert abs(volts["bus_2__line_1"] - volts["b"]) < 1e-4


def test_what_is_out_of_service_stays_out(tmp_path: Path) -> None:
    tables = small()
    tables["bus"].append({"name": "gone", "vn_kv": 0.4, "in_service": False})
    tables["bus"].append({"name": "lost", "vn_kv": 0.4, "in_service": False})
    tables["line"].append(tables["line"][0] | {"name": "to_gone", "from_bus": 4, "to_bus": 3})
    tables["line"].append(tables["line"][0] | {"name": "off", "in_service": False})
    tables["line"].append(tables["line"][0] | {"name": "off_to_gone", "to_bus": 3, "in_service": False})
    tables["load"].append({"name": "lost", "bus": 3, "p_mw": 1.0, "q_mvar": 0.0})
    tables["switch"] = [{"bus": 1, "element": 2, "et": "l", "closed": True}]
    reading = make(tmp_path, tables)
    assert not reading.findings
    feeder = only(reading)
    assert {p.name: p.enabled for p in feeder.lines} == {"l": True, "off": False}
    assert not feeder.switches and "gone" not in feeder.bus
    told = {r["object"]: r["reason"] for r in reading.conversion.values() if r["verdict"] == "unused"}
    assert told["bus 3"] == "is out of service"
    assert told["line 1"] == told["line 3"] == told["load 2"] == "its bus is out of service"
    assert told["switch 0"] == "acts on line 2, which is out of service"


@pytest.mark.parametrize(("closed", "pu"), [(None, 1.023448328), (True, 1.023448328), (False, 1.015682682)])
def test_a_line_to_a_bus_out_of_service_is_charged_from_its_other_end(
    tmp_path: Path, closed: bool | None, pu: float
) -> None:
    """Solved by pandapower 3.5.6; without the line the bus has the voltage that it has with the switch open."""
    line = {"r_ohm_per_km": 0.2, "x_ohm_per_km": 0.4, "c_nf_per_km": 300.0, "max_i_ka": 0.3, "in_service": True}
    tables: Tables = {
        "bus": [{"name": n, "vn_kv": 20.0, "in_service": n != "gone"} for n in ("a", "b", "gone")],
        "ext_grid": [{"bus": 0, "vm_pu": 1.02}],
        "line": [{"name": "first", "from_bus": 0, "to_bus": 1, "length_km": 8.0, **line},
                 {"name": "tail", "from_bus": 2, "to_bus": 1, "length_km": 25.0, **line}],
        "load": [{"bus": 1, "p_mw": 1.0, "q_mvar": 0.2}],
        "switch": [] if closed is None else [{"bus": 1, "element": 1, "et": "l", "closed": closed}],
    }  # fmt: skip
    tables["bus"][2]["geo"] = json.dumps({"type": "Point", "coordinates": [7.3, 48.1]})
    reading = make(tmp_path, tables)
    assert not reading.findings
    feeder = only(reading)
    (tail,) = (p for p in feeder.lines if p.name == "tail")
    assert "gone" not in feeder.bus and (feeder.bus[tail.from_bus].x, feeder.bus[tail.from_bus].y) == (7.3, 48.1)
    assert abs(solve(feeder)["b"]) == pytest.approx(pu, abs=5e-7)


@pytest.mark.parametrize("nothing", ["nan", "None", "<NA>"])
def test_a_missing_text_is_missing_however_pandas_wrote_it(tmp_path: Path, nothing: str) -> None:
    """So pandapower 3 writes transformers made without vector group or type of tap changer, whose taps it ignores."""
    unnamed = {"tap_changer_type": nothing, "vector_group": nothing, "name": nothing}
    tables, others = small(), small()
    tables["trafo"][0] |= unnamed
    others["trafo"][0] |= dict.fromkeys(unnamed)
    reading = make(tmp_path, tables)
    assert not reading.findings
    ours, wanted = only(reading), only(make(tmp_path, others))
    assert ours == wanted and [w.tap_pu for w in ours.transformers[0].windings] == [1.0, 1.0]


def test_a_symmetrical_tap_of_no_angle_is_one_of_the_ratio(tmp_path: Path) -> None:
    tables, others = small(), small()
    tables["trafo"][0] |= {"tap_changer_type": "Symmetrical", "tap_step_degree": 0.0}
    assert only(make(tmp_path, tables)) == only(make(tmp_path, others))
    tables["trafo"][0] |= {"tap_step_degree": 90.0}
    assert [f.check for f in make(tmp_path, tables).findings] == ["pandapower.tap"]
    tables["trafo"][0] |= {"tap_changer_type": "Ratios", "tap_step_degree": 0.0}
    assert [(f.check, f.field, f.value) for f in make(tmp_path, tables).findings] == [
        ("pandapower.tap", "tap_changer_type", "Ratios")
    ]


def test_phases_of_asymmetric_rows(tmp_path: Path) -> None:
    tables = small()
    power = {"p_a_mw": 0.001, "q_a_mvar": 0.0, "p_b_mw": 0.0, "q_b_mvar": 0.0, "p_c_mw": 0.003, "q_c_mvar": 0.001}
    tables["asymmetric_load"] = [{"name": k, "bus": 2, "type": k, "scaling": 2.0, **power} for k in ("wye", "delta")]
    tables["asymmetric_sgen"] = [{"name": "g", "bus": 2, "type": "wye", **power}]
    feeder = only(make(tmp_path, tables))
    loads = {p.name.removeprefix("asymmetric_load_"): p for p in feeder.loads}
    assert (loads["wye_c"].kw, loads["wye_c"].kvar, loads["wye_c"].nodes) == (6.0, 2.0, (3,))
    assert (loads["delta_c"].nodes, loads["delta_c"].kv) == ((3, 1), 0.4)
    assert loads["wye_a"].kv == pytest.approx(0.4 / math.sqrt(3))
    assert "wye_b" not in loads
    assert {p.name: p.kw for p in feeder.generators if "asym" in p.name} == {
        "asymmetric_sgen_g_a": 1.0, "asymmetric_sgen_g_c": 3.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "row"),
    [("gen", {"bus": 2, "p_mw": 0.1, "vm_pu": 1.0}), ("xward", {"bus": 2}), ("dcline", {"from_bus": 1}),
     ("load_dc", {"p_mw": 1.0})],
)  # fmt: skip
def test_what_the_model_lacks_is_an_error(tmp_path: Path, table: str, row: dict[str, Any]) -> None:
    tables = small()
    tables[table] = [{"in_service": True, **row}]
    (finding,) = make(tmp_path, tables).findings
    assert (finding.check, finding.severity) == ("conversion.object-refused", "error")
    assert finding.element == f"{table} 0"


def test_places_of_lines_lie_between_the_buses(tmp_path: Path) -> None:
    tables = small()
    tables["bus"][2]["geo"] = json.dumps({"type": "Point", "coordinates": [7.3, 48.2]})
    path = [[7.3, 48.2], [7.25, 48.3], [7.22, 48.1], [7.2, 48.2]]
    tables["line"][0]["geo"] = json.dumps({"type": "LineString", "coordinates": path})
    (line,) = only(make(tmp_path, tables)).lines
    assert line.path == ((7.22, 48.1), (7.25, 48.3))


def test_nothing_of_a_file_is_imported(tmp_path: Path) -> None:
    (tmp_path / "planted_module.py").write_text("raise SystemExit('ran')\n")
    sys.path.insert(0, str(tmp_path))
    try:
        evil = {"_module": "planted_module", "_class": "Evil", "_object": {}}
        reading = make(tmp_path, small() | {"controller": [{"object": evil, "in_service": True}]}, extra=evil)
    finally:
        sys.path.remove(str(tmp_path))
    assert "planted_module" not in sys.modules
    left = {r["object"] for r in reading.conversion.values() if r["verdict"] in ("refused", "unused")}
    assert left >= {"extra", "controller 0"}


def test_files_that_cannot_be_read_are_findings(tmp_path: Path) -> None:
    deep = "[" * 100_000
    texts = {
        "deep": deep,
        "text": "hello",
        "list": "[]",
        "none": "{}",
        "bytes": "\x00\x01",
        "cut": wrapped(small())[:900],
    }
    texts |= {
        "new": wrapped(small(), version="4.0.0"),
        "old": wrapped(small(), version=""),
        "hz": '{"bus": 1, "version": 1, "f_hz": "x"}',
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.json").write_text(text)
    reading = read("pandapower", tmp_path, "*.json")
    assert {f.feeder: f.check for f in reading.findings} == dict.fromkeys(texts, "source.unreadable")
    assert not reading.parts


def test_a_case_of_pypower_is_no_empty_network(tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text('{"version": "2", "baseMVA": 100, "bus": [[1, 3, 0, 0]], "branch": [[1, 2]]}')
    reading = read("pandapower", tmp_path, "case.json")
    assert [f.check for f in reading.findings] == ["source.unreadable"] and not reading.parts
    assert "`bus` is no data frame" in reading.findings[0].message and "PYPOWER" in reading.findings[0].message


def test_two_files_of_one_name(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "net.json").write_text(wrapped(small()))
    reading = read("pandapower", tmp_path, "*/*.json")
    assert [f.check for f in reading.findings] == ["network.duplicate"]
    assert list(feeders(reading)) == ["net"]


def test_shared_cable_is_one_line_code(tmp_path: Path) -> None:
    tables = small()
    tables["bus"].append({"name": "end", "vn_kv": 0.4})
    tables["line"].append(tables["line"][0] | {"name": "n", "from_bus": 2, "to_bus": 3})
    tables["line"].append(tables["line"][0] | {"name": "o", "from_bus": 2, "to_bus": 3, **CABLE, "r_ohm_per_km": 0.3})
    assert [c.name for c in only(make(tmp_path, tables)).line_codes] == ["2x_nayy_4x150_se", "2x_nayy_4x150_se@2"]
    assert files_of(tmp_path).keys() == {"net.json"}


def test_files_of_two_frequencies(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(wrapped(small()))
    (tmp_path / "b.json").write_text(wrapped(small()).replace('"f_hz": 50.0', '"f_hz": 60.0'))
    reading = read("pandapower", tmp_path, "*.json")
    assert [(f.feeder, f.field, f.value) for f in reading.findings] == [("b", "f_hz", "60")]
    assert list(reading.parts) == ["a"]


def test_versions_that_keep_their_parameters_in_a_table(tmp_path: Path) -> None:
    """Versions 1.4 and 1.5 wrote bare columns and a table of parameters, with version and frequency in it."""
    body = json.loads(wrapped(old(small()), order="bare"))
    for word in ("version", "format_version", "f_hz"):
        del body[word]
    body["parameters"] = {"parameter": {"name": "", "version": 1.4, "converged": True, "f_hz": 60.0, "sn_kva": 1000.0}}
    body["dtypes"] = {"element": {"0": "bus"}, "column": {"0": "vn_kv"}, "dtype": {"0": "float64"}}
    (tmp_path / "net.json").write_text(json.dumps(body))
    reading = read("pandapower", tmp_path, "*.json")
    assert not reading.findings and reading.frequency_hz == 60.0
    (roof,) = only(reading).generators
    assert roof.kw == 15.0, "its sign is that of versions before 2.0"


def test_tables_beside_the_network_are_no_elements(tmp_path: Path) -> None:
    """What SimBench and others put into a network: profiles, load cases by name, and tables of their own."""
    frame = {"_module": "pandas.core.frame", "_class": "DataFrame", "orient": "split"}
    cases = frame | {"_object": json.dumps({"columns": ["pload"], "index": ["hL", "n1"], "data": [[1.0], [0.9]]})}
    places = [{"name": "HV1", "voltLvl": 3}]
    reading = make(tmp_path, small() | {"substation": places}, loadcases=cases, profiles={"load": cases, "sgen": cases})
    assert not reading.findings
    told = {r["object"]: (r["verdict"], r["reason"]) for r in reading.conversion.values()}
    assert told["loadcases"][0] == told["profiles"][0] == "refused"
    assert told["substation 0"][0] == "unused" and "no row of it stands at a bus" in told["substation 0"][1]
    broken = make(tmp_path, {k: v for k, v in small().items() if k != "load"}, load=cases)
    assert [f.check for f in broken.findings] == ["source.unreadable"]
