"""The public copy of a study's site: who is shown, what is left out, and that nothing of it leaks."""

from __future__ import annotations

import base64
import gzip
import html
import json
import random
import re
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import made_study
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from payload_reader import read

from dtl import tables
from dtl.errors import DtlError
from dtl.network.feeder import Bus, Feeder, Line, LineCode, Load, Source
from dtl.network.topology import trace
from dtl.report.public import rule
from dtl.report.public.leaks import Search
from dtl.report.public.write import publish_site

if TYPE_CHECKING:
    from conftest import Made

FORMATS = ["ica_csv", "drive_csv", "csv"]
PUBLISH: dict[str, Any] = {
    "min_customers": 15, "max_customer_share": 0.15, "round_kw": 10.0, "hide": [], "formats": FORMATS,
}  # fmt: skip


def spec(title: str = "Made for all", **words: Any) -> dict[str, Any]:
    return made_study.spec() | {"public": PUBLISH | words, "title": title}


def given(made: Made, folder: Path) -> dict[str, Any]:
    """The inputs of the stage: those of the pages, and the tables of outages that pages do not read."""
    paths = {name: folder / f"{name}.parquet" for name in ("steps", "served")}
    for name, path in paths.items():
        tables.write(name, tables.TABLES[name].schema.empty_table(), path)
    return made.inputs | paths


@pytest.fixture(scope="module")
def copy(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("public")
    publish_site(spec(), given(made, folder), {"public": folder / "www"})
    return folder / "www"


SECRET = {p.name for m in made_study.MODELS.values() for p in (*m.buses, *m.lines, *m.transformers, *m.loads)}
"""Every name of every part: "l01", "n05", "v02", ... none is a word of the site."""


def test_no_name_of_a_part_nor_of_a_small_feeder_is_anywhere(copy: Path) -> None:
    search = Search({n.lower() for n in {*SECRET, made_study.ODD, made_study.LOST}}, (), (), 1.0)
    assert search.look(copy) == []


def test_the_internal_site_tells_all_of_them(made: Made) -> None:
    search = Search({n.lower() for n in {*SECRET, made_study.ODD, made_study.LOST}}, (), (), 1.0)
    told = {leak.found for leak in search.look(made.www)}
    assert {"l01", "n05", "t02", made_study.ODD.lower(), made_study.LOST} <= told


def test_small_groups_are_not_shown_and_not_counted(copy: Path) -> None:
    _, study = read(copy / "data" / "study.js")
    _, feeders = read(copy / "data" / "feeders.js")
    assert feeders["feeders"]["id"] == ["north", "south-2"]
    assert made_study.ODD not in study["answer"] and "of 2 feeders" in study["answer"]
    text = (copy / "index.html").read_text()
    assert "2 feeders are not shown, nor counted in any number" in text


def test_only_flows_of_large_groups_are_shown(copy: Path) -> None:
    """Six loads of five customers each: only from the fourth on are fifteen behind a line."""
    _, parts = read(copy / "data" / "a" / "north.js")
    lines = parts["lines"]
    shown = {n for n, pct in zip(lines["name"], lines["load@0"], strict=True) if pct is not None}
    assert len(shown) == 4 and len(lines["name"]) == 12 + 6 + 1
    assert parts["transformers"]["name"] == [] and "load_kw" not in parts["buses"] and "customers" not in parts["buses"]
    assert all(pct == round(pct) for pct in lines["load@0"] if pct is not None)


def test_hours_tell_no_loading_and_powers_are_rounded(copy: Path) -> None:
    _, ts = read(copy / "data" / "ts" / "north.js")
    assert set(ts["week"]["load@0"]) == {None} and set(ts["days"]["load@0"]) == {None}
    assert all(kw % 10 == 0 for kw in ts["hours"]["kw@0"])
    _, sheet = read(copy / "data" / "f" / "north.js")
    figures = sheet["cases"]["growth@2035"]["figures"]
    assert figures["peak_kw"]["value"] % 10 == 0 and "kwh_over" not in figures
    assert sheet["inputs"]["customers"] == 30 and sheet["inputs"]["load_kw"] == 360


def test_pages_are_those_of_the_list_and_lead_nowhere_else(copy: Path) -> None:
    pages = {p.stem for p in copy.glob("*.html")}
    assert pages.isdisjoint(
        {"data-quality", "assumptions", "insights", "compliance", "assets", "sweeps", "substations"}
    )
    assert not (copy / "api").exists()
    assert {p.name for p in (copy / "downloads").iterdir()} == {"ica.csv", "drive.csv", "cube.csv"}


def test_no_link_leads_nowhere(copy: Path) -> None:
    followed = 0
    for page in copy.rglob("*.html"):
        for link in re.findall(r'href="([^"]*)"', page.read_text()):
            target = unquote(html.unescape(link)).split("#")[0]
            assert not target or ":" in target or (page.parent / target).exists(), (page.name, link)
            followed += bool(target) and ":" not in target
    assert followed


def test_no_single_interruption_is_told(copy: Path) -> None:
    assert not (copy / "data" / "oms").exists()


def test_capacities_are_rounded_down_and_have_the_criterion(copy: Path) -> None:
    import pyarrow.csv as csv

    rows = csv.read_csv(copy / "downloads" / "ica.csv").to_pylist()
    assert rows and all(r["generation_kw"] % 10 == 0 and r["node"].startswith("bus-") for r in rows)


@pytest.fixture
def unbuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy without its pages: what they are built from is as it is."""

    def copied(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
        shutil.copytree(inputs["site"] / "docs", outputs["www"])

    monkeypatch.setattr("dtl.report.public.write.build_site", copied)


@pytest.mark.usefixtures("unbuilt")
def test_what_is_hidden_is_left_out(made: Made, tmp_path: Path) -> None:
    words = {"hide": ["customer_load", "coordinates", "device_settings"], "formats": []}
    publish_site(spec(**words), given(made, tmp_path), {"public": tmp_path / "www"})
    data = tmp_path / "www" / "data"
    assert not (data / "ts").exists()
    _, feeders = read(data / "feeders.js")
    assert set(feeders["feeders"]["drawn"]) == {"schematic"} and set(feeders["feeders"]["customers"]) == {None}
    _, sheet = read(data / "f" / "north.js")
    assert {"peak_kw", "energy_kwh", "tap_changes"}.isdisjoint(sheet["cases"]["growth@2035"]["figures"])
    assert all(row["cases"][case].get("rating") is None for row in sheet["worst"] for case in row["cases"])
    assert "offers no files" in (tmp_path / "www" / "downloads.md").read_text()


@pytest.mark.usefixtures("unbuilt")
def test_a_title_that_names_a_part_is_refused_with_its_file(made: Made, tmp_path: Path) -> None:
    with pytest.raises(DtlError, match=r"(?s)tell 1 names.*  k04: in data/study.js and \d+ more files.*word it"):
        publish_site(spec("Why k04 is full"), given(made, tmp_path), {"public": tmp_path / "www"})


def test_no_feeder_is_large_enough(made: Made, tmp_path: Path) -> None:
    with pytest.raises(DtlError, match=r"no feeder may be shown.*31 customers"):
        publish_site(spec(min_customers=31), given(made, tmp_path), {"public": tmp_path / "www"})


def publish_with_what_is_over_hidden(folder: Path) -> Path:
    """A copy of which north has only transformers over their limit, none of them with customers enough to be shown."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(made_study.STRESS, "north", 0.6)
        patch.setitem(made_study.LIMITS["transformers"], "over_pct", 80.0)
        inputs = made_study.make(folder / "in")
        for name in ("steps", "served"):
            inputs[name] = folder / f"{name}.parquet"
            tables.write(name, tables.TABLES[name].schema.empty_table(), inputs[name])
        publish_site(spec(), inputs, {"public": folder / "www"})
    return folder / "www"


def test_what_is_over_and_hidden_is_told_as_that(tmp_path: Path) -> None:
    www = publish_with_what_is_over_hidden(tmp_path)
    _, study = read(www / "data" / "study.js")
    assert study["unshown"] == {"growth@2035": ["north"]}
    over = (
        r"growth 2035: a part that is not shown here is overloaded in [\d,]+ hours; of those shown, the nearest: line "
    )
    _, sheet = read(www / "data" / "f" / "north.js")
    for answer in (study["answer"], sheet["answer"]):
        assert re.search(over + r"line-\d+ is loaded to 89 % .* \(limit 100 %\)\.", answer), answer
    said = "In growth 2035, 1 feeder has something over a limit in a part that is not shown here."
    assert said in (www / "index.html").read_text()
    assert Search({n.lower() for n in SECRET}, (), (), 1.0).look(www) == []


def test_the_internal_site_hides_nothing(made: Made) -> None:
    _, study = read(made.www / "data" / "study.js")
    assert study["unshown"] == {} and "not shown here" not in (made.www / "index.html").read_text()


def payload(content: Any) -> str:
    packed = base64.b64encode(gzip.compress(json.dumps(content).encode())).decode()
    return f'DTL.put("x","{packed}");\n'


def test_the_search_finds_a_name_in_every_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('<p>see <a href="x.html#steel%2Dworks">it</a></p>')
    (tmp_path / "text.html").write_text("<b>Steel-Works</b>, its bus")
    (tmp_path / "data.js").write_text(payload({"rows": [["a", {"of": "steel-works.2"}]]}))
    (tmp_path / "t.csv").write_text('a,b\n1,"line Steel-works"\n')
    (tmp_path / "t.json").write_text('{"steel-works": 1}')
    pq.write_table(pa.table({"e": pa.array(["steel-works"]).dictionary_encode()}), tmp_path / "t.parquet")
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("inner/t.csv", "x\nsteel-works\n")
    (tmp_path / "steel-works.css").write_text("")
    (tmp_path / "innocent.html").write_text("steel works, steelworks and 4711")
    found = {leak.file for leak in Search({"steel-works"}, (), (), 1.0).look(tmp_path)}
    assert found == {p.name for p in tmp_path.iterdir()} - {"innocent.html"}


def test_the_search_finds_names_of_digits_among_texts_and_points(tmp_path: Path) -> None:
    (tmp_path / "names.js").write_text(payload({"a": ["632"]}))
    (tmp_path / "numbers.js").write_text(payload({"a": [632]}))
    (tmp_path / "map.geojson").write_text('{"coordinates": [[-87.65123, 41.85], [1, 2]]}')
    found = Search({"632"}, {(-87.65123, 41.85)}, (), 1e-5).look(tmp_path)
    assert [leak.file for leak in found] == ["map.geojson", "names.js"]


@pytest.mark.parametrize("seed", range(40))
def test_no_difference_of_shown_flows_tells_of_a_small_group(seed: int) -> None:
    """Of every tree: the customers between shown parts, and those left at the head, are none or a group that passes."""
    chance = random.Random(seed)
    model, publish = tree(chance), PUBLISH | {"min_customers": 6, "max_customer_share": 0.4}
    topology = trace(model)
    shown = rule.parts(model, topology, publish)
    whole = rule.group_of(model.loads)
    rest: dict[str, list[Load]] = {}
    for load in model.loads:
        bus = load.bus
        while bus in topology.parent and topology.parent[bus][1] not in shown:
            bus = topology.parent[bus][0]
        rest.setdefault(bus if bus in topology.parent else "head", []).append(load)
    groups = {name: rule.group_of(loads) for name, loads in rest.items()}
    if whole.passes(publish):
        assert all(group.passes(publish) for group in groups.values()), groups
    assert seed != 0 or len(shown) > 3


def tree(chance: random.Random) -> Feeder:
    """A random tree of sixty buses with loads at half of them."""
    three = {"from_nodes": (1, 2, 3), "to_nodes": (1, 2, 3)}
    matrix = ((0.3, 0.1, 0.1), (0.1, 0.3, 0.1), (0.1, 0.1, 0.3))
    buses = [Bus(name=f"b{i:02}", nodes=(1, 2, 3), kv_ln=7.2) for i in range(60)]
    code = LineCode(name="c", r_ohm_per_km=matrix, x_ohm_per_km=matrix, c_nf_per_km=matrix)
    lines = [
        Line(name=f"l{i:02}", from_bus=f"b{chance.randrange(max(0, i - 9), i):02}", to_bus=f"b{i:02}", length_km=0.1,
             line_code="c", **three)
        for i in range(1, 60)
    ]  # fmt: skip
    loads = [
        Load(name=f"d{i:02}", bus=f"b{i:02}", nodes=(1, 2, 3), phases=3, kv=12.47, kw=chance.choice((4, 9, 60)), kvar=1,
             min_pu=0.8, max_pu=1.2, customers=chance.randrange(5))
        for i in range(60) if chance.random() < 0.5
    ]  # fmt: skip
    source = Source(name="s", bus="b00", kv_ll=12.47, r1_ohm=0, x1_ohm=0.01, r0_ohm=0, x0_ohm=0.01)
    return Feeder(
        id="t", feeders=("t",), sources=(source,), buses=tuple(buses), line_codes=(code,), lines=tuple(lines),
        loads=tuple(loads),
    )  # fmt: skip
