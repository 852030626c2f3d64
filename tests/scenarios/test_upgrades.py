"""Works on a network: each does what it is for, none before its year, and files come back as they went."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from power_cases import demand_of, own

from dtl.errors import SolveError
from dtl.network.conductors import line_code
from dtl.network.feeder import Feeder
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.opendss import Year
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State
from dtl.spec.upgrade_file import UpgradesError, works, write

CONTEXT = Context(2030, 2025, "America/Chicago")
FEEDER = own("mixed")
DEMAND = demand_of(FEEDER)
OPEN_FUSE = {"name": "a", "kind": "switching", "do": [{"open": "two poles"}]}
STEPS: list[dict[str, Any]] = [
    {"replace_transformer": {"at": "t1", "kva": 500.0}, "cost": 9000.0},
    {"rebuild_line": {"line": "l2", "conductor": "4/0_acsr"}},
    {"rebuild_line": {"from": "a", "to": "c", "phases": "ABC", "conductor": "1/0_acsr"}},
    {"add_regulator": {"at": "lv", "set_volts": 123.0}},
    {"add_regulator": {"at": "l1", "set_volts": 124.0}},
    {"add_capacitor": {"at": "d", "kvar": 200.0, "phases": "ABC"}},
    {"set_regulator": {"at": "reg", "volts": 118.0}},
    {"set_tap": {"at": "t1", "tap": -4}},
    {"move_phase": {"at": "l3", "to": "BC"}},
]


def composed(*steps: dict[str, Any], context: Context = CONTEXT, layers: tuple[dict[str, Any], ...] = ()) -> State:
    works_layer = {"name": "works", "kind": "upgrades", "do": list(steps)}
    return compose([works_layer, *layers], FEEDER, DEMAND, context)


def volts(state: State, *nodes: str) -> list[float]:
    year = Year(*realise(state), controls_active=True)
    (block,) = year.blocks([4100])
    return [float(np.abs(block.voltages[year.circuit.nodes.index(n)])[0]) for n in nodes]


def opened(feeder: Feeder) -> Feeder:
    """The feeder without the fuse that makes a ring of the branch to c."""
    return feeder.model_copy(update={"switches": tuple(s for s in feeder.switches if s.name != "two poles")})


@pytest.mark.parametrize("step", STEPS, ids=lambda s: next(k for k in s if k != "cost"))
def test_a_work_changes_the_feeder_in_both_engines_and_not_before_its_year(step: dict[str, Any]) -> None:
    feeder = opened(FEEDER)
    layer = {"name": "works", "kind": "upgrades", "do": [step | {"year": 2030}]}
    early = compose([layer], feeder, DEMAND, replace(CONTEXT, year=2029))
    assert early.feeder == feeder
    state = compose([layer], feeder, DEMAND, CONTEXT)
    assert state.feeder != feeder and feeder == opened(own("mixed"))
    assert Feeder.from_json(state.feeder.to_json()) == state.feeder
    assert any(next(k for k in step if k != "cost") in row["field"] for row in state.assumptions)
    whole, demand = realise(state)
    year = Year(whole, demand, controls_active=False, tolerance=1e-9)
    (block,) = year.blocks([4100])
    fast = BatchYear(whole, demand, tolerance=1e-9)
    (other,) = fast.blocks([4100])
    order = [fast.circuit.node[n] if n else 0 for n in year.circuit.nodes]
    base = np.maximum(np.abs(block.voltages).max(axis=1, keepdims=True), 1.0)
    assert (np.abs(other.voltages[order] - block.voltages) / base).max() < 1e-6


def test_each_does_what_it_is_for() -> None:
    before = volts(composed(STEPS[0] | {"year": 2031}), "lv.1", "b%2e1%20street.1")
    assert volts(composed(STEPS[0]), "lv.1")[0] > before[0], "less drop in a larger transformer"
    assert volts(composed(STEPS[5]), "lv.1")[0] > before[0], "a capacitor raises the voltage"
    assert volts(composed(STEPS[7]), "lv.1")[0] > before[0], "a lower tap of the high side raises the low side"
    held = volts(composed(STEPS[3]), "lv.1", "lv.2", "lv.3")
    assert [v / 277.0 * 120.0 for v in held] == pytest.approx([123.0] * 3, abs=1.5)
    lower = volts(composed(STEPS[6]), "b%2e1%20street.1")[0]
    assert lower / before[1] == pytest.approx(118.0 / 123.0, abs=0.012)


def test_a_branch_brings_its_loads_to_the_other_phases() -> None:
    feeder = opened(FEEDER)
    layer = {"name": "works", "kind": "upgrades", "do": [STEPS[8]]}
    after = compose([layer], feeder, DEMAND, CONTEXT).feeder
    assert after.bus["c"].nodes == (2, 3) and after.bus["a"] == feeder.bus["a"]
    turn = {1: 2, 2: 3}
    for field in ("loads", "capacitors", "generators"):
        for old, new in zip(getattr(feeder, field), getattr(after, field), strict=True):
            moved = tuple(turn.get(n, n) for n in old.nodes)
            assert new.nodes == (moved if old.bus == "c" else old.nodes)
    back = {"name": "works", "kind": "upgrades", "do": [{"move_phase": {"at": "l3", "to": "AB"}}]}
    assert compose([back], after, DEMAND, CONTEXT).feeder == feeder


def test_new_phases_can_be_used_by_a_later_layer() -> None:
    plant = {"name": "big", "kind": "project", "at": "c", "type": "pv", "kw": 30.0, "phases": "ABC"}
    assert composed(STEPS[2], layers=(plant,)).plants
    with pytest.raises(SolveError, match="bus 'c' has phases AB and no C"):
        compose([plant], FEEDER, DEMAND, CONTEXT)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (
            {"replace_transformer": {"at": "mixed:t9", "kva": 5.0}},
            "mixed has no transformer 't9'; there is 'reg', 't1', 't2'",
        ),
        ({"rebuild_line": {"line": "l2", "conductor": "4/0 acr"}}, "there is no conductor '4/0 acr'; did you mean"),
        ({"rebuild_line": {"line": "l3", "phases": "ABC"}}, "line 'l3' with 3 phases needs a 'conductor'"),
        ({"rebuild_line": {"from": "a", "to": "d", "phases": "A"}}, "no line joins the buses 'a' and 'd'; lines lead"),
        ({"rebuild_line": {"line": "l2", "phases": "A", "conductor": "2_acsr"}}, "parts lose supply"),
        ({"set_tap": {"at": "t1", "tap": 20}}, "tap 20 of transformer 't1' is 1.125 pu, outside"),
        ({"move_phase": {"at": "l3", "to": "BC"}}, "'l3' is in a ring, which switch two poles closes"),
        ({"move_phase": {"at": "l1", "to": "AB"}}, "'l1' has phases ABC, so that it can be moved to as many"),
        ({"add_capacitor": {"at": "c", "kvar": 5.0, "phases": "ABC"}}, "bus 'c' has phases AB and no C"),
        ({"add_regulator": {"at": "mill"}}, "bus 'mill' takes no regulator"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(step: dict[str, Any], text: str) -> None:
    with pytest.raises(SolveError) as caught:
        composed(step)
    assert str(caught.value).startswith("layer 'works': ") and text in str(caught.value)


def test_a_battery_shaves_the_peak_of_its_feeder_and_loses_what_it_says() -> None:
    step = {"add_battery": {"at": "lv", "kw": 40.0, "kwh": 120.0}}
    growth = {"name": "more", "kind": "growth", "per_year": 0.03}
    state = composed(step, layers=(growth,))
    (plant,) = state.plants
    net = compose([growth], FEEDER, DEMAND, CONTEXT).kw().sum(axis=0)
    assert (net + plant.kw).max() < net.max() - 20.0, "against the load of the last layer"
    charged, given_back = np.maximum(plant.kw, 0.0).sum(), -np.minimum(plant.kw, 0.0).sum()
    assert np.abs(plant.kw).max() <= 40.0 + 1e-4 and given_back == pytest.approx(0.9 * charged, rel=1e-3)
    stored = np.cumsum(np.where(plant.kw > 0, plant.kw * np.sqrt(0.9), plant.kw / np.sqrt(0.9)))
    assert np.ptp(stored) <= 120.0 + 0.1
    whole, demand = realise(state)
    (block,) = Year(whole, demand, controls_active=False).blocks([int(np.argmin(plant.kw))])
    at = [p.name for p in whole.generators if p.enabled].index("works:battery:lv")
    assert block.generator_kva[at].real == pytest.approx(plant.kw.min(), abs=1e-2)
    assert not composed(step | {"year": 2031}).plants


def test_a_file_of_works_says_the_same_as_the_list(tmp_path: Path) -> None:
    path = tmp_path / "works.csv"
    every = [STEPS[0] | {"year": 2030}, *STEPS[1:], {"add_battery": {"at": "lv", "kw": 40.0, "kwh": 120.0}}]
    write(every, path)
    assert works(path) == every
    context = replace(CONTEXT, files={"works.csv": path})
    some = [STEPS[0] | {"year": 2030}, STEPS[4], STEPS[6]]
    write(some, path)
    state = compose([{"name": "works", "kind": "upgrades", "from": "works.csv"}], FEEDER, DEMAND, context)
    assert state.feeder == composed(*some).feeder
    (cost,) = [r["value"] for r in state.assumptions if r["field"].startswith("cost")]
    assert cost == 9000.0


def test_a_file_tells_all_that_is_wrong_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "works.csv"
    path.write_text(
        "asset,change,to,year,cost\n# a note\nt1,replace_transformr,500,2030,\nt1,replace_transformer,big,2030,\n"
        "t1,replace_transformer,500,20300,\n,set_tap,3,,\nt1,set_tap,3 4,,\nt1,set_tap,3,2030,100\n"
    )
    with pytest.raises(UpgradesError) as caught:
        works(path)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[1] for line in lines] == ["3", "4", "5", "6", "7"]
    assert "did you mean 'replace_transformer'?" in lines[0] and "'big' is not a number" in lines[1]


def test_conductors_on_their_pole_are_those_of_the_ieee_test_feeders() -> None:
    """Configurations 601, 603 and 605 of the IEEE 13 Node Test Feeder, ohm per mile, phases as on the pole."""
    published = {
        ("556_acsr", 3): [[0.3375 + 1.0478j, 0.1560 + 0.5017j, 0.1535 + 0.3849j],
                          [0.1560 + 0.5017j, 0.3465 + 1.0179j, 0.1580 + 0.4236j],
                          [0.1535 + 0.3849j, 0.1580 + 0.4236j, 0.3414 + 1.0348j]],
        ("1/0_acsr", 2): [[1.3238 + 1.3569j, 0.2066 + 0.4591j], [0.2066 + 0.4591j, 1.3294 + 1.3471j]],
        ("1/0_acsr", 1): [[1.3292 + 1.3475j]],
    }  # fmt: skip
    for (name, phases), expected in published.items():
        code = line_code(name, phases, 60.0)
        z = (np.array(code.r_ohm_per_km) + 1j * np.array(code.x_ohm_per_km)) * 1.609344
        np.testing.assert_allclose(z, expected, atol=1e-3)
