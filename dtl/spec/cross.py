"""Checks between sections: what is right by itself and wrong together."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from dtl.errors import Mistake
from dtl.spec.action_checks import devices_are_there, programs_hold, times_are_solved
from dtl.spec.base import near
from dtl.spec.device_checks import batteries_have_company, existing_roofs_are_known
from dtl.spec.edits import Actions
from dtl.spec.layer_files import (
    calibration_meets_words,
    classes_are_known,
    equipment_holds,
    files_hold,
    profiles_hold,
    switches_hold,
)
from dtl.spec.layers import conflicts
from dtl.spec.roots import leaves, roots, strangers
from dtl.spec.snapshot_checks import snapshots_have_no_time
from dtl.spec.study import Study
from dtl.spec.sweeps import swept
from dtl.spec.text import Node
from dtl.spec.year_checks import adoptions_have_a_way, growth_has_years, layers_have_weather, weather_was_fetched

Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, str, str]]
"""Where, slug and message of each mistake."""


def cross_check(study: Study, root: Node) -> list[Mistake]:
    """The mistakes between sections; what does not stand in the file (because it was left out) is not told."""
    found = []
    for check in CHECKS:
        for path, slug, message in check(study):
            node = _at(root, path)
            if node is not None:
                found.append(node.mistake(slug, message, _words(path)))
    return found


def placed(root: Node, path: Path, slug: str, message: str) -> Mistake:
    """A mistake at a path of a study, or at what is nearest above it in the file."""
    whole = _words(path)
    while (node := _at(root, path)) is None:
        path = path[:-1]
    return node.mistake(slug, message, whole)


def _words(path: Path) -> str:
    return "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in path).lstrip(".")


def _at(root: Node, path: Path) -> Node | None:
    """The value at a path; the key, where the value is a map or a list."""
    node, key = root, root
    for step in path:
        if step not in node.inner:
            return None
        key = node.keys.get(str(step), node.inner[step])
        node = node.inner[step]
    return node if isinstance(node.data, str) else key


def _stacks(study: Study) -> Found:
    """Layers of one kind that write the same; programs that are named and not stacked."""
    for name, scenario in study.scenarios.items():
        layers = {n: study.layers[n] for n in scenario.stack if n in study.layers}
        for first, second, what in conflicts(layers):
            first, second = sorted((first, second), key=scenario.stack.index)
            path = ("scenarios", name, "stack", scenario.stack.index(second))
            yield path, "conflict", f"'{second}' and '{first}' are of one kind and both set {what}; stack one of them"
        for layer_name, layer in layers.items():
            if not isinstance(layer, Actions):
                continue
            for i, step in enumerate(layer.do):
                for program in step.programs():
                    if program in study.layers and program not in layers:
                        path = ("scenarios", name, "stack", scenario.stack.index(layer_name))
                        message = f"do[{i}] of '{layer_name}' names the program '{program}', which is not in this stack"
                        yield path, "program-not-stacked", message


def _meters_have_a_year(study: Study) -> Found:
    for i, origin in enumerate(study.demand.from_):
        if origin in study.sources and study.years.measured is None:
            yield (
                ("demand", "from", i),
                "needs-years",
                f"'{origin}' is a time series; years.measured must say of which year",
            )


def _dates_are_known(study: Study) -> Found:
    operated = study.network.switches == "as_operated"
    if operated and not any(source.kind == "scada" for source in study.sources.values()):
        message = "the positions of a day are those that SCADA recorded; the study has no source of kind scada"
        yield ("network", "switches"), "needs-scada", message
    if study.network.as_of is not None and study.network.generators is None and not operated:
        message = "only a register has dates; name it in network.generators, or leave 'as_of' out"
        yield ("network", "as_of"), "needs-generators", message


def _heads_can_be_followed(study: Study) -> Found:
    """A measured head voltage needs the year it is of; a tap changer needs controls that act."""
    head = study.network.head_voltage
    if head is not None and head.from_ is not None and study.years.measured is None:
        message = f"'{head.from_}' is a time series; years.measured must say of which year"
        yield ("network", "head_voltage", "from"), "needs-years", message
    if head is not None and head.ltc is not None and study.powerflow.controls != "active":
        message = "a tap changer holds no voltage while controls are frozen; write powerflow.controls: active, or pu"
        yield ("network", "head_voltage", "ltc"), "conflict", message


def _together_is_chosen(study: Study) -> Found:
    if not isinstance(study.feeders, list):
        return
    for i, group in enumerate(study.network.together):
        for feeder in group:
            if not any(fnmatchcase(feeder, glob) for glob in study.feeders):
                yield (
                    ("network", "together", i),
                    "unknown-name",
                    f"feeder '{feeder}' is not one of the study's 'feeders'",
                )


def _layers_reach_feeders(study: Study) -> Found:
    """A layer for some feeders names feeders of the study, and all or none of those that are solved together."""
    chosen = study.feeders if isinstance(study.feeders, list) else None
    for name, layer in study.layers.items():
        for i, glob in enumerate(layer.feeders or ()):
            if chosen and not any(fnmatchcase(f, glob) or fnmatchcase(glob, f) for f in chosen):
                message = f"'{glob}' is none of the study's 'feeders'{near(glob, chosen)}"
                yield ("layers", name, "feeders", i), "unknown-name", message
        for group in study.network.together:
            reached = [f for f in group if layer.reaches(f)]
            if reached and len(reached) < len(group):
                left = ", ".join(f for f in group if f not in reached)
                message = (
                    f"{' and '.join(group)} are solved together (network.together): name {left} too, or none of them"
                )
                yield ("layers", name, "feeders"), "one-of", message


def _not_circular(study: Study) -> Found:
    """Nothing is calibrated on what it is validated or judged against."""
    calibrate, validate = study.analyses.calibrate, study.analyses.validate_
    if calibrate is None:
        return
    written = {"fit_on", "score_on"} <= calibrate.model_fields_set
    for i, source in enumerate(calibrate.against):
        path = ("analyses", "calibrate", "against", i)
        if validate is not None and validate.against == source:
            yield path, "circular", f"'{source}' is what analyses.validate compares with; calibrate on something else"
        expected = study.expect.head_energy_error
        if expected is not None and expected.against == source and not written:
            message = f"'{source}' judges expect.head_energy_error; say fit_on and score_on, so that they differ"
            yield path, "circular", message


def _files_stay_in_the_roots(study: Study) -> Found:
    """No file of a source is a link that leads out of the data roots, and names of files are text.

    Paths themselves are judged where they stand.
    """
    allowed = roots(study.folder, study.data_roots)
    for name, source in study.sources.items():
        told = leaves(getattr(source, "path", "."), study.folder, study.data_roots)
        files = source.files(study.folder)
        odd = next((f for f in files if NO_TEXT.search(str(f))), None)
        if odd is not None:
            shown = os.path.relpath(odd, study.folder).encode(errors="backslashreplace").decode()
            message = f"the name of the file '{shown}' is not UTF-8 (was it packed on another system?); rename it"
            yield ("sources", name), "bad-path", message
        found = next(strangers(files, allowed), None)
        if found is not None and not told:
            shown = os.path.relpath(found, study.folder)
            message = f"'{shown}' is a link out of the folder of the studies; declare in data_roots where it leads"
            yield ("sources", name), "outside-roots", message


def _headline_is_asked(study: Study) -> Found:
    headline = study.report.headline
    if not study.asks(headline):
        asked = {n.rstrip("_") for n in type(study.analyses).model_fields if getattr(study.analyses, n) is not None}
        yield (
            ("report", "headline"),
            "unknown-name",
            f"'{headline}' is not one of the study's analyses{near(headline, asked)}",
        )


def _reliability_has_outages(study: Study) -> Found:
    if study.analyses.reliability is not None and not any(s.kind == "oms" for s in study.sources.values()):
        yield ("analyses", "reliability"), "needs-outages", "the indices are of outages; add a source of kind oms"


def _surrogate_has_hosting(study: Study) -> Found:
    if study.analyses.surrogate is not None and not study.asks("hosting"):
        message = "it learns from what `hosting` finds; ask for analyses.hosting with methods: {iterative: {}}"
        yield ("analyses", "surrogate"), "needs-hosting", message


def _costs_have_a_currency(study: Study) -> Found:
    if study.currency is None and study.analyses.mitigation is not None and study.analyses.mitigation.costs:
        yield ("analyses", "mitigation"), "needs-currency", "costs need the study's 'currency', as currency: USD"


NEEDS = {
    "reference_rmse_pu": "validate",
    "hosting_without_reason": "hosting",
    "portfolio_still_violating": "mitigation",
}
"""The analysis that computes a metric of ``expect``."""


def _metrics_are_computed(study: Study) -> Found:
    for metric, analysis in NEEDS.items():
        if getattr(study.expect, metric) is not None and not study.asks(analysis):
            message = f"'{metric}' is computed by analyses.{analysis}, which the study does not ask for"
            yield ("expect", metric), "unknown-name", message


NO_TEXT = re.compile("[\udc80-\udcff]")
"""What Python puts for bytes of a name that are no UTF-8."""

CHECKS: tuple[Callable[[Study], Found], ...] = (
    _stacks,
    growth_has_years,
    adoptions_have_a_way,
    _meters_have_a_year,
    _dates_are_known,
    _heads_can_be_followed,
    _together_is_chosen,
    _layers_reach_feeders,
    _not_circular,
    weather_was_fetched,
    _files_stay_in_the_roots,
    _headline_is_asked,
    _reliability_has_outages,
    _surrogate_has_hosting,
    snapshots_have_no_time,
    _costs_have_a_currency,
    _metrics_are_computed,
    times_are_solved,
    devices_are_there,
    programs_hold,
    files_hold,
    equipment_holds,
    calibration_meets_words,
    profiles_hold,
    switches_hold,
    classes_are_known,
    layers_have_weather,
    existing_roofs_are_known,
    batteries_have_company,
    swept,
)
