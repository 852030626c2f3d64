"""Exports of outages as folders: `source.json` says how they are read, `expected.txt` what is found, counted, refused.

A case is added by adding a folder; `pytest --update-golden` writes its expectation. The network has the feeders f1
(sw1, l1, t1, t001, 100 customers) and f2 (t2, 50 customers).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dtl import tables
from dtl.errors import Finding
from dtl.network.outages import link
from dtl.sources.read import read_source

CASES = Path(__file__).parents[1] / "cases" / "outages"
PARTS = {"f1": {"sw1": "switch", "l1": "line", "t1": "transformer", "t001": "transformer"}, "f2": {"t2": "transformer"}}
CUSTOMERS = {"f1": 100, "f2": 50}


def network() -> list[dict[str, str]]:
    rows = [{"feeder": f, "kind": k, "name": n, "body": "{}"} for f, parts in PARTS.items() for n, k in parts.items()]
    return rows + [
        {"feeder": f, "kind": "load", "name": "all", "body": f'{{"customers":{n}}}'} for f, n in CUSTOMERS.items()
    ]


def outcome(case: Path, work: Path) -> str:
    spec = json.loads((case / "source.json").read_text()) | {"timezone": "America/Chicago"}
    raw = {p.name: p for p in sorted(case.iterdir()) if p.name not in ("source.json", "expected.txt")}
    raw |= {name: case / name for name in spec.pop("absent", [])}
    read_source({"source": "oms", "spec": spec}, {"raw": raw}, {"source": work / "oms"})
    linked = link({"oms": work / "oms"}, tables.frame("network", network()), tables.concat("links", []))
    linked.write({n: work / f"{n}.parquet" for n in ("outages", "steps", "served")})
    rows = tables.read("findings", work / "oms" / "findings.parquet").to_pylist()
    told = [str(f) for f in [*(Finding(**r) for r in rows), *linked.findings]]
    steps = tables.read("steps", work / "steps.parquet").to_pylist()
    counted = []
    for row in tables.read("outages", work / "outages.parquet").to_pylist():
        own = [f"{s['customers']}{s['customer'] and ' ' + s['customer']} until {s['end']:%H:%M}" for s in steps
               if s["outage"] == row["outage"]]  # fmt: skip
        links = f"{row['feeder']} ({row['feeder_link']}) {row['kind']} {row['element']} ({row['device_link']})"
        said = f"{row['start']:%Y-%m-%d %H:%M:%S} UTC, day {row['day']:%d}: {', '.join(own)}"
        said += f"; {row['customer_minutes']:g} min"
        flags = f"planned {row['planned']}, major {row['major']}"
        counted.append(f"{row['outage']}: {links}: {said}, {row['cause']}, {flags} {row['refused']}".rstrip())
    served = [f"{r['feeder']} {r['year']}: {r['customers']:g} {r['basis']}" for r in linked.rows["served"]]
    account = tables.read("conversion", work / "oms" / "conversion.parquet").to_pylist()
    left = [r for r in account if r["verdict"] in ("refused", "unused")]
    verdicts = [f"{r['object']} {r['property']}: {r['reason']}" for r in left]
    kept = [r for r in account if r not in left]
    verdicts.append(f"{len(kept)} objects and properties are mapped")
    return "\n".join([*told, "--", *counted, "--", *sorted(served), "--", *verdicts]) + "\n"


@pytest.mark.parametrize("case", sorted(p.name for p in CASES.iterdir() if p.is_dir()))
def test_case(case: str, tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    golden(CASES / case / "expected.txt", outcome(CASES / case, tmp_path))


def test_every_row_of_every_case_has_one_verdict(tmp_path: Path) -> None:
    counted = 0
    for case in sorted(p for p in CASES.iterdir() if p.is_dir()):
        outcome(case, tmp_path / case.name)
        account = tables.read("conversion", tmp_path / case.name / "oms" / "conversion.parquet").to_pylist()
        rows = [r for r in account if r["object"].startswith(("[outage]", "[row]"))]
        path = case / "oms.csv"
        if path.exists() and any(r["object"].startswith("[outage]") for r in rows):
            written = [line for line in path.read_bytes().splitlines()[1:] if line.strip()]
            assert len(rows) == len(written), case.name
            counted += 1
    assert counted
