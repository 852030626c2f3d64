"""Where feeders are drawn."""

from __future__ import annotations

import made_study
import pytest

from dtl.report.drawing import simplified
from dtl.report.places import kind_of, places


def test_coordinates_are_used_as_they_are() -> None:
    model = made_study.MODELS["north"]
    found = places(model, "")
    assert found.kind == "metres" and found.filled == 0
    assert all(found.points[b.name] == (b.x, b.y) for b in model.buses)


def test_tree_runs_by_distance_and_no_two_buses_share_a_place() -> None:
    model = made_study.MODELS[made_study.ODD]
    found = places(model, "")
    assert found.kind == "schematic"
    for bus, (x, _) in found.points.items():
        assert x == pytest.approx(1000 * found.topology.distance_km[bus])
    apart = {b.name: found.points[b.name] for b in model.buses if b.kv_ll > 1}
    assert len(set(apart.values())) == len(apart)
    ends = [found.points[b][1] for b in ("n04", "s02")]
    assert len(set(ends)) == 2


def test_bus_without_coordinates_stands_with_its_neighbour() -> None:
    model = made_study.MODELS["north"]
    buses = tuple(b.model_copy(update={"x": None, "y": None}) if b.name == "v04" else b for b in model.buses)
    found = places(model.model_copy(update={"buses": buses}), "")
    assert found.kind == "metres" and found.filled == 1
    assert found.points["v04"] == found.points["s04"]


@pytest.mark.parametrize("change", ["few", "same", "sketch", "other crs"])
def test_coordinates_that_cannot_be_used_give_a_tree(change: str) -> None:
    model, crs = made_study.MODELS["north"], ""
    if change == "few":
        keep = {b.name for b in model.buses[:4]}
        buses = tuple(b if b.name in keep else b.model_copy(update={"x": None, "y": None}) for b in model.buses)
        model = model.model_copy(update={"buses": buses})
    elif change == "same":
        model = model.model_copy(
            update={"buses": tuple(b.model_copy(update={"x": 0.0, "y": 0.0}) for b in model.buses)}
        )
    elif change == "sketch":
        places_of = {b.name: {"x": float(i % 4), "y": float(i // 4)} for i, b in enumerate(model.buses)}
        model = model.model_copy(update={"buses": tuple(b.model_copy(update=places_of[b.name]) for b in model.buses)})
    else:
        crs = "EPSG:4326"
    assert places(model, crs).kind == "schematic"


def test_geographic_systems_are_known() -> None:
    assert kind_of("epsg:4326") == "degrees" and kind_of("EPSG:26916") == "metres" and kind_of("") == "metres"


def test_simplified_path_stays_within_its_tolerance() -> None:
    points = [(float(i), 0.1 if i == 3 else 5.0 if i == 7 else 0.0) for i in range(12)]
    kept = simplified(points, 0.5)
    assert kept[0] == points[0] and kept[-1] == points[-1]
    assert (7.0, 5.0) in kept and (3.0, 0.1) not in kept and len(kept) < len(points)
