"""Which data to doubt: what the sources contradict each other in about elements over a limit, and what is warned of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl.report.facts import Facts

NAMED = 4
"""Elements or sources that are named before they are counted."""

LISTED = 50
"""Most findings of a check on the page; the file for download holds all."""

SEVERITIES = ("error", "warning", "info")
"""The severities of findings, the worst first."""

BETWEEN = {"reconcile": "model against GIS", "meters": "meters and their transformers"}
"""What findings of no single source are about, by the first word of their check."""

Row = Mapping[str, Any]


def sentences(facts: Facts, findings: Sequence[Row], links: pa.Table) -> str:
    """The data to doubt first: of elements over a limit what the sources state otherwise; then all that is warned of.

    `findings` are rows of ``findings``, `links` the table of that name; empty where nothing is to be doubted.
    """
    told = [f"Doubtful where it matters: {'; '.join(own)}."] if (own := _contradicted(facts, links)) else []
    counts = Counter(of(f) for f in findings if f["severity"] != "info")
    if counts:
        head = f"{'Other data' if told else 'Data'} with warnings: "
        told.append(head + ", ".join(f"{source} ({count:,})" for source, count in counts.most_common()) + ".")
    return " ".join(told)


def _contradicted(facts: Facts, links: pa.Table) -> list[str]:
    """The elements over a limit in any case whose model and GIS differ, the most named by what differs."""
    over = {(row["feeder"], row["kind"], row["element"]) for row in facts.overloads()}
    differs = links.filter(pc.not_equal(links["differs"], "")).to_pylist()
    hit = sorted((r["feeder"], r["kind"], r["element"], r["differs"]) for r in differs)
    found = [f"{kind} {name} of {feeder} has {told} (model/GIS)"
             for feeder, kind, name, told in hit if (feeder, kind, name) in over]  # fmt: skip
    return found if len(found) <= NAMED else [*found[:NAMED], f"and {len(found) - NAMED} more"]


def of(finding: Row) -> str:
    """What a finding is about: the source that it is of, or what was put together."""
    topic = finding["check"].split(".")[0]
    return str(finding["source"]) or BETWEEN.get(topic, topic)


def checks(findings: Iterable[Row]) -> list[dict[str, Any]]:
    """The findings by what was checked: errors first, then warnings, then what only informs, the most frequent first.

    Each with its first `LISTED` rows. ``message`` and ``remedy`` are those of all rows, or empty where rows differ.
    """
    groups: dict[tuple[int, str, str], list[Row]] = {}
    for finding in findings:
        key = (SEVERITIES.index(finding["severity"]), of(finding), finding["check"])
        groups.setdefault(key, []).append(finding)
    ordered = sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1]), item[0]))
    return [_check(source, check, own) for (_, source, check), own in ordered]


def _check(source: str, check: str, own: Sequence[Row]) -> dict[str, Any]:
    first = own[0]
    return {
        "check": check,
        "anchor": check.replace(".", "-"),
        "severity": first["severity"],
        "source": source,
        "count": len(own),
        "feeders": sorted({f["feeder"] for f in own if f["feeder"]}),
        "first": f"{first['element'] or first['feeder']}: {first['message']}".removeprefix(": "),
        "message": _shared(own, "message"),
        "remedy": _shared(own, "remedy"),
        "rows": own[:LISTED],
    }


def _shared(rows: Sequence[Row], name: str) -> str:
    told = {row[name] for row in rows}
    return str(told.pop()) if len(told) == 1 else ""
