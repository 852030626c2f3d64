"""The box of questions reads and answers as `dtl ask` does: same query, same words, same numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import made_questions
import made_study
import pyarrow.parquet as pq
import pytest
import scripts

from dtl import layout
from dtl.learning.query.echo import words
from dtl.learning.query.parse import Understood, understand
from dtl.report import asked, facts, figures, lexicon

READ = ["ask-words.js", "ask-slots.js", "ask-parse.js", "ask-echo.js"]


def read_in_both(texts: list[str], folder: Path) -> None:
    told = {"lexicon": lexicon.payload(), "texts": texts}
    body = """DTL.ask.use(input.lexicon);
    return input.texts.map((text) => {
      const read = DTL.ask.understand(text);
      return [read.query, read.ignored, read.corrected, DTL.ask.words(read.query)];
    });"""
    for text, got in zip(texts, scripts.run(READ, body, told, folder), strict=True):
        known = understand(text)
        wanted = [known.query, list(known.ignored), [list(c) for c in known.corrected], words(known.query)]
        assert got == json.loads(json.dumps(wanted)), text


def test_questions_of_the_sample_read_the_same(samples: Path, tmp_path: Path) -> None:
    lines = (samples / "nlq/dev.jsonl").read_text(encoding="utf-8").splitlines()
    read_in_both([json.loads(line)["text"] for line in lines], tmp_path)


def test_questions_of_our_own_and_nonsense_read_the_same(tmp_path: Path) -> None:
    read_in_both([*made_questions.listed(), *made_questions.ANSWERED, *made_questions.mixed(3000, 7)], tmp_path)


@pytest.fixture
def solved(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The made-up study where `dtl ask` looks for its results."""
    monkeypatch.chdir(tmp_path)
    spec = Path(layout.SPEC.format(study="made"))
    spec.parent.mkdir(parents=True, exist_ok=True)
    spec.write_text(json.dumps({n: made_study.spec()[n] for n in ("scenarios", "layers")}), encoding="utf-8")
    for i, name in enumerate(made_study.MODELS):
        for table in ("powerflow", "hosting"):
            if name in made.inputs[table]:
                to = Path(layout.GROUP.format(study="made", group=f"g{i}")) / f"{table}.parquet"
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(Path(made.inputs[table][name]).read_bytes())
    return tmp_path


def test_answers_are_those_of_the_command_line(made: Any, solved: Path) -> None:
    body = """globalThis.document.head = { append: (s) => vm_load(s) };
    globalThis.document.createElement = () => ({ remove() {} });
    const fs = require("fs"), vm = require("vm");
    const vm_load = (s) => vm.runInThisContext(fs.readFileSync(`${input.www}/${s.src}`, "utf8"));
    const known = await DTL.askReady();
    const texts = [];
    for (const text of input.texts) {
      const read = DTL.ask.understand(text);
      const parts = await DTL.ask.answer(known, read);
      const rows = (p) => (p.rows ?? []).map((r) => [r.name, DTL.text(r.value, r.unit), r.value]);
      const head = (p) => [p.case?.case ?? "", p.which].filter(Boolean).join(", ");
      texts.push(parts.map((p) => [p.held, p.text, head(p), rows(p), p.more ?? 0]));
    }
    return texts;"""
    told = {"www": str(made.www), "texts": made_questions.ANSWERED}
    got = scripts.run([*READ, "ask-answer.js", "ask.js"], body, told, solved)
    cube = facts.load(made.inputs["cube"])
    for text, parts in zip(made_questions.ANSWERED, got, strict=True):
        read = understand(text)
        printed, code = asked.answer("made", cube, read)
        lines = [
            line
            for line in printed.splitlines()
            if not line.startswith(("understood:", "ignored:", "read as:", "scenario:"))
        ]
        if code == asked.UNCLEAR:
            assert parts == [], text
            continue
        assert (code == asked.ANSWERED) == all(held for held, *_ in parts), text
        shown: list[str] = []
        for held, said, case, rows, more in parts:
            shown += [f"case: {case}"] if held and case else []
            shown += [said] if said else []
            if not said:
                shown += [f"{name}: {value}" for name, value, _ in rows]
            shown += [f"and {more} more"] if more else []
        # which names come after the nearest depends on the measure of likeness
        wanted = [line.split("    [")[0] for line in lines]
        assert [line.split(", ")[0] if "; nearest" in line else line for line in shown] == [
            line.split(", ")[0] if "; nearest" in line else line for line in wanted
        ], text


def test_there_is_something_of_every_sort(made: Any, solved: Path) -> None:
    """The questions above hold answers with rows, counts, refusals and what the results do not hold."""
    cube = facts.load(made.inputs["cube"])
    codes = [asked.answer("made", cube, understand(t))[1] for t in made_questions.ANSWERED]
    assert codes.count(asked.ANSWERED) >= 14 and codes.count(asked.NOTHING) >= 5 and codes.count(asked.UNCLEAR) >= 2


def test_a_word_that_names_a_scenario_of_the_study_chooses_it(made: Any, solved: Path) -> None:
    cube = facts.load(made.inputs["cube"])
    query = understand("peak load of feeder north").query
    plain, _ = asked.answer("made", cube, Understood(query, ("nonsense",)))
    named, _ = asked.answer("made", cube, Understood(query, ("nonsense", "Growth")))
    assert "case: base@" in plain and "ignored: nonsense" in plain
    assert "scenario: growth\nignored: nonsense\ncase: growth@" in named
    body = """const known = { cases: [{ scenario: "base" }, { scenario: "growth" }] };
    return [DTL.ask.scenarioOf(known, ["nonsense", "Growth"]), DTL.ask.scenarioOf(known, ["nonsense"])];"""
    assert scripts.run([*READ, "ask-answer.js"], body, {}, solved) == ["growth", ""]


def test_ids_of_one_kind_are_alternatives(made: Any, solved: Path) -> None:
    cube = facts.load(made.inputs["cube"])
    both, code = asked.answer("made", cube, understand("peak load of feeder North and feeder South-2"))
    assert code == asked.ANSWERED and "\nnorth: " in both and "\nsouth-2: " in both


def voltages(folder: Path, case: str) -> list[dict[str, Any]]:
    """Lowest and highest voltage of each bus of a case."""
    rows = [r for p in folder.rglob("powerflow.parquet") for r in pq.read_table(p).to_pylist()]
    return [r for r in rows if (r["kind"], r["case"], r["phase"]) == ("bus", case, "") and r["min_pu"] is not None]


def test_bounds_of_a_voltage_are_compared_with_the_voltage_that_they_limit(made: Any, solved: Path) -> None:
    cube = facts.load(made.inputs["cube"])

    def said(text: str) -> tuple[str, int]:
        """The line of the case, and how many buses."""
        lines = asked.answer("made", cube, understand(text))[0].splitlines()
        (at,) = [i for i, line in enumerate(lines) if line.startswith("case: ")]
        return lines[at], int(lines[at + 1].split()[0])

    head, _ = said("how many buses are below 0.98 pu")
    rows = voltages(solved, head.split(", ")[0].removeprefix("case: "))
    low, high = sorted(r["min_pu"] for r in rows), sorted(r["max_pu"] for r in rows)
    mid_low, mid_high = round(max(v for v in low if v < 0.999), 4), round(min(v for v in high if v > 1.001), 4)
    for text, side, wanted in (
        (f"how many buses are below {mid_low} pu", "lowest", sum(v < mid_low for v in low)),
        (f"how many buses are above {mid_high} pu", "highest", sum(v > mid_high for v in high)),
        (f"how many buses are not above {mid_high} pu", "highest", sum(v <= mid_high for v in high)),
        (f"how many buses are above {mid_low} pu", "lowest", sum(v > mid_low for v in low)),
        (f"how many buses are outside {mid_low} and {mid_high} pu", "lowest and highest",
         sum(r["min_pu"] < mid_low or r["max_pu"] > mid_high for r in rows)),
        (f"how many buses are between {mid_low} and {mid_high} pu", "lowest and highest",
         sum(r["min_pu"] >= mid_low and r["max_pu"] <= mid_high for r in rows)),
    ):  # fmt: skip
        head, count = said(text)
        assert head.endswith(f", {side} voltage of the year") and count == wanted, text
    highest, _ = asked.answer("made", cube, understand("bus with the highest voltage"))
    assert f"{figures.text(high[-1], 'pu')} " in highest and "max_pu]" in highest
