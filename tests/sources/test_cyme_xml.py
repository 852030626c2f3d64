"""The source `cyme_xml`: the study of a model is its text; entities and bombs are refused; the unknown is listed."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from lxml import etree
from models import feeders, files_of, only, read
from twin_study import PLAIN, study
from twins import DEMO, apart, volts

from dtl.network.feeder import Feeder
from dtl.sources import cyme_text, cyme_xml
from dtl.sources.reading import Reading
from dtl.synth.settings import Settings
from dtl.synth.utility import write


def imported(folder: Path, path: str = "*.*xst") -> Reading:
    return cyme_xml.read("model", {"kind": "cyme_xml", "path": path}, files_of(folder))


def put(folder: Path, *changes: tuple[str, str], name: str = "demo.sxst") -> Path:
    text = study()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def errors(reading: Reading) -> list[str]:
    return [f.check for f in reading.findings if f.severity == "error"]


def test_the_study_of_a_model_is_its_text(tmp_path: Path) -> None:
    put(tmp_path)
    reading = imported(tmp_path)
    assert [str(f) for f in reading.findings] == []
    text = only(read("cyme_text", DEMO, "*.txt"))
    ours = only(reading)
    assert apart(ours, text) < 1e-9
    assert ours.line_codes == text.line_codes
    assert ours.lines == text.lines
    assert ours.loads == text.loads
    assert ours.transformers == text.transformers
    assert ours.regulators == text.regulators


def test_namespaces_and_old_names_of_resistances(tmp_path: Path) -> None:
    put(tmp_path, ("<CymeStudy>", '<CymeStudy xmlns="urn:cyme">'), ("ResistanceAC1", "FirstResistance"),
        ("ResistanceAC2", "SecondResistance"))  # fmt: skip
    assert only(imported(tmp_path)).line_codes == only(read("cyme_text", DEMO, "*.txt")).line_codes


def test_every_property_has_one_verdict(tmp_path: Path) -> None:
    put(tmp_path, ("<Length>", "<Colour>blue</Colour><Length>"))
    rows: dict[str, list[str]] = {}
    for row in imported(tmp_path).conversion.values():
        rows.setdefault(row["object"], []).extend(row["property"].split())
    lines = {t: p for t, p in rows.items() if t.startswith("[OverheadByPhase]")}
    assert len(lines) == study().count("<OverheadByPhase>")
    for thing, properties in lines.items():
        assert properties.count("COLOUR") == 1, thing
        assert len(properties) == len(set(properties)), thing


def test_what_no_reader_knows_is_listed(tmp_path: Path) -> None:
    put(tmp_path, ("<Networks>", "<Weather><Wind>3</Wind><Wind>4</Wind></Weather><Networks>"))
    found = [f for f in imported(tmp_path).findings if f.check == "cyme.unknown-element"]
    assert [(f.element, f.value, f.severity) for f in found] == [("CymeStudy/Weather", "2", "warning")]


def test_a_device_that_the_model_lacks_is_an_error(tmp_path: Path) -> None:
    put(tmp_path, ("<Devices>", "<Devices><Telepath><DeviceNumber>t</DeviceNumber></Telepath>"))
    lost = [f for f in imported(tmp_path).findings if f.severity == "error"]
    assert {f.check for f in lost} == {"conversion.object-refused"}
    assert lost[0].element == "[Telepath] t"


@pytest.mark.parametrize(
    "inside",
    [
        '<!DOCTYPE CymeStudy [<!ENTITY a "650"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE CymeStudy SYSTEM "other.dtd">',
        '<!DOCTYPE CymeStudy [<!ENTITY f SYSTEM "file:///etc/hostname">]>',
    ],
)
def test_entities_are_refused(tmp_path: Path, inside: str) -> None:
    put(tmp_path, (PLAIN, PLAIN + inside), ("<Version>8.0", "<Version>&b;" if "&b" in inside else "<Version>8.0"))
    reading = imported(tmp_path)
    assert errors(reading) == ["cyme.xml-entities"]
    assert reading.parts == {}


def test_entities_that_multiply_end_soon(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    put(
        tmp_path,
        (PLAIN, f'{PLAIN}<!DOCTYPE CymeStudy [<!ENTITY e0 "a">{levels}]>'),
        ("<CymeStudy>", '<CymeStudy a="&e11;">'),
    )
    assert errors(imported(tmp_path))[0] in ("cyme.xml-damaged", "cyme.xml-entities")


def archive(path: Path, *members: tuple[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members:
            made.writestr(name, data)


def test_an_archive_holds_one_study(tmp_path: Path) -> None:
    text = study().encode()
    archive(tmp_path / "demo.zxst", ("demo.sxst", text))
    assert only(imported(tmp_path)).loads == only(read("cyme_text", DEMO, "*.txt")).loads
    archive(tmp_path / "demo.zxst", ("a.xst", text), ("b.xst", text))
    assert errors(imported(tmp_path)) == ["cyme.xml-archive"]
    archive(tmp_path / "demo.zxst", ("a.xst", b" " * 30_000_000))
    assert errors(imported(tmp_path)) == ["cyme.xml-archive"]
    (tmp_path / "demo.zxst").write_bytes(b"PK no archive")
    assert errors(imported(tmp_path)) == ["cyme.xml-damaged"]


def test_a_study_scope_names_the_database(tmp_path: Path) -> None:
    text = f"{PLAIN}<Cyme><Networks><NetworkID>A</NetworkID><NetworkID>B</NetworkID></Networks></Cyme>"
    (tmp_path / "demo.xst").write_text(text)
    reading = imported(tmp_path)
    assert [(f.check, f.value) for f in reading.findings if f.severity == "error"] == [("cyme.xml-scope", "A, B")]


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("<html><p>no</p></html>", "cyme.xml-foreign"),
        ("<Cyme><Networks>", "cyme.xml-damaged"),
        ("", "cyme.xml-damaged"),
    ],
)
def test_what_is_no_study(tmp_path: Path, text: str, check: str) -> None:
    (tmp_path / "demo.sxst").write_text(text)
    reading = imported(tmp_path)
    assert errors(reading) == [check]
    assert reading.parts == {}


def test_the_studies_of_a_synthetic_utility_are_its_text(tmp_path: Path) -> None:
    settings = Settings(feeders=2, seed=7, start=date(2025, 11, 1), days=0, meters=(50, 80))
    write(replace(settings, errors="none", formats=("cyme_text", "cyme_xml")), tmp_path)
    files = files_of(tmp_path)
    shared = {n: p for n, p in files.items() if n.startswith("cyme/")}
    text = cyme_text.read("t", {"path": "cyme/{feeder}/*.txt"}, shared)
    own = {n: p for n, p in files.items() if n.startswith("cyme_xml/")}
    study_of = feeders(cyme_xml.read("x", {"path": "cyme_xml/{feeder}.sxst"}, own))
    for name, feeder in feeders(text).items():
        assert same_volts(study_of[name], feeder) < 1e-6


def same_volts(one: Feeder, other: Feeder) -> float:
    """The largest difference of a voltage [V over V]; the text rounds rated voltages to six digits."""
    a, b = volts(one), volts(other)
    assert set(a) == set(b)
    return max(abs(a[n] - b[n]) for n in a)


def test_attributes_are_read_like_elements(tmp_path: Path) -> None:
    """Leaves of a row written as its attributes give the same feeder; an attribute that nobody knows is told."""
    root = etree.fromstring(study().encode())
    rows = [*root.iter("Node"), *root.iter("Section"), *root.iter("ConductorDB"), *root.iter("SpotLoad")]
    assert len(rows) > 20
    for row in rows:
        for leaf in [c for c in row if not len(c)]:
            row.set(leaf.tag, leaf.text or "")
            row.remove(leaf)
    for network in root.iter("Network"):
        leaf = network.find("NetworkID")
        network.set("NetworkID", leaf.text)
        network.remove(leaf)
    next(root.iter("Node")).set("Mood", "blue")
    (tmp_path / "demo.sxst").write_bytes(etree.tostring(root))
    reading = imported(tmp_path)
    assert errors(reading) == []
    assert only(reading).to_json() == only(read("cyme_text", DEMO, "*.txt")).to_json()
    assert [r["value"] for r in reading.conversion.values() if r["property"] == "MOOD"] == ["MOOD=blue"]


def stated(folder: Path, kind: str, one: str, two: str) -> Reading:
    """The study with its loads stated by other properties; a power factor is 80 per cent."""
    text = study().replace(' Type="LoadValueKW_KVAR"', f' Type="{kind}"' if kind else "")
    text = text.replace("<KW>", f"<{one}>").replace("</KW>", f"</{one}>")
    if two != "KVAR":
        text = re.sub("<KVAR>[^<]*</KVAR>", f"<{two}>80</{two}>", text)
    (folder / "demo.sxst").write_text(text, encoding="utf-8")
    return imported(folder)


@pytest.mark.parametrize(("word", "found"), [("Y", []), ("Yg", []), ("ClosedDelta", ["cyme.connection"])])
def test_a_regulator_between_phases_is_refused(tmp_path: Path, word: str, found: list[str]) -> None:
    """It was read as one between phases and ground."""
    put(tmp_path, ("<ForwardSettings>", f"<ConnectionConfiguration>{word}</ConnectionConfiguration><ForwardSettings>"))
    assert errors(imported(tmp_path)) == found


@pytest.mark.parametrize(
    ("kind", "one", "two"),
    [
        ("", "KW", "KVAR"), ("LoadValueKVA_PF", "KVA", "PF"), ("", "KVA", "PF"), ("LoadValueKW_PF", "KW", "PF"),
        ("LoadValueAMP_PF", "AMP", "PF"),
    ],
)  # fmt: skip
def test_each_way_to_state_a_load_has_its_power(tmp_path: Path, kind: str, one: str, two: str) -> None:
    reading = stated(tmp_path, kind, one, two)
    assert errors(reading) == []
    text = {p.name: p for p in only(read("cyme_text", DEMO, "*.txt")).loads}
    assert {p.name for p in only(reading).loads} == set(text)
    for part in only(reading).loads:
        kw = text[part.name].kw * {"KVA": 0.8, "AMP": 0.8 * part.kv}.get(one, 1.0)
        kvar = text[part.name].kvar if two == "KVAR" else 0.75 * kw
        assert (part.kw, part.kvar) == (pytest.approx(kw), pytest.approx(kvar)), part.name


@pytest.mark.parametrize(
    ("old", "new"),
    [('"LoadValueKW_KVAR"', '"Guess"'), ("CustomerLoadValue>", "CenterTapCustomerLoadValue>"), ("KVAR>", "Kilo>")],
)
def test_a_load_whose_power_cannot_be_read_is_an_error_and_not_zero(tmp_path: Path, old: str, new: str) -> None:
    put(tmp_path, (old, new))
    assert set(errors(imported(tmp_path))) == {"cyme.bad-value"}
