"""The files that readers can take away: tables as CSV in full precision, and the study as it was run."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup
from pyarrow import csv

from dtl import tables
from dtl.report.facts import BREAKS

ABOUT = {
    "cube.csv": "Every fact of the study: level, feeder, case, metric, value, hour, limit, rule.",
    "violations.csv": "Every line, transformer and bus over a limit, by feeder and case.",
    "findings.csv": "What is wrong with the data, or was repaired, and every file that was read.",
    "conversion.csv": "Every object and property of the sources: mapped, defaulted, unused or refused, and why.",
    "meters.csv": "Every meter: its transformer, what speaks for it, how sure that is, and what was recorded.",
    "series.csv": "Every meter's readings in short: interval, first, last, present, absent, doubled, ambiguous.",
    "sweeps.csv": "Every point of every sweep: the numbers varied, and the figures of the study and of each feeder.",
    "hosting.csv": "Hosting capacity: every bus, method and criterion, with what limits it and where and when.",
    "hosting_swept.csv": "Hosting capacity at every point of a sweep, as in hosting.csv.",
    "insights.csv": "What the learning modules say, each with its evidence and the id that a decision names.",
    "alerts.csv": "Intervals of meters and feeders that do not behave: fault, times, what shows it, what is suggested.",
    "archetypes.csv": "Which customers or feeders are alike.",
    "violation_clusters.csv": "Elements over a limit by case, with the number of their cluster along the network.",
    "calibration.csv": "Values that follow measurements better: review them, then name the file in network.calibrated.",
    "surrogate.csv": "Estimated hosting capacity and lower bound of every site, with what the search found there.",
    "load_forecast.csv": "Load of the coming days by feeder and hour, with quantiles [kW].",
    "outage_days.csv": "Interruptions by day: expected from weather by models of earlier years, and what came.",
    "stress.csv": "SAIFI and SAIDI that the weather and loading of each case make expected, with intervals.",
    "ranking.csv": "Transformers and loaded lines across dimensions: values, standings, score.",
    "compliance.csv": "Every verdict of a grid code: value, limit, margin, clause, and what was not judged and why.",
    "lights.csv": "Every hour in which a segment is yellow or red: cause, element, power that would turn it green.",
    "curtailment.csv": "What is not taken of each plant in each hour so that limits hold, and why.",
    "measures.csv": "Measures against violations: what each removes alone, its price, or why it is not offered.",
    "packages.csv": "Sets of measures, solved together: cost, what they remove and what still violates.",
    "portfolio.csv": "The works that were chosen, by group and budget, and what there is to say of the choice.",
    "states.csv": "Every feeder in every loading state of a snapshot: powers, losses, voltages, highest loading.",
    "deviations.csv": "Every value of the reference: ours, the difference, or why there is none.",
    "links.csv": "Which asset of the GIS is which element of the model.",
    "solved.csv": "How each group was solved in each case: engine and why, tolerance, hours, balance, warnings.",
    "study.json": "The study as it was run: resolved, with every default written out.",
}


LARGE = 10_000_000
"""Size of a file from which on it is compressed [bytes]."""


def write(folder: Path, cube: pa.Table, listed: Mapping[str, pa.Table], study: str) -> list[dict[str, str]]:
    """Write all files into a folder; returns a row per file with its name, size and meaning.

    ``listed`` are further tables by the name of their file; of those that are empty no file is written, save of
    `findings` and `conversion`, which then tell that there is nothing.
    """
    folder.mkdir(parents=True)
    breaks = pc.is_in(cube["analysis"].cast(tables.TEXT), pa.array(list(BREAKS)))
    single = cube.filter(pc.and_(pc.equal(cube["level"].cast(tables.TEXT), "element"), breaks))
    told = {f"{n}.csv": t for n, t in listed.items() if t.num_rows or n in ("findings", "conversion")}
    content: Mapping[str, pa.Table] = {"cube.csv": cube, "violations.csv": single, **told}
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        written = dict(zip(content, pool.map(lambda n: _written(content[n], folder / n), content), strict=True))
    packed = [name for name, small in written.items() if small]
    (folder / "study.json").write_text(study.rstrip("\n") + "\n", encoding="utf-8")
    rows = {name: str(table.num_rows) for name, table in content.items()}
    there = {name: about for name, about in ABOUT.items() if name in content or name == "study.json"}
    files = {name: f"{name}.gz" if name in packed else name for name in there}
    sizes = {name: (folder / file).stat().st_size for name, file in files.items()}
    return [{"name": files[n], "about": a, "rows": rows.get(n, ""), "size": _size(sizes[n])} for n, a in there.items()]


def link(files: Mapping[str, str], name: str) -> Markup:
    """A link to a file, which may be compressed; ``files`` are the names that stand in the folder, by plain name."""
    there = files[name]
    return Markup('<a href="downloads/{0}" download>{0}</a>').format(there)


def _written(table: pa.Table, path: Path) -> bool:
    """Write a file; whether it was so large that its compressed form stands in its place."""
    csv.write_csv(_plain(table), path)
    if path.stat().st_size <= LARGE:
        return False
    with (
        path.open("rb") as plain,
        path.with_name(f"{path.name}.gz").open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed,
    ):
        shutil.copyfileobj(plain, packed, 1 << 20)
    path.unlink()
    return True


def _plain(table: pa.Table) -> pa.Table:
    return pa.table({name: _plain_column(table[name]) for name in table.column_names})


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as CSV can hold it; of a list, its values with blanks between."""
    if pa.types.is_dictionary(column.type):
        return column.cast(tables.TEXT)
    if pa.types.is_list(column.type):
        return pc.binary_join(column.cast(pa.list_(pa.string())), " ")
    return column


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(count / 1e3, 0.1):.1f} kB"
