"""The Markdown pages, rendered from templates; every number in them comes from a context, never from a template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from dtl.report import figures
from dtl.report.palette import SCALES

TEMPLATES = Path(__file__).parent / "templates"
_CELL = re.compile("(</t[dh]>)(?=<t[dh])")

PAGES = {
    "index": "Overview",
    "questions": "Ask",
    "states": "States",
    "map": "Map",
    "compare": "Compare",
    "builder": "Build a scenario",
    "feeder": "Feeders",
    "side-by-side": "Side by side",
    "hosting-capacity": "Hosting capacity",
    "sweeps": "Sweeps",
    "what-if": "What if",
    "assets": "Assets",
    "substations": "Substations",
    "insights": "Insights",
    "compliance": "Compliance",
    "mitigation": "Mitigation",
    "reliability": "Reliability",
    "validation": "Validation",
    "data-quality": "Data quality",
    "assumptions": "Assumptions",
    "method": "Method",
    "downloads": "Downloads",
}
"""The pages made from templates, in the order of the navigation; one without a context (None) is left out."""

GROUPS = {
    "Scenarios": ("compare", "what-if", "builder"),
    "Feeders": ("feeder", "side-by-side"),
    "Analyses": ("hosting-capacity", "sweeps", "assets", "substations", "compliance", "mitigation", "reliability"),
    "Data": ("validation", "data-quality", "assumptions"),
}
"""Pages that share an entry of the navigation, where a study has more than one of them."""

REFERENCE = {
    "engine": "Engine",
    "steps": "Steps and snapshots",
    "nomenclature": "Words and units",
    "metrics": "Metrics",
    "errors": "Findings and errors",
    "language": "Study language",
    "hosting": "How hosting capacity is found",
    "ask": "Questions in plain words",
    "learning": "What is learned, and how well",
    "public": "The public copy",
    "report": "The report site",
    "decisions": "Decisions",
}
"""Pages copied from ``site/docs``, below Method."""

FOLDERS = {"sources": "Sources", "scenarios": "Scenarios", "analyses": "Analyses", "learning": "Learning"}
"""Folders of pages copied from ``site/docs``, each a section of its own below Method."""

_CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127), " ")


def reference(docs: Path) -> dict[str, dict[str, str]]:
    """The pages of the folder ``site/docs`` that every site has: title by name, by section; the first has no title."""
    found = {"": {name: title for name, title in REFERENCE.items() if (docs / f"{name}.md").is_file()}}
    for folder, section in FOLDERS.items():
        files = sorted((docs / folder).glob("*.md"), key=lambda p: (p.stem != "index", p.stem))
        found[section] = {f"{folder}/{path.stem}": _title(path) for path in files}
    return {section: names for section, names in found.items() if names}


def menu(there: Mapping[str, str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The navigation: title and pages of each entry, in the order of `there`; an entry of one page has its title."""
    entry = {page: name for name, members in GROUPS.items() for page in members}
    found: dict[str, list[tuple[str, str]]] = {}
    for page, title in there.items():
        found.setdefault(entry.get(page, title), []).append((page, title))
    return [(pages[0][1] if len(pages) == 1 else name, pages) for name, pages in found.items()]


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().lstrip("# ").replace("`", "").strip()


def render(name: str, context: dict[str, Any]) -> str:
    """The text of a template with a context; every text in it is escaped for HTML.

    Cells of a table are parted by a blank, which no reader of the page sees and the search of the site reads.
    """
    return _CELL.sub(r"\1 ", _environment().get_template(name).render(context))


def compile_templates() -> None:
    """Compile the templates of all pages, which waits for nothing that a study knows."""
    for name in PAGES:
        _environment().get_template(f"{name}.md.j2")


def render_config(path: Path, context: dict[str, Any]) -> str:
    """The text of ``mkdocs.yml.j2``; its values are JSON, which is YAML."""
    env = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}
    return env.from_string(path.read_text(encoding="utf-8")).render(context) + "\n"


@cache
def _environment() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_clean,
    )
    env.filters["figure"] = figures.text
    env.filters["plain"] = _plain
    env.filters["load_class"] = SCALES["load"].of
    return env


def _plain(value: float | None) -> str:
    """A number of the study as it would be written: no needless zeros."""
    return figures.MISSING if value is None else f"{value:,.10g}"


def _clean(value: Any) -> Any:
    """A text without control characters, which Markdown uses as marks of its own."""
    return value.translate(_CONTROL) if isinstance(value, str) else value
