"""Contract of hosting capacity."""

from __future__ import annotations

from dtl.tables.contract import FINE, FLAG, INT, REAL, SERIES, TEXT, WORD, Column, Table
from dtl.tables.results import CASE

HOSTING = (
    Table(
        "hosting",
        CASE
        + (
            Column("method", WORD, "stochastic | iterative | drive | qsts"),
            Column("of", WORD, "generation | load: what is added to the case"),
            Column("mode", WORD, "single: one plant at the bus; distributed: many at once"),
            Column("bus", TEXT, "bus of the plant; empty for many plants, which are the feeder's"),
            Column("criterion", WORD, "all: the first criterion that fails; else one criterion alone"),
            Column("phases", WORD, "phases of the plant; empty for many plants"),
            Column("kv_ll", REAL, "nominal voltage of the bus, line to line [kV]", null=True),
            Column("hc_kw", FINE, "hosting capacity [kW]; the mean for stochastic", null=True),
            Column("hc_kw_mean", FINE, "mean over deployments, else the value [kW]", null=True),
            Column("hc_kw_p5", FINE, "5th percentile [kW]", null=True),
            Column("hc_kw_p50", FINE, "median [kW]", null=True),
            Column("hc_kw_p95", FINE, "95th percentile [kW]", null=True),
            Column("step_kw", FINE, "step: passes at the capacity, fails one step above [kW]", null=True),
            Column("at_least", FLAG, "whether nothing failed up to the largest plant tried"),
            Column("limiting_factor", WORD, "criterion that fails one step above; empty when none does"),
            Column("limiting_element", TEXT, "kind and name of what fails"),
            Column("limiting_hour", INT, "hour in which it fails, 0 to 8759", null=True),
            Column("limiting_value", REAL, "value one step above: pu, per cent, kW or A", null=True),
            Column("limiting_limit", REAL, "limit of it, in the same unit", null=True),
            Column("pre_existing", FLAG, "whether a criterion fails without any plant"),
            Column("mc_iterations", INT, "deployments; 1 for methods without chance"),
            Column("standard_error_kw", REAL, "standard error of the mean [kW]", null=True),
            Column("converged", FLAG, "whether the median's confidence interval is within 5 % of it", null=True),
            Column("levels_kw", SERIES, "levels of total power [kW]", null=True),
            Column("violation_share", SERIES, "share of deployments that fail at each level", null=True),
            Column("hours_violated", REAL, "hours with a violation at the capacity [h]", null=True),
            Column("hours", INT, "hours judged"),
            Column("solves", INT, "power flows that the method took, for all its rows of this kind"),
            Column("engine", WORD, "batch | opendss"),
            Column("verdict", TEXT, "the answer in words, with what is assumed or missing"),
        ),
        ("feeder", "case", "method", "of", "mode", "bus", "criterion"),
    ),
    Table(
        "formula",
        CASE
        + (
            Column("of", WORD, "generation | load: what is added to the case"),
            Column("bus", TEXT, "bus of the plant; empty where the case has no answer, which `note` explains"),
            Column("phases", WORD, "phases of the plant"),
            Column("wires", INT, "how many phases"),
            Column("kv_ll", REAL, "nominal voltage of the bus, line to line [kV]", null=True),
            Column("distance_km", REAL, "length of line to the source [km]", null=True),
            Column("formula_kw", FINE, "capacity by the formula: the least of its terms [kW]", null=True),
            Column("formula_term", WORD, "voltage | thermal | other: which of them"),
            Column("voltage_kw", FINE, "capacity by voltage limits alone, at most the largest plant [kW]", null=True),
            Column("thermal_kw", FINE, "by ratings alone [kW]", null=True),
            Column("other_kw", FINE, "by reverse flow and screens alone [kW]", null=True),
            Column("base_pu", FINE, "the voltage that limits, without the plant [pu]; 0 where none does", null=True),
            Column("limit_pu", FINE, "its limit [pu]", null=True),
            Column("rise_pu", FINE, "its change by 1 MW [pu]", null=True),
            Column("own_r", FINE, "change of the plant's own voltage by 1 MW, in phase with it [-]", null=True),
            Column("own_x", FINE, "the same in quadrature [-]", null=True),
            Column("drop_pu", FINE, "how much higher the voltage there is without any load [-]", null=True),
            Column("load_kw", FINE, "power into the feeder in that hour [kW]", null=True),
            Column("formula_hour", INT, "the hour that limits, 0 to 8759", null=True),
            Column("top_kw", FINE, "the largest plant that is tried [kW]", null=True),
            Column("hc_kw", FINE, "what the study's own method found [kW]; empty where it did not look", null=True),
            Column("step_kw", FINE, "its step [kW]", null=True),
            Column("at_least", FLAG, "whether nothing failed up to the largest plant tried"),
            Column("limiting_factor", WORD, "criterion that fails one step above"),
            Column("method", WORD, "iterative | drive: the method; empty where none looked"),
            Column("note", TEXT, "why there is no answer; empty where there is one"),
        ),
        ("feeder", "case", "of", "bus"),
    ),
)
