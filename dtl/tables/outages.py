"""Contracts of what is read of interruptions."""

from __future__ import annotations

from dtl.tables.contract import DAY, FINE, FLAG, INT, MOMENT, TEXT, WORD, Column, Table

OUTAGES = (
    Table(
        "outages",
        (
            Column("source", WORD, "name of the source in the study"),
            Column("outage", TEXT, "id of the interruption in its source"),
            Column("feeder", WORD, "feeder id of the model; the source's own name where the model has none; or empty"),
            Column("feeder_alias", TEXT, "the feeder by the declared alias rule; empty if the same"),
            Column("feeder_link", WORD, "exact | alias | device (that of its device) | none"),
            Column("device", TEXT, "device that opened, as the source names it"),
            Column("device_alias", TEXT, "the device by the declared alias rule; empty if the same"),
            Column("kind", WORD, "kind of the linked element of the model; empty without a link"),
            Column("element", TEXT, "name of the linked element; empty without a link"),
            Column("device_link", WORD, "exact | alias | elsewhere (on another feeder) | none; empty without a device"),
            Column("failed", TEXT, "asset that failed, as the source names it; empty where it names none"),
            Column("day", DAY, "day of the start, local civil time"),
            Column("start", MOMENT, "when the interruption began"),
            Column("end", MOMENT, "when the last customer was back"),
            Column("customers", INT, "customers interrupted, for however short"),
            Column("customer_minutes", FINE, "customers x minutes of every restoration step [min]"),
            Column("customer_minutes_stated", FINE, "customer minutes as the source states them [min]", null=True),
            Column("kva", FINE, "connected load interrupted [kVA]", null=True),
            Column("cause", WORD, "cause of the normalized set: equipment, lightning, ..., unknown"),
            Column("cause_stated", TEXT, "cause and subcause in the source's words"),
            Column("planned", FLAG, "whether the source calls it planned", null=True),
            Column("major", FLAG, "whether the source flags a major event", null=True),
            Column("file", TEXT, "file as the study names it"),
            Column("line", INT, "line or row in the file"),
            Column("refused", TEXT, "why it is not counted; empty where it is"),
        ),
        ("source", "outage"),
    ),
    Table(
        "steps",
        (
            Column("source", WORD, "name of the source in the study"),
            Column("outage", TEXT, "id of the interruption"),
            Column("step", INT, "number of the restoration step, from 1, in the order of time"),
            Column("end", MOMENT, "when these customers were back"),
            Column("customers", INT, "customers restored by this step"),
            Column("customer", TEXT, "the customer, where the source names each; empty otherwise"),
        ),
        ("source", "outage", "step"),
    ),
    Table(
        "served",
        (
            Column("feeder", WORD, "feeder id"),
            Column("year", INT, "year; 0 for every year that is not stated"),
            Column("customers", FINE, "average number of customers served"),
            Column("kva", FINE, "connected load served [kVA]", null=True),
            Column("basis", TEXT, "where the number comes from"),
        ),
        ("feeder", "year"),
    ),
)
