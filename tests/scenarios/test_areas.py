"""The loads of an area that the GIS draws, and an area that nobody has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from layered_cases import CONTEXT, demand_of, feeder_of, street

from dtl.errors import SolveError
from dtl.scenarios.compose import compose

FEEDER = feeder_of(street(4, 0))
DRAWN = {"east": {"buses": ["b_t001", "b_t003"], "drawn": True}}


def scaled(area: str, **words: Any) -> Any:
    step = {"scale_load": {"area": area, "factor": 0.5}}
    layer = {"name": "less", "kind": "actions", "do": [step], **words}
    return compose([layer], FEEDER, demand_of(FEEDER), replace(CONTEXT, areas=DRAWN))


def test_an_action_on_an_area_changes_its_loads_alone() -> None:
    state, before = scaled("east"), compose([], FEEDER, demand_of(FEEDER), CONTEXT)
    ratio = state.kw().sum(axis=1) / before.kw().sum(axis=1)
    assert dict(zip(state.loads, ratio.round(9), strict=True)) == {"t000": 1, "t001": 0.5, "t002": 1, "t003": 0.5}
    assert [row["what"] for row in state.sought] == ["area"], "its thousands of buses are not looked for one by one"


def test_an_area_that_this_feeder_lacks_is_remembered_and_one_that_nobody_can_have_refused() -> None:
    state = scaled("eest")
    assert state.sought[0] | {"layer": ""} == {
        "layer": "",
        "what": "area",
        "name": "eest",
        "found": False,
        "near": ["east"],
    }
    with pytest.raises(SolveError, match="layer 'less': f has no area 'eest'; did you mean 'east'"):
        scaled("eest", only_feeder=True)
