"""The tables of what the layers of a case add: to the power of each class, and which devices at which bus."""

from __future__ import annotations

from dtl.tables.contract import FINE, INT, SERIES, TEXT, WORD, Column, Table

COMPOSITION = (
    Table(
        "composition",
        (
            Column("feeder", WORD, "feeder id"),
            Column("scenario", WORD, "scenario name"),
            Column("year", INT, "year solved; 0 where the study plans no years"),
            Column("case", WORD, "scenario@year, or the scenario alone where the study plans no years"),
            Column("layer", TEXT, "layer that adds it; `base` for the demand before any layer"),
            Column("customer_class", WORD, "class of the loads"),
            Column("carrier", WORD, "load | added | generation | storage: what carries it in the power flow"),
            Column("kwh", FINE, "energy of the year at nominal voltage, negative when given [kWh]"),
            Column("peak_kw", FINE, "highest power of the class and layer together [kW]"),
            Column("kw_at_feeder_peak", FINE, "power in the hour in which the feeder takes most [kW]"),
            Column("kw", SERIES, "mean power by month and hour of the day, 12 x 24 values, January first [kW]"),
        ),
        ("feeder", "case", "layer", "customer_class"),
    ),
    Table(
        "devices",
        (
            Column("feeder", WORD, "feeder id"),
            Column("scenario", WORD, "scenario name"),
            Column("year", INT, "year solved; 0 where the study plans no years"),
            Column("case", WORD, "scenario@year, or the scenario alone where the study plans no years"),
            Column("layer", TEXT, "layer that placed them"),
            Column("kind", WORD, "ev | solar | battery | electrification | custom | generation | load"),
            Column("bus", TEXT, "bus at which they are"),
            Column("units", FINE, "devices of the layer at the bus"),
            Column("peak_kw", FINE, "highest power of them together, taken or given [kW]"),
            Column("kwh", FINE, "energy of the year, negative when given [kWh]"),
        ),
        ("feeder", "case", "layer", "bus"),
    ),
)
