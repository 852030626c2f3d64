"""The bodies of requests, in all documented variants, as actions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from dtl.errors import StoreError
from dtl.spec.base import near
from dtl.spec.programs import Program

SAME_PF = 0.02
"""By how much a stated power factor may differ from the one of the stated powers."""
TIMES = ("at", "until")
"""Words that every body may have besides its own: when the action happens."""

Programs = Mapping[str, Program]
Body = Mapping[str, Any]
Made = tuple[dict[str, Any], list[str]]
"""What a verb says, and notes for who asked."""


def _area(body: Body, programs: Programs) -> Made:
    return {"area": str(body["neighbourhood"]), "factor": body["factor"]}, []


def _household(body: Body, programs: Programs) -> Made:
    bus = {"bus": str(body["bus_name"])} | ({"load": str(body["load_name"])} if "load_name" in body else {})
    if "factor" in body:
        return bus | {"factor": body["factor"]}, []
    if "new_kw" not in body:
        raise StoreError("modify_load_household needs 'new_kw' or 'factor'")
    return bus | {"kw": body["new_kw"]} | ({"kvar": body["new_kvar"]} if "new_kvar" in body else {}), []


def _generator(body: Body, programs: Programs) -> Made:
    if int(body.get("model", 1)) != 1:
        raise StoreError(f"add_generator: model {body['model']} is not available; 1 is constant power")
    same = {k: body[k] for k in ("kw", "kvar", "kv", "phases", "vmin_pu", "vmax_pu") if k in body}
    return {"bus": str(body["bus_name"]), **same}, []


def _device(body: Body, programs: Programs) -> Made:
    said = {"bus": str(body["bus_name"]), "name": str(body["device_name"]), "kw": body["kw"]}
    said |= {"phases": body["phases"]} if "phases" in body else {}
    if "kvar" not in body:
        return said | ({"pf": body["pf"]} if "pf" in body else {}), []
    if "pf" not in body:
        return said | {"kvar": body["kvar"]}, []
    kw, kvar, pf = float(body["kw"]), float(body["kvar"]), float(body["pf"])
    own = kw / math.hypot(kw, kvar) if kw else 1.0
    if abs(own - pf) > SAME_PF:
        raise StoreError(
            f"add_device: {kvar:g} kvar of {kw:g} kW are a power factor of {own:.3f}, not {pf:g}; give one"
        )
    return said | {"kvar": body["kvar"]}, [f"'kvar' counts; with it the power factor is {own:.4f}"]


def _off(body: Body, programs: Programs) -> Made:
    return {"bus": str(body["bus_name"]), "name": str(body["device_name"])}, []


def _program(body: Body, programs: Programs) -> Made:
    return {k: body[k] for k in ("name", "number", "min_power_kw", "target_pf") if k in body}, []


def _member(body: Body, programs: Programs) -> Made:
    if "dfp_name" in body:
        return {"program": str(body["dfp_name"]), "bus": str(body["bus_name"])}, []
    if "dfp_number" not in body:
        raise StoreError("the body needs 'dfp_number' or 'dfp_name'")
    number = int(body["dfp_number"])
    name = next((p.name for p in programs.values() if p.number == number), None)
    if name is None:
        there = ", ".join(f"{p.number} ({p.name})" for p in programs.values()) or "none is registered"
        raise StoreError(f"there is no program with the number {number}; there is {there}")
    return {"program": name, "bus": str(body["bus_name"])}, []


BODIES: dict[tuple[str, str], tuple[str, Callable[[Body, Programs], Made] | None, tuple[str, ...], tuple[str, ...]]] = {
    ("POST", "modify_load_neighbourhood"): ("scale_load", _area, ("neighbourhood", "factor"), ()),
    ("POST", "modify_load_household"): (
        "set_load", _household, ("bus_name",), ("load_name", "new_kw", "new_kvar", "factor")),
    ("POST", "add_generator"): (
        "add_generator", _generator, ("bus_name", "kw"), ("kv", "kvar", "model", "vmin_pu", "vmax_pu", "phases")),
    ("POST", "add_device"): ("add_device", _device, ("bus_name", "device_name", "kw"), ("kvar", "pf", "phases")),
    ("POST", "disconnect_device"): ("disconnect_device", _off, ("bus_name", "device_name"), ()),
    ("POST", "register_dfp"): ("register_program", _program, ("name", "min_power_kw", "target_pf"), ("number",)),
    ("PUT", "update_dfp"): ("update_program", _program, ("name",), ("min_power_kw", "target_pf")),
    ("DELETE", "delete_dfp"): ("delete_program", None, ("name",), ()),
    ("POST", "subscribe_dfp"): ("subscribe", _member, ("bus_name",), ("dfp_number", "dfp_name")),
    ("POST", "unsubscribe_dfp"): ("unsubscribe", _member, ("bus_name",), ("dfp_number", "dfp_name")),
    ("POST", "execute_dfp"): ("execute", None, ("dfp_name",), ()),
}  # fmt: skip
"""The action of each request, how its words are made (None: the one word is it), what its body must and may have."""


def step_of(method: str, path: str, body: Body, programs: Programs) -> tuple[dict[str, Any], list[str]]:
    """The action that a request means, and notes.

    Raises
    ------
    StoreError
        A word of the body is missing, unknown, or of the wrong type.
    """
    verb, make, needed, allowed = BODIES[method, path]
    known = {*needed, *allowed, *TIMES}
    for word in body:
        if word not in known:
            raise StoreError(f"/{path} knows no '{word}'{near(word, known)}")
    if missing := [word for word in needed if word not in body]:
        raise StoreError(f"/{path} needs {' and '.join(repr(w) for w in missing)}")
    try:
        said, notes = make(body, programs) if make else (str(body[needed[0]]), [])
    except (TypeError, ValueError) as err:
        raise StoreError(f"/{path}: a value of the body is of the wrong type: {err}") from err
    return {**{k: body[k] for k in TIMES if k in body}, verb: said}, notes
