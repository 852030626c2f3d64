"""The site of a thousand feeders: how long it takes to write and build, how large it is, how fast it opens.

python tests/bench/site.py [--feeders 1000] [--keep FOLDER] [--no-browser]

Each feeder has 100 lines and 50 transformers, and two scenarios. The results are formulas, not power flows: forty
different feeders, repeated at other places. The inputs are made first and are not timed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("report", "browser")]

import made_study  # noqa: E402
import screenshot  # noqa: E402

from dtl import tables  # noqa: E402
from dtl.analyses.assess import assess_feeder  # noqa: E402
from dtl.network.feeder import Bus, Feeder, Line, LineCode, Load, Source, Transformer, Winding  # noqa: E402
from dtl.network.topology import trace  # noqa: E402
from dtl.report import facts  # noqa: E402
from dtl.report.build import build_site  # noqa: E402
from dtl.report.write import write_site  # noqa: E402

KINDS, SEGMENTS, BANKS, STATION = 40, 100, 50, 8
CASES = {"base": 1.0, "growth": 1.25}
TARGETS = {"written and built [s]": 90.0, "size [MB]": 150.0, "overview [s]": 1.0, "map [s]": 1.5, "feeder [s]": 0.7}
TARGETS |= {"built [s]": 10.0, "map's overview, a case [kB]": 60.0, "largest part [kB]": 200.0}
LEAST = {"pan [frames/s]": 30.0}
OPENED = 5
"""How often each page is opened; the middle time counts."""


def model(kind: int) -> Feeder:
    """A feeder of one kind: a spine and laterals, fifty transformers with a low side each."""
    chance = np.random.default_rng(kind)
    three = {"from_nodes": (1, 2, 3), "to_nodes": (1, 2, 3)}
    buses, lines, transformers, loads = [], [], [], []
    places = [(0.0, 0.0)]

    def bus(name: str, x: float, y: float, kv: float) -> None:
        buses.append(Bus(name=name, nodes=(1, 2, 3), kv_ln=kv / math.sqrt(3), x=round(x, 2), y=round(y, 2)))

    bus("n000", 0, 0, 12.47)
    for i in range(1, SEGMENTS + 1):
        before = i - 1 if i % 4 else int(chance.integers(0, i))
        angle = 0.7 * math.sin(kind) + chance.normal(0, 0.5) + (0 if i % 4 else 1.3)
        length = float(chance.uniform(40, 160))
        x, y = places[before][0] + length * math.cos(angle), places[before][1] + length * math.sin(angle)
        places.append((x, y))
        bus(f"n{i:03}", x, y, 12.47)
        lines.append(
            Line(name=f"l{i:03}", from_bus=f"n{before:03}", to_bus=f"n{i:03}", length_km=length / 1000,
                 line_code="acsr", **three)
        )  # fmt: skip
        if i % (SEGMENTS // BANKS) == 0:
            bus(f"v{i:03}", x + 3, y, 0.48)
            sides = ((f"n{i:03}", 12.47), (f"v{i:03}", 0.48))
            windings = tuple(
                Winding(bus=b, nodes=(1, 2, 3), connection="wye", kv=kv, kva=75, r_pct=0.5) for b, kv in sides
            )
            transformers.append(Transformer(name=f"t{i:03}", phases=3, windings=windings, xhl_pct=2))
            loads.append(
                Load(name=f"d{i:03}", bus=f"v{i:03}", nodes=(1, 2, 3), phases=3, kv=0.48, kw=30, kvar=9, min_pu=0.8,
                     max_pu=1.2, customers=int(chance.integers(3, 9)))
            )  # fmt: skip
    matrix = made_study.IMPEDANCE
    code = LineCode(name="acsr", r_ohm_per_km=matrix, x_ohm_per_km=matrix, c_nf_per_km=matrix, normal_a=200)
    head = Source(name="head", bus="n000", kv_ll=12.47, r1_ohm=0, x1_ohm=0.01, r0_ohm=0, x0_ohm=0.01)
    return Feeder(
        id="f", feeders=("f",), crs="EPSG:26915", sources=(head,), buses=tuple(sorted(buses, key=lambda b: b.name)),
        line_codes=(code,), lines=tuple(lines), transformers=tuple(transformers), loads=tuple(loads),
    )  # fmt: skip


def solved(feeder: Feeder, kind: int, case: str) -> dict[str, pa.Table]:
    """The tables of a case by formula: loading and drop in proportion to the load of the hour."""
    tree = trace(feeder)
    load = made_study.shape() * CASES[case] * (0.45 + 0.9 * (kind / KINDS) ** 3)
    place = {"feeder": "f", "scenario": case, "year": 0, "case": case}
    far, peak = max(tree.distance_km.values()), int(load.argmax())
    flow: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    branches = [("line", p.name, 100 * (1 - 0.9 * tree.distance_km[p.from_bus] / far), 100.0) for p in feeder.lines]
    branches += [("transformer", p.name, 60.0 + n, 120.0) for n, p in enumerate(feeder.transformers)]
    for what, name, full, limit in branches:
        series = full * load
        over = np.flatnonzero(series > limit)
        rating, unit = (180.0, "A") if what == "line" else (75.0, "kVA")
        flow.append(
            place
            | {"kind": what, "element": name, "phase": "", "kv_ll": 12.47, "rating": rating, "rating_unit": unit}
            | {"max_load_pct": series.max(), "max_load_hour": peak, "max_a": rating * series.max() / 100}
            | {"hours_over": len(over), "hours_over_emergency": 0, "kwh_over": float(len(over)), "window_h": 1.0}
            | {"window_max_pct": series.max(), "window_hours_over": len(over), "loss_kwh": 10.0}
        )
        at = place | {"kind": what, "element": name, "phase": "", "violation": "thermal", "limit": limit}
        bad += [at | {"hour": int(h), "value": series[h]} for h in over]
    for bus in feeder.buses:
        for phase, drop in zip(("A", "B", "C", ""), (0.05, 0.06, 0.04, 0.06), strict=True):
            values = 1.03 - drop * load * tree.distance_km[bus.name] / far
            low = np.flatnonzero(values < 0.95) if phase == "" else ()
            flow.append(
                place
                | {"kind": "bus", "element": bus.name, "phase": phase, "kv_ll": bus.kv_ll, "rating_unit": ""}
                | {"min_pu": values.min(), "min_hour": peak, "max_pu": values.max(), "max_hour": 0}
                | {"mean_pu": values.mean(), "hours_low": len(low), "hours_high": 0, "worst_pu": values[peak]}
                | {"distance_km": tree.distance_km[bus.name]}
            )
            at = place | {"kind": "bus", "element": bus.name, "phase": "", "violation": "voltage_low", "limit": 0.95}
            bad += [at | {"hour": int(h), "value": values[h]} for h in low]
    kw = 1600.0 * load
    hourly = {k: [v] * 8760 for k, v in place.items()} | {
        "hour": np.arange(8760), "source_kw": kw * 1.03, "source_kvar": kw * 0.3, "load_kw": kw, "load_kvar": kw * 0.28,
        "generation_kw": 0 * kw, "loss_kw": kw * 0.03, "loss_line_kw": kw * 0.02, "loss_transformer_kw": kw * 0.006,
        "loss_no_load_kw": kw * 0.004, "loss_other_kw": 0 * kw, "min_pu": 1.03 - 0.06 * load,
        "max_pu": np.full(8760, 1.03), "max_load_pct": 109 * load, "tap_changes": np.zeros(8760, int),
        "control_iterations": np.ones(8760, int),
    }  # fmt: skip
    return {n: tables.frame(n, rows) for n, rows in (("powerflow", flow), ("hourly", hourly), ("violations", bad))}


def kind_of(folder: Path, kind: int) -> tuple[dict[str, Any], dict[str, pa.Table]]:
    """One kind of feeder: its model as plain JSON, and its tables over all cases."""
    feeder = model(kind)
    (folder / "feeder.json").write_text(feeder.to_json(), encoding="utf-8")
    (folder / "told.json").write_text(json.dumps(made_study.manifest()), encoding="utf-8")
    parts: dict[str, list[pa.Table]] = {}
    for case in CASES:
        found = solved(feeder, kind, case)
        paths = {n: folder / f"{n}.parquet" for n in found}
        for name, path in paths.items():
            tables.write(name, found[name], path)
        asked = {"case": case, "scenario": case, "year": 0, "limits": made_study.LIMITS, "group": "f",
                 "analyses": {"thermal": {}, "voltage": {}, "losses": {}}, "secondary": {"drop_pct": 0.0}}  # fmt: skip
        also = {"manifest": folder / "told.json", "feeder": folder / "feeder.json"}
        assess_feeder(asked, {**paths, **also}, {"assess": folder / "assess.parquet"})
        found["assess"] = tables.read("assess", folder / "assess.parquet")
        for name, table in found.items():
            parts.setdefault(name, []).append(table)
    return json.loads(feeder.to_json()), {n: tables.concat(n, p) for n, p in parts.items() if n != "violations"}


def make(folder: Path, feeders: int) -> dict[str, Any]:
    """The inputs of the stages of the site."""
    inputs: dict[str, Any] = {k: {} for k in ("feeder", "powerflow", "hourly", "manifest", "assess")}
    groups = {}
    own = folder / "kind"
    own.mkdir(parents=True)
    kinds = [kind_of(own, k) for k in range(min(KINDS, feeders))]
    told = json.dumps({"cases": dict.fromkeys(CASES, made_study.manifest())})
    for n in range(feeders):
        name, (content, found) = f"F{n:04}", kinds[n % len(kinds)]
        here = folder / name
        here.mkdir()
        station, side = divmod(n, STATION)
        x0, y0 = 500_000 + 6000.0 * (station % 12), 4_600_000 + 6000.0 * (station // 12)
        turned = content | {"id": name.lower(), "feeders": [name]}
        cos, sin = math.cos(side * math.pi / 4), math.sin(side * math.pi / 4)
        turned["buses"] = [
            b | {"x": round(x0 + cos * b["x"] - sin * b["y"], 2), "y": round(y0 + sin * b["x"] + cos * b["y"], 2)}
            for b in content["buses"]
        ]
        for what, text in (("feeder", json.dumps(turned)), ("manifest", told)):
            inputs[what][name] = here / f"{what}.json"
            inputs[what][name].write_text(text, encoding="utf-8")
        for table, rows in found.items():
            inputs[table][name] = here / f"{table}.parquet"
            at = rows.schema.get_field_index("feeder")
            renamed = pa.array([name] * rows.num_rows).dictionary_encode()
            tables.write(table, rows.set_column(at, rows.schema.field(at), renamed), inputs[table][name])
        groups[name] = {
            "feeders": [name], "status": "ok", "reason": "", "digest": "", "customers": 250, "kv_ll": 12.47,
            "loads": BANKS, "kw": 30.0 * BANKS, "buses": len(content["buses"]), "length_km": 10.0,
        }  # fmt: skip
    inputs["index"] = folder / "feeders.json"
    inputs["index"].write_text(json.dumps({"groups": groups}), encoding="utf-8")
    for name in ("findings", "conversion", "series", "links", "outages", "assets"):
        inputs[name] = folder / f"{name}.parquet"
        tables.write(name, tables.TABLES[name].schema.empty_table(), inputs[name])
    return inputs


class Inputs(dict[str, Any]):
    """Inputs of which those of analyses that nobody asked for are empty."""

    def __missing__(self, key: str) -> dict[str, Any]:
        return {}


def spec() -> dict[str, Any]:
    whole = made_study.spec()
    text = json.loads(whole["spec_text"]) | {"analyses": {"compare": {"baseline": "base"}}}
    asked = {k: v for k, v in whole["analyses"].items() if k != "hosting"}
    cases = [{"case": c, "scenario": c, "year": 0} for c in CASES]
    return whole | {"title": "A thousand feeders", "cases": cases, "spec_text": json.dumps(text), "analyses": asked}


@contextmanager
def timed(found: dict[str, float], name: str) -> Iterator[None]:
    start, before = time.perf_counter(), sum(os.times()[:4])
    yield
    found[name] = time.perf_counter() - start
    print(f"{name:26} {found[name]:8.1f}  processor {sum(os.times()[:4]) - before:.1f} s", flush=True)


SHOWN = """selector => { globalThis.shown = new Promise(done => {
    const next = then => requestAnimationFrame(then);
    const look = () => document.querySelector(selector) ? next(() => next(done)) : next(look);
    next(look);
}); }"""
"""Before a page is read: a promise that it keeps in the second frame after it has what a selector finds."""


def shown(browser: Any, address: str, ready: str) -> tuple[Any, float]:
    """A page, opened, and the seconds from asking for it until it has shown what is waited for.

    The page itself says when, at the frame; ``wait_for_selector`` looks after pauses that grow to half a second.
    """
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(f"({SHOWN})({json.dumps(ready)})")
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.evaluate("() => globalThis.shown")
    return page, time.perf_counter() - start


def looked_for(browser: Any, address: str, ready: str) -> float:
    """The seconds until the driver, which looks after pauses, has found it and two frames were drawn."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(ready, timeout=60_000, state="attached")
    page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
    taken = time.perf_counter() - start
    page.close()
    return taken


def opened(www: Path, found: dict[str, float], feeders: int) -> None:
    """First paints and frames in a headless browser without a GPU."""
    from playwright.sync_api import sync_playwright

    address = www.resolve().as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=screenshot.executable(), args=screenshot.FLAGS)
        for name, page_of, ready in (
            ("overview [s]", "index.html", "#matrix"),
            ("map [s]", "map.html", "#dtl-map[data-ready]"),
            ("feeder [s]", f"feeder.html#F{feeders // 2:04}", "#dtl-feeder[data-ready]"),
            ("list of feeders [s]", "feeder.html", "#dtl-feeder[data-ready]"),
            ("compare [s]", "compare.html", "#dtl-compare[data-ready]"),
        ):
            times, found_after = [], []
            for _ in range(OPENED):
                page, taken = shown(browser, f"{address}/{page_of}", ready)
                times.append(taken)
                if name == "map [s]" and len(times) == OPENED:
                    found["pan [frames/s]"] = frames(page)
                page.close()
                found_after.append(looked_for(browser, f"{address}/{page_of}", ready))
            found[name], late = statistics.median(times), statistics.median(found_after)
            print(f"{name:26} {found[name]:8.2f}  looked for by the driver {late:.2f}", flush=True)
        browser.close()
        if (www / "assets" / "dtl" / "vendor").is_dir():
            by_webgl(playwright.chromium, address)


def by_webgl(chromium: Any, address: str) -> None:
    """The map by WebGL that is computed on the processor, which the site leaves for the canvas unless it is asked."""
    args = [flag for flag in screenshot.FLAGS if flag != "--disable-gpu"] + screenshot.SOFTWARE
    browser = chromium.launch(executable_path=screenshot.executable(), args=args)
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    start = time.perf_counter()
    page.goto(f"{address}/map.html?renderer=gl", wait_until="commit")
    for what, ready in (("first drawn", "[data-ready]"), ("drawn", "[data-renderer=gl]")):
        page.wait_for_selector(f"#dtl-map{ready}", timeout=120_000)
        print(f"{f'WebGL in software, {what} [s]':42} {time.perf_counter() - start:8.2f}", flush=True)
    print(f"{'WebGL in software, pan [frames/s]':42} {frames(page):8.1f}", flush=True)
    browser.close()


def frames(page: Any) -> float:
    """Frames of a second while the map is dragged."""
    box = page.locator("#dtl-canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    count = "const f = () => { globalThis.n += 1; requestAnimationFrame(f); }; requestAnimationFrame(f);"
    page.evaluate(f"() => {{ globalThis.n = 0; {count} }}")
    page.mouse.move(x, y)
    page.mouse.down()
    start, first = time.perf_counter(), page.evaluate("() => globalThis.n")
    i = 0
    while time.perf_counter() - start < 3:
        i += 1
        page.mouse.move(x + 150 * math.sin(i / 15), y + 80 * math.cos(i / 15))
    told = (page.evaluate("() => globalThis.n") - first) / (time.perf_counter() - start)
    page.mouse.up()
    return float(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeders", type=int, default=1000)
    parser.add_argument("--keep", type=Path, help="where the inputs and the site stay; inputs that are there are used")
    parser.add_argument("--no-browser", action="store_true")
    told = parser.parse_args()
    folder = told.keep or Path(tempfile.mkdtemp())
    found: dict[str, float] = {}
    known = folder / "inputs.json"
    if not known.exists():
        with timed(found, "inputs made [s]"):
            inputs = make(folder / "in", told.feeders)
        known.write_text(json.dumps(inputs, default=str), encoding="utf-8")
    inputs = Inputs(json.loads(known.read_text(encoding="utf-8")))
    for name in ("site", "www"):
        shutil.rmtree(folder / name, ignore_errors=True)
    with timed(found, "gathered [s]"):
        facts.gather(spec(), inputs, {"cube": folder / "cube.parquet"})
    inputs["cube"] = folder / "cube.parquet"
    with timed(found, "written [s]"):
        write_site(spec(), inputs, {"site": folder / "site"})
    with timed(found, "built [s]"):
        build_site({"study": "made"}, {"site": folder / "site"}, {"www": folder / "www"})
    found["written and built [s]"] = found["written [s]"] + found["built [s]"]
    found["size [MB]"] = sum(p.stat().st_size for p in (folder / "www").rglob("*") if p.is_file()) / 1e6
    print(f"{'size [MB]':26} {found['size [MB]']:8.1f}")
    data = folder / "www" / "data"
    found["map's overview, a case [kB]"] = (data / "ov.js").stat().st_size / 1e3 / len(CASES)
    found["largest part [kB]"] = max(p.stat().st_size for p in (data / "a").iterdir()) / 1e3
    if not told.no_browser and screenshot.executable():
        opened(folder / "www", found, told.feeders)
    for name, most in TARGETS.items():
        if name in found:
            print(f"{name:26} {found[name]:8.2f}  target {most:g}: {'met' if found[name] <= most else 'MISSED'}")
    for name, least in LEAST.items():
        if name in found:
            print(f"{name:26} {found[name]:8.2f}  target {least:g}: {'met' if found[name] >= least else 'MISSED'}")
    if told.keep is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
