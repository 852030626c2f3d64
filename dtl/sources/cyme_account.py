"""The account of a CYME import: every row of every block, and every column of it, has a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dtl.sources.cyme_batches import PARTED
from dtl.sources.cyme_tables import Row, Rows, Tables
from dtl.sources.reading import Reading, shown

DRAWING = {
    "NODE CONNECTOR": "places a section on a bus bar in the drawing",
    "DEVICETAG": "is text in the drawing",
    "SOURCETAG": "is text in the drawing",
    "LOADTAG": "is text in the drawing",
    "NODETAG": "is text in the drawing",
    "FEEDERTAG": "is text in the drawing",
    "SUBNETWORKS": "groups sections in the drawing",
    "SUBNETWORK CONNECTIONS": "groups sections in the drawing",
    "DEVICE STAGE": "is a project stage; the exported state is taken",
    "DIVERSITY FACTOR": "serves load allocation, which the study's demand replaces",
    "METERDEMAND SETTING": "serves load allocation, which the study's demand replaces",
    "LOAD MODEL INFORMATION": "names the load models; the first of the latest year is taken",
    "LOAD EQUIVALENT": "lumps the feeder at its head for studies above it",
    "AUTO TAP CHANGING EXTENSION": "its first delay is in the regulator, the rest has no field",
    "CONTROLLED SWITCH": "the study decides who switches",
    "LONG TERM DYNAMICS CURVE EXT": "serves studies of dynamics",
    "CAPACITOR EXTLTD": "serves studies of dynamics",
    "CONTROLLED DEVICE INSTRUMENT": "is part of protection and metering",
    "CURRENT TRANSFORMER INSTRUMENT": "is part of protection and metering",
    "OVERCURRENT RELAY INSTRUMENT": "is part of protection and metering",
    "DEVICEUDD": "is data of the user's own",
}
"""Blocks without a part of their own, and why leaving them out is harmless."""
IDLE = ("no device uses this equipment", "no section names this node")
"""Why rows of blocks that are read became nothing, and that is harmless."""
CHOSEN = "another year or load model than"
DISCONNECTED = " is disconnected"
"""How the reasons begin or end of rows that the state of the model itself leaves out."""
NO_FIELD = "the power flow does not need it: housekeeping, drawing, protection or another program's settings"
EMPTY = "empty in the source, and not needed"
DEFAULTED = "empty in the source; the declared default was taken"


class Account:
    """Gives every row and column its verdict, some tables at a time, and counts what nobody reads."""

    def __init__(self, reading: Reading, every: Sequence[Tables]):
        self.reading = reading
        self.unread: dict[str, int] = {}
        self.begins: dict[str, Row] = {}
        """The first row of each block."""
        self.lost: Row | None = None
        """The first row of a customer whose device was not read."""
        self.owners: dict[str, str] = {}
        """The feeder of each section that a device of a block without a reader names; empty before it is known."""
        counts: dict[str, dict[str, int]] = {}
        for block in dict.fromkeys(b for tables in every for b in tables.blocks):
            for rows in [t.blocks[block] for t in every if block in t.blocks]:
                if len(rows) and block not in self.begins:
                    self.begins[block] = next(rows.passing())
                _number(rows, block, counts)
                if _is_device(block) and block not in (*PARTED, *DEVICE_BLOCKS, *DRAWING):
                    self.owners |= dict.fromkeys([row.peek("SectionID") for row in rows.passing()], "")

    def tell(self, tables: Tables) -> None:
        """Account for the rows of these tables alone, not for those that they share."""
        for rows in (tables.feeders.values(), *(r.made for r in tables.blocks.values())):
            for row in rows:
                for link in row.links:
                    if row.target or row.asked:
                        link.target, link.feeder = link.target or row.target or "the devices that use it", row.feeder
                    link.reason = link.reason or row.reason
        for row in tables.feeders.values():
            _row(self.reading, row, row.thing)
        for row in tables.blocks["SECTION"].passing() if self.owners and "SECTION" in tables.blocks else ():
            if (section := row.peek("SectionID")) not in self.owners:
                continue
            if self.owners[section] not in ("", row.feeder):
                del self.owners[section]
                continue
            self.owners[section] = row.feeder
        for block, some in tables.blocks.items():
            for row in some.passing():
                self._verdict(block, row)

    def _verdict(self, block: str, row: Row) -> None:
        thing = row.thing if row.nth == 1 else f"{row.thing} ({row.nth})"
        if row.target or (row.asked and row.has("ID")):
            _row(self.reading, row, thing)
            return
        reason = row.reason or DRAWING.get(block) or _why(block, row)
        _refuse(self.reading, row, thing, reason, harmless=_harmless(reason))
        if not row.reason and block not in DRAWING:
            self.unread[block] = self.unread.get(block, 0) + 1
            if block == "CUSTOMER LOADS" and self.lost is None:
                self.lost = row
            if _is_device(block) and "SECTION" in self.begins:
                _lost(self.reading, row, row.feeder or self.owners.get(row.peek("SectionID"), ""))

    def close(self) -> None:
        """Findings for the blocks that nobody knows."""
        for block, count in self.unread.items():
            first = self.lost if block == "CUSTOMER LOADS" and self.lost is not None else self.begins[block]
            if block == "CUSTOMER LOADS" and "SECTION" in self.begins:
                text = f"{count} rows of [CUSTOMER LOADS] belong to no load device that was read: their load is lost"
                cure = "Add their devices to [LOADS], and their sections to the network, or take them out."
                self.reading.find("cyme.customers-lost", "error", text, file=first.file, line=first.line,
                                  element=first.thing, value=str(count), remedy=cure)  # fmt: skip
            if block in READ or _is_device(block) or first.has("ID"):
                continue
            text = f"{count} rows of [{first.table or block}] are not read: no reader knows the block"
            self.reading.find("cyme.unknown-block", "warning", text, file=first.file, line=first.line, element=block,
                              value=str(count), remedy="Check whether the study depends on it.")  # fmt: skip


def _number(rows: Rows, block: str, counts: dict[str, dict[str, int]]) -> None:
    """Number rows of equal name after those that were counted before, so that the account tells them apart."""

    def nth(known: dict[str, int], name: str) -> int:
        known[name] = n = known.get(name, 0) + 1
        return n

    for row in rows.made:
        row.nth = nth(counts.setdefault(row.table or block, {}), row.first)
    for i, run in enumerate(rows.runs):
        known = counts.setdefault(block, {})
        found = [nth(known, name) for name in run.first()]
        rows.runs[i] = replace(run, nth=found) if any(n > 1 for n in found) else run


READ = {"CUSTOMER LOADS", "NODE", "SECTION", "HEADNODES", "SOURCE", "SOURCE EQUIVALENT", "INTERMEDIATE NODES"}
"""Blocks that are read as a whole; a row that is left over belongs to something that was not made."""


DEVICE_BLOCKS = {"LOADS", "CONVERTER", "DGGENERATIONMODEL", "SECTION DEVICE"}
"""Blocks of devices whose names do not say so; the last holds those of a database that no table describes."""


def _harmless(reason: str) -> bool:
    chosen = reason.startswith(CHOSEN) or reason.endswith(DISCONNECTED)
    return chosen or reason in IDLE or reason in DRAWING.values()


def _is_device(block: str) -> bool:
    return block.endswith((" SETTING", " SETTINGS")) or block in DEVICE_BLOCKS


def _why(block: str, row: Row) -> str:
    if row.has("ID"):
        return IDLE[0]
    if block in READ and block != "NODE":
        return "what it belongs to was not made"
    if block == "NODE":
        return IDLE[1]
    return "the model has no such device" if _is_device(block) else "no reader knows this block"


def _lost(reading: Reading, row: Row, feeder: str) -> None:
    """A device that is left out: an error until the study waives it."""
    reading.find(
        "conversion.object-refused",
        "error",
        "the device is on no section that was read"
        if row.asked or row.block in PARTED
        else "the model has no such device",
        feeder=feeder,
        file=row.file,
        line=row.line,
        element=row.thing,
        remedy=INSTEAD.get(row.block.removesuffix("S").removesuffix(" SETTING").replace(" ", ""), _TAKEN_OUT),
    )


_TAKEN_OUT = "Waive it by name in the study (`waive:`), or take it out of the source."
INSTEAD = {
    "THREEWINDINGTRANSFORMER": "Model it with two windings, and what its third one feeds as a load.",
    "AUTOTRANSFORMER": "Model it as a transformer of two windings with the same impedance.",
    "GROUNDINGTRANSFORMER": "Model it as a shunt reactor, or waive it: it carries no balanced current.",
    "ARCFURNACE": "Model it as a spot load of its power.",
}
"""What to do with devices of a block that the model has not; its name is without blanks, as in XML."""


def _row(reading: Reading, row: Row, thing: str) -> None:
    feeder = row.feeder
    target = row.target or "the devices that use it"
    reading.mapped(feeder, thing, "", target, f"{row.file}:{row.line}")
    mapped: list[tuple[str, str]] = []
    empty, unused, idle = list[str](), list[tuple[str, str]](), list[str]()
    for column, value in row.values.items():
        if column in row.asked:
            if value:
                mapped.append((column, value))
            else:
                empty.append(column)
        elif value:
            unused.append((column, value))
        else:
            idle.append(column)
    if mapped:
        reading.mapped(feeder, thing, " ".join([c for c, _ in mapped]), target, shown(mapped))
    if empty:
        reading.defaulted(feeder, thing, " ".join(empty), "", "", DEFAULTED)
    if unused:
        reading.unused(feeder, thing, " ".join([c for c, _ in unused]), shown(unused), NO_FIELD)
    if idle:
        reading.unused(feeder, thing, " ".join(idle), " ".join([f"{c}=" for c in idle]), EMPTY)


def _refuse(reading: Reading, row: Row, thing: str, reason: str, *, harmless: bool) -> None:
    told = reading.unused if harmless else reading.refused
    told(row.feeder, thing, "", f"{row.file}:{row.line}", reason)
    stated = [(c, v) for c, v in row.values.items() if v]
    if row.values:
        told(row.feeder, thing, " ".join(row.values), shown(stated), reason)
