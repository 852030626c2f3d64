"""Hosting stands on the case as it is solved: with what programs give way by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hosting_cases import WORDS
from power_cases import solve_spec
from test_stages import prepared

from dtl.analyses.hosting.stage import read_case
from dtl.network.feeder import Feeder
from dtl.powerflow.solve import solved_case
from dtl.scenarios.context import read_context

HOURS = list(range(4100, 4124))


def test_members_give_way_before_a_plant_comes(mixed: Feeder, tmp_path: Path) -> None:
    """The head's power without plants is that of the solved case, and lower than without the program."""
    inputs: dict[str, Any] = {"raw": {}, **prepared(mixed, tmp_path)}
    program = {"name": "shave", "kind": "flexibility", "min_power_kw": 0.0, "target_pf": 0.5, "buses": ["lv"],
               "only_feeder": True, "when": {"transformer_pct": 40.0}}  # fmt: skip
    heads = {}
    for name, layers in (("with", [program]), ("without", [])):
        spec = solve_spec(hours=HOURS, layers=layers) | {"study": "s", "analyses": {"hosting": WORDS}}
        case = read_case(spec, inputs, Feeder.from_json(inputs["feeder"].read_text(encoding="utf-8")))
        case.hours = np.array(HOURS)
        heads[name] = -case.grid("generation").base.back_kw[0]
        if layers:
            solved = solved_case(spec, inputs, read_context(spec, inputs))
            assert solved.answered[0]["shed_kwh"] > 0
            assert np.allclose(heads[name], solved.solved.reduction.source_kva[0][0].real, rtol=1e-5)
    assert (heads["with"] <= heads["without"] + 1e-6).all()
    assert (heads["without"] - heads["with"]).max() > 1.0
