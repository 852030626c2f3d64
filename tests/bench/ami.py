"""Fifty million readings summed by transformer, feeder and hour: by DTL, by DuckDB and by dask, side by side.

Run it as a program: ``python tests/bench/ami.py [folder] [millions]``. It writes the readings (Parquet and long CSV, by
meter and time, 15 minutes, kWh with three digits) into the folder once. dask runs where ``DASK_PYTHON`` names an
interpreter that has it. Each runs in a process of its own, whose highest memory is told; the sums must agree to 1e-9.
Budgets: at least the speed of DuckDB / 1.3, five times that of dask, less than 2 GB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

STEPS, PER_TRANSFORMER, PER_FEEDER = 2880, 10, 80
START = "2025-06-01"


def make(folder: Path, millions: float) -> None:
    """Write the readings and the map of meters, unless they are there."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    if (folder / "done").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    count = round(millions * 1e6 / STEPS)
    names = [f"M{k:07d}" for k in range(count)]
    rng = np.random.default_rng(1)
    stamp = np.datetime64(START, "s") + np.arange(STEPS) * np.timedelta64(900, "s")
    texts = pa.array([str(t)[:16].replace("T", " ") for t in stamp])
    placed = rng.permutation(count) // PER_TRANSFORMER
    transformers = [f"T{k:06d}" for k in placed]
    feeders = [f"F{k // PER_FEEDER:04d}" for k in placed]
    pq.write_table(
        pa.table({"meter": names, "transformer": transformers, "feeder": feeders}), folder / "meters.parquet"
    )
    schema = pa.schema([("meter", pa.string()), ("start", pa.timestamp("s")), ("kwh", pa.float64())])
    with (
        pq.ParquetWriter(folder / "readings.parquet", schema, compression="zstd") as parquet,
        (folder / "readings.csv").open("wb") as text,
    ):
        text.write(b"meter,start,kwh\n")
        for first in range(0, count, 200):
            own = names[first : first + 200]
            index = pa.array(np.repeat(np.arange(len(own), dtype=np.int32), STEPS))
            meter = pa.DictionaryArray.from_arrays(index, pa.array(own)).cast(pa.string())
            kwh = pa.array(np.round(rng.gamma(1.5, 0.3, len(own) * STEPS), 3))
            table = pa.table([meter, pa.array(np.tile(stamp, len(own))), kwh], schema=schema)
            parquet.write_table(table)
            label = pa.DictionaryArray.from_arrays(pa.array(np.tile(np.arange(STEPS, dtype=np.int32), len(own))), texts)
            plain = pa.table({"meter": meter, "start": label.cast(pa.string()), "kwh": kwh})
            pacsv.write_csv(plain, text, pacsv.WriteOptions(include_header=False, quoting_style="none"))
    (folder / "done").write_text("")


def ours(folder: Path, form: str) -> dict[str, float]:
    """By DTL, straight from the file."""
    import numpy as np
    import pyarrow.parquet as pq

    from dtl.demand.aggregate import Steps, of_source
    from dtl.demand.calendar import Calendar

    spec = {
        "kind": "ami", "path": "readings", "columns": "ours", "interval_min": 15, "stamp": "interval_start",
        "zone": "UTC", "timezone": "UTC", "time_format": None, "unit": "kWh", "multiplier": 1.0,
        "positive": "delivered", "reads": "interval", "register_digits": None, "quality": None, "repeated": "none",
        "header_row": 1, "decimal": ".",
    }  # fmt: skip
    meters = pq.ParquetFile(folder / "meters.parquet").read()
    name = f"readings.{form}"
    transformers = dict(zip(meters["meter"].to_pylist(), meters["transformer"].to_pylist(), strict=True))
    feeder_of = dict(zip(meters["transformer"].to_pylist(), meters["feeder"].to_pylist(), strict=True))
    keys = sorted(feeder_of)
    steps = Steps.of(Calendar(2025), "UTC", 60)
    sums = of_source(spec, {name: folder / name}, transformers, keys, steps, folder / "scratch")
    by_transformer = sums.kwh.reshape(len(keys) + 1, steps.count)[:-1]
    feeders = sorted(set(feeder_of.values()))
    number = {f: k for k, f in enumerate(feeders)}
    by_feeder = np.zeros((len(feeders), steps.count))
    np.add.at(by_feeder, [number[feeder_of[k]] for k in keys], by_transformer)
    return told(by_transformer[by_transformer > 0].sum(), int((by_transformer > 0).sum()), by_feeder.max())


def duck(folder: Path, form: str) -> dict[str, float]:
    """By DuckDB."""
    import duckdb

    con = duckdb.connect()
    con.execute("set memory_limit='2GB'")
    con.execute("set preserve_insertion_order=false")
    source = f"read_parquet('{folder}/readings.parquet')" if form == "parquet" else f"read_csv('{folder}/readings.csv')"
    con.execute(
        f"create table t as select m.transformer, any_value(m.feeder) as feeder, date_trunc('hour', r.start) as hour, "
        f"sum(r.kwh) as kwh from {source} r join read_parquet('{folder}/meters.parquet') m using (meter) group by 1, 3"
    )
    con.execute("create table f as select feeder, hour, sum(kwh) as kwh from t group by 1, 2")
    total, rows = con.execute("select sum(kwh), count(*) from t").fetchone()
    return told(total, rows, con.execute("select max(kwh) from f").fetchone()[0])


def by_dask(folder: Path, form: str) -> dict[str, float]:
    """By dask's dataframes, with its default threads."""
    import dask.dataframe as dd
    import pandas as pd

    meters = pd.read_parquet(folder / "meters.parquet")
    if form == "parquet":
        rows = dd.read_parquet(folder / "readings.parquet", split_row_groups=8)
    else:
        rows = dd.read_csv(folder / "readings.csv", parse_dates=["start"], blocksize="32MB")
    rows = rows.merge(meters, on="meter", how="inner")
    rows["hour"] = rows["start"].dt.floor("h")
    t = rows.groupby(["transformer", "feeder", "hour"])["kwh"].sum(split_out=4).reset_index().compute()
    f = t.groupby(["feeder", "hour"])["kwh"].sum()
    return told(t["kwh"].sum(), len(t), f.max())


def told(total: float, rows: int, peak: float) -> dict[str, float]:
    """What must agree: all energy, transformer hours, the highest hour of a feeder."""
    return {"kwh": float(total), "rows": rows, "peak": float(peak)}


def measured(python: str, who: str, folder: Path, form: str) -> dict[str, float]:
    """Run one in a process of its own: seconds after its imports, highest memory [GB], and its answer."""
    command = [python, __file__, "--one", who, str(folder), form]
    peak = [0]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        status = Path(f"/proc/{child.pid}/status")

        def watch() -> None:
            while child.poll() is None:
                try:
                    lines = status.read_text().splitlines()
                except (FileNotFoundError, ProcessLookupError):
                    return  # the child has just ended
                for line in lines:
                    if line.startswith("VmHWM"):
                        peak[0] = max(peak[0], int(line.split()[1]))
                time.sleep(0.02)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        out = child.communicate()[0]
    if child.returncode:
        return {}
    return json.loads(out.splitlines()[-1]) | {"gb": peak[0] / 1024**2}


def main(folder: Path, millions: float) -> None:
    """Print the table."""
    make(folder, millions)
    other = os.environ.get("DASK_PYTHON", "")
    print("format  by       seconds  cpu s  M rows/s  peak GB")
    for form in ("parquet", "csv"):
        found: dict[str, dict[str, float]] = {}
        for _ in range(3):
            for who, python in (("ours", sys.executable), ("duck", sys.executable), ("dask", other)):
                if python and (who != "dask" or who not in found):
                    run = measured(python, who, folder, form)
                    if run and (who not in found or run["s"] < found[who]["s"]):
                        found[who] = run
        for who, best in found.items():
            speed = millions / best["s"]
            print(f"{form:8s}{who:8s}{best['s']:8.2f}{best['cpu_s']:7.2f}{speed:10.1f}{best['gb']:9.2f}")
        for who in ("duck", "dask"):
            if who not in found:
                print(f"{form:8s}{who:8s} skipped: DASK_PYTHON names no interpreter that has dask")
                continue
            same = all(abs(found["ours"][k] / found[who][k] - 1) < 1e-9 for k in ("kwh", "rows", "peak"))
            ratio = found[who]["s"] / found["ours"]["s"]
            print(f"{form:8s}ours is {ratio:.2f} x the speed of {who}; sums agree: {same}")


def one(who: str, folder: Path, form: str) -> None:
    """One of them, timed, as a child."""
    if who == "dask":
        import dask.dataframe  # noqa: F401
    elif who == "duck":
        import duckdb  # noqa: F401
    else:
        import dtl.demand.aggregate  # noqa: F401
    begin, busy = time.perf_counter(), time.process_time()
    found = {"ours": ours, "duck": duck, "dask": by_dask}[who](folder, form)
    print(json.dumps({"s": time.perf_counter() - begin, "cpu_s": time.process_time() - busy, **found}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], Path(sys.argv[3]), sys.argv[4])
    else:
        main(
            Path(sys.argv[1] if len(sys.argv) > 1 else "/tmp/ami-bench"),
            float(sys.argv[2] if len(sys.argv) > 2 else 50),
        )
