"""The source ``opendss``: any master file, read with the engine.

The model holds the circuit as the files state it, before any solve: taps and switch states are the stated ones. The
circuit is one feeder, named like it. Load limits (``vminpu``, ``vmaxpu``) that the files leave out are the engine's
effective ones, written out and listed as defaulted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dtl.errors import SourceError
from dtl.network.feeder import Bus
from dtl.sources.opendss_engine import circuit_of
from dtl.sources.opendss_faults import gathered, guarded, refuse, sound
from dtl.sources.opendss_frequency import at_frequency
from dtl.sources.opendss_lines import Lines
from dtl.sources.opendss_properties import CARRIED, HARMLESS, MAPPED, UNRATED, account
from dtl.sources.opendss_script import LOST, Command, Script, flatten, text_of
from dtl.sources.opendss_shunts import add_shunts
from dtl.sources.opendss_transformers import add_transformers
from dtl.sources.reading import Reading, plain

_NEW = re.compile(r"new\s+(?:object\s*=\s*)?[\"']?(\w+)\.([^\s,=\"']+)", re.IGNORECASE)

_OPTION = re.compile(r"\b(loadmult|genmult|cktmodel|year|loadmodel)\s*=\s*([\"']?[\w.+-]+)", re.IGNORECASE)

_SCALES = "the script scales all of them: the model holds what each states itself"
_OPTIONS: Mapping[str, tuple[str, str | tuple[float, ...]]] = {
    "loadmult": (_SCALES, (1.0,)),
    "genmult": (_SCALES, (1.0,)),
    "year": ("loads grow up to this year of the script: the model holds what each states itself", (0.0, 1.0)),
    "loadmodel": ("the script makes an impedance of every load: the model holds what each states itself", "p"),
    "cktmodel": ("the script asks for a positive-sequence model, and the model is one of phases", "m"),
}
"""What each option does to the circuit, and when it does nothing: numbers, or the first letter of the word."""

_SWITCH = re.compile(r"\bswitch\s*=\s*[\"']?[yt]", re.IGNORECASE)


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read the circuit of the master file ``spec["path"]``.

    Raises
    ------
    SourceError
        The master file is not among `files`.
    """
    reading = Reading(name, "opendss", crs=str(spec.get("crs") or ""))
    pattern = str(spec["path"]).lower()
    masters = sorted(n for n in files if fnmatchcase(n.lower(), pattern) or n.lower() == pattern)
    if not masters:
        raise SourceError(f"the master file {spec['path']} is not there")
    for master in masters:
        _read_circuit(reading, master, files)
    if spec.get("buscoords"):
        _coordinates(reading, str(spec["buscoords"]), files)
    return reading


def _read_circuit(reading: Reading, master: str, files: Mapping[str, Path]) -> None:
    script = flatten(master, files)
    told = circuit_of([c.text for c in script.commands])
    feeder = plain(told["name"])
    _commands(reading, feeder, script, told)
    if not feeder:
        reading.find(
            "opendss.no-circuit",
            "error",
            "the script makes no circuit",
            file=master,
            remedy="Name the file that holds `new circuit` as path of the source.",
        )
        return
    if feeder in reading.parts:
        reading.find(
            "network.duplicate",
            "error",
            "two circuits have one name",
            feeder=feeder,
            file=master,
            value=feeder,
            remedy="Rename one of the circuits.",
        )
        return
    reading.frequency_hz = told["frequency_hz"]
    reading.parts[feeder] = {}
    for command in script.commands:
        if (made := _NEW.match(command.text)) is not None:
            kind = {"vsource": "source", "linecode": "line_code", "regcontrol": "regulator"}.get(made[1].lower())
            reading.place(feeder, kind or made[1].lower(), plain(made[2]), command.file, command.line)
    before = len(reading.findings)
    _elements(reading, feeder, told)
    reading.findings[before:] = gathered(reading.findings[before:])
    _switch_flags(reading, feeder, script, told)
    _options(reading, feeder, script)


def _options(reading: Reading, feeder: str, script: Script) -> None:
    """Say so when options of the script change what all elements do: the model holds what they state themselves."""
    found: dict[str, tuple[str, Command]] = {}
    for command in script.commands:
        if command.text.lower().startswith("set"):
            found |= {m[1].lower(): (m[2].strip("\"'"), command) for m in _OPTION.finditer(command.text)}
    for option, (value, command) in sorted(found.items()):
        text, neutral = _OPTIONS[option]
        if not _idle(value, neutral):
            reading.find(
                "opendss.option", "error" if option == "cktmodel" else "warning", text, feeder=feeder,
                file=command.file, line=command.line, field=option, value=value,
                remedy="Take the option out of the script, and say in the study what it was for.",
            )  # fmt: skip


def _idle(value: str, neutral: str | tuple[float, ...]) -> bool:
    if isinstance(neutral, str):
        return value.lower().startswith(neutral)
    try:
        return float(value) in neutral
    except ValueError:
        return False


def _switch_flags(reading: Reading, feeder: str, script: Script, told: Mapping[str, Any]) -> None:
    """Say so when lines are switches in the files and not in the circuit that the script ends with."""
    flagged = [c for c in script.commands if _NEW.match(c.text) and _SWITCH.search(c.text)]
    found = sum(bool(i["full"]["Switch"]) for i in told["classes"].get("Line", ()))
    if flagged and not found:
        text = f"the files make {len(flagged)} lines switches, and clear the flag of all of them later: they are lines"
        reading.find(
            "opendss.switch-flag",
            "info",
            text,
            feeder=feeder,
            file=flagged[0].file,
            line=flagged[0].line,
            field="switch",
            value=str(len(flagged)),
            remedy="Take the line that clears it out of the script if they are switches.",
        )


def _coordinates(reading: Reading, name: str, files: Mapping[str, Path]) -> None:
    """Give buses the coordinates of a file with the rows bus, x, y."""
    placed = {}
    for number, line in enumerate(text_of(files[name]).splitlines() if name in files else (), 1):
        cells = [c.strip() for c in line.replace(";", ",").replace("\t", ",").split(",")]
        try:
            placed[plain(cells[0])] = (float(cells[1]), float(cells[2]))
        except (IndexError, ValueError):
            if number > 1 and line.strip():
                reading.find("source.bad-row", "warning", "is no row of bus, x, y", file=name, line=number, value=line)
    for feeder, parts in reading.parts.items():
        for key, part in list(parts.items()):
            if isinstance(part, Bus) and part.name in placed:
                x, y = placed[part.name]
                parts[key] = part.model_copy(update={"x": x, "y": y})
                reading.mapped(feeder, f"{name} {part.name}", "x y", f"bus.{part.name}: x, y", f"{x} {y}")


def _commands(reading: Reading, feeder: str, script: Script, told: Mapping[str, Any]) -> None:
    """Account for what was not run, and turn complaints of the engine into findings."""
    for finding in script.findings:
        reading.findings.append(
            type(finding)(**{**finding.row(), "source": reading.source, "feeder": feeder})  # type: ignore[arg-type]
        )
    for command, reason in script.refused:
        told_as = reading.refused if reason in LOST else reading.unused
        told_as(feeder, f"command {command.file}:{command.line}", "", command.text, reason)
    for nth, (index, text) in enumerate(told["errors"], 1):
        command = script.commands[index] if index < len(script.commands) else script.commands[-1]
        crashed = told["crashed"] is not None and nth == len(told["errors"])
        reading.find(
            "opendss.engine-crash" if crashed else "opendss.engine",
            "error",
            f"the engine died: {text}" if crashed else f"the engine says: {' '.join(text.split())}",
            feeder=feeder,
            file=command.file,
            line=command.line,
            value=command.text[:120],
            remedy="Correct the line.",
        )


def _elements(reading: Reading, feeder: str, told: Mapping[str, Any]) -> None:
    classes = at_frequency(sound(reading, feeder, told["classes"], MAPPED), reading.frequency_hz)
    _dead_sources(reading, feeder, classes, reading.frequency_hz)
    told = {**told, "classes": classes}
    for cls, items in sorted(classes.items()):
        for item in items:
            if item["full"].get("Enabled", True) is False:
                refuse(reading, feeder, cls, item, "is disabled in the source", harmless=True)
            elif cls in CARRIED:
                reading.mapped(feeder, f"{cls}.{item['name']}", "", "", HARMLESS[cls])
                reading.mapped(feeder, f"{cls}.{item['name']}", " ".join(sorted(item["full"])), "", HARMLESS[cls])
            elif cls not in MAPPED:
                refuse(reading, feeder, cls, item, HARMLESS.get(cls, "the model has no such element"), cls in HARMLESS)
    buses = _buses(reading, feeder, told)
    Lines(reading, feeder, classes).add(buses)
    _line_codes(reading, feeder, classes)
    add_transformers(reading, feeder, classes)
    add_shunts(reading, feeder, classes)
    for bus in buses.values():
        reading.add(feeder, bus)


def _dead_sources(reading: Reading, feeder: str, classes: Mapping[str, Any], hz: float) -> None:
    """Say so when a source has another frequency than the circuit, at which the engine takes its voltage for zero."""
    for item in classes.get("Vsource", ()):
        stated = float(item["full"]["Frequency"])
        if item["full"]["Enabled"] and abs(stated - hz) > 1e-9:
            reading.find(
                "opendss.frequency", "error", f"gives no voltage at {hz:g} Hz, the frequency of the circuit",
                feeder=feeder, element=f"Vsource.{item['name']}", field="Frequency", value=f"{stated:g}",
                remedy="Put `set defaultbasefrequency` before `new circuit`, or correct the frequency.",
            )  # fmt: skip


def _line_codes(reading: Reading, feeder: str, classes: Mapping[str, Any]) -> None:
    used = {str(i["full"]["LineCode"] or "").lower() for i in classes.get("Line", ()) if i["full"]["Enabled"]}
    for item in classes.get("LineCode", ()):
        if item["name"] not in used:
            refuse(reading, feeder, "LineCode", item, "no line uses it", harmless=True)
            continue
        refused = {p: reason for p, reason in UNRATED.items() if p not in item["given"]}
        account(reading, feeder, "LineCode", item, f"line_code.{plain(item['name'])}", refused)


def _buses(reading: Reading, feeder: str, told: Mapping[str, Any]) -> dict[str, Bus]:
    """The buses; voltage bases that the files do not set come from sources and transformers."""
    legs = _legs(told)
    base = {n: (legs[n] if n in legs else b["kv_ln"]) for n, b in told["buses"].items()}
    unset = sorted(n for n, kv in base.items() if not kv > 0)
    _propagate(base, told["classes"])
    buses = {}
    for name, raw in told["buses"].items():
        nodes = tuple(n for n in raw["nodes"] if n > 0)
        thing = f"Bus.{name}"
        if not base[name] > 0:
            reading.find(
                "network.no-base",
                "error",
                "the bus has no voltage base: nothing with a rated voltage feeds it",
                feeder=feeder,
                element=f"bus.{name}",
                remedy="Connect it, or set voltage bases in the script.",
            )
            reading.refused(feeder, thing, "", "", "has no voltage base")
            continue
        with guarded(reading, feeder, "Bus", {"name": name, "full": {}, "given": ()}):
            made = Bus(
                name=plain(name),
                nodes=nodes,
                kv_ln=float(f"{base[name]:.9g}"),
                split_phase=name in legs,
                x=raw["x"],
                y=raw["y"],
            )
            buses[made.name] = made
            reading.mapped(feeder, thing, "", f"bus.{made.name}", f"nodes={nodes} kv_ln={base[name]:.6g}")
            if name in unset:
                reason = "no voltage base is set; it follows from sources and transformers"
                reading.defaulted(feeder, thing, "kVBase", f"bus.{made.name}: kv_ln", f"{base[name]:.6g}", reason)
            if raw["x"] is None:
                reading.defaulted(feeder, thing, "x y", "", "", "the source states no coordinates")
    return buses


def _links(classes: Mapping[str, Any]) -> dict[str, set[str]]:
    """Neighbours of each bus across lines and series reactors."""
    near: dict[str, set[str]] = {}
    for cls in ("Line", "Reactor"):
        for item in classes.get(cls, ()):
            if item["full"]["Enabled"] and len(set(item["buses"])) == 2:
                a, b = item["buses"]
                near.setdefault(a, set()).add(b)
                near.setdefault(b, set()).add(a)
    return near


def _legs(told: Mapping[str, Any]) -> dict[str, float]:
    """Buses of centre-tapped secondaries and what lines connect to them, with the voltage of one leg [kV]."""
    found: dict[str, float] = {}
    for item in told["classes"].get("Transformer", ()):
        full = item["full"]
        if not full["Enabled"] or len(full["kVs"]) != 3 or full["Phases"] != 1:
            continue
        (a, b), (c, d) = item["nodes"][1][:2], item["nodes"][2][:2]
        if item["buses"][1] == item["buses"][2] and b == c == 0 and a and d:
            found[item["buses"][1]] = full["kVs"][1]
    near, todo = _links(told["classes"]), list(found)
    while todo:
        bus = todo.pop()
        for other in near.get(bus, ()):
            if other not in found:
                found[other] = found[bus]
                todo.append(other)
    return found


def _propagate(base: dict[str, float], classes: Mapping[str, Any]) -> None:
    """Fill bases that are not set, from rated voltages and along lines; a bus without a name is none."""
    for item in classes.get("Vsource", ()):
        bus = item["buses"][0]
        if item["full"]["Enabled"] and not base.get(bus, 1.0) > 0:
            base[bus] = item["full"]["BasekV"] / (math.sqrt(3.0) if item["full"]["Phases"] > 1 else 1.0)
    for item in classes.get("Transformer", ()):
        full = item["full"]
        for bus, kv, conn in zip(item.get("buses", ()), full["kVs"], full["Conns"], strict=False):
            if full["Enabled"] and not base.get(bus, 1.0) > 0:
                line_to_line = full["Phases"] > 1 or conn.lower().startswith("d")
                base[bus] = kv / (math.sqrt(3.0) if line_to_line else 1.0)
    near, todo = _links(classes), [n for n, kv in base.items() if kv > 0]
    while todo:
        bus = todo.pop()
        for other in near.get(bus, ()):
            if not base.get(other, 1.0) > 0:
                base[other] = base[bus]
                todo.append(other)
