"""Energy, peaks, reverse power and losses worked out on paper."""

from __future__ import annotations

import pytest
import solved_cases as made

from dtl.analyses.assess import assess

# Five hours. Power from the source and losses [kW]:
#
#   hour         0     1     2     3     4     sum
#   source     100   200   -50     0   150     400   delivered 450, back 50 in 1 h, peak 200 in hour 1, lowest -50 in 2
#   plants     -10     0    60  -9.5     0    40.5   give 60; a battery that charges gives nothing
#   load        88   192     7   -10   145.5         loads whose meters count plants behind them give 10
#   kvar        10    30    40     0    20           peak 40 in hour 2
#   loss         2     8     3   0.5   4.5      18   highest 8 in hour 1
#     line       1     5     2     0     3      11
#     transf.  0.5   2.5   0.5     0     1     4.5
#     no load  0.5   0.5   0.5   0.5   0.5     2.5
#     other      0     0     0     0     0       0
#   taps         0     2     1     0     4       7
#
# Losses 18 / (450 + 60 + 10) = 3.46 %. Load factor (400 / 5) / 200 = 0.4.
COLUMNS = (
    "source_kw",
    "source_kvar",
    "generation_kw",
    "load_kw",
    "loss_kw",
    "loss_line_kw",
    "loss_transformer_kw",
    "loss_no_load_kw",
    "tap_changes",
)
HOURS = [
    dict(zip(COLUMNS, row, strict=True))
    for row in (
        (100, 10, -10, 88, 2, 1, 0.5, 0.5, 0),
        (200, 30, 0, 192, 8, 5, 2.5, 0.5, 2),
        (-50, 40, 60, 7, 3, 2, 0.5, 0.5, 1),
        (0, 0, -9.5, -10, 0.5, 0, 0, 0.5, 0),
        (150, 20, 0, 145.5, 4.5, 3, 1, 0.5, 4),
    )
]


def rows(hours: list[dict[str, float]]) -> dict[str, dict[str, object]]:
    spec = made.spec()
    found = {
        "powerflow": made.flow_table(spec, []),
        "hourly": made.hourly_table(spec, hours),
        "violations": made.violation_table(spec, []),
    }
    return made.by_metric(assess(spec, found))


@pytest.mark.parametrize(
    ("metric", "value", "hour"),
    [
        ("hours_h", 5, None),
        ("energy_kwh", 400, None),
        ("injected_kwh", 520, None),
        ("reverse_hours_h", 1, None),
        ("reverse_kwh", 50, None),
        ("peak_kw", 200, 1),
        ("min_kw", -50, 2),
        ("peak_kvar", 40, 2),
        ("load_factor", 0.4, None),
        ("tap_changes", 7, None),
        ("loss_kwh", 18, None),
        ("loss_pct", 100 * 18 / 520, None),
        ("loss_line_kwh", 11, None),
        ("loss_transformer_kwh", 4.5, None),
        ("loss_no_load_kwh", 2.5, None),
        ("loss_other_kwh", 0, None),
        ("peak_loss_kw", 8, 1),
    ],
)
def test_year(metric: str, value: float, hour: int | None) -> None:
    row = rows(HOURS)[metric]
    assert row["value"] == pytest.approx(value) and row["hour"] == hour


def test_of_equal_peaks_the_first_counts() -> None:
    assert rows([{"source_kw": 7}, {"source_kw": 9}, {"source_kw": 9}])["peak_kw"]["hour"] == 1


def test_noise_of_the_solution_is_no_reverse_power() -> None:
    """0.5 W back is noise, 2 W is power."""
    got = rows([{"source_kw": -0.0005}, {"source_kw": -0.002}])
    assert got["reverse_hours_h"]["value"] == 1 and got["reverse_kwh"]["value"] == pytest.approx(0.002)


def test_losses_of_a_feeder_that_sends_power_back_are_a_share_of_what_its_plants_give() -> None:
    """288 % of the little that the source delivers would be no share of anything that flows."""
    day = {"source_kw": -90, "generation_kw": 100, "load_kw": 4, "loss_kw": 6}
    night = {"source_kw": 2.5, "generation_kw": 0, "load_kw": 2, "loss_kw": 0.5}
    assert rows([day, night])["loss_pct"]["value"] == pytest.approx(100 * 6.5 / 102.5)


def test_a_feeder_into_which_nothing_flows_has_no_shares() -> None:
    got = rows([{"source_kw": -5, "loss_kw": 1}, {"source_kw": -1, "loss_kw": 1}])
    assert got["loss_pct"]["value"] is None
    assert "load_factor" not in got
    assert got["reverse_hours_h"]["value"] == 2
