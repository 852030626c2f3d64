"""The registries and the list of stages name things that exist, with the signature they must have."""

from __future__ import annotations

import inspect
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from dtl.workflow.stage import Stage
from dtl.workflow.stages import STAGES

ROOT = Path(__file__).resolve().parents[2]


def resolve(reference: str) -> object:
    module, name = reference.split(":")
    return getattr(import_module(module), name)


@pytest.mark.parametrize("stage", STAGES.values(), ids=list(STAGES))
def test_stage_function_has_the_signature(stage: Stage) -> None:
    function = resolve(stage.function)
    assert callable(function)
    assert list(inspect.signature(function).parameters) == ["spec", "inputs", "outputs"]
    assert stage.function.split(":")[1] == stage.name, "rule, stage and function have one name"


@pytest.mark.parametrize("stage", [s for s in STAGES.values() if s.registry], ids=lambda s: s.name)
def test_registry_names_functions_after_their_kind(stage: Stage) -> None:
    registry = resolve(stage.registry)
    assert isinstance(registry, dict)
    for kind, reference in registry.items():
        assert callable(resolve(reference)), reference
        told = sys.modules[reference.partition(":")[0]].__doc__ or ""
        assert kind in reference or f"``{kind}``" in told.partition("\n")[0], f"{kind}: {reference}"


def test_each_stage_has_its_rule() -> None:
    text = "".join(p.read_text() for p in sorted((ROOT / "rules").glob("*.smk")))
    rules = set(re.findall(r"^(?:rule|checkpoint) (\w+):", text, flags=re.M))
    assert set(STAGES) <= rules
    assert rules - set(STAGES) <= {"gate"}
