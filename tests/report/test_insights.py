"""The page of insights: every insight is counted once, decisions stand at theirs, and none is lost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import made_insights
import made_study
import pytest

from dtl.analyses.metrics import METRICS
from dtl.learning.guidance import ADVICE
from dtl.learning.insight import Insight, LearnResult, identity
from dtl.report import downloads, facts, figures, insights, story

ROOT = Path(__file__).parents[2]
UNSHOWN = {"behind_meter", "formula"}
"""Tables that are too large for a page; the results hold them."""
DECIDED = {"decision": "reject", "who": "J. Doe", "why": "the house is empty"}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = made_insights.write(tmp_path_factory.mktemp("learned") / "learning")
    return insights.learned({"learning": folder})


def lines(content: Any) -> dict[tuple[str, str, str], Any]:
    return {(c["module"], c["feeder"], c["metric"]): c for c in content["cards"]}


def test_every_insight_is_counted_once(found: Any) -> None:
    content = insights.payload(found, {}, {})
    quiet = sum(q["count"] for q in content["quiet"])
    assert sum(c["count"] for c in content["cards"]) + quiet == found["insights"].num_rows == 46
    gaps = lines(content)["anomaly", "north", "gap"]
    assert (gaps["count"], gaps["nonzero"], len(gaps["rows"])) == (40, 34, insights.EACH)
    assert {r["number"] for r in gaps["rows"][:5]} == {"6 h"}
    assert [q["feeders"] for q in content["quiet"]] == [["lost-9", "south-2"]]


def test_decisions_stand_at_their_insight_and_others_are_told(found: Any) -> None:
    last = identity(made_insights.GAPS[7].row())
    content = insights.payload(found, {last: DECIDED, "growth-0123456789": DECIDED}, {})
    first = lines(content)["anomaly", "north", "gap"]["rows"][0]
    assert (first["id"], first["number"], first["decision"]) == (last, "0 h", DECIDED)
    assert content["stray"] == [{"id": "growth-0123456789", **DECIDED}]
    assert content["counts"] == {"told": 44, "quiet": 2, "decided": 1}


def test_an_id_is_that_of_the_key_alone(found: Any) -> None:
    row = made_insights.WARNED.row()
    assert identity(row) == identity(row | {"value": 1.0, "text": "other", "confidence": None})
    assert identity(row) != identity(row | {"feeder": "south-2"})
    assert identity(row) != identity(row | {"metric": "warning"})
    ids = insights.files(found)["insights"]["id"].to_pylist()
    assert len(set(ids)) == 46 and identity(row) in ids


def test_evidence_leads_to_its_table(found: Any) -> None:
    told = lines(insights.payload(found, {}, {"alerts.csv": "alerts.csv.gz"}))
    assert told["anomaly", "south-2", "stuck"]["rows"][0]["evidence"][0]["href"] == "downloads/alerts.csv.gz"
    assert told["growth", "north", "growth_pct_per_year"]["rows"][0]["evidence"][0]["href"] == "data-quality.html"


def test_every_table_that_a_module_names_can_be_seen() -> None:
    """What the modules cite, read out of their code: a page, or a file for download."""
    code = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "dtl" / "learning").glob("*.py"))
    cited = set(re.findall(r'Cell\(\s*"(\w+)"', code))
    assert len(cited) > 10
    lost = {t for t in cited if t not in insights.PAGES and insights.FILES.get(t, f"{t}.csv") not in downloads.ABOUT}
    assert lost <= UNSHOWN | {"cube"}


def test_each_kind_of_readings_wrong_by_a_factor_is_told_on_the_overview() -> None:
    kinds = ["times_10", "times_10", "times_1000", "unit", "too_high", "spike"]
    alerts = [Insight("anomaly", kind, 67.0, "h", "told", ("north", "south-2")[n % 2], kind="alert", element=f"M{n}")
              for n, kind in enumerate(kinds)]  # fmt: skip
    (told,) = insights.notices({"insights": LearnResult(alerts).insights()})
    for words in ("2 of about ten", "1 of about a thousand", "1 in another unit", "1 above all", "(north, south-2)"):
        assert words in told["text"]
    assert told["kind"] == "trouble" and told["link"].startswith("insights.html")
    assert insights.notices({"insights": LearnResult([made_insights.WARNED]).insights()}) == insights.notices({}) == []


def test_no_page_where_nothing_is_asked(tmp_path: Path) -> None:
    content = insights.payload(insights.learned({"learning": {}}), {}, {})
    assert insights.context(content, {}) is None
    stray = {"growth-0123456789": DECIDED}
    assert insights.context(insights.payload({}, stray, {}), stray) is not None


def test_a_story_says_what_the_cube_holds(made: Any) -> None:
    cube = facts.load(made.inputs["cube"])
    found = story.of_feeder(cube, "north")
    numbers = [p for s in found["told"] for p in s["parts"] if not isinstance(p, str)]
    assert {s["rule"] for s in found["told"]} >= {"tell.peak", "tell.line", "tell.transformer", "tell.voltage"}
    for part in numbers:
        cell = part["cell"]
        told = cube.fact(cell["metric"], cell["feeder"], cell.get("case"))
        assert told is not None and cell["case"] == cube.text("worst_case", "north")
        values = {figures.text(v, METRICS[cell["metric"]].unit, told.limit) for v in (told.value, told.limit)}
        assert part["number"] in values, part
    assert story.of_feeder(cube, made_study.LOST) == {"told": [], "advice": []}


def test_advice_of_the_study_is_that_of_its_feeders(made: Any) -> None:
    cube = facts.load(made.inputs["cube"])
    of_feeders = {f: {s["rule"] for s in story.of_feeder(cube, f)["advice"]} for f in cube.feeders}
    for line in story.of_study(cube):
        assert line["count"] == sum(line["rule"] in rules for rules in of_feeders.values())
    assert {line["rule"] for line in story.of_study(cube)} == set().union(*of_feeders.values()) - {story.CALM}
    assert {*story.TOPICS, story.CALM} == {r.id for r in ADVICE}


def test_units_in_the_middle_of_a_metric_are_written_as_units() -> None:
    titles = {m: insights._title(m) for m in ("kw_per_degree_cold", "growth_pct_per_year", "coming_peak_kw")}
    assert list(titles.values()) == ["kW per degree cold", "Growth % per year", "Coming peak"]
