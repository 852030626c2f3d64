"""Which data to doubt: contradictions about what is over a limit come first, then all warnings by what they are of."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import solved_cases as made

from dtl import tables
from dtl.report import doubts, downloads, facts, pages


def known(folder: Path, transformers: dict[str, float]) -> facts.Facts:
    """A feeder with transformers of these loadings [%]."""
    own = {n: {"pct": p, "at": 3, "over": [3] if p > 100 else []} for n, p in transformers.items()}
    study = {"cases": [["base", "base", 0]], "feeders": {"f1": {"base": {"lines": {}, "transformers": own}}}}
    return facts.load(made.run_study(folder, study))


def link(element: str, differs: str) -> dict[str, Any]:
    row = {"feeder": "f1", "kind": "transformer", "element": element, "asset": element.upper(), "confidence": 1.0}
    return row | {"basis": "name", "distance_m": 0.0, "differs": differs}


def finding(source: str, check: str, severity: str = "warning", **more: Any) -> dict[str, Any]:
    words = dict.fromkeys(("feeder", "file", "element", "field", "value", "message", "remedy"), "")
    return words | {"source": source, "check": check, "severity": severity, "line": None} | more


FINDINGS = [
    finding("telemetry", "scada.stuck", feeder="f2", element="tag a", message="repeats", remedy="Leave out."),
    finding("telemetry", "scada.stuck", feeder="f1", element="tag b", message="repeats too"),
    finding("telemetry", "scada.read", "info"),
    finding("", "reconcile.kva-differs", value="t1: kva 25/100"),
    finding("crm", "register.storage", "error"),
]


def test_a_contradiction_counts_where_the_element_is_over_its_limit(tmp_path: Path) -> None:
    links = tables.frame("links", [link("t1", "kva 25/100"), link("t2", "kva 50/10"), link("t3", "")])
    found = doubts.sentences(known(tmp_path, {"t1": 160, "t2": 60, "t3": 170}), FINDINGS, links)
    assert found == (
        "Doubtful where it matters: transformer t1 of f1 has kva 25/100 (model/GIS). "
        "Other data with warnings: telemetry (2), model against GIS (1), crm (1)."
    )


def test_nothing_is_doubted_where_nothing_is_warned_of(tmp_path: Path) -> None:
    sound = known(tmp_path, {"t1": 60})
    assert doubts.sentences(sound, [], tables.frame("links", [link("t1", "kva 25/100")])) == ""
    assert doubts.sentences(sound, FINDINGS[:1], tables.frame("links", [])) == "Data with warnings: telemetry (1)."


def test_findings_stand_together_by_what_was_checked_errors_first() -> None:
    rows = doubts.checks(FINDINGS)
    assert [(r["severity"], r["source"], r["check"], r["count"]) for r in rows] == [
        ("error", "crm", "register.storage", 1),
        ("warning", "telemetry", "scada.stuck", 2),
        ("warning", "model against GIS", "reconcile.kva-differs", 1),
        ("info", "telemetry", "scada.read", 1),
    ]
    stuck = rows[1]
    assert (stuck["feeders"], stuck["first"], stuck["rows"]) == (["f1", "f2"], "tag a: repeats", FINDINGS[:2])
    assert (stuck["message"], stuck["remedy"]) == ("", ""), "the rows differ in both, so each tells its own"
    assert doubts.checks(FINDINGS[:1])[0]["remedy"] == "Leave out."


def test_a_page_of_many_findings_has_a_line_for_each_check_that_opens_to_its_rows() -> None:
    many = [finding("telemetry", "scada.stuck", element=f"tag <{i}>", value=f"{i} h") for i in range(70)]
    others = [finding("plan", "gis.gap", "error", feeder="f1", message="a gap", remedy="Draw it.")]
    told = {"lead": "", "failed": [], "meters": 0, "readings": [], "sources": [], "partly": [], "reasons": []}
    file = partial(downloads.link, {"findings.csv": "findings.csv.gz"})
    counts = [{"severity": "error", "count": 1}, {"severity": "warning", "count": 70}, {"severity": "info", "count": 0}]
    told |= {"checks": doubts.checks([*many, *others]), "counts": counts, "file": file}
    page = pages.render("data-quality.md.j2", told)
    lines = re.findall(r"<details [^>]*data-check=\"([^\"]+)\"><summary>(.*?)</summary>(.*?)</details>", page, re.S)
    assert [check for check, _, _ in lines] == ["gis.gap", "scada.stuck"]
    assert "error" in lines[0][1] and ">1<" in lines[0][1] and "f1: a gap" in lines[0][1]
    assert "Draw it." in lines[0][2] and 'href="feeder.html#f1"' in lines[0][2]
    assert ">70<" in lines[1][1] and "tag &lt;0&gt;" in lines[1][1] and "<details open" not in page
    listed = re.findall(r"tag &lt;(\d+)&gt;", lines[1][2])
    assert listed == [str(i) for i in range(doubts.LISTED)] and "tag <" not in page
    assert "The first 50 of 70" in lines[1][2] and 'href="downloads/findings.csv.gz"' in lines[1][2]
