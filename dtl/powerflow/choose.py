"""Which engine solves a feeder, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.plural import many
from dtl.powerflow import audit, balanced_year, batch_ports
from dtl.powerflow.inverters import responsive

Accelerated = Literal["batch", "radial", "newton"]
Engine = Literal["opendss"] | Accelerated

FEW_HOURS = 10 * audit.SAMPLED
"""Hours below which the audit would cost a good part of what it guards."""


def choose(feeder: Feeder, hours: int, spec: Mapping[str, Any], *, operated: bool = False) -> tuple[Engine, str]:
    """The engine for the hours of a case and the reason, from the words ``engine`` and ``controls`` of its slice.

    `operated` says that switches are operated during the year, which OpenDSS alone can do.

    Raises
    ------
    SolveError
        The study asks for an engine that cannot solve the feeder.
    """
    asked: Engine | Literal["auto"] = spec["engine"]
    if asked == "opendss":
        return "opendss", "opendss: the study says so"
    active = spec["controls"] == "active"
    followed = "from" in (spec.get("head_voltage") or {})
    why = "the head voltage follows a measurement" if followed else unsuited(feeder, active)
    why = "switches are operated at a time" if operated else why
    if asked != "auto":
        remedy = "; use engine auto or opendss, or frozen controls"
        told = why + remedy if why else "" if asked == "batch" else balanced_year.unsuited(feeder, asked)
        if told:
            raise SolveError(f"engine {asked} cannot solve this feeder: {told}")
        return asked, f"{asked}: the study says so"
    if why:
        return "opendss", f"auto: {why}"
    if hours < FEW_HOURS:
        return "opendss", f"auto: {hours} hours are too few to be worth an audit"
    held = "controls are frozen" if _controls(feeder) else "there is no control"
    count = len(responsive(feeder))
    settled = f"; {many(count, 'inverters settle by a fixed point')}" if count else ""
    return "batch", f"auto: {held}, and all loads are of ported models{settled}"


def unsuited(feeder: Feeder, controls_active: bool) -> str:
    """Why the batch engine cannot solve a feeder exactly; empty when it can."""
    controls = _controls(feeder)
    if controls_active and controls:
        return f"{controls[0]} is controlled" + (f", and {len(controls) - 1} more" if controls[1:] else "")
    return batch_ports.unported(feeder)


def _controls(feeder: Feeder) -> list[str]:
    on = {t.name for t in feeder.transformers if t.enabled}
    moved = sorted({r.transformer for r in feeder.regulators if r.enabled} & on)
    switched = [c.name for c in feeder.capacitors if c.enabled and c.control is not None and c.control.enabled]
    return [f"transformer {name}" for name in moved] + [f"capacitor {name}" for name in switched]
