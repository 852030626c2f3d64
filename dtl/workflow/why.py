"""The verb `dtl why`: a result followed back, answer by answer, to its raw files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.errors import StoreError
from dtl.workflow import digests
from dtl.workflow.fingerprint import pack
from dtl.workflow.questions import published
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Store

SHORT = 12
"""Hex digits shown of a digest."""


def run(path: str) -> int:
    """Print which stage made a file, of which slice and code, from which inputs, down to the raw files."""
    wanted = Path(os.path.relpath(path)).as_posix()
    makers = _makers(_study(wanted))
    record = _maker(makers, wanted)
    if record is None:
        known = sorted(makers)[:8]
        raise StoreError(f"{wanted}: no job published it; among those that were: {', '.join(known) or 'none'}")
    print("\n".join(trace(makers, wanted, record)))
    return 0


def number(study: str, text: str, case: str) -> int:
    """Print a number with its limit, the assumptions of its case, and the way from its raw files to it."""
    path = layout.CUBE.format(study=study)
    if not Path(path).is_file():
        raise StoreError(f"{path} is not there: `dtl run {study}` makes it")
    from dtl import tables
    from dtl.report import numbers

    cube, asked = tables.read("cube", Path(path)), numbers.address(text, case)
    found = numbers.find(cube, asked)
    if found is None:
        raise numbers.missing(cube, asked)
    at, value = found.address, "none" if found.value is None else f"{found.value:.6g} {asked.unit}".strip()
    print(f"{study} {at}: {value} {found.about}".rstrip())
    makers = _makers(study)
    record = _maker(makers, path)
    if record is None:
        raise StoreError(f"{path}: no job published it; `dtl run {study} --fresh` does")
    groups = {r["of"] for r in makers.values() if r["stage"] == "solve_feeder"}
    group = next((g for g in sorted(groups) if at.feeder and at.feeder in g.split("+")), "")
    like = _asked(study, group, at.case)
    if like != at.case:
        print(f"  {group} is not reached by what tells {at.case} from {like}: it was asked {like}")
    print("\n".join([*_assumed(makers, group, like), *trace(makers, path, record, group, like)]))
    return 0


def _asked(study: str, group: str, case: str) -> str:
    """The case that a group was asked for another one in the last run, itself if it was asked."""
    from dtl.spec.twins import twins

    reach = digests.read_json(Path(layout.REACH.format(study=study)))
    return twins(reach or {}, group.split("+")).get(case, case) if group else case


def _assumed(makers: Mapping[str, dict[str, Any]], group: str, case: str) -> list[str]:
    """The layers of a case, from the question that was asked of its power flow."""
    store = Store()
    for record in makers.values():
        if record["stage"] == "solve_feeder" and record["of"] == (group or record["of"]):
            for said in record["answers"]:
                answer = store.answer(said["key"]) if said["case"] == case else None
                if answer is not None:
                    layers = answer.question.spec["layers"]
                    return [f"  layer {layer['name']}: {digests.canonical(layer)}" for layer in layers]
    return []


def _study(path: str) -> str:
    top = layout.RESULTS.split("/")[0]
    parts = path.split("/")
    if parts[0] != top or len(parts) < 3:
        raise StoreError(f"{path}: name a file below {layout.RESULTS.format(study='STUDY')}/")
    return parts[1]


def _makers(study: str) -> dict[str, dict[str, Any]]:
    return {path: record for record in published(study) for path in record["outputs"]}


def _maker(makers: Mapping[str, dict[str, Any]], path: str) -> dict[str, Any] | None:
    """The record of the job that published a path, or the folder it is in."""
    for each in (path, *(p.as_posix() for p in Path(path).parents)):
        if each in makers:
            return makers[each]
    return None


def trace(
    makers: Mapping[str, dict[str, Any]], path: str, record: dict[str, Any], group: str = "", case: str = ""
) -> list[str]:
    """The lines about a path and, further in, about what it was made from; each job is told once.

    With a ``group`` the jobs of others are left out, with a ``case`` the answers of others.
    """
    lines: list[str] = []
    told: set[str] = set()

    def tell(path: str, record: dict[str, Any] | None, digest: str, depth: int) -> None:
        pad = "  " * depth
        if record is None:
            lines.append(f"{pad}{path}  raw file  {digest[:SHORT]}")
            return
        name = f"{record['stage']} {record['of']}".strip()
        lines.append(f"{pad}{path}  {digest[:SHORT]}  by {name}{' (above)' if name in told else ''}")
        if name in told:
            return
        told.add(name)
        lines.append(f"{pad}  spec {record['spec'][:SHORT]}  code {pack(record['code'])}")
        lines.extend(f"{pad}  {a['case'] or 'answer'}: key {a['key'][:SHORT]}, {a['how']}"
                     for a in record["answers"] if not case or a["case"] in ("", case))  # fmt: skip
        for source, its in record["inputs"].items():
            maker = _maker(makers, source)
            if maker is None or not group or STAGES[maker["stage"]].per != "group" or maker["of"] == group:
                tell(source, maker, its, depth + 1)

    about = record["outputs"].get(path, {})
    now = digests.of_path(Path(path)) if Path(path).exists() else digests.ABSENT
    tell(path, record, about.get("digest", now), 0)
    if about and now != about["digest"]:
        lines.append(f"{path} is not as it was published: it is {now[:SHORT]} now")
    return lines
