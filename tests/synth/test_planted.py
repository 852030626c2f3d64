"""What was planted is in the files and in the truth, and nothing else is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from dtl.synth.ami import long_table
from dtl.synth.clock import Clock
from dtl.synth.faults import PER_METER_YEAR, Fault, spoil

TEXT = {"keep_default_na": False, "dtype": str}
BIT = {"A": 4, "B": 2, "C": 1}


@pytest.fixture(scope="module")
def planted(utility: Path) -> pd.DataFrame:
    return pd.read_csv(utility / "truth/planted.csv", **TEXT)


@pytest.fixture(scope="module")
def meters(utility: Path) -> pd.DataFrame:
    return pd.read_csv(utility / "truth/meters.csv", dtype={"recorded_transformer": str}).set_index("meter")


def test_links_of_the_gis_differ_from_truth_exactly_where_planted(
    utility: Path, planted: pd.DataFrame, meters: pd.DataFrame
) -> None:
    service = pd.read_csv(utility / "gis/csv/ServicePoint.csv", **TEXT).set_index("METERID")
    assert set(service.index) == set(meters.index)
    wrong = {m for m in meters.index if service.loc[m, "TRANSFORMERID"] != meters.loc[m, "transformer"]}
    listed = planted[planted["field"] == "transformer"]
    assert wrong == set(listed["element"])
    assert {"link_wrong", "link_missing"} <= set(listed["kind"])
    for row in listed.itertuples():
        assert row.truth == meters.loc[row.element, "transformer"]
        assert row.recorded == service.loc[row.element, "TRANSFORMERID"]
    units = set(pd.read_csv(utility / "gis/csv/Transformer.csv", **TEXT)["FACILITYID"])
    assert all((r.recorded in units) == (r.kind == "link_wrong") for r in listed.itertuples())


def test_phases_of_the_gis_differ_from_truth_exactly_where_planted(utility: Path, planted: pd.DataFrame) -> None:
    truth = pd.read_csv(utility / "truth/transformers.csv").set_index("transformer")["phases"]
    said = pd.read_csv(utility / "gis/csv/Transformer.csv", **TEXT).set_index("FACILITYID")["PHASEDESIGNATION"]
    wrong = {t for t in truth.index if said[t] != str(sum(BIT[p] for p in truth[t]))}
    listed = planted[(planted["field"] == "phases") & planted["kind"].str.startswith("transformer")]
    assert wrong == set(listed["element"]) != set()


def test_lengths_sizes_and_places_are_as_planted(utility: Path, planted: pd.DataFrame) -> None:
    lines = pd.read_csv(utility / "gis/csv/PrimaryConductor.csv", **TEXT).set_index("FACILITYID")
    for row in planted[planted["kind"] == "line_length_unit"].itertuples():
        assert float(lines.loc[row.element, "MEASUREDLENGTH"]) == float(row.recorded)
        assert float(row.truth) * 0.3048 == pytest.approx(float(row.recorded), abs=0.1)
    for row in planted[planted["kind"] == "line_size_wrong"].itertuples():
        told = f"{lines.loc[row.element, 'CONDUCTORSIZE']}_{lines.loc[row.element, 'CONDUCTORMATERIAL']}"
        assert told == row.recorded != row.truth
    service = pd.read_csv(utility / "gis/csv/ServicePoint.csv", **TEXT).set_index("METERID")
    lost = set(service.index[service["WKT"] == "POINT (0 0)"])
    assert lost == set(planted[planted["kind"] == "meter_at_zero"]["element"])


def test_cyme_oddities_are_as_planted(utility: Path, planted: pd.DataFrame) -> None:
    text = (utility / "cyme_system/network.txt").read_text(encoding="cp1252")
    rows = planted[planted["source"] == "cyme"]
    assert set(rows["kind"]) >= {"cyme_transformer_renamed"}
    for row in rows.itertuples():
        if row.kind == "cyme_transformer_renamed":
            assert f",{row.recorded}," in text
            assert f",{row.truth}," not in text
        elif row.kind == "cyme_ragged_row":
            line = next(x for x in text.splitlines() if x.startswith(f"{row.element},"))
            assert line.count(",") == 4
        elif row.kind == "cyme_conductor_unknown":
            assert f"{row.element},{row.element}," in text
            assert f",{row.recorded}," in text
            assert row.recorded not in (utility / "cyme/equipment.txt").read_text(encoding="cp1252")


def reads_of(utility: Path, feeder: str) -> pd.DataFrame:
    """Reads of a feeder as the Parquet has them."""
    table = pq.read_table(utility / f"ami/parquet/feeder={feeder}/part-0.parquet").to_pandas()
    table["METER_ID"] = table["METER_ID"].astype(str)
    return table


def truth_of(utility: Path, feeder: str) -> pd.DataFrame:
    table = pq.read_table(utility / f"truth/ami/{feeder}.parquet").to_pandas()
    table["METER_ID"] = table["METER_ID"].astype(str)
    end = (table["T_UTC"] + pd.Timedelta(minutes=15)).dt.tz_convert("America/Chicago")
    table["LABEL"] = end.dt.tz_localize(None)
    return table


def test_reads_equal_truth_wherever_nothing_was_planted(utility: Path, planted: pd.DataFrame) -> None:
    touched = set(planted[planted["source"] == "ami"]["element"])
    compared = 0
    for feeder in ("F0001", "F0003", "F0005"):
        reads, truth = reads_of(utility, feeder), truth_of(utility, feeder)
        reads, truth = (t[~t["METER_ID"].isin(touched)] for t in (reads, truth))
        once = ~truth["LABEL"].dt.strftime("%m-%d %H").eq("11-02 01")
        key = ["METER_ID", "LABEL"]
        reads = reads.rename(columns={"READ_TIME_LOCAL": "LABEL"})
        reads = reads[~reads["LABEL"].dt.strftime("%m-%d %H").eq("11-02 01")]
        joined = truth[once].merge(reads, on=key, how="left", validate="one_to_one")
        present = joined["KWH_DEL"].notna()
        assert present.mean() > 0.995
        there = joined[present]
        net = ((there["KWH_DEL"] - there["KWH_REC"]) * 1000).round().astype(int)
        assert (net == there["NET_WH"]).all()
        lit = there[there["VOLT"] > 0]
        error = lit["VOLT_AVG"] / lit["VOLT"] - 1
        assert error.groupby(lit["METER_ID"]).mean().std() == pytest.approx(0.001, rel=0.4)
        assert error.abs().max() < 0.006
        assert (there["QUALITY"] == "A").all()
        compared += len(there)
    assert compared > 20_000


def test_every_planted_fault_of_a_meter_shows_in_its_reads(utility: Path, planted: pd.DataFrame) -> None:
    rows = planted[planted["source"] == "ami"]
    assert len(set(rows["kind"])) >= 5
    seen = 0
    for feeder, part in rows.groupby("feeder"):
        reads, truth = reads_of(utility, str(feeder)), truth_of(utility, str(feeder))
        for row in part.itertuples():
            start, end = pd.Timestamp(row.start_utc), pd.Timestamp(row.end_utc)
            span = truth[(truth["METER_ID"] == row.element) & (truth["T_UTC"] >= start) & (truth["T_UTC"] < end)]
            if span["LABEL"].dt.strftime("%m-%d %H").eq("11-02 01").any():
                continue
            mine = reads[(reads["METER_ID"] == row.element) & reads["READ_TIME_LOCAL"].isin(span["LABEL"])]
            assert shows(row.kind, mine, span), (row.kind, row.element, row.start_utc)
            seen += 1
    assert seen > 8


def shows(kind: str, reads: pd.DataFrame, truth: pd.DataFrame) -> bool:
    """Whether the reads of a span bear the mark of a fault."""
    net = (reads["KWH_DEL"] - reads["KWH_REC"]).to_numpy() * 1000
    true = dict(zip(truth["LABEL"], truth["NET_WH"], strict=True))
    expected = np.array([true[t] for t in reads["READ_TIME_LOCAL"]], dtype=float)
    if kind in ("ami_missing_run", "ami_catch_up"):
        return len(reads) == 0
    if kind == "ami_stuck":
        return len(set(np.round(net))) == 1
    if kind == "ami_zero":
        return bool((net == 0).all())
    if kind == "ami_estimated":
        return bool((reads["QUALITY"] == "E").all()) and bool(reads["VOLT_AVG"].isna().all())
    if kind == "ami_unit_x10":
        return np.allclose(net, 10 * expected)
    if kind == "ami_halved":
        return bool((np.abs(net - expected / 2) <= 0.51).all())
    if kind == "ami_spike":
        return bool((net - expected > 1500).all())
    if kind == "ami_clock_shift":
        return not np.allclose(net, expected)
    return int(reads.duplicated("READ_TIME_LOCAL").sum()) >= 1


@pytest.mark.parametrize("kind", sorted(PER_METER_YEAR))
def test_each_kind_of_fault_leaves_its_mark_and_touches_no_other_meter(kind: str) -> None:
    rng = np.random.default_rng(1)
    wh, volt = np.round(rng.uniform(100, 900, (3, 400))), rng.uniform(238, 244, (3, 400))
    fault = Fault(kind, 1, 96, 96 + (1 if kind == "spike" else 24))
    reads = spoil(wh, volt, [fault], 0, 15, np.random.default_rng(2), 0.0)
    for k in (0, 2):
        assert (reads.wh[k] == wh[k]).all()
        assert (reads.copies[k] == 1).all()
    table = long_table(
        ["a", "b", "c"], Clock(datetime(2025, 6, 1, 5, tzinfo=UTC), 400, 15, "America/Chicago"), reads
    ).to_pandas()
    mine = table[table["METER_ID"] == "b"]
    start = pd.Timestamp("2025-06-02 00:15")
    labels = pd.Series(pd.date_range("2025-06-01 00:15", periods=400, freq="15min"))
    span = pd.DataFrame({"LABEL": labels, "NET_WH": wh[1]}).iloc[fault.first : fault.last]
    assert span["LABEL"].iloc[0] == start
    assert shows(f"ami_{kind}", mine[mine["READ_TIME_LOCAL"].isin(span["LABEL"])], span)
    lost = wh[1].sum() - (mine["KWH_DEL"].sum() * 1000)
    if kind == "catch_up":
        assert lost == pytest.approx(0, abs=1e-6)
    if kind == "missing_run":
        assert lost == pytest.approx(wh[1, 96:120].sum())


def test_scada_faults_are_as_planted(utility: Path, planted: pd.DataFrame) -> None:
    rows = planted[planted["source"] == "scada"]
    assert len(rows)
    for row in rows.itertuples():
        table = pd.read_csv(utility / f"scada/{row.feeder}.csv")
        stamp = pd.to_datetime(table["TIME_UTC"])
        span = table[
            (table["TAG"] == row.element)
            & (stamp >= pd.Timestamp(row.start_utc))
            & (stamp <= pd.Timestamp(row.end_utc))
        ]
        assert len(span) >= 8
        assert (span["QUALITY"] == "BAD").all() if row.kind == "scada_bad" else span["VALUE"].nunique() == 1


def test_outages_agree_with_truth_save_where_planted(utility: Path, planted: pd.DataFrame) -> None:
    events = pd.read_csv(utility / "oms/outages.csv", **TEXT)
    steps = pd.read_csv(utility / "oms/restoration_steps.csv", **TEXT)
    spoiled = set(planted[planted["source"] == "oms"]["element"])
    assert spoiled
    stamp = "%m/%d/%Y %H:%M"
    right = 0
    for row in events.drop_duplicates().itertuples():
        mine = steps[steps["OUTAGE_ID"] == row.OUTAGE_ID]
        start = pd.to_datetime(row.START_DT, format=stamp).tz_localize(
            "America/Chicago", ambiguous="NaT", nonexistent="NaT"
        )
        ends = pd.to_datetime(mine["RESTORED_DT"], format=stamp).dt.tz_localize(
            "America/Chicago", ambiguous="NaT", nonexistent="NaT"
        )
        minutes = ((ends - start).dt.total_seconds() // 60).to_numpy()
        if np.isnan(minutes).any() or row.OUTAGE_ID in spoiled:
            continue
        count = mine["CUSTOMERS_RESTORED"].astype(int).to_numpy()
        sustained = minutes > 5
        assert int(row.CMI) == int((count * minutes * sustained).sum())
        assert int(row.CI) == int((count * sustained).sum()) or row.OUTAGE_TYPE == "MOMENTARY"
        right += 1
    assert right > 50
    doubled = set(planted[planted["kind"] == "oms_duplicate"]["element"])
    assert set(events["OUTAGE_ID"][events["OUTAGE_ID"].duplicated()]) == doubled


def test_customers_of_an_outage_are_the_meters_behind_its_device(utility: Path, meters: pd.DataFrame) -> None:
    truth = pd.read_csv(utility / "truth/outages.csv", **TEXT)
    units = truth[truth["device"].str.startswith("TX")]
    assert len(units) > 3
    for row in units.itertuples():
        assert set(row.meters.split()) == set(meters.index[meters["transformer"] == row.device])


def test_a_meter_without_supply_reads_nothing(utility: Path) -> None:
    outages = pd.read_csv(utility / "truth/outages.csv", **TEXT)
    begin = pd.Timestamp("2025-11-01 05:00", tz="UTC")
    inside = outages[
        (pd.to_datetime(outages["end_utc"]) > begin + pd.Timedelta(hours=1))
        & (pd.to_datetime(outages["start_utc"]) < begin + pd.Timedelta(hours=70))
    ]
    dark = 0
    for row in inside.itertuples():
        table = truth_of(utility, row.feeder)
        table = table[table["METER_ID"].isin(row.meters.split())]
        span = table[
            (table["T_UTC"] >= pd.Timestamp(row.start_utc))
            & (table["T_UTC"] + pd.Timedelta(minutes=15) <= pd.Timestamp(row.end_utc))
        ]
        assert (span["NET_WH"] == 0).all()
        assert (span["VOLT"] == 0).all()
        dark += len(span)
    lit = truth_of(utility, "F0001")
    assert (lit["VOLT"] > 100).mean() > 0.9


def test_without_errors_every_record_is_the_truth(clean: Path) -> None:
    assert len(pd.read_csv(clean / "truth/planted.csv")) == 0
    assert json.loads((clean / "truth/summary.json").read_text())["planted"] == {}
    truth = pd.read_csv(clean / "truth/meters.csv")
    assert (truth["transformer"] == truth["recorded_transformer"]).all()
    reads = pq.read_table(clean / "ami/parquet/feeder=F0001/part-0.parquet").to_pandas()
    assert len(reads) == len(truth) * 73
    assert (reads["QUALITY"] == "A").all()
