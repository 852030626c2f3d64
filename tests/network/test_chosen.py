"""Which feeders a study is about, by ids, lists, voltage and substation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dtl import tables
from dtl.network.chosen import chosen, with_stations
from dtl.network.rows import by_feeder

KV = {"NS-101": 12.47, "NS-102": 12.6, "NS-099": 12.47, "MR-1": 34.5}
STATIONS = {"ns-101": "S1", "NS-102": "S1", "NS-099": "S1", "MR-1": "S2"}
NAMES = {"S1": "Northside", "S2": "Mill Road"}


def network() -> Any:
    rows = []
    for feeder, kv in sorted(KV.items()):
        rows.append({"feeder": feeder, "kind": "feeder", "name": feeder, "body": json.dumps({"crs": ""})})
        source = {"name": "s", "bus": "b", "kv_ll": kv, "r1_ohm": 0, "x1_ohm": 0.1, "r0_ohm": 0, "x0_ohm": 0.1}
        rows.append({"feeder": feeder, "kind": "source", "name": "s", "body": json.dumps(source)})
    return tables.frame("network", {c: [r[c] for r in rows] for c in ("feeder", "kind", "name", "body")})


def assets() -> Any:
    rows = [("feeder", feeder, "", {"substation": station}) for feeder, station in STATIONS.items()]
    rows += [("substation", key, name, {}) for key, name in NAMES.items()]
    columns: dict[str, list[Any]] = {c.name: [None] * len(rows) for c in tables.TABLES["assets"].columns}
    columns |= {"source": ["gis"] * len(rows), "feeder": [""] * len(rows), "kind": [r[0] for r in rows]}
    columns |= {"asset": [r[1] for r in rows], "name": [r[2] for r in rows]}
    return tables.frame("assets", columns | {"attributes": [json.dumps(r[3]) for r in rows]})


def asked(words: Any) -> Any:
    stations = words.get("substations", ()) if isinstance(words, dict) else ()
    rows = dict(by_feeder(with_stations(network(), assets(), stations)))
    return chosen(words, KV, rows)


@pytest.mark.parametrize(
    ("words", "feeders"),
    [
        (["ns-1*"], {"NS-101", "NS-102"}),
        ({"substations": ["Northside"], "except": ["NS-099"]}, {"NS-101", "NS-102"}),
        ({"substations": ["mill road", "s1"]}, set(KV)),
        ({"kv": [12.47]}, {"NS-101", "NS-102", "NS-099"}),
        ({"kv": [34.5, 69.0], "ids": ["M*"]}, {"MR-1"}),
        ({"listed": ["MR-1", "ns-099"]}, {"MR-1", "NS-099"}),
        ({"listed": ["MR-1"], "substations": ["Northside"]}, set()),
        ({"except": ["NS-*"]}, {"MR-1"}),
    ],
)
def test_all_conditions_hold(words: Any, feeders: set[str]) -> None:
    assert set(asked(words).feeders) == feeders


def test_what_no_feeder_meets_is_told() -> None:
    found = asked({"ids": ["NS-*", "XX-*", "NS-7"], "kv": [12.47, 4.16], "substations": ["Northside", "Nordside"]})
    assert found.feeders == ("NS-099", "NS-101", "NS-102") and found.absent == ("NS-7",)
    assert found.unmet == ("XX-*", "kv: 4.16", "substations: Nordside")
    assert asked({"listed": ["NS-8"], "except": ["Q"]}).absent == ("NS-8",)
    assert asked({"except": ["Q"]}).unmet == ("except: Q",)
