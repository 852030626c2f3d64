"""The pages: their numbers are the cube's, their bytes the same every time, and no name breaks them."""

from __future__ import annotations

import html
import json
import os
import re
import time
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import made_study
import pyarrow.csv
import pytest

from dtl import tables
from dtl.analyses.compare import Case
from dtl.analyses.metrics import METRICS
from dtl.errors import DtlError
from dtl.report import assumptions, beside, facts, feeders, figures, overview, pages, quality
from dtl.report import cube as made_cube
from dtl.report.board import Board, Cell
from dtl.report.study_payloads import cases
from dtl.report.write import write_site


@pytest.fixture(scope="session")
def cube(made: Any) -> facts.Facts:
    return facts.load(made.inputs["cube"])


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_same_bytes_every_time(made: Any, tmp_path: Path) -> None:
    site, www = made.build(tmp_path / "elsewhere")
    assert bytes_of(site) == bytes_of(made.site)
    assert bytes_of(www) == bytes_of(made.www)


def test_nothing_names_the_machine_or_the_day(made: Any) -> None:
    days = [datetime.now(zone).strftime("%Y-%m-%d").encode() for zone in (None, UTC)]
    files = bytes_of(made.www)
    assert files
    for name, data in files.items():
        assert str(made.www.parent).encode() not in data, name
        assert not any(day in data for day in days), name


def test_no_page_asks_a_foreign_host(made: Any) -> None:
    urls = [(p.name, u) for p in made.www.rglob("*.html") for u in re.findall(r'(?:src|href)="([^"]+)"', p.read_text())]
    assert urls
    for name, url in urls:
        assert not url.startswith(("http", "//")), (name, url)


def test_titles_of_copied_pages_are_plain_text() -> None:
    """The navigation shows a title as it stands, so that marks of Markdown would be seen."""
    docs = Path(__file__).parents[2] / "site" / "docs"
    titles = {page: title for names in pages.reference(docs).values() for page, title in names.items()}
    assert titles["scenarios/controls"] == "Layer controls: settings of regulators and capacitors"
    assert not [title for title in titles.values() if re.search(r"[`*<>\[\]]", title)]


def test_every_link_leads_somewhere(made: Any) -> None:
    link = r'(?:src|href)="([^"#?]+)[^"]*"'
    links = [(path, url) for path in made.www.rglob("*.html") for url in re.findall(link, path.read_text())]
    assert links
    for path, url in links:
        assert (path.parent / html.unescape(url)).exists(), (path.name, url)


class Table(HTMLParser):
    """The text of every cell that names a metric, by the row's case."""

    def __init__(self) -> None:
        super().__init__()
        self.case, self.metric, self.small = "", "", False
        self.cells: dict[tuple[str, str], str] = {}
        self.changes: dict[tuple[str, str], str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "tr":
            self.case = told.get("data-case") or ""
        if tag == "td":
            self.metric = told.get("data-metric") or ""
        self.small = tag == "small"

    def handle_data(self, data: str) -> None:
        if self.case and self.metric and data.strip():
            (self.changes if self.small else self.cells)[self.case, self.metric] = data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self.metric = ""


def test_matrix_is_the_cubes(made: Any, cube: facts.Facts) -> None:
    page = Table()
    page.feed((made.www / "index.html").read_text())
    assert len(page.cells) == len(made_study.CASES) * len(overview.MATRIX)
    for (case, metric), shown in page.cells.items():
        cell, unit = cube.fact(metric, case=case), METRICS[metric].unit
        assert cell is not None and shown == figures.shown(cell.value, unit, cell.limit)[0], (case, metric)
    assert page.changes["growth@2035", "overload_hours_h"] == figures.change(
        (cube.value("overload_hours_h", case="growth@2035") or 0)
        - (cube.value("overload_hours_h", "north", "base@2035") or 0)
        - (cube.value("overload_hours_h", made_study.ODD, "base@2035") or 0),
        "h",
    )


def test_figures_are_the_cubes(made: Any, cube: facts.Facts) -> None:
    page = (made.www / "index.html").read_text()
    shown = re.findall(
        r'data-metric="(\w+)">\s*<dt>[^<]*</dt>\s*<dd class="dtl-number">([^< ]*)(?: <small>([^<]*)</small>)?', page
    )
    assert [m for m, _, _ in shown] == cube.text("headline").split() and len(shown) == 5
    for metric, number, unit in shown:
        cell = cube.fact(metric, case=cube.text("worst_case"))
        assert cell is not None and (number, unit) == figures.shown(cell.value, METRICS[metric].unit, cell.limit)


def test_answer_in_sentences_is_the_answer(cube: facts.Facts) -> None:
    said = overview.sentences(cube.answer())
    assert " ".join(said) == cube.answer() and len(said) >= 3 and all(s.endswith(".") for s in said)
    assert overview.sentences("One sentence of 1.5 MW.") == ["One sentence of 1.5 MW."]


CALM = {"feeders_violating": 0.0, "violating": 0.0, "overload_hours_h": 0.0, "max_line_load_pct": 90.0, "loss_pct": 2.0}
OVER = CALM | {"feeders_violating": 1.0, "violating": 1.0, "overload_hours_h": 4.0, "max_line_load_pct": 110.0}
KNOWN = {".": CALM, "o": OVER, "w": OVER | {"overload_hours_h": 9.0}}


def told_of(folder: Path, headline: str, of: dict[str, str]) -> facts.Facts:
    """The cube of feeders a, b ... that are calm, over a limit, or worse: a letter each, by case."""
    board = Board([Case(c, c, 0) for c in of], sorted("ab"[: len(of["base"])]))
    for case, letters in of.items():
        for feeder, letter in zip(board.feeders, letters, strict=True):
            for metric, value in (KNOWN[letter] | {"solved": 1.0}).items():
                board.add(case, metric, feeder, Cell(value, "x", 1, 100.0 if metric.startswith("max_line") else None))
                if metric == "feeders_violating":
                    board.put("", metric, feeder, Cell(value))
    tables.write("cube", tables.frame("cube", made_cube.rows(board, headline, "base")), folder / "cube.parquet")
    return facts.load(folder / "cube.parquet")


@pytest.mark.parametrize(
    ("headline", "of", "case", "why"),
    [
        ("thermal", {"base": "..", "growth": "oo", "roofs": "w."}, "growth",
         "the case with the most feeders over a limit"),
        ("thermal", {"base": "..", "growth": "o.", "roofs": "w."}, "roofs",
         "the case with the worst feeder, of those with the most feeders over a limit (1)"),
        ("thermal", {"base": "oo", "growth": "oo", "roofs": "ow"}, "roofs", "the case with the worst feeder"),
        ("thermal", {"base": "..", "growth": "..", "roofs": ".."}, "base", "the case that comes nearest to a limit"),
        ("losses", {"base": "..", "growth": "..", "roofs": ".."}, "base",
         "the case with the highest losses of a feeder"),
        ("thermal", {"base": ".", "growth": ".", "roofs": "w"}, "roofs", "the only case over a limit"),
        ("thermal", {"base": ".", "growth": "o", "roofs": "w"}, "roofs", "the case with the most hours over a limit"),
    ],
)  # fmt: skip
def test_overview_says_why_its_figures_are_those_of_a_case(
    tmp_path: Path, headline: str, of: dict[str, str], case: str, why: str
) -> None:
    """The worst feeder's case and the case with the most feeders are two things: each is called what it is."""
    told = told_of(tmp_path, headline, of)
    assert told.text("worst_case") == case and overview.chosen(told, case) == why


def test_bars_name_the_worst_feeders_in_order(made: Any, cube: facts.Facts) -> None:
    page = (made.www / "index.html").read_text()
    listed = [html.unescape(f) for f in re.findall(r'<tr data-feeder="([^"]*)">', page)]
    assert listed == [r.feeder for r in cube.worst(10)] and listed[0] == "north"


class Rows(HTMLParser):
    """The texts of the cells of one table, by the feeder of the row."""

    def __init__(self, table: str) -> None:
        super().__init__()
        self.table, self.inside, self.feeder = table, False, ""
        self.cells: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "table":
            self.inside = told.get("id") == self.table
        if tag == "tr":
            self.feeder = told.get("data-feeder") or ""
        if self.inside and self.feeder and tag == "td":
            self.cells.setdefault(self.feeder, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside and self.cells.get(self.feeder):
            self.cells[self.feeder][-1] += data.strip()


def test_where_to_look_first_tells_the_numbers_of_the_cube(made: Any, cube: facts.Facts) -> None:
    """Loading as per cent of its limit, hours, and both ends of the voltage, each in the feeder's worst case."""
    page = Rows("first")
    page.feed((made.www / "index.html").read_text())
    labels = {c["case"]: c["label"] for c in cases(made_study.spec(), cube)}
    assert len(page.cells) == len([f for f in cube.feeders if cube.text("worst_case", f)]) >= 3
    for feeder, cells in page.cells.items():
        case = cube.text("worst_case", feeder)
        loads = [cube.fact(m, feeder, case) for m in ("max_line_load_pct", "max_transformer_load_pct")]
        most = max(100 * c.value / c.limit for c in loads if c is not None and c.value is not None and c.limit)
        low, high = cube.fact("min_pu", feeder, case), cube.fact("max_pu", feeder, case)
        assert low is not None and high is not None
        volts = [figures.shown(c.value, "pu", c.limit)[0] for c in (low, high)]
        assert cells[0] == labels[case] and cells[2] == figures.text(most, "%", 100.0), feeder
        assert cells[3] == figures.text(cube.value("overload_hours_h", feeder, case), "h"), feeder
        assert cells[5] == " – ".join(volts) and cells[6] == figures.text(
            cube.value("violation_hours_h", feeder, case), "h"
        ), feeder


def test_hostile_names_are_text(made: Any) -> None:
    odd = html.escape(made_study.ODD).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    for name in ("index", "method"):
        page = (made.www / f"{name}.html").read_text()
        assert odd in page, name
    for path in made.www.rglob("*.html"):
        assert "<b>Süd" not in path.read_text() and "<iteration>" not in path.read_text(), path.name
        assert "<up>" not in path.read_text(), path.name


def test_data_quality_counts_everything(made: Any) -> None:
    conversion = tables.read("conversion", made.inputs["conversion"])
    rows = quality.sources(conversion)
    whole = [r for r in rows if not r["kind"]]
    assert [r["total"] for r in whole] == [conversion.num_rows]
    assert sum(r["total"] for r in rows if r["kind"]) == conversion.num_rows
    assert all(sum(r["counts"].values()) == r["total"] for r in rows)
    page = (made.www / "data-quality.html").read_text()
    assert "fuses are not &lt;known&gt;" in page and "the line is shorter than 1 m" in page
    assert "a" * 64 not in page and "a" * 64 in (made.www / "method.html").read_text()
    assert "&lt;iteration&gt; limit" in page


def test_classes_in_brackets_stay_whole() -> None:
    rows = [
        {
            "source": "s",
            "feeder": "",
            "object": o,
            "property": "",
            "verdict": "mapped",
            "target": "",
            "value": "",
            "reason": "",
        }
        for o in ("[LINE CODE] a", "[LINE CODE] b", "Line x", "Line.y", "Line.z")
    ]
    kinds = {r["kind"]: r["total"] for r in quality.sources(tables.frame("conversion", rows))}
    assert kinds == {"": 5, "[LINE CODE]": 2, "Line": 3}


def test_data_quality_tells_of_meters_and_readings(made: Any) -> None:
    page = (made.www / "data-quality.html").read_text()
    assert "&lt;b&gt;m2&lt;/b&gt;" in page and "<b>m2</b>" not in page
    assert ">m3<" in page and ">m1<" not in page, "only what is worth a look is listed"
    assert "t9=0.59" in page and "0.41" in page
    assert "12.50" in page, "25 of 200 readings are absent"
    told = pyarrow.csv.read_csv(made.www / "downloads" / "meters.csv")
    assert told.num_rows == 3


def test_assumptions_tell_limits_with_their_source(made: Any) -> None:
    page = (made.www / "assumptions.html").read_text()
    for words in ("made-up@1", "table 1", "nobody yet", "Illustrative shapes", "per_year", "0.02"):
        assert words in page
    spec = made_study.spec()
    told = assumptions.context(spec, [], {})
    assert ("secondary.drop_pct", "0") in told["network"]


def test_downloads_equal_the_tables(made: Any, cube: facts.Facts) -> None:
    folder = made.www / "downloads"
    table = pyarrow.csv.read_csv(
        folder / "cube.csv", convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=False)
    )
    assert table.num_rows == cube.table.num_rows
    assert table["value"].to_pylist() == cube.table["value"].to_pylist()
    assert table["feeder"].to_pylist() == cube.table["feeder"].to_pylist()
    single = pyarrow.csv.read_csv(folder / "violations.csv")
    assert single.num_rows == sum(len(cube.elements(f)) for f in cube.feeders) > 0
    assert json.loads((folder / "study.json").read_text()) == json.loads(made_study.spec()["spec_text"])


def test_baseline_of_each_case_and_a_colour_per_scenario(made: Any, cube: facts.Facts) -> None:
    told = {c["case"]: c for c in cases(made_study.spec(), cube)}
    assert told["growth@2035"]["baseline"] == "base@2035" and told["growth@2035"]["colour"] == 1
    assert told["base@2026"]["baseline"] == "base@2026" and told["base@2026"]["colour"] == 0
    assert told["base@2026"]["label"] == "base 2026"


def test_templates_hold_no_numbers(root: Path) -> None:
    found = []
    for path in sorted((root / "dtl/report/templates").glob("*.md.j2")):
        text = re.sub(r"\{[{%].*?[%}]\}", "", path.read_text(), flags=re.S)
        text = re.sub(r"<[^>]*>", "", text)
        found += [(path.name, m) for m in re.findall(r"(?<![-\w])\d+(?:\.\d+)?(?![-\w])", text)]
    assert [f for f in found if f[1] not in ("256",)] == []


def test_processes_beside_write_the_same_bytes(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeders, "MANY", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(feeders.Crew, "_take", late(feeders.Crew._take))
    site = tmp_path / "site"
    write_site(made_study.spec(), made.inputs, {"site": site})
    pids = {path.name for path in tmp_path.glob("*.pid")}
    assert len(pids) == 3, "each process wrote a share"
    assert bytes_of(site) == bytes_of(made.site)


def late(take: Any) -> Any:
    """Takes of the crew, each of which leaves the next to another process, and its own number beside the site."""

    def taking(crew: Any, *words: Any) -> Any:
        for at in take(crew, *words):
            (crew._job[2].parents[2] / f"{os.getpid()}.pid").touch()
            time.sleep(0.5)
            yield at

    return taking


def test_a_process_beside_that_dies_is_told(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeders, "MANY", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    start = beside.start

    def killed(*words: Any) -> Any:
        helper = start(*words)
        helper.process.kill()
        return helper

    monkeypatch.setattr(beside, "start", killed)
    with pytest.raises(DtlError, match="wrote payloads of feeders ended with -9"):
        write_site(made_study.spec(), made.inputs, {"site": tmp_path / "site"})


def test_search_reads_the_cells_of_a_table_apart(made: Any) -> None:
    found = json.loads((made.www / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]
    text = " ".join(entry["text"] for entry in found if entry["location"].startswith("assumptions.html"))
    assert "Nominal voltage, kV Lowest, pu Highest, pu" in text
