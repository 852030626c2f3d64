"""The whole utility: every feeder made and written, then the files that all share."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dtl.errors import DtlError
from dtl.synth import (
    bank,
    containers,
    cyme_equipment,
    cyme_text,
    gis,
    oms,
    outages,
    registers,
    scada,
    truth,
    weather_files,
)
from dtl.synth.clock import heads
from dtl.synth.guide import guide
from dtl.synth.settings import Settings
from dtl.synth.system import Stub, Substation, plan
from dtl.synth.weather import weather
from dtl.synth.work import Outcome, make

Progress = Callable[[int, int], None]


def write(settings: Settings, folder: Path, jobs: int = 1, progress: Progress | None = None) -> dict[str, Any]:
    """Write a utility into an empty or new folder and return its summary.

    Parameters
    ----------
    settings : Settings
        The question; equal settings give equal bytes, whatever ``jobs`` is.
    folder : Path
        Where to write.
    jobs : int
        Processes to work with.
    progress : callable, optional
        Told the number of finished feeders and of all.

    Raises
    ------
    DtlError
        The folder is there and not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DtlError(
            f"{folder} is not empty; name a new folder, so that no file of an earlier run is left among the new ones"
        )
    folder.mkdir(parents=True, exist_ok=True)
    substations, stubs = plan(settings)
    done: list[Outcome] = []
    for outcome in _outcomes(settings, folder, len(stubs), jobs):
        done.append(outcome)
        if progress is not None:
            progress(len(done), len(stubs))
    planted = [p for o in done for p in o.planted]
    _networks(settings, folder, substations, done)
    _registers(settings, folder, stubs, done)
    _weather(settings, folder, substations)
    _banks(settings, folder, substations, done)
    planted += _outages(settings, folder, done)
    summary = _truth(settings, folder, substations, done, planted)
    (folder / "README.md").write_text(guide(settings, summary), encoding="utf-8", newline="\n")
    return summary


def _outcomes(settings: Settings, folder: Path, count: int, jobs: int) -> Iterator[Outcome]:
    """The feeders in the order of their numbers, made here or in processes of their own."""
    work = [(settings, number, folder) for number in range(1, count + 1)]
    if jobs <= 1 or count == 1:
        yield from map(make, work)
        return
    with ProcessPoolExecutor(min(jobs, count), mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(make, work)


def _networks(settings: Settings, folder: Path, substations: Sequence[Substation], done: list[Outcome]) -> None:
    """GIS containers, the system-wide CYME files and the common equipment."""
    if done[0].layers:
        names = sorted({name for o in done for name in o.layers})
        layers = {
            name: pd.concat([o.layers[name] for o in done if name in o.layers], ignore_index=True) for name in names
        }
        layers["Substation"] = gis.substations(substations)
        containers.write(layers, settings.formats, folder / "gis")
    if settings.wants("cyme_text"):
        day, parts = settings.start, [o.blocks for o in done]
        used = cyme_equipment.merge(o.equipment for o in done)
        cyme_text.write(
            folder / "cyme" / "equipment.txt",
            cyme_text.equipment_lines(cyme_equipment.equipment(substations, used), day),
        )
        cyme_text.write(folder / "cyme_system" / "network.txt", cyme_text.network_lines(parts, day, []))
        cyme_text.write(folder / "cyme_system" / "load.txt", cyme_text.load_lines(parts, day))
        cyme_text.write(
            folder / "cyme_system" / "equipment.txt",
            cyme_text.equipment_lines(cyme_equipment.equipment(substations, used), day),
        )


def _registers(settings: Settings, folder: Path, stubs: Sequence[Stub], done: list[Outcome]) -> None:
    """Generators, adoption and costs."""
    if settings.wants("registers"):
        at = folder / "registers"
        truth.write_csv(at / "generators.csv", pd.DataFrame([row for o in done for row in o.generators]))
        truth.write_csv(at / "forecast.csv", pd.DataFrame(registers.forecast(stubs, settings.end.year)))
        truth.write_csv(at / "costs.csv", pd.DataFrame(registers.COSTS))


def _weather(settings: Settings, folder: Path, substations: Sequence[Substation]) -> None:
    """The weather of each substation."""
    if settings.wants("weather"):
        for s in substations:
            weather_files.write(
                folder / "weather", s, weather(settings.seed, s.id, settings.years[0], settings.years[-1])
            )


def _banks(settings: Settings, folder: Path, substations: Sequence[Substation], done: list[Outcome]) -> None:
    """SCADA of the banks: bus voltage, tap and the sum of the feeders; and the list of all tags."""
    if not settings.wants("scada") or not settings.days:
        return
    whole, tags = heads(settings), [tag for o in done for tag in o.tags]
    for s in substations:
        mine = [o for o in done if o.row["substation"] == s.id]
        sky = weather(settings.seed, s.id, settings.years[0], settings.years[-1])
        held = bank.bus(s.id, float(mine[0].row["source_pu"]), whole, sky, settings.seed)
        kw, kvar = (sum((o.head[k] for o in mine if o.head), np.zeros(whole.steps)) for k in (0, 1))
        values = {f"{s.id}_BUS_KV": held.pu * s.kv, f"{s.id}_LTC_TAP": held.tap.astype(np.float64),
                  f"{s.id}_BANK_MW": kw / 1000.0, f"{s.id}_BANK_MVAR": kvar / 1000.0}  # fmt: skip
        scada.write(folder / "scada" / f"{s.id}.csv", [scada.Piece(whole, values)])
        units = [("voltage line to line", "kV"), ("tap", "step"), ("active power", "MW"), ("reactive power", "Mvar")]
        tags += [(tag, s.id, f"{s.id}-BANK", q, u) for tag, (q, u) in zip(values, units, strict=True)]
    scada.write_tags(folder / "scada_tags.csv", tags)


def _outages(settings: Settings, folder: Path, done: list[Outcome]) -> list[Any]:
    """The files of the outage system."""
    if not settings.wants("oms"):
        return []
    events, steps = oms.rows([event for o in done for event in o.outages], settings.zone)
    spoiled, planted = oms.spoil(events, settings)
    oms.write(folder / "oms" / "outages.csv", spoiled, oms.EVENT_COLUMNS)
    oms.write(folder / "oms" / "restoration_steps.csv", steps, oms.STEP_COLUMNS)
    truth.write_csv(folder / "truth" / "outages.csv", pd.concat([o.outage_rows for o in done], ignore_index=True))
    truth.write_csv(folder / "truth" / "hazards.csv", pd.concat([o.hazards for o in done], ignore_index=True))
    return planted


def _truth(
    settings: Settings, folder: Path, substations: Sequence[Substation], done: list[Outcome], planted: list[Any]
) -> dict[str, Any]:
    """The tables of answers and their summary."""
    at = folder / "truth"
    for name in ("meters", "transformers"):
        truth.write_csv(at / f"{name}.csv", pd.concat([getattr(o, name) for o in done], ignore_index=True))
    rows = pd.DataFrame([o.row for o in done])
    truth.write_csv(at / "feeders.csv", rows)
    table = truth.planted_table(planted)
    truth.write_csv(at / "planted.csv", table)
    summary = {
        "settings": {k: (list(v) if isinstance(v, tuple) else v if isinstance(v, int | bool) else str(v)) for k,
        v in asdict(settings).items()},
        "feeders": len(done), "substations": {s.id: s.name for s in substations}, "meters": int(rows["meters"].sum()),
        "transformers": int(rows["transformers"].sum()), "line_km": round(float(rows["line_km"].sum()), 1),
        "ami_rows": int(rows["ami_rows"].sum()), "outages": sum(len(o.outages) for o in done),
        "planted": {str(k): int(n) for k, n in table["kind"].value_counts().sort_index().items()},
        "outage_rates_per_km_or_unit_and_year": outages.RATE,
    }  # fmt: skip
    (at / "summary.json").write_text(
        json.dumps(summary, sort_keys=True, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
    )
    return summary
