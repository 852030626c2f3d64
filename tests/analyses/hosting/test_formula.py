"""The formula of capacity: its known answer, and how near it comes to the search on feeders it was not made for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hosting_cases import case_of
from power_cases import sampled, solve_spec

from dtl.analyses.hosting.formula import capacities
from dtl.analyses.hosting.iterative import iterative
from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder
from dtl.sources import opendss as source

ONE_LINE = """\
clear
new circuit.one basekv=0.4 bus1=head pu=1.0 mvasc3=1e9 mvasc1=1e9
new line.only bus1=head bus2=end phases=3 r1=0.1 x1=1e-9 r0=0.1 x0=1e-9 c1=0 c0=0 length=1 normamps=1000
new load.tiny bus1=end phases=3 kv=0.4 kw=1e-6 pf=1
set voltagebases=[0.4]
calcvoltagebases
solve
"""


def feeder_of(text: str, place: Path) -> Feeder:
    file = place / "master.dss"
    file.write_text(text)
    reading = source.read("model", {"kind": "opendss", "path": file.name}, {file.name: file})
    ((feeder, parts),) = reading.parts.items()
    return Feeder.from_parts(
        {"feeder": feeder, "kind": kind, "name": name, "body": part.model_dump_json(exclude_defaults=True)}
        for (kind, name), part in parts.items()
    )


def test_one_line_has_the_exact_answer_not_the_first_order_one(tmp_path: Path) -> None:
    case = case_of(feeder_of(ONE_LINE, tmp_path), hours=[12])
    (found,) = capacities(case.grid("generation"), 5000.0)
    # V (V - V0) / R = 1.05 * 0.05 * 0.16 / 0.1 MW; to first order it would be 80 kW
    assert found["formula_kw"] == pytest.approx(84.0, abs=0.05)
    assert found["formula_term"] == "voltage"
    # 1000 A at the voltage that they cause: 0.4 kV / sqrt(3) + 1000 A * 0.1 ohm a phase
    assert found["thermal_kw"] == pytest.approx(3.0 * 1000.0 * (0.4 / 3**0.5 + 0.1), rel=1e-3)


@pytest.mark.parametrize("of", ["generation", "load"])
def test_it_comes_near_the_search_on_an_unbalanced_feeder(samples: Path, of: str) -> None:
    feeder = sampled(samples, "ieee123", "IEEE123Master.dss")
    case = case_of(feeder, hours=[4146], spec=solve_spec(controls="active"))
    case.__dict__["places"] = case.places[::3]
    said = capacities(case.grid(of), 5000.0)
    rows = [r for r in iterative(case, {"tolerance_kw": 0.5, "distributed": False}, of) if r["criterion"] == "all"]
    pairs = [(f["formula_kw"], r["hc_kw"] + 0.25) for f, r in zip(said, rows, strict=True) if 20 < r["hc_kw"] < 4999]
    found, true = np.array(pairs).T
    assert len(pairs) > 8
    assert np.mean(np.abs(found / true - 1.0)) < 0.03


def test_more_load_makes_room_for_generation(tmp_path: Path) -> None:
    feeder = feeder_of(ONE_LINE.replace("kw=1e-6", "kw=20"), tmp_path)
    one = case_of(feeder, hours=[12])
    half = {name: (0.5 * profile).astype(np.float32) for name, profile in one.demand.profiles.items()}
    less = case_of(feeder, Demand(one.demand.drives, half), hours=[12])
    (much,), (little,) = (capacities(c.grid("generation"), 5000.0) for c in (one, less))
    assert much["formula_kw"] > little["formula_kw"] > 84.0
    assert much["drop_pu"] > little["drop_pu"] > 0.0
    assert much["load_kw"] > little["load_kw"]
