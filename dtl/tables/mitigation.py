"""Contracts of mitigation: measures and sets of them with what each removes, and what is chosen under the budget."""

from __future__ import annotations

from dtl.tables.contract import FINE, INT, TEXT, WORD, Column, Table
from dtl.tables.results import CASE

_NUMBERS = (
    ("element_h", "element-hours over a limit or outside of a band"),
    ("thermal_h", "of these, of lines, switches and transformers"),
    ("low_h", "of these, of buses below their band"),
    ("high_h", "of these, of buses above their band"),
    ("violating_h", "hours with any violation"),
    ("elements", "elements with a violation"),
    ("over_kva", "highest power of an element above its limit [kVA]"),
    ("over_kvah", "sum of it over hours and elements [kVAh]"),
    ("worst_pct", "highest loading [% of the rating]"),
    ("min_pu", "lowest voltage [pu]"),
    ("max_pu", "highest voltage [pu]"),
    ("loss_kwh", "losses [kWh]"),
)
_EFFECT = tuple(
    Column(f"{name}_{when}", FINE, f"{text}, {words}", null=True)
    for name, text in _NUMBERS
    for when, words in (("before", "without measures"), ("after", "with them"))
)

MITIGATION = (
    Table(
        "measures",
        CASE
        + (
            Column("group", WORD, "group of feeders that is solved together"),
            Column("measure", WORD, "id in its group; empty for what is not offered"),
            Column("option", WORD, "reconductor | transformer | capacitor | regulator | tap | ..."),
            Column("place", TEXT, "kind and name of what it changes"),
            Column("size", TEXT, "its size in words"),
            Column("steps", TEXT, "JSON: the works, as the layer upgrades writes them"),
            Column("words", TEXT, "JSON: what other layers would say, by name"),
            Column("offered", INT, "1 if it was solved; 0 if the reason speaks against it"),
            Column("reason", TEXT, "why it is not offered, has no solution, or no price"),
            Column("cost", FINE, "what it costs, in the currency of the study", null=True),
            Column("life_years", FINE, "economic life [years]", null=True),
            Column("om_pct", FINE, "operation and maintenance per year [% of the cost]", null=True),
            Column("price", TEXT, "how the cost comes about"),
            Column("hours", INT, "steps that were solved for it; they stand for all"),
        )
        + _EFFECT,
        ("feeder", "case", "measure", "option", "place"),
    ),
    Table(
        "packages",
        CASE
        + (
            Column("group", WORD, "group of feeders that is solved together"),
            Column("package", WORD, "id of the set in its group; P00 is without measures"),
            Column("measures", TEXT, "JSON: ids of its measures"),
            Column("cost", FINE, "what it costs; without costs the number of its measures"),
            Column("worth", FINE, "what is sought, over all cases: removed element-hours, or money a year"),
            Column("verdict", WORD, "solves | still_violates | no_violation | not_solved"),
            Column("left", TEXT, "what still violates, longest first; or why it was not solved"),
        )
        + _EFFECT,
        ("group", "package", "feeder", "case"),
    ),
    Table(
        "portfolio",
        (
            Column("what", WORD, "total | group | work | budget | greedy | future | note"),
            Column("number", INT, "order of the rows of a kind"),
            Column("feeder", WORD, "feeder, for groups and works"),
            Column("group", WORD, "group of feeders"),
            Column("package", WORD, "its package"),
            Column("measure", WORD, "id of the measure"),
            Column("option", WORD, "option of the measure"),
            Column("place", TEXT, "kind and name of what it changes, or the name of the future"),
            Column("size", TEXT, "size of the measure"),
            Column("year", INT, "year in which it is built; missing without `spend`", null=True),
            Column("budget", FINE, "budget", null=True),
            Column("cost", FINE, "cost, or number of measures without costs", null=True),
            Column("removed_h", FINE, "removed element-hours, mean of the cases", null=True),
            Column("left_h", FINE, "element-hours that are left, mean of the cases", null=True),
            Column("worth", FINE, "what is sought: removed element-hours, or net present value", null=True),
            Column("npv", FINE, "net present value", null=True),
            Column("bcr", FINE, "present value of benefits per cost", null=True),
            Column("stable", FINE, "share of draws of the costs in which it is chosen again", null=True),
            Column("regret", FINE, "what the best choice of a future is worth more", null=True),
            Column("verdict", WORD, "solves | still_violates | no_violation | not_solved"),
            Column("text", TEXT, "what there is to say"),
        ),
        ("what", "number"),
    ),
)
