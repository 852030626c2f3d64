"""Shapes in the working coordinate system: one projected system in metres, coordinates on a grid of one centimetre."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.exceptions import CRSError, ProjError

from dtl.errors import SourceError

Shapes = npt.NDArray[np.object_]

GRID_DIGITS = 2
"""Digits of a coordinate in metres: one centimetre."""
NOWHERE_M = 1.0
"""A place nearer to (0, 0) than this is none."""
FAR_M = 10_000.0
"""A line that comes from further away than this to a corner at (0, 0) has a corner without a place."""
DEGREE = 1e-5
"""About one metre in degrees."""
BESIDE = 3.0
"""Degrees by which data may lie outside of the area of their system."""
TRUE = 0.01
"""Most that lengths of a working system may differ from true ones."""
POINT, LINE, POLYGON = 0, 1, 3
SEVERAL_LINES = 5


@dataclass
class Placed:
    """Shapes of a layer in the working system; rows whose shape is of no use, and why."""

    shapes: Shapes
    bad: list[tuple[int, str]] = field(default_factory=list)
    joined: int = 0
    """Lines of several parts that made one."""


@cache
def system(name: str) -> pyproj.CRS:
    """A coordinate system by its name; raises SourceError for one that nobody knows."""
    try:
        return pyproj.CRS.from_user_input(name)
    except CRSError as err:
        raise SourceError(f"{name!r} is no coordinate system; write one as EPSG:26916") from err


def turning(crs: str, to_crs: str) -> pyproj.Transformer:
    """What turns coordinates of a system into those of another; raises SourceError where nothing does."""
    try:
        return pyproj.Transformer.from_crs(system(crs), system(to_crs), always_xy=True)
    except ProjError as err:
        raise SourceError(
            f"nothing turns coordinates of {crs[:80]!r} into {to_crs}: its definition is damaged"
        ) from err


def metric(crs: pyproj.CRS) -> bool:
    """Whether a system is projected, in metres."""
    return bool(crs.is_projected and all(abs(a.unit_conversion_factor - 1.0) < 1e-12 for a in crs.axis_info[:2]))


def _middle(shapes: Shapes, crs: str) -> tuple[float, float]:
    """Longitude and latitude of the middle of some shapes, but for corners at (0, 0) [deg]; infinite where none is."""
    turn = turning(crs, "EPSG:4326")
    at = shapely.get_coordinates(shapes[~shapely.is_missing(shapes)])
    at = at[np.abs(at).sum(axis=1) > 0]
    x, y = turn.transform(*np.median(at, axis=0)) if len(at) else (np.inf, np.inf)
    return float(x), float(y)


def stretch(shapes: Shapes, crs: str, of: str) -> float:
    """Lengths in the system `of` over true ones, at the middle of shapes that stand in `crs`; 1 where that is nowhere.

    Web Mercator stretches by one over the cosine of the latitude; UTM and national grids by less than a hundredth.
    """
    x, y = _middle(shapes, crs)
    scale = float(pyproj.Proj(system(of)).get_factors(x, y).areal_scale) if np.isfinite((x, y)).all() else 1.0
    return scale**0.5 if np.isfinite(scale) else 1.0


def inside(shapes: Shapes, crs: str, of: str) -> bool:
    """Whether shapes that stand in `crs` lie where the system `of` is made for, or within `BESIDE` of it."""
    if not shapely.get_coordinates(shapes).any():
        return True
    return bool(_within(of, np.array([_middle(shapes, crs)]))[0])


def _within(of: str, at: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which longitudes and latitudes, shape (n, 2) [deg], the system `of` is made for, or are within `BESIDE` of it."""
    area, (x, y) = system(of).area_of_use, at.T
    if area is None:
        return np.ones(len(at), np.bool_)
    around = (x >= area.west - BESIDE) & (x <= area.east + BESIDE) if area.west <= area.east else np.isfinite(x)
    return np.asarray(np.isfinite(at).all(axis=1) & around & (y >= area.south - BESIDE) & (y <= area.north + BESIDE))


def zone(shapes: Shapes, crs: str) -> str:
    """The UTM zone (WGS 84) of the middle of some shapes, as EPSG code; raises SourceError where they lie nowhere."""
    x, y = _middle(shapes, crs)
    if not (np.isfinite(x) and np.isfinite(y) and abs(y) < 84 and abs(x) <= 180):
        raise SourceError(f"its coordinates do not fit its coordinate system {crs}")
    return f"EPSG:{(32600 if y >= 0 else 32700) + min(int((x + 180) // 6) + 1, 60)}"


def fits(shapes: Shapes, crs: str) -> bool:
    """Whether coordinates can be of a system: degrees within their range, metres not all within that of degrees."""
    at = shapely.get_coordinates(shapes[~shapely.is_missing(shapes)])
    at = at[np.abs(at).sum(axis=1) > 0]
    if not len(at):
        return True
    small = (np.abs(at[:, 0]) <= 360) & (np.abs(at[:, 1]) <= 90)
    return bool(np.median(small) > 0.5) == bool(system(crs).is_geographic)


def placed(shapes: Shapes, crs: str, to_crs: str, wanted: str) -> Placed:
    """Shapes brought into the working system and onto its grid, each made the kind that is wanted: point, line or span.

    A span is a point or a line. A polygon as a point is its middle. Lines of several parts become one where these
    touch; else the longest counts.
    """
    found = shapes.copy()
    made = Placed(found)
    missing = shapely.is_missing(found) | shapely.is_empty(found)
    found[missing] = None
    finite = np.ones(len(found), bool)
    made.bad += _at_zero(found, crs)
    if system(crs) != system(to_crs):
        turn = turning(crs, to_crs)
        found = shapely.transform(found, lambda at: np.column_stack(turn.transform(at[:, 0], at[:, 1])))
    at, owner = shapely.get_coordinates(found, return_index=True)
    finite[owner[~(np.isfinite(at).all(axis=1) & (np.abs(at) < 1e8).all(axis=1))]] = False
    made.bad += [(int(i), "its coordinates do not fit the coordinate system") for i in np.flatnonzero(~finite)]
    found[~finite] = None
    made.bad += _astray(found, to_crs)
    found = shapely.transform(found, lambda at: np.round(at, GRID_DIGITS) + 0.0)
    if wanted == "line":
        made.shapes = _lines(found, made)
    else:
        drawn = np.isin(shapely.get_type_id(found), (LINE, SEVERAL_LINES)) & (wanted == "span")
        lines = found.copy()
        lines[~drawn] = None
        found[drawn] = None
        made.shapes = _points(found)
        made.shapes[drawn] = _lines(lines, made)[drawn]
    return made


def _at_zero(found: Shapes, crs: str) -> list[tuple[int, str]]:
    """Shapes with a corner at (0, 0), where programs put what has no place; they are taken out.

    Lines count where another corner lies far away, as no span is that long.
    """
    at, owner = shapely.get_coordinates(found, return_index=True)
    metre = DEGREE if system(crs).is_geographic else 1.0
    size, kind = np.abs(at).max(axis=1, initial=0.0), shapely.get_type_id(found)
    zero = np.unique(owner[size < NOWHERE_M * metre])
    alone = zero[kind[zero] == POINT]
    far = np.intersect1d(zero, owner[size > FAR_M * metre])
    found[np.union1d(alone, far)] = None
    return [(int(i), "it stands at (0, 0)") for i in alone] + [(int(i), "a corner is at (0, 0)") for i in far]


def _astray(found: Shapes, to_crs: str) -> list[tuple[int, str]]:
    """Shapes with a place far outside of the area of the working system, as with x and y swapped; taken out."""
    at, owner = shapely.get_coordinates(found, return_index=True)
    if system(to_crs).area_of_use is None or not len(at):
        return []
    x, y = turning(to_crs, "EPSG:4326").transform(at[:, 0], at[:, 1])
    lost = ~_within(to_crs, np.column_stack([x, y]))
    rows = np.unique(owner[lost])
    found[rows] = None
    return [(int(i), f"it lies far outside of the area of {to_crs}") for i in rows]


def _points(found: Shapes) -> Shapes:
    kind = shapely.get_type_id(found)
    other = ~np.isin(kind, (-1, POINT))
    found[other] = shapely.centroid(found[other])
    rounded: Shapes = shapely.transform(found, lambda xy: np.round(xy, GRID_DIGITS) + 0.0)
    return rounded


def _lines(found: Shapes, made: Placed) -> Shapes:
    kind = shapely.get_type_id(found)
    several = kind == SEVERAL_LINES
    made.joined = int(several.sum())
    found[several] = shapely.line_merge(found[several])
    for i in np.flatnonzero(shapely.get_type_id(found) == SEVERAL_LINES):
        parts = shapely.get_parts(found[i])
        made.bad.append((int(i), f"is {len(parts)} lines that do not touch; the longest counts"))
        found[i] = parts[int(np.argmax(shapely.length(parts)))]
    wrong = np.flatnonzero(~np.isin(shapely.get_type_id(found), (-1, LINE)))
    made.bad += [(int(i), "its shape is no line") for i in wrong]
    found[wrong] = None
    return found


def middles(shapes: Shapes) -> npt.NDArray[np.float64]:
    """The place of each shape, of a line the middle of its length; nan where there is none; shape (n, 2) [m]."""
    found = shapes.copy()
    line = shapely.get_type_id(found) == LINE
    found[line] = shapely.line_interpolate_point(found[line], 0.5, normalized=True)
    at = np.column_stack([shapely.get_x(found), shapely.get_y(found)])
    rounded: npt.NDArray[np.float64] = np.round(at, GRID_DIGITS)
    return rounded
