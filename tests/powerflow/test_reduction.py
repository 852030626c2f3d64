"""The reductions of a year equal what one gets from all hours at once."""

from __future__ import annotations

import numpy as np
import pytest
from power_cases import LIMITS, demand_of, own, solve_spec

from dtl.demand.calendar import Calendar
from dtl.errors import SolveError
from dtl.network.feeder import Bus, Feeder
from dtl.powerflow import head, opendss, results, solve
from dtl.powerflow.flows import FlowMeter
from dtl.powerflow.limits import Ratings, band
from dtl.powerflow.loading import Events, Loading
from dtl.powerflow.opendss import Year

CASE = {"scenario": "base", "year": 0, "case": "base"}


def flat_ratings(**changes: object) -> Ratings:
    base = {
        "seasons": np.array([[100.0, 50.0, np.inf], [80.0, 50.0, np.inf]]),
        "amps_per_unit": np.array([1.0, 2.0, 1.0]),
        "emergency": np.array([110.0, np.inf, np.inf]),
        "over_pct": np.array([100.0, 120.0, 100.0]),
        "window_steps": np.array([1, 2, 3]),
        "is_kva": np.array([False, True, False]),
    }
    return Ratings(**(base | changes))


def loaded(amps: np.ndarray, hours: np.ndarray, summer: np.ndarray, blocks: int) -> Loading:
    loading = Loading(flat_ratings(), 1.0)
    for part in np.array_split(np.arange(len(hours)), blocks):
        kva = amps[:, part] * (2.0 + 1.0j)
        loading.add(hours[part], summer[part], amps[:, part], kva.real, kva.imag, np.ones_like(amps[:, part]))
    loading.finish()
    return loading


@pytest.mark.parametrize("blocks", [1, 2, 7, 40])
def test_loading_by_hand_whatever_the_blocks(blocks: int) -> None:
    hours = np.arange(40)
    amps = np.zeros((3, 40))
    amps[0, [3, 4, 20]] = 105.0, 112.0, 85.0
    amps[1, [9, 10, 11]] = 150.0, 110.0, 100.0
    amps[2, 5] = 1e6
    loading = loaded(amps, hours, hours >= 20, blocks)
    np.testing.assert_allclose(loading.peak.value, [112.0, 150.0, 0.0])
    assert loading.peak.hour[:2].tolist() == [4, 9]
    assert loading.hours_over.tolist() == [3.0, 1.0, 0.0]  # 85 A is 106 % of the summer rating
    assert loading.hours_over_emergency.tolist() == [1.0, 0.0, 0.0]
    by_hand = 2 * (105 * (1 - 100 / 105) + 112 * (1 - 100 / 112) + 85 * (1 - 100 / 106.25))
    assert loading.kwh_over[0] == pytest.approx(by_hand)
    np.testing.assert_allclose(loading.window_peak.value[:2], [112.0, 130.0])
    assert loading.window_hours_over.tolist() == [3.0, 1.0, 0.0]  # 150 and 110 % mean 130 %; 110 and 100 % mean 105 %
    element, hour, value, limit = loading.thermal.joined()
    assert sorted(zip(element.tolist(), hour.tolist(), strict=True)) == [(0, 3), (0, 4), (0, 20), (1, 9)]
    assert set(limit.tolist()) == {100.0, 120.0}
    assert value.max() == 150.0


def test_a_window_does_not_reach_over_a_gap() -> None:
    amps = np.tile(np.array([[0.0], [150.0], [0.0]]), 4)
    loading = loaded(amps, np.array([10, 20, 30, 31]), np.zeros(4, bool), 2)
    assert loading.window_hours_over[1] == 1.0
    assert loading.hours_over[1] == 4.0


def test_power_towards_the_head_is_counted_as_such() -> None:
    loading = Loading(flat_ratings(), 1.0)
    kva = np.array([[5.0, -3.0, -2.0], [1.0, 1.0, 1.0], [0.0, 0.0, -1e-9]]) + 0j
    loading.add(np.arange(3), np.zeros(3, bool), np.abs(kva), kva.real, kva.imag, np.zeros((3, 3)))
    assert loading.reverse_hours.tolist() == [2.0, 0.0, 0.0]
    assert loading.reverse_kwh.tolist() == [5.0, 0.0, 0.0]
    assert loading.kwh[:2].tolist() == [0.0, 3.0]


def test_blocks_of_any_size_reduce_to_the_same_tables(monkeypatch: pytest.MonkeyPatch, mixed: Feeder) -> None:
    fed, _ = head.served(mixed)
    made = []
    for values in (150_000, 1):
        monkeypatch.setattr(opendss, "_BLOCK_VALUES", values)
        reduction = solve.run(fed, demand_of(fed), Calendar(), solve_spec(hours=list(range(4100, 4140)))).reduction
        events, _ = results.violations(reduction, CASE)
        made.append((results.powerflow(reduction, CASE), results.hourly(reduction, CASE), events))
    for whole, small in zip(*made, strict=True):
        assert whole.num_rows == small.num_rows
        for name in whole.column_names:
            a, b = whole[name].to_pylist(), small[name].to_pylist()
            if isinstance(next((v for v in a if v is not None), ""), float):
                missing = [v is None for v in a]
                assert missing == [v is None for v in b], name
                a, b = ([v for v in column if v is not None] for column in (a, b))
                np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6, err_msg=name)
            else:
                assert a == b, name


def test_every_figure_of_the_tables_from_all_hours_at_once(feeder: Feeder) -> None:
    fed, _ = head.served(feeder)
    view = head.view(fed)
    hours = list(range(4120, 4168))
    spec = solve_spec(hours=hours, limits=LIMITS)
    reduction = solve.run(fed, demand_of(fed), Calendar(), spec).reduction
    table = results.powerflow(reduction, CASE).to_pylist()
    rows = {(r["kind"], r["element"], r["phase"]): r for r in table}
    year = Year(fed, demand_of(fed))
    meter = FlowMeter(year.feeder, year.circuit, view)
    blocks = list(year.blocks(hours))
    flows = [meter.flows(b) for b in blocks]
    loss = np.concatenate([f.loss_kw for f in flows], axis=1)
    amps = np.concatenate([f.amps for f in flows], axis=1)
    kva = np.concatenate([f.kw + 1j * f.kvar for f in flows], axis=1)
    volts = np.abs(np.concatenate([b.voltages for b in blocks], axis=1))
    for i, element in enumerate(meter.series):
        row = rows[(*year.circuit.elements[element], "")]
        assert row["loss_kwh"] == pytest.approx(loss[element].sum(), rel=1e-5, abs=1e-5)
        assert row["max_a"] == pytest.approx(amps[i].max(), rel=1e-5, abs=1e-5)
        assert row["kwh"] == pytest.approx(kva[i].real.sum(), rel=1e-5, abs=1e-3)
        if row["max_load_pct"] is not None:
            assert row["max_load_hour"] == hours[int(amps[i].argmax())]
    for bus in fed.buses:
        for phase, node, other in view.judged(bus):
            if not other:
                pu = volts[year.circuit.node[f"{_spelled(bus)}.{node}"]] / bus.kv_ln / 1e3
                row = rows["bus", bus.name, phase]
                got = [row[k] for k in ("min_pu", "max_pu", "mean_pu", "hours_low", "hours_high")]
                want = [pu.min(), pu.max(), pu.mean(), (pu < 0.95).sum(), (pu > 1.05).sum()]
                np.testing.assert_allclose(got, want, rtol=1e-5)
                assert rows["bus", bus.name, ""]["min_pu"] <= row["min_pu"] + 1e-7
    hourly = results.hourly(reduction, CASE).to_pandas()
    parts = ["loss_line_kw", "loss_transformer_kw", "loss_no_load_kw", "loss_other_kw"]
    np.testing.assert_allclose(hourly["loss_kw"], hourly[parts].sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(
        hourly["source_kw"] + hourly["generation_kw"], hourly["load_kw"] + hourly["loss_kw"], rtol=1e-6
    )


def _spelled(bus: Bus) -> str:
    from dtl.powerflow.names import spelled

    return spelled(bus.name)


def test_delta_sections_are_judged_between_phases(mixed: Feeder) -> None:
    fed, _ = head.served(mixed)
    view = head.view(fed)
    assert [p for p, _, _ in view.judged(fed.bus["mill"])] == ["AB", "BC", "CA"]
    assert [p for p, _, _ in view.judged(fed.bus["lv"])] == ["A", "B", "C"]
    assert [p for p, _, _ in head.view(own("split_phase")).judged(own("split_phase").bus["home"])] == ["1", "2"]


def test_distances_and_ends_are_seen_from_the_head(mixed: Feeder) -> None:
    view = head.view(mixed)
    assert view.distance_km["b.1 street"] == pytest.approx(3.75)
    assert view.head_end["line", "l2"] == 1  # drawn from its far end
    assert view.head_end["line", "l1"] == 0
    assert "dead" not in view.distance_km
    assert ("switch", "tie") not in view.head_end


def test_the_band_of_a_bus() -> None:
    limits = {
        "voltage": [
            {"kv": [0, 1], "low_pu": 0.9, "high_pu": 1.1, "at": "service"},
            {"kv": [1, 35], "phases": 3, "low_pu": 0.975, "high_pu": 1.05, "at": "service"},
            {"kv": [1, 35], "low_pu": 0.96, "high_pu": 1.04, "at": "primary"},
        ]
    }
    three, one = Bus(name="m", nodes=(1, 2, 3), kv_ln=7.2), Bus(name="n", nodes=(2,), kv_ln=7.2)
    low = Bus(name="l", nodes=(1, 2), kv_ln=0.12, split_phase=True)
    drop = {"drop_pct": 2.5}
    assert band(three, limits, {"drop_pct": 0.0}).low_pu == 0.975
    assert band(three, limits, drop).low_pu == pytest.approx(1.0)
    assert band(three, limits, drop).high_pu == 1.05
    assert band(three, limits, "modelled").low_pu == 0.975
    assert band(one, limits, drop).low_pu == 0.96  # judged at the primary: no drop
    assert band(low, limits, drop).low_pu == 0.9
    with pytest.raises(
        SolveError, match=r"bus h: no voltage limit of the study holds its 69 kV .*where: {kv: \[62.1, 75.9\]}"
    ):
        band(Bus(name="h", nodes=(1, 2, 3), kv_ln=69 / 3**0.5), limits, drop)


def test_too_many_violations_keep_the_worst_and_every_hour(monkeypatch: pytest.MonkeyPatch, mixed: Feeder) -> None:
    fed, _ = head.served(mixed)
    tight = LIMITS | {"voltage": [{"kv": [0, 1000], "low_pu": 1.1, "high_pu": 1.2, "at": "service"}]}
    reduction = solve.run(fed, demand_of(fed), Calendar(), solve_spec(limits=tight)).reduction
    every, none = results.violations(reduction, CASE)
    monkeypatch.setattr(results, "MAX_VIOLATIONS", every.num_rows // 10)
    some, warning = results.violations(reduction, CASE)
    assert none == []
    assert "keeps the worst 9.9%" in warning[0]
    assert every.num_rows / 12 < some.num_rows < every.num_rows / 2
    lowest = {h: min(r["value"] for r in every.to_pylist() if r["hour"] == h) for h in range(48)}
    assert {h: min(r["value"] for r in some.to_pylist() if r["hour"] == h) for h in range(48)} == lowest


def test_events_join_to_nothing_when_nothing_happened() -> None:
    assert [len(a) for a in Events().joined()] == [0, 0, 0, 0]
