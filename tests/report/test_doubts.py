"""Which data to doubt: contradictions about what is over a limit come first, then all warnings by what they are of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import solved_cases as made

from dtl import tables
from dtl.report import doubts, facts


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
    assert [(r["source"], r["check"], r["count"]) for r in rows] == [
        ("crm", "register.storage", 1),
        ("telemetry", "scada.stuck", 2),
        ("model against GIS", "reconcile.kva-differs", 1),
    ]
    stuck = rows[1]
    assert (stuck["feeders"], stuck["examples"], stuck["message"]) == (["f1", "f2"], ["tag a", "tag b"], "repeats")
