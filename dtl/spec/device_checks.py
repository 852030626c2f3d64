"""What devices need besides themselves: a register and weather for existing roofs, roofs or a tariff for batteries."""

from __future__ import annotations

from collections.abc import Iterator

from dtl.spec.adoption import Battery, Tariff
from dtl.spec.measured import OpenMeteo, WeatherFile
from dtl.spec.study import Study

Found = Iterator[tuple[tuple[str | int, ...], str, str]]
"""Where, slug and message of each mistake."""


def existing_roofs_are_known(study: Study) -> Found:
    """Roofs that are separated from the load are those of a register, and follow the weather."""
    if study.demand.existing_pv != "separated":
        return
    if not any(source.kind == "generators" for source in study.sources.values()):
        message = "the roofs that are separated are those of a register; the study has no source of kind generators"
        yield ("demand", "existing_pv"), "needs-generators", message
    if not any(isinstance(s, OpenMeteo | WeatherFile) for s in study.sources.values()):
        message = "what roofs gave follows the irradiance, and the study has no weather"
        yield ("demand", "existing_pv"), "needs-weather", message


def batteries_have_company(study: Study) -> Found:
    """The roofs that batteries go with, and the tariff that they follow, are in the same stack."""
    for name, scenario in study.scenarios.items():
        kinds = {type(study.layers[n]) for n in scenario.stack if n in study.layers}
        for i, stacked in enumerate(scenario.stack):
            layer = study.layers.get(stacked)
            if not isinstance(layer, Battery):
                continue
            if layer.with_ is not None and layer.with_ not in scenario.stack:
                message = f"'{stacked}' goes with '{layer.with_}', which is not in this stack"
                yield ("scenarios", name, "stack", i), "not-stacked", message
            if layer.mode == "tariff" and Tariff not in kinds:
                message = f"'{stacked}' follows a tariff, and this stack has no layer of kind tariff"
                yield ("scenarios", name, "stack", i), "not-stacked", message
