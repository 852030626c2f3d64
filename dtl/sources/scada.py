"""The source ``scada``: measured values of feeder heads and devices, tag by tag, from CSV, Parquet or Excel.

Values are turned into our units and signs, graded good, suspect, bad or missing, and never filled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dtl import tables
from dtl.errors import SourceError
from dtl.plural import many
from dtl.sources.columnar import opened
from dtl.sources.listing import columns
from dtl.sources.reading import Reading
from dtl.sources.scada_file import Pieces, ValueFile
from dtl.sources.scada_pairs import PAIR, pairs
from dtl.sources.scada_plausible import judge
from dtl.sources.scada_series import BAD, GRADES, MISSING, Points, Series, events, intervals, noting
from dtl.sources.scada_tags import Tag, known


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read values and tags; ``spec["timezone"]`` is that of the study."""
    reading = Reading(name, "scada")
    tags = known(reading, spec, files)
    own = {f: p for f, p in sorted(files.items()) if f != spec.get("tags")}
    if not own:
        reading.find("source.file-missing", "error", "no file is there", file=str(spec.get("path")),
                     remedy="Correct the path.")  # fmt: skip
    found: Pieces = {}
    for file, path in own.items():
        try:
            for table in opened(reading, spec, file, path):
                if spec.get("layout") == "pairs":
                    for pair in pairs(table, columns(spec.get("columns"), "scada"), tags):
                        ValueFile(reading, {**spec, **PAIR}, pair, tags).read(found)
                else:
                    ValueFile(reading, spec, table, tags).read(found)
        except SourceError as err:
            text = str(err).removeprefix(f"{file}: ")
            reading.find("given.file", "error", text, file=file, remedy="Correct the file, or what the study says.")
    series = [s for tag, pieces in sorted(found.items()) for s in _series(reading, spec, tags, tag, pieces)]
    for tag in sorted(set(tags) - set(found)):
        reading.find("scada.silent", "warning", "is listed and has no values", feeder=tags[tag].feeder,
                     element=f"tag {tag}", remedy="Export its values, or take it off the list.")  # fmt: skip
        reading.refused(tags[tag].feeder, f"[tag] {tag}", "", "", "has no values")
    reading.tables["scada"] = _table(reading, _once(reading, series))
    judge(reading, series)
    return reading


def _series(
    reading: Reading, spec: Mapping[str, Any], tags: Mapping[str, Tag], name: str, pieces: list[Points]
) -> Iterator[Series]:
    """The series of a tag that is known; what is refused is accounted for."""
    count = sum(len(p.t) for p in pieces)
    if name not in tags:
        if tags:
            reading.find("scada.tag", "warning", "nothing says what this tag is: not read", file=pieces[0].file,
                         line=int(pieces[0].line[0]), element=f"tag {name}", value=many(count, "values"),
                         remedy="Add it to the list of tags.")  # fmt: skip
        reading.refused("", f"[tag] {name}", "", many(count, "values"), "nothing says what this tag is")
        return
    tag = tags[name]
    t, value, grade, line = (np.concatenate([getattr(p, f) for p in pieces]) for f in ("t", "value", "grade", "line"))
    rows = Points(t, value * tag.factor, grade, line, pieces[0].file)
    note = noting(reading, tag, rows.file)
    ends = spec.get("stamp") == "interval_end"
    made = events(tag, rows, note) if tag.event else intervals(tag, rows, spec.get("interval_min"), ends, note)
    if made is None:
        reading.refused(tag.feeder, f"[tag] {name}", "", many(count, "values"), "stands on no grid of equal intervals")
        return
    for check, number, text in (
        ("scada.bad", BAD, "values that the source marks as bad, or that are no numbers"),
        ("scada.missing", MISSING, "without a value"),
    ):
        graded = made.points.grade == number
        if graded.any():
            note(check, text, "", int(graded.sum()), int(made.points.line[graded][0]), "")
    reading.mapped(tag.feeder, f"[tag] {name}", "", f"scada.{tag.device}.{tag.quantity}{tag.phases}",
                   many(len(made.points.t), "values"))  # fmt: skip
    yield made


def _once(reading: Reading, series: list[Series]) -> list[Series]:
    """The series, one for each feeder, device, quantity and phase; a second tag of the same is a finding."""
    kept: dict[tuple[str, ...], Series] = {}
    for one in series:
        tag = one.tag
        key = (tag.feeder, tag.device, tag.quantity, tag.phases)
        if key in kept:
            text = f"measures the same as {kept[key].tag.name}, which counts"
            reading.find("scada.same", "warning", text, feeder=tag.feeder, element=f"tag {tag.name}",
                         field=tag.quantity, remedy="Give them different devices or phases.")  # fmt: skip
        else:
            kept[key] = one
    return list(kept.values())


def _table(reading: Reading, series: list[Series]) -> pa.Table:
    def word(of: list[str]) -> pa.Array:
        lengths = np.repeat(np.arange(len(of), dtype=np.int32), [len(s.points.t) for s in series])
        return pa.DictionaryArray.from_arrays(pa.array(lengths, pa.int32()), pa.array(of, pa.string()))

    def all_of(field: str, kind: Any) -> Any:
        return np.concatenate([np.asarray(getattr(s.points, field), kind) for s in series] or [np.empty(0, kind)])

    grades = pa.DictionaryArray.from_arrays(pa.array(all_of("grade", np.int32)), pa.array(GRADES))
    found = {
        "source": word([reading.source for _ in series]),
        "feeder": word([s.tag.feeder for s in series]),
        "device": word([s.tag.device for s in series]).cast(pa.string()),
        "quantity": word([s.tag.quantity for s in series]),
        "phases": word([s.tag.phases for s in series]),
        "interval_min": np.repeat([s.step_min for s in series], [len(s.points.t) for s in series]).astype(np.int32),
        "start": pa.array(all_of("t", np.int64)).cast(pa.timestamp("s", tz="UTC")),
        "value": pa.array(all_of("value", np.float64), from_pandas=True),
        "quality": grades,
    }
    return tables.frame("scada", found)
