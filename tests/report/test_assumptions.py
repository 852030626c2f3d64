"""What the page of assumptions says of layers whose words are steps."""

from __future__ import annotations

from dtl.report import assumptions


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
