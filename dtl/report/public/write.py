"""The stage ``publish_site``: the public copy of a study's site, built, searched for leaks, and kept if it has none."""

from __future__ import annotations

import html
import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from dtl import tables
from dtl.errors import DtlError
from dtl.report import drawing, facts, pages, places, study_payloads
from dtl.report.build import build_site
from dtl.report.public import formats
from dtl.report.public.copy import PAGES, Copy, copy
from dtl.report.public.figures import ANALYSES, OVER_FEEDERS
from dtl.report.public.leaks import Leak, Search, words
from dtl.report.write import SOURCE, write_site

NAMED = 10
"""How many names an error tells."""


def publish_site(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Write and build the public copy into ``public``.

    Raises
    ------
    DtlError
        No feeder may be shown, or a name or coordinate that is not to be shown stands in the copy.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = copy(spec, inputs, folder)
        own = _spec(spec, made)
        made.inputs["cube"] = folder / "cube.parquet"
        facts.gather(own, made.inputs, {"cube": made.inputs["cube"]})
        site = folder / "site"
        made.inputs["outages"] = folder / "no_outages.parquet"
        tables.write("outages", tables.TABLES["outages"].schema.empty_table(), made.inputs["outages"])
        write_site(own, made.inputs, {"site": site})
        _downloads(own, made, site)
        build_site(own, {"site": site}, {"www": outputs["public"]})
        _unlink(outputs["public"])
        search = Search(made.secret, made.points, _common(made), _scale(made))
        leaks = search.look(outputs["public"])
    if leaks:
        raise DtlError(_said(leaks))


def _said(leaks: list[Leak]) -> str:
    files: dict[str, list[str]] = {}
    for leak in leaks:
        files.setdefault(leak.found, []).append(leak.file)
    rows = [
        f"  {found}: in {names[0]}" + (f" and {len(names) - 1} more files" if len(names) > 1 else "")
        for found, names in sorted(files.items())
    ]
    more = [f"  and {len(rows) - NAMED} more"] if len(rows) > NAMED else []
    head = f"report.publish: the public copy would tell {len(rows)} names or places that it must not; it is not kept:"
    end = "A title, a question or a case that names a part of the network is the usual reason: word it otherwise."
    return "\n".join([head, *rows[:NAMED], *more, end])


def _spec(spec: Mapping[str, Any], made: Copy) -> dict[str, Any]:
    """The slice as the copy's stages read it: fewer analyses and pages, and layers without names."""
    analyses = {k: w for k, w in spec["analyses"].items() if k in (*ANALYSES, *OVER_FEEDERS)}
    headline = spec["headline"] if spec["headline"] in (*ANALYSES, *OVER_FEEDERS) else "thermal"
    whole = json.loads(spec["spec_text"])
    whole["analyses"] = {k: w for k, w in whole["analyses"].items() if k in analyses}
    definitions = {
        name: {"stack": d["stack"], "layers": {n: _numbers(layer) for n, layer in d["layers"].items()}}
        for name, d in spec["definitions"].items()
    }
    return {
        **spec,
        "analyses": analyses,
        "headline": headline,
        "head_energy": "",
        "definitions": definitions,
        "reach": {},
        "points": [],
        "decisions": {},
        "spec_text": json.dumps(whole, sort_keys=True),
        "left_out": [page for page in pages.PAGES if page not in PAGES],
        "notices": _notices(spec["public"], made),
    }


def _numbers(layer: Mapping[str, Any]) -> dict[str, Any]:
    """The kind and the numbers of a layer; its other words may name parts, files or customers."""
    return {k: v for k, v in layer.items() if k == "kind" or isinstance(v, (bool, int, float))}


def _notices(publish: Mapping[str, Any], made: Copy) -> list[dict[str, str]]:
    """What the overview of the copy says of itself."""
    text = (
        "This is the public copy. It shows numbers of at least {min_customers} customers of which none has more than "
        "{max_customer_share:.0%} of the load; powers are rounded to {round_kw:g} kW, and parts have numbers for names."
        " The highest loadings are of the parts that are shown; hours over a limit are counted over all."
    ).format(**publish)
    if publish["hide"]:
        text += f" Left out: {', '.join(sorted(publish['hide'])).replace('_', ' ')}."
    if made.withheld:
        one = len(made.withheld) == 1
        text += f" {len(made.withheld)} feeder{' is' if one else 's are'} not shown, nor counted in any number."
    return [{"kind": "note", "text": text, "link": ""}]


def _downloads(spec: Mapping[str, Any], made: Copy, site: Path) -> None:
    """Replace the downloads of the pages, which are the internal ones, by those that the study offers to all."""
    docs = site / "docs"
    for folder in (docs / "downloads", docs / "api"):
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    cube = tables.read("cube", made.inputs["cube"])
    cases = [c["case"] for c in study_payloads.cases(spec, facts.Facts(cube))]
    rows = formats.write(docs / "downloads", made, cube, spec["public"]["formats"], cases)
    context = {"title": pages.PAGES["downloads"], "study": spec, "downloads": rows}
    (docs / "downloads.md").write_text(pages.render("downloads.md.j2", context), encoding="utf-8")


def _unlink(root: Path) -> None:
    """Make plain text of the links to pages and files that the copy has not."""

    def kept(found: re.Match[str]) -> str:
        target = unquote(html.unescape(found[1])).split("#")[0].split("?")[0]
        foreign = not target or re.match(r"[a-z]+:", target)
        return found[0] if foreign or (page.parent / target).exists() else found[2]

    for page in sorted(root.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        page.write_text(_LINK.sub(kept, text), encoding="utf-8")


_LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


def _common(made: Copy) -> set[str]:
    """The words of the site's own source and of the copy's new names, which tell nothing."""
    found: set[str] = set()
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix in (".md", ".js", ".css", ".html", ".j2", ".svg", ".json") and "node_modules" not in path.parts:
            found |= words(path.read_text(encoding="utf-8"))
    for path in sorted(pages.TEMPLATES.glob("*.j2")):
        found |= words(path.read_text(encoding="utf-8"))
    for model in made.models.values():
        parts = (*model.buses, *model.lines, *model.switches, *model.transformers, *model.sources)
        found |= {p.name for p in parts}
    return found


def _scale(made: Copy) -> float:
    """How near two points are the same one, in the units of the coordinates."""
    degrees = any(places.kind_of(m.crs) == "degrees" for m in made.models.values())
    return drawing.SCALE["degrees" if degrees else "metres"]
