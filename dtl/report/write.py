"""The stage ``write_site``: generated Markdown, payloads and downloads of a study, ready to be built."""

from __future__ import annotations

import html
import json
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from dtl import tables
from dtl.analyses.ranking import Ranked
from dtl.report import (
    answers,
    asset_ranking,
    assumed,
    assumptions,
    attribution,
    builder,
    compare_page,
    compliance,
    doubts,
    downloads,
    feeders,
    groups,
    hosting,
    hosting_payloads,
    hosting_swept,
    insights,
    layers,
    lexicon,
    metered,
    mitigation,
    overview,
    pages,
    palette,
    payloads,
    programs,
    quality,
    reliability,
    series,
    solved,
    states,
    study_payloads,
    substations,
    sweeps,
    validation,
    vendor,
    what_if,
)
from dtl.report.facts import Facts, load
from dtl.report.payloads import put

SOURCE = Path(__file__).resolve().parents[2] / "site"
"""The source of the site: theme, scripts, texts."""


def write_site(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Write the folder ``site``: ``mkdocs.yml``, ``theme/``, and ``docs/`` with pages, payloads and downloads."""
    docs = (site := outputs["site"]) / "docs"
    (docs / "data").mkdir(parents=True)
    index = json.loads(Path(inputs["index"]).read_text(encoding="utf-8"))
    crew = feeders.Crew(spec, inputs, docs / "data", index)
    facts = load(Path(inputs["cube"]))
    _copy_source(site)
    _prepare(spec, docs / "data")
    files = payloads.file_names(facts.feeders)
    told = _write_feeders(spec, docs / "data", facts, crew, groups.crs(inputs, index))
    grows = layers.growing(inputs)
    about = insights.feeders(inputs)
    threats = layers.threatened(inputs, spec)
    lacks = layers.reasons(spec, told.seen, grows, threats)
    shown = {"lacks": lacks, "growing": grows.alerts, "threatened": threats}
    put(docs / "data", "study", study_payloads.study(spec, facts, shown))
    put(docs / "data", "compare", compare_page.payload(facts, study_payloads.cases(spec, facts)))
    put(docs / "data", "answers", answers.facts(spec, facts, told.asked))
    if "builder" not in spec.get("left_out", ()):
        put(docs / "data", "builder", payloads.document(builder.payload(spec, facts, told.assets, told.names)))
    put(docs / "data", "feeders", study_payloads.feeders(facts, files, told.kinds, told.more | {"insights": about}))
    _write_pages(site, spec, inputs, index, facts, told)


class Written(NamedTuple):
    """What is known once all feeders are written.

    Coordinate system; how each feeder is drawn; which layers of the map any of them has; which feeders have which
    further payload; the assets in the order in which they deserve a look; the payloads that questions may need;
    names of buses and switches.
    """

    crs: str
    kinds: dict[str, str]
    seen: set[str]
    more: dict[str, set[str]]
    assets: list[Ranked]
    asked: list[str]
    names: dict[str, list[str]]


def _prepare(spec: Mapping[str, Any], data: Path) -> None:
    """What waits for no feeder, so that it is done while other processes write them."""
    put(data, "lexicon", payloads.document(lexicon.payload()))
    pages.compile_templates()
    if "builder" not in spec.get("left_out", ()):
        builder.language()


def _copy_source(site: Path) -> None:
    shutil.copytree(SOURCE / "theme", site / "theme")
    scripts = site / "docs" / "assets" / "dtl"
    scripts.mkdir(parents=True)
    for path in sorted((SOURCE / "js").glob("*.js")):
        shutil.copyfile(path, scripts / path.name)
    (scripts / "palette.js").write_text(palette.script(), encoding="utf-8")
    (scripts / "palette.css").write_text(palette.css(), encoding="utf-8")
    vendor.install(scripts)
    (site / "docs" / "run.js").write_text("DTL.run = null;\n", encoding="utf-8")


def _write_feeders(spec: Mapping[str, Any], data: Path, facts: Facts, crew: feeders.Crew, crs: str) -> Written:
    """Write all feeders' payloads and the map's overview; ``crs`` is the system of its coordinates."""
    found = crew.collected(facts, crs)
    found.api.close(data.parent / "api", facts)
    put(data, "ov", found.drawn.payload(crs))
    asked, files, fits = found.elements.write(data / "ask"), payloads.file_names(facts.feeders), found.fits
    if any(fits.values()):
        put(data, "hosting", hosting_payloads.study(fits, files, found.cases))
        put(data, "ask/hosting", answers.hosting(r for rows in fits.values() for r in rows))
        asked.append("ask/hosting")
    more = {"hc": {f for f, rows in fits.items() if rows}}
    more |= {kind: {f for f, at in files.items() if (data / f"{kind}/{at}.js").exists()} for kind in ("oms", "kept")}
    more["ts"] = set(files) if series.may_show(spec) and not facts.states else set()
    return Written(crs, found.kinds, found.drawn.seen, more, found.assets.ranked(), asked, found.elements.names)


def _write_insights(
    found: Mapping[str, pa.Table], spec: Mapping[str, Any], files: Mapping[str, str], data: Path
) -> dict[str, Any] | None:
    """Write the payload of the learning modules; returns the context of their page."""
    content = insights.payload(found, spec["decisions"], files)
    context = insights.context(content, spec["decisions"])
    if context is not None:
        put(data, "insights", payloads.document(content))
    return context


def _write_pages(
    site: Path,
    spec: Mapping[str, Any],
    inputs: Mapping[str, Any],
    index: Mapping[str, Any],
    facts: Facts,
    told: Written,
) -> None:
    learned = insights.files(found := insights.told(inputs, spec, facts))
    swept, hosted = sweeps.table(spec, inputs, index), hosting_swept.table(inputs)
    varied = hosting_swept.context(spec, inputs, index, hosted)
    cases = study_payloads.cases(spec, facts)
    labels = {c["case"]: c["label"] for c in cases}
    told_by = groups.manifests(spec, inputs, index)
    solved_by = solved.rows(told_by, labels)
    listed = (
        _listed(inputs)
        | learned
        | {"ranking": asset_ranking.table(told.assets), "solved": solved.table(solved_by)}
        | {"sweeps": swept, "hosting_swept": hosted, "deviations": (deviations := validation.read(inputs))}
        | {"states": (snapshot := states.table(spec, facts, inputs, index))}
        | (works := mitigation.read(inputs))
    )
    of_layers = _of_manifests(told_by, facts, labels)
    data = quality.context(facts, listed["findings"], listed["conversion"], index)
    data |= metered.context(listed["meters"], listed["series"])
    rows = downloads.write(site / "docs" / "downloads", facts.table, listed, spec["spec_text"])
    rows += mitigation.take_away(inputs, site / "docs" / "downloads")
    named = {row["name"].removesuffix(".gz"): row["name"] for row in rows}
    provenance = _provenance(spec, facts)
    reference = pages.reference(SOURCE / "docs")
    common: dict[str, Any] = {"study": spec, "cases": cases, "provenance": provenance, "crs": told.crs}
    common |= {"downloads": rows, "file": partial(downloads.link, named)}
    notices = _notices(spec, facts, of_layers["programs"], learned, data)
    first = overview.context(facts, cases, notices, doubts.sentences(facts, data["warned"], listed["links"]))
    common["headline"] = first["answer"][0]
    contexts = {
        "index": first,
        "states": states.context(facts, snapshot, cases),
        "data-quality": data,
        "assumptions": assumptions.context(spec, cases, index) | of_layers,
        "method": _method(solved_by, listed["findings"], spec, reference),
        "hosting-capacity": hosting_swept.beside(hosting.context(facts, cases), varied),
        "compare": compare_page.context(spec, facts, cases),
        "substations": substations.context(facts, cases),
        "assets": asset_ranking.context(told.assets, labels),
        "sweeps": sweeps.context(spec, inputs, index),
        "what-if": _write_what_if(spec, inputs, swept, facts, site / "docs" / "data"),
        "insights": _write_insights(found, spec, named, site / "docs" / "data"),
        "compliance": compliance.context(facts, cases),
        "mitigation": mitigation.context(works, spec, cases),
        "reliability": reliability.context(facts),
        "validation": _write_validation(deviations, facts, site / "docs" / "data"),
    }
    _render(site, common, contexts | dict.fromkeys(spec.get("left_out", ())), reference)


def _notices(
    spec: Mapping[str, Any], facts: Facts, ran: Any, learned: Mapping[str, pa.Table], data: Mapping[str, Any]
) -> list[Any]:
    """What the overview tells besides its answer."""
    return [
        *spec.get("notices", ()),
        *states.notice(facts),
        *programs.notices(ran),
        *insights.notices(learned),
        *quality.notices(data),
    ]


def _write_validation(deviations: pa.Table, facts: Facts, data: Path) -> dict[str, Any] | None:
    """Write the payload of the page of validation; returns its context, None where the study asks for none."""
    context = validation.context(facts)
    if context is not None:
        put(data, "validation", validation.payload(deviations, facts))
    return context


def _write_what_if(
    spec: Mapping[str, Any], inputs: Mapping[str, Any], swept: pa.Table, facts: Facts, data: Path
) -> dict[str, Any] | None:
    """Write the payloads of the page of what-if; returns its context, None where there is nothing to slide over."""
    found = insights.learned(inputs)
    context = what_if.context(spec, found, swept)
    if context is not None and "what-if" not in spec.get("left_out", ()):
        files = payloads.file_names(facts.feeders)
        put(data, "whatif", what_if.payload(spec, found, swept, files))
        for name, payload in what_if.sites(found, files).items():
            put(data, name, payload)
    return context


def _listed(inputs: Mapping[str, Any]) -> dict[str, pa.Table]:
    """The tables that readers may take away, by name."""
    whole = ("findings", "conversion", "series", "links")
    of_groups = ("meters", "hosting", "compliance", "lights", "curtailment")
    return {name: tables.read(name, Path(inputs[name])) for name in whole} | {
        name: tables.concat(name, [tables.read(name, Path(p)) for _, p in sorted(inputs[name].items())])
        for name in of_groups
    }


def _render(
    site: Path,
    common: Mapping[str, Any],
    contexts: Mapping[str, Mapping[str, Any] | None],
    reference: Mapping[str, Mapping[str, str]],
) -> None:
    """Write all pages and ``mkdocs.yml``; a page whose context is None is left out."""
    docs = site / "docs"
    there = {page: title for page, title in pages.PAGES.items() if contexts.get(page, {}) is not None}
    for page, title in there.items():
        text = pages.render(f"{page}.md.j2", {**common, "title": title, **(contexts.get(page) or {})})
        (docs / f"{page}.md").write_text(text, encoding="utf-8")
    for page in (name for names in reference.values() for name in names):
        (docs / page).parent.mkdir(exist_ok=True)
        shutil.copyfile(SOURCE / "docs" / f"{page}.md", docs / f"{page}.md")
    shutil.copytree(SOURCE / "docs" / "schema", docs / "schema")
    config = {
        "name": html.escape(common["study"]["title"]),
        "menu": pages.menu(there),
        "reference": reference,
        "provenance": common["provenance"],
    }
    (site / "mkdocs.yml").write_text(pages.render_config(SOURCE / "mkdocs.yml.j2", config), encoding="utf-8")


def _of_manifests(told_by: Mapping[str, Any], facts: Facts, labels: Mapping[str, str]) -> dict[str, Any]:
    """What cases say of their layers: their assumptions, what each adds, and what programs brought."""
    said = [{"cases": told} for told in told_by.values()]
    added, ran = attribution.lines(said), programs.lines(said, facts.states)
    for row in (*added, *ran):
        row["case"] = labels.get(row["case"], row["case"])
    return {"assumed": assumed.lines(said), "added": added, "programs": ran}


def _provenance(spec: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """What stands at the foot of every page."""
    engines = {facts.text("engine", f, c.case).split(":")[0] for f in facts.feeders for c in facts.cases}
    return {
        "study": spec["study"],
        "spec": spec["digests"]["spec"],
        "engines": sorted(engines - {""}),
        "feeders": len(facts.feeders),
        "solved": int(facts.value("feeders_solved") or 0),
        "failed": int(facts.value("feeders_failed") or 0),
        "cases": len(facts.cases),
    }


def _method(
    told: Sequence[solved.Solved], findings: Any, spec: Mapping[str, Any], reference: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """The text of the method, and how each group was solved."""
    rows = solved.shown(told)
    return {
        "text": (SOURCE / "docs" / "method.md").read_text(encoding="utf-8"),
        "solved": rows,
        "together": len(rows) < len(told),
        "files": quality.files(findings),
        "code": sorted(spec["digests"]["code"].items()),
        "reference": reference,
    }
