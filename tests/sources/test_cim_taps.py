"""Tap changers that hold a voltage: on the side that they measure or the other, by the bus itself as in CGMES."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_cim import HIGH, LOW, grid, make, only, thing, trafo

from dtl.network.feeder import Feeder
from dtl.powerflow import dss, engine, names
from dtl.sources.reading import Reading

CHANGER = {"TapChanger__lowStep": -16, "TapChanger__highStep": 16, "TapChanger__neutralStep": 0, "TapChanger__step": 0,
           "RatioTapChanger__stepVoltageIncrement": 0.625, "TapChanger__TapChangerControl": "#CO"}  # fmt: skip
RATIO = 480 / 3**0.5 / 120
BUS = {"RegulatingControl__targetValue": 0.492, "RegulatingControl__targetDeadband": 0.008,
       "RegulatingControl__targetValueUnitMultiplier": ":UnitMultiplier.k"}  # fmt: skip
SECONDARY = {"RegulatingControl__targetValue": 123.0, "RegulatingControl__targetDeadband": 2.0}


def read(folder: Path, end: int, control: dict[str, Any], at: str = "TR-T2", **changer: Any) -> Reading:
    folder.mkdir(exist_ok=True)
    unit = trafo("TR", HIGH | {"PowerTransformerEnd__x": 12.0}, LOW)
    word = thing("RatioTapChanger", "RTC", None, RatioTapChanger__TransformerEnd=f"#TR-E{end}", **CHANGER, **changer)
    rule = thing("TapChangerControl", "CO", None, RegulatingControl__mode=":RegulatingControlModeKind.voltage",
                 RegulatingControl__Terminal=f"#{at}", **control)  # fmt: skip
    return make(folder, [*grid(), unit, word, rule])


def held(feeder: Feeder) -> float:
    """The voltage of phase A behind the transformer, with its control [V, on 480 line to line]."""
    engine.load(dss.write(feeder))
    engine.load_settings(mode="snapshot", controlmode="static", maxcontroliter=100)
    assert not engine.solve() and engine.converged()
    volts = np.empty(len(engine.node_names()) + 1, np.complex128)
    engine.Voltages().read(volts)
    bus = feeder.transformers[0].windings[1].bus
    return float(abs(volts[1 + engine.node_names().index(f"{names.spelled(bus)}.1")]) * 3**0.5)


@pytest.mark.parametrize("end", [1, 2])
@pytest.mark.parametrize("ratio", [True, False])
@pytest.mark.parametrize("wanted", [0.95, 1.025, 1.06])
def test_a_tap_holds_the_voltage_that_its_control_measures(
    tmp_path: Path, end: int, ratio: bool, wanted: float
) -> None:
    by_secondary = {**SECONDARY, "RegulatingControl__targetValue": 120.0 * wanted}
    by_bus = {**BUS, "RegulatingControl__targetValue": 0.48 * wanted}
    changer = {"TapChanger__ptRatio": RATIO} if ratio else {}
    reading = read(tmp_path, end, by_secondary if ratio else by_bus, **changer)
    assert held(only(reading)) == pytest.approx(480 * wanted, abs=4.1)
    listed = [r for r in reading.conversion.values() if r["verdict"] == "defaulted" and "reciprocal" in r["reason"]]
    assert len(listed) == (end == 1)


def test_a_tap_on_the_other_side_is_the_reciprocal(tmp_path: Path) -> None:
    reading = read(tmp_path, 1, BUS)
    high, low = only(reading).transformers[0].windings
    assert (high.tap_pu, low.tap_pu) == (1.0, 1.0)
    assert (low.min_tap_pu, low.max_tap_pu, low.taps) == (pytest.approx(1 / 1.1), pytest.approx(1 / 0.9), 32)
    (regulator,) = only(reading).regulators
    assert (regulator.winding, regulator.monitored_bus) == (2, "")


@pytest.mark.parametrize("value", [0.492, 4920.0])
def test_a_target_that_is_no_voltage_of_the_bus_is_told_and_the_transformer_stays(tmp_path: Path, value: float) -> None:
    reading = read(tmp_path, 2, {"RegulatingControl__targetValue": value})
    feeder = only(reading)
    assert feeder.transformers and not feeder.regulators
    (told,) = [f for f in reading.findings if f.field == "TapChanger.ptRatio"]
    assert told.check == "conversion.property-refused" and told.remedy


def test_a_control_of_the_other_side_beside_a_second_changer_is_told(tmp_path: Path) -> None:
    unit = trafo("TR", HIGH | {"PowerTransformerEnd__x": 12.0}, LOW)
    rows = [thing("RatioTapChanger", f"RTC{e}", None, RatioTapChanger__TransformerEnd=f"#TR-E{e}",
                  **{**CHANGER, "TapChanger__TapChangerControl": f"#CO{e}"}) for e in (1, 2)]  # fmt: skip
    rows += [thing("TapChangerControl", f"CO{e}", None, RegulatingControl__mode=":RegulatingControlModeKind.voltage",
                   RegulatingControl__Terminal="#TR-T2", **BUS) for e in (1, 2)]  # fmt: skip
    reading = make(tmp_path, [*grid(), unit, *rows])
    assert [r.winding for r in only(reading).regulators] == [2]
    assert [f.field for f in reading.findings if f.check == "conversion.property-refused"] == [
        "RegulatingControl.Terminal"
    ]
