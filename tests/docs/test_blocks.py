"""Every block of the documentation: studies are read by the language, commands by their parser, or they run."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from docs.blocks import PAGES, ROOT, Block, blocks

from dtl import arguments, cli
from dtl.spec.decisions import load_decisions
from dtl.spec.study import load

KNOWN = {"", "yaml", "console", "sh", "bash", "python", "sql", "csv", "json", "text"}
"""Languages of blocks; those of ``sql`` run in ``tests/report/test_publish.py``, those of none are commands or text."""
MARKS = {"in", "without", "skip", "run"}
AROUND = yaml.load((Path(__file__).parent / "around.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
"""What a fragment of a study stands in, unless it says so itself: ``study``, and the ``files`` that are there."""
YEAR = ["0.5"] * 8760


def joined(first: Any, second: Any, depth: int) -> Any:
    """Two maps as one, down to a depth, below which the second counts."""
    if depth and isinstance(first, dict) and isinstance(second, dict):
        both = {**first, **second}
        return {k: joined(first[k], second[k], depth - 1) if k in first and k in second else both[k] for k in both}
    return second


def scratch(folder: Path) -> Path:
    """A folder with the raw files that blocks of studies name."""
    home = folder / "studies" / "block"
    columns = {"A YEAR\n": ["pu", *YEAR], "A DAY\n": ["kw", *YEAR[:24]]}
    for name, text in AROUND["files"].items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*columns[text], ""]) if text in columns else text, encoding="utf-8")
    return home


def test_every_page_has_languages_that_are_known_and_markers_that_are() -> None:
    wrong = [b.name for b in blocks() if b.language not in KNOWN or set(b.marker) - MARKS]
    assert not wrong, "name the language of the block, or mark it with words that are there"
    assert len(blocks()) > 60, "the documentation has blocks"


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda b: b.name)
def test_a_block_of_a_study_is_read_by_the_language(block: Block, tmp_path: Path) -> None:
    if "skip" in block.marker:
        pytest.skip(block.marker["skip"])
    if block.marker.get("in") == "decision":
        (tmp_path / "decisions").mkdir()
        (tmp_path / "decisions/anomaly-0123456789.yaml").write_text(block.text, encoding="utf-8")
        decisions, mistakes = load_decisions(tmp_path, ".")
        assert len(decisions) == 1 and not mistakes
        return
    home = scratch(tmp_path)
    said: Any = yaml.load(block.text, Loader=yaml.BaseLoader)
    inside = str(block.marker["in"]).split(".") if "in" in block.marker else []
    for word in reversed(inside):
        said = {word: said}
    around = {k: v for k, v in AROUND["study"].items() if k not in block.marker.get("without", [])}
    whole = joined(around, said, len(inside) + 1 if inside else 2)
    (home / "study.yaml").write_text(json.dumps(whole, indent=1, ensure_ascii=False), encoding="utf-8")
    load(home)


def commands(block: Block) -> list[str]:
    """The commands of a block, without remarks and prompts, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", block.text)
    lines = [re.sub(r"\s+(#|> ).*$|^\$ ", "", line).strip() for line in text.splitlines()]
    return [c.strip() for line in lines for c in re.split(r";|&&", line) if c.strip().startswith(("dtl ", "make "))]


def spans() -> list[tuple[str, str]]:
    """Page and text of every command of DTL that stands inside a line, without those that are patterns."""
    found: list[tuple[str, str]] = []
    for page in PAGES:
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        lines = re.findall(r"`(dtl [a-z][^`]*)`", text)
        found += [(str(page.relative_to(ROOT)), x) for x in lines if not re.search(r"[\[\]|]|\.\.\.|…", x)]
    return found


def read(command: str) -> None:
    """Give the words of a command to the parser of the command line.

    Raises
    ------
    SystemExit
        The parser refuses them.
    """
    arguments.parser(cli.VERBS).parse_args(shlex.split(command)[1:])


@pytest.mark.parametrize("block", blocks("console", "sh", "bash", ""), ids=lambda b: b.name)
def test_a_block_of_commands_is_read_by_the_parser(block: Block) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    for command in commands(block):
        if command.startswith("make "):
            assert shlex.split(command)[1] in targets, command
        else:
            read(command)


def test_commands_inside_lines_name_verbs_and_options_that_are_there() -> None:
    (verbs,) = (a for a in arguments.parser(cli.VERBS)._actions if isinstance(a, argparse._SubParsersAction))
    free = {"synth", "act", "call"}
    wrong = []
    for page, command in spans():
        verb, *words = command.split()[1:]
        known = verbs.choices[verb]._option_string_actions if verb in verbs.choices else {}
        options = [] if verb in free else [w.split("=")[0] for w in words if w.startswith("--")]
        if verb not in verbs.choices or not set(options) <= set(known):
            wrong.append(f"{page}: {command}")
    assert not wrong, "\n".join(wrong)
    assert len(spans()) > 40


@pytest.mark.parametrize("block", [b for b in blocks("console") if b.marker.get("run")], ids=lambda b: b.name)
def test_a_block_that_is_marked_so_runs(block: Block, tmp_path: Path) -> None:
    for command in commands(block):
        words = [sys.executable, "-m", "dtl.cli", *shlex.split(command)[1:]]
        done = subprocess.run(words, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def test_blocks_of_python_are_of_the_tutorial_which_runs_them() -> None:
    assert {b.page for b in blocks("python")} == {"site/docs/tutorial.md"}


@pytest.mark.parametrize("block", blocks("csv", "json"), ids=lambda b: b.name)
def test_a_block_of_data_is_well_formed(block: Block) -> None:
    if block.language == "json":
        json.loads(block.text)
        return
    rows = [r for r in csv.reader(io.StringIO(block.text)) if r and not r[0].startswith("#")]
    assert len(rows) > 1 and {len(r) for r in rows} == {len(rows[0])}


def test_tests_and_benches_that_pages_name_are_there() -> None:
    wrong: list[str] = []
    for page in PAGES:
        paths = re.findall(r"(?<![\w/.])((?:tests|studies|site/docs|dtl)/[\w./-]+\w)", page.read_text(encoding="utf-8"))
        there = (p for p in paths if not re.search("north|NAME", p))
        wrong += [f"{page.relative_to(ROOT)}: {p}" for p in there if not (ROOT / p).exists()]
    assert not wrong, "\n".join(wrong)
