"""The low-voltage twin: its outliers are outliers, and its answers hold for an independent solver."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dtl.errors import DtlError
from dtl.synth import run
from dtl.synth.lv import RECIPES, write


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lv") / "twin"
    write(folder, 12, 30, 2)
    return folder


def load(twin: Path, number: int) -> dict:
    return json.loads((twin / f"networks/feeder_{number:02d}.json").read_text())


def test_twelve_radial_feeders_of_thirty_nodes(twin: Path) -> None:
    assert len(list((twin / "networks").glob("*.json"))) == 12
    for k in range(12):
        net = load(twin, k)
        assert [n["id"] for n in net["nodes"]] == list(range(30))
        assert sorted(line["to"] for line in net["lines"]) == list(range(1, 30))
        assert all(line["from"] < line["to"] for line in net["lines"])
        assert "recipe" not in net


def test_profiles_have_ninety_six_steps_and_peak_at_one(twin: Path) -> None:
    for name in ("load", "pv"):
        table = pd.read_csv(twin / f"profiles/{name}_profile.csv")
        assert len(table) == 96
        assert table[f"{name}_pu"].max() == 1.0
    pv = pd.read_csv(twin / "profiles/pv_profile.csv")["pv_pu"]
    assert pv[:16].max() == 0 < pv[48]


def test_outliers_break_what_their_recipe_says_and_the_rest_nothing(twin: Path) -> None:
    feeders = json.loads((twin / "truth/summary.json").read_text())["feeders"]
    for name, said in feeders.items():
        recipe = RECIPES.get(int(name[-2:]), "normal")
        assert said["recipe"] == recipe
        low, hot = said["min_pu"] < 0.94, said["transformer_loading"] > 1.0
        assert low if recipe in ("long", "weak", "unbalanced") else hot == (recipe == "overloaded"), name
        assert (low or hot) == (recipe != "normal"), name


def test_balanced_answers_hold_for_a_backward_forward_sweep(twin: Path) -> None:
    answers = pd.read_csv(twin / "truth/answers.csv").set_index(["feeder", "step"])
    load_pu = pd.read_csv(twin / "profiles/load_profile.csv")["load_pu"]
    for number in (0, 2, 8):
        for step in (4, 74):
            low, kva = sweep(load(twin, number), float(load_pu[step]))
            told = answers.loc[(f"feeder_{number:02d}", step)]
            assert low == pytest.approx(told["min_pu"], abs=2e-4)
            assert kva / 500.0 == pytest.approx(told["transformer_loading"], abs=2e-3)


def sweep(net: dict, share: float) -> tuple[float, float]:
    """Lowest voltage [pu] and power through the transformer [kVA] of a balanced radial network."""
    n = len(net["nodes"])
    kv = 0.4
    s = np.array(
        [node["load_kw"] * share * complex(1, np.tan(np.arccos(node["power_factor"]))) for node in net["nodes"]]
    )
    z = np.zeros(n, dtype=complex)
    parent = np.zeros(n, dtype=int)
    for line in net["lines"]:
        z[line["to"]] = complex(line["r_ohm_per_km"], line["x_ohm_per_km"]) * line["length_m"] / 1000
        parent[line["to"]] = line["from"]
    t = net["transformer"]
    zt = complex(t["r_pct"], t["x_pct"]) / 100 * kv**2 * 1000 / t["kva"]
    v = np.full(n, net["head_pu"] * kv, dtype=complex)
    for _ in range(60):
        current = np.conj(s / 1000 / v)
        for k in range(n - 1, 0, -1):
            current[parent[k]] += current[k]
        v[0] = net["head_pu"] * kv - zt * current[0]
        for k in range(1, n):
            v[k] = v[parent[k]] - z[k] * current[k]
    power = net["head_pu"] * kv * np.conj(current[0]) * 1000
    return float(np.abs(v).min() / kv), abs(power + t["no_load_kw"] * net["head_pu"] ** 2)


def test_same_seed_same_bytes_and_words_on_the_command_line(
    twin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lv", "--seed", "2", "--out", str(tmp_path / "again")]) == 0
    assert "12 low-voltage feeders" in capsys.readouterr().out
    for file in twin.rglob("*.*"):
        assert file.read_bytes() == (tmp_path / "again" / file.relative_to(twin)).read_bytes()


def test_nonsense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DtlError, match="at least one feeder"):
        write(tmp_path / "x", 0, 30, 1)
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "file").write_text("")
    with pytest.raises(DtlError, match="not empty"):
        write(tmp_path / "y", 1, 30, 1)
