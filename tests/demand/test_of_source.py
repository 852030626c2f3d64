"""Readings summed straight from their files: the sums of a plain loop, without the import of pandas."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

CHILD = """
import json, sys
from pathlib import Path
from dtl.demand.aggregate import Steps, of_source
from dtl.demand.calendar import Calendar

spec, file, owner, scratch = json.loads(sys.argv[1])
keys = sorted(set(owner.values()))
steps = Steps.of(Calendar(2025), "UTC", 60)
sums = of_source(spec, {Path(file).name: Path(file)}, owner, keys, steps, Path(scratch))
print(json.dumps([sums.kwh.reshape(len(keys) + 1, -1)[:, :48].tolist(), sums.error, "pandas" in sys.modules]))
"""
SPEC: dict[str, Any] = {
    "kind": "ami", "path": "r", "columns": "ours", "interval_min": 15, "stamp": "interval_start", "zone": "UTC",
    "timezone": "UTC", "time_format": None, "unit": "kWh", "multiplier": 1.0, "positive": "delivered",
    "reads": "interval", "register_digits": None, "quality": None, "repeated": "none", "header_row": 1, "decimal": ".",
}  # fmt: skip
OWNER = {"0012": "t1", "12": "t2", "c": "t1"}


@pytest.mark.parametrize("order", ["meter", "time"])
def test_sums_are_those_of_a_plain_loop_and_import_no_pandas(order: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    rows = [(m, k, round(float(x), 3)) for m in (*OWNER, "nobody") for k, x in enumerate(rng.normal(0.5, 1, 192))]
    if order == "time":
        rows.sort(key=lambda r: r[1])
    start = np.datetime64("2025-01-01", "s") + np.array([k for _, k, _ in rows]) * np.timedelta64(900, "s")
    table = pa.table({"meter": [m for m, _, _ in rows], "start": start, "kwh": [x for _, _, x in rows]})
    pq.write_table(table, tmp_path / "r.parquet")
    said = json.dumps([SPEC, str(tmp_path / "r.parquet"), OWNER, str(tmp_path / "scratch")])
    child = subprocess.run([sys.executable, "-c", CHILD, said], capture_output=True, text=True, check=True)
    kwh, error, pandas = json.loads(child.stdout)
    wanted = np.zeros((3, 48))
    for meter, k, x in rows:
        wanted[{"t1": 0, "t2": 1, "": 2}[OWNER.get(meter, "")], k // 4] += x
    np.testing.assert_allclose(kwh, wanted, rtol=1e-12, atol=1e-12)
    assert error < 1e-9
    assert not pandas or order == "time"
