"""Whether a sweep varies numbers that exist, within their ranges."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pydantic import ValidationError

from dtl.spec.base import near
from dtl.spec.explain import beyond
from dtl.spec.scenarios import Range
from dtl.spec.study import Study

MOST = 10_000
"""Points that a sweep may have."""


def swept(study: Study) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Where, slug and message of each mistake in the sweeps of a study."""
    for name, sweep in study.sweeps.items():
        years = study.years.planned
        if sweep.year is not None and sweep.year not in years:
            listed = ", ".join(str(y) for y in years) or "none"
            yield ("sweeps", name, "year"), "unknown-year", f"{sweep.year} is not planned; years.planned: {listed}"
        points = 1
        for target, values in sweep.vary.items():
            numbers = values.values() if isinstance(values, Range) else values
            points *= len(numbers)
            problem = _problem(study, sweep.of, target, numbers)
            if problem is not None:
                yield ("sweeps", name, "vary", target), *problem
        if sweep.sample is None and points > MOST:
            yield ("sweeps", name), "sweep-range", f"{points} points are too many (at most {MOST}); use 'sample'"


def _problem(study: Study, of: str, target: str, numbers: list[float]) -> tuple[str, str] | None:
    layer_name, dot, word = target.partition(".")
    if not dot:
        return "unknown-name", f"'{target}' must be LAYER.FIELD"
    if layer_name not in study.layers:
        return "unknown-name", f"there is no layer named '{layer_name}'{near(layer_name, study.layers)}"
    stack = study.scenarios[of].stack if of in study.scenarios else []
    if layer_name not in stack:
        return "unknown-name", f"layer '{layer_name}' is not in the stack of '{of}'{near(layer_name, stack)}"
    layer = study.layers[layer_name]
    fields = {f.alias or n: n for n, f in type(layer).model_fields.items()}
    numeric = {w for w, n in fields.items() if isinstance(getattr(layer, n), int | float)}
    if word not in numeric:
        return "unknown-name", f"'{word}' is no number of layer '{layer_name}'{near(word, numeric)}"
    for number in numbers:
        if isinstance(getattr(layer, fields[word]), int) and number != math.floor(number):
            return "sweep-range", f"{target} takes whole numbers only, not {number:g}"
        try:
            type(layer).model_validate({**layer.model_dump(by_alias=True), word: number})
        except ValidationError as error:
            first = error.errors()[0]
            message = beyond(first["type"], first.get("ctx") or {}, f"{number:g}", first["msg"])[1]
            return "sweep-range", f"{target}: {message}"
    return None
