"""The source ``generators``: generators in service and queued, from a register in CSV or Excel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl.sources.listing import CellError, Field, Row, folded, kept, meaning, refuse, rows
from dtl.sources.oms_words import BLANK, alias
from dtl.sources.reading import Reading

FIELDS = (
    Field("id", needed=True), Field("feeder"), Field("bus"), Field("meter"), Field("type", needed=True),
    Field("kw", "number", needed=True, unit="kw"), Field("kva", "number", unit="kva"),
    Field("kwh", "number", unit="kwh"), Field("phases"),
    Field("status", needed=True), Field("day", "day"), Field("setting"),
)  # fmt: skip

LARGEST_KW = 50_000.0
"""More than any generator of a distribution feeder: watts in a column of kilowatts."""


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read the register into the table ``register``; the first row of an id counts."""
    reading = Reading(name, "generators")
    own = {
        f: {folded(w): meant for meant, words in (spec.get(given) or {}).items() for w in words}
        for f, given in (("status", "statuses"), ("type", "types"))
    }
    feeder = alias(spec.get("feeder_names"))
    found: dict[str, tuple[Row, dict[str, Any]]] = {}
    for row in rows(reading, spec, files, "generators", FIELDS):
        try:
            known = _row(name, row, own)
            known["feeder"] = feeder(known["feeder"]) or known["feeder"]
            if known["id"] in found:
                first = found[known["id"]][0]
                raise CellError("given.duplicate", "id", known["id"], f"the id stands at {first.file}:{first.line} "
                                "already; the first counts", "Keep one row for each generator.")  # fmt: skip
        except CellError as err:
            refuse(reading, row.file, row.line, err)
            continue
        kept(reading, row, "register", known["id"])
        found[known["id"]] = (row, known)
        _judge(reading, row, known)
    _types(reading, list(found.values()))
    _units(reading, [known for _, known in found.values()])
    _overdue(reading, list(found.values()))
    reading.tables["register"] = [known for _, known in found.values()]
    return reading


def _row(name: str, row: Row, own: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    status = own["status"].get(folded(row["status"])) or meaning("status", row["status"])
    if status is None:
        raise CellError("given.word", "status", row["status"], "is no status that is known",
                        "Say in `statuses` of the source what it means.")  # fmt: skip
    told = {f: "" if row[f].casefold() in BLANK else row[f] for f in ("feeder", "bus", "meter", "phases", "setting")}
    phases = "".join(sorted(set(told["phases"].upper()) & set("ABC")))
    if set(told["phases"].upper()) - set("ABCN, /-"):
        raise CellError("given.word", "phases", row["phases"], "are no phases", "Write A, AB, ABC, ...")
    text = row["type"]
    kind = own["type"].get(folded(text)) or meaning("type", text) or "_".join(folded(text).split())
    return {"source": name, **row.values, **told, "type": kind, "status": status, "phases": phases}


def _judge(reading: Reading, row: Row, known: Mapping[str, Any]) -> None:
    """Findings about a row that counts."""

    def note(check: str, message: str, field: str, remedy: str) -> None:
        value = "" if known[field] is None else str(known[field])
        reading.find(check, "warning", message, file=row.file, line=row.line, element=f"generator {known['id']}",
                     field=field, value=value, remedy=remedy)  # fmt: skip

    if not (known["feeder"] or known["bus"] or known["meter"]):
        note("register.place", "names no feeder, bus or meter, so it is nowhere", "bus", "State one of them.")
    if known["kw"] == 0:
        note("register.rating", "has no power", "kw", "State its power, or leave it out.")
    if known["kva"] is not None and known["kva"] < known["kw"]:
        note("register.rating", f"its rating is below its power of {known['kw']:g} kW", "kva", "Correct one of both.")
    if known["kva"] is not None and known["kva"] > 3 * known["kw"] > 0:
        note("register.rating", f"its rating is more than three times its power of {known['kw']:g} kW", "kva",
             "Correct one of both; is one in W or MW?")  # fmt: skip
    if known["type"] == "battery" and known["kwh"] is None:
        note("register.storage", "is a battery without capacity", "kwh", "State its capacity.")
    if known["type"] != "battery" and known["kwh"]:
        note("register.storage", f"is no battery ({known['type']}) and has a capacity", "kwh", "Correct its type.")
    if known["day"] is None and known["status"] in ("in_service", "approved"):
        note("register.day", f"is {known['status']} and has no day", "day", "State since or from when.")


def _types(reading: Reading, register: list[tuple[Row, dict[str, Any]]]) -> None:
    """Tell the types that nothing knows: what they give by hour is not known, so that layers take all of it."""
    first = {known["type"]: row for row, known in reversed(register)}
    for kind, count in sorted(Counter(known["type"] for _, known in register).items()):
        if meaning("type", kind) is None:
            reading.find("register.type", "warning", "is no type that is known, so it is neither pv nor a battery: a "
                         f"year has all of its power in all hours; generators: {count}", file=first[kind].file,
                         line=first[kind].line, field="type", value=first[kind]["type"],
                         remedy="Say in `types` of the source what it means.")  # fmt: skip


def _overdue(reading: Reading, register: list[tuple[Row, dict[str, Any]]]) -> None:
    """Tell who still waits though its day lies before one on which others were in service: the register knew it."""
    known = max((r["day"] for _, r in register if r["status"] == "in_service" and r["day"]), default=None)
    for row, one in register:
        if known and one["day"] and one["status"] in ("queued", "approved") and one["day"] < known:
            reading.find("register.day", "warning", f"is {one['status']}, though others serve since {known}",
                         file=row.file, line=row.line, element=f"generator {one['id']}", field="day",
                         value=one["day"].isoformat(), remedy="Correct its status or its day.")  # fmt: skip


def _units(reading: Reading, register: list[dict[str, Any]]) -> None:
    """Powers that are watts or megawatts as a whole column, by the median of solar roofs and the largest of all."""
    large = sum(r["kw"] > LARGEST_KW for r in register)
    if large:
        reading.find("register.unit", "error" if 2 * large > len(register) else "warning",
                     f"more than {LARGEST_KW:g} kW in rows: {large} of {len(register)}", field="kw",
                     remedy="Give kilowatts: these look like watts.")  # fmt: skip
    powers = sorted(r["kw"] for r in register if r["kw"] > 0)
    if len(powers) >= 5 and powers[len(powers) // 2] < 0.1:
        reading.find("register.unit", "warning", "half of all generators have less than 0.1 kW", field="kw",
                     value=f"{powers[len(powers) // 2]:g}", remedy="Give kilowatts: these look like MW.")  # fmt: skip
