"""Contracts of the validation: results of another program, the model in the same state, and the differences."""

from __future__ import annotations

from dtl.tables.contract import FINE, INT, TEXT, WORD, Column, Table

_QUANTITY = (
    Column("phase", WORD, "A | B | C, AB | BC | CA between phases; empty for the sum, the mean or the highest"),
    Column("quantity", WORD, "v_pu | kv_ln | kv_ll | amps | load_pct | kw | kvar | loss_kw | tap"),
)

REFERENCE = (
    Table(
        "reference",
        (
            Column("source", WORD, "name of the source in the study"),
            Column("feeder", WORD, "feeder as the source names it, or by the declared alias rule"),
            Column("kind", WORD, "bus | branch (section, line, device) | head (the whole feeder)"),
            Column("element", TEXT, "node, section or device as the source names it; empty for the head"),
            Column("section", TEXT, "section of a device, by which it is found if its name is unknown; or empty"),
            *_QUANTITY,
            Column("value", FINE, "value in the unit of the quantity: pu, kV, A, %, kW, kvar, tap steps from neutral"),
            Column("file", TEXT, "file as the study names it"),
            Column("line", INT, "line or row in the file"),
        ),
        ("source", "feeder", "kind", "element", "phase", "quantity"),
    ),
    Table(
        "state",
        (
            Column("feeder", WORD, "feeder id of the model"),
            Column("kind", WORD, "bus | line | switch | transformer | head"),
            Column("element", TEXT, "name in the model; empty for the head"),
            *_QUANTITY,
            Column("value", FINE, "value in the unit of the quantity"),
        ),
        ("feeder", "kind", "element", "phase", "quantity"),
    ),
    Table(
        "deviations",
        (
            Column("source", WORD, "name of the source in the study"),
            Column("feeder", WORD, "feeder id of the model"),
            Column("kind", WORD, "bus | branch | head, as in the reference"),
            Column("element", TEXT, "name in the reference"),
            *_QUANTITY,
            Column("matched", TEXT, "kind and name in the model, as `line.650632`; empty if nothing fits"),
            Column("reference", FINE, "value of the reference"),
            Column("ours", FINE, "value of the model", null=True),
            Column("deviation", FINE, "ours less the reference", null=True),
            Column("note", TEXT, "why there is no value of ours; empty where there is one"),
            Column("file", TEXT, "file of the reference"),
            Column("line", INT, "line or row in it"),
        ),
        ("source", "feeder", "kind", "element", "phase", "quantity"),
    ),
)
