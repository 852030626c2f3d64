"""What is told and advised of a feeder: templates over cells of the cube, and rules with fixed bounds."""

from __future__ import annotations

from collections.abc import Callable

from dtl.learning.narrate import Rule


def _always(_: Callable[[str], float]) -> bool:
    return True


TOLD = (
    Rule(
        "tell.peak",
        "In {case} it draws {peak_kw} at most and {energy_kwh} in the hours solved, of which {loss_pct} are lost",
        _always,
    ),
    Rule(
        "tell.line",
        "Its most loaded line is {max_line_load_pct:where} with {max_line_load_pct} of its rating "
        "{max_line_load_pct:when} (limit {max_line_load_pct:limit})",
        _always,
    ),
    Rule(
        "tell.transformer",
        "Its most loaded transformer is {max_transformer_load_pct:where} with "
        "{max_transformer_load_pct} of its rating {max_transformer_load_pct:when} (limit "
        "{max_transformer_load_pct:limit})",
        _always,
    ),
    Rule("tell.voltage", "Voltages lie between {min_pu} at {min_pu:where} and {max_pu} at {max_pu:where}", _always),
    Rule(
        "tell.hours",
        "Something is overloaded in {overload_hours_h}, and a voltage is outside its limits in {violation_hours_h}",
        lambda v: v("overload_hours_h") + v("violation_hours_h") > 0,
    ),
    Rule(
        "tell.reverse",
        "Power flows back to the substation in {reverse_hours_h}, {reverse_kwh} in all",
        lambda v: v("reverse_hours_h") > 0,
    ),
    Rule(
        "tell.hosting",
        "Half of its buses take {hosting_generation_median_kw} of generation or more, the worst takes "
        "{hosting_generation_min_kw}",
        _always,
    ),
    Rule("tell.outages", "Its customers had {saifi} sustained interruptions of {caidi_min} a year", _always),
)
"""What is told of a feeder in its worst case."""

FEW_H, MANY_H = 20.0, 200.0
"""Hours of a year with an overload up to which operation may cure it, and from which work is the usual answer."""
VOLT_PCT = 1.0
"""Share of the hours with a voltage out [%] from which equipment is the usual answer, not a setting."""
LOSS_PCT = 8.0
"""Losses [%] beyond what a distribution feeder usually has: the input is to be checked first."""

ADVICE = (
    Rule(
        "load.brief",
        "Overloads last {overload_hours_h} in the year: a transfer of load, a smaller peak by tariff "
        "or storage, or a rating for the season may do without new equipment",
        lambda v: 0 < v("overload_hours_h") <= FEW_H,
    ),
    Rule(
        "load.line",
        "Lines over their rating: {lines_over}, worst {max_line_load_pct:where}; compare a transfer "
        "over an open tie with a larger conductor, and check the rating first",
        lambda v: v("lines_over") > 0 and v("overload_hours_h") > FEW_H,
    ),
    Rule(
        "load.transformer",
        "Transformers over their limit: {transformers_over}, worst "
        "{max_transformer_load_pct:where}; check which customers hang on them, then the size",
        lambda v: v("transformers_over") > 0 and v("overload_hours_h") > FEW_H,
    ),
    Rule(
        "load.long",
        "Overloads last {overload_hours_h}: this is no peak to be shaved, capacity is missing",
        lambda v: v("overload_hours_h") > MANY_H,
    ),
    Rule(
        "volt.low-brief",
        "A voltage is too low in {violation_hours_low_h}: regulator set points and capacitor "
        "switching come before equipment",
        lambda v: 0 < v("violation_hours_low_h") <= VOLT_PCT / 100 * v("hours_h"),
    ),
    Rule(
        "volt.low-long",
        "A voltage is too low in {violation_hours_low_h} (buses: {buses_low}): a capacitor, a "
        "regulator or a shorter path is needed",
        lambda v: v("violation_hours_low_h") > VOLT_PCT / 100 * v("hours_h") > 0,
    ),
    Rule(
        "volt.high-reverse",
        "A voltage is too high in {violation_hours_high_h} while power flows back in "
        "{reverse_hours_h}: volt-var curves of inverters or a lower set point at the head",
        lambda v: v("violation_hours_high_h") > 0 and v("reverse_hours_h") > 0,
    ),
    Rule(
        "volt.high",
        "A voltage is too high in {violation_hours_high_h} though no power flows back: check head "
        "voltage, taps and fixed capacitors",
        lambda v: v("violation_hours_high_h") > 0 and v("reverse_hours_h") == 0,
    ),
    Rule(
        "flow.reverse",
        "Power flows back in {reverse_hours_h}: protection and regulators must be made for it",
        lambda v: v("reverse_hours_h") > 0,
    ),
    Rule(
        "loss.high",
        "{loss_pct} of losses are more than a feeder of this kind usually has: check lengths, "
        "conductors and the load before believing them",
        lambda v: v("loss_pct") > LOSS_PCT,
    ),
    Rule(
        "data.unrated",
        "Lines and transformers without a rating, which nobody judges: {unrated_elements}; find it",
        lambda v: v("unrated_elements") > 0,
    ),
    Rule("calm", "Nothing is over a limit in {case}: no work", lambda v: v("violating") == 0 and v("solved") == 1),
)
"""What is advised of a feeder in its worst case, in the order of the page."""
