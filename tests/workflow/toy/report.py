"""The end: all feeders together, and the pages."""

from __future__ import annotations

from importlib import import_module

from toy.registry import OVER_CASES
from toy.rows import read, read_json, row, write, write_json


def learn(spec, inputs, outputs):
    outputs["learning"].mkdir()
    said = [read_json(folder / "said.json") for _, folder in sorted(inputs["learned"].items())]
    write_json(said, outputs["learning"] / "said.json")


def choose_works(spec, inputs, outputs):
    write("portfolio", [], outputs["portfolio"])
    outputs["proposal"].mkdir()


def gather(spec, inputs, outputs):
    rows = [r for _, path in sorted(inputs["assess"].items()) for r in read("assess", path)]
    keys = ("feeder", "scenario", "year", "case", "analysis", "metric", "value")
    found = [row("cube", level="feeder", **{k: r[k] for k in keys}) for r in rows]
    if "reliability" in spec["analyses"]:
        value = float(len(read("outages", inputs["outages"])))
        found.append(row("cube", level="study", analysis="reliability", metric="outages", value=value))
    if "compare" in spec["analyses"]:
        module, name = OVER_CASES["compare"].split(":")
        value = float(getattr(import_module(module), name)(rows))
        found.append(row("cube", level="study", analysis="compare", metric="rows", value=value))
    write("cube", found, outputs["cube"])


def write_site(spec, inputs, outputs):
    (outputs["site"] / "pages").mkdir(parents=True)
    rows = read("cube", inputs["cube"])
    (outputs["site"] / "pages" / "index.md").write_text(
        f"{spec['title']}\n{spec['spec_text']}\n{spec['digests']}\n{rows}\n"
        f"{read_json(inputs['learning'] / 'said.json') if inputs['learning'] else 'nothing learned'}\n"
    )


def build_site(spec, inputs, outputs):
    outputs["www"].mkdir()
    text = (inputs["site"] / "pages" / "index.md").read_text()
    (outputs["www"] / "index.html").write_text(f"<pre>{text}</pre>\n")


def publish_site(spec, inputs, outputs):
    outputs["public"].mkdir()
    rows = [r for _, path in sorted(inputs["assess"].items()) for r in read("assess", path)]
    (outputs["public"] / "index.html").write_text(f"<pre>{spec['public']}\n{rows}</pre>\n")
