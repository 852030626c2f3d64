"""The list of metrics and its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dtl.analyses import metrics
from dtl.analyses.metrics import METRICS, Metric

CONTRACT = re.findall(
    r"\w+",
    """
lines_over transformers_over line_hours_over_h transformer_hours_over_h overload_hours_h max_line_load_pct
max_transformer_load_pct emergency_elements window_elements_over kwh_over max_load_pct hours_over_h
min_pu max_pu violation_hours_low_h violation_hours_high_h violation_hours_h buses_low buses_high
loss_kwh loss_pct loss_line_kwh loss_transformer_kwh loss_no_load_kwh loss_other_kwh peak_loss_kw
energy_kwh peak_kw peak_kvar min_kw reverse_hours_h reverse_kwh load_factor tap_changes
feeders_solved feeders_failed feeders_violating answer
""",
)


def test_what_was_agreed_is_there_once() -> None:
    assert set(CONTRACT) <= set(METRICS)
    every = [
        m.name for group in (metrics._status, metrics._thermal, metrics._voltage, metrics._losses) for m in group()
    ]
    assert len(every) == len(set(every))


@pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
def test_a_name_carries_its_unit(metric: Metric) -> None:
    suffix = {"kwh": "kWh", "kw": "kW", "kvar": "kvar", "pu": "pu", "pct": "%", "h": "h", "km": "km", "ll": "kV"}
    expected = suffix.get(metric.name.rsplit("_", 1)[-1])
    if expected and metric.name != "kwh_over":
        assert metric.unit == expected
    assert not metric.name.startswith(metrics.DELTA)
    assert metric.rollup != "mean" or METRICS[metric.weight].rollup == "sum"
    assert not (metric.only_elements and metric.rollup)


@pytest.mark.parametrize(
    ("name", "before", "after", "verdict"),
    [
        ("min_pu", 0.950, 0.9485, "same"),  # 1.5 thousandths are less than the 2 that matter
        ("min_pu", 0.950, 0.947, "worse"),
        ("min_pu", 0.947, 0.950, "better"),
        ("max_line_load_pct", 90, 90.5, "same"),
        ("max_line_load_pct", 90, 92, "worse"),
        ("loss_kwh", 10_000, 10_050, "same"),  # half a per cent
        ("loss_kwh", 10_000, 9_800, "better"),
        ("energy_kwh", 10_000, 12_000, "changed"),  # neither good nor bad
        ("overload_hours_h", 0, 1, "worse"),
        ("overload_hours_h", 3, 3, "same"),
        ("load_factor", 0.50, 0.45, "worse"),
    ],
)
def test_verdict(name: str, before: float, after: float, verdict: str) -> None:
    assert METRICS[name].verdict(before, after) == verdict


def test_page_is_in_sync(root: Path) -> None:
    """`python -m dtl.analyses.metrics > site/docs/metrics.md` mends it."""
    page = (root / "site/docs/metrics.md").read_text(encoding="utf-8")
    assert page == metrics.markdown()
    assert set(re.findall(r"^\| \w+ \| `(\w+)`", page, flags=re.M)) == set(METRICS)
