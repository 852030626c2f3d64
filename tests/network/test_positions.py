"""Switches by a file: positions by name, also of several feeders as one circuit, and what is wrong with its rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtl.network.feeder import Bus, Feeder, Switch
from dtl.network.join import join
from dtl.network.positions import positioned
from dtl.spec.small_csv import SmallCsvError
from dtl.spec.switch_file import positions


def feeder(name: str) -> Feeder:
    buses = tuple(Bus(name=f"{name}_{i}".lower(), kv_ln=7.2, nodes=(1,), feeder="") for i in range(3))
    ends = [(buses[0].name, buses[1].name), (buses[1].name, buses[2].name)]
    switches = tuple(
        Switch(name=n, from_bus=a, to_bus=b, from_nodes=(1,), to_nodes=(1,), closed=(n == "sw",))
        for n, (a, b) in zip(("sw", "tie"), ends, strict=True)
    )
    return Feeder(id=name, feeders=(name,), buses=buses, switches=switches)


def closed(found: Feeder) -> dict[str, bool]:
    return {s.name: s.is_closed for s in found.switches}


def test_names_of_one_feeder_and_of_two() -> None:
    one, known = positioned(feeder("F1"), {"SW": False, "F1:tie": True, "F2:sw": False, "none": True})
    assert closed(one) == {"sw": False, "tie": True} and known == {"SW", "F1:tie"}
    both = join([feeder("F1"), feeder("F2")])
    assert closed(both) == {"F2__sw": True, "F2__tie": False, "sw": True, "tie": False}
    moved, known = positioned(both, {"f2:sw": False, "F1:tie": True})
    assert closed(moved) == {"F2__sw": False, "F2__tie": False, "sw": True, "tie": True} and len(known) == 2


def test_what_stands_as_it_is_changes_nothing() -> None:
    same = feeder("F1")
    again, _ = positioned(same, {"sw": True, "tie": False})
    assert again == same and again.switches[0] is same.switches[0]


def test_rows_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "switches.csv"
    path.write_text("# by the operator\nswitch,position,note\nSW-1,open,x\nF2:SW-1,Closed,\n")
    assert positions(path) == {"SW-1": False, "F2:SW-1": True}
    path.write_text("switch,position\nSW-1,opn\n,open\nSW-2,open\nSW-2,closed\n")
    with pytest.raises(SmallCsvError) as caught:
        positions(path)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[1] for line in lines] == ["2", "3", "5"] and "did you mean 'open'?" in lines[0]
    path.write_text("name,position\n")
    with pytest.raises(SmallCsvError, match="has no column switch"):
        positions(path)
