"""Meter data as head-end systems export them: long Parquet, long CSV, wide CSV; labels are interval ends in civil time.

- Parquet, one folder per feeder, one row group per month: rows by meter and time.
- Long CSV, one file per feeder and month: rows by meter and **label**: both passes of the autumn hour stand side by
  side.
- Wide CSV, one file per feeder and month: a row per meter, day and channel; 100 columns in order of time, of which a
  normal day fills 96, the day of spring 92 and that of autumn all (24, 23, 25 for hours).

Delivered and received energy are channels of their own; a meter without generation has no received energy.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from dtl.synth.clock import Clock, to_local
from dtl.synth.faults import Reads
from dtl.synth.settings import Settings

SCHEMA = pa.schema([
    ("METER_ID", pa.dictionary(pa.int32(), pa.string())), ("READ_TIME_LOCAL", pa.timestamp("s")), ("KWH_DEL",
    pa.float64()),
    ("KWH_REC", pa.float64()), ("VOLT_AVG", pa.float64()), ("QUALITY", pa.dictionary(pa.int32(), pa.string())),
])  # fmt: skip
TRUTH = pa.schema([
    ("METER_ID", pa.dictionary(pa.int32(), pa.string())), ("T_UTC", pa.timestamp("s", "UTC")), ("NET_WH", pa.int32()),
    ("VOLT", pa.float32()), ("PV_W", pa.float32()), ("EV_W", pa.float32()),
])  # fmt: skip


def labels(clock: Clock) -> npt.NDArray[np.datetime64]:
    """(T,) civil time at the end of each step."""
    return to_local(clock.end_utc, clock.zone).astype("M8[s]")


def _codes(values: npt.NDArray[np.int32], names: list[str]) -> pa.Array:
    """A dictionary column from codes."""
    return pa.DictionaryArray.from_arrays(pa.array(values), pa.array(names, pa.string()))


def long_table(meters: list[str], clock: Clock, reads: Reads) -> pa.Table:
    """The rows that arrive, by meter and time."""
    count, steps = reads.wh.shape
    index = np.repeat(np.arange(count * steps), reads.copies.ravel())
    second = np.zeros(len(index), dtype=np.bool_)
    second[1:] = index[1:] == index[:-1]
    wh = reads.wh.ravel()[index]
    wh = np.where(second & reads.other.ravel()[index], np.round(wh * 1.07) + 5.0, wh)
    volt = np.round(reads.volt.ravel()[index], 1)
    meter, step = (index // steps).astype(np.int32), index % steps
    return pa.table(
        [
            _codes(meter, meters), pa.array(labels(clock)[step]), pa.array(np.maximum(wh, 0.0) / 1000.0),
            pa.array(np.maximum(-wh, 0.0) / 1000.0), pa.array(volt, mask=np.isnan(volt)),
            _codes(reads.estimated.ravel()[index].astype(np.int32), ["A", "E"]),
        ],
        schema=SCHEMA,
    )  # fmt: skip


def write_csv(table: pa.Table, path: Path) -> None:
    """Long CSV, gzip; rows by meter and label."""
    code = table["METER_ID"].combine_chunks().indices.to_numpy()
    label = table["READ_TIME_LOCAL"].to_numpy()
    table = table.take(pa.array(np.lexsort((label, code))))
    moments, where = np.unique(table["READ_TIME_LOCAL"].to_numpy(), return_inverse=True)
    text = [t.replace("T", " ") for t in np.datetime_as_string(moments, unit="m")]
    stamps = _codes(where.astype(np.int32), text)
    table = table.set_column(1, "READ_TIME_LOCAL", stamps.cast(pa.string()))
    write_zipped(path, _plain(table))


def write_zipped(path: Path, table: pa.Table) -> None:
    """A gzip'd CSV that carries no time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(csv_bytes(table), compresslevel=3, mtime=0))


def csv_bytes(table: pa.Table) -> bytes:
    """A table as CSV without quotes, for values that need none."""
    sink = pa.BufferOutputStream()
    pacsv.write_csv(table, sink, pacsv.WriteOptions(include_header=False, quoting_style="none"))
    return (",".join(table.column_names) + "\n").encode() + bytes(sink.getvalue())


def _plain(table: pa.Table) -> pa.Table:
    """Dictionary columns as text."""
    for k, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(k, field.name, table[field.name].cast(pa.string()))
    return table


def write_wide(meters: list[str], clock: Clock, reads: Reads, path: Path) -> None:
    """Wide CSV, gzip: one row per meter, local day and channel; estimated values are kept, missing ones are empty."""
    start = to_local(clock.utc, clock.zone)
    day = start.astype("M8[D]")
    days, number = np.unique(day, return_inverse=True)
    first = np.searchsorted(number, np.arange(len(days)))
    position = np.arange(clock.steps) - first[number]
    width = 100 if clock.step_min == 15 else (25 * 60) // clock.step_min
    present = reads.copies > 0
    channels: list[tuple[str, npt.NDArray[np.float64]]] = [
        ("KWH_DEL", np.where(present, np.maximum(reads.wh, 0.0) / 1000.0, np.nan)),
        ("VOLT_AVG", np.where(present, np.round(reads.volt, 1), np.nan)),
    ]
    if (reads.wh < 0).any():
        channels.insert(1, ("KWH_REC", np.where(present, np.maximum(-reads.wh, 0.0) / 1000.0, np.nan)))
    parts = []
    for name, values in channels:
        if np.isnan(values).all():
            continue
        grid = np.full((len(meters), len(days), width), np.nan)
        grid[:, number, position] = values
        rows = len(meters) * len(days)
        flat = grid.reshape(rows, width)
        owners = np.repeat(np.arange(len(meters), dtype=np.int32), len(days))
        dates = np.tile(np.arange(len(days), dtype=np.int32), len(meters))
        columns: dict[str, Any] = {
            "METER_ID": _codes(owners, meters).cast(pa.string()),
            "DATE": _codes(dates, [str(d) for d in days]).cast(pa.string()),
            "CHANNEL": pa.array([name] * rows),
        }
        for j in range(width):
            columns[f"INT{j + 1:03d}"] = pa.array(flat[:, j], mask=np.isnan(flat[:, j]))
        part = pa.table(columns)
        keep = ~np.isnan(flat).all(axis=1) if name == "KWH_DEL" else np.nansum(np.abs(flat), axis=1) > 0
        parts.append(part.filter(pa.array(keep)))
    write_zipped(path, pa.concat_tables(parts))


class Writer:
    """Writes the meter data of one feeder month by month."""

    def __init__(self, feeder: str, meters: list[str], settings: Settings, folder: Path):
        self.feeder, self.meters, self.settings, self.folder = feeder, meters, settings, folder
        self.parquet: pq.ParquetWriter | None = None
        self.rows = 0
        truth = folder / "truth" / "ami" / f"{feeder}.parquet"
        truth.parent.mkdir(parents=True, exist_ok=True)
        self.truth = pq.ParquetWriter(truth, TRUTH, compression="zstd")
        if settings.wants("ami_parquet"):
            path = folder / "ami" / "parquet" / f"feeder={feeder}" / "part-0.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            self.parquet = pq.ParquetWriter(
                path, SCHEMA, compression="zstd", use_dictionary=["METER_ID", "QUALITY", "READ_TIME_LOCAL"]
            )

    def add(self, clock: Clock, reads: Reads) -> None:
        """Write one piece in every wanted shape."""
        month = str(clock.local[0].astype("M8[M]"))
        if self.settings.wants("ami_parquet", "ami_csv"):
            table = long_table(self.meters, clock, reads)
            self.rows += table.num_rows
            if self.parquet is not None:
                self.parquet.write_table(table, row_group_size=table.num_rows)
            if self.settings.wants("ami_csv"):
                write_csv(table, self.folder / "ami" / "csv" / f"{self.feeder}_{month}.csv.gz")
        if self.settings.wants("ami_wide"):
            write_wide(self.meters, clock, reads, self.folder / "ami" / "wide" / f"{self.feeder}_{month}.csv.gz")

    def add_truth(self, clock: Clock, wh: Any, volt: Any, pv_w: Any, ev_w: Any) -> None:
        """Write the answers of one piece; all arrays are (M, T)."""
        count, steps = wh.shape
        meter = np.repeat(np.arange(count, dtype=np.int32), steps)
        time = np.tile(clock.utc.astype("M8[s]"), count)
        v, pv, ev = volt.ravel().astype(np.float32), pv_w.ravel(), ev_w.ravel()
        table = pa.table(
            [_codes(meter, self.meters), pa.array(time).cast(pa.timestamp("s", "UTC")),
            pa.array(wh.ravel().astype(np.int32)),
             pa.array(v, mask=np.isnan(v)), pa.array(pv), pa.array(ev)],
            schema=TRUTH,
        )  # fmt: skip
        self.truth.write_table(table, row_group_size=table.num_rows)

    def close(self) -> None:
        """Finish the files."""
        self.truth.close()
        if self.parquet is not None:
            self.parquet.close()
