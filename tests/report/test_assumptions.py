"""What the page of assumptions says of layers whose words are steps."""

from __future__ import annotations

from dtl import tables
from dtl.report import assumptions, compare_page, facts


def test_steps_of_a_layer_are_told_in_words_with_their_times_last() -> None:
    steps = [
        {"at": "2026-05-12T09:00:00", "until": "2026-05-12T13:00:00", "open": "SW-12"},
        {"year": 2030, "cost": 9500.0, "replace_transformer": {"at": "t1", "kva": 50.0}},
    ]
    spec = {
        "spec_text": "{}",
        "limits": {"lines": {"summer_months": []}, "transformers": {}, "voltage": []},
        "scenarios": {},
        "layers": {"works": {"kind": "actions", "do": steps, "feeders": ["F1", "F2"]}},
        "timezone": "UTC",
    }
    (layer,) = assumptions.context(spec, [], {})["layers"]
    assert layer["fields"] == [
        ("do 1", "open SW-12, at 2026-05-12 09:00, until 2026-05-12 13:00"),
        ("do 2", "year 2030, cost 9500, replace_transformer kva 50, at t1"),
        ("feeders", "F1, F2"),
    ]


def test_layers_of_a_case_are_told_in_words_and_not_as_json() -> None:
    layers = {
        "other_way": {"kind": "switching", "do": [{"open": "97-197"}, {"close": "151-300"}], "feeders": ["F1"]},
        "works": {"kind": "upgrades", "do": [{"set_regulator": {"at": "rg60", "volts": 120.0}}]},
    }
    spec = {"spec_text": "{}", "definitions": {"far": {"stack": ["other_way", "works"], "layers": layers}}}
    cases = [{"case": "base", "scenario": "base"}, {"case": "far", "scenario": "far"}]
    context = compare_page.context(spec, facts.Facts(tables.frame("cube", [])), cases)
    assert context is not None
    assert [s["words"] for s in context["makes"][1]["stack"]] == [
        "switching: do open 97-197; close 151-300; feeders F1",
        "upgrades: do set_regulator volts 120, at rg60",
    ]
