"""The source `cim`: the two samples of IEEE 13, every form of an object, hostile files, and the way out and back."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from cim_files import base, equipment, file, line, load, matrix, small, thing
from models import feeders, only, read

from dtl import layout
from dtl.cli import main
from dtl.errors import NetworkError
from dtl.network.catalog import Wire, overhead
from dtl.network.feeder import Feeder, Reactor
from dtl.network.join import pruned
from dtl.powerflow import dss, engine, names
from dtl.sources.cim_write import write
from dtl.sources.reading import Reading


def make(folder: Path, parts: list[str], **spec: Any) -> Reading:
    (folder / "model.xml").write_text(file(parts))
    return read("cim", folder, "*.xml", **spec)


def solve(feeder: Feeder) -> dict[tuple[str, int], complex]:
    """Voltages of the nodes [pu of the base of their bus]."""
    engine.load(dss.write(feeder))
    engine.load_settings(mode="snapshot", controlmode="off", tolerance=1e-10, maxiterations=200)
    assert not engine.solve() and engine.converged()
    volts = np.empty(len(engine.node_names()) + 1, np.complex128)
    engine.Voltages().read(volts)
    index = {n: i for i, n in enumerate(engine.node_names(), 1)}
    return {
        (b.name, n): complex(volts[index[f"{names.spelled(b.name)}.{n}"]]) / 1e3 / b.kv_ln
        for b in feeder.buses
        for n in b.nodes
        if f"{names.spelled(b.name)}.{n}" in index
    }


def worst(a: Feeder, b: Feeder) -> float:
    """Largest difference of a voltage [pu]."""
    x, y = solve(a), solve(b)
    assert x.keys() == y.keys()
    return max(abs(x[k] - y[k]) for k in x)


SAMPLES = {
    "ieee13_opendss_cim100x": (3466.0, 2102.0, {
        "bus": 16, "line": 11, "transformer": 5, "regulator": 3, "load": 15, "capacitor": 2, "switch": 1}),
    "ieee13x_cim100": (3471.0, 2105.0987, {
        "bus": 21, "line": 11, "transformer": 6, "regulator": 3, "load": 17, "capacitor": 2, "switch": 5,
        "generator": 3, "storage": 3}),
}  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_come_whole(samples: Path, sample: str) -> None:
    kw, kvar, counts = SAMPLES[sample]
    reading = read("cim", samples / "cim" / sample, "*.xml")
    assert {f.check for f in reading.findings} == ({"cim.battery"} if sample == "ieee13x_cim100" else set())
    kinds = Counter(kind for parts in reading.parts.values() for kind, _ in parts)
    assert counts.items() <= kinds.items()
    feeder = only(reading)
    assert sum(p.kw for p in feeder.loads) == pytest.approx(kw, abs=1e-6)
    assert sum(p.kvar for p in feeder.loads) == pytest.approx(kvar, abs=1e-3)
    objects = [r["object"] for r in reading.conversion.values() if not r["property"]]
    told = Counter(o for o in objects if " impedance" not in o)
    assert set(told.values()) == {1}


def test_ieee13_is_that_of_opendss(samples: Path) -> None:
    """Phases and loads exact; voltages with the same taps and head voltage within 0.002 pu (they are within 4e-5).

    The file holds the head at 1.02 instead of 1.0001 pu and taps 6, 3, 6. What is left: CIM states no rated voltage of
    loads (2.4018 against 2.4 kV), no impedance of the switch and no voltage limits of loads.
    """
    ours = only(read("cim", samples / "cim" / "ieee13_opendss_cim100x", "*.xml"))
    theirs = only(read("opendss", samples / "opendss" / "ieee13", "IEEE13Nodeckt.dss"))
    assert {b.name: b.nodes for b in ours.buses} == {b.name: b.nodes for b in theirs.buses}
    by_node = [{(p.bus, p.nodes): (p.kw, p.kvar, p.model) for p in f.loads} for f in (ours, theirs)]
    assert by_node[0] == by_node[1]
    assert ours.sources[0].pu == pytest.approx(1.02)
    taps = {t.name: [w.tap_pu for w in t.windings] for t in ours.transformers}
    assert (taps["reg1"], taps["reg2"], taps["reg3"]) == ([1.0, 1.0375], [1.0, 1.01875], [1.0, 1.0375])
    same = theirs.model_copy(update={
        "sources": tuple(s.model_copy(update={"pu": ours.sources[0].pu}) for s in theirs.sources),
        "transformers": tuple(
            t.model_copy(update={"windings": tuple(
                w.model_copy(update={"tap_pu": tap}) for w, tap in zip(t.windings, taps[t.name], strict=True))})
            for t in theirs.transformers),
    })  # fmt: skip
    assert worst(ours, same) < 1e-4


def test_secondary_of_the_larger_sample(samples: Path) -> None:
    feeder = only(read("cim", samples / "cim" / "ieee13x_cim100", "*.xml"))
    house = next(b for b in feeder.buses if b.name == "house")
    assert (house.split_phase, house.nodes, house.kv_ln) == (True, (1, 2), 0.12)
    pole = next(t for t in feeder.transformers if t.name == "tpoletop")
    assert [w.nodes for w in pole.windings] == [(2, 0), (1, 0), (0, 2)]
    assert (pole.xhl_pct, pole.xlt_pct) == pytest.approx((2.04, 1.36), abs=1e-5)
    assert (pole.no_load_loss_pct, pole.magnetizing_pct) == pytest.approx((0.2, 0.5), abs=1e-6)
    assert {p.name: (p.kw, p.type) for p in feeder.generators} == {
        "school": (240.0, "pv"), "house_s1": (2.0, "pv"), "house_s2": (2.0, "pv"),
    }  # fmt: skip
    assert {s.name: (s.type, s.is_closed) for s in feeder.switches}["671692"] == ("switch", True)
    volts = solve(feeder)
    assert all(0.9 < abs(v) < 1.1 for v in volts.values())


def test_parts_of_a_small_model(tmp_path: Path) -> None:
    reading = make(tmp_path, small())
    assert not reading.findings
    feeder = only(reading)
    assert (feeder.id, reading.frequency_hz) == ("north", 60.0)
    (source,) = feeder.sources
    assert (source.kv_ll, source.pu, source.angle_deg) == pytest.approx((12.47, 1.02, 30.0))
    lines = {p.name: p for p in feeder.lines}
    assert (lines["two"].from_nodes, lines["two"].length_km) == ((2,), 0.5)
    codes = feeder.line_code
    assert codes["z"].r_ohm_per_km[0][:2] == (0.2, 0.1)
    loads = {p.name: p for p in feeder.loads}
    assert (loads["big"].phases, loads["big"].kw, loads["big"].kv) == (3, 300.0, 12.47)
    assert (loads["small"].nodes, loads["small"].kv) == ((2,), pytest.approx(12.47 / math.sqrt(3)))
    (breaker,) = feeder.switches
    assert (breaker.type, breaker.normal_a, breaker.closed) == ("breaker", 600.0, ())


@pytest.mark.parametrize("numbered", [False, True])
def test_matrix_with_a_neutral_is_reduced(tmp_path: Path, numbered: bool) -> None:
    parts = [*base(), matrix("Z", 4, numbered=numbered), line("ONE", "HEAD", "MID", "A", "B", "C", "N")]
    feeder = only(make(tmp_path, [*parts, load("L", "MID", 1000, 0)]))
    (code,) = feeder.line_codes
    own, mutual = 0.2 + 0.6j, 0.1 + 0.2j
    assert complex(code.r_ohm_per_km[0][0], code.x_ohm_per_km[0][0]) == pytest.approx(own - mutual**2 / own)
    assert complex(code.r_ohm_per_km[0][1], code.x_ohm_per_km[0][1]) == pytest.approx(mutual - mutual**2 / own)


def test_sequence_impedances_in_both_places(tmp_path: Path) -> None:
    words = {"r": 2e-4, "x": 4e-4, "r0": 6e-4, "x0": 12e-4, "bch": 3e-9, "b0ch": 1e-9}
    stated = {f"PerLengthSequenceImpedance__{k}": v for k, v in words.items()}
    record = thing("PerLengthSequenceImpedance", "Z", "z", **stated)
    own = equipment("ACLineSegment", "TWO", "MID", "END", Conductor__length=500,
                    **{f"ACLineSegment__{k}": v * 500 for k, v in words.items()})  # fmt: skip
    parts = [*base(), record, line("ONE", "HEAD", "MID"), own, load("L", "END", 1000, 0)]
    feeder = only(make(tmp_path, parts, frequency_hz=50))
    assert len(feeder.line_codes) == 2
    for code in feeder.line_codes:
        assert np.linalg.eigvalsh(code.r_ohm_per_km) == pytest.approx([0.2, 0.2, 0.6])
        assert np.linalg.eigvalsh(code.x_ohm_per_km) == pytest.approx([0.4, 0.4, 1.2])
        assert np.linalg.eigvalsh(code.c_nf_per_km)[-1] == pytest.approx(3e-9 * 1e12 / (2 * math.pi * 50))


def test_wires_and_spacing(tmp_path: Path) -> None:
    wire = thing("OverheadWireInfo", "W", "wire", WireInfo__rAC25=1.9e-4, WireInfo__gmr=0.0075, WireInfo__radius=0.009)
    places = [(-1.0, 9.0), (0.0, 9.5), (1.0, 9.0), (0.2, 7.5)]
    spacing = thing("WireSpacingInfo", "S", "spacing") + "".join(
        thing("WirePosition", f"P{i}", None, WirePosition__WireSpacingInfo="#S", WirePosition__sequenceNumber=i,
              WirePosition__xCoord=x, WirePosition__yCoord=y) for i, (x, y) in enumerate(places, 1))  # fmt: skip
    row = equipment("ACLineSegment", "ONE", "HEAD", "MID", Conductor__length=800, ACLineSegment__WireSpacingInfo="#S")
    row += "".join(
        thing("ACLineSegmentPhase", f"ONE-{a}", None, ACLineSegmentPhase__ACLineSegment="#ONE",
              ACLineSegmentPhase__phase=f":SinglePhaseKind.{a}", ACLineSegmentPhase__sequenceNumber=i,
              ACLineSegmentPhase__WireInfo="#W") for i, a in enumerate("ABCN", 1))  # fmt: skip
    reading = make(tmp_path, [*base(), wire, spacing, row, load("L", "MID", 1000, 0)])
    assert not reading.findings
    feeder = only(reading)
    wires = [Wire(0.19, 0.0075, 0.009)] * 4
    assert feeder.line_codes[0].x_ohm_per_km == overhead(wires, places, 3).x_ohm_per_km
    assert feeder.lines[0].placement == "overhead"


@pytest.mark.parametrize(
    ("letters", "joined", "found"),
    [
        (("A", "B"), "D", {"l": (1, 2)}),
        (("A", "C"), "D", {"l": (3, 1)}),
        (("C",), "D", {"l": (3, 1)}),
        (("A", "B"), "Y", {"l_a": (1,), "l_b": (2,)}),
        (("A", "B", "C"), "Y", {"l": (1, 2, 3)}),
        ((), "D", {"l": (1, 2, 3)}),
    ],
)
def test_phases_of_loads(tmp_path: Path, letters: tuple[str, ...], joined: str, found: dict[str, Any]) -> None:
    parts = [*base(), matrix("Z", 3), line("ONE", "HEAD", "MID"), load("L", "MID", 9000, 3000, *letters, joined=joined)]
    loads = only(make(tmp_path, parts)).loads
    assert {p.name: p.nodes for p in loads} == found
    assert sum(p.kw for p in loads) == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({"exponentModel": "true", "pVoltageExponent": 0.8, "qVoltageExponent": 2.5}, (4, (), 0.8, 2.5)),
        ({"pConstantImpedance": 100, "qConstantImpedance": 100}, (2, (), 1.0, 2.0)),
        ({"pConstantCurrent": 1, "qConstantCurrent": 1}, (5, (), 1.0, 2.0)),
        ({"pConstantImpedance": 40, "pConstantPower": 60, "qConstantCurrent": 100},
         (8, (0.4, 0.0, 0.6, 0.0, 1.0, 0.0, 0.0), 1.0, 2.0)),
    ],
)  # fmt: skip
def test_dependence_on_voltage(tmp_path: Path, words: dict[str, Any], found: tuple[Any, ...]) -> None:
    stated = {f"LoadResponseCharacteristic__{k}": v for k, v in words.items()}
    response = thing("LoadResponseCharacteristic", "R", "r", **stated)
    row = load("L", "MID", 9000, 3000, EnergyConsumer__LoadResponse="#R")
    (part,) = only(make(tmp_path, [*base(), response, matrix("Z", 3), line("ONE", "HEAD", "MID"), row])).loads
    assert (part.model, part.zip, part.cvr_watts, part.cvr_vars) == found


def test_profiles_are_merged_by_id(tmp_path: Path) -> None:
    whole = small()
    (tmp_path / "a_equipment.xml").write_text(file(whole))
    state = thing("Breaker", "CB", None, Switch__open="true").replace('rdf:about="urn:uuid:CB"', 'rdf:about="#_cb"')
    (tmp_path / "b_state.xml").write_text(file([state.replace("Switch.open", "Switch.locked"),
                                                thing("PositionPoint", "PP", None)]))  # fmt: skip
    reading = read("cim", tmp_path, "*.xml")
    assert list(feeders(reading)) == ["north"]
    assert [r["value"] for r in reading.conversion.values() if r["property"] == "Switch.locked"] == ["true"]


def test_feeders_are_told_by_their_containers(tmp_path: Path) -> None:
    other = [p.replace(":F\"", ":G\"").replace(":HEAD\"", ":HEAD2\"").replace(":MID\"", ":MID2\"")
             .replace(":SOURCE", ":SOURCE2").replace(":ONE", ":ONE2").replace(":BIG", ":BIG2").replace("north", "south")
             for p in [*base(), line("ONE", "HEAD", "MID", "A", "B", "C"), load("BIG", "MID", 7000, 0)]
             if "cim:BaseVoltage rdf:about" not in p and 'uuid:END"' not in p]  # fmt: skip
    found = feeders(make(tmp_path, [*small(), *other]))
    assert {k: sum(p.kw for p in f.loads) for k, f in found.items()} == {"north": 350.0, "south": 7.0}


def test_entities_and_document_types_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    outside = f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{tmp_path}/secret.txt">]>'
    remote = '<!DOCTYPE rdf:RDF SYSTEM "http://example.org/x.dtd">'
    (tmp_path / "secret.txt").write_text("the secret")
    body = file(small()).split("?>\n", 1)[1].replace("north", "north &a;")
    for name, head in (("bomb", bomb), ("outside", outside), ("remote", remote)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "m.xml").write_text(f"<?xml version='1.0'?>\n{head}\n{body}")
        reading = read("cim", folder, "*.xml")
        assert [f.check for f in reading.findings] == ["source.unreadable"]
        assert not reading.parts
        assert "secret" not in str(reading)


def test_profiles_in_archives_are_the_model(tmp_path: Path) -> None:
    whole = only(make(tmp_path, small()))
    states = thing("Breaker", "CB", None, Switch__open="true")
    with ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("eq.xml", file(small()).replace("<cim:Switch.open>false</cim:Switch.open>", ""))
        archive.writestr("folder/SSH.XML", file([states]))
        archive.writestr("readme.txt", "not a part of it")
    (tmp_path / "model.xml").unlink()
    reading = read("cim", tmp_path, "*.zip")
    assert reading.findings == []
    (switch,) = only(reading).switches
    assert switch.closed == (False, False, False)
    assert only(reading).model_copy(update={"switches": whole.switches}) == whole


@pytest.mark.parametrize("content", ["empty", "bomb", "cut", "difference"])
def test_an_archive_or_a_difference_that_is_no_model_is_told(tmp_path: Path, content: str) -> None:
    model = tmp_path / "model.zip"
    if content == "difference":
        head = 'xmlns:dm="http://iec.ch/2002/schema/CIM_difference_model#"'
        model = tmp_path / "model.xml"
        model.write_text(file([f"<dm:DifferenceModel {head}><dm:forwardDifferences/></dm:DifferenceModel>"]))
    else:
        with ZipFile(model, "w", ZIP_DEFLATED) as archive:
            text = {"empty": "", "bomb": " " * 10_000_000, "cut": file(small())}[content]
            archive.writestr("a.txt" if content == "empty" else "a.xml", text)
        if content == "cut":
            model.write_bytes(model.read_bytes()[:200] + b"\0" * 40 + model.read_bytes()[240:])
    reading = read("cim", tmp_path, "model.*")
    assert [(f.check, f.severity) for f in reading.findings] == [("source.unreadable", "error")]


def test_equipment_that_the_model_lacks_is_an_error(tmp_path: Path) -> None:
    row = equipment("StaticVarCompensator", "SVC", "MID", StaticVarCompensator__slope=1.0)
    (finding,) = make(tmp_path, [*small(), row]).findings
    assert (finding.check, finding.element, finding.severity) == (
        "conversion.object-refused", "StaticVarCompensator svc", "error",
    )  # fmt: skip
    assert finding.line is not None


def compensated(folder: Path, **words: float) -> Reading:
    """A line, a series compensator behind it, rated 200 A, and loads on two phases and on three."""
    stated = {f"SeriesCompensator__{k}": v for k, v in words.items()}
    limits = [
        thing("OperationalLimitSet", "LS", None, OperationalLimitSet__Equipment="#SC"),
        thing("CurrentLimit", "LIM", None, OperationalLimit__OperationalLimitSet="#LS", CurrentLimit__value=200),
    ]
    return make(folder, [
        *base(), matrix("Z", 3), line("ONE", "HEAD", "MID", "A", "B", "C"), *limits,
        equipment("SeriesCompensator", "SC", "MID", "END", **stated),
        load("BIG", "END", 2400000, 900000), load("SMALL", "END", 350000, 90000, "B"),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("words", "element"),
    [
        ({"r": 0.1, "x": 1.5}, "reactor.sc bus1=mid bus2=end phases=3 r=0.1 x=1.5"),
        ({"r": 0.1, "x": 1.5, "r0": 0.4, "x0": 3.5}, "reactor.sc bus1=mid bus2=end phases=3 z1=[0.1 1.5] z0=[0.4 3.5]"),
        ({"x": -2.0}, f"capacitor.sc bus1=mid bus2=end phases=3 kv=12.47 cuf={1e6 / (2 * math.pi * 60 * 2.0):.12g}"),
    ],
    ids=["reactor", "zero-sequence", "capacitor"],
)
def test_a_series_compensator_is_that_of_opendss(tmp_path: Path, words: dict[str, float], element: str) -> None:
    reading = compensated(tmp_path, **words)
    assert not reading.findings
    ours = solve(only(reading))
    loads = "kw={} kvar={} model=1 vminpu=0.5 vmaxpu=1.5"
    engine.load("\n".join([
        "new circuit.x bus1=head basekv=12.47 pu=1.02 angle=30 r1=0.01 x1=0.1 r0=0.02 x0=0.2",
        "new line.one bus1=head bus2=mid phases=3 length=1 units=km rmatrix=[0.2|0.1 0.2|0.1 0.1 0.2] "
        "xmatrix=[0.6|0.2 0.6|0.2 0.2 0.6] cmatrix=[0|0 0|0 0 0]",
        f"new {element}",
        f"new load.big bus1=end phases=3 kv=12.47 {loads.format(2400, 900)}",
        f"new load.small bus1=end.2 phases=1 kv={12.47 / math.sqrt(3):.12g} {loads.format(350, 90)}",
    ]))  # fmt: skip
    engine.load_settings(mode="snapshot", controlmode="off", tolerance=1e-10, maxiterations=200)
    assert not engine.solve() and engine.converged()
    volts = np.empty(len(engine.node_names()) + 1, np.complex128)
    engine.Voltages().read(volts)
    theirs = {n.lower(): v / (12470 / math.sqrt(3)) for n, v in zip(engine.node_names(), volts[1:], strict=True)}
    assert {f"{bus}.{n}" for bus, n in ours} == theirs.keys()
    assert max(abs(v - theirs[f"{bus}.{n}"]) for (bus, n), v in ours.items()) < 1e-5
    assert abs(ours["mid", 1] - ours["end", 1]) > 0.01, "it carries the load"


def test_what_a_series_compensator_states_is_kept_or_told(tmp_path: Path) -> None:
    reading = compensated(tmp_path, r=0.1, x=1.5)
    feeder = only(reading)
    (part,) = [p for p in feeder.lines if p.name == "sc"]
    assert feeder.line_code[part.line_code].normal_a == 200.0
    told = {(r["object"], r["property"]): r["verdict"] for r in reading.conversion.values()}
    assert told["SeriesCompensator sc zero sequence", "r0 x0"] == "defaulted"
    assert told["SeriesCompensator sc length", ""] == "defaulted"
    reading = compensated(tmp_path, r=0.1, x=-1.5)
    told = {(r["object"], r["value"]): r["verdict"] for r in reading.conversion.values()}
    assert told["SeriesCompensator sc rating", "200 A"] == "refused"
    (reactor,) = only(reading).reactors
    assert (reactor.bus, reactor.to_bus, reactor.r_ohm, reactor.x_ohm) == ("mid", "end", 0.1, -1.5)


@pytest.mark.parametrize(
    ("words", "found", "defaulted"),
    [
        ({"r": 0.2, "x": 0.8, "r0": -0.4, "x0": -1.3}, (0.2, 0.8, -0.4, -1.3), ""),
        ({"r": 0.2, "x": 0.8, "r0": 0.1, "x0": 0.5}, (0.2, 0.8, 0.1, 0.5), ""),
        ({"r": 0.2, "x": 0.8}, (0.2, 0.8, 0.2, 0.8), "the source does not state r0, x0"),
        ({"x": 0.8, "r0": 0.1, "x0": 0.5}, (0.0, 0.8, 0.1, 0.5), "the source does not state r"),
        ({}, (0.0, 1e-4, 0.0, 1e-4), "the source states no impedance"),
        ({"r": 0, "x": 0}, (0.0, 1e-4, 0.0, 1e-4), "the source states no impedance"),
    ],
)
def test_the_impedance_of_a_source_is_that_of_the_file_or_listed(
    tmp_path: Path, words: dict[str, float], found: tuple[float, ...], defaulted: str
) -> None:
    stated = {f"EnergySource__{word}": value for word, value in words.items()}
    parts = [part for part in small() if "<cim:EnergySource " not in part]
    reading = make(tmp_path, [*parts, equipment("EnergySource", "SOURCE", "HEAD", **stated)])
    (source,) = only(reading).sources
    assert (source.r1_ohm, source.x1_ohm, source.r0_ohm, source.x0_ohm) == found
    rows = [row for row in reading.conversion.values() if row["object"] == "EnergySource source impedance"]
    assert [(row["verdict"], row["reason"]) for row in rows] == [("defaulted", defaulted)] * bool(defaulted)


def test_a_source_of_negative_resistance_is_refused(tmp_path: Path) -> None:
    parts = [part for part in small() if "<cim:EnergySource " not in part]
    made = equipment("EnergySource", "SOURCE", "HEAD", EnergySource__r=-0.1, EnergySource__x=0.8)
    errors = [f for f in make(tmp_path, [*parts, made]).findings if f.severity == "error"]
    assert [(f.check, f.element, f.value) for f in errors][:1] == [("cim.impedance", "EnergySource source", "-0.1")]


@pytest.mark.parametrize("words", [{}, {"r": -0.1, "x": 1.0}, {"x": -2.0, "x0": -1.0}])
def test_a_series_compensator_that_is_none_is_refused(tmp_path: Path, words: dict[str, float]) -> None:
    (finding,) = compensated(tmp_path, **words).findings
    assert (finding.check, finding.element, finding.severity) == ("cim.impedance", "SeriesCompensator sc", "error")


@pytest.fixture(params=["ieee13", "ieee123", "smartds_p4u", "ieee13x_cim100"])
def known(request: pytest.FixtureRequest, samples: Path) -> Feeder:
    """A feeder within what CIM states: switches without impedance of their own, loads without voltage limits."""
    masters = {"ieee13": "IEEE13Nodeckt.dss", "ieee123": "IEEE123Master.dss", "smartds_p4u": "Master.dss"}
    if request.param in masters:
        feeder = only(read("opendss", samples / "opendss" / request.param, masters[request.param]))
    else:
        feeder = only(read("cim", samples / "cim" / request.param, "*.xml"))
    loads = tuple(p.model_copy(update={"min_pu": 0.5, "max_pu": 1.5}) for p in feeder.loads)
    switches = tuple(p.model_copy(update={"r_ohm": 1e-4, "x_ohm": 1e-4}) for p in feeder.switches)
    return pruned(feeder.model_copy(update={"loads": loads, "switches": switches}))


def test_there_and_back_gives_the_same_voltages(tmp_path: Path, known: Feeder) -> None:
    data = write(known)
    (tmp_path / "x.xml").write_bytes(data)
    reading = read("cim", tmp_path, "*.xml")
    assert not reading.findings
    back = only(reading)
    assert back.id == known.id
    assert worst(known, back) < 1e-6
    kinds = ("lines", "switches", "transformers", "regulators", "capacitors", "loads", "generators", "storages")
    assert {k: len(getattr(back, k)) for k in kinds} == {k: len(getattr(known, k)) for k in kinds}
    assert {r.name: (r.set_v, r.band_v, r.pt_ratio, r.r_v, r.x_v) for r in back.regulators} == {
        r.name: (r.set_v, r.band_v, r.pt_ratio, r.r_v, r.x_v) for r in known.regulators
    }
    assert write(known) == data


def test_what_cim_cannot_hold_is_refused(tmp_path: Path) -> None:
    feeder = only(make(tmp_path, small()))
    reactor = Reactor(name="r", bus="mid", nodes=(1, 2, 3), phases=3, kv=12.47, r_ohm=1.0, x_ohm=10.0)
    with pytest.raises(NetworkError, match=r"reactor\.r"):
        write(feeder.model_copy(update={"reactors": (reactor,)}))


def test_export_of_a_computed_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feeder = only(make(tmp_path, small()))
    monkeypatch.chdir(tmp_path)
    kept = tmp_path / layout.FEEDER.format(study="s", group="north")
    kept.parent.mkdir(parents=True)
    kept.write_text(feeder.to_json())
    assert main(["export", "s", "north", "--cim", "out.xml"]) == 0
    assert (tmp_path / "out.xml").read_bytes() == write(feeder)
    assert main(["export", "s", "south", "--cim", "out.xml"]) == 1
    assert "south" in capsys.readouterr().err


def test_a_value_that_is_stated_twice(tmp_path: Path) -> None:
    plain = file(small())
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "model.xml").write_text(plain)
    before = read("cim", tmp_path / "a", "*.xml")
    lengths = plain.count("</cim:Conductor.length>")
    for word, told in (("99", lengths), ("", 0)):
        again = re.sub(
            r"<cim:Conductor.length>(.*?)</cim:Conductor.length>",
            lambda m, w=word: m[0] + f"<cim:Conductor.length>{w or format(float(m[1]), '.6e')}</cim:Conductor.length>",
            plain,
        )
        (tmp_path / "model.xml").write_text(again)
        reading = read("cim", tmp_path, "model.xml")
        assert only(reading) == only(before)
        found = [f.message for f in reading.findings if f.check == "cim.repeated"]
        assert [m.split()[0] for m in found] == ([str(told)] if told else [])


CGMES = """<?xml version="1.0" encoding="utf-8"?>
<rdf:RDF xmlns:cim="http://iec.ch/TC57/2013/CIM-schema-cim16#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:md="http://iec.ch/TC57/61970-552/ModelDescription/1#">
"""
HEADER = """<md:FullModel rdf:about="urn:uuid:{0}"><md:Model.profile>http://entsoe.eu/CIM/{0}/1/1</md:Model.profile>
</md:FullModel>"""


def cgmes(folder: Path, header: bool) -> Any:
    """Two profiles of one small model, as CGMES 2.4.15 states it: kV, MW, km, ids by rdf:ID and references by #_."""
    ends = "".join(
        f'<cim:Terminal rdf:ID="_{of}{i}"><cim:Terminal.ConductingEquipment rdf:resource="#_{of}"/>'
        f'<cim:Terminal.ConnectivityNode rdf:resource="#_{node}"/>'
        f"<cim:ACDCTerminal.sequenceNumber>{i}</cim:ACDCTerminal.sequenceNumber></cim:Terminal>"
        for of, i, node in (("src", 1, "n1"), ("line", 1, "n1"), ("line", 2, "n2"), ("load", 1, "n2"))
    )
    level = '<cim:ConductingEquipment.BaseVoltage rdf:resource="#_v"/>'
    equipment = (
        '<cim:BaseVoltage rdf:ID="_v"><cim:BaseVoltage.nominalVoltage>20.5</cim:BaseVoltage.nominalVoltage>'
        '</cim:BaseVoltage><cim:ConnectivityNode rdf:ID="_n1"/><cim:ConnectivityNode rdf:ID="_n2"/>'
        f'<cim:EnergySource rdf:ID="_src">{level}'
        "<cim:EnergySource.nominalVoltage>20.5</cim:EnergySource.nominalVoltage>"
        "<cim:EnergySource.voltageMagnitude>20.91</cim:EnergySource.voltageMagnitude>"
        "<cim:EnergySource.r>0.1</cim:EnergySource.r><cim:EnergySource.x>1</cim:EnergySource.x></cim:EnergySource>"
        f'<cim:ACLineSegment rdf:ID="_line">{level}<cim:Conductor.length>2.5</cim:Conductor.length>'
        "<cim:ACLineSegment.r>0.5</cim:ACLineSegment.r><cim:ACLineSegment.x>1</cim:ACLineSegment.x>"
        "<cim:ACLineSegment.r0>1</cim:ACLineSegment.r0><cim:ACLineSegment.x0>3</cim:ACLineSegment.x0>"
        f'</cim:ACLineSegment><cim:EnergyConsumer rdf:ID="_load">{level}</cim:EnergyConsumer>'
    )
    state = (
        '<cim:EnergyConsumer rdf:about="#_load"><cim:EnergyConsumer.p>1.25</cim:EnergyConsumer.p>'
        "<cim:EnergyConsumer.q>2.5e-1</cim:EnergyConsumer.q></cim:EnergyConsumer>"
    )
    for name, body in (("a_ssh", state), ("b_eq", equipment + ends)):
        told = HEADER.format(name) if header else ""
        (folder / f"{name}.xml").write_text(f"{CGMES}{told}{body}</rdf:RDF>", encoding="utf-8")
    return read("cim", folder, "*.xml")


def test_profiles_of_cgmes_are_in_kilovolts_megawatts_and_kilometres(tmp_path: Path) -> None:
    reading = cgmes(tmp_path, header=True)
    assert [(f.check, f.severity) for f in reading.findings] == [("cim.units", "info")]
    feeder = only(reading)
    (load,), (line,), (source,) = feeder.loads, feeder.lines, feeder.sources
    assert (load.kw, load.kvar, load.kv) == (1250.0, 250.0, 20.5)
    assert (source.kv_ll, source.pu) == (20.5, pytest.approx(20.91 / 20.5))
    code = feeder.line_codes[0]
    r1 = code.r_ohm_per_km[0][0] - code.r_ohm_per_km[0][1]
    assert (line.length_km, r1 * line.length_km) == (2.5, pytest.approx(0.5))


def test_kilovolts_without_a_header_are_an_error(tmp_path: Path) -> None:
    found = [f for f in cgmes(tmp_path, header=False).findings if f.check == "cim.units"]
    assert [(f.severity, f.value) for f in found] == [("error", "20.5")]


def trafo(key: str, *ends: dict[str, object], **words: object) -> str:
    """A transformer between MID and END with an end for each map of words."""
    rows = [equipment("PowerTransformer", key, "MID", "END", **words)]
    for i, end in enumerate(ends, 1):
        about = {"PowerTransformerEnd__connectionKind": ":WindingConnection.Yn", "PowerTransformerEnd__ratedS": 500000,
                 "PowerTransformerEnd__phaseAngleClock": 0, "TransformerEnd__endNumber": i,
                 "PowerTransformerEnd__PowerTransformer": f"#{key}",
                 "TransformerEnd__Terminal": f"#{key}-T{i}"}  # fmt: skip
        rows.append(thing("PowerTransformerEnd", f"{key}-E{i}", None, **(about | end)))
    return "".join(rows)


HIGH, LOW = {"PowerTransformerEnd__ratedU": 12470}, {"PowerTransformerEnd__ratedU": 480}


@pytest.mark.parametrize(
    ("kinds", "kv", "clocks"),
    [("Yn D", (12.47, 0.48), (0, 11)), ("D Yn", (12.47, 0.48), (0, 5)), ("D Yn", (12.47, 33.0), (0, 11)),
     ("Yn D", (12.47, 33.0), (0, 1)), ("Yn Yn D", (12.47, 4.16, 0.48), (0, 0, 11)),
     ("D D Yn", (12.47, 4.16, 33.0), (0, 0, 5)), ("Yn Yn D", (12.47, 4.16, 0.48), (0, 0, 5)),
     ("D D Yn", (12.47, 4.16, 0.48), (0, 4, 11))],
)  # fmt: skip
def test_clock_numbers_are_those_of_the_voltages_there_and_back(
    tmp_path: Path, kinds: str, kv: tuple[float, ...], clocks: tuple[int, ...]
) -> None:
    ends: list[dict[str, object]] = [
        {"PowerTransformerEnd__connectionKind": f":WindingConnection.{kind}", "PowerTransformerEnd__ratedU": 1e3 * volt,
         "PowerTransformerEnd__phaseAngleClock": clock, "PowerTransformerEnd__x": 0.02 * volt**2 * (i + 1),
         "TransformerEnd__BaseVoltage": f"#V{i}"}
        for i, (kind, volt, clock) in enumerate(zip(kinds.split(), kv, clocks, strict=True))
    ]  # fmt: skip
    third = thing("Terminal", "TR-T3", None, Terminal__ConductingEquipment="#TR", Terminal__ConnectivityNode="#THIRD")
    parts = [*base(), matrix("Z", 3), line("ONE", "HEAD", "MID", "A", "B", "C"), trafo("TR", *ends), third,
             thing("ConnectivityNode", "THIRD", "third")]  # fmt: skip
    levels = [thing("BaseVoltage", f"V{i}", None, BaseVoltage__nominalVoltage=1e3 * v) for i, v in enumerate(kv)]
    reading = make(tmp_path, parts + levels)
    assert not reading.findings
    feeder = only(reading)
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "model.xml").write_bytes(write(feeder))
    for found in (feeder, only(read("cim", tmp_path / "again", "*.xml"))):
        volts = solve(found)
        for bus, clock in zip(("end", "third"), clocks[1:], strict=False):
            hours = math.degrees(np.angle(volts["mid", 1] / volts[bus, 1])) / 30.0
            assert hours % 12 == pytest.approx(clock, abs=0.02)


def catalog(rated: float = 500000, **low: object) -> list[str]:
    """The catalog entry PTI: 5 %, 0.8 % of losses, 0.1 % without load at 0.5 % of current; `low` of winding 2."""
    word = "TransformerEndInfo__"
    ends = [
        thing("TransformerEndInfo", f"EI{i}", None, **({f"{word}TransformerTankInfo": "#TTI", f"{word}endNumber": i,
              f"{word}ratedU": u, f"{word}ratedS": rated, f"{word}connectionKind": ":WindingConnection.Yn"} | more))
        for i, u, more in ((1, 12470, {}), (2, 480, low))
    ]  # fmt: skip
    return [
        thing("PowerTransformerInfo", "PTI", "pti"),
        thing("TransformerTankInfo", "TTI", "tti", TransformerTankInfo__PowerTransformerInfo="#PTI"),
        *ends,
        thing("ShortCircuitTest", "SC", None, ShortCircuitTest__EnergisedEnd="#EI1", ShortCircuitTest__voltage=5,
              ShortCircuitTest__GroundedEnds="#EI2", ShortCircuitTest__loss=0.008 * rated / 1e3,
              TransformerTest__basePower=rated),
        thing("NoLoadTest", "NL", None, NoLoadTest__EnergisedEnd="#EI1", NoLoadTest__loss=0.001 * rated / 1e3,
              NoLoadTest__excitingCurrent=0.5, TransformerTest__basePower=rated),
    ]  # fmt: skip


def tank(key: str, *ends: dict[str, object]) -> str:
    """A transformer between MID and END whose one tank has the catalog entry TTI and an end for each map of words."""
    rows = [equipment("PowerTransformer", key, "MID", "END"),
            thing("TransformerTank", f"{key}-K", key.lower(), TransformerTank__PowerTransformer=f"#{key}",
                  TransformerTank__TransformerTankInfo="#TTI")]  # fmt: skip
    for i, end in enumerate(ends, 1):
        about = {"TransformerEnd__endNumber": i, "TransformerTankEnd__TransformerTank": f"#{key}-K",
                 "TransformerEnd__Terminal": f"#{key}-T{i}", "TransformerEnd__BaseVoltage": f"#V{i}",
                 "TransformerTankEnd__orderedPhases": ":OrderedPhaseCodeKind.ABC"}  # fmt: skip
        rows.append(thing("TransformerTankEnd", f"{key}-E{i}", None, **(about | end)))
    return "".join(rows)


def tanked(low: dict[str, object], **words: object) -> list[str]:
    """A line, a transformer in a tank, a load between A and ground; `words` are of the catalog's second winding."""
    levels = [thing("BaseVoltage", f"V{i}", None, BaseVoltage__nominalVoltage=v) for i, v in ((1, 12470), (2, 480))]
    entry = catalog(**{f"TransformerEndInfo__{k}": v for k, v in words.items()})
    return [*base(), matrix("Z", 3), line("ONE", "HEAD", "MID", "A", "B", "C"), tank("TR", {}, low), *entry, *levels,
            load("SMALL", "END", 20000, 0, "A")]  # fmt: skip


@pytest.mark.parametrize(("clock", "hours"), [(None, 1), (1, 1), (11, 11), (5, 5), (7, 7)])
def test_a_tank_turns_by_the_clock_of_its_catalog_entry(tmp_path: Path, clock: int | None, hours: int) -> None:
    entry = tanked({}, connectionKind=":WindingConnection.D", phaseAngleClock=clock)
    parts = [p for p in entry if "EnergyConsumer" not in p]
    reading = make(tmp_path, parts)
    assert not reading.findings
    volts = solve(only(reading))
    assert (math.degrees(np.angle(volts["mid", 1] / volts["end", 1])) / 30.0) % 12 == pytest.approx(hours, abs=0.02)


def test_a_clock_that_does_not_fit_a_tank_is_told(tmp_path: Path) -> None:
    reading = make(tmp_path, tanked({}, phaseAngleClock=5))
    assert [(f.check, f.severity) for f in reading.findings] == [("source.phase-shift", "warning")]


def test_the_star_of_a_tank_is_earthed_as_stated(tmp_path: Path) -> None:
    found = {}
    for name, low in (("solid", {}), ("none", {"TransformerEnd__grounded": "false"}),
                      ("ohm", {"TransformerEnd__rground": 2.0})):  # fmt: skip
        winding = only(make(tmp_path, tanked(low))).transformers[0].windings[1]
        found[name] = winding.nodes, winding.r_neutral_ohm
    assert found == {"solid": ((1, 2, 3), -1.0), "none": ((1, 2, 3, 4), -1.0), "ohm": ((1, 2, 3, 4), 2.0)}


def test_a_zigzag_of_a_tank_is_refused(tmp_path: Path) -> None:
    reading = make(tmp_path, tanked({}, connectionKind=":WindingConnection.Zn"))
    assert "cim.connection" in {f.check for f in reading.findings}


@pytest.mark.parametrize("turned", [False, True])
def test_meshes_of_three_windings_keep_their_resistance(tmp_path: Path, turned: bool) -> None:
    """Percentages of pairs: 1, 2 and 2.5 of resistance, 5, 8 and 4 of reactance; stated at either end."""
    kv = (12.47, 4.16, 0.48)
    ends: list[dict[str, object]] = [{"PowerTransformerEnd__ratedU": 1e3 * v} for v in kv]
    parts = [*base(), trafo("TR", *ends), thing("ConnectivityNode", "THIRD", "third")]
    parts.append(thing("Terminal", "TR-T3", Terminal__ConductingEquipment="#TR", Terminal__ConnectivityNode="#THIRD"))
    word = "TransformerMeshImpedance__"
    for (i, j), r, x in (((0, 1), 1.0, 5.0), ((0, 2), 2.0, 8.0), ((1, 2), 2.5, 4.0)):
        a, b = (j, i) if turned else (i, j)
        ohm = (1e3 * kv[a]) ** 2 / 500e3 / 100.0
        words = {"FromTransformerEnd": f"#TR-E{a + 1}", "ToTransformerEnd": f"#TR-E{b + 1}", "r": r * ohm, "x": x * ohm}
        parts.append(thing("TransformerMeshImpedance", f"M{i}{j}", None, **{word + k: v for k, v in words.items()}))
    reading = make(tmp_path, parts)
    (part,) = [p for (kind, _), p in reading.parts["north"].items() if kind == "transformer"]
    assert (part.xhl_pct, part.xht_pct, part.xlt_pct) == pytest.approx((5.0, 8.0, 4.0))
    assert [w.r_pct for w in part.windings] == pytest.approx([0.25, 0.75, 1.75])


def grid() -> list[str]:
    return [*base(), matrix("Z", 3), line("ONE", "HEAD", "MID", "A", "B", "C"), load("BIG", "END", 1000, 100)]


@pytest.mark.parametrize("by_asset", [False, True])
def test_a_transformer_has_the_impedance_of_its_catalog_entry(tmp_path: Path, by_asset: bool) -> None:
    words = {} if by_asset else {"PowerSystemResource__AssetDatasheet": "#PTI"}
    asset = thing("Asset", "AS", None, Asset__AssetInfo="#PTI", Asset__PowerSystemResources="#TR") if by_asset else ""
    reading = make(tmp_path, [*grid(), trafo("TR", HIGH, LOW, **words), *catalog(), asset])
    (unit,) = only(reading).transformers
    assert [w.r_pct for w in unit.windings] == pytest.approx([0.4, 0.4])
    assert unit.xhl_pct == pytest.approx(math.sqrt(5**2 - 0.8**2))
    assert unit.no_load_loss_pct == pytest.approx(0.1)
    assert unit.magnetizing_pct == pytest.approx(math.sqrt(0.5**2 - 0.1**2))
    assert not [
        r
        for r in reading.conversion.values()
        if "Info" in r["object"] and not r["property"] and r["verdict"] == "unused"
    ]
    (tmp_path / "b").mkdir()
    twice = only(make(tmp_path / "b", [*grid(), trafo("TR", HIGH, LOW, **words), *catalog(1e6), asset])).transformers
    assert twice[0].xhl_pct == pytest.approx(unit.xhl_pct / 2), "per cent of twice the power"


def test_a_transformer_without_any_impedance_is_an_error(tmp_path: Path) -> None:
    reading = make(tmp_path, [*grid(), trafo("TR", HIGH, LOW)])
    assert [(f.check, f.severity) for f in reading.findings if f.element.endswith(" tr")] == [
        ("cim.impedance", "error")
    ]
    assert not only(reading).transformers


def test_fixed_powers_count_where_no_state_does(tmp_path: Path) -> None:
    fixed = {"EnergyConsumer__pfixed": 90000, "EnergyConsumer__qfixed": 30000}
    parts = [*grid(), equipment("EnergyConsumer", "EQ", "MID", **fixed),
             equipment("ConformLoad", "SSH", "MID", EnergyConsumer__p=5000, **fixed),
             equipment("EnergyConsumer", "NONE", "MID")]  # fmt: skip
    reading = make(tmp_path, [*parts, trafo("TR", HIGH | {"PowerTransformerEnd__x": 12.0}, LOW)])
    assert {p.name: (p.kw, p.kvar) for p in only(reading).loads} == {
        "big": (1, 0.1), "eq": (90, 30), "ssh": (5, 30), "none": (0, 0)
    }  # fmt: skip
    assert [f.element for f in reading.findings if f.check == "cim.no-power"] == ["EnergyConsumer none"]


def test_a_tap_that_follows_a_table_has_its_ratio(tmp_path: Path) -> None:
    changer = {"RatioTapChanger__TransformerEnd": "#TR-E1", "TapChanger__lowStep": -1, "TapChanger__highStep": 1,
               "TapChanger__neutralStep": 0, "TapChanger__step": 1, "RatioTapChanger__stepVoltageIncrement": 2.5,
               "RatioTapChanger__RatioTapChangerTable": "#RT"}  # fmt: skip
    points = [thing("RatioTapChangerTablePoint", f"P{n}", None, TapChangerTablePoint__step=n,
                    RatioTapChangerTablePoint__RatioTapChangerTable="#RT", TapChangerTablePoint__ratio=ratio)
              for n, ratio in ((-1, 0.95), (0, 1.0), (1, 1.08))]  # fmt: skip
    unit = trafo("TR", HIGH | {"PowerTransformerEnd__x": 12.0}, LOW)
    rows = [*grid(), unit, thing("RatioTapChanger", "RTC", None, **changer), thing("RatioTapChangerTable", "RT", None)]
    winding = only(make(tmp_path, [*rows, *points])).transformers[0].windings[0]
    assert (winding.tap_pu, winding.min_tap_pu, winding.max_tap_pu) == (1.08, 0.95, 1.08)
    (tmp_path / "b").mkdir()
    assert "source.bad-value" in {f.check for f in make(tmp_path / "b", [*rows, *points[:2]]).findings}


def test_a_plant_generates_whichever_sign_its_power_has(tmp_path: Path) -> None:
    word = "PowerElectronicsConnection__"
    plants = [
        equipment("PowerElectronicsConnection", f"PEC{i}", "MID", **{f"{word}p": p, f"{word}q": p / 10,
                  f"{word}ratedS": 30000})
        + thing("PhotovoltaicUnit", f"PV{i}", f"pv{i}", PowerElectronicsUnit__PowerElectronicsConnection=f"#PEC{i}")
        for i, p in ((1, 20000), (2, -20000))
    ]  # fmt: skip
    reading = make(tmp_path, [*grid(), trafo("TR", HIGH | {"PowerTransformerEnd__x": 12.0}, LOW), *plants])
    assert [(p.kw, p.kvar) for p in only(reading).generators] == [(20, 2), (20, 2)]
    assert [f.element for f in reading.findings if f.check == "cim.sign"] == ["PowerElectronicsConnection pec2"]


def test_a_model_of_an_old_edition_is_told_as_such(tmp_path: Path) -> None:
    reading = make(tmp_path, [*small(), equipment("TransformerWinding", "T1P", "MID")])
    assert [f.value for f in reading.findings if (f.check, f.severity) == ("cim.edition", "error")] == ["1"]
