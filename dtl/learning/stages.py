"""The stages ``learn_feeder`` and ``learn``: the learning modules that the study asks for, with their tables.

What a module needs besides tables stands in its words: ``timezone``, ``measured_year``, ``years``, ``cases``,
``limits``, ``points`` (feeder -> weather point); of one group ``facts`` (what is given for it) and ``model`` (its
path), of all groups ``models`` and ``index``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dtl import tables
from dtl.learning.insight import LearnResult
from dtl.learning.registry import LEARNERS, OVER_FEEDERS
from dtl.spec.twins import twins
from dtl.tables.named import unfolded

OF_GROUP = ("powerflow", "generators", "calibrated", "kinds")
"""What modules of a group may know besides of how its cases are solved and what its sources are."""
OF_GROUPS = ("assess", "formula")
"""Tables of which `learn` takes those of all groups."""


FOLDED = ("powerflow", "hourly", "violations", "assess")
"""Tables of which a group has no rows of a case that it cannot tell from another."""


class Tables(Mapping[str, pa.Table]):
    """Arrow tables by their contract, each read when it is first asked for; of several files, the rows of all.

    ``like`` has, for each file of a table in `FOLDED`, the cases that the group was not asked, with those like them.
    """

    def __init__(self, files: Mapping[str, list[Path]], like: Mapping[Path, Mapping[str, str]] | None = None):
        self._files = files
        self._like = like or {}
        self._read: dict[str, pa.Table] = {}

    def __getitem__(self, name: str) -> pa.Table:
        if name not in self._read:
            found = [unfolded(tables.read(name, file), self._like.get(file, {})) for file in self._files[name]]
            self._read[name] = tables.concat(name, found)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def learn_feeder(spec: Mapping[str, Any], inputs: Mapping[str, Path], outputs: Mapping[str, Path]) -> None:
    """Write what the modules say of one group: ``insights`` and the tables of their own."""
    facts = json.loads(inputs["facts"].read_text(encoding="utf-8"))
    feeders = json.loads(inputs["feeder"].read_text(encoding="utf-8"))["feeders"]
    point = facts["weather"]["point"]
    words = {
        **_shared(spec),
        "facts": facts,
        "model": inputs["feeder"],
        "points": dict.fromkeys(feeders, point) if point else {},
        **{word: spec[word] for word in OF_GROUP if word in spec},
        "inputs": inputs,
    }
    like = twins(spec.get("reach", {}), feeders)
    files = {name: [path] for name, path in inputs.items() if name in tables.TABLES}
    found = Tables(files, {inputs[name]: like for name in FOLDED})
    told = _ask(LEARNERS, spec["analyses"], words, found)
    own = [LearnResult([replace(r, feeder=r.feeder or spec["group"]) for r in t.rows], t.tables) for t in told]
    _write(own, outputs["learned"])


def learn(spec: Mapping[str, Any], inputs: Mapping[str, Any], outputs: Mapping[str, Path]) -> None:
    """Write what the modules say of all feeders together, with what was said of each."""
    files: dict[str, list[Path]] = {
        name: [inputs[name]] for name in inputs if name in tables.TABLES and name not in OF_GROUPS
    }
    files |= {name: list(inputs[name].values()) for name in OF_GROUPS}
    learned: dict[str, list[Path]] = {"insights": []}
    for folder in inputs["learned"].values():
        for file in sorted(folder.glob("*.parquet")):
            learned.setdefault(file.stem, []).append(file)
    models = {"models": dict(inputs["feeder"]), "index": inputs["index"]}
    words = {**_shared(spec), **models, "definitions": spec.get("definitions", {})}
    reach = spec.get("reach", {})
    members = json.loads(inputs["index"].read_text(encoding="utf-8"))["groups"] if reach else {}
    like = {path: twins(reach, members[group]["feeders"]) for group, path in inputs["assess"].items() if reach}
    results = _ask(OVER_FEEDERS, spec["analyses"], words, Tables(files | learned, like))
    before = Tables(learned)
    _write([LearnResult([], dict(before)), *results], outputs["learning"])


def _shared(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {word: spec[word] for word in ("timezone", "measured_year", "years", "cases", "limits")}


def _ask(
    registry: Mapping[str, str], asked: Mapping[str, Any], words: Mapping[str, Any], found: Tables
) -> list[LearnResult]:
    results = []
    for kind in sorted(set(asked) & set(registry)):
        module, function = registry[kind].split(":")
        with threadpool_limits(1):
            results.append(getattr(import_module(module), function)({**asked[kind], **words}, found))
    return results


def _write(results: list[LearnResult], folder: Path) -> None:
    """One file per contract, the rows of all results together."""
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[pa.Table]] = {"insights": []}
    for result in results:
        if result.rows:
            found["insights"].append(result.insights())
        for name, table in result.tables.items():
            found.setdefault(name, []).append(table)
    for name, parts in sorted(found.items()):
        tables.write(name, tables.concat(name, parts), folder / f"{name}.parquet")
