"""Contracts of what the learning modules say: insights, each with its evidence."""

from __future__ import annotations

from dtl.tables.contract import FINE, FLAG, INT, MOMENT, REAL, SERIES, TEXT, WORD, Column, Table

LEARNING = (
    Table(
        "insights",
        (
            Column("module", WORD, "learning module, as the word of the study's section `analyses`"),
            Column("feeder", WORD, "feeder id of the model; empty for the study"),
            Column("case", WORD, "scenario@year; empty for what holds for all cases"),
            Column("kind", WORD, "kind of the thing: feeder | meter | transformer | alert | model | ..."),
            Column("element", TEXT, "name of the thing, alone in its kind; empty for the feeder or study as a whole"),
            Column("metric", WORD, "what is said, with its unit"),
            Column("value", FINE, "the number; empty where there is none", null=True),
            Column("unit", WORD, "unit of the number; `1` for a plain number"),
            Column("text", TEXT, "one sentence for an engineer; the reason where the verdict is not ok"),
            Column("confidence", FINE, "probability that it is right, 0 to 1; empty where none is stated", null=True),
            Column("evidence", TEXT, "JSON list of {table, key, column}: the cells it rests on"),
            Column("verdict", WORD, "ok | not_enough (too little or too poor data) | refused (outside its domain)"),
        ),
        ("module", "feeder", "case", "kind", "element", "metric"),
    ),
    Table(
        "load_forecast",
        (
            Column("feeder", WORD, "feeder id of the model"),
            Column("start", MOMENT, "start of the hour"),
            Column("kw", REAL, "expected load [kW]"),
            Column("kw_p05", REAL, "load that is exceeded with probability 0.95 [kW]"),
            Column("kw_p50", REAL, "median [kW]"),
            Column("kw_p95", REAL, "load that is exceeded with probability 0.05 [kW]"),
            Column("weather", WORD, "given, or how many past years stand for it"),
            Column("extrapolated", FLAG, "whether the weather lies outside all that was fitted"),
        ),
        ("feeder", "start"),
    ),
    Table(
        "behind_meter",
        (
            Column("meter", TEXT, "id of the meter"),
            Column("start", MOMENT, "start of the interval"),
            Column("solar_kw", REAL, "expected generation behind the meter [kW]"),
            Column("solar_kw_p05", REAL, "generation that is exceeded with probability 0.95 [kW]"),
            Column("solar_kw_p95", REAL, "generation that is exceeded with probability 0.05 [kW]"),
        ),
        ("meter", "start"),
    ),
    Table(
        "alerts",
        (
            Column("feeder", WORD, "feeder id of the model; empty for a meter that nothing places"),
            Column("kind", WORD, "meter | feeder"),
            Column("element", TEXT, "id of the meter; empty for a feeder"),
            Column("fault", WORD, "stuck | zero | spike | catch_up | gap | halved | times_10 | shift | unusual | ..."),
            Column("start", MOMENT, "start of the first interval"),
            Column("end", MOMENT, "end of the last interval"),
            Column("confidence", REAL, "mean probability of this fault over its intervals, 0 to 1"),
            Column("text", TEXT, "what shows it, in numbers"),
            Column("repair", TEXT, "what is suggested; no reading is overwritten"),
        ),
        ("feeder", "kind", "element", "start", "fault"),
    ),
    Table(
        "curves",
        (
            Column("kind", WORD, "meter | feeder"),
            Column("element", TEXT, "id of the meter or feeder"),
            Column("kw", SERIES, "mean of each hour on working days, Saturdays and Sundays, 72 values [kW or kWh/h]"),
        ),
        ("kind", "element"),
    ),
    Table(
        "archetypes",
        (
            Column("kind", WORD, "meter | feeder"),
            Column("element", TEXT, "id of the meter or feeder"),
            Column("archetype", INT, "number of its group, 0 the largest"),
            Column("name", WORD, "what its mean curve looks like"),
        ),
        ("kind", "element"),
    ),
    Table(
        "judged",
        (
            Column("feeder", WORD, "feeder id of the model"),
            Column("kind", WORD, "bus | line | switch | transformer"),
            Column("element", TEXT, "name of the element, one that limits judge"),
            Column("longitude_deg", FINE, "where it stands, of a branch its end away from the head", null=True),
            Column(
                "latitude_deg",
                FINE,
                "the same; empty where the model states no places or no coordinate system",
                null=True,
            ),
        ),
        ("feeder", "kind", "element"),
    ),
    Table(
        "violation_clusters",
        (
            Column("feeder", WORD, "feeder id of the model"),
            Column("case", WORD, "scenario@year"),
            Column("violation", WORD, "thermal | voltage_low | voltage_high"),
            Column("kind", WORD, "bus | line | switch | transformer"),
            Column("element", TEXT, "name of the element that is over its limit"),
            Column("cluster", INT, "number of its cluster along the network, 1 the largest; 0 if it stands alone"),
        ),
        ("feeder", "case", "violation", "kind", "element"),
    ),
    Table(
        "calibration",
        (
            Column("feeder", WORD, "feeder id of the model"),
            Column("parameter", WORD, "load_scale | power_factor"),
            Column("before", FINE, "value of the model"),
            Column("proposed", FINE, "value to take after review; that of the model where nothing better is known"),
            Column("fitted", FINE, "value that follows the measurements best"),
            Column("low", FINE, "lower end of its 95 % interval"),
            Column("high", FINE, "upper end of its 95 % interval"),
            Column("identified", FLAG, "whether the data tell it: interval below half of its bounds, not at a bound"),
            Column("rmse_before", FINE, "root mean square at the head on hours that were not fitted", null=True),
            Column("rmse_after", FINE, "the same with the fitted values", null=True),
            Column("unit", WORD, "unit of both: kW, of the power factor kvar"),
            Column("note", TEXT, "why the model's value stays; empty where it does not"),
        ),
        ("feeder", "parameter"),
    ),
)
