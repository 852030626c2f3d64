"""The OpenDSS engine in a process of its own: runs commands, and tells what circuit came out.

A script can crash the engine, and the engine has one global state; so it runs in a child process, whose death is a
finding. ``python -m dtl.sources.opendss_engine COMMANDS ANSWER PROGRESS`` is the child.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dtl.sources.opendss_frequency import Matrices, differs, line_matrices

MAIN = {"Line", "Transformer", "Load", "Capacitor", "Reactor", "Vsource", "Generator", "PVSystem", "Storage"}
"""Classes of circuit elements whose terminals are told; those of others are not needed."""

ORDERED = ("Generator", "Storage")
"""Classes for whose voltage it matters in which order the script states properties."""

NEVER_SET = {"Capacitor": ("CMatrix",), "Reactor": ("RMatrix", "XMatrix")}
"""Properties that the engine tells from memory which nobody wrote, where the script does not set them."""

_SERIES_AND_SHUNT = 1
"""Has the engine build the admittances of all elements: until then lines by geometry show the default impedances."""

BUILT_IN = ("LoadShape", "GrowthShape", "TCC_Curve", "Spectrum")
"""Classes of which the engine holds objects before any script."""


def circuit_of(commands: Sequence[str]) -> dict[str, Any]:
    """Run commands in a child process and return its answer.

    ``errors``: list of [index of the command, text]; ``crashed``: index of the command that killed the child, or None;
    ``name``, ``frequency_hz``; ``buses``: name -> {nodes, kv_ln, x, y}; ``classes``: class -> list of
    {name, full, given, nodes, open}, where ``full`` holds all properties and ``given`` those that were set.
    """
    with tempfile.TemporaryDirectory(prefix="dtl-dss-") as folder:
        asked, answer, progress = (Path(folder) / n for n in ("asked.json", "answer.json", "progress"))
        asked.write_text(json.dumps(list(commands)), encoding="utf-8")
        words = [sys.executable, "-m", "dtl.sources.opendss_engine", str(asked), str(answer), str(progress)]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode == 0 and answer.exists():
            told: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
            return told
        at = int(progress.read_text() or 0) if progress.exists() else 0
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        said = _said(progress)
        heard = [json.loads(line) for line in said.read_text(encoding="utf-8").splitlines()] if said.exists() else []
        told = {"name": "", "crashed": at, "errors": [*heard, [at, last]], "classes": {}, "buses": {}}
        return {**told, "frequency_hz": 60.0}


def _said(progress: Path) -> Path:
    """Where the child writes what the engine complains of, so that its death does not take that along."""
    return progress.with_suffix(".said")


def main(asked: Path, answer: Path, progress: Path) -> None:
    """Run the commands of a file and write the answer."""
    from dss import DSS, DSSException

    DSS.AllowForms = False
    DSS.AllowChangeDir = False
    DSS.AllowDOScmd = False
    DSS.Text.Command = "new circuit.blank"
    built_in = {name: {item["name"] for item in _objects(DSS, name)} for name in BUILT_IN}
    DSS.Text.Command = "clear"
    errors: list[list[Any]] = []
    commands = json.loads(asked.read_text(encoding="utf-8"))
    with progress.open("w", encoding="ascii") as mark, _said(progress).open("w", encoding="utf-8") as said:
        for i, command in enumerate(commands):
            mark.seek(0)
            mark.write(str(i))
            mark.flush()
            try:
                DSS.Text.Command = command
            except DSSException as err:
                errors.append([i, str(err.args[-1]).strip()])
                said.write(json.dumps(errors[-1]) + "\n")
                said.flush()
            if DSS.NumCircuits > 1:
                errors.append([i, "a second circuit begins here, with no `clear` before it: a model has one"])
                break
    told: dict[str, Any] = {"name": "", "crashed": None, "errors": errors, "classes": {}, "buses": {}}
    told["frequency_hz"] = 60.0
    if DSS.NumCircuits > 1:
        told["name"] = DSS.ActiveCircuit.Name.lower()
    elif DSS.NumCircuits:
        try:
            converted = _converted(DSS)
        except DSSException as err:
            converted = {}
            errors.append([max(len(commands) - 1, 0), str(err.args[-1]).strip()])
        told |= _circuit(DSS, built_in, converted)
    answer.write_text(json.dumps(told), encoding="utf-8")


def _converted(dss: Any) -> dict[str, Matrices]:
    """Build the admittances; matrices by name of the lines that state theirs at another frequency than the circuit's.

    An open conductor leaves no impedance in the admittances of its line: it is closed while they are built.
    """
    circuit = dss.ActiveCircuit
    hz, element = float(circuit.Solution.Frequency), circuit.ActiveCktElement
    lines = [full for full in _told(dss, "Line", whole=True) if full.get("Enabled", True) and differs(full, hz)]
    found, opened = {}, []
    for full in lines:
        circuit.SetActiveElement(f"Line.{full['Name']}")
        ends = [(t, c) for t in (1, 2) for c in range(1, int(element.NumConductors) + 1)]
        opened.append([end for end in ends if element.IsOpen(*end)])
        for end in opened[-1]:
            element.Close(*end)
    try:
        dss.YMatrix.BuildYMatrixD(_SERIES_AND_SHUNT, 0)
        for full in lines:
            circuit.SetActiveElement(f"Line.{full['Name']}")
            n = int(element.NumConductors)
            flat = np.asarray(element.Yprim, np.float64).view(np.complex128).reshape(2 * n, 2 * n)
            found[full["Name"].lower()] = line_matrices(flat, float(full["Length"]), hz)
    finally:
        for full, at in zip(lines, opened, strict=True):
            circuit.SetActiveElement(f"Line.{full['Name']}")
            for end in at:
                element.Open(*end)
    return found


def _circuit(dss: Any, built_in: dict[str, set[str]], converted: dict[str, Matrices]) -> dict[str, Any]:
    circuit = dss.ActiveCircuit
    dss.Text.Command = "MakeBusList"
    _act(dss)
    classes = {}
    for name in dss.Classes:
        found = [item for item in _objects(dss, name) if item["name"] not in built_in.get(name, ())]
        if found:
            classes[name] = found
    for item in classes.get("Line", ()):
        item["full"] |= converted.get(item["name"], {})
    buses = {}
    for i in range(circuit.NumBuses):
        bus = circuit.Buses(i)
        buses[bus.Name.lower()] = {
            "nodes": sorted(int(n) for n in bus.Nodes),
            "kv_ln": float(bus.kVBase),
            "x": float(bus.x) if bus.Coorddefined else None,
            "y": float(bus.y) if bus.Coorddefined else None,
        }
    _normal(dss, classes.get("SwtControl", ()))
    return {
        "name": circuit.Name.lower(),
        "frequency_hz": float(circuit.Solution.Frequency),
        "classes": classes,
        "buses": buses,
    }


def _act(dss: Any) -> None:
    """Open what switch controls are told to have open: they act at the first solve of the engine, unless locked."""
    for item in _objects(dss, "SwtControl"):
        full = item["full"]
        if full["Enabled"] and full["SwitchedObj"] and not full["Lock"] and full["State"].startswith("o"):
            dss.Text.Command = f'open "{full["SwitchedObj"]}" {full["SwitchedTerm"]}'


def _normal(dss: Any, items: Iterable[dict[str, Any]]) -> None:
    """Put the normal states of switch controls right: until its reset, the engine tells the action in their place.

    A reset moves the switches: nothing must be read of the circuit after it.
    """
    for item in items:
        if item["full"]["Enabled"] and item["full"]["SwitchedObj"]:
            dss.Text.Command = f'edit "SwtControl.{item["name"]}" reset=yes'
            dss.ActiveCircuit.SetActiveElement(f"SwtControl.{item['name']}")
            item["full"]["Normal"] = dss.ActiveCircuit.ActiveCktElement.Properties("Normal").Val or "closed"


def _objects(dss: Any, name: str) -> list[dict[str, Any]]:
    """All objects of a class; objects that the engine makes by itself are left out."""
    circuit = dss.ActiveCircuit
    given = _told(dss, name, whole=False)
    full = _told(dss, name, whole=True)
    found = []
    for everything, stated in zip(full, given, strict=True):
        everything |= {p: None for p in NEVER_SET.get(name, ()) if p not in stated}
        item = {"name": everything["Name"].lower(), "full": everything, "given": sorted(stated)}
        if name in ORDERED:
            item["order"] = list(stated)
        if name in MAIN and everything.get("Enabled", True):
            circuit.SetActiveElement(f"{name}.{everything['Name']}")
            element = circuit.ActiveCktElement
            n, terminals = int(element.NumConductors), int(element.NumTerminals)
            order = [int(x) for x in element.NodeOrder]
            item["nodes"] = [order[t * n : (t + 1) * n] for t in range(terminals)]
            item["buses"] = [str(b).split(".")[0].lower() for b in element.BusNames]
            item["open"] = [[bool(element.IsOpen(t + 1, c + 1)) for c in range(n)] for t in range(terminals)]
        found.append(item)
    return found


def _told(dss: Any, name: str, *, whole: bool) -> list[dict[str, Any]]:
    """The objects of a class with all properties or those that were set; the latter of load shapes without values.

    The engine cannot tell the mean of a load shape of no values, and then tells nothing of any.
    """
    from dss import DSSException
    from dss.enums import DSSJSONFlags

    dss.ActiveCircuit.SetActiveClass(name)
    try:
        return _loads(dss.ActiveCircuit.ActiveClass.ToJSON(int(DSSJSONFlags.Full) if whole else 0))
    except DSSException:
        if name not in BUILT_IN or not whole:
            raise
        return _told(dss, name, whole=False)


def _loads(text: str) -> list[dict[str, Any]]:
    """JSON as the engine writes it, whose numbers can be ``Nan`` and ``Inf``."""
    if not text.strip():
        return []
    found: list[dict[str, Any]] = json.loads(re.sub(r"([\[,:]\s*)[+-]?(?:Nan|Inf)\b", r"\1null", text))
    return found


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:4]))
