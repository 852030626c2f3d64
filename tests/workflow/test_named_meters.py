"""Classes of customers that only meters tell: judged once the sources are read, and by the sources as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtl.errors import SpecError
from dtl.spec.study import load
from dtl.synth.settings import Settings
from dtl.synth.utility import write
from dtl.workflow import named, snakemake

STUDY = """\
dtl: 1
title: classes of meters
timezone: America/Chicago
feeders: ["*"]
years: {measured: 2025, planned: [2026]}
sources:
  gis: {kind: gis, path: data/gis/utility.gdb.zip, columns: arcfm, codes: {customer_class: {R1: residential}}}
  circuit: {kind: opendss, path: data/opendss/F0001/Master.dss, crs: EPSG:26916}
  meters:
    kind: ami
    path: "data/ami/parquet/**/*.parquet"
    columns: COLUMNS
    interval_min: 60
    stamp: interval_end
    zone: local
network: {model: circuit}
demand: {from: [meters, class_shapes]}
layers:
  cars: {kind: ev, to: residential, of: customers, penetration: 0.5, by: 2026}
scenarios:
  cars: {title: Cars, stack: [cars]}
"""


def test_a_corrected_source_is_read_again_before_names_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "studies" / "north"
    folder.mkdir(parents=True)
    formats = ("gdb", "opendss", "ami_parquet")
    write(Settings(feeders=1, seed=4, days=2, meters=(12, 15), formats=formats, volts=False), folder / "data")
    monkeypatch.chdir(tmp_path)
    study = folder / "study.yaml"

    study.write_text(STUDY.replace("COLUMNS", "ours").replace("columns: arcfm", "columns: ours"), encoding="utf-8")
    snakemake.ingest("north")
    with pytest.raises(SpecError) as told:
        named.refuse(load(Path("studies/north")))
    assert "no customer of the study is of class 'residential'" in str(told.value)
    assert "in the source meters" in str(told.value), "the reason is told beside its consequence"

    study.write_text(STUDY.replace("COLUMNS", "usual"), encoding="utf-8")
    assert not named.refuse(load(Path("studies/north"))), "what was read of the old sources is no judge of the new"
    snakemake.ingest("north")
    assert named.refuse(load(Path("studies/north")))
