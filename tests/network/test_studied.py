"""What a study states in place of the model: equipment, service lines, positions of switches on a day."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dtl import tables
from dtl.demand.calendar import HOURS
from dtl.demand.demand import Demand, Drive
from dtl.network.equipment import equipped
from dtl.network.feeder import Bus, Feeder, Line, LineCode, Load, Source, Switch, Transformer, Winding
from dtl.network.operated import operated
from dtl.network.service_lines import with_service_lines
from dtl.powerflow.opendss import Year
from dtl.spec.equipment_file import equipment
from dtl.spec.secondary_file import secondary
from dtl.spec.small_csv import SmallCsvError


def feeder(low_nodes: tuple[int, ...] = (1,), split: bool = False) -> Feeder:
    """A source, a line, a transformer of 50 kVA with one load of 24 kW at 240 V at its low side."""
    zero = tuple(tuple(0.1 if i == j else 0.0 for j in range(3)) for i in range(3))
    code = LineCode(name="acsr", r_ohm_per_km=zero, x_ohm_per_km=zero, c_nf_per_km=tuple((0.0,) * 3 for _ in range(3)),
                    normal_a=200.0)  # fmt: skip
    low = [Winding(bus="low", nodes=(1, 0), connection="wye", kv=0.24, kva=50.0, r_pct=0.4)]
    if split:
        low = [Winding(bus="low", nodes=n, connection="wye", kv=0.12, kva=50.0, r_pct=0.4) for n in ((1, 0), (0, 2))]
    high = Winding(bus="end", nodes=(1, 0), connection="wye", kv=7.2, kva=50.0, r_pct=0.6)
    unit = Transformer(name="t", phases=1, xhl_pct=2.0, xht_pct=2.0, xlt_pct=1.4, windings=(high, *low))
    nodes, kv = ((1, 2), 0.24) if split else ((1, 0), 0.24)
    load = Load(name="x", bus="low", nodes=nodes, phases=1, kv=kv, kw=24.0, kvar=0.0, min_pu=0.5, max_pu=1.5,
                connection="delta" if split else "wye")  # fmt: skip
    return Feeder(
        id="f", feeders=("f",),
        buses=(Bus(name="end", nodes=(1, 2, 3), kv_ln=7.2), Bus(name="head", nodes=(1, 2, 3), kv_ln=7.2),
               Bus(name="low", nodes=low_nodes, kv_ln=0.12 if split else 0.24, split_phase=split)),
        line_codes=(code,),
        lines=(Line(name="l1", from_bus="head", to_bus="end", from_nodes=(1, 2, 3), to_nodes=(1, 2, 3), length_km=1.0,
                    line_code="acsr"),),
        switches=(Switch(name="SW-1", from_bus="head", to_bus="end", from_nodes=(1, 2, 3), to_nodes=(1, 2, 3)),),
        transformers=(unit,), loads=(load,),
        sources=(Source(name="s", bus="head", kv_ll=12.47, r1_ohm=0.0, x1_ohm=0.001, r0_ohm=0.0, x0_ohm=0.001),),
    )  # fmt: skip


def write(folder: Path, *rows: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_equipment_sets_what_it_says_and_the_last_row_counts(tmp_path: Path) -> None:
    rows = equipment(write(tmp_path, "kind,name,feeder,normal_a,summer_a,kva,x_pct,r_pct", "line_code,AC*,,300,280,,,",
                           "line,l1,F,150,,,,", "transformer,t,,,,75,3,2", "transformer,t,other,,,100,,",
                           "switch,none,,5,,,,"))  # fmt: skip
    found, known = equipped(feeder(), rows)
    assert (found.line_codes[0].normal_a, found.line_codes[0].summer_a) == (300.0, 280.0)
    assert (found.lines[0].normal_a, found.lines[0].summer_a) == (150.0, None)
    unit = found.transformers[0]
    assert [w.kva for w in unit.windings] == [75.0, 75.0] and unit.xhl_pct == 3.0
    assert [w.r_pct for w in unit.windings] == pytest.approx([1.2, 0.8]), "2 % shared as the windings had 0.6 and 0.4"
    assert known == {"line_code ac*", "line f:l1", "transformer t"}, "the other feeder and the missing switch are not"


def test_every_mistake_in_a_file_of_equipment_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SmallCsvError) as told:
        equipment(write(tmp_path, "kind,name,normal_a,kva", "lne,x,1,", "line,,1,", "line,a,-3,", "line,b,,5",
                        "line,c,,", "line,d,1,", "line,D,2,"))  # fmt: skip
    text = str(told.value).splitlines()
    assert text[0].startswith(":2: kind: 'lne' is no kind of equipment; did you mean 'line'")
    assert text[1:] == [
        ":3: name: is empty", ":4: normal_a: '-3' is no number above zero",
        ":5: kva: a line has no such value; it has normal_a, summer_a, winter_a, emergency_a",
        ":6: sets nothing", ":8: name: line 'd' stands there twice",
    ]  # fmt: skip
    with pytest.raises(SmallCsvError, match="no column 'rated'"):
        equipment(write(tmp_path, "kind,name,rated", "line,x,1"))


def volts(found: Feeder, node: str) -> float:
    drive = Drive("f", "x", found.loads[0].bus, "", 1, 24.0, 0.0, "flat", "flat", "model_loads")
    year = Year(found, Demand({"x": drive}, {"flat": np.ones(HOURS, np.float32)}))
    block = next(iter(year.blocks([0])))
    return float(abs(block.voltages[year.circuit.node[node], 0]))


@pytest.mark.parametrize("split", [False, True])
def test_the_current_of_a_customer_meets_the_ohms_of_the_table(split: bool) -> None:
    plain = feeder((1, 2) if split else (1,), split)
    found, lines, primary = with_service_lines(plain, [(25.0, 1.0, 0.0), (50.0, 0.05, 0.0), (100.0, 0.0, 0.0)])
    assert (lines, primary) == (1, 0)
    legs = 2 if split else 1
    before, after = legs * volts(found, "low.1"), legs * volts(found, "low_service.1")
    amps = 24_000.0 / after
    assert before - after == pytest.approx(amps * 0.05, rel=0.01), "out and back together, of a transformer of 50 kVA"


def test_a_load_at_the_primary_gets_no_line_and_is_counted() -> None:
    plain = feeder()
    load = plain.loads[0].model_copy(update={"bus": "end", "kv": 7.2})
    found, lines, primary = with_service_lines(plain.model_copy(update={"loads": (load,)}), [(50.0, 0.1, 0.1)])
    assert (lines, primary) == (0, 1) and found.lines == plain.lines


def test_a_table_of_secondaries_tells_its_mistakes(tmp_path: Path) -> None:
    with pytest.raises(SmallCsvError) as told:
        secondary(write(tmp_path, "kva,r_ohm,x_ohm", "25,0.1,x", "25,0.1,0.1", "0,1,1"))
    assert str(told.value).splitlines() == [
        ":2: x_ohm: 'x' is no number that fits",
        ":3: kva: 25 stands there twice",
        ":4: kva: '0' is no number that fits",
    ]  # fmt: skip


def scada(*rows: tuple[str, str, str, float, str]) -> Any:
    about = {"source": "s", "quantity": "status", "phases": "", "interval_min": 0}
    names = ("feeder", "device", "start", "value", "quality")
    found = [about | dict(zip(names, row, strict=True)) for row in rows]
    return tables.frame("scada", [r | {"start": datetime.fromisoformat(f"{r['start']}+00:00")} for r in found])


def test_the_last_good_state_by_the_end_of_the_local_day_counts() -> None:
    table = scada(
        ("f", "sw_1", "2025-03-01T00:00", 1.0, "good"), ("f", "sw_1", "2025-06-02T04:30", 0.0, "good"),
        ("f", "sw_1", "2025-06-02T05:30", 1.0, "good"), ("f", "sw_1", "2025-06-02T04:45", 1.0, "bad"),
        ("f", "pump", "2025-03-01T00:00", 1.0, "good"), ("", "Other-9", "2025-03-01T00:00", 0.0, "good"),
    )  # fmt: skip
    there = {"f": ["SW-1"], "g": ["other 9"]}
    assert operated(table, "2025-06-01", "America/Chicago", there) == (
        {"f:SW-1": False, "g:other 9": False}, ["f:pump"],
    )  # fmt: skip
    assert operated(table, "", "America/Chicago", there)[0]["f:SW-1"] is True
    assert operated(table, "2025-01-01", "America/Chicago", there)[0] == {}
