"""The source ``oms``: interruptions of an outage management system, with their restoration steps.

Nothing is dropped without a word: every row ends in the account as ``mapped`` or ``refused``, and a row that is refused
is a finding with file, row, field, value and remedy. Text about people (crews, comments, addresses) is not taken over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from dtl.errors import Severity, SourceError
from dtl.sources.oms_events import Event, Note, check_minutes, gathered, settle
from dtl.sources.oms_rows import Row, RowError, Rows, beside
from dtl.sources.oms_served import served
from dtl.sources.oms_words import BLANK, STEP, TOTALS, columns, places
from dtl.sources.reading import Reading
from dtl.sources.sheets import Cell, Sheet, sheets, tell_absent, tell_left

NEEDED = {"outages": ("id", "start"), "steps": ("id", "end")}
BACK = ("restored", "remaining", "customer")
"""Columns of a step that tell who is back; one of them is needed."""
OWN_ID = "Give the rows of each feeder an id of their own."
LONGEST = timedelta(days=30)
"""An interruption longer than this is suspicious."""


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read outages, steps and customers served; ``spec["timezone"]`` is that of the study."""
    reading = Reading(name, "oms")
    rows = Rows(reading, spec)
    steps, table = spec.get("steps"), spec.get("customers_served")
    own = [f for f in sorted(files) if f not in (steps, table)]
    if not own:
        own = [str(spec.get("path"))]
    events: dict[str, Event] = {}
    lost: set[str] = set()
    waiting: dict[str, list[Row]] = {}
    together = spec.get("each_row") == "step"
    for file in own:
        for row in _rows(reading, spec, file, files.get(file), "outages"):
            if not _event(reading, rows, row, events, together):
                lost.add(row.text("id"))
            elif own_steps := beside(row):
                waiting[next(reversed(events))] = own_steps
    if steps:
        for row in _rows(reading, spec, steps, files.get(steps), "steps"):
            if row.text("id") in rows.shared:
                why = "its interruption is of several feeders, so nothing tells whose customers are back"
                _refuse(reading, row, "step", RowError("outage.step-feeder", "id", row.text("id"), why, OWN_ID))
            elif row.text("id") in events:
                waiting.setdefault(row.text("id"), []).append(row)
            elif row.text("id") in lost:
                reading.refused("", f"[step] {row.text('id')}", "", "", "its interruption is refused")
            else:
                _refuse(reading, row, "step", RowError("outage.step-orphan", "id", row.text("id"),
                        "no interruption has this id", "Export both tables over the same time."))  # fmt: skip
    counted = [e for e in events.values() if _settled(reading, rows, e, waiting.get(e.id, []))]
    _units(reading, counted)
    _overlaps(reading, counted)
    _words(reading, rows)
    if not events and not any(f.severity == "error" for f in reading.findings):
        reading.find("outage.none", "warning", "no interruption is in the export, so none counts", file=own[0],
                     remedy="Export it again, over the years of the study.")  # fmt: skip
    reading.tables |= {
        "outages": [_outage(name, e) for e in counted],
        "steps": [_step(name, e, k) for e in counted for k in range(len(e.steps))],
        "served": served(reading, spec, files.get(table) if isinstance(table, str) else None),
    }
    return reading


def _rows(reading: Reading, spec: Mapping[str, Any], file: str, path: Path | None, table: str) -> Iterator[Row]:
    """The rows of one file as fields; what cannot be read is a finding."""
    if path is None or not path.is_file():
        reading.find("source.file-missing", "error", "the file does not exist", file=file, remedy="Correct the path.")
        return
    first = table == "outages"
    try:
        found = list(sheets(file, path, spec.get("header_row") or 1 if first else 1, spec.get("sheets")))
    except SourceError as err:
        text = str(err).removeprefix(f"{file}: ")
        reading.find("outage.file", "error", text, file=file, remedy="Correct the file, or what the study says.")
        return
    word = spec.get("columns" if first else "step_columns") or "ours"
    wanted = columns(word, table)
    for sheet in found:
        tell_left(reading, sheet)
        at = places(sheet.header, wanted)
        if not _complete(reading, sheet, at, table, wanted):
            continue
        tell_absent(reading, sheet.file, word, wanted, at, sheet.header, "outage.column")
        skip = (spec.get("skip_footer") or 0) if first else 0
        body = sheet.rows[: len(sheet.rows) - skip] if skip else sheet.rows
        for line, cells in sheet.rows[len(body) :]:
            reading.unused("", f"[row] {sheet.file}:{line}", "", str(cells[0]), "a row of the footer, as declared")
        for line, cells in body:
            row = Row(sheet.file, line, {f: _told(f, cells[i]) if i < len(cells) else "" for f, i in at.items()},
                      sheet.serials)  # fmt: skip
            if any(cells[len(sheet.header) :]):
                why = RowError("outage.ragged", "", str(len(cells)), f"has more cells than the {len(sheet.header)} "
                               "columns", "Put texts with the delimiter in quotes.")  # fmt: skip
                _refuse(reading, row, table[:-1], why)
            else:
                yield row


def _told(field: str, cell: Cell) -> Cell:
    """A cell, empty where it holds a word for that; causes are judged by their own words."""
    return "" if field not in ("cause", "subcause") and str(cell).casefold() in BLANK else cell


def _complete(
    reading: Reading, sheet: Sheet, at: Mapping[str, int], table: str, wanted: Mapping[str, Sequence[str]]
) -> bool:
    """Whether a sheet has the columns it needs; its other columns are accounted for."""
    if sheet.recoded:
        reading.find("outage.encoding", "warning", "is not UTF-8, and was read as Windows-1252", file=sheet.file,
                     remedy="Save it as UTF-8.")  # fmt: skip
    lacking = [f for f in NEEDED[table] if f not in at]
    if table == "outages" and not {"end", "duration_min", "duration_h", f"{STEP} 1 end"} & set(at):
        lacking.append("end")
    if table == "steps" and not set(BACK) & set(at):
        lacking.append(next((f for f in BACK if wanted.get(f)), BACK[0]))
    names = [n for n in sheet.header if n]
    there, title = ", ".join(names), len(names) < 2
    for field in lacking:
        reading.find("outage.column", "error", f"no column is '{field}'; there are {there}", file=sheet.file,
                     element=table, field=field, remedy="Say in header_row which row holds the names." if title
                     else "Name the column in the study's column map.")  # fmt: skip
    doubtful = [f for f, i in at.items() if sheet.twins(i) and f"#{i + 1}" not in wanted[f]]
    for field in doubtful:
        others = ", ".join(f"#{k + 1}" for k in (at[field], *sheet.twins(at[field])))
        reading.find("outage.column", "error", f"several columns with different content are called so: {others}",
                     file=sheet.file, element=table, field=field, value=sheet.header[at[field]],
                     remedy="Write # and the number of the column in the column map.")  # fmt: skip
    thing = f"[columns] {sheet.file}{':' * bool(sheet.name)}{sheet.name}"
    reading.mapped("", thing, "", table)
    for i, name in enumerate(sheet.header):
        field = next((f for f, k in at.items() if k == i), "")
        if field:
            reading.mapped("", thing, name, f"{table}.{field}")
        elif name:
            reading.unused("", thing, name, "", "no field of an interruption; people and comments stay out")
    return not lacking and not doubtful


def _event(reading: Reading, rows: Rows, row: Row, events: dict[str, Event], together: bool) -> bool:
    """Read one row of outages into `events`; False, and a finding, where it is refused.

    With ``together`` each row is a step, and rows of one id are one interruption.
    """
    try:
        if TOTALS.fullmatch(row.text("id")) or (not row.text("id") and not row.text("start")):
            raise RowError("outage.totals-row", "id", row.text("id"), "is no interruption but a sum or a remark",
                           "Leave it out, or declare skip_footer.")  # fmt: skip
        event = rows.event(row)
        _of_feeder(reading, rows, event, events)
        if together:
            if text := gathered(events.get(event.id), event):
                _noting(reading, event)("outage.step-start", "warning", text, "start", row.text("start"),
                                        "Correct the times.")  # fmt: skip
            if event.customers is None or event.end is None:
                raise RowError("outage.step-customers", "customers", "", "the step has no customers or no end",
                               "State them.")  # fmt: skip
            reading.mapped("", f"[step] {event.id} {row.file}:{row.line}", "", f"steps.{event.id}")
            events.setdefault(event.id, event)
            return True
        if event.id in events:
            first = events[event.id]
            same = {**vars(first), "file": "", "line": 0} == {**vars(event), "file": "", "line": 0}
            raise RowError("outage.duplicate", "id", event.id, f"the id stands at {first.file}:{first.line} already, "
                           f"with {'the same' if same else 'other'} content; the first counts",
                           "Keep one row for each interruption; put restoration steps in their own table.")  # fmt: skip
    except RowError as err:
        _refuse(reading, row, "outage", err)
        return False
    events[event.id] = event
    return True


def _of_feeder(reading: Reading, rows: Rows, event: Event, events: Mapping[str, Event]) -> None:
    """Rows of one id with different feeders are one interruption for each feeder, whose id gets the feeder's name."""
    first = events.get(event.id)
    if first is None or not event.owner or not first.owner or event.owner == first.owner:
        return
    rows.shared.add(event.id)
    event.id = f"{event.id} {event.owner}"
    if event.id not in events:
        _noting(reading, event)(
            "outage.feeders", "warning", "the id stands for another feeder too; each row counts for its own feeder",
            "feeder", f"{first.owner}, {event.owner}", "See that each row states the customers of its feeder alone.",
        )  # fmt: skip


def _refuse(reading: Reading, row: Row, what: str, err: RowError) -> None:
    severity: Severity = "warning" if err.check == "outage.totals-row" else "error"
    element = f"{what} {row.text('id')}".strip()
    reading.find(err.check, severity, str(err), file=row.file, line=row.line, element=element, field=err.field,
                 value=err.value, remedy=err.remedy)  # fmt: skip
    reading.refused("", f"[{what}] {row.text('id') or f'{row.file}:{row.line}'}", "", err.value, str(err))


def _settled(reading: Reading, rows: Rows, event: Event, own: list[Row]) -> bool:
    """Give an event its steps; False, and a finding, where it cannot be counted."""
    note = _noting(reading, event)
    steps, left, refused = [], event.customers, 0
    for row in sorted(own, key=lambda r: (rows.order(r, event), r.line)):
        try:
            step, left = rows.step(row, event, left)
        except RowError as err:
            refused += 1
            _refuse(reading, row, "step", err)
        else:
            steps.append(step)
            reading.mapped("", f"[step] {event.id} {row.file}:{row.line}", "", f"steps.{event.id}")
    why = settle(event, steps or event.steps, refused, note)
    if why:
        check = "outage.no-end" if event.customers is not None else "outage.no-customers"
        note(check, "error", f"{why}, so it cannot be counted", "end" if event.customers is not None else "customers",
             "", "State it, or export the interruption when it is over.")  # fmt: skip
        reading.refused(event.owner, f"[outage] {event.id}", "", "", why)
        return False
    reading.mapped(event.owner, f"[outage] {event.id}", "", f"outages.{event.id}")
    if event.customers == 0:
        note(
            "outage.nobody", "warning", "nobody was interrupted", "customers", "0", "Leave it out if it was no outage."
        )
    if event.end is not None and event.end - event.start > LONGEST:
        days = (event.end - event.start).total_seconds() / 86_400
        note("outage.long", "warning", "it lasted longer than 30 days", "end", f"{days:.1f} days", "Check the times.")
    return True


def _noting(reading: Reading, event: Event) -> Note:
    def note(check: str, severity: Severity, message: str, field: str, value: str, remedy: str) -> None:
        reading.find(check, severity, message, file=event.file, line=event.line, feeder=event.owner,
                     element=f"outage {event.id}", field=field, value=value, remedy=remedy)  # fmt: skip

    return note


def _units(reading: Reading, events: list[Event]) -> None:
    """Compare stated with computed customer minutes; many that are hours are one mistake of the column."""
    hours = [e for e in events if check_minutes(e, _noting(reading, e)) == "hours"]
    stated = [e for e in events if e.stated_minutes]
    if len(hours) >= 3 and 2 * len(hours) > len(stated):
        first = hours[0]
        reading.find("outage.minutes-unit", "error", f"customer minutes are hours in {len(hours)} of {len(stated)} "
                     "interruptions; the computed ones count", file=first.file, line=first.line,
                     field="customer_minutes", value=f"{first.stated_minutes:g}",
                     remedy="Map the column as customer_hours.")  # fmt: skip
        return
    for event in hours:
        _noting(reading, event)("outage.minutes", "warning", "the stated customer minutes are a sixtieth of the "
                                "computed ones, which count", "customer_minutes", f"{event.stated_minutes:g}",
                                "Correct the number: are these hours?")  # fmt: skip


def _overlaps(reading: Reading, events: list[Event]) -> None:
    """Note interruptions of one device that overlap: nested orders of one event count its customers twice."""
    last: dict[tuple[str, str], Event] = {}
    for event in sorted(events, key=lambda e: (e.start, e.id)):
        device = event.device_alias or event.device
        if not device:
            continue
        before = last.get((event.owner, device))
        if before is not None and before.end is not None and event.start < before.end:
            text = f"it begins while {before.id} of the same device lasts; both count"
            remedy = "Join nested orders of one event."
            _noting(reading, event)("outage.overlap", "warning", text, "start", device, remedy)
        if before is None or (event.end and before.end and event.end > before.end):
            last[event.owner, device] = event


def _words(reading: Reading, rows: Rows) -> None:
    """Note the causes and flags that nobody declared, each once."""
    for cause, count in sorted(rows.unmapped.items()):
        text = "a cause that the map does not know" if cause else "no cause"
        reading.find("outage.cause", "warning", f"interruptions with {text}, which count as unknown: {count}",
                     field="cause", value=cause, remedy="Add the code to `causes` of the source.")  # fmt: skip
    for (field, word), count in sorted(rows.flags.items()):
        reading.find("outage.flag", "warning", f"says neither yes nor no, in rows: {count}", field=field, value=word,
                     remedy="Write yes or no.")  # fmt: skip


def _outage(source: str, event: Event) -> dict[str, Any]:
    return {
        "source": source,
        "outage": event.id,
        "feeder": event.feeder,
        "feeder_alias": event.feeder_alias,
        "feeder_link": "",
        "device": event.device,
        "device_alias": event.device_alias,
        "kind": "",
        "element": "",
        "device_link": "",
        "failed": event.failed,
        "day": event.day,
        "start": event.start,
        "end": event.end,
        "customers": event.customers,
        "customer_minutes": event.minutes(),
        "customer_minutes_stated": event.stated_minutes,
        "kva": event.kva,
        "cause": event.cause,
        "cause_stated": event.cause_stated,
        "planned": event.planned,
        "major": event.major,
        "file": event.file,
        "line": event.line,
        "refused": "",
    }


def _step(source: str, event: Event, k: int) -> dict[str, Any]:
    step = event.steps[k]
    return {"source": source, "outage": event.id, "step": k + 1, "end": step.end, "customers": step.customers,
            "customer": step.customer}  # fmt: skip
