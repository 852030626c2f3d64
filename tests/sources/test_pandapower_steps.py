"""What pandapower networks state by step: the same feeder as with the values of the step put in, or a finding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from models import only, read
from pandapower_nets import Tables, small, wrapped

from dtl.sources.reading import Reading

STEPS = [-2, -1, 0, 1, 2]
TABLE = [
    {"id_characteristic": i, "step": s, "voltage_ratio": 1 + 0.03 * s, "angle_deg": 5.0 * i, "vk_percent": 6 + 0.5 * s,
     "vkr_percent": 1.5 + 0.25 * s}
    for i in (0, 1) for s in STEPS
]  # fmt: skip
SHUNTS = [{"id_characteristic": 4, "step": s, "p_mw": p, "q_mvar": q} for s, p, q in ((1, 0, -0.01), (2, 0, -0.035))]


def made(folder: Path, tables: Tables) -> Reading:
    folder.mkdir(exist_ok=True)
    (folder / "net.json").write_text(wrapped(tables))
    return read("pandapower", folder, "*.json")


def same(tmp_path: Path, one: Tables, other: Tables) -> None:
    first, second = made(tmp_path / "one", one), made(tmp_path / "two", other)
    assert not first.findings and not second.findings
    assert only(first).to_json() == only(second).to_json()


def with_trafo(**words: Any) -> Tables:
    tables = small()
    tables["trafo"][0] |= words
    return tables


@pytest.mark.parametrize("kind", ["Ratio", "Tabular"])
def test_a_tap_that_follows_a_table(tmp_path: Path, kind: str) -> None:
    tabled = with_trafo(tap_dependency_table=True, id_characteristic_table=0, tap_changer_type=kind)
    told = with_trafo(vk_percent=5.5, vkr_percent=1.25, tap_step_percent=3.0)
    same(tmp_path, tabled | {"trafo_characteristic_table": TABLE}, told)


@pytest.mark.parametrize(
    ("words", "column"),
    [({"id_characteristic_table": 7}, "tap_pos"), ({"tap_pos": 3}, "tap_pos"),
     ({"id_characteristic_table": 1}, "tap_pos"), ({"id_characteristic_table": None}, "id_characteristic_table")],
)  # fmt: skip
def test_a_table_that_cannot_be_followed(tmp_path: Path, words: dict[str, Any], column: str) -> None:
    asked = {"tap_dependency_table": True, "id_characteristic_table": 0, "tap_changer_type": "Tabular"} | words
    (finding,) = made(tmp_path / "net", with_trafo(**asked) | {"trafo_characteristic_table": TABLE}).findings
    assert (finding.severity, finding.element, finding.field) == ("error", "trafo 0", column)


def curve(*points: tuple[float, float]) -> list[dict[str, Any]]:
    x, y = zip(*points, strict=True)
    body = json.dumps({"x_vals": x, "y_vals": y, "interpolator_kind": "interp1d"})
    return [{"object": {"_module": "pandapower.control", "_class": "SplineCharacteristic", "_object": body}}]


def test_an_impedance_on_a_curve_of_format_2(tmp_path: Path) -> None:
    words = {"tap_dependent_impedance": True, "vk_percent_characteristic": 0}
    same(
        tmp_path,
        with_trafo(**words) | {"characteristic": curve((-1, 5.2), (0, 6.0))},
        with_trafo(vk_percent=5.2),
    )
    for name, points in (("between", curve((-2, 5.0), (0, 6.0))), ("none", [])):
        (finding,) = made(tmp_path / name, with_trafo(**words) | {"characteristic": points}).findings
        assert (finding.check, finding.element) == ("pandapower.tap", "trafo 0")


def test_a_shunt_whose_steps_are_not_alike(tmp_path: Path) -> None:
    tables, told = small(), small()
    tables["shunt"][0] |= {"step_dependency_table": True, "id_characteristic_table": 4}
    told["shunt"][0] |= {"q_mvar": -0.035, "step": 1, "max_step": 1}
    same(tmp_path, tables | {"shunt_characteristic_table": SHUNTS}, told)


def test_storages_keep_or_lose_what_the_file_states(tmp_path: Path) -> None:
    tables = small()
    tables["storage"] = [
        {"bus": 2, "p_mw": 0.02, "q_mvar": 0.01, "max_e_mwh": 0.1, "scaling": 1.0},
        {"bus": 2, "p_mw": 0.0, "q_mvar": 0.0, "max_e_mwh": 0.1},
        {"bus": 2, "p_mw": 0.02, "q_mvar": 0.01, "scaling": 0.5},
        {"bus": 2, "p_mw": -0.03, "q_mvar": 0.01},
    ]
    reading = made(tmp_path / "net", tables)
    assert [(f.check, f.severity, f.element) for f in reading.findings] == [
        ("conversion.property-refused", "warning", "storage 0"),
        ("source.missing-value", "warning", "storage 2"),
        ("source.missing-value", "warning", "storage 3"),
    ]
    feeder = only(reading)
    assert [p.name for p in feeder.storages] == ["storage_0", "storage_1"]
    assert [(p.kw, p.kvar) for p in feeder.loads if p.name.startswith("storage")] == [(10.0, 5.0)]
    assert [(p.kw, p.kvar) for p in feeder.generators if p.name.startswith("storage")] == [(30.0, -10.0)]
