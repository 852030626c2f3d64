"""What changes the digest of a study, and what does not; and that the loader only ever raises SpecError."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dtl.errors import SpecError
from dtl.spec.analyses import Mitigation
from dtl.spec.canonical import plain
from dtl.spec.study import Study, load

STUDY: dict[str, Any] = {
    "dtl": "1",
    "title": "Growth",
    "question": "Which lines?",
    "timezone": "America/Chicago",
    "feeders": ["F1", "F2"],
    "years": {"measured": "2025", "planned": ["2026", "2030"]},
    "sources": {"circuit": {"kind": "opendss", "path": "feeder.dss"}},
    "network": {"model": "circuit", "head_voltage": {"pu": "1.03"}, "secondary": {"drop_pct": "2.5"}},
    "limits": {
        "lines": {"over_pct": "100", "summer": "summer"},
        "voltage": [{"rule": "ansi-c84.1@2020", "range": "A"}],
    },
    "layers": {"slow": {"kind": "growth", "per_year": "0.01"}, "fast": {"kind": "growth", "per_year": "0.03"}},
    "scenarios": {"low": {"title": "Low", "stack": ["slow"]}, "high": {"title": "High", "stack": ["fast"]}},
    "analyses": {"compare": {"baseline": "base"}, "losses": {}},
    "report": {"headline": "thermal", "units": "us"},
    "expect": {"failed_feeders": {"at_most": "0.02"}},
}


def written(value: Any, rng: random.Random, level: int = 0) -> str:
    """A value as YAML: keys in any order, in block or flow style, with comments and blank lines."""
    if isinstance(value, list):
        return "[" + ", ".join(written(v, rng, 9) for v in value) + "]"
    if not isinstance(value, dict):
        return str(value) if rng.random() < 0.5 and "#" not in str(value) else f'"{value}"'
    if not value:
        return "{}"
    keys = rng.sample(list(value), len(value))
    if level >= 3 or (level and rng.random() < 0.5):
        return "{" + ", ".join(f"{k}: {written(value[k], rng, 9)}" for k in keys) + "}"
    lines = []
    for key in keys:
        if rng.random() < 0.3:
            lines.append(rng.choice(["", "  " * level + "# a comment: with {braces}", "# another"]))
        inner = written(value[key], rng, level + 1)
        block = isinstance(value[key], dict) and not inner.startswith("{")
        lines.append("  " * level + f"{key}:" + ("\n" if block else " ") + inner + ("  # why" if not block else ""))
    return "\n".join(lines)


def loaded(text: str, folder: Path) -> Study:
    (folder / "feeder.dss").touch()
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return load(folder)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_order_style_and_comments_leave_the_digest(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plain = loaded(written(STUDY, random.Random(0)), Path(folder))
        other = loaded(written(STUDY, random.Random(seed)), Path(folder))
    assert other.digest == plain.digest
    assert other.canonical() == plain.canonical()


def changed(path: str, value: Any) -> dict[str, Any]:
    study = {k: dict(v) if isinstance(v, dict) else v for k, v in STUDY.items()}
    *way, last = path.split(".")
    at = study
    for step in way:
        at[step] = dict(at[step])
        at = at[step]
    at[last] = value
    return study


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title", "Another"),
        ("question", "Why?"),
        ("scenarios.low.title", "Slow"),
        ("scenarios.low.colour", "#1f77b4"),
        ("report.units", "si"),
        ("layers.slow.note", "a guess"),
    ],
)
def test_cosmetics_change_only_the_cosmetic_form(path: str, value: str, tmp_path: Path) -> None:
    before = loaded(written(STUDY, random.Random(0)), tmp_path)
    after = loaded(written(changed(path, value), random.Random(0)), tmp_path)
    assert after.canonical(cosmetic=False) == before.canonical(cosmetic=False)
    assert after.canonical() != before.canonical()
    assert after.digest != before.digest


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("timezone", "America/New_York"),
        ("feeders", ["F1"]),
        ("years.planned", ["2026"]),
        ("network.head_voltage", {"pu": "1.02"}),
        ("layers.slow.per_year", "0.011"),
        ("scenarios.low.stack", []),
        ("limits.lines.over_pct", "101"),
        ("powerflow", {"controls": "frozen"}),
        ("expect.failed_feeders", {"at_most": "0.03"}),
    ],
)
def test_numbers_change_both(path: str, value: Any, tmp_path: Path) -> None:
    before = loaded(written(STUDY, random.Random(0)), tmp_path)
    after = loaded(written(changed(path, value), random.Random(0)), tmp_path)
    assert after.canonical(cosmetic=False) != before.canonical(cosmetic=False)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("layers.slow.per_year", "1e-2"),
        ("limits.lines.over_pct", "1_00.0"),
        ("powerflow", {"controls": "active", "hours": "all"}),
        ("demand", {"from": ["model_loads"]}),
        ("sources.circuit.path", "./feeder.dss"),
    ],
)
def test_the_same_said_otherwise_is_the_same(path: str, value: Any, tmp_path: Path) -> None:
    before = loaded(written(STUDY, random.Random(0)), tmp_path)
    assert loaded(written(changed(path, value), random.Random(0)), tmp_path).digest == before.digest


def test_a_study_in_parts_is_the_study_in_one(tmp_path: Path) -> None:
    whole = loaded(written(STUDY, random.Random(0)), tmp_path)
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "sources.yaml").write_text("circuit: {kind: opendss, path: ../feeder.dss}\n")
    (parts / "fast.yaml").write_text("fast: {kind: growth, per_year: 0.03}\n")
    layers = "[parts/fast.yaml, {slow: {kind: growth, per_year: 0.01}}]"
    text = written({k: v for k, v in STUDY.items() if k not in ("sources", "layers")}, random.Random(0))
    study = loaded(f"{text}\nsources: parts/sources.yaml\nlayers: {layers}\n", tmp_path)
    assert study.digest == whole.digest
    assert [f.name for f in study.files] == ["study.yaml", "sources.yaml", "fast.yaml"]
    assert study.sources["circuit"].files(study.folder) == whole.sources["circuit"].files(whole.folder)


@given(
    text=st.text(alphabet=st.characters(codec="utf-8"), max_size=200)
    | st.text("{}[]:,#&*!|>'\"%@`?- \n\tab1\\", max_size=60)
)
@example(text='a: "\\UFFFFFFFF"')
@example(text="a: !!python/object:os.system x")
@example(text="? [a]\n: b")
@example(text="- &a [*a]")
@example(text="%YAML 9.9\n---\na: 1")
@example(
    text="dtl: 1\nsources: {a: {kind: [x]}}\nlayers: {a: {kind: {b: c}}}\nfeeders: [[x]]\nnetwork: []\nyears: x.yaml"
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_a_study_or_mistakes(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "study.yaml").write_text(text, encoding="utf-8", newline="")
        with pytest.raises(SpecError) as caught:
            load(Path(folder))
    assert caught.value.mistakes
    assert all(m.line >= 1 and m.column >= 1 for m in caught.value.mistakes)


@st.composite
def mutations(draw: st.DrawFn) -> dict[str, Any]:
    """The study with one value anywhere replaced by something odd, or taken out."""
    rng = random.Random(draw(st.integers(0, 10_000)))
    odd = draw(
        st.sampled_from(
            [
                "x",
                "-1",
                "1e9",
                ["x"],
                [],
                {},
                {"kind": "ev"},
                {"from": "x"},
                {"a": {"b": ["c"]}},
                None,
                "a" * 300,
                "x\u2028y",
            ]
        )
    )

    def walk(value: Any) -> Any:
        if isinstance(value, dict) and value and rng.random() < 0.85:
            key = rng.choice(list(value))
            rest = {k: v for k, v in value.items() if k != key}
            return {**rest, key: walk(value[key])} if rng.random() < 0.9 else rest
        return odd

    section = draw(st.sampled_from([k for k, v in STUDY.items() if isinstance(v, dict)]))
    return {**STUDY, section: walk(STUDY[section])}


@given(study=mutations())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_mutation_is_a_study_or_mistakes_with_places(study: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            assert loaded(written(study, random.Random(1)), Path(folder)).cases
        except SpecError as error:
            assert error.mistakes
            assert all(m.source for m in error.mistakes)


def test_measures_without_costs_are_themselves_with_their_defaults_written_out() -> None:
    asked = Mitigation.model_validate({"for": ["base"]})
    assert Mitigation.model_validate(plain(asked)) == asked, "the builder of studies writes and reads them so"
