"""Studies of version 9, whose words and shape differ from those that readers of older ones describe."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from models import feeders, files_of, only, read
from twin_study import study
from twins import DEMO

from dtl.network.clock import turn
from dtl.sources import cyme_xml
from dtl.sources.cyme_codes import ORDERS
from dtl.sources.reading import Reading

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n<!--Copyright-->\n<!--Generated today-->\n'
CLASS = {"ConstantImpedanceZ": "ConstantImpedanceZ_", "ConstantCurrentI": "ConstantCurrentI_"} | {
    "ConstantPowerP": "ConstantPowerP_"
}
LEVEL = {"PositiveSequenceResistance": "R1", "PositiveSequenceReactance": "X1", "ZeroSequenceResistance": "R0"} | {
    "ZeroSequenceReactance": "X0"
}


def put(parent: Any, tag: str, text: str = "") -> Any:
    made = etree.SubElement(parent, tag)
    made.text = text
    return made


def nine() -> Any:
    """The demo's study in the shape of version 9."""
    root = etree.fromstring(study().encode())
    root.tag = "Cyme"
    put(put(put(root, "Studies"), "Study"), "ProjectID", "p")
    network, topo = next(root.iter("Network")), next(root.iter("Topo"))
    topo.insert(0, network.find("NetworkID"))
    network.insert(0, topo.getparent())
    _loads(root)
    for settings in root.iter("SourceSettings"):
        held = settings.find("DesiredVoltage")
        settings.remove(held)
        for p in "ABC":
            put(settings, f"OperatingVoltage{p}", f"{float(held.text) / 3**0.5:.12g}")
    for source in root.iter("EquivalentSource"):
        for leaf in [c for c in source if c.tag in LEVEL]:
            put(source, f"SecondLevel{LEVEL[leaf.tag]}", "9")
            leaf.tag = f"FirstLevel{LEVEL[leaf.tag]}"
        put(source, "UseSecondLevelImpedance", "0")
    for unit in root.iter("RegulatorDB"):
        put(unit, "Type", "SinglePhase")
    for setting in root.iter("ForwardSettings"):
        put(setting.getparent(), "SettingOption", "RXSettings")
        for leaf in list(setting):
            leaf.tag = leaf.tag.replace("LineDropR", "Rset").replace("LineDropX", "Xset")
            if leaf.tag.startswith("TapPosition"):
                setting.getparent().append(leaf)
    for leaf in root.iter("ConductorPosition"):
        leaf.text = f"Position{ORDERS[int(leaf.text)]}"
    for unit in root.iter("SwitchDB"):
        for leaf in unit:
            leaf.tag = leaf.tag.replace("NominalRating", "RatedCurrent").replace("Rating", "RatedCurrent")
    for unit in root.iter("Transformer"):
        base = put(unit, "SystemBaseVoltage")
        for side in ("Primary", "Secondary"):
            if (leaf := unit.find(f"{side}BaseVoltage")) is not None:
                leaf.tag = side
                base.append(leaf)
    return root


def _loads(root: Any) -> None:
    """Classes in a list of their own, by name; what customers call theirs."""
    classes = put(root, "ConsumerClasses")
    for n, made in enumerate(list(root.iter("ConsumerClassDB"))):
        made.tag, made.find("EquipmentID").tag = "ConsumerClass", "Name"
        put(made, "ID", str(n))
        for leaf in made:
            for one, other in CLASS.items():
                leaf.tag = leaf.tag.replace(one, other)
        classes.append(made)
    model = put(put(root, "LoadModelInformations"), "LoadModelInformation")
    put(model, "Name", "DEFAULT")
    put(model, "ID", next(root.iter("LoadModelID")).text)
    for leaf in root.iter("CustomerTypeID"):
        leaf.tag = "CustomerType"


def imported(folder: Path, root: Any) -> Reading:
    (folder / "demo.sxst").write_bytes(HEAD + etree.tostring(root))
    return cyme_xml.read("model", {"kind": "cyme_xml", "path": "*.sxst"}, files_of(folder))


def told(reading: Reading) -> list[tuple[str, str, str]]:
    return [(f.check, f.severity, f.element) for f in reading.findings]


def test_a_study_of_version_9_is_its_text(tmp_path: Path) -> None:
    reading = imported(tmp_path, nine())
    assert told(reading) == [("cyme.unknown-element", "info", "Cyme/Studies")]
    assert only(reading).to_json() == only(read("cyme_text", DEMO, "*.txt")).to_json()


def test_the_level_of_a_source_that_is_chosen_counts(tmp_path: Path) -> None:
    for level, ohm in (("0", "0 + j 0.0001 ohm"), ("1", "9 + j 9 ohm")):
        root = changed(nine(), "EquivalentSource", lambda e, n=level: setattr(next(e.iter(USE)), "text", n))
        root = changed(root, "SourceSettings", lambda e, n=level: put(e, USE, n))
        rows = imported(tmp_path, root).conversion.values()
        assert [ohm in str(r) for r in rows if "acts in faults only" in str(r)] == [True]


USE = "UseSecondLevelImpedance"


def test_an_equivalent_without_impedance_needs_no_base(tmp_path: Path) -> None:
    root = nine()
    for source in root.iter("EquivalentSource"):
        for leaf in [c for c in source if c.tag.startswith("FirstLevel")]:
            leaf.text = "0.0"
        next(source.iter("ImpedanceUnit")).text = "PU"
        put(source, "BaseMVA", "0.000000")
    assert told(imported(tmp_path, root))[1:] == []


def test_each_network_in_one_element_is_a_feeder(tmp_path: Path) -> None:
    root = nine()
    (topos,) = root.iter("Topos")
    topo = put(topos, "Topo")
    put(topo, "NetworkID", "branch")
    source = put(put(topo, "Sources"), "Source")
    put(source, "SourceNodeID", "680")
    put(put(source, "SourceSettings"), "OperatingVoltageA", "2.4")
    for p in "BC":
        put(source.find("SourceSettings"), f"OperatingVoltage{p}", "2.4")
    (section,) = (s for s in root.iter("Section") if s.findtext("ToNodeID") == "680")
    section.find("OwnerID").text = "branch"
    found = feeders(imported(tmp_path, root))
    assert {n: len(f.sources) for n, f in found.items()} == {"ieee13": 1, "branch": 1}
    assert [s.bus for s in found["branch"].sources] == ["680"]
    assert len(found["branch"].lines) == 1


def changed(root: Any, tag: str, change: Callable[[Any], object]) -> Any:
    for each in root.iter(tag):
        change(each)
    return root


def test_taps_that_are_fixed_have_no_control(tmp_path: Path) -> None:
    text = only(read("cyme_text", DEMO, "*.txt"))
    root = changed(nine(), "SettingOption", lambda e: setattr(e, "text", "FixedTap"))
    reading = imported(tmp_path, root)
    assert only(reading).regulators == ()
    assert only(reading).transformers == text.transformers
    assert [c for c, severity, _ in told(reading) if c == "cyme.fixed-taps" and severity == "info"]


@pytest.mark.parametrize(
    ("option", "compensated", "warned"),
    [("RXSettings", True, False), ("Terminal", False, False), ("ZSettings", True, True), ("LoadCenter", True, True),
     ("PythonScript", True, True)],
)  # fmt: skip
def test_what_a_regulator_holds(tmp_path: Path, option: str, compensated: bool, warned: bool) -> None:
    root = changed(nine(), "SettingOption", lambda e: setattr(e, "text", option))
    for p in "ABC":
        changed(root, f"Rset{p}", lambda e: setattr(e, "text", "3"))
        changed(root, f"Xset{p}", lambda e: setattr(e, "text", "7"))
    reading = imported(tmp_path, root)
    assert {(r.r_v, r.x_v) for r in only(reading).regulators} == {(3.0, 7.0) if compensated else (0.0, 0.0)}
    assert ("cyme.setting-option" in {check for check, _, _ in told(reading)}) is warned


def test_a_regulator_of_three_phases_in_the_words_of_version_9(tmp_path: Path) -> None:
    root = changed(nine(), "RegulatorDB", lambda e: setattr(e.find("Type"), "text", "ThreePhase"))
    units = [t for t in only(imported(tmp_path, root)).transformers if t.is_regulator]
    assert [t.phases for t in units] == [3]


@pytest.mark.parametrize(("word", "nodes"), [("Yg", (1, 2, 3)), ("Y", (1, 2, 3, 4))])
def test_y_is_the_star_without_ground(tmp_path: Path, word: str, nodes: tuple[int, ...]) -> None:
    root = changed(nine(), "ShuntCapacitor", lambda e: setattr(e.find("ConnectionConfiguration"), "text", word))
    root = changed(root, "TransformerConnection", lambda e: setattr(e, "text", e.text.replace("Yg", word)))
    model = only(imported(tmp_path, root))
    assert {c.nodes for c in model.capacitors if c.phases == 3} == {nodes}
    stars = {w.nodes for t in model.transformers if not t.is_regulator for w in t.windings if w.connection == "wye"}
    assert stars == {nodes}


@pytest.mark.parametrize(("shift", "hour"), [("330deg", 1), ("30deg", 11), ("210deg", 5)])
def test_a_shift_of_phase_is_the_hour_of_the_clock(tmp_path: Path, shift: str, hour: int) -> None:
    root = changed(nine(), "TransformerConnection", lambda e: setattr(e, "text", "D_Yg"))
    reading = imported(tmp_path, changed(root, "Transformer", lambda e: put(e, "PhaseShift", shift)))
    assert [turn(t, 1) for t in only(reading).transformers if not t.is_regulator] == [hour]
    assert "cyme.phase-shift" not in {check for check, _, _ in told(reading)}


def control(kind: str, **more: str) -> Callable[[Any], None]:
    """Give a capacitor a control, and other properties."""

    def change(capacitor: Any) -> None:
        made = put(capacitor, "CapacitorControl")
        made.set("Type", kind)
        put(made, "OnValueA", "118.0")
        for name, text in more.items():
            put(capacitor, name, text)

    return change


@pytest.mark.parametrize("kind", ["VoltageControlled", "Time", "TemperatureControlled", "KVARControlled"])
def test_a_control_of_a_capacitor_is_told(tmp_path: Path, kind: str) -> None:
    reading = imported(tmp_path, changed(nine(), "ShuntCapacitor", control(kind, InitiallyClosedPhase="ABC")))
    found = [f for f in reading.findings if f.check == "cyme.capacitor-control"]
    assert {f.value for f in found} == {f"{kind.upper()} InitiallyClosedPhase=ABC"}
    assert len(found) == study().count("<ShuntCapacitor>")
    assert {f.severity for f in found} == {"warning"}


def test_a_capacitor_whose_steps_are_all_open_is_disconnected(tmp_path: Path) -> None:
    root = nine()
    for capacitor in root.iter("ShuntCapacitor"):
        for p in "ABC":
            fixed = capacitor.find(f"FixedKVAR{p}")
            put(capacitor, f"SwitchedKVAR{p}", fixed.text)
            fixed.text = "0"
    changed(root, "ShuntCapacitor", control("Time", InitiallyClosedPhase="None"))
    reading = imported(tmp_path, root)
    assert only(reading).capacitors == ()
    assert [f for f in reading.findings if f.severity == "error"] == []
    open_ = [r for r in reading.conversion.values() if "InitiallyClosedPhase has all of it open" in str(r["reason"])]
    assert {r["verdict"] for r in open_} == {"unused"}
    assert "cyme.capacitor-control" in {f.check for f in reading.findings}


def plant(root: Any, device: str, equipment: dict[str, str], **more: str) -> Any:
    """Put a plant on the last section, its power in a model where `more` names one by its way."""
    unit = put(next(root.iter("EquipmentDBs")), f"{device}DB")
    for name, text in {"EquipmentID": "unit", **equipment}.items():
        put(unit, name, text)
    made = put(list(root.iter("Devices"))[-1], device)
    for name, text in (("DeviceNumber", "plant"), ("DeviceID", "unit"), ("Location", "To")):
        put(made, name, text)
    for way, text in more.items():
        parent = made
        for name in way.split("__")[:-1]:
            found = parent.find(name)
            parent = put(parent, name) if found is None else found
        put(parent, way.split("__")[-1], text)
    return root


def test_a_wind_turbine_in_the_words_of_version_9(tmp_path: Path) -> None:
    words = {"GeneratorRatedCapacityKVA": "500", "GeneratorRatedPowerKW": "436.5", "GeneratorPowerFactorPercent": "90"}
    reading = imported(tmp_path, plant(nine(), "Wecs", words))
    (unit,) = only(reading).generators
    assert (unit.type, unit.kva, unit.kw) == ("wind", 500.0, 436.5)
    assert unit.kvar == pytest.approx(436.5 * (1 / 0.81 - 1) ** 0.5)


@pytest.mark.parametrize(
    "way", ["GenerationModels__DGGenerationModel", "DGGenerationModels__DGGenerationModel",
            "DGGenerationModels__SynchronousGenerationModel"],
)  # fmt: skip
def test_the_power_of_a_plant_wins_over_its_equipment(tmp_path: Path, way: str) -> None:
    words = {"RatedKVA": "900", "ActiveGeneration": "800", "PFPercent": "95"}
    power = {f"{way}__ActiveGeneration": "300", f"{way}__PowerFactor": "100"}
    reading = imported(tmp_path, plant(nine(), "SynchronousGenerator", words, **power))
    (unit,) = only(reading).generators
    assert (unit.kw, unit.kvar, unit.kva) == (300.0, 0.0, 900.0)


def test_a_bank_in_the_words_of_version_9(tmp_path: Path) -> None:
    root = nine()
    before = only(imported(tmp_path, root))
    for unit in root.iter("Transformer"):
        unit.tag, of = "TransformerByPhase", unit.find("DeviceID")
        for i in (1, 2, 3):
            put(unit, f"PhaseTransformerID{i}", of.text)
        put(unit, "CenterTapPhase", "None")
        put(unit, "PhaseShift", "0deg")
    for equipment in root.iter("TransformerDB"):
        equipment.find("TransfoType").text = "SinglePhase"
        size = equipment.find("NominalRatingKVA")
        size.text = str(float(size.text) / 3)
    reading = imported(tmp_path, root)
    assert told(reading)[1:] == []
    units = [t for t in only(reading).transformers if not t.is_regulator]
    (whole,) = (t for t in before.transformers if not t.is_regulator)
    assert [t.windings[0].kva for t in units] == pytest.approx([whole.windings[0].kva / 3] * 3)


@pytest.mark.parametrize(
    ("device", "cure"),
    [("ThreeWindingTransformer", "two windings"), ("GroundingTransformer", "shunt reactor"),
     ("AutoTransformer", "same impedance"), ("ArcFurnace", "spot load"), ("PhaseShifterTransformer", "Waive it")],
)  # fmt: skip
def test_devices_that_the_model_lacks_are_refused_with_a_remedy(tmp_path: Path, device: str, cure: str) -> None:
    found = imported(tmp_path, plant(nine(), device, {})).findings
    assert [(f.check, f.element, cure in f.remedy) for f in found if f.severity == "error"] == [
        ("conversion.object-refused", f"[{device}] plant", True)
    ]


@pytest.mark.parametrize("version", ["", "E_TransformerVoltageUnit_"])
@pytest.mark.parametrize(("unit", "refused"), [("KVLL", []), ("KV", [("cyme.bad-value", "VoltageUnit", "KV")])])
def test_voltages_that_are_not_line_to_line_are_refused(
    tmp_path: Path, unit: str, refused: list[object], version: str
) -> None:
    unit = version + unit  # version 7.2 puts the name of the list before its words
    reading = imported(tmp_path, changed(nine(), "TransformerDB", lambda e: put(e, "TransfoVoltageUnit", unit)))
    assert [(f.check, f.field, f.value) for f in reading.findings if f.severity == "error"] == refused


def test_the_year_of_a_customer_counts_where_its_models_have_none(tmp_path: Path) -> None:
    root = nine()
    before = sum(load.kw for load in only(imported(tmp_path, root)).loads)
    for customer in list(root.iter("CustomerLoad")):
        for model in customer.iter("CustomerLoadModel"):
            model.remove(model.find("Year"))
        put(customer, "Year", "2014")
        old = copy.deepcopy(customer)
        old.find("Year").text = "2009"
        customer.addnext(old)
    reading = imported(tmp_path, root)
    assert sum(load.kw for load in only(reading).loads) == pytest.approx(before)
