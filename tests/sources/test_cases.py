"""Bad input as folders: `source.json` says how it is read, `expected.txt` what is found and becomes of the feeders.

A case is added by adding a folder. The findings of severity error and warning are compared as text, in full.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from stages import merged, split

from dtl import tables
from dtl.errors import Finding
from dtl.sources.read import read_source

CASES = Path(__file__).parents[1] / "cases" / "sources"


def outcome(case: Path, work: Path) -> str:
    spec = json.loads((case / "source.json").read_text())
    raw = {p.name: p for p in sorted(case.iterdir()) if p.name not in ("source.json", "expected.txt")}
    raw |= {name: case / name for name in spec.pop("absent", [])}
    waive, together = spec.pop("waive", {}), spec.pop("together", [])
    read_source({"source": "model", "spec": spec}, {"raw": raw}, {"source": work / "source"})
    found = merged({"model": work / "source"}, work, "model", waive=waive)
    index = split(found, work, feeders=["*"], together=together)
    rows = tables.read("findings", found["findings"]).to_pylist()
    told = [str(Finding(**r)) for r in rows if r["severity"] != "info"]
    groups = [f"{g}: {e['status']} {e['reason']}".rstrip() for g, e in sorted(index["groups"].items())]
    return "\n".join([*told, "--", *groups]) + "\n"


@pytest.mark.parametrize("case", sorted(p.name for p in CASES.iterdir() if p.is_dir()))
def test_case(case: str, tmp_path: Path) -> None:
    expected = (CASES / case / "expected.txt").read_text()
    assert outcome(CASES / case, tmp_path) == expected


def test_there_are_enough_cases() -> None:
    assert len([p for p in CASES.iterdir() if p.is_dir()]) >= 20
