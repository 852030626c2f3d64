"""The source `cyme_text`: blocks, codes, sections and loads; the traps of the format, one test each."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from models import feeders, only, read

CASE = Path(__file__).parents[1] / "cases" / "sources" / "cyme_sound"
DEMO = Path(__file__).parents[2] / "studies" / "demo" / "data" / "cyme"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in CASE.glob("*.txt"):
        if path.name != "expected.txt":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def put(folder: Path, file: str, *changes: tuple[str, str]) -> None:
    text = (folder / file).read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (folder / file).write_text(text)


def model(folder: Path, **spec: object):
    return read("cyme_text", folder, "*.txt", **spec)


def test_sample_has_every_kilowatt_on_its_node(samples: Path) -> None:
    reading = read("cyme_text", samples / "cyme" / "ieee13_txt", "*.txt")
    feeder = only(reading)
    assert (len(feeder.buses), len(feeder.lines) + len(feeder.switches)) == (25, 22)
    assert sum(line.length_km for line in feeder.lines) == pytest.approx(2.49936, abs=1e-6)
    power: dict[tuple[str, tuple[int, ...]], tuple[float, float]] = {}
    for load in feeder.loads:
        kw, kvar = power.get((load.bus, load.nodes), (0.0, 0.0))
        power[(load.bus, load.nodes)] = (kw + load.kw, kvar + load.kvar)
    assert power == {
        ("632", (1,)): (8.5, 5), ("632", (2,)): (33, 19), ("632", (3,)): (58.5, 34),
        ("671", (1,)): (8.5, 5), ("671", (2,)): (33, 19), ("671", (3,)): (58.5, 34),
        ("671", (1, 2)): (385, 220), ("671", (2, 3)): (385, 220), ("671", (3, 1)): (385, 220),
        ("675", (1,)): (485, 190), ("675", (2,)): (68, 60), ("675", (3,)): (290, 212),
        ("634", (1,)): (160, 110), ("634", (2,)): (120, 90), ("634", (3,)): (120, 90),
        ("645", (2,)): (170, 125), ("646", (2, 3)): (230, 132), ("652", (1,)): (128, 86),
        ("611", (3,)): (170, 80), ("692", (3, 1)): (170, 151),
    }  # fmt: skip
    assert sum(kw for kw, _ in power.values()) == pytest.approx(3466, abs=1e-9)
    assert sum(kvar for _, kvar in power.values()) == pytest.approx(2102, abs=1e-9)
    models = {load.bus: load.model for load in feeder.loads}
    assert (models["646"], models["692"], models["645"]) == (2, 5, 1)


def test_sample_taps_and_lines_by_conductor(samples: Path) -> None:
    feeder = only(read("cyme_text", samples / "cyme" / "ieee13_txt", "*.txt"))
    taps = [t.windings[1].tap_pu for t in feeder.transformers if t.is_regulator]
    assert taps == [1.0625, 1.05, 1.06875]
    line = next(x for x in feeder.lines if x.name == "l650_632")
    r = feeder.line_code[line.line_code].r_ohm_per_km
    assert [r[0][0] * 1.609344, r[1][1] * 1.609344, r[2][2] * 1.609344] == pytest.approx(
        [0.3465, 0.3375, 0.3414], abs=2e-4
    )


def test_sample_of_switches(samples: Path) -> None:
    reading = read("cyme_text", samples / "cyme" / "switches_txt", "*.txt")
    feeder = only(reading)
    assert feeder.id == "FEEDER1"
    a, b = feeder.switches
    assert (a.closed, a.from_bus, a.to_bus, a.normal_a) == ((True, False, True), "0", "1", 100)
    assert (b.closed, b.from_nodes, b.normal_a) == ((False, False), (1, 3), 300)
    assert feeder.sources[0].pu == pytest.approx(7.2 * 3**0.5 / 13.8)


@pytest.mark.parametrize("name", ["sample", "ieee13", "ieee123"])
def test_every_row_and_column_has_one_verdict(name: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue("samples") / "cyme" / "ieee13_txt" if name == "sample" else DEMO / name
    reading = read("cyme_text", folder, "*.txt")
    rows: dict[str, list[str]] = {}
    for row in reading.conversion.values():
        rows.setdefault(row["object"], []).append(row["property"])
    block, header = "", []
    seen: dict[str, int] = {}
    for file in sorted(folder.glob("*.txt")):
        for line in file.read_text("cp1252").splitlines():
            if line.startswith("["):
                block = line.strip("[]")
            elif line.startswith("FORMAT_"):
                header = line.split("=", 1)[1].split(",") if "FORMAT_FEEDER" not in line else header
            elif "," in line and block != "GENERAL" and not line.startswith("FEEDER="):
                thing = f"[{block}] {line.split(',')[0]}"
                seen[thing] = n = seen.get(thing, 0) + 1
                given = rows[thing if n == 1 else f"{thing} ({n})"]
                assert "" in given, thing
                columns = sorted(c for text in given for c in text.split())
                assert columns == sorted(c.upper() for c in header), thing
    assert seen


def test_second_format_of_nodes_and_longer_rows(samples: Path) -> None:
    feeder = only(read("cyme_text", samples / "cyme" / "ieee13_txt", "*.txt"))
    assert feeder.bus["650"].x == pytest.approx((-139.371718 - 64.371718) / 2)


def test_phase_three_is_c(folder: Path) -> None:
    put(folder, "network.txt", ("two,mid,end,ABC", "two,mid,end,3"))
    put(folder, "load.txt", (",ABC,300,90,", ",3,300,90,"))
    feeder = only(model(folder))
    assert [line.from_nodes for line in feeder.lines] == [(1, 2, 3), (3,)]
    assert [(load.nodes, load.kw) for load in feeder.loads] == [((3,), 300)]


def test_several_letters_share_equally(folder: Path) -> None:
    feeder = only(model(folder))
    assert [(load.nodes, load.kw, load.kvar) for load in feeder.loads] == [((n,), 100, 30) for n in (1, 2, 3)]
    assert feeder.customers == 3
    assert [(m.name, m.load) for m in feeder.meters] == [("c1", "two_a")]


@pytest.mark.parametrize(
    ("type", "one", "two", "kw", "kvar"),
    [
        ("0", 30, 12, 30, 12),
        ("KVA_PF", 50, 80, 40, 30),
        ("2", 40, 80, 40, 30),
        ("2", 40, 0.8, 40, 30),
        ("2", 40, -80, 40, -30),
        ("AMP_PF", 10, 100, 10 * 12.47 * 3**0.5, 0),
    ],
)
def test_what_two_values_mean(folder: Path, type: str, one: float, two: float, kw: float, kvar: float) -> None:
    put(folder, "load.txt", ("1,0,ABC,300,90,3", f"1,{type},ABC,{one},{two},3"))
    feeder = only(model(folder))
    assert sum(load.kw for load in feeder.loads) == pytest.approx(kw)
    assert sum(load.kvar for load in feeder.loads) == pytest.approx(kvar)


def test_the_latest_year_of_each_device(folder: Path) -> None:
    row = "two,two,SPOT,c1,house,0,2024,1,0,ABC,300,90,3"
    put(folder, "load.txt", (row, row.replace("2024", "2019").replace("300", "999") + "\n" + row))
    reading = model(folder)
    assert sum(load.kw for load in only(reading).loads) == 300
    refused = [r for r in reading.conversion.values() if "another year" in r["reason"] and not r["property"]]
    assert len(refused) == 1


@pytest.mark.parametrize(
    ("where", "buses"),
    [
        ("split_ends", {"mid": 150, "end": 150}),
        ("middle", {"two__mid": 300}),
        ("from_end", {"mid": 300}),
        ("to_end", {"end": 300}),
    ],
)
def test_distributed_loads(folder: Path, where: str, buses: dict[str, float]) -> None:
    put(
        folder,
        "load.txt",
        ("two,two,SPOT,0,1", "two,two,DISTRIBUTED,0,1"),
        ("two,two,SPOT,c1", "two,two,DISTRIBUTED,c1"),
    )
    feeder = only(model(folder, distributed=where))
    found: dict[str, float] = {}
    for load in feeder.loads:
        found[load.bus] = found.get(load.bus, 0) + load.kw
    assert found == pytest.approx(buses)
    assert sum(line.length_km for line in feeder.lines) == pytest.approx(1.5)
    assert feeder.customers == 3


def test_a_mixed_class_is_zip(folder: Path) -> None:
    put(folder, "load.txt", ("house,0,0,0,0,100,100,80", "house,20,10,30,20,50,70,70"))
    load = only(model(folder)).loads[0]
    assert (load.model, load.min_pu) == (8, 0.7)
    assert load.zip == pytest.approx((0.2, 0.3, 0.5, 0.1, 0.2, 0.7, 0.0))


def test_several_devices_on_one_section(folder: Path) -> None:
    put(folder, "network.txt", ("[OVERHEADLINE SETTING]", "[OVERHEADLINE SETTING]"))
    text = (folder / "network.txt").read_text()
    text += (
        "\n[SWITCH SETTING]\nFORMAT_SWITCHSETTING=SectionID,Location,EqID,DeviceNumber,ClosedPhase\ntwo,S,sw,two,ABC\n"
        "\n[FUSE SETTING]\nFORMAT_FUSESETTING=SectionID,Location,EqID,DeviceNumber,ClosedPhase\ntwo,L,f,two,ABC\n"
    )
    (folder / "network.txt").write_text(text)
    reading = model(folder)
    feeder = only(reading)
    path = {(s.name, s.type): (s.from_bus, s.to_bus) for s in feeder.switches}
    assert path == {("two", "switch"): ("mid", "two__1"), ("two__fuse", "fuse"): ("two__2", "end")}
    assert (feeder.lines[1].from_bus, feeder.lines[1].to_bus) == ("two__1", "two__2")
    assert [f.check for f in reading.findings] == ["cyme.no-switch-rating"]


def test_transformer_carries_the_voltage_base(folder: Path) -> None:
    put(folder, "network.txt", ("two,two,wire,500,0\n", ""))
    text = (folder / "network.txt").read_text()
    text += (
        "\n[TRANSFORMER SETTING]\n"
        "FORMAT_TRANSFORMERSETTING=SectionID,Location,EqID,DeviceNumber,Conn,PrimTap,FromNodeID\n"
        "two,M,bank,bank,1,102.5,mid\n"
    )
    (folder / "network.txt").write_text(text)
    equipment = (folder / "equipment.txt").read_text()
    equipment += "\n[TRANSFORMER]\nFORMAT_TRANSFORMER=ID,Type,KVA,KVLLprim,KVLLsec,Z1,XR,Conn,NoLoadLosses\n"
    equipment += "bank,1,100,12.47,0.48,5,10,3,0.9\n"
    (folder / "equipment.txt").write_text(equipment)
    feeder = only(model(folder))
    bank = feeder.transformers[0]
    assert feeder.bus["end"].kv_ln == pytest.approx(0.48 / 3**0.5)
    assert [w.kva for w in bank.windings] == [300, 300]
    assert [w.connection for w in bank.windings] == ["delta", "wye"]
    assert bank.windings[0].tap_pu == 1.025
    r, x = 2 * bank.windings[0].r_pct, bank.xhl_pct
    assert (r**2 + x**2) ** 0.5 == pytest.approx(5)
    assert x / r == pytest.approx(10)
    assert bank.no_load_loss_pct == pytest.approx(0.3)


def test_cable_in_parallel_and_by_two_phases(folder: Path) -> None:
    put(
        folder,
        "network.txt",
        ("two,mid,end,ABC", "two,mid,end,AC"),
        ("two,two,wire,500,0\n", ""),
    )
    text = (folder / "network.txt").read_text()
    text += (
        "\n[UNDERGROUNDLINE SETTING]\n"
        "FORMAT_UNDERGROUNDLINESETTING=SectionID,DeviceNumber,LineCableID,Length,NumberOfCableInParallel\ntwo,c,tube,500,2\n"
    )
    (folder / "network.txt").write_text(text)
    equipment = (folder / "equipment.txt").read_text()
    (folder / "equipment.txt").write_text(
        equipment + "\n[CABLE]\nFORMAT_CABLE=ID,R1,R0,X1,X0,B1,B0,Amps\ntube,0.2,0.5,0.1,0.4,100,100,300\n"
    )
    put(folder, "load.txt", (",ABC,300,90,", ",AC,300,90,"))
    feeder = only(model(folder))
    cable = next(line for line in feeder.lines if line.placement == "underground")
    code = feeder.line_code[cable.line_code]
    assert cable.from_nodes == (1, 3)
    assert code.r_ohm_per_km[0][0] == pytest.approx((0.5 + 2 * 0.2) / 3 / 2)
    assert code.c_nf_per_km[0][0] == pytest.approx(2 * 100e3 / (2 * 3.141592653589793 * 60))
    assert code.normal_a == 600


def test_ratings_by_season(folder: Path) -> None:
    feeder = only(model(folder, ratings={"normal": "Amps", "summer": "Amps", "emergency": "Amps_1"}))
    code = feeder.line_code["wire_3ph"]
    assert (code.normal_a, code.summer_a, code.winter_a, code.emergency_a) == (400, 400, None, 450)


def test_cp1252_and_ids_that_look_like_numbers(folder: Path) -> None:
    for file in ("network.txt", "load.txt"):
        text = (folder / file).read_text().replace("mid", "007").replace("house", "büro")
        (folder / file).write_bytes(text.encode("cp1252"))
    reading = model(folder)
    assert "007" in only(reading).bus
    assert {load.customer_class for load in only(reading).loads} == {"büro"}
    assert [f.check for f in reading.findings] == ["cyme.encoding"]


def test_names_of_columns_ignore_case_and_order(folder: Path) -> None:
    put(
        folder,
        "network.txt",
        ("FORMAT_OVERHEADLINESETTING=SectionID,DeviceNumber,LineCableID,Length,ConnectionStatus",
         "FORMAT_OVERHEADLINE SETTING=LENGTH,sectionid,LineCableId,DEVICENUMBER"),
        ("one,one,wire,1000,0", "1000,one,wire,one"),
        ("two,two,wire,500,0", "500,two,wire,two"),
    )  # fmt: skip
    assert [line.length_km for line in only(model(folder)).lines] == [1.0, 0.5]


def test_fifty_hertz_changes_capacitance(folder: Path) -> None:
    sixty, fifty = (only(model(folder, frequency_hz=f)).line_codes[0].c_nf_per_km[0][0] for f in (60, 50))
    assert fifty == pytest.approx(sixty * 1.2)


def test_no_damage_raises(folder: Path) -> None:
    """Any damage becomes findings: lines lost, cut, swapped, cells replaced by nonsense."""
    originals = {p.name: p.read_text() for p in folder.glob("*.txt")}
    rng = random.Random(7)
    nonsense = ["", "-1", "nan", "1e999", "ABCD", "[", "=", ",,,,", "\x00", "DEFAULT", "NONE", "0", "ä"]
    for _ in range(150):
        for name, text in originals.items():
            lines = text.splitlines()
            for _ in range(rng.randrange(4)):
                i = rng.randrange(len(lines))
                cells = lines[i].split(",")
                cells[rng.randrange(len(cells))] = rng.choice(nonsense)
                lines[i] = rng.choice(
                    [",".join(cells), "", lines[rng.randrange(len(lines))], lines[i][: len(lines[i]) // 2]]
                )
            (folder / name).write_text("\n".join(lines))
        reading = model(folder)
        for feeder in feeders(reading).values():
            assert feeder.to_json()


@pytest.mark.parametrize(
    ("word", "closed", "error"),
    [("Connected", None, ""), ("1", False, ""), ("DISCONNECTED", False, ""), ("Bypassed", True, ""), ("7", None, "7")],
)
def test_connection_by_number_and_by_word(folder: Path, word: str, closed: bool | None, error: str) -> None:
    put(folder, "network.txt", ("two,two,wire,500,0\n", f"two,two,wire,500,{word}\n"))
    reading = model(folder)
    ((_, parts),) = reading.parts.items()
    stands = parts.get(("switch", "two"))
    assert (None if stands is None else not stands.closed) is closed  # type: ignore[union-attr]
    assert [f.value for f in reading.findings if f.check == "cyme.bad-value"] == ([error] if error else [])


def test_a_switch_that_says_nothing_of_its_phases_is_closed_and_told(folder: Path) -> None:
    text = (folder / "network.txt").read_text()
    for closed in ("", "NONE", "ABC"):
        head = "\n[SWITCH SETTING]\nFORMAT_SWITCHSETTING=SectionID,Location,EqID,DeviceNumber,ClosedPhase\n"
        (folder / "network.txt").write_text(f"{text}{head}two,S,sw,s,{closed}\n")
        reading = model(folder)
        ((_, parts),) = reading.parts.items()
        assert bool(parts["switch", "s"].closed) is (closed == "NONE")  # type: ignore[attr-defined]
        assert ("cyme.switch-state" in {f.check for f in reading.findings}) is (closed == "")
