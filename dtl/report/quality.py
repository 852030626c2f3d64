"""What the page of data quality shows: how much of each source was converted, and what is wrong with the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl.report import doubts
from dtl.report.facts import Facts

VERDICTS = ("mapped", "defaulted", "unused", "refused")
REASONS = 60
"""Most reasons on the page; the file for download holds all."""

FILE = "source.file"
"""The check of the findings that say with which SHA-256 a file was read."""


def context(facts: Facts, findings: pa.Table, conversion: pa.Table, index: Mapping[str, Any]) -> dict[str, Any]:
    """The context of the page."""
    told = findings.filter(pc.not_equal(findings["check"].cast(pa.string()), FILE)).to_pylist()
    counts = Counter(r["severity"] for r in told)
    cases = [c.case for c in facts.cases]
    failed: dict[tuple[str, str], list[str]] = {}
    for case in cases:
        for feeder, reason in facts.failed(case).items():
            failed.setdefault((feeder, reason), []).append(case)
    is_refused = pc.equal(conversion["verdict"].cast(pa.string()), "refused")
    refused = conversion.filter(is_refused)["property"].to_pylist()
    return {
        "lead": _lead(facts, {f for f, _ in failed}, conversion, refused, counts),
        "sources": (converted := sources(conversion)),
        "partly": [r for r in converted if r["kind"] and r["counts"].get("mapped", 0) < r["total"]],
        "reasons": reasons(conversion),
        "warned": [r for r in told if r["severity"] != "info"],
        "checks": doubts.checks(told),
        "counts": [{"severity": s, "count": counts[s]} for s in doubts.SEVERITIES],
        "failed": [
            {"feeder": f, "reason": r, "cases": [] if c == cases else c} for (f, r), c in sorted(failed.items())
        ],
        "groups": len(index["groups"]),
        "left_out": refused.count(""),
        "no_place": len(refused) - refused.count(""),
    }


def _lead(
    facts: Facts, failed: Collection[str], conversion: pa.Table, refused: Collection[str], counts: Mapping[str, int]
) -> str:
    """The page in two sentences: who was not solved, what was not converted, how much the data are warned of."""
    whole, total = len(facts.feeders), conversion.num_rows
    solved = "Every feeder was solved in every case." if not failed else (
        f"{_many(len(failed), 'feeder')} of {whole:,} could not be solved in some case.")  # fmt: skip
    kept = f"Of {_many(total, 'object and property', 'objects and properties')} of the sources "
    kept += f"{len(refused):,} {'was' if len(refused) == 1 else 'were'} refused" if refused else "none was refused"
    warned = " and ".join(_many(counts[s], s) for s in ("error", "warning") if counts[s]) or "no warning"
    return (
        f"{solved} {f'{kept}; there' if total else 'There'} {'is' if warned[:2] in ('1 ', 'no') else 'are'} {warned}."
    )


def files(findings: pa.Table) -> list[dict[str, str]]:
    """The files that were read, with their SHA-256."""
    rows = findings.filter(pc.equal(findings["check"].cast(pa.string()), FILE)).to_pylist()
    return [{"source": r["source"], "file": r["file"], "digest": r["value"]} for r in rows]


def sources(conversion: pa.Table) -> list[dict[str, Any]]:
    """A row per source and class of object: how many of its objects and properties have which verdict."""
    kind = pc.struct_field(pc.extract_regex(conversion["object"].cast(pa.string()), _CLASS), [0])
    told = pa.table({"source": conversion["source"], "kind": kind, "verdict": conversion["verdict"]})
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in told.group_by(["source", "kind", "verdict"]).aggregate([([], "count_all")]).to_pylist():
        for key in ((row["source"], ""), (row["source"], row["kind"])):
            counts.setdefault(key, Counter())[row["verdict"]] += row["count_all"]
    rows = []
    for (source, kind), count in sorted(counts.items()):
        total = sum(count.values())
        shares = {v: 100.0 * count[v] / total for v in VERDICTS}
        rows.append({"source": source, "kind": kind, "total": total, "counts": dict(count), "shares": shares})
    return rows


_CLASS = r"^(?P<kind>\[[^\]]*\]|[^ .]*)"
"""The class of an object: what stands in brackets, or the first word up to a point: ``Line`` of ``Line.l1``."""


def reasons(conversion: pa.Table) -> list[dict[str, Any]]:
    """Why properties were refused, defaulted or unused, the most frequent first, each with an example."""
    keep = conversion.filter(pc.not_equal(conversion["verdict"].cast(pa.string()), "mapped"))
    first = [(name, "first") for name in ("object", "property", "value")]
    words = ("verdict", "source", "reason")
    plain = pa.table({n: keep[n].cast(pa.string()) for n in (*words, "object", "property", "value")})
    told = plain.group_by(list(words), use_threads=False).aggregate([([], "count_all"), *first]).to_pylist()
    found = [{n: row[n] for n in words} | {"count": row["count_all"], "example": _example(row)} for row in told]
    rank = {"refused": 0, "defaulted": 1, "unused": 2}
    return sorted(found, key=lambda r: (rank[r["verdict"]], -r["count"], r["reason"]))[:REASONS]


def _example(row: Mapping[str, Any]) -> str:
    words = " ".join(x for x in (row["object_first"], row["property_first"]) if x)
    return f"{words} = {row['value_first']}" if row["value_first"] else words


def notices(context: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the overview says about the data."""
    found = []
    counts = {c["severity"]: c["count"] for c in context["counts"]}
    if context["left_out"]:
        text = f"{_many(context['left_out'], 'object')} of the sources could not be converted."
        found.append({"kind": "trouble", "text": text, "link": "data-quality.html"})
    if context["no_place"]:
        words = _many(context["no_place"], "property of the sources has", "properties of the sources have")
        text = f"{words} no place in the model."
        found.append({"kind": "note", "text": text, "link": "data-quality.html"})
    if counts.get("error"):
        text = f"The data gave {_many(counts['error'], 'error')}."
        found.append({"kind": "trouble", "text": text, "link": "data-quality.html"})
    return found


def _many(count: int, word: str, words: str = "") -> str:
    return f"{count:,} {word if count == 1 else words or word + 's'}"
