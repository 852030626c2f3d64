"""How far an adoption is in a year: a level of one's own, or the path of a forecast, by area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from dtl.errors import SolveError
from dtl.scenarios.context import Context
from dtl.scenarios.state import State
from dtl.spec.base import near

EVERYWHERE = "*"


@dataclass(frozen=True)
class Level:
    """A level of adoption in an area: its value and unit (``share`` of what counts, ``count`` or ``kw``)."""

    value: float
    unit: str


@dataclass(frozen=True)
class Path:
    """The rows of a forecast for one thing in one area, by rising year."""

    area: str
    years: tuple[int, ...]
    values: tuple[float, ...]
    unit: str

    def at(self, year: int) -> float:
        """The value in a year: linear between the rows, and level before the first and after the last."""
        return float(np.interp(year, self.years, self.values))

    def beyond(self, *asked: int) -> str:
        """What a reader must know where years lie outside of the path; empty where none does."""
        early = [y for y in asked if y < self.years[0]]
        late = [y for y in asked if y > self.years[-1]]
        said = [f"begins in {self.years[0]}, whose value holds for {y}" for y in early[:1]]
        said += [f"ends in {self.years[-1]}, whose value holds for {y}" for y in late[-1:]]
        return " and ".join(said)

    def growth(self, first: int, last: int) -> float:
        """What grows from one year to another by this path of ``per_year``, each year by the share in force."""
        return float(np.prod([1.0 + self.at(y) for y in range(first + 1, last + 1)]))


def paths(layer: str, source: str, what: str, context: Context) -> dict[str, Path]:
    """The paths of a forecast for one thing, by area.

    Raises
    ------
    SolveError
        The forecast has nothing of this name for the group, or several units of one thing in one area.
    """
    rows = [r for r in context.forecast if r["source"] == source and r["what"] == what]
    if not rows:
        known = {str(r["what"]) for r in context.forecast if r["source"] == source}
        guess = near(what, known) or "; it has no row for this feeder, its areas or `*`"
        raise SolveError(f"layer '{layer}': the forecast '{source}' has no '{what}' for this feeder{guess}")
    found = {}
    for area in sorted({str(r["area"]) for r in rows}):
        own = sorted((r for r in rows if r["area"] == area), key=lambda r: int(r["year"]))
        units = sorted({str(r["unit"]) for r in own})
        if len(units) > 1:
            raise SolveError(f"layer '{layer}': '{what}' of {area} has several units: {', '.join(units)}")
        found[area] = Path(area, tuple(int(r["year"]) for r in own), tuple(float(r["value"]) for r in own), units[0])
    return found


def beyond(layer: Mapping[str, Any], known: Mapping[str, Path], *asked: int) -> list[str]:
    """A note for all areas whose path does not reach the years that are asked."""
    short = {area: text for area, path in known.items() if (text := path.beyond(*asked))}
    if not short:
        return []
    area, text = next(iter(short.items()))
    more = f"; so {len(short)} areas" if len(short) > 1 else ""
    where = "" if area == EVERYWHERE else f" of {area}"
    return [f"layer '{layer['name']}': the forecast{where} {text}{more}"]


def areas_of(state: State, context: Context, known: Sequence[str]) -> list[str]:
    """The narrowest area of each load among those known: of its bus, of its feeder, the feeder itself, else ``*``.

    Returns an empty text where none holds.
    """
    of_bus: dict[str, str] = {}
    for name in sorted(context.areas, reverse=True):
        of_bus |= {str(bus).rpartition(":")[2].lower(): name for bus in context.areas[name].get("buses") or ()}
    found = []
    for bus, feeder in zip(state.buses, state.feeders, strict=True):
        wider = [n for n, a in sorted(context.areas.items()) if _holds(a, feeder)]
        narrowest = [of_bus.get(bus.lower(), ""), *wider, feeder, EVERYWHERE]
        found.append(next((a for a in narrowest if a in known), ""))
    return found


def _holds(area: Mapping[str, Any], feeder: str) -> bool:
    patterns = () if area.get("buses") else area.get("feeders") or ()
    return any(fnmatchcase(feeder.lower(), p.lower()) for p in patterns)


def levels(layer: Mapping[str, Any], context: Context) -> dict[str, Level]:
    """The level of an adoption in the year of the case, by area; ``*`` is everywhere else.

    With ``penetration``, that is reached in ``by``, on a straight line from the measured year, or along the forecast
    that the layer follows, area by area. Without it, the level is the forecast's own.
    """
    name, target = str(layer["name"]), layer.get("penetration")
    by, follow = layer.get("by"), layer.get("follow")
    if follow is None:
        share = float(target or 0.0)
        if by is not None:
            years = int(by) - context.measured_year
            share *= min(1.0, max(0.0, (context.year - context.measured_year) / years)) if years > 0 else 1.0
        return {EVERYWHERE: Level(share, "share")}
    found = {}
    for area, path in paths(name, str(follow["forecast"]), str(follow["what"]), context).items():
        if target is None:
            if path.unit not in ("share", "count", "kw"):
                raise SolveError(f"layer '{name}': the forecast gives '{follow['what']}' of {area} as {path.unit}; an "
                                 "adoption needs share, count or kw, or a 'penetration' to scale it to")  # fmt: skip
            found[area] = Level(path.at(context.year), path.unit)
            continue
        end = path.at(int(by)) if by is not None else path.values[-1]
        if end <= 0.0:
            raise SolveError(f"layer '{name}': the forecast of '{follow['what']}' in {area} is {end:g} in the year in "
                             "which the penetration is reached; it gives no path")  # fmt: skip
        found[area] = Level(float(target) * path.at(context.year) / end, "share")
    return found
