"""What the overview says of programs of flexibility: hours, what was shed, and the element in its worst hour."""

from __future__ import annotations

from typing import Any

from dtl.report import programs

ROW: dict[str, Any] = {
    "case": "managed", "program": "shave", "hours": 10.0, "hours_reached": 10.0, "shed_kwh": 1500.0,
    "element": "line l1", "before_pct": 119.0, "after_pct": 100.0,
}  # fmt: skip


def test_the_executions_of_a_program_are_summed_and_its_worst_hour_is_told() -> None:
    (notice,) = programs.notices(
        [ROW, ROW | {"hours": 2.0, "hours_reached": 1.0, "before_pct": 130.0, "after_pct": 108.0}]
    )
    assert notice["text"] == (
        "In managed, program shave acts in 12 h and reaches its target in 11 h with taps held; it sheds 3.00 MWh. "
        "In its worst hour line l1 goes from 130 % to 108 %."
    )
    assert notice["kind"] == "trouble"


def test_a_program_that_never_ran_is_not_noticed_and_one_that_reached_its_target_is_no_trouble() -> None:
    never = ROW | {"program": "idle", "hours": 0.0}
    assert [n["kind"] for n in programs.notices([never, ROW])] == ["note"]
