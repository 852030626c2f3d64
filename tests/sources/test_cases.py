"""Bad input as folders: `source.json` says how it is read, `expected.txt` what is found and becomes of the feeders.

A case is added by adding a folder. The findings of severity error and warning are compared as text, in full.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dtl import tables
from dtl.errors import Finding
from dtl.network.merge import merge_network
from dtl.network.split import split_feeders
from dtl.sources.read import read_source
from dtl.workflow.stages import STAGES

CASES = Path(__file__).parents[1] / "cases" / "sources"


def outcome(case: Path, work: Path) -> str:
    spec = json.loads((case / "source.json").read_text())
    raw = {p.name: p for p in sorted(case.iterdir()) if p.name not in ("source.json", "expected.txt")}
    raw |= {name: case / name for name in spec.pop("absent", [])}
    waive, together = spec.pop("waive", {}), spec.pop("together", [])
    read_source({"source": "model", "spec": spec}, {"raw": raw}, {"source": work / "source"})
    merged = {n: work / f"{n}.parquet" for n in STAGES["merge_network"].outputs}
    merge_network({"model": "model", "waive": waive}, {"sources": {"model": work / "source"}}, merged)
    out = {"index": work / "feeders.json", "feeders": work / "feeders"}
    split_feeders({"feeders": ["*"], "together": together}, merged, out)
    rows = tables.read("findings", merged["findings"]).to_pylist()
    found = [str(Finding(**r)) for r in rows if r["severity"] != "info"]
    index = json.loads(out["index"].read_text())
    groups = [f"{g}: {e['status']} {e['reason']}".rstrip() for g, e in sorted(index["groups"].items())]
    return "\n".join([*found, "--", *groups]) + "\n"


@pytest.mark.parametrize("case", sorted(p.name for p in CASES.iterdir() if p.is_dir()))
def test_case(case: str, tmp_path: Path) -> None:
    expected = (CASES / case / "expected.txt").read_text()
    assert outcome(CASES / case, tmp_path) == expected


def test_there_are_enough_cases() -> None:
    assert len([p for p in CASES.iterdir() if p.is_dir()]) >= 20
