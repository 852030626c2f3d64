"""Contracts of demand and of the results of every case."""

from __future__ import annotations

from dtl.tables.contract import FINE, INT, REAL, SERIES, TEXT, WORD, Column, Table

CASE = (
    Column("feeder", WORD, "feeder id"),
    Column("scenario", WORD, "scenario name"),
    Column("year", INT, "year solved; 0 where the study plans no years"),
    Column("case", WORD, "scenario@year, or the scenario alone where the study plans no years"),
)
"""The columns that open every table of results."""

MINUTE = Column(
    "minute", INT, "minute of the hour at which the step begins; missing where a step is an hour", null=True
)
"""What names a step within its hour."""

ELEMENT = (
    Column("kind", WORD, "bus | line | switch | transformer | head"),
    Column("element", TEXT, "name of the element in its feeder"),
)

RESULTS = (
    Table(
        "demand",
        (
            Column("feeder", WORD, "feeder id"),
            Column("load", TEXT, "name of the load in the feeder"),
            Column("bus", TEXT, "bus"),
            Column("customer_class", WORD, "residential | commercial | industrial | ..."),
            Column("customers", INT, "number of customers"),
            Column("kw", FINE, "active power by which kw_profile is multiplied [kW]"),
            Column("kvar", FINE, "reactive power by which kvar_profile is multiplied [kvar]"),
            Column("kw_profile", WORD, "id in the table profiles"),
            Column("kvar_profile", WORD, "id in the table profiles"),
            Column("basis", WORD, "where it comes from: model_loads | class_shapes | ..."),
        ),
        ("feeder", "load"),
    ),
    Table(
        "profiles",
        (
            Column("profile", TEXT, "id"),
            Column("values", SERIES, "8,760 x steps per hour values per unit, in local standard time, interval start"),
        ),
        ("profile",),
    ),
    Table(
        "powerflow",
        CASE
        + ELEMENT
        + (
            Column("phase", WORD, "A | B | C | N | 1 | 2 ...; empty for the worst or the sum of all phases"),
            Column("kv_ll", REAL, "nominal voltage, line to line [kV]"),
            Column("rating", FINE, "rating in force in the hour of the highest loading [A or kVA]", null=True),
            Column("rating_unit", WORD, "A | kVA; empty without a rating"),
            Column("max_load_pct", REAL, "highest loading, per cent of the rating in force", null=True),
            Column("max_load_hour", INT, "hour of it, 0 to 8759", null=True),
            Column("max_a", REAL, "highest current [A]", null=True),
            Column("max_kva", REAL, "highest apparent power [kVA]", null=True),
            Column("hours_over", REAL, "hours above the limit of the study", null=True),
            Column("hours_over_emergency", REAL, "hours above the emergency rating", null=True),
            Column("kwh_over", REAL, "energy above the limit [kWh, at the power factor of the hour]", null=True),
            Column("window_h", REAL, "length of the moving window [h]", null=True),
            Column("window_max_pct", REAL, "highest mean loading over the window", null=True),
            Column("window_hours_over", REAL, "hours in which the window's mean is above the limit", null=True),
            Column("kwh", REAL, "energy through the element, in the direction away from the head [kWh]", null=True),
            Column("reverse_hours", REAL, "hours with power towards the head", null=True),
            Column("reverse_kwh", REAL, "energy towards the head [kWh]", null=True),
            Column("loss_kwh", REAL, "losses [kWh]", null=True),
            Column("min_pu", REAL, "lowest voltage", null=True),
            Column("min_hour", INT, "hour of it", null=True),
            Column("max_pu", REAL, "highest voltage", null=True),
            Column("max_hour", INT, "hour of it", null=True),
            Column("mean_pu", REAL, "mean voltage", null=True),
            Column("hours_low", REAL, "hours below the lower limit", null=True),
            Column("hours_high", REAL, "hours above the upper limit", null=True),
            Column("worst_pu", REAL, "voltage in the feeder's worst hour, for the profile", null=True),
            Column("distance_km", REAL, "distance from the head along the network [km]", null=True),
            Column("hot_spot_c", REAL, "highest hot spot of a transformer, if ageing is asked [degree C]", null=True),
            Column("hot_spot_hour", INT, "hour of it", null=True),
            Column("top_oil_c", REAL, "highest temperature of its top oil [degree C]", null=True),
            Column("ageing_factor", FINE, "mean ageing factor of the hours: 1 is normal ageing", null=True),
            Column("life_loss_pct", FINE, "loss of life over the hours [% of normal life]", null=True),
            Column(
                "life_loss_hourly_pct",
                FINE,
                "the same by hourly means of the loading; missing where a step is an hour",
                null=True,
            ),
            Column("hours_hot", REAL, "hours with a hot spot above 140 degree C", null=True),
        ),
        ("feeder", "case", "kind", "element", "phase"),
    ),
    Table(
        "hourly",
        CASE
        + (
            Column("hour", INT, "0 to 8759, local standard time, interval start"),
            Column("source_kw", FINE, "power from the source, as all powers the mean of the hour's steps [kW]"),
            Column("source_kvar", FINE, "reactive power from the source [kvar]"),
            Column("load_kw", FINE, "power taken by all loads [kW]"),
            Column("load_kvar", FINE, "reactive power taken by all loads [kvar]"),
            Column("generation_kw", FINE, "power given by all generators [kW]"),
            Column("loss_kw", FINE, "all losses [kW]"),
            Column("loss_line_kw", REAL, "losses of lines and switches [kW]"),
            Column("loss_transformer_kw", REAL, "load losses of transformers and regulators [kW]"),
            Column("loss_no_load_kw", REAL, "no-load losses of transformers and regulators [kW]"),
            Column("loss_other_kw", REAL, "losses of all other elements: capacitors, reactors, the source [kW]"),
            Column("min_pu", REAL, "lowest voltage"),
            Column("max_pu", REAL, "highest voltage"),
            Column("max_load_pct", REAL, "highest loading; missing when nothing has a rating", null=True),
            Column("tap_changes", INT, "tap steps taken in this hour"),
            Column("control_iterations", INT, "control iterations of this hour, the most of a step"),
            Column(
                "solved_h",
                REAL,
                "how much of the hour was solved; as all below, missing where a step is an hour [h]",
                null=True,
            ),
            Column("highest_kw", FINE, "highest power from the source of a step [kW]", null=True),
            Column("lowest_kw", FINE, "lowest power from the source of a step [kW]", null=True),
            Column("highest_kvar", FINE, "highest reactive power from the source of a step [kvar]", null=True),
            Column("highest_loss_kw", FINE, "highest losses of a step [kW]", null=True),
            Column("reverse_h", REAL, "time with power into the source [h]", null=True),
            Column("reverse_kwh", FINE, "energy into the source [kWh]", null=True),
        ),
        ("feeder", "case", "hour"),
    ),
    Table(
        "kept",
        CASE
        + ELEMENT
        + (
            Column("quantity", WORD, "load_pct of a branch; min_pu or max_pu of the phases of a bus"),
            Column("values", SERIES, "value in each solved step, in the order of the table hourly"),
        ),
        ("case", "feeder", "kind", "element", "quantity"),
    ),
    Table(
        "violations",
        CASE
        + ELEMENT
        + (
            Column("phase", WORD, "as in powerflow"),
            Column("violation", WORD, "thermal | emergency | voltage_low | voltage_high | reverse"),
            Column("hour", INT, "0 to 8759"),
            MINUTE,
            Column("value", REAL, "loading [per cent] or voltage [pu]"),
            Column("limit", REAL, "the limit it broke, in the same unit"),
        ),
        ("feeder", "case", "violation", "kind", "element", "phase", "hour", "minute"),
    ),
    Table(
        "assess",
        CASE
        + (
            Column("analysis", WORD, "thermal | voltage | losses | ..."),
            Column("metric", WORD, "name with its unit, from the list in dtl.analyses.metrics"),
            Column("kind", WORD, "kind of the element; empty for the feeder as a whole"),
            Column("element", TEXT, "element; empty for the feeder as a whole"),
            Column("value", FINE, "the number", null=True),
            Column("text", TEXT, "what is not a number: the worst element's name, a reason"),
            Column("hour", INT, "hour it belongs to", null=True),
            Column("limit", FINE, "limit it was judged by", null=True),
            Column("rule", TEXT, "standard, edition and clause of the limit; empty without one"),
        ),
        ("feeder", "case", "analysis", "metric", "kind", "element"),
    ),
    Table(
        "cube",
        (
            Column("level", WORD, "study | feeder | element"),
            Column("feeder", WORD, "feeder id; empty for the study"),
            Column("scenario", WORD, "scenario name; empty for what holds for all"),
            Column("year", INT, "year; 0 without planned years, and for what holds for all years"),
            Column("case", WORD, "case; empty for what holds for all"),
            Column("analysis", WORD, "analysis, or `study` for counts and inputs"),
            Column("metric", WORD, "name with its unit"),
            Column("kind", WORD, "kind of the element; empty otherwise"),
            Column("element", TEXT, "element; empty otherwise"),
            Column("value", FINE, "the number", null=True),
            Column("text", TEXT, "what is not a number"),
            Column("hour", INT, "hour it belongs to", null=True),
            Column("limit", FINE, "limit it was judged by", null=True),
            Column("rule", TEXT, "standard, edition and clause of the limit; empty without one"),
        ),
        ("level", "feeder", "case", "year", "analysis", "metric", "kind", "element"),
    ),
)
