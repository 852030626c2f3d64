"""Loads and generators of the model that follow columns by name, with reactive power of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dtl.demand.base import Given, base_demand
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import Demand
from dtl.errors import SolveError
from dtl.network.feeder import Feeder, Generator
from dtl.powerflow.opendss import Year
from dtl.scenarios.composition import attribution
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.scenarios.state import state_of
from dtl.spec.follows_file import follows
from dtl.spec.small_csv import SmallCsvError
from tests.demand.test_base_demand import YEAR, ZONE, feeder, given

HEADER = "hour,profile:P,profile:Q,profile:Sun,all"
DAY = [f"{h},{0.1 * h:.1f},{0.5 if h < 12 else -1},{max(0, 6 - abs(h - 12))},3" for h in range(24)]
CONTEXT = Context(YEAR, YEAR, ZONE)


def with_sun() -> Feeder:
    plant = Generator(name="roof", bus="s2", nodes=(1, 0), phases=1, kv=0.24, kw=2.0, kvar=0.5, kva=3.0, type="pv",
                      min_pu=0.5, max_pu=1.5)  # fmt: skip
    return feeder().model_copy(update={"generators": (plant,)})


def demand(folder: Path, *rows: str) -> tuple[Demand, dict[str, Any]]:
    profiles, followers = folder / "profiles.csv", folder / "follows.csv"
    profiles.write_text("\n".join([HEADER, *DAY]) + "\n")
    followers.write_text("\n".join(["kind,name,kw_profile,kvar_profile", *rows]) + "\n")
    other = given(folder, lambda _: 1.0)
    files = Given(other.meters, other.readings, other.scada, profiles, followers)
    asked = {"from": ["profile", "model_loads"], "shape": "residential", "power_factor": {}}
    return base_demand(with_sun(), asked, Calendar(YEAR), ZONE, None, files, 0.0)


def test_a_load_follows_its_columns_of_active_and_reactive_power(tmp_path: Path) -> None:
    found, told = demand(tmp_path, "load,L1,p,Q", "generator,roof,sun,")
    assert found.kw("l1")[:24] == pytest.approx(10.0 * 0.1 * np.arange(24), abs=1e-5), "multiples of the model's 10 kW"
    drive = found.drives["l1"]
    kvar = drive.kvar * found.profiles[drive.kvar_profile]
    assert kvar[:24] == pytest.approx([1.0] * 12 + [-2.0] * 12), "multiples of the model's 2 kvar"
    assert found.kw("l2")[:24] == pytest.approx(np.full(24, 30.0)), "the other load takes the column of all"
    assert told["profile"] == {"profile:p": 1, "profile:q": 1, "profile:sun": 1, "all": 1}


def test_a_generator_that_follows_is_a_plant_of_the_case_and_sums_up(tmp_path: Path) -> None:
    found, _ = demand(tmp_path, "load,l1,p,", "generator,F:roof,sun,")
    found.write(tmp_path / "demand.parquet", tmp_path / "values.parquet")
    again = Demand.read(tmp_path / "demand.parquet", tmp_path / "values.parquet")
    state = state_of(with_sun(), again, CONTEXT)
    assert not state.feeder.generators and [p.part.name for p in state.plants] == ["roof"]
    case, driven = realise(state)
    assert [g.name for g in case.generators] == ["roof"]
    noon = 24 * 100 + 12
    rows = {r["layer"]: r for r in attribution(state, CONTEXT)}
    assert rows["generators"]["kwh"] == pytest.approx(-365 * 2.0 * sum(max(0, 6 - abs(h - 12)) for h in range(24)))
    block = next(iter(Year(case, driven).blocks([noon, noon + 10])))
    given_kw, taken_kw = (np.abs(kva.real.sum(axis=0)) for kva in (block.generator_kva, block.load_kva))
    assert given_kw == pytest.approx([12.0, 0.0], abs=1e-3), "six times 2 kW at noon, no sun ten hours later"
    assert taken_kw == pytest.approx([12.0 + 30.0, 22.0 + 30.0], rel=1e-4), "1.2 and 2.2 times 10 kW, three times 10 kW"


def test_without_followers_a_generator_of_the_model_gives_what_it_states(tmp_path: Path) -> None:
    found, _ = demand(tmp_path, "load,l1,p,")
    assert state_of(with_sun(), found, CONTEXT).feeder.generators == with_sun().generators
    assert len(found.kw("l1")) == HOURS


def test_every_mistake_of_the_rows_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "follows.csv"
    path.write_text("kind,name,kw_profile,kvar_profile\nloads,a,p,\nload,,p,\ngenerator,g,p,q\nload,a,x,\nload,A,p,y\n")
    with pytest.raises(SmallCsvError) as told:
        follows(path, {"p", "q"})
    lines = str(told.value).splitlines()
    assert lines[0] == ":2: kind: 'loads' is neither load nor generator; did you mean 'load'?"
    assert lines[1] == ":3: name: is empty"
    assert "kvar of a generator follow its kW" in lines[2]
    assert lines[3] == ":5: kw_profile: there is no column 'profile:x' in the file of profiles"
    assert lines[4] == ":6: name: load 'A' stands there twice" and "'profile:y'" in lines[5]
    with pytest.raises(SolveError, match=r"follows.csv:2: kw_profile: there is no column 'profile:z'"):
        demand(tmp_path, "load,l1,z,")
