"""Scripted edits: what the plan says of each, what a run then computes, and that both agree."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from toyworld import STUDY, World

BASE = ("base@2026", "base@2030")
GROWTH = ("growth@2026", "growth@2030")
PAGES = {"write_site", "build_site"}
END = PAGES | {"gather"}
FEEDERS = {"prepare_feeder", "solve_feeder", "assess_feeder"}
INGEST = {"read_source", "merge_network", "split_feeders"}
READINGS = {"split_readings"}
"""Asked anew where the feeders change."""


@dataclass(frozen=True)
class Edit:
    """One edit: ``computed`` are the stages of what a run computes, ``cases`` the cases among them.

    A ``word`` is one of scenarios, layers or analyses (or cosmetic): of these, what is planned is what runs.
    """

    name: str
    do: Callable[[World], object]
    computed: set[str]
    cases: tuple[str, ...] | None = None
    word: bool = True


def say(old: str, new: str) -> Callable[[World], object]:
    return lambda w: w.say(old, new)


def code(module: str, old: str, new: str) -> Callable[[World], object]:
    return lambda w: w.edit(module, old, new)


def older(world: World) -> None:
    """Other content with an older time, as `cp -p` and `rsync -t` bring it."""
    path = world.raw("data/a/master.dss", "kw 150\n")
    os.utime(path, ns=(10**18, 10**18))


def reorder(world: World) -> None:
    lines = world.study.read_text().splitlines(keepends=True)
    world.study.write_text("".join(lines[:1] + lines[3:4] + lines[1:3] + lines[4:]))


def forget_solves_of_a(world: World) -> None:
    for key in world.plan().keys["solve_feeder", "a"].values():
        world.store.discard(key)


def with_outages(world: World) -> None:
    """A source of outages, which is no network."""
    world.raw("data/oms.csv", "1\n2\n")
    world.say("sources:\n", "sources:\n  oms: {kind: oms, path: data/oms.csv}\n")


def then(*does: Callable[[World], object]) -> Callable[[World], object]:
    """Edits one after the other, each but the last followed by a run."""

    def do(world: World) -> None:
        for each in does[:-1]:
            each(world)
            world.run()
        does[-1](world)

    return do


RELIABILITY = say("powerflow:", "analyses: {reliability: {}}\npowerflow:")
SOLVED = {"solve_feeder", "assess_feeder"} | END
EDITS = [
    Edit("nothing", lambda w: None, set()),
    Edit("comment", lambda w: w.study.write_text(STUDY + "# a remark\n"), set()),
    Edit("key order", reorder, set()),
    Edit("flow style", say("{title: As it is, stack: []}", "\n    title:   As it is\n    stack: [ ]"), set()),
    Edit("order of the feeders", say("[a, b]", "[b, a]"), PAGES),
    Edit("title", say("title: A toy", "title: Another toy"), PAGES),
    Edit("question", say("Does it hold?", "Does it still hold?"), PAGES),
    Edit("title of a scenario", say("title: More", "title: Growth"), PAGES),
    Edit("colour of a scenario", say("title: More,", "title: More, colour: '#1f77b4',"), PAGES),
    Edit("note of a layer", say("per_year: 0.02", "per_year: 0.02, note: the board said so"), PAGES),
    Edit("units of the pages", lambda w: w.study.write_text(STUDY + "report: {units: us}\n"), PAGES),
    Edit("value of a layer", say("per_year: 0.02", "per_year: 0.03"), SOLVED, GROWTH),
    Edit("scenario added", say("scenarios:\n", "scenarios:\n  twice: {stack: [more]}\n"),
         SOLVED, ("twice@2026", "twice@2030")),
    Edit("scenario removed", say("  growth: {title: More, stack: [more]}\n", ""), END),
    Edit("scenario renamed", say("  growth: {", "  grown: {"), SOLVED, ("grown@2026", "grown@2030")),
    Edit("stack emptied", say("stack: [more]", "stack: []"), SOLVED, GROWTH),
    Edit("stack of base filled", say("As it is, stack: []", "As it is, stack: [more]"), SOLVED, BASE),
    Edit("layer for one feeder", say("per_year: 0.02", "per_year: 0.02, feeders: [a]"), END),
    Edit("layer for all feeders by name", say("per_year: 0.02", "per_year: 0.02, feeders: [a, b]"),
         {"gather"} | PAGES),
    Edit("layer renamed", lambda w: (w.say("  more:", "  much:"), w.say("[more]", "[much]")), SOLVED, GROWTH),
    Edit("layer added and not used", say("layers:\n", "layers:\n  less: {kind: growth, per_year: -0.01}\n"), PAGES),
    Edit("year added", say("[2026, 2030]", "[2026, 2030, 2035]"), SOLVED, ("base@2035", "growth@2035")),
    Edit("year removed", say("[2026, 2030]", "[2026]"), END),
    Edit("analysis added", lambda w: w.study.write_text(STUDY + "analyses: {compare: {baseline: base}}\n"), END),
    Edit("headline", lambda w: w.study.write_text(STUDY + "report: {headline: voltage}\n"), END),
    Edit("expectation", lambda w: w.study.write_text(STUDY + "expect: {failed_feeders: {at_most: 0.5}}\n"), PAGES),
    Edit("limit of lines", lambda w: w.study.write_text(STUDY + "limits: {lines: {over_pct: 90}}\n"),
         SOLVED, BASE + GROWTH),
    Edit("limit of voltage", lambda w: w.study.write_text(STUDY + "limits: {voltage: [{low_pu: 0.9, high_pu: 1.1}]}\n"),
         SOLVED, BASE + GROWTH),
    Edit("hours", say("[0, 1, 2]", "[0, 1]"), SOLVED, BASE + GROWTH),
    Edit("controls", say("[0, 1, 2]", "[0, 1, 2], controls: frozen"), SOLVED, BASE + GROWTH),
    Edit("voltage at the head", say("{model: dss}", "{model: dss, head_voltage: {pu: 1.03}}"), SOLVED, BASE + GROWTH),
    Edit("a voltage that fails", say("{model: dss}", "{model: dss, head_voltage: {pu: 1.3}}"), SOLVED, BASE + GROWTH),
    Edit("drop of the secondary", say("{model: dss}", "{model: dss, secondary: {drop_pct: 2}}"), SOLVED, BASE + GROWTH),
    Edit("shape of the demand", say("shape: residential", "shape: commercial"), FEEDERS | END, word=False),
    Edit("time zone", say("America/Chicago", "Europe/Berlin"), FEEDERS | END, word=False),
    Edit("file of the demand", lambda w: w.raw("overrides/classes.csv", "load,class\nx,commercial\n"),
         FEEDERS | END, word=False),
    Edit("waiver", lambda w: w.study.write_text(STUDY + "waive: {x: {why: y, by: z}}\n"),
         {"merge_network"} | PAGES, word=False),
    Edit("feeders joined", say("{model: dss}", "{model: dss, together: [[a, b]]}"),
         {"split_feeders"} | READINGS | FEEDERS | END, word=False),
    Edit("feeder left out", say("[a, b]", "[a]"), {"merge_network", "split_feeders"} | END, word=False),
    Edit("source changed", say("{model: dss}", "{model: other}"), INGEST | FEEDERS | END, word=False),
    Edit("raw file", lambda w: w.raw("data/a/master.dss", "kw 150\n"), INGEST | FEEDERS | END, word=False),
    Edit("raw file with an older time", older, INGEST | FEEDERS | END, word=False),
    Edit("raw file touched", lambda w: os.utime(w.study.parent / "data/a/master.dss"), set(), word=False),
    Edit("remark in a raw file", lambda w: w.raw("data/a/master.dss", "kw 104 # as measured\n"),
         {"read_source"}, word=False),
    Edit("raw file added", lambda w: w.raw("data/a/more.dss", "kw 10\n"), INGEST | FEEDERS | END, word=False),
    Edit("feeder without load", lambda w: w.raw("data/b/master.dss", "kw 0\n"), INGEST | END, word=False),
    Edit("feeder removed", lambda w: shutil.rmtree(w.study.parent / "data/b"), INGEST | READINGS | END, word=False),
    Edit("remark in the code", code("feeders", "kw = read(", "# why\n    kw = read("), set(), word=False),
    Edit("docstring in the code", code("numbers", "A number that", "The number that"), set(), word=False),
    Edit("constant two modules down", code("numbers", "2.0", "3.0"), {*FEEDERS, *END}, word=False),
    Edit("early code, same results", code("ingest", "rows = []", "rows = list()"),
         INGEST | READINGS | PAGES, word=False),
    Edit("code of a layer", code("growth", "return kw *", "return 1.5 * kw *"), SOLVED, GROWTH, word=False),
    Edit("code of a layer that nobody uses", code("weather", "return kw", "return 2 * kw"), set(), word=False),
    Edit("code of an analysis that nobody asks", code("compare", "len(rows)", "2 * len(rows)"), set(), word=False),
    Edit("layer registered", code("registry", "LAYERS = {", "LAYERS = {'wind': 'toy.weather:apply', "),
         set(), word=False),
    Edit("code of the pages", code("report", "<pre>", "<pre >"), END, word=False),
    Edit("outages added", with_outages, {"read_source", "merge_network"} | END, word=False),
    Edit("outages changed that nobody judges", then(with_outages, lambda w: w.raw("data/oms.csv", "1\n3\n")),
         {"read_source", "merge_network", "gather", "write_site"}, word=False),
    Edit("outages changed", then(with_outages, RELIABILITY, lambda w: w.raw("data/oms.csv", "1\n2\n3\n")),
         {"read_source", "merge_network"} | END, word=False),
    Edit("remark in the outages", then(with_outages, lambda w: w.raw("data/oms.csv", "1\n2 # tree\n")),
         {"read_source"}, word=False),
    Edit("format of the outages", then(with_outages, say("oms.csv}", "oms.csv, zone: UTC}")),
         {"read_source"} | PAGES, word=False),
    Edit("outages judged", then(with_outages, RELIABILITY), END),
    Edit("other years of outages", then(with_outages, RELIABILITY, say("bility: {}", "bility: {years: [2024]}")), END),
    Edit("time zone with outages", then(with_outages, say("America/Chicago", "Europe/Berlin")),
         {"read_source"} | FEEDERS | END, word=False),
    Edit("answers lost", forget_solves_of_a, {"solve_feeder"}, BASE + GROWTH, word=False),
]  # fmt: skip


@pytest.mark.parametrize("edit", EDITS, ids=lambda e: e.name)
def test_what_is_planned_holds(world: World, edit: Edit) -> None:
    before = world.bytes()
    edit.do(world)
    found = world.plan()
    compute = {(x.stage, x.of, x.case) for x in found.compute}
    may = {(x.stage, x.of, x.case) for x in found.may_change}
    reuse = {(x.stage, x.of, x.case) for x in found.reuse}
    assert not compute & may and not compute & reuse and not may & reuse

    done = world.run()
    executed = set(done["computed"])
    assert compute <= executed
    assert {x for x in executed - compute if x not in may and (x[0], "*", x[2]) not in may} == set()
    assert not executed & reuse
    assert reuse <= set(done["fetched"])

    assert {x[0] for x in executed} == edit.computed
    if edit.cases is not None:
        assert {x[2] for x in executed if x[2]} == set(edit.cases)
    if edit.word:
        assert not may
        assert compute == executed
    if not edit.computed:
        assert found.empty and world.bytes() == before
    assert all(x.reason for x in found.compute + found.may_change)
    after = world.plan()
    assert after.empty and {(x.stage, x.of, x.case) for x in after.reuse} == {*done["computed"], *done["fetched"]}


def test_a_layer_for_one_feeder_computes_that_feeder_alone(world: World) -> None:
    world.say("per_year: 0.02", "per_year: 0.02, feeders: [a]")
    assert {x[1] for x in world.run()["computed"] if x[0] == "solve_feeder"} == set(), (
        "b is as in its base, a as it was"
    )
    world.say("per_year: 0.02", "per_year: 0.03")
    assert {(x.of, x.case) for x in world.plan().compute if x.stage == "solve_feeder"} == {("a", c) for c in GROWTH}
    assert {x[1] for x in world.run()["computed"] if x[0] == "solve_feeder"} == {"a"}
    world.say("feeders: [a]", "feeders: [b]")
    assert {(x.of, x.case) for x in world.plan().compute if x.stage == "solve_feeder"} == {("b", c) for c in GROWTH}
    assert {x[1] for x in world.run()["computed"] if x[0] == "solve_feeder"} == {"b"}


def test_taking_an_edit_back_computes_nothing(world: World) -> None:
    world.say("per_year: 0.02", "per_year: 0.03")
    assert world.run()["computed"]
    world.say("per_year: 0.03", "per_year: 0.02")
    assert world.plan().empty
    assert world.run()["computed"] == []


@pytest.mark.parametrize("raw", ["data/a/master.dss", "overrides/classes.csv"])
def test_a_word_edited_after_another_input_changed_is_still_foreseen(world: World, raw: str) -> None:
    """The slice was met before with other inputs, so what comes out may be known: the plan may doubt, but not err."""
    world.say("per_year: 0.02", "per_year: 0.03")
    world.run()
    world.raw(raw, "kw 150\n")
    world.run()
    world.say("per_year: 0.03", "per_year: 0.02")
    found = world.plan()
    compute = {(x.stage, x.of, x.case) for x in found.compute}
    executed = set(world.run()["computed"])
    assert {"solve_feeder", "gather", "write_site"} <= {x[0] for x in compute} <= {x[0] for x in executed}
    assert compute <= executed <= compute | {(x.stage, x.of, x.case) for x in found.may_change}


def test_reasons_name_what_changed(world: World) -> None:
    world.say("per_year: 0.02", "per_year: 0.03")
    reasons = {str(x): x.reason for x in world.plan().compute}
    assert reasons["solve_feeder a growth@2026"] == "layers.more.per_year: 0.02 -> 0.03"
    world.edit("numbers", "2.0", "3.0")
    reasons = {str(x): x.reason for x in world.plan().compute}
    assert reasons["solve_feeder a base@2026"] == "code of the stage"
    world.raw("overrides/classes.csv", "load,class\nx,y\n")
    reasons = {str(x): x.reason for x in world.plan().compute}
    assert reasons["prepare_feeder a"] == "code of the stage; input raw overrides/classes.csv"
