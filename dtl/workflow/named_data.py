"""Whether data that a study names fit its network: classes of customers, areas of forecasts, buses of registers."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from dtl.spec.adoption import Adoption, Growth
from dtl.spec.areas import AreaTable
from dtl.spec.base import near
from dtl.spec.edits import Actions, Flexibility, Queue
from dtl.spec.stated import Place
from dtl.spec.study import Study
from dtl.workflow import plan
from dtl.workflow.inventory import Inventory, Unread, folder_of
from dtl.workflow.store import Store

Found = tuple[Place, str, str]
"""Where, slug and message of a mistake."""
Told = str
"""What is no mistake, and said."""
LATER = "not checked yet: "
"""What a line begins with that says what will be checked when the sources were read."""
EVERYWHERE = "*"


def concerns(study: Study) -> bool:
    """Whether a study names anything of these."""
    return (isinstance(study.areas, AreaTable) and bool(list(_area_names(study)))) or any(
        isinstance(x, Queue)
        or (isinstance(x, Adoption) and (x.to != "all" or x.follow is not None))
        or (isinstance(x, Growth) and (x.to != "all" or x.forecast is not None))
        for x in study.layers.values()
    )


def judged(study: Study, parts: Inventory, store: Store) -> Iterator[Found | Told]:
    """What is wrong, and what is strange, with the data that layers name."""
    yield from _classes(study, parts, store)
    if isinstance(study.areas, AreaTable):
        yield from _areas(study, store)
    for name, layer in study.layers.items():
        at: Place = ("layers", name)
        if isinstance(layer, Growth) and layer.forecast is not None and layer.what is not None:
            yield from _forecast(study, parts, store, layer.forecast, layer.what, (*at, "what"))
        elif isinstance(layer, Adoption) and layer.follow is not None:
            follow = layer.follow
            yield from _forecast(study, parts, store, follow.forecast, follow.what, (*at, "follow", "what"))
        elif isinstance(layer, Queue):
            yield from _register(study, parts, store, name, layer)


def _area_names(study: Study) -> Iterator[tuple[Place, str]]:
    """The areas that layers name, with their places."""
    for name, layer in study.layers.items():
        if isinstance(layer, Flexibility):
            yield from ((("layers", name, "areas", i), area) for i, area in enumerate(layer.areas or ()))
        elif isinstance(layer, Actions):
            for i, step in enumerate(layer.do):
                if step.scale_load is not None and step.scale_load.area is not None:
                    yield ("layers", name, "do", i, "scale_load", "area"), step.scale_load.area


def _drawn(study: Study, store: Store) -> set[str] | None:
    """The areas that the GIS draws; None where it is not read yet."""
    assert isinstance(study.areas, AreaTable), "declared areas need no GIS"
    rows = _rows(study, store, study.areas.from_, "areas")
    return None if rows is None else {str(r["area"]) for r in rows}


def _areas(study: Study, store: Store) -> Iterator[Found | Told]:
    if not (asked := list(_area_names(study))):
        return
    known = _drawn(study, store)
    if known is None:
        yield f"{LATER}areas of the GIS, which was not read yet"
        return
    for at, area in asked:
        if area not in known:
            yield at, "unknown-name", f"the GIS draws no area '{area}'{near(area, known)}"


def _classes(study: Study, parts: Inventory, store: Store) -> Iterator[Found | Told]:
    asked = {n: x for n, x in study.layers.items() if isinstance(x, Adoption | Growth) and x.to != "all"}
    if not asked or parts.broken:
        return
    known = _of_loads(study, parts)
    if any(origin in study.sources for origin in study.demand.from_):
        merged = plan.merged(study, store)
        if merged is None:
            yield f"{LATER}classes of customers: those of the meters are known once its sources are read"
            return
        from dtl import tables

        rows = tables.read("meters", merged / "meters.parquet", ["feeder", "customer_class"])
        for feeder, word in set(zip(*(rows[c].to_pylist() for c in ("feeder", "customer_class")), strict=True)):
            known.setdefault(feeder, set()).add(word)
    for name, layer in asked.items():
        there = {word for feeder, words in known.items() if layer.reaches(feeder) for word in words} - {""}
        if layer.to not in there:
            where = "of the study" if layer.feeders is None else "that the layer reaches"
            message = f"no customer {where} is of class '{layer.to}'{near(layer.to, {*there, 'all'})}"
            yield ("layers", name, "to"), "unknown-name", message


def _of_loads(study: Study, parts: Inventory) -> dict[str, set[str]]:
    """The classes of each feeder's loads: by the table of classes, else by the model, else the shape of the study."""
    table: dict[tuple[str, str], str] = {}
    path = study.demand.classes and study.folder / study.demand.classes
    if path and path.is_file():
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(line for line in file if line.strip() and not line.lstrip().startswith("#")):
                table[row.get("feeder") or "", (row.get("load") or "").strip().lower()] = (
                    row.get("class") or ""
                ).strip()
    found: dict[str, set[str]] = {}
    for feeder, load, word in parts.classes():
        own = table.get((feeder, load)) or table.get(("", load)) or word or study.demand.shape
        found.setdefault(feeder, set()).add(own)
    return found


def _rows(study: Study, store: Store, source: str, contract: str) -> list[dict[str, Any]] | None:
    """The rows of a source; None where it is not read yet."""
    folder = folder_of(study, source, store)
    if isinstance(folder, Unread):
        return None
    from dtl import tables

    path = folder / f"{contract}.parquet"
    return tables.read(contract, path).to_pylist() if path.is_file() else []


def _forecast(
    study: Study, parts: Inventory, store: Store, source: str, what: str, at: Place
) -> Iterator[Found | Told]:
    rows = _rows(study, store, source, "forecast")
    if rows is None:
        yield f"{LATER}areas of the forecast '{source}', which was not read yet"
        return
    mine = [r for r in rows if r["what"] == what]
    if not mine:
        yield at, "unknown-name", f"the forecast '{source}' has no '{what}'{near(what, {str(r['what']) for r in rows})}"
        return
    areas = _drawn(study, store) if isinstance(study.areas, AreaTable) else {*(study.areas or ())}
    if areas is None:
        yield f"{LATER}areas of the GIS, which was not read yet"
        return
    known = {*parts.groups, *areas}
    stated = {str(r["area"]) for r in mine} - {EVERYWHERE}
    strange = sorted(stated - known - parts.others)
    if stated and not stated & known and len(stated) == len({str(r["area"]) for r in mine}):
        first = strange[0] if strange else min(stated)
        message = (
            f"the forecast '{source}' has '{what}' for {_some(sorted(stated))}: none is a feeder or area of the study"
        )
        yield at, "unknown-name", message + near(first, known)
    elif strange:
        guess = near(strange[0], known)
        yield f"the forecast '{source}' has '{what}' for {_some(strange)}, no area of the study{guess}"


def _register(study: Study, parts: Inventory, store: Store, name: str, layer: Queue) -> Iterator[Found | Told]:
    rows = _rows(study, store, layer.from_, "register")
    if rows is None:
        yield f"{LATER}buses of the register '{layer.from_}', which was not read yet"
        return
    mine = [r for r in rows if r["status"] in layer.status]
    if not mine:
        yield f"layer '{name}': no entry of '{layer.from_}' has a status of {', '.join(layer.status)}"
    placed = [r for r in mine if r["bus"] and not r["meter"] and r["feeder"] not in parts.others]
    lost = [r for r in placed if not _has(parts, str(r["feeder"]), str(r["bus"]))]
    if not lost or parts.broken:
        return
    first = str(lost[0]["bus"])
    message = f"{len(lost)} of {len(placed)} entries are at a bus that no feeder of the study has, first "
    message += f"'{lost[0]['id']}' at '{first}'{near(first.rpartition(':')[2].lower(), parts.names('bus'))}"
    if len(lost) == len(mine):
        yield ("layers", name, "from"), "unknown-name", message
    else:
        yield f"layer '{name}': {message}"


def _has(parts: Inventory, feeder: str, bus: str) -> bool:
    prefix, _, own = bus.rpartition(":")
    there = parts.names("bus").get(own.lower(), ())
    return (feeder or prefix) in there if feeder or prefix else bool(there)


def _some(names: list[str]) -> str:
    return ", ".join(f"'{n}'" for n in names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
