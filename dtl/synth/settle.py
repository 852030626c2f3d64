"""Solve the design hour of a feeder and mend what no planner would have built."""

from __future__ import annotations

from dtl.synth.engine import Circuit, State
from dtl.synth.model import Feeder

LOWEST_PU = {"normal": 0.955, "overloaded": 0.80, "weak": 0.85}
"""Lowest voltage that the design hour may have, by recipe [pu]."""
TRIALS = 16


def settle(feeder: Feeder) -> tuple[Circuit, State]:
    """A circuit of the feeder and its state in the design hour.

    While the lowest voltage is below what the recipe allows, the trunk gets the largest conductor, then the demand of
    all meters is taken down by 5 per cent at a time.
    """
    circuit = Circuit(feeder)
    state = circuit.solve()
    if state.min_pu < LOWEST_PU[feeder.recipe] and feeder.recipe == "normal":
        for section in feeder.sections:
            if section.role != "lateral" and section.overhead:
                section.conductor = "556.5_ACSR"
        for tie in feeder.ties:
            tie.conductor = "556.5_ACSR"
        circuit = Circuit(feeder)
        state = circuit.solve()
    for _ in range(TRIALS):
        if state.min_pu >= LOWEST_PU[feeder.recipe]:
            break
        circuit.scale(0.95)
        state = circuit.solve()
    return circuit, state
