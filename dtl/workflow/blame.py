"""The verb `dtl blame`: which commits moved a number, and by which words, code or raw files.

Every commit that touched the study or the code is planned by its own code; where its cube is in the store, it says the
number. Between two commits with cubes the answers that differ say why.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dtl import layout, tables
from dtl.errors import StoreError
from dtl.report import numbers
from dtl.report.numbers import Address, Number
from dtl.workflow import causes, diff, digests, revisions
from dtl.workflow.revisions import Planned
from dtl.workflow.store import Store

SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Point:
    """A commit (or, with an empty ``commit``, the working tree) with the number there; None where it is not known."""

    commit: str
    day: str
    author: str
    subject: str
    planned: Planned
    known: bool
    number: Number | None

    def __str__(self) -> str:
        return " ".join(x for x in (self.day, self.commit[:9], self.author, self.subject) if x)


@dataclass(frozen=True)
class Move:
    """Two neighbouring points with cubes between which the number changed; ``between`` are those without a cube."""

    before: Point
    after: Point
    between: list[Point]
    causes: list[str]


def run(study: str, text: str, case: str, most: int, *, as_json: bool) -> int:
    """Print the moves of a number, the newest first; 0 on success."""
    store, asked = Store(), numbers.address(text, case)
    if study not in revisions.names(Path()):
        raise StoreError(f"there is no study {study} here; there is {', '.join(revisions.names(Path())) or 'none'}")
    asked, points = history(study, asked, most, store)
    found = moves(points, asked, store)
    if as_json:
        print(digests.pretty(_as_json(asked, points, found)), end="")
    else:
        print("\n".join(_lines(study, asked, points, found)))
    return 0


def history(study: str, asked: Address, most: int, store: Store) -> tuple[Address, list[Point]]:
    """The points of a study, the newest first: the working tree if it was run, then the commits that touched it.

    The address comes back with its case, which that of the newest point decides where none was named.

    Raises
    ------
    StoreError
        No cube is in the store, or the newest has no such number.
    """
    paths = [str(Path(layout.STUDY.format(study=study)).parent), "dtl"]
    form = SEPARATOR.join(("%H", "%as", "%an", "%s"))
    told = revisions.git("log", "--first-parent", f"--max-count={most}", f"--format={form}", "--", *paths).splitlines()
    here = revisions.here(study, store)
    points = [Point("", "", "", "working tree", here, False, None)]
    for line in told:
        commit, day, author, subject = line.split(SEPARATOR, 3)
        planned = revisions.at(commit, [study], store).get(study)
        if planned is not None:
            points.append(Point(commit, day, author, subject, planned, False, None))
    cubes = {p.commit: path for p in points if (path := diff.found_cube(p.planned, store)) is not None}
    if not cubes:
        raise StoreError(f"no revision of {study} among the last {len(told)} is in the store: `dtl run {study}` first")
    newest = tables.read("cube", next(cubes[p.commit] for p in points if p.commit in cubes))
    number = numbers.find(newest, asked)
    if number is None:
        raise numbers.missing(newest, asked)
    read: dict[Path, Number | None] = {}
    for path in cubes.values():
        if path not in read:
            read[path] = numbers.find(tables.read("cube", path), number.address)
    known = [
        Point(p.commit, p.day, p.author, p.subject, p.planned, True, read[cubes[p.commit]]) if p.commit in cubes else p
        for p in points
    ]
    return number.address, known[1:] if _same(known) else known


def _same(points: list[Point]) -> bool:
    """Whether the working tree is as the newest commit, so that it is no point of its own."""
    return len(points) > 1 and (
        not points[0].known or points[0].planned.keys.get(diff.CUBE) == points[1].planned.keys.get(diff.CUBE)
    )


def moves(points: list[Point], asked: Address, store: Store) -> list[Move]:
    """Where the number changed, the newest first."""
    found, between = [], list[Point]()
    after: Point | None = None
    for point in points:
        if not point.known:
            between.append(point)
            continue
        if after is not None and _value(after) != _value(point):
            group = _group(after.planned, asked.feeder)
            why = causes.causes(store, point.planned, after.planned, group, asked.case)
            found.append(Move(point, after, between, [str(c) for c in why]))
        after, between = point, []
    return found


def _value(point: Point) -> float | None:
    return point.number.value if point.number else None


def _group(planned: Planned, feeder: str) -> str:
    """The group in which a feeder is solved; empty for the study."""
    groups = {of for stage, of, _ in planned.keys if stage == "solve_feeder"}
    return next((g for g in sorted(groups) if feeder and feeder in g.split("+")), "")


def _lines(study: str, asked: Address, points: list[Point], found: list[Move]) -> list[str]:
    newest = next(p for p in points if p.known)
    lines = [f"{study} {asked}: {_shown(newest, asked)} at {newest}"]
    for move in found:
        lines += ["", str(move.after), f"  {_shown(move.before, asked)} -> {_shown(move.after, asked)}"]
        lines += [f"  {why}" for why in move.causes] or ["  by what the store no longer knows"]
        if move.between:
            lines.append(f"  or one of {len(move.between)} commits before it, which were not run:")
            lines += [f"    {p}" for p in move.between]
    oldest = [p for p in points if p.known][-1]
    lines += ["", f"{_shown(oldest, asked)} since {oldest}, the oldest that is in the store"]
    unknown = [p for p in points[points.index(oldest) + 1 :] if not p.known]
    if unknown:
        lines.append(f"{len(unknown)} older commits are not in the store, as {unknown[0]}")
    return [*lines, f"{revisions.CUT}: what moved it before cannot be told"] if revisions.shallow() else lines


def _shown(point: Point, asked: Address) -> str:
    value = _value(point)
    return "none" if value is None else f"{value:.6g} {asked.unit}".strip()


def _as_json(asked: Address, points: list[Point], found: list[Move]) -> dict[str, object]:
    def told(point: Point) -> dict[str, object]:
        return {"commit": point.commit, "day": point.day, "author": point.author, "subject": point.subject,
                "known": point.known, "value": _value(point)}  # fmt: skip

    return {
        "address": str(asked),
        "unit": asked.unit,
        "points": [told(p) for p in points],
        "moves": [
            {"before": m.before.commit, "after": m.after.commit, "causes": m.causes,
             "between": [p.commit for p in m.between]}
            for m in found
        ],
    }  # fmt: skip
