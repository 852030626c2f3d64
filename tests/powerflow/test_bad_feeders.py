"""What the first power flow of a feeder says of faults that have a solution and no meaning."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_feeders import read

from dtl.errors import SolveError
from dtl.network.checks import check
from dtl.powerflow.prepare import smoke


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_convergence", ["did not converge within 100 iterations: more load than"]),
        ("floating_delta", ["did not converge", "transformer t2 at bus 481"]),
        ("no_ground", ["2 loads between phase and ground", "no path to ground", "h1, h2", "pu"]),
        ("no_neutral", ["2 loads between phase and ground", "h1, h2"]),
    ],
)
def test_the_first_power_flow_refuses(tmp_path: Path, name: str, words: list[str]) -> None:
    feeder, _ = read(name, tmp_path)
    with pytest.raises(SolveError) as err:
        smoke(feeder)
    assert [w for w in words if w not in str(err.value)] == [], str(err.value)


@pytest.mark.parametrize("name", ["sound", "zero_load", "no_load", "big_plant", "island_of_a_plant", "hunting"])
def test_the_first_power_flow_passes_what_has_a_meaning(tmp_path: Path, name: str) -> None:
    feeder, errors = read(name, tmp_path)
    assert errors == []
    found = smoke(feeder)
    assert found["load_kw"] == pytest.approx(found["load_kw_expected"], rel=1e-3)


def test_loads_between_phases_need_no_ground(tmp_path: Path) -> None:
    feeder, _ = read("no_ground", tmp_path)
    across = tuple(
        p.model_copy(update={"nodes": (1, 2) if p.name == "h1" else (2, 3), "connection": "delta", "kv": 0.48})
        for p in feeder.loads
    )
    assert smoke(feeder.model_copy(update={"loads": across}))["load_kw"] == pytest.approx(80.0, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("makes_power", "the resistances make power"),
        ("zero_impedance", "a conductor has no impedance"),
        ("missing_phase", "uses phase B"),
        ("island_with_load", "1 plant, which gives nothing: lone"),
    ],
)
def test_what_cannot_be_solved_is_an_error_of_the_network(tmp_path: Path, name: str, said: str) -> None:
    feeder, _ = read(name, tmp_path)
    assert [f.message for f in check(feeder) if f.severity == "error" and said in f.message]


def test_a_plant_on_an_island_is_named(tmp_path: Path) -> None:
    feeder, _ = read("island_of_a_plant", tmp_path)
    (found,) = [f for f in check(feeder) if f.check == "network.island"]
    assert found.severity == "warning" and found.message.endswith("with it 1 plant, which gives nothing: lone")
