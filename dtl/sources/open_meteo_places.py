"""Where the substations and feeders of a study are, from the results of its last run; only fetching asks this."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from dtl import layout, tables
from dtl.errors import ContractError
from dtl.spec.study import Study

Place = tuple[float, float]


def of_last_run(study: Study, what: str) -> dict[str, Place]:
    """Latitude and longitude by name [degree], to 0.0001; empty where no run left them.

    A feeder is at the median of its buses; a substation where the GIS has it.
    """
    try:
        found = dict(_feeders(study) if what == "feeders" else _substations(study))
    except (OSError, ContractError, ValueError, KeyError):
        return {}
    return {name: (round(p[0], 4), round(p[1], 4)) for name, p in sorted(found.items())}


def _feeders(study: Study) -> Iterator[tuple[str, Place]]:
    rows = tables.read("network", Path(layout.NETWORK.format(study=study.name)), ["feeder", "kind", "body"])
    crs: dict[str, str] = {}
    xs: dict[str, list[float]] = {}
    ys: dict[str, list[float]] = {}
    kinds, feeders = rows["kind"].cast(tables.TEXT).to_pylist(), rows["feeder"].cast(tables.TEXT).to_pylist()
    for kind, feeder, body in zip(kinds, feeders, rows["body"].to_pylist(), strict=True):
        if kind not in ("feeder", "bus"):
            continue
        about: dict[str, Any] = json.loads(body)
        if kind == "feeder":
            crs[feeder] = about.get("crs", "")
        elif about.get("x") is not None and about.get("y") is not None:
            xs.setdefault(feeder, []).append(about["x"])
            ys.setdefault(feeder, []).append(about["y"])
    for feeder in sorted(xs):
        if crs.get(feeder):
            yield feeder, _degrees(crs[feeder], median(xs[feeder]), median(ys[feeder]))


def _substations(study: Study) -> Iterator[tuple[str, Place]]:
    assets = tables.read("assets", Path(layout.ASSETS.format(study=study.name)), kind="substation").to_pylist()
    for asset in assets:
        if asset["x"] is None or asset["y"] is None:
            continue
        source = Path(layout.SOURCE.format(study=study.name, source=asset["source"])) / "source.json"
        crs = json.loads(source.read_text(encoding="utf-8")).get("crs")
        if crs:
            yield asset["name"] or asset["asset"], _degrees(crs, asset["x"], asset["y"])


def _degrees(crs: str, x: float, y: float) -> Place:
    from pyproj import Transformer

    longitude, latitude = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise ValueError(f"{x}, {y} is no place of {crs}")
    return float(latitude), float(longitude)
