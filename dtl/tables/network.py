"""Contracts of what is read of the network: its parts, the account of the conversion, findings."""

from __future__ import annotations

from dtl.tables.contract import INT, TEXT, WORD, Column, Table

NETWORK = (
    Table(
        "network",
        (
            Column("feeder", WORD, "feeder id"),
            Column("kind", WORD, "class of dtl.network.feeder, in lower case: bus, line, transformer, line_code, ..."),
            Column("name", TEXT, "name of the part, unique within feeder and kind"),
            Column("body", TEXT, "the part as canonical JSON"),
        ),
        ("feeder", "kind", "name"),
    ),
    Table(
        "conversion",
        (
            Column("source", WORD, "name of the source in the study"),
            Column("feeder", WORD, "feeder id, empty for what belongs to no feeder"),
            Column("object", TEXT, "class and id of the object in its source, e.g. `[SECTION] 632-645`"),
            Column("property", TEXT, "property of the object; empty for the object itself"),
            Column("verdict", WORD, "mapped | defaulted | unused | refused"),
            Column("target", TEXT, "where it went: class, name and field of the model; empty when unused or refused"),
            Column("value", TEXT, "the value in the source, as text"),
            Column("reason", TEXT, "why it was defaulted, unused or refused; empty when mapped"),
        ),
        ("source", "feeder", "object", "property"),
    ),
    Table(
        "findings",
        (
            Column("source", WORD, "name of the source in the study; empty for the network as a whole"),
            Column("feeder", WORD, "feeder id, empty when it belongs to a whole source"),
            Column("check", WORD, "slug, explained in the page of errors"),
            Column("severity", WORD, "error | warning | info"),
            Column("file", TEXT, "file as the study names it"),
            Column("line", INT, "line in the file", null=True),
            Column("element", TEXT, "class and name of the element"),
            Column("field", TEXT, "field of the element"),
            Column("value", TEXT, "what stood there"),
            Column("message", TEXT, "what is wrong"),
            Column("remedy", TEXT, "how to mend it"),
        ),
        ("source", "feeder", "severity", "check", "file", "line", "element", "field", "value", "message"),
    ),
)
