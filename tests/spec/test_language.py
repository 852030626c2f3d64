"""The whole language: the example of the design and the practice studies are writable, and the schema agrees."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from dtl.errors import SpecError
from dtl.spec import names, reference, schema
from dtl.spec.base import Base
from dtl.spec.kinds import ORDER
from dtl.spec.study import load
from dtl.spec.words import meaning

STUDIES = sorted((Path(__file__).resolve().parents[1] / "cases" / "spec" / "_studies").glob("*.yaml"))


@pytest.fixture
def all_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all files were there."""
    monkeypatch.setattr(names, "_must_exist", lambda path, reading: None)


@pytest.mark.parametrize("path", STUDIES, ids=lambda p: p.stem)
def test_only_files_that_are_not_there_are_refused(path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load(path)
    slugs = {m.slug for m in caught.value.mistakes}
    assert slugs <= {"spec.missing-file"}, str(caught.value)


@pytest.mark.parametrize("path", STUDIES, ids=lambda p: p.stem)
@pytest.mark.usefixtures("all_files")
def test_it_is_a_study_once_its_files_are_there(path: Path) -> None:
    study = load(path)
    years = study.years.planned or [0]
    assert len(study.cases) == len(years) * len({"base", *study.scenarios})
    for case in study.cases:
        kinds = [ORDER.index(layer.kind) for _, layer in case.layers]
        assert kinds == sorted(kinds)
    assert study.canonical() == load(path).canonical()


@pytest.mark.usefixtures("all_files")
def test_the_example_of_the_design_means_what_it_says() -> None:
    study = load(next(p for p in STUDIES if p.stem == "full"))
    assert [c.case for c in study.cases] == [f"{s}@{y}" for s in ("base", "high") for y in (2026, 2030, 2035)]
    high = {c.case: [n for n, _ in c.layers] for c in study.cases}
    assert high["high@2035"] == ["heat_2023", "committed", "queued", "growth", "level_2", "roof_20", "new_tou"]
    assert "new_tou" not in high["high@2026"], "it begins in 2028"
    plain = study.canonical()
    assert plain["analyses"]["mitigation"]["budget"] == 4_000_000
    assert plain["layers"]["evening"]["do"][0]["at"] == "2030-07-16T18:00:00"
    assert plain["layers"]["big_pv"]["at"] == "NS-101:645"
    assert study.resolved_limits["lines"]["summer"] == "summer"
    bands = [(e["kv"], e["low_pu"], e["high_pu"]) for e in study.resolved_limits["voltage"]]
    assert bands == [([0.0, 0.6], 0.95, 1.05), ([0.6, 1.0], 0.975, 1.05), ([1.0, 35.0], 0.975, 1.05)]


def as_json(value: Any) -> Any:
    """What an editor sees of a YAML file."""
    if isinstance(value, dict):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, list):
        return [as_json(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema.schema())
    return jsonschema.Draft202012Validator(schema.schema())


@pytest.mark.parametrize("path", STUDIES, ids=lambda p: p.stem)
def test_the_schema_accepts_what_the_loader_accepts(path: Path, validator: jsonschema.Draft202012Validator) -> None:
    errors = list(validator.iter_errors(as_json(yaml.safe_load(path.read_text(encoding="utf-8")))))
    assert not errors, errors[0].message


@pytest.mark.parametrize(
    ("where", "value"),
    [("titel", "x"), ("years", {"planned": ["soon"]}), ("sources", {"a": {"kind": "opendds"}}), ("dtl", "one")],
)
def test_the_schema_refuses_what_the_loader_refuses(
    where: str, value: object, validator: jsonschema.Draft202012Validator
) -> None:
    study = as_json(yaml.safe_load(STUDIES[0].read_text(encoding="utf-8")))
    assert not validator.is_valid({**study, where: value})


def test_schema_and_reference_are_those_of_the_code(root: Path, golden: Callable[[Path, str], None]) -> None:
    golden(root / "site" / "docs" / "schema" / "study.json", schema.text())
    golden(root / "site" / "docs" / "language.md", reference.page())


def test_every_word_is_explained_and_every_anchor_is_there_once() -> None:
    mute = [
        f"{cls.__name__}.{name}"
        for cls in schema.classes()
        for name in cls.model_fields
        if name != "kind" and not meaning(cls, name)
    ]
    assert not mute
    anchors = [reference.anchor(cls) for cls in schema.classes()]
    assert len(anchors) == len(set(anchors))
    assert len({cls.__name__ for cls in schema.classes()}) == len(anchors), "the schema knows classes by their name"


def test_kinds_and_their_order_are_complete() -> None:
    assert names._kinds("layers") == set(ORDER)
    assert names._kinds("sources") >= {"opendss", "cyme_text", "cim", "open_meteo", "weather_file", "epw", "costs"}
    assert set(names.MODELS) <= names._kinds("sources")


def test_a_section_is_frozen_and_made_in_code_without_text() -> None:
    from dtl.spec.adoption import Growth

    layer = Growth(kind="growth", per_year=0.02)
    with pytest.raises(ValueError, match="frozen"):
        layer.per_year = 0.03  # type: ignore[misc]
    assert issubclass(Growth, Base)


def test_the_language_imports_little() -> None:
    code = "import sys, dtl.spec.load, dtl.spec.check; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "pandas", "pyarrow", "scipy", "networkx", "jinja2", "dss", "opendssdirect", "snakemake"}
    assert heavy.isdisjoint(loaded)
