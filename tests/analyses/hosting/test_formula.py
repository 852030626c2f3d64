"""The formula of capacity: its known answer, and how near it comes to the search on feeders it was not made for."""

from __future__ import annotations

from dataclasses import replace
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


def _branches(place: Path) -> Feeder:
    """Eight branches with a load each, the last behind a long line with more load; ratings a little above the peaks."""
    lines = ["clear", "new circuit.star basekv=0.4 bus1=head pu=1.0 mvasc3=1e6 mvasc1=1e6"]
    line = "phases=3 r0={r} x0=1e-6 c1=0 c0=0 length=1 r1={r} x1=1e-6"
    lines.append(f"new line.shared bus1=head bus2=m normamps=1e4 {line.format(r=0.05)}")
    for i in range(8):
        amps = round(_AMPS[i] * (1.002 + 0.001 * i), 4)
        bus = "m" if i == 7 else "head"
        lines.append(f"new line.l{i} bus1={bus} bus2=e{i} normamps={amps} {line.format(r=1e-4)}")
        lines.append(f"new load.d{i} bus1=e{i} phases=3 kv=0.4 kw=20 pf=1 model=1 vminpu=0.5")
    lines.append("new load.more bus1=m phases=3 kv=0.4 kw=20 pf=1 model=1 vminpu=0.5")
    return feeder_of("\n".join([*lines, "set voltagebases=[0.4]", "calcvoltagebases", "solve"]), place)


_AMPS = [20.0 / (0.4 * 3**0.5)] * 7 + [29.17]
"""Of 20 kW at 0.4 kV, the last behind 0.05 ohm."""


def test_an_element_that_a_plant_elsewhere_brings_over_its_limit_is_looked_at_in_its_own_hour(tmp_path: Path) -> None:
    case = case_of(_branches(tmp_path), hours=range(10, 20), at="buses")
    year = next(iter(case.demand.profiles.values()))
    profiles, drives = {}, {}
    for i, (name, drive) in enumerate(sorted(case.demand.drives.items())):
        own = np.full_like(year, 0.5)
        own[10 + i] = 1.0 if i < 8 else 0.5
        own[19] = 0.5 if i < 8 else 1.5
        profiles[f"own{i}"] = own
        drives[name] = replace(drive, kw_profile=f"own{i}", kvar_profile=f"own{i}")
    case = case_of(case.feeder, Demand(drives, profiles), hours=range(10, 20), at="buses")
    case.__dict__["places"] = [p for p in case.places if p.bus == "m"]
    (said,) = capacities(case.grid("load"), 5000.0)
    rows = iterative(case, {"tolerance_kw": 0.05, "distributed": False}, "load")
    (true,) = [r for r in rows if r["criterion"] == "all"]
    assert (true["limiting_element"], true["limiting_hour"]) == ("line l7", 17)
    assert said["formula_kw"] == pytest.approx(true["hc_kw"], rel=0.03)


def test_more_load_makes_room_for_generation(tmp_path: Path) -> None:
    feeder = feeder_of(ONE_LINE.replace("kw=1e-6", "kw=20"), tmp_path)
    one = case_of(feeder, hours=[12])
    half = {name: (0.5 * profile).astype(np.float32) for name, profile in one.demand.profiles.items()}
    less = case_of(feeder, Demand(one.demand.drives, half), hours=[12])
    (much,), (little,) = (capacities(c.grid("generation"), 5000.0) for c in (one, less))
    assert much["formula_kw"] > little["formula_kw"] > 84.0
    assert much["drop_pu"] > little["drop_pu"] > 0.0
    assert much["load_kw"] > little["load_kw"]
