"""The layers of the map say what the tables say, and why those are missing that are not there."""

from __future__ import annotations

from typing import Any

import made_layers
import made_study
import payload_reader
import pytest

from dtl import tables
from dtl.report import layers


def content(made: Any, name: str) -> Any:
    return payload_reader.read(made.site / "docs" / "data" / f"{name}.js")[1]


def by_name(table: dict[str, list[Any]], column: str) -> dict[str, float]:
    return {n: v for n, v in zip(table["name"], table[column], strict=True) if v is not None}


def test_devices_stand_at_their_buses(made: Any) -> None:
    told, cases = content(made, "a/north"), [c["case"] for c in content(made, "study")["cases"]]
    rows = tables.read("devices", made.inputs["devices"]["north"]).to_pylist()
    for i, case in enumerate(cases):
        expected = {r["bus"]: r["peak_kw"] for r in rows if r["case"] == case}
        assert (by_name(told["buses"], f"ev@{i}") if expected else {}) == expected
        assert (f"ev@{i}" in told["buses"]) == bool(expected)
    ov = content(made, "ov")["feeders"]
    at = ov["id"].index("north")
    last = len(cases) - 1
    own = [r["peak_kw"] for r in rows if r["case"] == cases[last]]
    assert (ov[f"ev.n@{last}"][at], ov[f"ev.sum@{last}"][at]) == (len(own), sum(own))


def test_outages_and_ages_stand_at_their_elements(made: Any) -> None:
    told = content(made, "a/north")
    counted = [o for o in made_layers.outages() if o["element"] and not o["refused"]]
    minutes = {e: sum(o["customer_minutes"] for o in counted if o["element"] == e) for e in ("l04", "t12")}
    assert by_name(told["lines"], "cmi") | by_name(told["transformers"], "cmi") == minutes
    assert by_name(told["lines"], "outages") == {"l04": 3}
    assert by_name(told["lines"], "age") == {"l04": pytest.approx(24, abs=0.05)}
    assert "cmi" not in content(made, "a/south-2")["lines"]
    history = content(made, "oms/north")["outages"]
    assert len(history["day"]) == len([o for o in made_layers.outages() if not o["refused"]])
    assert history["day"] == sorted(history["day"], reverse=True) and made_layers.HOSTILE in history["cause"]


def test_customers_of_the_map_are_those_of_the_model(made: Any) -> None:
    told, loads = content(made, "a/north")["buses"], made_study.MODELS["north"].loads
    assert by_name(told, "customers") == {p.bus: p.customers for p in loads}


def test_what_is_missing_is_missing_for_a_reason(made: Any) -> None:
    lacks = content(made, "study")["lacks"]
    assert set(lacks) == {"fit_load", "fit_pv", "solar", "growth"}
    assert "not asked of load" in lacks["fit_load"] and "solar" in lacks["solar"]
    spec = made_study.spec()
    none = layers.reasons({**spec, "cases": spec["cases"][:1]}, set(), layers.Growing([], False))
    assert set(layers.LAYERS) - set(none) == {"load", "volt"}
    assert all(reason.endswith(".") for reason in none.values())


def test_risk_is_the_interruptions_of_a_year_that_the_module_expects(made: Any) -> None:
    told = content(made, "study")["threatened"]
    assert {f: t["per_year"] for f, t in told.items()} == {"north": 7.0, "south-2": 0.75}
    spec = made_study.spec()
    asked = {**spec, "spec_text": spec["spec_text"].replace("outage_risk", "anomaly")}
    assert layers.threatened({"learning": made.inputs["learning"]}, asked) == {}
    assert "does not ask for" in layers.reasons(asked, set(), layers.Growing([], False))["risk"]
    assert "long enough" in layers.reasons(spec, set(), layers.Growing([], False))["risk"]


def test_growth_alerts_are_those_of_the_module(tmp_path: Any) -> None:
    row = {"case": "", "kind": "", "element": "", "unit": "1", "confidence": None, "evidence": "[]", "verdict": "ok"}
    said = [("growth", "b", "warning", 1.0), ("growth", "a", "warning", 1.0), ("growth", "c", "warning", 0.0)]
    said += [("anomaly", "d", "warning", 1.0), ("growth", "b", "growth_pct_per_year", 3.0)]
    rows = [row | {"module": m, "feeder": f, "metric": n, "value": v, "text": f"{f} grows"} for m, f, n, v in said]
    tables.write("insights", tables.frame("insights", rows), tmp_path / "insights.parquet")
    found = layers.growing({"learning": tmp_path})
    assert [a["feeder"] for a in found.alerts] == ["a", "b"] and found.answered
    assert layers.growing({"learning": {}}) == ([], False)
