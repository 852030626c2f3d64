"""What must hold of every capacity, whatever the feeder (HC-13), and the closed form of two buses (HC-14)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hosting_cases import WORDS, case_of
from power_cases import demand_of, own, solve_spec

from dtl import tables
from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.drive import drive
from dtl.analyses.hosting.gather import gathered
from dtl.analyses.hosting.iterative import iterative
from dtl.analyses.hosting.placements import deployments
from dtl.analyses.hosting.prove import prove
from dtl.analyses.hosting.qsts import qsts
from dtl.analyses.hosting.stage import answers
from dtl.analyses.hosting.stochastic import nobody, stochastic
from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand
from dtl.network.feeder import Bus, Feeder, Generator, Line, LineCode, Load, Source
from dtl.powerflow.hours import chosen, net_kw

HOURS = [30, 2777, 4146, 5344]
STEP = {"tolerance_kw": 5.0, "distributed": True}


def capacities(case: Case, of: str = "generation", criterion: str = "all") -> dict[str, float]:
    return {r["bus"]: r["hc_kw"] for r in iterative(case, STEP, of)  # type: ignore[arg-type]
            if r["criterion"] == criterion}  # fmt: skip


def two_buses(r_ohm: float = 0.1, kw: float = 0.0) -> Feeder:
    code = LineCode(
        name="c", r_ohm_per_km=((r_ohm, 0, 0), (0, r_ohm, 0), (0, 0, r_ohm)), x_ohm_per_km=((0,) * 3,) * 3,
        c_nf_per_km=((0,) * 3,) * 3, normal_a=1000.0,
    )  # fmt: skip
    nodes, kv = (1, 2, 3), 0.4
    return Feeder(
        id="two", feeders=("two",),
        sources=(Source(name="s", bus="a", kv_ll=kv, r1_ohm=0.0, x1_ohm=1e-6, r0_ohm=0.0, x0_ohm=1e-6),),
        buses=tuple(Bus(name=n, nodes=nodes, kv_ln=kv / 3**0.5) for n in "ab"), line_codes=(code,),
        lines=(
            Line(name="l", from_bus="a", to_bus="b", from_nodes=nodes, to_nodes=nodes, length_km=1.0, line_code="c"),
        ),
        loads=(Load(name="d", bus="b", nodes=nodes, phases=3, kv=kv, kw=kw, kvar=0.0, min_pu=0.5, max_pu=1.5),),
    )  # fmt: skip


def test_closed_form_of_two_buses() -> None:
    """V_r (V_r - V_s) / R at V_r = 1.05 x 0.4 kV, R = 0.1 ohm, unity power factor and no reactance: 84 kW."""
    case = case_of(two_buses(), hours=[0], up_to_kw=200.0)
    rows = iterative(case, {"tolerance_kw": 1e-5, "distributed": False}, "generation")
    found = next(r for r in rows if r["criterion"] == "overvoltage_secondary")
    assert found["hc_kw"] == pytest.approx(84.0, rel=1e-6)
    assert (found["limiting_factor"], found["limiting_hour"]) == ("overvoltage_secondary", 0)
    assert found["limiting_element"].startswith("bus b.")
    assert next(r for r in drive(case, {}, "generation"))["hc_kw"] == pytest.approx(0.98 * 84.0, rel=2e-3)


def test_unbounded_plants_are_at_least() -> None:
    (row, *_) = iterative(case_of(two_buses(), hours=[0], up_to_kw=20.0), STEP, "generation")
    assert (row["hc_kw"], row["at_least"], row["limiting_factor"], row["step_kw"]) == (20.0, True, "", 0.0)


def with_voltage(high_pu: float) -> dict[str, Any]:
    spec = solve_spec(controls="frozen")
    spec["limits"]["voltage"] = [{"kv": [0, 1000], "phases": None, "low_pu": 0.9, "high_pu": high_pu, "at": "service"}]
    return spec


def test_tighter_limits_higher_impedance_and_less_load_never_host_more(mixed: Feeder) -> None:
    wide, tight = (capacities(case_of(mixed, hours=HOURS, spec=with_voltage(v))) for v in (1.06, 1.045))
    assert all(tight[bus] <= wide[bus] for bus in wide)
    assert sum(tight.values()) < sum(wide.values())
    weak = mixed.model_copy(update={"sources": tuple(s.model_copy(update={"r1_ohm": 8 * s.r1_ohm + 2.0}) for s in
                                                     mixed.sources)})  # fmt: skip
    change = {"criteria": {"voltage_deviation": {"at_most_pct": 3.0}}}
    source, strong = (capacities(case_of(f, hours=HOURS, **change)) for f in (weak, mixed))
    assert all(source[bus] <= strong[bus] for bus in source)
    assert sum(source.values()) < sum(strong.values())
    halved = tuple(p.model_copy(update={"kw": 0.5 * p.kw, "kvar": 0.5 * p.kvar}) for p in mixed.loads)
    half = mixed.model_copy(update={"loads": halved})
    words = {"criteria": {"reverse_flow": {"at": "head", "over_kw": 0.0}}}
    less = capacities(case_of(half, hours=HOURS, **words))
    more = capacities(case_of(mixed, hours=HOURS, **words))
    assert all(less[bus] <= more[bus] for bus in less)
    assert sum(less.values()) < sum(more.values())


def test_many_plants_together_stand_nowhere_above_the_capacity_of_one(mixed: Feeder) -> None:
    case = case_of(mixed, hours=HOURS, spec=with_voltage(1.05))
    alone = capacities(case)
    together = dict(zip([p.bus for p in case.customers], case.energy_share() * alone[""], strict=True))
    assert all(kw <= alone[bus] for bus, kw in together.items())


def test_flexible_connection_takes_at_least_what_the_firm_one_does(mixed: Feeder) -> None:
    case = case_of(mixed, hours=range(0, 8760, 400), spec=with_voltage(1.05))
    firm = {b: kw for b, kw in capacities(case).items() if b}
    none, some = ({r["bus"]: r for r in qsts(case, {"tolerance_kw": 5.0, "hours_allowed_h": h}, "generation")}
                  for h in (0, 4))  # fmt: skip
    assert {b: r["hc_kw"] for b, r in none.items()} == firm
    assert all(r["hc_kw"] >= firm[b] and r["hours_violated"] <= 4 for b, r in some.items())
    assert any(r["hc_kw"] > firm[b] for b, r in some.items())


def test_violations_without_a_plant_count_or_not_by_the_declared_rule(mixed: Feeder) -> None:
    broken = with_voltage(1.001)
    rows = {rule: {r["bus"]: r for r in iterative(case_of(mixed, hours=HOURS, spec=broken, pre_existing=rule), STEP,
                                                  "generation") if r["criterion"] == "all"}
            for rule in ("counts", "only_if_worse", "ignored")}  # fmt: skip
    assert all(r["hc_kw"] == 0 and r["pre_existing"] for r in rows["counts"].values())
    assert all("without any plant" in r["verdict"] and r["limiting_element"] for r in rows["counts"].values())
    for bus in rows["counts"]:
        assert rows["only_if_worse"][bus]["hc_kw"] <= rows["ignored"][bus]["hc_kw"]
    assert any(r["hc_kw"] > 0 for r in rows["ignored"].values())


def test_deployments_are_nested_and_do_not_depend_on_how_many_there_are() -> None:
    few, many = (deployments(7, n, [5.0, 50.0], ["study", "feeder", 1]) for n in (3, 5))
    np.testing.assert_array_equal(few.rank, many.rank[:, :3])
    np.testing.assert_array_equal(few.size_kw, many.size_kw[:, :3])
    levels = np.arange(8)
    kw = many.kw(np.full(8, 4), levels)
    assert ((np.diff(kw, axis=1) > 0).sum(axis=0) == 1).all()
    np.testing.assert_allclose(kw.sum(axis=0), many.total_kw(np.full(8, 4), levels))
    assert not np.array_equal(many.rank, deployments(7, 5, [5.0, 50.0], ["study", "other", 1]).rank)


def test_stochastic_says_what_it_is_worth(mixed: Feeder) -> None:
    case = case_of(mixed, hours=HOURS, spec=with_voltage(1.03))
    words = {"placements": 40, "kw_each": [5.0, 500.0], "seed": 2}
    feeder, *buses = stochastic(case, words, "generation")
    assert feeder["hc_kw_p5"] <= feeder["hc_kw_p50"] <= feeder["hc_kw_p95"]
    assert sum(r["hc_kw_mean"] for r in buses) == pytest.approx(feeder["hc_kw_mean"])
    assert np.all(np.diff(feeder["violation_share"]) >= 0)
    assert feeder["standard_error_kw"] > 0
    again = stochastic(case_of(mixed, hours=HOURS, spec=with_voltage(1.03)), words, "generation")
    assert again[0]["hc_kw_p50"] == feeder["hc_kw_p50"]


def test_hours_are_the_extreme_days(mixed: Feeder) -> None:
    demand, calendar = demand_of(mixed), Calendar()
    hours = chosen("month_extremes_576", demand, calendar)
    assert len(hours) == 576
    assert set(np.unique(calendar.month[hours], return_counts=True)[1]) == {48}
    net = net_kw(demand)
    assert {int(net.argmax()), int(net.argmin())} <= set(chosen("extremes_48", demand, calendar).tolist())


@pytest.mark.parametrize("name", ["mixed", "split_phase"])
def test_every_row_keeps_its_contract_and_is_gathered(name: str) -> None:
    criteria = {"overvoltage": {}, "undervoltage": {}, "thermal": {}, "voltage_deviation": {"at_most_pct": 3.0},
                "reverse_flow": {"at": "head", "over_kw": 0.0}, "unbalance": {"at_most_pct": 2.0},
                "regulator_deviation": {"at_most_pct": 50.0}, "islanding": {"at_most_pct": 50.0},
                "ground_fault_overvoltage": {"at_most_pct": 125.0},
                "sympathetic_tripping": {"pickup_a": 150.0}}  # fmt: skip
    methods = {"drive": {}, "iterative": STEP, "qsts": {"tolerance_kw": 50.0, "hours_allowed_h": 1.0},
               "stochastic": {"placements": 5, "kw_each": [1.0, 9.0], "seed": 0}}  # fmt: skip
    case = case_of(own(name), hours=HOURS, criteria=criteria, operational_flexibility="both")
    words = WORDS | {"methods": methods, "of": ["generation", "load"]}
    found = list(answers(case, words))
    same = {"scenario": "base", "year": 0, "case": "base", "feeder": name}
    table = tables.frame("hosting", [{**same, **r} for r in found])
    assert {r["criterion"] for r in found if r["of"] == "generation"} >= {"all", "islanding", "unbalance", "thermal"}
    cube = tables.frame("cube", gathered(table))
    assert {"hosting_generation_median_kw", "hosting_load_deployed_kw"} <= set(cube["metric"].to_pylist())
    exact = {(r["of"], r["bus"]): r["hc_kw"] for r in found if r["method"] == "iterative" and r["criterion"] == "all"}
    quick = [r for r in found if r["method"] == "drive" and r["criterion"] == "all"]
    assert len(quick) == sum(1 for of, bus in exact if bus)
    assert all(r["hc_kw"] <= exact[r["of"], r["bus"]] + STEP["tolerance_kw"] for r in quick)


def test_no_customer_and_no_supply_are_verdicts(mixed: Feeder) -> None:
    bare = mixed.model_copy(update={"loads": ()})
    case = case_of(bare, Demand({}, {}), hours=HOURS)
    assert stochastic(case, {"placements": 5, "kw_each": [1.0, 9.0], "seed": 0}, "generation") == [nobody()]
    assert all(r["verdict"] for r in iterative(case, STEP, "generation"))


def test_roofs_follow_the_sun() -> None:
    """At half of its rating in the only hour with sun, twice the closed form of two buses fits."""
    sun = np.zeros(8760)
    sun[12] = 0.5
    day, night = (case_of(two_buses(), hours=h, up_to_kw=400.0, sun=lambda: sun) for h in ([0, 12], [0]))
    rows = iterative(day, {"tolerance_kw": 1e-4, "distributed": False}, "pv")
    found = next(r for r in rows if r["criterion"] == "all")
    assert found["hc_kw"] == pytest.approx(168.0, rel=1e-6)
    assert (found["limiting_factor"], found["limiting_hour"]) == ("overvoltage_secondary", 12)
    assert next(r for r in drive(day, {}, "pv"))["hc_kw"] == pytest.approx(0.98 * 168.0, rel=2e-3)
    assert iterative(night, {"tolerance_kw": 1.0, "distributed": False}, "pv")[0]["at_least"]
    proof = prove(day, day.places[0], "pv", 167.9, 0.2)
    assert proof.stands and proof.passes and proof.fails


def test_without_weather_only_the_sun_has_no_answer() -> None:
    case = case_of(two_buses(), hours=[0], up_to_kw=200.0)
    words = {"of": ["generation", "pv"], "methods": {"iterative": {"tolerance_kw": 10.0, "distributed": False}}}
    by_kind = {r["of"]: r for r in answers(case, words) if r["criterion"] == "all"}
    assert by_kind["generation"]["hc_kw"] == 80.0
    assert by_kind["pv"]["verdict"] == "no answer: plants that follow the sun need a case with weather"


def test_what_flows_back_already_may_do_so_a_little_more_and_load_is_not_asked(mixed: Feeder) -> None:
    """Twice the load as generation at a bus: a further plant may add `worse_by_kw` at the head, load what it likes."""
    three = next(b for b in mixed.buses if {1, 2, 3} <= set(b.nodes) and b.name not in {s.bus for s in mixed.sources})
    much = Generator(
        name="there", bus=three.name, nodes=(1, 2, 3), phases=3, connection="delta", kv=three.kv_ll,
        kw=2.0 * sum(p.kw for p in mixed.loads), kvar=0.0, kva=1e4,
    )  # fmt: skip
    feeder = mixed.model_copy(update={"generators": (*mixed.generators, much)})
    words = {"criteria": {"reverse_flow": {"at": "head", "over_kw": 0.0}}}
    fine = {"tolerance_kw": 0.5, "distributed": False}
    found = {}
    for worse in (1.0, 40.0):
        case = case_of(feeder, hours=HOURS, worse_by_kw=worse, **words)
        found[worse] = {r["bus"]: r for r in iterative(case, fine, "generation") if r["criterion"] == "all"}
    one = found[1.0][three.name]
    assert one["pre_existing"] and one["limiting_factor"] == "reverse_flow" and 0.5 <= one["hc_kw"] <= 1.5
    assert found[40.0][three.name]["hc_kw"] == pytest.approx(40.0, abs=3.0)
    load = iterative(case_of(feeder, hours=HOURS, up_to_kw=200.0, **words), STEP, "load")
    assert all(r["at_least"] and r["limiting_factor"] == "" for r in load)


@pytest.mark.parametrize("method", ["drive", "iterative", "qsts", "stochastic"])
def test_a_screen_has_no_hour(mixed: Feeder, method: str) -> None:
    case = case_of(mixed, hours=HOURS, criteria={"sympathetic_tripping": {"pickup_a": 0.5}})
    own_words = {"drive": {}, "iterative": STEP, "qsts": {"tolerance_kw": 5.0, "hours_allowed_h": 1.0},
                 "stochastic": {"placements": 5, "kw_each": [1.0, 9.0], "seed": 0}}  # fmt: skip
    found = list(answers(case, WORDS | {"methods": {method: own_words[method]}}))
    limited = [r for r in found if r["limiting_factor"] == "sympathetic_tripping"]
    assert limited
    assert all(r["limiting_hour"] is None and "in hour" not in r["verdict"] for r in limited)
