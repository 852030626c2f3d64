"""What happens per feeder. Every output tells of every input, so that a change above changes all below."""

from __future__ import annotations

import hashlib
from importlib import import_module

from dtl.errors import SolveError
from toy.numbers import FACTOR
from toy.registry import LAYERS
from toy.rows import read, read_json, row, write, write_json


def digest(*values) -> float:
    return float(int(hashlib.sha256(repr(values).encode()).hexdigest()[:6], 16))


def prepare_feeder(spec, inputs, outputs):
    classes = [path.read_text() for path in inputs["raw"].values()]
    kw = digest(inputs["feeder"].read_text(), spec["demand"]["shape"], classes)
    write("demand", [row("demand", feeder=spec["group"], load="all", kw=kw)], outputs["demand"])
    write("profiles", [row("profiles", profile="one", values=[1.0])], outputs["profiles"])
    write("meters", [], outputs["linked"])
    write_json({"status": "ok", "reason": ""}, outputs["ready"])


def solve_feeder(spec, inputs, outputs):
    kw = read("demand", inputs["demand"])[0]["kw"] * FACTOR
    for layer in spec["layers"]:
        module, name = LAYERS[layer["kind"]].split(":")
        kw = getattr(import_module(module), name)(layer, spec, kw)
    if spec["head_voltage"] and spec["head_voltage"]["pu"] > 1.2:
        raise SolveError("the voltage is out of reach")
    case = {k: spec[k] for k in ("case", "scenario", "year")} | {"feeder": spec["group"]}
    kw = digest(kw, spec["hours"], spec["controls"], spec["limits"], spec["head_voltage"], spec["secondary"])
    write("powerflow", [row("powerflow", kind="head", element="head", max_kva=kw, **case)], outputs["powerflow"])
    write("hourly", [row("hourly", hour=h, source_kw=kw, **case) for h in range(3)], outputs["hourly"])
    write("violations", [], outputs["violations"])
    write("composition", [], outputs["composition"])
    write("devices", [], outputs["devices"])
    write("kept", [], outputs["kept"])
    write_json({"status": "ok", "reason": "", "kw": kw}, outputs["manifest"])


def host_feeder(spec, inputs, outputs):
    write("hosting", [], outputs["hosting"])


def formula_feeder(spec, inputs, outputs):
    write("formula", [], outputs["formula"])


def sweep_feeder(spec, inputs, outputs):
    write("assess", [], outputs["swept"])
    write("hosting", [], outputs["hosted"])


def comply_feeder(spec, inputs, outputs):
    for name in outputs:
        write(name, [], outputs[name])


def mitigate_feeder(spec, inputs, outputs):
    for name in outputs:
        write(name, [], outputs[name])


def assess_feeder(spec, inputs, outputs):
    manifest = read_json(inputs["manifest"])
    case = {k: spec[k] for k in ("case", "scenario", "year")} | {"feeder": spec["group"]}
    rows = [row("assess", analysis="head", metric="failed", value=float(manifest["status"] == "failed"), **case)]
    for line in read("powerflow", inputs["powerflow"]):
        assert line["case"] == spec["case"], "a stage sees the rows of its case only"
        rows += [row("assess", analysis=a, metric="kw", value=line["max_kva"], **case) for a in spec["analyses"]]
    write("assess", rows, outputs["assess"])


def validate_feeder(spec, inputs, outputs):
    write("deviations", [], outputs["deviations"])


def learn_feeder(spec, inputs, outputs):
    outputs["learned"].mkdir()
    said = digest(spec["analyses"], *(inputs[name].read_bytes() for name in sorted(inputs)))
    write_json(said, outputs["learned"] / "said.json")
