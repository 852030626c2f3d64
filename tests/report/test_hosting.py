"""The page of hosting capacity says what its table says."""

from __future__ import annotations

import re
from typing import Any

import made_study
import numpy as np
import payload_reader
import pytest

from dtl import tables
from dtl.report import facts
from dtl.report.figures import text
from dtl.report.headline import lead


def content(made: Any, name: str) -> Any:
    return payload_reader.read(made.site / "docs" / "data" / f"{name}.js")[1]


def answers(made: Any, **equal: str) -> list[dict[str, Any]]:
    rows = tables.read("hosting", made.inputs["hosting"]["north"]).to_pylist()
    return [r for r in rows if all(r[k] == v for k, v in equal.items())]


def test_payload_of_a_feeder_holds_every_answer(made: Any) -> None:
    told = content(made, "hc/north")["answers"]
    cases = [c["case"] for c in content(made, "study")["cases"]]
    rows = {
        (cases[int(c)], m, b): (kw, int(h), f)
        for c, m, b, kw, h, f in zip(
            *(told[k] for k in ("case", "method", "bus", "hc_kw", "limiting_hour", "limiting_factor")), strict=True
        )
    }
    assert rows == {
        (r["case"], r["method"], r["bus"]): (pytest.approx(r["hc_kw"]), r["limiting_hour"], r["limiting_factor"])
        for r in answers(made)
    }


def test_map_shows_the_method_that_counts_first(made: Any) -> None:
    told = content(made, "a/north")["buses"]
    for i, case in enumerate(c["case"] for c in content(made, "study")["cases"]):
        exact = {r["bus"]: r["hc_kw"] for r in answers(made, case=case, method="iterative")}
        assert (f"fit_generation@{i}" in told) == bool(exact)
        if exact:
            shown = dict(zip(told["name"], told[f"fit_generation@{i}"], strict=True))
            assert {b: v for b, v in shown.items() if v is not None} == {
                b: pytest.approx(v, abs=0.051) for b, v in exact.items()
            }


def test_spread_of_the_study_is_that_of_the_buses(made: Any) -> None:
    told = content(made, "hosting")["spreads"]
    cases = [c["case"] for c in content(made, "study")["cases"]]
    found = 0
    for k in range(len(told["feeder"])):
        if (told["feeder"][k], told["mode"][k]) == ("north", "single"):
            kw = [
                r["hc_kw"]
                for r in answers(made, case=cases[int(told["case"][k])], method=told["method"][k])
                if r["bus"]
            ]
            assert told["p50"][k] == pytest.approx(np.median(kw), rel=1e-6)
            assert (told["n"][k], told["zero"][k]) == (len(kw), sum(v <= 0 for v in kw))
            found += 1
    assert found == 4


def test_words_of_the_page_are_the_cubes(made: Any) -> None:
    cube, page = facts.load(made.inputs["cube"]), (made.www / "hosting-capacity.html").read_text()
    for feeder in ("north", made_study.ODD):
        median = cube.value("hosting_generation_median_kw", feeder, "growth@2035")
        assert median is not None
        assert re.search(rf">{re.escape(text(median, 'kW'))}<", page)
    assert made_study.ODD not in page and "&lt;b&gt;Süd" in page


def test_study_that_did_not_ask_has_no_page(made: Any) -> None:
    from dtl.report import hosting

    cube = facts.load(made.inputs["cube"])
    rest = facts.Facts(cube.table.filter([a != "hosting" for a in cube.table["analysis"].to_pylist()]))
    assert hosting.context(rest, []) is None
    assert hosting.context(rest, content(made, "study")["cases"]) is None


def test_random_deployments_alone_make_a_headline() -> None:
    row = {"analysis": "hosting", "level": "feeder", "year": 0, "case": "base", "text": "", "element": ""}
    own = [
        row | {"metric": "hosting_generation_deployed_kw", "feeder": f, "value": kw}
        for f, kw in (("a", 346.0), ("b", 64.4))
    ]
    assert lead("hosting", own) == "Least generation fits on b in base, 64.4 kW by random deployments."
    median = row | {"metric": "hosting_generation_median_kw", "feeder": "c", "value": 500.0}
    assert lead("hosting", [*own, median]) == "Least generation fits on c in base, 500 kW at its median bus."
    queue = median | {"case": "queue", "value": 400.0}
    told = "Least generation fits on c in queue, 400 kW at its median bus (500 kW in base)."
    assert lead("hosting", [*own, median, queue]) == told
