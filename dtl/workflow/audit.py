"""The audit ledger: what was judged of each delivered grid, one file per entry, each naming the hash of the one before.

It lies beside the study, is written by the gate and by nothing else, and is no answer: no stage reads it and no key
depends on it. An entry is appended where what was judged differs from the last entry of the grid; a run that changes
nothing appends nothing. Entries are files of their own, so that two branches merge without touching one another's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dtl
from dtl import layout
from dtl.errors import StoreError
from dtl.spec.study import Study
from dtl.workflow import digests

FOLDER = "audit"
HEAD = "head.json"
"""The file that names the last entry; without it a ledger that lost its end would look whole."""
VOLATILE = ("entry", "previous", "at", "hash")
"""What differs between two entries of one judgement."""

Entry = dict[str, Any]


def run(action: str, name: str, head: str) -> int:
    """The verb `dtl audit`: print the entries, or what is wrong with them; 1 if anything is."""
    folder = Path(layout.STUDY.format(study=name)).parent / FOLDER
    if action == "show":
        print("".join(f"{line}\n" for line in show(folder)), end="")
        return 0
    wrong = verify(folder, head)
    count = len(_files(folder))
    print("".join(f"{line}\n" for line in wrong) or f"{folder.as_posix()}: {count} entries, unbroken\n", end="")
    return 1 if wrong else 0


def append(study: Study) -> list[str]:
    """Append an entry of every grid whose judgement is new; the names of the files. Nothing where no audit is asked.

    Raises
    ------
    StoreError
        The ledger does not verify: nothing is appended to a broken chain.
    """
    asked = study.analyses.compliance
    if asked is None or not asked.audit:
        return []
    folder = study.folder / FOLDER
    if wrong := verify(folder):
        raise StoreError(f"{folder}: the ledger is broken, so nothing is appended: {wrong[0]}")
    known = [digests.read_json(path) for path in _files(folder)]
    last = {entry["grid"]: _judgement(entry) for entry in known if entry}
    previous = known[-1]["hash"] if known and known[-1] else ""
    written: list[str] = []
    for found in _found(study):
        if last.get(found["grid"]) == found:
            continue
        number = len(known) + len(written) + 1
        at = datetime.now(UTC).isoformat(timespec="seconds")
        entry = {"entry": number, "previous": previous, "at": at, **found}
        entry["hash"] = previous = _hash(entry)
        name = f"{number:06d}-{previous[:12]}.json"
        digests.write_atomically(folder / name, digests.pretty(entry))
        digests.write_atomically(folder / HEAD, digests.pretty({"entry": number, "hash": previous}))
        written.append(name)
    return written


def verify(folder: Path, head: str = "") -> list[str]:
    """What is wrong with a ledger, in the order of its entries; `head` is the hash of an entry that must be in it.

    Found are entries that were edited, renamed, deleted, put in another order or added by hand, and a lost end.
    """
    wrong: list[str] = []
    previous, hashes, number = "", set(), 0
    for number, path in enumerate(_files(folder), 1):
        entry = digests.read_json(path)
        if not isinstance(entry, dict) or not isinstance(entry.get("hash"), str) or not _finite(entry):
            return [*wrong, f"{path.name}: is no entry"]
        if entry.get("entry") != number:
            place = f"is entry {entry.get('entry')} in the place of {number}"
            return [*wrong, f"{path.name}: {place}: one is missing or was moved"]
        if _hash(entry) != entry["hash"]:
            wrong.append(f"{path.name}: was edited: its content has another hash than it says")
        elif path.read_text(encoding="utf-8") != digests.pretty(entry):
            wrong.append(f"{path.name}: was edited: it holds more than its entry, as a word given twice or blanks")
        if path.name != f"{number:06d}-{entry['hash'][:12]}.json":
            wrong.append(f"{path.name}: was renamed: it should be {number:06d}-{entry['hash'][:12]}.json")
        if entry.get("previous") != previous:
            wrong.append(f"{path.name}: does not follow the entry before it: that one was replaced or moved")
        previous = entry["hash"]
        hashes.add(previous)
    told = digests.read_json(folder / HEAD)
    if number and (not isinstance(told, dict) or told != {"entry": number, "hash": previous}):
        said = (
            f"names entry {told.get('entry')} as the last one" if isinstance(told, dict) else "is missing or unreadable"
        )
        wrong.append(f"{HEAD}: {said}, and the ledger ends with {number}")
    if not number and isinstance(told, dict):
        wrong.append(f"{HEAD}: names entry {told.get('entry')} as the last one, and the ledger is empty")
    if head and not any(known.startswith(head) for known in hashes):
        wrong.append(f"no entry has the hash {head}: the ledger was cut or written anew")
    return wrong


def show(folder: Path) -> list[str]:
    """A line for each entry, the oldest first."""
    lines = []
    for path in _files(folder):
        entry = digests.read_json(path) or {}
        what = ", ".join(f"{n} {k}" for k, n in sorted(entry.get("counts", {}).items()) if n)
        lines.append(f"{entry.get('entry', 0):6d}  {entry.get('at', '')}  {entry.get('verdict', ''):12}  "
                     f"{entry.get('grid', '')}  {entry.get('reason') or what}")  # fmt: skip
    return lines


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.json") if p.name != HEAD)


def _hash(entry: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of an entry without its own hash."""
    plain = {k: v for k, v in entry.items() if k != "hash"}
    return hashlib.sha256(digests.canonical(plain).encode()).hexdigest()


def _finite(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is JSON in the strict sense, which knows no NaN and no infinity."""
    try:
        return bool(digests.canonical(entry))
    except ValueError:
        return False


def _judgement(entry: Mapping[str, Any]) -> Entry:
    return {k: v for k, v in entry.items() if k not in VOLATILE}


def _found(study: Study) -> Iterator[Entry]:
    """What was judged of each grid of the study, in the order of their names."""
    from dtl.workflow.gate import failures  # the gate appends, so it imports this module

    failed, grids = failures(study.name)
    files = study.sources[study.network.model].files(study.folder)
    for grid in grids:
        own = [p for p in files if grid.lower() in (p.stem.lower(), p.parent.name.lower())] or files
        counts = _counts(study.name, grid)
        judged = counts.get("judged", 0)
        verdict = "violates" if counts.get("violated") else "complies" if judged else "not_assessed"
        yield {
            "study": study.name,
            "grid": grid,
            "files": {p.relative_to(study.folder).as_posix(): digests.of_file(p) for p in own},
            "spec": study.digest,
            "dtl": dtl.__version__,
            "codes": sorted(study.analyses.compliance.codes) if study.analyses.compliance else [],
            "verdict": "failed" if grid in failed else verdict,
            "reason": failed.get(grid, ""),
            "counts": counts,
            "answer": _answer(study.name, grid),
        }


def _answer(study: str, grid: str) -> str:
    """SHA-256 of the table of all verdicts; empty where there is none."""
    path = Path(layout.COMPLIANCE.format(study=study, group=grid))
    return digests.of_file(path) if path.is_file() else ""


def _counts(study: str, grid: str) -> dict[str, int]:
    """Verdicts of a grid over all cases; none where there is no cube."""
    from dtl import tables

    path = Path(layout.CUBE.format(study=study))
    if not path.is_file():
        return {}
    rows = tables.read("cube", path, ["feeder", "metric", "level", "value"], analysis="compliance").to_pylist()
    mine = [r for r in rows if r["level"] == "feeder" and r["feeder"] == grid and r["value"] is not None]
    words = {"compliance_judged": "judged", "compliance_violated": "violated", "compliance_unjudged": "not assessed",
             "light_red_h": "segment-hours red", "curtail_left_h": "hours left"}  # fmt: skip
    counts: dict[str, int] = {}
    for row in mine:
        if row["metric"] in words:
            word = words[row["metric"]]
            counts[word] = counts.get(word, 0) + int(row["value"])
    return dict(sorted(counts.items()))
