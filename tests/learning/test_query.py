"""Questions become the canonical query of the method page, or are refused; nothing is guessed and nothing breaks."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path
from typing import Any

import pytest

from dtl.learning.query.echo import words
from dtl.learning.query.parse import parse, understand
from dtl.learning.query.words import grammar, singular, tokens


def canonical(query: dict[str, Any]) -> str:
    """The query with its lists as sets."""
    made = json.loads(json.dumps(query))
    for key in ("filters", "scenario"):
        if key in made:
            made[key] = sorted(made[key], key=lambda part: json.dumps(part, sort_keys=True))
    return json.dumps(made, sort_keys=True)


def cases(samples: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (samples / "nlq/dev.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_development_half(samples: Path) -> None:
    wrong = [c["text"] for c in cases(samples) if canonical(parse(c["text"])) != canonical(c["query"])]
    assert not wrong


def test_other_words_for_the_same_thing_give_the_same(samples: Path) -> None:
    for case in cases(samples):
        for word, other in (
            ("feeder", "circuit"),
            ("transformer", "xfmr"),
            ("buses", "nodes"),
            ("lines", "conductors"),
        ):
            said = case["text"].replace(word, other)
            assert canonical(parse(said)) == canonical(case["query"]), said


EXACT = sorted((Path(__file__).resolve().parents[1] / "bench/learning").glob("questions_exact_*.jsonl"))
EQUAL = ("How many lines are overloaded in the 2022 coldsnap?",
         "Show the seven circuits with the biggest lossess if there are twice as many EVs")  # fmt: skip
"""Questions whose other reading is as good: the name of the event, and what is twice as many."""


def test_values_and_units_of_other_wordings_are_exact_and_nothing_unclear_is_answered() -> None:
    lines = [json.loads(line) for path in EXACT for line in path.read_text(encoding="utf-8").splitlines()]
    wrong = [c["text"] for c in lines if canonical(parse(c["text"])) != canonical(c["query"])]
    assert len(lines) == 130 and set(wrong) == set(EQUAL)


OWN = {
    "Which circuit is the worst?": {"intent": "rank", "entity": "feeder", "metric": "violations_total", "order": "desc",
        "limit": 1},
    "Top ten xfmrs by loading": {"intent": "rank", "entity": "transformer", "metric": "thermal_loading",
        "order": "desc", "limit": 10},
    "Show feeders with hosting capacity below 1.5 MW": {"intent": "filter", "entity": "feeder",
        "metric": "hosting_capacity",
        "filters": [{"field": "hosting_capacity", "op": "<", "value": 1500, "unit": "kw"}]},
    "feeders where SAIDI exceeds 2 hours": {"intent": "filter", "entity": "feeder", "metric": "saidi",
        "filters": [{"field": "saidi", "op": ">", "value": 120, "unit": "min"}]},
    "feeders except F12 with SAIFI above 1.5": {"intent": "filter", "entity": "feeder", "metric": "saifi",
        "filters": [{"field": "id", "op": "!=", "value": "F12"}, {"field": "saifi", "op": ">", "value": 1.5}]},
    "reduce EV penetration by 20% and list overloaded transformers": {"intent": "filter", "entity": "transformer",
        "metric": "thermal_loading", "filters": [{"field": "thermal_loading", "op": ">", "value": 100, "unit": "pct"}],
        "scenario": [{"type": "ev", "param": "penetration", "op": "scale", "value": 0.8}]},
    "Compare peak load with and without 40% EVs": {"intent": "compare", "entity": "system", "metric": "peak_load",
        "scenarios": [[], [{"type": "ev", "param": "penetration", "op": "set", "value": 40, "unit": "pct"}]]},
    "transformers loaded more than 80 % but not overloaded": {"intent": "filter", "entity": "transformer",
        "metric": "thermal_loading", "filters": [{"field": "thermal_loading", "op": ">", "value": 80, "unit": "pct"},
        {"field": "thermal_loading", "op": "<=", "value": 100, "unit": "pct"}]},
    "Show me the feeders with the highst losess": {"intent": "rank", "entity": "feeder", "metric": "losses",
        "order": "desc"},
    "peak load of substation Mill Road between 17:00 and 21:00": {"intent": "value", "entity": "substation",
        "metric": "peak_load", "filters": [{"field": "id", "op": "=", "value": "Mill Road"}],
        "time": {"hour_from": 17, "hour_to": 21}},
}  # fmt: skip


@pytest.mark.parametrize("text", OWN)
def test_questions_of_our_own(text: str) -> None:
    assert canonical(parse(text)) == canonical(OWN[text])


@pytest.mark.parametrize(
    ("text", "reason"),
    [("drop table feeders", "not_a_query"), ("Please remove feeder F3", "not_a_query"),
     ("SELECT * FROM feeders", "not_a_query"),
     ("what is the capital of France", "out_of_scope"), ("tell me a joke", "out_of_scope"),
     ("feeders with 150% EV penetration", "invalid_value"), ("Top -3 feeders by losses", "invalid_value")],
)  # fmt: skip
def test_what_is_refused(text: str, reason: str) -> None:
    assert parse(text) == {"intent": "reject", "reason": reason}


def test_what_is_not_clear_is_asked_back_and_what_is_ignored_is_said() -> None:
    assert parse("show me everything") == {"intent": "clarify", "missing": ["entity", "metric"]}
    assert parse("top five feeders")["intent"] == "clarify"
    assert parse("feeders with losses apart from big ones")["intent"] == "clarify"
    told = understand("worst feeder painted green")
    assert told.query["intent"] == "rank" and {"painted", "green"} <= set(told.ignored)
    assert understand("worst feedr").corrected == (("feedr", "feeder"),)


def test_ways_of_saying_a_thing_are_read_as_the_usual_words_and_told() -> None:
    said = understand("How many feeders have at least one violation?")
    assert said.query["filters"] == [{"field": "violations_total", "op": ">", "value": 0}]
    assert ("at least one violation", "violations above 0") in said.corrected
    none = parse("feeders without any violations")
    assert none["filters"] == [{"field": "violations_total", "op": "=", "value": 0}]
    assert parse("How many transformers exceed their rating?")["filters"][0]["value"] == 100
    assert parse("Rank the feeders by interruption frequency")["metric"] == "saifi"
    assert parse("Which feeders can host the least?")["order"] == "asc"


def test_a_count_that_would_ignore_a_condition_is_asked_back() -> None:
    assert parse("how many feeders were painted green") == {"intent": "clarify", "missing": ["filter"]}
    assert parse("how many feeders are there") == {"intent": "count", "entity": "feeder"}
    assert parse("How many customers are on feeder F7?") == {
        "intent": "value", "entity": "feeder", "metric": "customers",
        "filters": [{"field": "id", "op": "=", "value": "F7"}]}  # fmt: skip


def test_a_metric_or_a_thing_that_nobody_named_is_not_guessed_beside_words_of_another() -> None:
    assert parse("Transformers losing more than 1 % of life per year") == {"intent": "clarify", "missing": ["metric"]}
    assert parse("Show me the worst") == {"intent": "clarify", "missing": ["entity"]}
    for said in ("Which lines run above 90 % of capacity?", "Transformers over 90 % of their rating"):
        assert parse(said)["filters"] == [{"field": "thermal_loading", "op": ">", "value": 90, "unit": "pct"}]
        assert understand(said).ignored == ()


def test_a_number_is_never_dropped_nor_cut_at_its_comma() -> None:
    below = [{"field": "voltage", "op": "<", "value": 0.95, "unit": "pu"}]
    assert parse("nodes where the voltage is below 0,95 pu")["filters"] == below
    assert parse("feeders with losses above 2,5 %")["filters"][0]["value"] == 2.5
    assert parse("feeders with hosting capacity above 1,500 kW")["filters"][0]["value"] == 1500
    assert parse("feeders with SAIFI around 2") == {"intent": "clarify", "missing": ["filter"]}
    assert parse("feeders with -5 kW of hosting capacity") == {"intent": "reject", "reason": "invalid_value"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("transformers not on F2", "not"), ("feeders that have no overloads", "no"), ("when does F4 peak", "when does"),
        ("transformers that are neither overloaded nor on F4", "neither"), ("why is F4 overloaded", "why"),
        ("buses with voltage under 118 volts", "voltage"), ("feeders with peak above 800 A", "peak load"),
        ("change in losses from 2026 to 2035", "losses"), ("second worst feeder", "second"),
        ("transformers overloaded by more than 20 %", "overloaded by"), ("losses of F2 in percent", "percent"),
        ("transformers over 100 % for more than 10 hours", "a number"), ("how long is F4 overloaded", "how long"),
        ("how many kW of PV does bus 12 take", "how many kw"), ("how many hours is F4 overloaded", "how many hour"),
        ("every feeder that breaks the voltage band at least once", "at least"),
        ("is the voltage on F6 acceptable", "acceptable"),
    ],
)  # fmt: skip
def test_what_would_be_the_answer_to_another_question_is_asked_back(said: str, why: str) -> None:
    found = understand(said)
    assert found.query == {"intent": "clarify", "missing": ["filter"]}
    assert why in found.ignored


@pytest.mark.parametrize(
    ("said", "op", "value"),
    [
        ("which lines do not exceed 80 percent", "<=", 80), ("transformers that never go above 50 %", "<=", 50),
        ("feeders whose peak load is not below 5 MW", ">=", 5000), ("feeders with losses above 2 MWh", ">", 2000),
    ],
)  # fmt: skip
def test_a_negation_turns_its_comparison_round_and_units_are_heeded(said: str, op: str, value: float) -> None:
    (part,) = parse(said)["filters"]
    assert (part["op"], part["value"]) == (op, value)


@pytest.mark.parametrize(
    ("said", "shares"),
    [
        ("What if half of the customers have EVs?", ("set", 50)),
        ("What if half the homes have solar?", ("set", 50)),
        ("What if half of the EVs?", ("scale", 0.5)),
        ("What happens if a quarter of customers adopt heat pumps?", ("set", 25)),
        ("What happens if one in four homes has an EV?", ("set", 25)),
        ("What if EV adoption is down by a third?", ("scale", 0.666667)),
        ("What if solar adoption goes up to 20 percent?", ("set", 20)),
    ],
)
def test_a_fraction_is_of_customers_or_of_what_there_is(said: str, shares: tuple[str, float]) -> None:
    layer = parse(said)["scenario"][0]
    assert (layer["op"], layer["value"]) == shares


@pytest.mark.parametrize(
    ("said", "left_out"),
    [
        ("all buses but F2", ["F2"]),
        ("rank feeders by losses excluding F12 and F13", ["F12", "F13"]),
        ("worst 5 feeders except F1, F2 and F3", ["F1", "F2", "F3"]),
        ("worst feeders except feeders 4 and 5", ["4", "5"]),
        ("the 10 worst transformers except those on feeder 4", ["4"]),
        ("feeders other than F12 with SAIDI over 100 minutes", ["F12"]),
    ],
)
def test_every_id_of_a_list_that_is_left_out_is(said: str, left_out: list[str]) -> None:
    query = parse(said)
    ids = [f for f in query["filters"] if f["field"] in ("id", "feeder")]
    assert [f["value"] for f in ids] == left_out and {f["op"] for f in ids} == {"!="}
    assert query["intent"] in ("rank", "list", "filter")


def test_a_second_order_is_of_the_same_things() -> None:
    both = parse("five feeders with the lowest hosting capacity and the 3 by losses")["queries"]
    assert [(q["entity"], q["metric"], q["order"], q["limit"]) for q in both] == [
        ("feeder", "hosting_capacity", "asc", 5),
        ("feeder", "losses", "asc", 3),
    ]
    both = parse("top 10 transformers by loading; the 5 by loss of life")["queries"]
    assert [(q["entity"], q["order"], q["limit"]) for q in both] == [
        ("transformer", "desc", 10),
        ("transformer", "desc", 5),
    ]


def test_an_effect_of_what_no_slot_knows_is_asked_back() -> None:
    assert parse("How does curtailing the mill change peak load on feeder 2?") == {
        "intent": "clarify",
        "missing": ["scenario"],
    }
    assert parse("How does demand response change peak load?")["scenarios"] == [
        [],
        [{"type": "policy", "name": "demand_response"}],
    ]


def test_customers_are_counted_and_ordered_by() -> None:
    assert parse("Top three feeders by customers")["metric"] == "customers"
    assert parse("which feeder has the fewest customers?")["order"] == "asc"
    assert parse("Total customers per substation") == {
        "intent": "aggregate",
        "entity": "substation",
        "metric": "customers",
        "fn": "sum",
    }


@pytest.mark.parametrize(
    "said",
    ["Turn off feeder F3", "SELECT name FROM feeders", "select kw from loads where kw > 3", "replace transformer T-3",
     "Open switch S12", "please close breaker B1"],
)  # fmt: skip
def test_orders_to_the_grid_and_queries_of_databases_are_no_questions(said: str) -> None:
    assert parse(said) == {"intent": "reject", "reason": "not_a_query"}


def test_words_that_are_also_orders_are_read_as_what_they_are() -> None:
    assert parse("select the five worst feeders")["limit"] == 5
    assert parse("drop in peak load with 30% solar")["intent"] == "clarify"
    assert parse("close to overload: which transformers?")["intent"] == "list"


@pytest.mark.parametrize(
    "said",
    [
        "How many EVs can feeder F2 handle?",
        "peak load by month for feeder 4",
        "feeders with both overloads and low voltage",
    ],
)
def test_what_the_slots_cannot_hold_is_asked_back(said: str) -> None:
    assert parse(said) == {"intent": "clarify", "missing": ["filter"]}


def test_usual_ways_of_asking_for_room_and_for_an_effect() -> None:
    of_three = [{"field": "id", "op": "=", "value": "3"}]
    room = {"intent": "value", "entity": "feeder", "metric": "hosting_capacity", "filters": of_three}
    assert parse("How much solar can feeder 3 host?") == room
    cars = {"type": "ev", "param": "penetration", "op": "scale", "value": 1.25}
    assert parse("How does a 25% increase in EVs change losses on feeder 3?") == {
        "intent": "compare",
        "entity": "feeder",
        "metric": "losses",
        "filters": of_three,
        "scenarios": [[], [cars]],
    }
    assert parse("peak demand with TOU vs without")["scenarios"] == [[], [{"type": "policy", "name": "tou"}]]
    assert parse("losses before and after 40% solar")["intent"] == "compare"


@pytest.mark.parametrize(
    "said",
    ["Do losses fall with 40% solar?", "Does 40% solar reduce losses?", "How do losses increase with 40% solar?",
     "Do losses go up or down with 40% solar compared to today?"],
)  # fmt: skip
def test_a_verb_of_the_metric_changes_no_layer(said: str) -> None:
    query = parse(said)
    assert query["intent"] == "compare" and query["metric"] == "losses"
    assert query["scenarios"] == [
        [],
        [{"type": "solar", "param": "penetration", "op": "set", "value": 40, "unit": "pct"}],
    ]


def test_no_text_breaks_it_and_none_without_a_metric_is_answered() -> None:
    draw = random.Random(1)
    letters = string.ascii_letters + string.digits + string.punctuation + "  äé漢"
    metric = {w for texts in grammar()["metrics"].values() for text in texts for w in text.split()}
    things = {w for texts in grammar()["entities"].values() for text in texts for w in text.split()}
    for _ in range(2000):
        text = "".join(draw.choice(letters) for _ in range(draw.randrange(60)))
        query = parse(text)
        if query["intent"] not in ("clarify", "reject"):
            assert query.get("metric") or {singular(t.text) for t in tokens(text)[0]} & (metric | things), text


def test_what_is_told_reads_as_what_was_asked() -> None:
    for text in ("top 3 transformers by loading", "how many buses are below 0.95 pu", "average peak load per feeder",
                 "feeders with SAIDI above 90 minutes", "What is the peak load of feeder F12?",
                 "how many buses are outside 0.95 and 1.05 pu"):  # fmt: skip
        assert canonical(parse(words(parse(text)))) == canonical(parse(text)), words(parse(text))


@pytest.mark.parametrize(
    ("said", "value", "unit"),
    [
        ("transformers loaded over one hundred and twenty percent", 120, "pct"),
        ("transformers loaded over twenty-five percent", 25, "pct"),
        ("feeders with SAIDI between 30 minutes and two hours", [30, 120], "min"),
        ("feeders with SAIDI above an hour and a half", 90, "min"), ("feeders with SAIDI over a quarter of an hour", 15,
        "min"), ("feeders with peak load between 500 kW and 2 MW", [500, 2000], "kw"),
        ("lines longer than 800 m", 0.8, "km"), ("lines longer than 2 miles", 3.218688, "km"),
        ("transformers above 0.5 MVA loaded over 90 %", 500, "kva"), ("feeders with losses above 0.3 MW", 300, "kw"),
        ("transformers older than three decades", 30, "year"), ("feeders with more than two dozen customers", 24, ""),
    ],
)  # fmt: skip
def test_number_words_and_units_are_told_in_one_unit(said: str, value: Any, unit: str) -> None:
    part = parse(said)["filters"][0]
    assert (part["value"], part.get("unit", "")) == (value, unit)


@pytest.mark.parametrize(
    "said",
    ["feeders with SAIDI between 30 % and 2 hours", "feeders with outage risk above a half", "peak load in Q3",
     "transformers above average loading"],
)  # fmt: skip
def test_a_bound_that_no_filter_holds_is_asked_back(said: str) -> None:
    assert parse(said)["intent"] == "clarify"


def test_a_question_after_yes_or_no_is_a_check_with_its_condition() -> None:
    assert parse("Is feeder 9 within ANSI range A in the 2023 heatwave?") == {
        "intent": "check", "entity": "feeder", "metric": "voltage",
        "filters": [{"field": "id", "op": "=", "value": "9"}, {"field": "voltage", "op": "within", "value": "ansi_a"}],
        "scenario": [{"type": "weather", "event": "heatwave", "year": 2023}]}  # fmt: skip
    assert parse("Is the voltage on F6 acceptable")["intent"] == "clarify"
    assert parse("Are there feeders with SAIDI over 2 hours?")["intent"] == "filter"
    assert words(parse("Is transformer T-7 overloaded?")) == "does transformer T-7 thermal loading above 100 %"
    assert parse(words(parse("Is transformer T-7 overloaded?"))) == parse("Is transformer T-7 overloaded?")


def test_what_changes_a_part_is_refused_and_what_changes_a_scenario_is_not() -> None:
    for said in ("Set the rating of line 4 to 500", "move meter M4 to transformer T-3", "print(open('x').read())"):
        assert parse(said) == {"intent": "reject", "reason": "not_a_query"}, said
    assert parse("Set EV adoption to 40% and show the worst feeders")["intent"] == "rank"
    assert parse("feeder(s) with SAIDI above 90 minutes")["intent"] == "filter"
    assert parse("Write me a poem about transformers") == {"intent": "reject", "reason": "out_of_scope"}
    assert parse("What about feeder 12?") == {"intent": "clarify", "missing": ["metric"]}


def test_a_layer_is_multiplied_by_times_and_grows() -> None:
    for said, value in (("What if EV adoption is 3 times as high?", 3), ("What if EV adoption grows by 20 %?", 1.2),
                        ("What happens with 2.5x solar?", 2.5)):  # fmt: skip
        assert parse(said)["scenario"][0]["op"] == "scale" and parse(said)["scenario"][0]["value"] == value, said
