"""The source ``mini_twin`` against the OpenDSS twin of `dtl synth lv`, and what is wrong with a file."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dtl.network.checks import check
from dtl.network.feeder import Feeder
from dtl.powerflow.prepare import smoke
from dtl.sources.mini_twin import read
from dtl.sources.reading import Reading
from dtl.synth import lv


def given(folder: Path, net: Any, name: str = "feeder_00.json") -> Reading:
    (folder / name).write_text(net if isinstance(net, str) else json.dumps(net))
    return read("twin", {"path": "*.json"}, {name: folder / name})


def feeder_of(reading: Reading) -> Feeder:
    ((name, parts),) = reading.parts.items()
    rows = [{"feeder": name, "kind": k, "name": n, "body": p.model_dump_json()} for (k, n), p in parts.items()]
    return Feeder.from_parts([*rows, {"feeder": name, "kind": "feeder", "name": name,
                                      "body": json.dumps({"frequency_hz": reading.frequency_hz})}])  # fmt: skip


@pytest.mark.parametrize("number", [0, 2, 5, 8, 11])
def test_each_recipe_gives_the_voltages_of_its_twin(number: int, tmp_path: Path) -> None:
    net = lv.network(number, 30, 1)
    reading = given(tmp_path, {k: v for k, v in net.items() if k != "recipe"})
    feeder = feeder_of(reading)
    assert not reading.findings
    assert not [f for f in check(feeder) if f.severity == "error"]
    assert (len(feeder.buses), len(feeder.lines), feeder.frequency_hz) == (31, 29, 50.0)
    (truth,) = lv.answers(net, [1.0])
    assert smoke(feeder)["min_pu"] == pytest.approx(truth["min_pu"], abs=1e-5)
    assert smoke(feeder)["load_kw"] == pytest.approx(sum(n["load_kw"] for n in net["nodes"]), rel=1e-6)


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "check_", "field"),
    [
        (lambda n: n["nodes"][3].update(load_kw="three"), "source.bad-value", "load_kw"),
        (lambda n: n["nodes"][3].update(phases="X"), "source.bad-value", "phases"),
        (lambda n: n["nodes"][3].update(power_factor=0), "source.bad-value", "power_factor"),
        (lambda n: n["lines"][3].update(length_m=-5), "source.bad-value", "length_km"),
        (lambda n: n["lines"][3].pop("r_ohm_per_km"), "source.missing-value", "r_ohm_per_km"),
        (lambda n: n["nodes"][3].update(id=2), "network.duplicate", "id"),
        (lambda n: n["transformer"].update(kv_low=400), "source.bad-value", "kv_low"),
        (lambda n: n["transformer"].update(kv_high=11000), "source.bad-value", "kv_high"),
        (lambda n: n.pop("transformer"), "source.missing-value", "transformer"),
        (lambda n: n.update(nodes=[]), "source.missing-value", "nodes"),
        (lambda n: n["transformer"].update(kva=0), "source.bad-value", ""),
    ],
)
def test_what_is_wrong_is_named_and_fails_the_feeder(change: Change, check_: str, field: str, tmp_path: Path) -> None:
    net = copy.deepcopy(lv.network(0, 8, 1))
    change(net)
    reading = given(tmp_path, net)
    assert reading.failed() == {"feeder_00"}
    first = reading.findings[0]
    assert (first.check, first.field or field) == (check_, field or first.field)


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"nodes": 3}', "\\x00", "[" * 100_000])
def test_what_is_no_twin_is_refused(text: str, tmp_path: Path) -> None:
    reading = given(tmp_path, text)
    (finding,) = reading.findings
    assert finding.severity == "error"
    assert finding.file == "feeder_00.json"
    assert finding.remedy


def test_two_files_of_one_feeder_and_words_that_no_part_takes(tmp_path: Path) -> None:
    net = lv.network(0, 5, 1) | {"colour": "red"}
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(net))
    reading = read("twin", {}, {n: tmp_path / n for n in ("a.json", "b.json")})
    assert [(f.check, f.file) for f in reading.findings] == [("network.duplicate", "b.json")]
    left = ("refused", "unused")
    refused = {(r["object"], r["property"]) for r in reading.conversion.values() if r["verdict"] in left}
    assert {("network", "colour"), ("limits", "low_pu")} <= refused


def test_two_cables_to_one_node(tmp_path: Path) -> None:
    """Two cables beside each other, and one that closes a ring, are cables of their own."""
    net = {k: v for k, v in lv.network(0, 30, 1).items() if k != "recipe"}
    alone = smoke(feeder_of(given(tmp_path, net)))["min_pu"]
    first = dict(net["lines"][0])
    second = [dict(first), dict(first), {**first, "from": first["from"], "to": net["lines"][5]["to"]}]
    reading = given(tmp_path, net | {"lines": [*net["lines"], *second]})
    assert not reading.findings
    feeder = feeder_of(reading)
    end = first["to"]
    assert {f"l{end}", f"l{first['from']}_{end}", f"l{first['from']}_{end}_2"} <= {p.name for p in feeder.lines}
    assert len(feeder.lines) == len(net["lines"]) + 3
    assert smoke(feeder)["min_pu"] > alone
