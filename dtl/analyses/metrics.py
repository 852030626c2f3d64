"""The one list of metrics: what each number of the tables ``assess`` and ``cube`` means, and how it is judged.

``python -m dtl.analyses.metrics > site/docs/metrics.md`` writes the page of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Worse = Literal["up", "down", ""]
Rollup = Literal["sum", "max", "min", "mean", ""]


@dataclass(frozen=True)
class Metric:
    """One metric.

    ``worse`` says in which direction it gets worse, empty where neither does. ``rollup`` says what the study shows of
    the feeders' values: their sum, highest, lowest, the mean weighted by the metric ``weight``, or nothing. A change
    counts as material when it reaches both ``material`` (in the unit) and ``share`` (of the value before).
    ``elements`` says that single elements carry it too; ``only_elements``, that nothing else does.
    """

    analysis: str
    name: str
    unit: str
    meaning: str
    worse: Worse = ""
    rollup: Rollup = ""
    weight: str = ""
    material: float = 0.0
    share: float = 0.0
    elements: bool = False
    only_elements: bool = False

    def verdict(self, before: float, after: float) -> str:
        """``better``, ``worse`` or ``changed``, or ``same`` when the change is not material."""
        change = after - before
        if change == 0 or abs(change) < self.material or abs(change) < self.share * abs(before):
            return "same"
        if not self.worse:
            return "changed"
        return "worse" if (change > 0) == (self.worse == "up") else "better"


COUNT: dict[str, Any] = {"worse": "up", "rollup": "sum", "material": 1}
ELEMENT: dict[str, Any] = {"worse": "up", "material": 1, "only_elements": True}
LOADING: dict[str, Any] = {"worse": "up", "rollup": "max", "material": 1}
ENERGY: dict[str, Any] = {"worse": "up", "rollup": "sum", "share": 0.01}
FLOW: dict[str, Any] = {"rollup": "sum", "share": 0.01}
PEAK: dict[str, Any] = {"worse": "up", "rollup": "max", "share": 0.01}


def _status() -> list[Metric]:
    m = "status"
    return [
        Metric(m, "solved", "1 or 0", "1 if the case was solved; otherwise the text is the reason", "down"),
        Metric(m, "states", "", "loading states of a snapshot, which stand for its hours; the text names them"),
        Metric(m, "violating", "1 or 0", "1 if anything is over its limit in any hour: loading or voltage", "up"),
        Metric(m, "violating_hours_h", "h", "hours in which anything is over its limit", **COUNT),
    ]


def _thermal() -> list[Metric]:
    m = "thermal"
    return [
        Metric(m, "lines_over", "", "lines and switches loaded above the limit in any hour", **COUNT),
        Metric(m, "transformers_over", "", "transformers loaded above the limit in any hour", **COUNT),
        Metric(m, "line_hours_over_h", "h", "hours above the limit, summed over lines and switches", **COUNT),
        Metric(m, "transformer_hours_over_h", "h", "hours above the limit, summed over transformers", **COUNT),
        Metric(m, "overload_hours_h", "h", "hours in which any line or transformer is above the limit", **COUNT),
        Metric(m, "max_line_load_pct", "%", "highest loading of a line or switch, of the rating in force", **LOADING),
        Metric(m, "max_transformer_load_pct", "%", "highest loading of a transformer, of its rating", **LOADING),
        Metric(m, "emergency_elements", "", "elements above their emergency rating in any hour", **COUNT),
        Metric(m, "window_elements_over", "", "elements above the limit by the mean over the moving window", **COUNT),
        Metric(m, "kwh_over", "kWh", "energy above the limit, at the power factor of the hour", elements=True, **COUNT),
        Metric(m, "unrated_elements", "", "lines and transformers without a rating, which nothing can judge", **COUNT),
        Metric(m, "max_load_pct", "%", "highest loading of the element", **ELEMENT),
        Metric(m, "hours_over_h", "h", "hours above the limit of the element", **ELEMENT),
        Metric(m, "hours_over_emergency_h", "h", "hours above the emergency rating of the element", **ELEMENT),
        Metric(m, "window_max_pct", "%", "highest mean loading of the element over the moving window", **ELEMENT),
    ]


def _voltage() -> list[Metric]:
    m = "voltage"
    return [
        Metric(m, "min_pu", "pu", "lowest voltage of a phase of a bus", "down", "min", material=0.002, elements=True),
        Metric(m, "max_pu", "pu", "highest voltage of a phase of a bus", "up", "max", material=0.002, elements=True),
        Metric(m, "violation_hours_low_h", "h", "hours in which any bus is below its limit", **COUNT),
        Metric(m, "violation_hours_high_h", "h", "hours in which any bus is above its limit", **COUNT),
        Metric(m, "violation_hours_h", "h", "hours in which any bus is outside its limits", **COUNT),
        Metric(m, "buses_low", "", "buses below their limit in any hour", **COUNT),
        Metric(m, "buses_high", "", "buses above their limit in any hour", **COUNT),
        Metric(m, "max_shortfall_pu", "pu", "most that a voltage falls below its limit", "up", "max", material=0.002),
        Metric(m, "max_excess_pu", "pu", "most that a voltage rises above its limit", "up", "max", material=0.002),
        Metric(m, "hours_low_h", "h", "hours in which a phase of the bus is below its limit", **ELEMENT),
        Metric(m, "hours_high_h", "h", "hours in which a phase of the bus is above its limit", **ELEMENT),
    ]


def _losses() -> list[Metric]:
    m = "losses"
    return [
        Metric(m, "loss_kwh", "kWh", "all losses", **ENERGY),
        Metric(m, "loss_pct", "%", "losses, of the energy that enters the feeder", "up", "mean", "injected_kwh", 0.05),
        Metric(m, "loss_line_kwh", "kWh", "losses of lines and switches", **ENERGY),
        Metric(m, "loss_transformer_kwh", "kWh", "load losses of transformers and regulators", **ENERGY),
        Metric(m, "loss_no_load_kwh", "kWh", "no-load losses of transformers and regulators", **ENERGY),
        Metric(m, "loss_other_kwh", "kWh", "losses of capacitors, reactors and the source", **ENERGY),
        Metric(m, "peak_loss_kw", "kW", "highest losses of a step", **PEAK),
    ]


def _ageing() -> list[Metric]:
    m = "ageing"
    return [
        Metric(m, "max_hot_spot_c", "degree C", "highest hot spot of a transformer", "up", "max", material=1),
        Metric(m, "max_life_loss_pct", "%", "highest loss of life of a transformer", "up", "max", share=0.05,
               material=0.05),
        Metric(m, "transformers_ageing_fast", "", "transformers that age faster than normal: factor above 1", **COUNT),
        Metric(m, "transformers_bubbling", "", "transformers with a hot spot above 140 degree C in any hour", **COUNT),
        Metric(m, "max_life_loss_hidden_pct", "%", "highest loss of life that hourly means of shorter steps would hide",
               "up", "max", material=0.05),
        Metric(m, "ageing_factor", "1", "mean ageing factor of the year, 1 is normal", **ELEMENT),
        Metric(m, "life_loss_hourly_pct", "%", "loss of life in the year by hourly means of shorter steps", **ELEMENT),
        Metric(m, "life_loss_pct", "%", "loss of life in the year, of the normal life", "up", material=0.05,
               only_elements=True),
        Metric(m, "hot_spot_c", "degree C", "highest hot spot", **ELEMENT),
    ]  # fmt: skip


def _head() -> list[Metric]:
    m = "head"
    return [
        Metric(m, "hours_h", "h", "hours solved; 8,760 unless the study names some", "", "min"),
        Metric(m, "energy_kwh", "kWh", "energy from the source, less what flows back", **FLOW),
        Metric(m, "injected_kwh", "kWh", "energy that enters: from the source, and from plants in the feeder", **FLOW),
        Metric(m, "peak_kw", "kW", "highest power from the source in a step, not coincident over feeders", **PEAK),
        Metric(m, "peak_kvar", "kvar", "highest reactive power from the source in a step", **PEAK),
        Metric(m, "min_kw", "kW", "lowest power from the source in a step; negative flows back", "", "min", share=0.01),
        Metric(m, "reverse_hours_h", "h", "hours in which more than 1 W flows back into the source", **COUNT),
        Metric(m, "reverse_kwh", "kWh", "energy that flows back into the source", "up", "sum", material=1, share=0.01),
        Metric(m, "load_factor", "share", "mean power over peak power of the source", "down", material=0.01),
        Metric(m, "tap_changes", "", "tap steps taken by regulators", "up", "sum", share=0.05),
        Metric(m, "head_energy_error", "share", "difference of the energy of the head to the measured one", "up"),
    ]


def _study() -> list[Metric]:
    m = "study"
    any_case = "; without a case: in any"
    return [
        Metric(m, "feeders", "", "feeders that the study asks for", "", "sum"),
        Metric(m, "feeders_solved", "", "feeders solved; without a case: in all", "down", "sum"),
        Metric(m, "feeders_failed", "", "feeders that failed" + any_case, **COUNT),
        Metric(m, "feeders_violating", "", "feeders with anything over a limit" + any_case, **COUNT),
        Metric(m, "feeders_thermal", "", "feeders with anything overloaded" + any_case, **COUNT),
        Metric(m, "feeders_voltage", "", "feeders with a voltage outside its limits" + any_case, **COUNT),
        Metric(m, "first_violating_year", "", "first year with anything over a limit; the text names its cases"),
        Metric(m, "worst_case", "", "1; the text names the case with the most to mend"),
        Metric(m, "rank", "", "place among the feeders, the worst first; without a case: by its worst"),
        Metric(m, "headline", "", "1; the text names the five figures of the overview"),
        Metric(m, "answer", "", "1; the text is the answer in words, made from the numbers of this table"),
        Metric(m, "customers", "", "customers in the model", "", "sum"),
        Metric(m, "loads", "", "loads in the model", "", "sum"),
        Metric(m, "load_kw", "kW", "power of the loads in the model", "", "sum"),
        Metric(m, "buses", "", "buses in the model", "", "sum"),
        Metric(m, "length_km", "km", "length of the lines in the model", "", "sum"),
        Metric(m, "kv_ll", "kV", "nominal voltage of the feeder's head, line to line"),
        Metric(m, "engine", "", "1; the text names the engine that solved the case, and why that one"),
        Metric(m, "warnings", "", "warnings of the power flow; the text holds them", **COUNT),
        Metric(m, "balance_max_rel", "share", "largest gap between source and load plus losses", "up", "max"),
    ]


def _reliability() -> list[Metric]:
    m = "reliability"
    normal = " without major-event days"
    named: dict[str, Any] = {"worse": "up", "elements": True}
    return [
        Metric(m, "customers_served", "", "average customers served; the text says where the number comes from"),
        Metric(m, "sustained_interruptions", "", "interruptions longer than five minutes, per year", **named),
        Metric(m, "momentary_interruptions", "", "interruptions of five minutes and less, per year", "up"),
        Metric(
            m, "customers_interrupted", "", "customers with a sustained interruption, summed (CI), per year", **named
        ),
        Metric(m, "customer_interruption_min", "min", "their minutes, step by step (CMI), per year", **named),
        Metric(m, "saifi", "", "sustained interruptions per customer served and year", **named),
        Metric(m, "saidi_min", "min", "minutes of sustained interruption per customer served and year", **named),
        Metric(m, "caidi_min", "min", "minutes of a sustained interruption, per customer interrupted", "up"),
        Metric(m, "asai", "share", "share of the year's hours in which customers had supply", "down"),
        Metric(m, "maifi", "", "momentary interruptions per customer served and year, events counted (MAIFI_E)", "up"),
        Metric(m, "asifi", "", "kVA with a sustained interruption, per kVA served and year", "up"),
        Metric(m, "asidi_min", "min", "kVA-minutes of sustained interruption, per kVA served and year", "up"),
        Metric(m, "caifi", "", "sustained interruptions per customer that had one, in a year", "up"),
        Metric(m, "ctaidi_min", "min", "minutes of sustained interruption per customer that had one, in a year", "up"),
        Metric(
            m, "cemi", "share", "customers with as many sustained interruptions in a year as `limit`, or more", "up"
        ),
        Metric(m, "sustained_interruptions_normal", "", "sustained interruptions" + normal, "up"),
        Metric(m, "customers_interrupted_normal", "", "customers interrupted" + normal, "up"),
        Metric(m, "customer_interruption_normal_min", "min", "customer minutes" + normal, "up"),
        Metric(m, "saifi_normal", "", "SAIFI" + normal, "up"),
        Metric(m, "saidi_normal_min", "min", "SAIDI" + normal, "up"),
        Metric(m, "caidi_normal_min", "min", "CAIDI" + normal, "up"),
        Metric(m, "asai_normal", "share", "ASAI" + normal, "down"),
        Metric(m, "t_med_min", "min", "SAIDI of a day above which it is a major-event day; the text names its history"),
        Metric(m, "t_cat_min", "min", "SAIDI of a day above which it is catastrophic (4.15 beta)"),
        Metric(m, "major_days", "", "major-event days of the year; the text lists them", "up"),
        Metric(m, "major_days_flagged", "", "days of interruptions that the utility flags as a major event", "up"),
        Metric(m, "catastrophic_days", "", "catastrophic days of the year, which stay among the major ones", "up"),
        Metric(m, "devices_linked_pct", "%", "interruptions linked to an element, of those that name a device", "down"),
        Metric(m, "outages_refused", "", "interruptions of far more customers than are served; not counted", "up"),
        Metric(m, "outages_elsewhere", "", "interruptions of feeders that are not the study's, which do not count"),
    ]


def _validate() -> list[Metric]:
    m = "validate"
    far = "largest difference to the reference; the text names the element, ours and theirs"
    return [
        Metric(m, "reference_rows", "", "values of the reference"),
        Metric(m, "reference_unmatched", "", "values that could not be compared; the text names whose", "up"),
        Metric(m, "reference_coverage_pct", "%", "values that were compared, of all of the reference", "down"),
        Metric(m, "reference_within", "1 or 0", "1 if all is within the study's tolerances; else the text", "down"),
        Metric(m, "reference_rmse_pu", "pu", "root mean square of the voltage differences to the reference", "up"),
        Metric(m, "reference_max_pu", "pu", f"voltages: {far}", "up"),
        Metric(m, "reference_max_a", "A", f"currents: {far}", "up"),
        Metric(m, "reference_max_loading_pct", "%", f"loadings: {far}", "up"),
        Metric(m, "reference_max_kw", "kW", f"active power: {far}", "up"),
        Metric(m, "reference_max_kvar", "kvar", f"reactive power: {far}", "up"),
        Metric(m, "reference_max_loss_kw", "kW", f"losses: {far}", "up"),
        Metric(m, "reference_max_tap", "steps", f"taps: {far}", "up"),
        Metric(m, "reference_deviation_pu", "pu", "ours less the reference at the worst buses", only_elements=True),
        Metric(m, "reference_elsewhere", "", "values of feeders that are not the study's; the text names these"),
    ]


def _hosting() -> list[Metric]:
    m = "hosting"
    kw: dict[str, Any] = {"worse": "down", "material": 10, "share": 0.05}
    made = []
    for of in ("generation", "load", "pv"):
        made += [
            Metric(m, f"hosting_{of}_median_kw", "kW", f"{of} that fits at a bus, the median bus; text: method", **kw),
            Metric(m, f"hosting_{of}_p5_kw", "kW", f"{of} that fits at a bus, exceeded by 95 % of the buses", **kw),
            Metric(m, f"hosting_{of}_min_kw", "kW", f"{of} that fits at the worst bus, which the text names", **kw),
            Metric(m, f"hosting_{of}_zero_buses", "", f"buses at which no {of} fits", "up"),
            Metric(m, f"hosting_{of}_buses", "", f"buses tried with {of}; the text counts what limits them"),
            Metric(
                m,
                f"hosting_{of}_without_reason",
                "",
                "capacities that something limits and no criterion is named",
                "up",
            ),
            Metric(m, f"hosting_{of}_deployed_kw", "kW", f"median of random deployments of {of}", **kw),
            Metric(m, f"hosting_{of}_unanswered", "", "answers that could not be given; the text says why", "up"),
        ]
    return made


def _substations() -> list[Metric]:
    m = "substations"
    one: dict[str, Any] = {"worse": "up", "only_elements": True}
    return [
        Metric(m, "banks", "", "banks that were judged"),
        Metric(m, "banks_over", "", "banks above their rated power in any hour", "up"),
        Metric(m, "stations_over_n_1", "", "substations that the units left cannot carry in some hour", "up"),
        Metric(m, "feeders_without_bank", "", "feeders on no known bank; the text names them"),
        Metric(m, "bank_peak_kva", "kVA", "highest power of the bank: its feeders added hour by hour", **one),
        Metric(m, "bank_peak_mw", "MW", "active power in the hour of its peak; the text names the substation", **one),
        Metric(m, "bank_coincidence", "share", "peak of the bank, of the sum of its feeders' own peaks", **one),
        Metric(m, "bank_min_kw", "kW", "lowest power of the bank; negative flows back", only_elements=True),
        Metric(m, "bank_reverse_hours_h", "h", "hours in which power flows back through the bank", **one),
        Metric(m, "bank_load_pct", "%", "highest loading of the bank, of its rated power", **one),
        Metric(m, "bank_hours_over_h", "h", "hours above the limit of the bank", **one),
        Metric(m, "bank_feeder_kw", "kW", "power of a feeder in the hour of the peak of its bank", only_elements=True),
        Metric(m, "station_peak_kva", "kVA", "highest power of the substation, all its feeders added", **one),
        Metric(m, "station_firm_mva", "MVA", "what the substation can carry with its largest unit out", "down",
               only_elements=True),
        Metric(m, "station_n_1_pct", "%", "highest loading of the units left, of their emergency rating", **one),
        Metric(m, "station_n_1_hours_over_h", "h", "hours in which the units left cannot carry the load", **one),
        Metric(m, "station_n_1_short_kva", "kVA", "most that is beyond the units left", **one),
        Metric(m, "station_n_1_short_kvah", "kVAh", "what is beyond the units left, over the year", **one),
    ]  # fmt: skip


def _compliance() -> list[Metric]:
    m = "compliance"
    one: dict[str, Any] = {"worse": "up", "only_elements": True}
    return [
        Metric(m, "compliance_violated", "", "limits of grid codes that are broken, of all that were judged", **COUNT),
        Metric(m, "compliance_judged", "", "limits of grid codes that were judged, one by one", "", "sum"),
        Metric(
            m, "compliance_unjudged", "", "what codes ask for and nothing could judge; the text says why", "", "sum"
        ),
        Metric(m, "light_red_h", "h", "hours in which a segment is red, summed over segments", **COUNT),
        Metric(m, "light_yellow_h", "h", "hours in which a segment is yellow, summed over segments", **COUNT),
        Metric(
            m, "light_worst_kw", "kW", "most power that turns a segment green; text: segment and cause", "up", "max"
        ),
        Metric(m, "curtailed_kwh", "kWh", "energy that is not taken of plants so that limits hold", "up", "sum"),
        Metric(m, "curtailed_pct", "%", "of what these plants could have given in the hours of curtailment", "up"),
        Metric(m, "curtailed_h", "h", "hours in which a plant is curtailed", **COUNT),
        Metric(m, "curtail_left_h", "h", "hours with a violation that curtailment leaves; the text says why", **COUNT),
        Metric(m, "code_judged", "", "limits of a code that were judged", only_elements=True),
        Metric(
            m, "code_violated", "", "limits of a code that are broken; the text names what it does not judge", **one
        ),
        Metric(
            m, "code_value", "", "value of a broken limit, in the unit that the text begins with", only_elements=True
        ),
        Metric(m, "segment_red_h", "h", "hours in which a segment is red; the text has all its hours", **one),
        Metric(m, "plant_curtailed_kwh", "kWh", "energy that is not taken of a plant", **one),
    ]


def _mitigation() -> list[Metric]:
    m = "mitigation"
    return [
        Metric(m, "portfolio_cost", "", "cost of the chosen works, in the study's currency; else their number"),
        Metric(m, "portfolio_measures", "", "chosen measures"),
        Metric(m, "portfolio_removed_h", "h", "element-hours that the chosen works remove, mean of the cases", "down"),
        Metric(m, "portfolio_left_h", "h", "element-hours that the chosen works leave, mean of the cases", "up"),
        Metric(m, "portfolio_still_violating", "share", "share of the element-hours that the works leave", "up"),
        Metric(m, "portfolio_npv", "", "net present value of the chosen works, in the study's currency", "down"),
        Metric(m, "mitigation_measures", "", "chosen measures of the feeder; the text is the verdict of all together"),
        Metric(m, "mitigation_before_h", "h", "element-hours beyond a limit or band, without works", **COUNT),
        Metric(m, "mitigation_left_h", "h", "element-hours left with the chosen works; the text names what", **COUNT),
        Metric(m, "work_cost", "", "cost of a chosen measure, in the study's currency; the text says what it removes",
               only_elements=True),
        Metric(m, "measure_removed_h", "h", "element-hours that a measure removes alone, an estimate",
               only_elements=True),
    ]  # fmt: skip


_GROUPS = (
    _status,
    _thermal,
    _voltage,
    _losses,
    _ageing,
    _head,
    _study,
    _reliability,
    _validate,
    _hosting,
    _substations,
    _compliance,
    _mitigation,
)

METRICS: Mapping[str, Metric] = {metric.name: metric for group in _GROUPS for metric in group()}
"""Every metric by its name; a name is used once, whatever the analysis."""

DELTA = "delta_"
"""What the name of a difference to the baseline case begins with; its text is the verdict."""

_ROLLUP = {"": "", "mean": "weighted mean"}
_WORSE = {"up": "higher", "down": "lower", "": ""}


def markdown() -> str:
    """The page of metrics, as Markdown."""
    lines = [
        "# Metrics",
        "",
        "Every number of the tables `assess` and `cube`, from the list in `dtl/analyses/metrics.py`. A metric of an",
        "element carries the element's name; all others hold for the feeder. `delta_<metric>` is the difference to the",
        "baseline case; a change below *material* counts as `same`.",
        "",
        "| analysis | metric | unit | meaning | worse when | study shows | material from | of |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for m in METRICS.values():
        of = "element" if m.only_elements else "feeder, element" if m.elements else "feeder"
        parts = (f"{m.material:g}" if m.material else "", f"{100 * m.share:.0f} %" if m.share else "")
        material = " and ".join(part for part in parts if part)
        study = _ROLLUP.get(m.rollup, m.rollup) + (f" by `{m.weight}`" if m.weight else "")
        lines.append(
            f"| {m.analysis} | `{m.name}` | {m.unit} | {m.meaning} | {_WORSE[m.worse]} | {study} | {material} | {of} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
