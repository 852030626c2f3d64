"""What the builder of scenarios writes passes `dtl check`, and what it says of mistakes is what `dtl check` says."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import made_builder
import pytest
import scripts

from dtl.errors import SpecError
from dtl.report import builder
from dtl.spec.kinds import ORDER
from dtl.spec.schema import classes
from dtl.spec.study import Study, load

FILES = ["yaml.js", "builder-check.js", "builder-rules.js", "builder-state.js", "builder-day.js"]
Rich = tuple[Path, dict[str, Any]]


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Rich:
    return made_builder.rich(tmp_path_factory.mktemp("rich") / "everything")


def run(body: str, told: dict[str, Any], folder: Path) -> Any:
    return scripts.run(FILES, f"const b = DTL.builder; b.use(input.told); {body}", told, folder)


def pasted(study: str, snippet: str) -> str:
    """A study with the entries of a snippet below its own sections."""
    for part in re.split(r"(?m)^(?=\w)", snippet):
        section, _, entries = part.partition(":\n")
        if entries:
            study = study.replace(f"\n{section}:\n", f"\n{section}:\n{entries}")
    return study


def mistakes(path: Path, text: str) -> list[tuple[str, str, str]]:
    """Slug, path and message of all that `dtl check` finds in a text in the place of a study."""
    beside = path.with_name("tried.yaml")
    beside.write_text(text, encoding="utf-8")
    try:
        load(beside)
    except SpecError as error:
        return [(m.slug.removeprefix("spec."), m.path, m.message) for m in error.mistakes]
    return []


def test_first_layer_of_every_kind_passes_check_as_snippet_and_in_the_whole_file(rich: Rich, tmp_path: Path) -> None:
    path, told = rich
    body = """return b.told.order.map((kind) => {
      const state = { ...b.fresh(), title: "A “title”: 30 % # more" };
      b.add(state, kind);
      return [kind, b.mistakes(state), b.text(state, false), b.text(state, true)];
    });"""
    found = run(body, {"told": told}, tmp_path)
    assert [kind for kind, *_ in found] == list(ORDER)
    for kind, said, snippet, whole in found:
        assert said == [], kind
        assert mistakes(path, pasted(made_builder.STUDY, snippet)) == [], snippet
        assert mistakes(path, whole) == [], whole
        study = load(path.with_name("tried.yaml"))
        own = study.layers[kind]
        assert own.kind == kind and study.scenarios["my_scenario"].stack == [kind]
        assert study.scenarios["my_scenario"].title == "A “title”: 30 % # more"
        assert {n: study.layers[n] for n in told["names"]["layers"]} == load(path).layers


def test_a_day_of_charging_is_written_in_kw_or_as_shares(rich: Rich, tmp_path: Path) -> None:
    path, told = rich
    body = """return ["kw", "share"].map((unit) => {
      const state = b.fresh();
      b.add(state, "ev");
      const day = b.day.like("level2_residential");
      b.day.turn(day, unit);
      day.weekday[17] = unit === "kw" ? "2.5" : "0.25";
      state.profiles.ours_too = day;
      state.layers[0].data.profile = "ours_too";
      return [b.mistakes(state), b.text(state, false), b.day.told(day)];
    });"""
    kw, share = run(body, {"told": told}, tmp_path)
    for said, snippet, _ in (kw, share):
        assert said == [] and mistakes(path, pasted(made_builder.STUDY, snippet)) == []
        profile = load(path.with_name("tried.yaml")).profiles["ours_too"]
        assert profile.weekday is not None and len(profile.weekday) == 24
        if snippet == kw[1]:
            assert profile.weekday[17] == 2.5 and profile.energy_kwh_per_day is None
        else:
            assert profile.weekday[17] == 0.25 and abs(sum(profile.weekend or []) - 1.0) < 1e-2
            assert profile.energy_kwh_per_day == pytest.approx(7.38, abs=0.1)
    builtin = builder.days()["level2_residential"]["weekday"]
    assert float(kw[2].split(" kWh")[0]) == pytest.approx(sum(builtin) - builtin[17] + 2.5, abs=0.006)


TEXTS = ("0", "1", "-1", "0.5", "2", "30", "2.5", "1_000", "1e3", "30%", "30 %", "5 kW", "0,5", "1,000", "abc", "2030",
         "1989", "true", "no", "2026-10-31", "2026-02-30", "2026-07-16 18:00", "ABC", "AB", "CA", "x.csv", "/x.csv",
         "a*.csv", "x.txt", "roofs", "cut", "west", "register", "path_of_growth", "ours", "level2_residential", "9x",
         "ev", "load", "hottest_week", "ieee_1547_a", "fuzzy", "uniform", "approved", "sold", "t 1", "24")  # fmt: skip
JUDGED = {"unknown-value", "not-a-number", "out-of-range", "one-of", "missing-word", "wrong-shape", "not-a-date",
          "not-a-flag", "bad-name", "empty-value", "unknown-name", "bad-path", "wrong-file", "wrong-kind",
          "volt-var-kva", "twice", "bad-wildcard"}  # fmt: skip
"""What the form says too; the rest is of files and between sections."""


def made_up(part: dict[str, Any], known: dict[str, Any], draw: random.Random, field: str = "") -> Any:
    """A value of a part of the schema, often wrong."""
    name = part.get("$ref", "").rpartition("/")[2]
    part = known[name] if name else part
    if "properties" in part:
        words = [w for w in part["properties"] if w != "kind"]
        chosen = draw.sample(words, min(len(words), draw.choice([0, 1, 1, 2, 2, 3, 4])))
        chosen += [w for w in part.get("required", []) if w not in chosen and w != "kind" and draw.random() < 0.95]
        return {w: made_up(part["properties"][w], known, draw, w) for w in chosen}
    if union := part.get("oneOf") or part.get("anyOf"):
        return made_up(draw.choice(union), known, draw, field)
    if part.get("type") == "array":
        return [made_up(part["items"], known, draw, field) for _ in range(draw.choice([1, 1, 2, 2, 3]))]
    if draw.random() < 0.25:
        return draw.choice(TEXTS)
    if "enum" in part:
        return str(draw.choice(part["enum"]))
    if "minimum" in part or "maximum" in part:
        return f"{draw.uniform(part.get('minimum', 0), part.get('maximum', 100)):.4g}"
    if part.get("type") in ("number", "integer"):
        return str(draw.randrange(1, 9))
    return {"boolean": "true", "string": "ABC"}.get(str(part.get("type")), draw.choice(TEXTS))


def beginning(message: str) -> str:
    """A message without its guesses at names, which depend on a measure of likeness."""
    return re.split(r"; (?:did you mean|there is|'\w+' has no entry)", message)[0]


def test_mistakes_are_told_in_the_words_of_check(rich: Rich, tmp_path: Path) -> None:
    path, told = rich
    known, kinds = told["language"]["classes"], told["language"]["kinds"]
    draw = random.Random(5)
    entries = [
        {"kind": kind} | made_up({"$ref": cls}, known, draw) for _ in range(25) for kind, cls in sorted(kinds.items())
    ]
    entries += [made_up({"$ref": "Profile"}, known, draw) for _ in range(40)]
    made = [s.get("register_program", {}).get("name", "None") for e in entries if e.get("kind") == "actions"
            for s in e.get("do", []) if "register_program" in s]  # fmt: skip
    body = """b.own = (of) => (["made", "programs"].includes(of) ? input.made : []);
    return input.entries.map((entry, i) => {
      const section = entry.kind ? "layers" : "profiles";
      return [b.checkEntry(section, `x${i}`, entry), section, DTL.yaml.text({ [`x${i}`]: entry })];
    });"""
    said = run(body, {"told": told, "entries": entries, "made": made}, tmp_path)
    text = made_builder.STUDY
    for _, section, own in said:
        indented = "".join(f"  {line}\n" for line in own.splitlines())
        text = text.replace(f"\n{section}:\n", f"\n{section}:\n{indented}")
    every = mistakes(path, text)
    lacking = {".".join(at.split(".")[:2]) for slug, at, _ in every if slug == "missing-file"}
    found = [m for m in every if m[0] in JUDGED]
    seen = {slug for slug, *_ in found}
    wanted = sorted((at, beginning(message)) for _, at, message in found)
    got = sorted((m["path"], beginning(m["message"])) for own, *_ in said for m in own)
    got = [g for g in got if g[0] not in lacking]  # rules over several words come after files
    assert [g for g in got if g not in wanted] == [] and [w for w in wanted if w not in got] == []
    assert len(seen) >= 10


def test_lists_of_fields_name_fields_that_there_are() -> None:
    known = {cls.__name__: {f.alias or n for n, f in cls.model_fields.items()} for cls in classes()}
    every = set().union(*known.values())
    for field in (*builder.NAMED, *builder.SUGGESTED, *builder.FILES):
        cls, _, name = field.rpartition(".")
        assert name in (known[cls] if cls else every), field


def test_payload_holds_no_more_of_the_schema_than_the_form_needs(rich: Rich) -> None:
    held = rich[1]["language"]["classes"]
    assert {"Ev", "Scenario", "Profile", "Seasons", "Step", "ScaleLoad"} <= set(held)
    assert not {"Study", "OpenDss", "Analyses", "Gis"} & set(held)


def test_every_shipped_study_can_be_written_again_without_its_defaults() -> None:
    root, tried = Path(__file__).resolve().parents[2], 0
    for path in sorted([*root.glob("studies/*/study.yaml"), *root.glob("tests/cases/spec/good_*/study.yaml")]):
        try:
            study = load(path)
        except SpecError:
            continue  # its data are not on this machine
        written = builder.payload(
            {"study": "x", "spec_text": json.dumps(study.canonical())}, SimpleNamespace(feeders=[]), [], {}
        )["written"]
        assert Study.model_validate(written).canonical() == study.canonical(), path
        tried += 1
    assert tried >= 5
