"""The table of what each layer adds: summed over feeders, with the sum of each case."""

from __future__ import annotations

from dtl.report import attribution


def told(*rows: tuple[str, str, float, float, float]) -> dict[str, object]:
    names = ("layer", "carrier", "kwh", "highest_kw", "kw_at_feeder_peak")
    return {"attribution": [{"feeder": "f", **dict(zip(names, row, strict=True))} for row in rows]}


def test_layers_are_summed_over_feeders_and_end_in_their_sum() -> None:
    base, roofs = ("base", "load", 9e6, 2000.0, 2000.0), ("roofs", "generation", -2e5, -90.0, -10.0)
    one = {"cases": {"high@2030": told(base, roofs), "base@2030": told(base)}}
    other = {"cases": {"high@2030": told(("base", "load", 1e6, 500.0, 500.0), ("cars", "added", 3e5, 80.0, 20.0))}}
    failed = {"cases": {"high@2030": {"status": "failed"}}}
    rows = attribution.lines([one, other, failed])
    assert [r["layer"] for r in rows] == ["base", "base", "roofs", "cars", "all"]
    assert [r["case"] for r in rows] == ["base@2030", *["high@2030"] * 4]
    assert rows[1]["energy"] == "10.0 GWh" and rows[1]["highest"] == "2,500 kW"
    assert rows[2]["carrier"] == "gives power"
    assert rows[-1]["at_peak"] == "2,510 kW" and rows[-1]["highest"] == ""
