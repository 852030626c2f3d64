"""Controls of capacitors in CIM: what switches them, where it is measured, and the same out again."""

from __future__ import annotations

from pathlib import Path

import pytest
from cim_files import equipment, file, small, thing
from dss import DSS
from models import only, read

from dtl.network.feeder import CapacitorControl
from dtl.powerflow import dss as text
from dtl.sources.cim_write import write
from dtl.sources.reading import Reading

MODES = {
    "neutral": ("voltage", 7000.0, 400.0, ("voltage", 6800.0, 7200.0)),
    "lines": ("voltage", 12124.355653, 692.820323, ("voltage", 6800.0, 7200.0)),
    "var": ("reactivePower", 100e3, 600e3, ("kvar", 400.0, -200.0)),
    "ampere": ("currentFlow", 90.0, 60.0, ("current", 120.0, 60.0)),
    "hours": ("timeScheduled", 13.5, 11.0, ("time", 8.0, 19.0)),
}
"""Mode, target and dead band in the file; type, on and off."""


def made(folder: Path, mode: str, target: float | None, band: float, *, back: bool, **words: object) -> Reading:
    """A small feeder with a bank that is controlled; ``back``: the control refers to the bank."""
    about = {"RegulatingControl__RegulatingCondEq": "#BANK"} if back else {}
    control = thing(
        "RegulatingControl", "RULE", None, RegulatingControl__mode=f":RegulatingControlModeKind.{mode}",
        RegulatingControl__targetValue=target, RegulatingControl__targetDeadband=band, **about, **words,
    )  # fmt: skip
    refers = {} if back else {"RegulatingCondEq__RegulatingControl": "#RULE"}
    bank = equipment("LinearShuntCompensator", "BANK", "MID", ShuntCompensator__nomU=12470,
                     LinearShuntCompensator__bPerSection=3.858e-3, ShuntCompensator__aVRDelay=20, **refers)  # fmt: skip
    (folder / "model.xml").write_text(file([*small(), bank, control]))
    return read("cim", folder, "*.xml")


def control(reading: Reading) -> CapacitorControl | None:
    (bank,) = only(reading).capacitors
    return bank.control


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("case", sorted(MODES))
def test_a_control_switches_by_what_its_mode_measures(tmp_path: Path, case: str, back: bool) -> None:
    """Volts may be to neutral, as in models of distribution, or between lines, as in CGMES."""
    mode, target, band, (kind, on, off) = MODES[case]
    reading = made(tmp_path, mode, target, band, back=back)
    found = control(reading)
    assert found is not None and reading.findings == []
    assert (found.type, found.element, found.delay_s) == (kind, "capacitor.bank", 20.0)
    assert (found.on * found.pt_ratio, found.off * found.ct_ratio) == (pytest.approx(on), pytest.approx(off))


def test_the_width_of_a_negative_dead_band_counts(tmp_path: Path) -> None:
    """OpenDSS writes off less on, and half their sum: 150 and -225 kvar."""
    reading = made(tmp_path, "reactivePower", -37500.0, -375000.0, back=True)
    found = control(reading)
    assert found is not None and (found.on, found.off) == (150.0, -225.0)
    assert [(f.check, f.severity, f.field, f.value) for f in reading.findings] == [
        ("cim.sign", "warning", "RegulatingControl.targetDeadband", "-375000.0")
    ]


def test_a_control_measures_the_phase_and_the_end_of_its_terminal(tmp_path: Path) -> None:
    words = {"RegulatingControl__Terminal": "#ONE-T2", "RegulatingControl__monitoredPhase": ":PhaseCode.C"}
    found = control(made(tmp_path, "reactivePower", 0.0, 500e3, back=False, **words))
    assert found is not None
    assert (found.element, found.terminal, found.pt_phase, found.ct_phase) == ("line.one", 2, 3, 3)


@pytest.mark.parametrize(
    ("mode", "target", "band", "field"),
    [
        ("powerFactor", 0.95, 0.02, "RegulatingControl.mode"),
        ("voltage", 120.0, 4.0, "RegulatingControl.targetValue"),
        ("voltage", 7000.0, 0.0, "RegulatingControl.targetDeadband"),
        ("voltage", None, 400.0, "RegulatingControl.targetValue"),
    ],
)
def test_a_control_that_cannot_be_held_is_told(
    tmp_path: Path, mode: str, target: float | None, band: float, field: str
) -> None:
    reading = made(tmp_path, mode, target, band, back=False)
    assert control(reading) is None
    assert [(f.check, f.severity, f.field) for f in reading.findings] == [
        ("conversion.property-refused", "warning", field)
    ]


@pytest.mark.parametrize("case", sorted(MODES))
def test_a_control_is_written_as_it_was_read(tmp_path: Path, case: str) -> None:
    mode, target, band, _ = MODES[case]
    words = {"RegulatingControl__Terminal": "#ONE-T1", "RegulatingControl__monitoredPhase": ":PhaseCode.B"}
    first = made(tmp_path, mode, target, band, back=False, **words)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.xml").write_bytes(write(only(first)))
    second, old = control(read("cim", tmp_path / "out", "*.xml")), control(first)
    assert old is not None and second is not None
    assert (second.type, second.element, second.delay_s) == (old.type, old.element, old.delay_s)
    assert (second.on, second.off) == (pytest.approx(old.on), pytest.approx(old.off))
    assert mode == "timeScheduled" or (second.pt_phase, second.ct_phase) == (2, 2)


def test_a_written_control_switches_as_the_one_of_the_script(tmp_path: Path) -> None:
    """The engine, with the script and with its way through CIM: the bank is switched on by either, at 0.97 per unit."""
    script = """clear
new circuit.c basekv=12.47 pu=0.97 bus1=a r1=0.1 x1=0.5 r0=0.1 x0=0.5
new line.l bus1=a bus2=b r1=0.1 x1=0.4 r0=0.3 x0=1.2 c1=0 c0=0 length=2 units=km
new load.d bus1=b kv=12.47 kw=900 kvar=600 vminpu=0.5 vmaxpu=1.5
new capacitor.k bus1=b kv=12.47 kvar=600 states=[0]
new capcontrol.k capacitor=k element=line.l terminal=2 type=voltage on=118 off=125 ptratio=60 ptphase=2 delay=10
set voltagebases=[12.47]
calcv
solve
"""
    (tmp_path / "master.dss").write_text(script)
    plain = only(read("opendss", tmp_path, "master.dss"))
    (tmp_path / "model.xml").write_bytes(write(plain))
    again = only(read("cim", tmp_path, "model.xml"))
    volts = []
    for feeder in (plain, again):
        for line in ("clear", *text.write(feeder).splitlines(), "set controlmode=static", "solve"):
            DSS.Text.Command = line
        DSS.ActiveCircuit.Capacitors.Name = "k"
        assert list(DSS.ActiveCircuit.Capacitors.States) == [1]
        volts.append(dict(zip(DSS.ActiveCircuit.AllNodeNames, DSS.ActiveCircuit.AllBusVmagPu, strict=True)))
    assert volts[0] == pytest.approx(volts[1], abs=1e-6)
