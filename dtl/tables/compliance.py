"""Contracts of compliance: verdicts by clause, lights by segment and hour, and what is curtailed for limits to hold."""

from __future__ import annotations

from dtl.tables.contract import FINE, INT, TEXT, WORD, Column, Table
from dtl.tables.results import CASE, MINUTE

COMPLIANCE = (
    Table(
        "compliance",
        CASE
        + (
            Column("code", WORD, "grid code and edition; `study` for what the study itself declares"),
            Column("what", WORD, "what is judged, with its unit where it has one"),
            Column("range", WORD, "range of the code; empty where it has one"),
            Column("kind", WORD, "bus | plant | segment | feeder"),
            Column("element", TEXT, "name of it"),
            Column("value", FINE, "the value that was judged", null=True),
            Column("unit", WORD, "its unit"),
            Column("limit", FINE, "the limit, in the same unit", null=True),
            Column("margin", FINE, "what is left to the limit, in the same unit; negative beyond it", null=True),
            Column("hour", INT, "hour of the value, 0 to 8759; of a snapshot the number of the state", null=True),
            MINUTE,
            Column("verdict", WORD, "complies | violates | not_assessed"),
            Column("clause", TEXT, "clause of the code"),
            Column("confirmed_by", WORD, "who confirmed the limit against the licensed text"),
            Column("text", TEXT, "how it was judged, or why it was not"),
        ),
        ("feeder", "case", "code", "what", "range", "kind", "element"),
    ),
    Table(
        "lights",
        CASE
        + (
            Column("segment", TEXT, "segment between switches and transformers, by its bus nearest to the head"),
            Column("hour", INT, "0 to 8759; steps that are not listed are green"),
            MINUTE,
            Column("phase", WORD, "yellow | red"),
            Column("cause", WORD, "thermal | voltage_high | voltage_low"),
            Column("kind", WORD, "kind of the element that is nearest to its limit, or furthest beyond it"),
            Column("element", TEXT, "name of it"),
            Column("value", FINE, "loading [% of the rating] or voltage [pu]"),
            Column("share_pct", FINE, "share of the limit that is used [%]"),
            Column("direction", WORD, "less_feed_in | less_load: what helps"),
            Column("kw_to_green", FINE, "power to be changed at the element until the light is green [kW]", null=True),
            Column("kw_out_of_red", FINE, "power until it is not red; 0 where it is yellow [kW]", null=True),
        ),
        ("feeder", "case", "segment", "hour", "minute"),
    ),
    Table(
        "curtailment",
        CASE
        + (
            Column("hour", INT, "0 to 8759"),
            MINUTE,
            Column("plant", TEXT, "name of the generator"),
            Column("bus", TEXT, "its bus"),
            Column("available_kw", FINE, "power that it could give [kW]"),
            Column("curtailed_kw", FINE, "power that is not taken [kW]"),
            Column("cost", FINE, "cost of the step's curtailed energy, in the study's currency or as a plain weight"),
            Column("why", TEXT, "what would be violated most without curtailment"),
        ),
        ("feeder", "case", "hour", "minute", "plant"),
    ),
)
