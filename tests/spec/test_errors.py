"""Each slug of the language has its paragraph in the docs, and no paragraph is left over."""

from __future__ import annotations

import ast
import re
from pathlib import Path

RAISERS = {"wrong": 0, "mistake": 0, "note": 1}
"""Functions that take a slug, and the position of it."""


def slugs_of(path: Path) -> set[str]:
    """The slugs that a module writes: in calls, and in the tuples that checks yield or return."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        slug: ast.expr | None = None
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in RAISERS and len(node.args) > RAISERS[name]:
                slug = node.args[RAISERS[name]]
        elif isinstance(node, ast.Yield | ast.Return) and isinstance(node.value, ast.Tuple):
            slug = node.value.elts[-2]
        if isinstance(slug, ast.IfExp):
            slug = slug.body
        if isinstance(slug, ast.Constant) and re.fullmatch(r"[a-z]+(-[a-z]+)*", str(slug.value)):
            found.add(str(slug.value))
    return found


def section(root: Path) -> str:
    """The section of the docs that explains mistakes in studies."""
    text = (root / "site" / "docs" / "errors.md").read_text(encoding="utf-8")
    return text.partition("<!-- study -->")[2].partition("<!-- /study -->")[0]


def test_each_slug_has_a_paragraph(root: Path) -> None:
    used = set().union(*(slugs_of(p) for p in sorted((root / "dtl" / "spec").glob("*.py"))))
    paragraphs = dict(re.findall(r"^### `spec\.([a-z-]+)` \{#spec-[a-z-]+\}\n\n(.+)$", section(root), flags=re.M))
    assert used - set(paragraphs) == set(), "slugs without a paragraph"
    assert set(paragraphs) - used == set(), "paragraphs that nothing needs"
    assert all(len(p) >= 40 for p in paragraphs.values())


def test_the_cases_show_all_slugs(root: Path) -> None:
    explained = set(re.findall(r"^### `(spec\.[a-z-]+)`", section(root), flags=re.M))
    cases = (root / "tests" / "cases" / "spec").glob("*/expected.txt")
    shown = {s for p in cases for s in re.findall(r" (spec\.[a-z-]+)$", p.read_text(encoding="utf-8"), flags=re.M)}
    assert explained - shown == {"spec.lock", "spec.missing-study", "spec.not-fetched"}, "shown by tests of the verbs"
