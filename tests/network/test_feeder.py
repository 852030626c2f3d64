"""The canonical text of a feeder."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from dtl.network.feeder import Bus, Feeder, Line, LineCode, Load, Source

CODE = LineCode(name="c", r_ohm_per_km=((0.1,),), x_ohm_per_km=((0.3,),), c_nf_per_km=((0.0,),))


def feeder() -> Feeder:
    return Feeder(
        id="f",
        feeders=("f",),
        sources=(Source(name="s", bus="a", kv_ll=4.16, r1_ohm=0, x1_ohm=0.1, r0_ohm=0, x0_ohm=0.1),),
        buses=(Bus(name="a", nodes=(1,), kv_ln=2.4), Bus(name="b", nodes=(1,), kv_ln=2.4, x=1.5, y=-2)),
        line_codes=(CODE,),
        lines=(
            Line(name="ab", from_bus="a", to_bus="b", from_nodes=(1,), to_nodes=(1,), length_km=0.3, line_code="c"),
        ),
        loads=(Load(name="l", bus="b", nodes=(1,), phases=1, kv=2.4, kw=5, kvar=1, min_pu=0.8, max_pu=1.2),),
    )


def test_one_part_is_one_line_without_defaults() -> None:
    lines = feeder().to_json().splitlines()
    assert '{"name":"b","nodes":[1],"kv_ln":2.4,"x":1.5,"y":-2.0}' in lines
    assert "capacitors" not in feeder().to_json()
    assert json.loads(feeder().to_json())["lines"][0]["length_km"] == 0.3


def test_json_round_trip_is_byte_equal() -> None:
    text = feeder().to_json()
    assert Feeder.from_json(text) == feeder()
    assert Feeder.from_json(text).to_json() == text


def test_rows_round_trip() -> None:
    rows = feeder().rows()
    assert {r["kind"] for r in rows} == {"feeder", "bus", "line", "line_code", "load", "source"}
    assert Feeder.from_parts(reversed(rows)).to_json() == feeder().to_json()


def test_unsorted_parts_are_refused() -> None:
    f = feeder()
    with pytest.raises(ValidationError, match="sorted by name"):
        Feeder(id="f", feeders=("f",), buses=f.buses[::-1])
