"""The study `works`: what its layers make of two feeders that are solved as one circuit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dtl.demand.model_loads import model_loads
from dtl.network.feeder import Feeder
from dtl.network.join import join, pruned
from dtl.network.topology import trace
from dtl.powerflow.opendss import Year
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State
from dtl.scenarios.switching import roots
from dtl.sources import generators, opendss
from dtl.spec.stacked import words
from dtl.spec.study import Study, load

PEAK = 4146
"""22 June, 18:00."""


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load(root / "studies" / "works")


@pytest.fixture(scope="module")
def pair(study: Study) -> Feeder:
    source = study.sources["model"]
    files = {p.relative_to(study.folder).as_posix(): p for p in source.files(study.folder)}
    reading = opendss.read("model", {"kind": "opendss", "path": "data/*/master.dss"}, files)
    rows = {
        feeder: [
            {"feeder": feeder, "kind": kind, "name": name, "body": part.model_dump_json(exclude_defaults=True)}
            for (kind, name), part in parts.items()
        ]
        for feeder, parts in reading.parts.items()
    }
    return pruned(join([Feeder.from_parts(rows[f]) for f in sorted(rows)]))


def test_a_bus_behind_an_open_tie_belongs_to_the_feeder_that_feeds_it(pair: Feeder) -> None:
    """The model of f1 ends at f2_3, behind its tie; f2 feeds that bus and the transformer on it."""
    owned = {b.name: b.feeder for b in pair.buses}
    assert owned["f2_3"] == "f2"
    assert {t.name: owned[t.windings[0].bus] for t in pair.transformers} == {"f1_reg": "f1", "f1_t": "f1", "f2_t": "f2"}


def composed(study: Study, pair: Feeder, case: str) -> State:
    (asked,) = [c for c in study.cases if c.case == case]
    layers = [{"name": name, **words(study, layer)} for name, layer in asked.layers]
    reading = generators.read("register", {"path": "data/register.csv"}, {"r": study.folder / "data/register.csv"})
    register: Any = reading.tables["register"]
    known = tuple(r | {"day": r["day"].isoformat()} for r in register)
    files = {name: study.folder / name for name in ("data/sun.csv", "data/committed.csv")}
    context = Context(asked.year, 2025, study.timezone, register=known, files=files)
    demand = model_loads(pair, {"shape": "residential"}, context.calendar, study.timezone, None)
    return compose(layers, pair, demand, context)


def test_the_two_feeders_meet_at_the_tie(study: Study, pair: Feeder) -> None:
    assert pair.feeders == ("f1", "f2") and trace(pair).ties == ["tie"]
    moved = composed(study, pair, "moved@2026").feeder
    before, after = roots(trace(pair)), roots(trace(moved))
    assert sorted(b for b in before if before[b] != after[b]) == ["f1_2", "f1_3", "f1_5", "f1_lv"]


@pytest.mark.parametrize(("case", "loaded"), [("moved@2030", 1.23), ("mended@2030", 0.22), ("mended@2026", 1.08)])
def test_the_line_is_loaded_as_the_page_says(study: Study, pair: Feeder, case: str, loaded: float) -> None:
    whole, demand = realise(composed(study, pair, case))
    (block,) = Year(whole, demand, controls_active=False).blocks([PEAK])
    (line,) = [p for p in whole.lines if p.name == "f2_1"]
    year = Year(whole, demand, controls_active=False)
    code = whole.line_code[line.line_code]
    v = {n: block.voltages[i][0] for i, n in enumerate(year.circuit.nodes)}
    z = (np.array(code.r_ohm_per_km) + 1j * np.array(code.x_ohm_per_km)) * line.length_km
    drop = [v[f"f2_0.{n}"] - v[f"f2_1.{n}"] for n in (1, 2, 3)]
    rating = line.normal_a or code.normal_a
    assert rating and np.abs(np.linalg.solve(z, drop)).max() / rating == pytest.approx(loaded, abs=0.02)


def test_the_plant_needs_the_works_of_its_year(study: Study, pair: Feeder) -> None:
    assert {p.layer for p in composed(study, pair, "plants@2030").plants} == {"queued", "big_pv"}
    assert not composed(study, pair, "plants@2026").plants
    assert composed(study, pair, "plants@2030").feeder.bus["f1_5"].nodes == (1, 2, 3)
