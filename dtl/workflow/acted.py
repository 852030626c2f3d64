"""The state of a study's actions as JSON, and the files that show it: a log, a registry, and what a run makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.spec.programs import VERBS, Program
from dtl.workflow import digests
from dtl.workflow.acted_results import results
from dtl.workflow.actions_file import LAYER, ActionsFile


def state(file: ActionsFile) -> dict[str, Any]:
    """The state: the actions, and what of them is in force at the end of the study.

    Equal text gives equal state; there is no clock in it.
    """
    devices: dict[str, dict[str, Any]] = {}
    generators: dict[str, dict[str, Any]] = {}
    for step in file.steps:
        verb = _verb(step)
        words = step[verb]
        if verb == "add_device":
            devices[f"{words['bus']}/{words['name']}"] = words
        elif verb == "add_generator":
            number = 1 + sum(key.startswith(f"{words['bus']}/") for key in (*devices, *generators))
            name = words.get("name") or f"gen_{words['bus']}_{number}"
            generators[f"{words['bus']}/{name}"] = {"name": name, **words}
        elif verb == "disconnect_device" and "until" not in step:
            devices.pop(f"{words['bus']}/{words['name']}", None)
            generators.pop(f"{words['bus']}/{words['name']}", None)
    return {
        "study": file.study.name,
        "file": file.path.as_posix(),
        "scenarios": file.stacked,
        "actions": file.steps,
        "devices": list(devices.values()),
        "generators": list(generators.values()),
        "loads": [s for s in file.steps if _verb(s) in ("scale_load", "set_load")],
        "programs": [_program(p) for p in file.programs.values()],
    }


def _program(program: Program) -> dict[str, Any]:
    return {
        "name": program.name,
        "number": program.number,
        "min_power_kw": program.min_power_kw,
        "target_pf": program.target_pf,
        "buses": list(program.buses),
        "areas": list(program.areas),
    }


def _verb(step: Mapping[str, Any]) -> str:
    return next(word for word in step if word not in ("at", "until"))


def latest_results(file: ActionsFile) -> list[dict[str, Any]]:
    """What the last run says of the case with the actions: convergence, power, losses, voltages, buses."""
    return [results(file)]


def management_log(file: ActionsFile) -> list[dict[str, Any]]:
    """Every action in the order of the file, with its study time."""
    return [_logged(i, step) for i, step in enumerate(file.steps, 1)]


def program_registry(file: ActionsFile) -> list[dict[str, Any]]:
    """The programs that there are, with the action that registered each (0: a layer of the study)."""
    made = {s["register_program"]["name"]: i for i, s in enumerate(file.steps, 1) if "register_program" in s}
    return [_program(p) | {"registered_by_action": made.get(p.name, 0)} for p in file.programs.values()]


def program_log(file: ActionsFile) -> list[dict[str, Any]]:
    """Every action on programs, then what the power flow says that their executions brought."""
    log = [_logged(i, step) for i, step in enumerate(file.steps, 1) if _verb(step) in VERBS]
    executions: list[dict[str, Any]] = results(file).get("executions", [])
    return log + executions


def _logged(number: int, step: Mapping[str, Any]) -> dict[str, Any]:
    verb = _verb(step)
    said = step[verb] if isinstance(step[verb], Mapping) else {"name": step[verb]}
    when = {"at": step.get("at", "whole study")} | ({"until": step["until"]} if "until" in step else {})
    return {"number": number, "action": verb, **when, **said}


VIEWS: dict[str, Callable[[ActionsFile], list[dict[str, Any]]]] = {
    "latest_api_results": latest_results,
    "management_log": management_log,
    "dfp_registry": program_registry,
    "dfps_logs": program_log,
}
"""The four files, each as text and as JSON lines, by their names."""


def write(file: ActionsFile) -> None:
    """Write the views into the results of the study, if it has any."""
    if not Path(layout.SPEC.format(study=file.study.name)).is_file():
        return
    folder = Path(layout.VIEWS.format(study=file.study.name))
    folder.mkdir(parents=True, exist_ok=True)
    for name, view in VIEWS.items():
        rows = view(file)
        lines = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
        digests.write_atomically(folder / f"{name}.jsonl", lines)
        digests.write_atomically(folder / f"{name}.txt", f"{name} of {file.study.name}, layer '{LAYER}'\n\n" + "".join(
            _told(row) for row in rows))  # fmt: skip


def _told(row: Mapping[str, Any]) -> str:
    """A row as lines of text, lists of maps as one line each."""
    lines = []
    for key, value in row.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            lines.append(f"{key}:")
            lines += ["  " + "  ".join(f"{k} {_word(v)}" for k, v in item.items()) for item in value]
        else:
            lines.append(f"{key}: {_word(value)}")
    return "\n".join(lines) + "\n\n"


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_word(v) for v in value) or "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
