"""The physics of the truth: what the files say, solved again from the files, gives what SCADA and the meters say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from dss import DSS

from dtl.synth import carson
from dtl.synth.settings import Settings
from dtl.synth.system import plan


def test_head_is_the_sum_of_the_meters_and_losses(utility: Path) -> None:
    files = sorted((utility / "truth/scada").glob("*.parquet"))
    assert files
    for file in files:
        series = pq.read_table(file).to_pandas()
        loss = (series["head_kw"] - series["meter_kw"]) / series["head_kw"].abs().clip(lower=1.0)
        assert 0.005 < loss.mean() < 0.08, file.name
        assert (series["head_kw"] > series["meter_kw"]).all(), file.name


def test_summed_meter_energy_is_what_the_power_flow_saw(utility: Path) -> None:
    files = sorted((utility / "truth/ami").glob("*.parquet"))
    assert files
    for file in files:
        meters = pq.read_table(file, columns=["T_UTC", "NET_WH"]).to_pandas()
        total = meters.groupby("T_UTC")["NET_WH"].sum().to_numpy() / 250.0
        seen = pq.read_table(utility / "truth/scada" / file.name, columns=["meter_kw"]).to_pandas()["meter_kw"]
        np.testing.assert_allclose(seen, total, rtol=1e-6)


def compile_files(folder: Path) -> None:
    DSS.AllowForms = False
    DSS.AllowChangeDir = False
    DSS.Text.Command = f'Compile "{folder / "Master.dss"}"'


@pytest.mark.parametrize("step", [3, 150, 250])
def test_a_step_solved_from_the_written_model_is_what_scada_and_meters_say(utility: Path, step: int) -> None:
    compile_files(utility / "opendss/F0002")
    series = pq.read_table(utility / "truth/scada/F0002.parquet").to_pandas().iloc[step]
    reads = pq.read_table(utility / "truth/ami/F0002.parquet").to_pandas()
    reads = reads[reads["T_UTC"] == pd.Timestamp(series["t_utc"], tz="UTC")].set_index("METER_ID")
    bus = pd.read_csv(utility / "scada/SUB001.csv")
    pu = bus[bus["TAG"] == "SUB001_BUS_KV"]["VALUE"].to_numpy()[step] / 12.47
    truth = pd.read_csv(utility / "truth/meters.csv").set_index("meter")
    circuit = DSS.ActiveCircuit
    DSS.Text.Command = f"Vsource.source.pu={pu}"
    for meter, row in reads.iterrows():
        kw = row["NET_WH"] / 250.0
        use = kw + row["PV_W"] / 1000.0 - row["EV_W"] / 1000.0
        pf = truth.loc[meter, "power_factor"]
        DSS.Text.Command = f"Load.{meter}.kw={kw}"
        DSS.Text.Command = f"Load.{meter}.kvar={use * np.tan(np.arccos(pf))}"
    circuit.Solution.Solve()
    assert circuit.Solution.Converged
    assert -circuit.TotalPower[0] == pytest.approx(series["head_kw"], rel=2e-3)
    volts = {name.split(".")[0]: v for name, v in zip(circuit.AllNodeNames, circuit.AllBusVmag, strict=True)}
    error = [abs(volts[m.lower()] - v) for m, v in reads["VOLT"].items() if v > 0]
    assert max(error) < 0.5
    assert len(error) > 40


def test_kirchhoff_holds_at_every_bus_of_the_written_model(utility: Path) -> None:
    compile_files(utility / "opendss/F0005")
    circuit = DSS.ActiveCircuit
    circuit.Solution.Solve()
    balance: dict[str, complex] = {}
    largest = 0.0
    for name in circuit.AllElementNames:
        circuit.SetActiveElement(name)
        element = circuit.ActiveCktElement
        currents = np.asarray(element.Currents).view(np.complex128)
        nodes = list(element.NodeOrder)
        for terminal, bus in enumerate(element.BusNames):
            for k in range(element.NumConductors):
                at = terminal * element.NumConductors + k
                if nodes[at] != 0:
                    key = f"{bus.split('.')[0]}.{nodes[at]}"
                    balance[key] = balance.get(key, 0.0) + currents[at]
                    largest = max(largest, abs(currents[at]))
    assert largest > 10.0
    assert max(map(abs, balance.values())) < 1e-4 * largest


def test_normal_feeders_keep_service_voltage_in_the_design_hour(utility: Path) -> None:
    feeders = pd.read_csv(utility / "truth/feeders.csv")
    normal = feeders[feeders["recipe"] == "normal"]
    assert len(normal) >= 3
    assert (normal["design_min_pu"] >= 0.95).all()
    assert (normal["design_max_pu"] <= 1.05).all()


def test_regulators_move_and_keep_their_taps_within_sixteen(utility: Path) -> None:
    feeders = pd.read_csv(utility / "truth/feeders.csv").set_index("feeder")
    rural = feeders.index[feeders["regulators"] > 0]
    assert len(rural) >= 1
    for feeder in rural:
        series = pq.read_table(utility / f"truth/scada/{feeder}.parquet").to_pandas()
        taps = series[[c for c in series if c.startswith("tap_")]]
        assert taps.shape[1] == 3 * feeders.loc[feeder, "regulators"]
        assert taps.abs().to_numpy().max() <= 16


def test_line_impedance_of_the_published_configuration() -> None:
    """Kersting's example 4.1 (336.4 and 4/0 ACSR on the 500 spacing) from the same equations, at our conductor data."""
    places = np.array([(0.0, 8.8392), (0.762, 8.8392), (2.1336, 8.8392), (1.2192, 7.62)])
    saved = carson.SPACINGS[3], carson.NEUTRAL
    try:
        carson.SPACINGS[3] = tuple(map(tuple, places[:3]))
        carson.NEUTRAL = tuple(places[3])
        carson.overhead.cache_clear()
        z = carson.overhead("336.4_ACSR", 3)[0] * 1.609344
    finally:
        carson.SPACINGS[3], carson.NEUTRAL = saved
        carson.overhead.cache_clear()
    published = [[0.4576 + 1.0780j, 0.1560 + 0.5017j, 0.1535 + 0.3849j], [0.1560 + 0.5017j, 0.4666 + 1.0482j,
    0.1580 + 0.4236j],
                 [0.1535 + 0.3849j, 0.1580 + 0.4236j, 0.4615 + 1.0651j]]  # fmt: skip
    np.testing.assert_allclose(z, published, atol=2e-4)


def test_head_estimate_without_solving_every_step_is_close(utility: Path, settings: Settings, tmp_path: Path) -> None:
    from dataclasses import replace

    from dtl.synth.utility import write

    write(replace(settings, volts=False, formats=("scada",)), tmp_path / "fast")
    for feeder in ("F0001", "F0004"):
        solved, estimated = (
            pq.read_table(f / f"truth/scada/{feeder}.parquet").to_pandas() for f in (utility, tmp_path / "fast")
        )
        np.testing.assert_allclose(estimated["meter_kw"], solved["meter_kw"])
        np.testing.assert_allclose(estimated["head_kw"], solved["head_kw"], rtol=0.01)


def test_plan_gives_every_feeder_its_place() -> None:
    for count in (1, 5, 9, 40, 1000):
        substations, stubs = plan(Settings(feeders=count))
        assert [s.number for s in stubs] == list(range(1, count + 1))
        assert all(stubs[s.tie_to - 1].substation is s.substation for s in stubs if s.tie_to)
        places = {(s.substation.id, s.side, round(s.row_m)) for s in stubs}
        assert len(places) == count
        assert len({s.name for s in substations}) == len(substations)
