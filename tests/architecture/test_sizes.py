"""The budgets that keep the house readable: sizes and names."""

from __future__ import annotations

import ast
import re
import statistics
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "dtl").rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_modules_are_small() -> None:
    big = {str(p.relative_to(ROOT)): lines(p) for p in FILES if lines(p) > 400}
    assert not big, f"modules over 400 lines: {big}"
    assert statistics.median(lines(p) for p in FILES if p.name != "__init__.py") <= 160


def test_functions_are_small() -> None:
    big = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > 60:
                    big.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {size} lines")
    assert not big, "\n".join(big)


def test_names_say_something() -> None:
    forbidden = {"utils", "helpers", "common", "misc", "util", "helper"}
    bad = [str(p.relative_to(ROOT)) for p in FILES if p.stem in forbidden or p.parent.name in forbidden]
    assert not bad, bad


def test_nothing_is_unfinished() -> None:
    marks = ("NotImplementedError", "TODO", "FIXME", "XXX")
    found = [
        f"{p.relative_to(ROOT)}:{i}: {line.strip()}"
        for p in FILES
        for i, line in enumerate(p.read_text().splitlines(), 1)
        if any(re.search(rf"\b{m}\b", line) for m in marks)
    ]
    assert not found, "\n".join(found)
