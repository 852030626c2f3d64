"""The answers: tables of what is true, and of every error that was planted."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dtl.synth.engine import State
from dtl.synth.habits import Habits
from dtl.synth.model import Feeder
from dtl.synth.outages import Outage
from dtl.synth.records import Planted, Records, cyme_name
from dtl.synth.system import Stub


def meters(feeder: Feeder, habits: Habits, records: Records) -> pd.DataFrame:
    """One row per meter: where it truly hangs, what it does, and what the GIS says of its link."""
    m, h = feeder.customers, habits
    units = [feeder.transformers[t] for t in m.transformer]
    has_pv, has_ev = h.pv_kw > 0, h.ev_kw > 0
    return pd.DataFrame({
        "meter": m.id, "customer": m.customer, "feeder": feeder.id, "area": feeder.area,
        "transformer": [t.id for t in units],
        "recorded_transformer": [records.text("gis", i, "transformer", t.id) for i, t in zip(m.id, units, strict=True)],
        "node": [t.node for t in units], "phases": [t.phases for t in units], "class": m.kind, "x": m.x, "y": m.y,
        "design_kw": m.peak_kw, "power_factor": m.power_factor, "volt_nominal": [round(1000.0 * t.kv_low_ln,
        1) for t in units],
        "archetype": h.archetype, "shift_h": h.shift_h, "cooling_share": np.round(h.cooling, 4),
        "heat_kw": np.round(h.heat_kw, 3),
        "pv_dc_kw": h.pv_kw, "pv_ac_kw": h.pv_ac_kw, "tilt_deg": np.where(has_pv, h.tilt_deg, np.nan),
        "azimuth_deg": np.where(has_pv, h.azimuth_deg, np.nan), "pv_from": np.where(has_pv, h.pv_from.astype(str), ""),
        "pv_registered": h.pv_registered, "ev_kw": h.ev_kw, "ev_from": np.where(has_ev, h.ev_from.astype(str), ""),
        "ev_night": h.ev_night & has_ev, "away_from": np.where(h.away_days > 0, h.away_from.astype(str), ""),
        "away_days": h.away_days,
    })  # fmt: skip


def transformers(feeder: Feeder, records: Records) -> pd.DataFrame:
    """One row per service transformer, with the name that CYME has for it."""
    customers = np.bincount(feeder.customers.transformer, minlength=len(feeder.transformers))
    return pd.DataFrame([
        {"transformer": t.id, "feeder": feeder.id, "cyme_device": records.text("cyme", t.id, "name", cyme_name(t.id)),
        "node": t.node,
         "phases": t.phases, "kva": t.kva, "kv_low": t.kv_low, "installed": t.installed, "pole": t.pole,
         "customers": int(n)}
        for t, n in zip(feeder.transformers, customers, strict=True)
    ])  # fmt: skip


def feeder_row(feeder: Feeder, stub: Stub, state: State, ami_rows: int) -> dict[str, Any]:
    """What is true of a feeder as a whole; voltages and power are those of the design hour, solved by OpenDSS."""
    return {
        "feeder": feeder.id, "substation": feeder.substation, "area": feeder.area, "setting": feeder.setting,
        "recipe": feeder.recipe,
        "kv": feeder.kv, "source_pu": feeder.source_pu, "growth_per_year": stub.growth, "nodes": len(feeder.nodes),
        "sections": len(feeder.sections), "line_km": round(sum(s.length_m for s in feeder.sections) / 1000.0, 3),
        "transformers": len(feeder.transformers), "meters": len(feeder.customers), "regulators": len(feeder.regulators),
        "design_head_kw": round(state.head_kw, 3), "design_head_kvar": round(state.head_kvar, 3),
        "design_load_kw": round(state.load_kw, 3),
        "design_loss_kw": round(state.loss_kw, 3), "design_min_pu": round(state.min_pu, 5),
        "design_max_pu": round(state.max_pu, 5),
        "ami_rows": ami_rows,
    }  # fmt: skip


def outage_rows(outages: list[Outage], meter_ids: list[str]) -> list[dict[str, Any]]:
    """True cause, asset and steps of each interruption of one feeder, with the meters of sustained ones."""
    return [
        {"feeder": o.feeder, "cause": o.cause, "asset": o.asset, "device": o.device, "start_utc": f"{o.start}Z",
        "step": k,
         "end_utc": f"{when}Z", "customers": len(members), "minutes": o.minutes(when),
         "meters": " ".join(meter_ids[int(j)] for j in members) if o.customers else ""}
        for o in outages
        for k, (when, members) in enumerate(o.steps, 1)
    ]  # fmt: skip


def planted_table(planted: list[Planted]) -> pd.DataFrame:
    """All planted errors, sorted."""
    columns = list(Planted.__dataclass_fields__)
    return (
        pd.DataFrame([asdict(p) for p in planted], columns=columns)
        .sort_values(columns, kind="stable")
        .reset_index(drop=True)
    )


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """A CSV with LF line ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")


def write_series(path: Path, columns: dict[str, Any]) -> None:
    """Columns of equal length as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, compression="zstd")
