"""From the folders of sources to the files of groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stages import merged, split

from dtl import tables
from dtl.network.feeder import Bus, Feeder, Line, LineCode, Load, Source, Switch
from dtl.network.join import join, pruned
from dtl.sources.read import write
from dtl.sources.reading import Reading

CODE = LineCode(name="c", r_ohm_per_km=((0.1,),), x_ohm_per_km=((0.3,),), c_nf_per_km=((0.0,),))
OPEN = Switch(name="tie", from_bus="end", to_bus="shore", from_nodes=(1,), to_nodes=(1,), closed=(False,))


def feeder(id: str, head: str, end: str, kw: float = 10.0) -> Feeder:
    """Two buses and a load, and a tie between `end` and `shore`, of which both feeders know the place."""
    buses = {
        head: Bus(name=head, nodes=(1,), kv_ln=7.2),
        "end": Bus(name="end", nodes=(1,), kv_ln=7.2, x=1.0, y=1.0),
        "shore": Bus(name="shore", nodes=(1,), kv_ln=7.2, x=2.0, y=2.0),
    }
    return Feeder(
        id=id,
        feeders=(id,),
        sources=(
            Source(name="s", bus=head, kv_ll=12.47, r1_ohm=0, x1_ohm=1, r0_ohm=0, x0_ohm=1, phases=1, nodes=(1,)),
        ),
        buses=tuple(buses[n] for n in sorted(buses)),
        line_codes=(CODE,),
        lines=(Line(name="l", from_bus=head, to_bus=end, from_nodes=(1,), to_nodes=(1,), length_km=1, line_code="c"),),
        switches=(OPEN,),
        loads=(Load(name="house", bus=end, nodes=(1,), phases=1, kv=7.2, kw=kw, kvar=1, min_pu=0.8, max_pu=1.2),),
    )


def stage(tmp_path: Path, made: list[Feeder], feeders: list[str], **spec: Any) -> dict[str, Any]:
    reading = Reading("m", "opendss")
    for one in made:
        for row in one.rows():
            if row["kind"] != "feeder":
                part = next(p for group in (one.buses, one.line_codes, one.lines, one.switches, one.loads, one.sources)
                            for p in group if p.model_dump_json(exclude_defaults=True) == row["body"])  # fmt: skip
                reading.add(one.id, part)
    for severity, id in spec.pop("findings", []):
        reading.find("test.wrong", severity, "is wrong", feeder=id, file="x.txt", line=3, element="line.l")
    write(reading, {}, tmp_path / "m")
    outputs = merged({"m": tmp_path / "m"}, tmp_path, "m", waive=spec.pop("waive", {}))
    return split(outputs, tmp_path, feeders=feeders, **spec)


def test_a_feeder_alone_leaves_out_what_nothing_feeds(tmp_path: Path) -> None:
    index = stage(tmp_path, [feeder("a", "head", "end")], ["*"])
    group = index["groups"]["a"]
    assert (group["status"], group["kw"], group["buses"], group["customers"], group["length_km"]) == ("ok", 10, 2, 1, 1)
    made = Feeder.from_json((tmp_path / "feeders" / "a.json").read_text())
    assert [b.name for b in made.buses] == ["end", "head"]
    assert not made.switches


def test_feeders_together_meet_at_their_tie(tmp_path: Path) -> None:
    both = [feeder("a", "head", "end"), feeder("b", "head", "shore", kw=5)]
    index = stage(tmp_path, both, ["a", "b"], together=[["b", "a"]])
    assert list(index["groups"]) == ["a+b"]
    made = Feeder.from_json((tmp_path / "feeders" / "a+b.json").read_text())
    assert made.feeders == ("a", "b")
    assert [b.name for b in made.buses] == ["b__head", "end", "head", "shore"]
    assert [(s.name, s.bus, s.feeder) for s in made.sources] == [("b__s", "b__head", "b"), ("s", "head", "a")]
    assert [(x.name, x.from_bus) for x in made.lines] == [("b__l", "b__head"), ("l", "head")]
    assert [s.name for s in made.switches] == ["tie"]
    assert [c.name for c in made.line_codes] == ["c"]
    assert sum(load.kw for load in made.loads) == 15


def test_joining_does_not_depend_on_the_order_of_names() -> None:
    a, b = feeder("a", "head", "end"), feeder("b", "hb", "shore")
    joined = join([a, b])
    assert [x.name for x in joined.buses] == ["end", "hb", "head", "shore"]
    assert pruned(joined) == joined


def test_selections_that_nothing_meets(tmp_path: Path) -> None:
    index = stage(tmp_path, [feeder("a", "head", "end")], ["A", "zz", "q*"], feeders_expected=["old"])
    assert index["groups"]["a"]["status"] == "ok"
    assert index["groups"]["zz"] | {"reason": ""} == index["groups"]["old"] | {"reason": "", "feeders": ["zz"]}
    assert index["groups"]["zz"]["reason"] == "no source has this feeder"
    assert index["unmet"] == ["q*"]


def test_an_error_fails_its_feeder_and_a_waiver_lets_it_pass(tmp_path: Path) -> None:
    both = [feeder("a", "head", "end"), feeder("b", "hb", "shore")]
    index = stage(tmp_path / "1", both, ["*"], findings=[("error", "a"), ("warning", "b")])
    assert (index["groups"]["a"]["status"], index["groups"]["b"]["status"]) == ("failed", "ok")
    assert index["groups"]["a"]["reason"] == "x.txt:3: line.l: is wrong"
    waive = {"a/line.l": {"why": "measured", "by": "planning"}}
    index = stage(tmp_path / "2", both, ["*"], findings=[("error", "a")], waive=waive)
    assert index["groups"]["a"]["status"] == "ok"
    rows = tables.read("findings", tmp_path / "2" / "system" / "findings.parquet").to_pylist()
    assert [r["severity"] for r in rows if r["check"] == "test.wrong"] == ["warning"]


def test_an_id_that_is_no_file_name_fails(tmp_path: Path) -> None:
    index = stage(tmp_path, [feeder("a/b", "head", "end")], ["*"])
    assert "cannot be the name of a file" in index["groups"]["a/b"]["reason"]


@pytest.mark.parametrize(
    "file", ["feeders.json", "feeders/a.json", "system/network.parquet", "system/findings.parquet"]
)
def test_same_question_same_bytes(tmp_path: Path, file: str) -> None:
    for run in "12":
        stage(tmp_path / run, [feeder("a", "head", "end")], ["*"])
    assert (tmp_path / "1" / file).read_bytes() == (tmp_path / "2" / file).read_bytes()
