"""The loads of a CYME feeder: one part per device, customer class and phase.

A load of a class with constant power, current or impedance has the model of that name; a mixed class is ZIP. Below the
voltage that the class states, and above 1.2 per unit, a load turns into a constant impedance.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dtl.network.feeder import Load, Meter
from dtl.sources.cyme_catalog import UnusableError
from dtl.sources.cyme_codes import LETTERS, LOAD_CONNECTIONS, VALUE_TYPES, YES, nodes_of, phases_of, state_of
from dtl.sources.cyme_section import Circuit, place_of
from dtl.sources.cyme_tables import Row, Tables
from dtl.sources.reading import plain

MAX_PU = 1.2
LOW_PU = 0.8
SPREAD = {
    "split_ends": (0.5, 0.0, 0.5),
    "middle": (0.0, 1.0, 0.0),
    "from_end": (1.0, 0.0, 0.0),
    "to_end": (0.0, 0.0, 1.0),
}
"""Shares of a distributed load at the From end, in the middle and at the To end of its section."""


SHARES = (
    ("ConstantImpedanceZP", "ConstantImpedanceZQ"),
    ("ConstantCurrentIP", "ConstantCurrentIQ"),
    ("ConstantPowerPP", "ConstantPowerPQ"),
)
"""The columns of the shares of a class, of active and of reactive power."""
OLD_SHARES = tuple((n, n) for n in ("ConstantImpedance", "ConstantCurrent", "ConstantPower"))
"""What versions have that do not state them apart; where both stand, these can contradict and do not count."""


@dataclass
class Sum:
    """What customers of one class take on one phase."""

    kw: float = 0.0
    kvar: float = 0.0
    customers: int = 0
    rows: list[Row] = field(default_factory=list)


def default_model(tables: Tables) -> str:
    """The id of the load model that CYME calls DEFAULT; empty where the files do not name their models."""
    for row in tables.rows("LOAD MODEL INFORMATION", "CYMLOADMODEL"):
        if (row.peek("Name") or row.peek("LoadModelName")).upper() == "DEFAULT":
            return row.peek("ID") or row.peek("LoadModelId")
    return ""


def chosen(rows: list[Row], default: str = "") -> list[Row]:
    """The rows of a device that count: those of the default load model, and of these the latest year.

    Without the default model, the first in the order of names counts, so that all devices have the same.
    """
    models = {r.text("LoadModelID") for r in rows}
    model = default if default in models else min(models, key=_order, default="")
    years = [r.whole("Year") for r in rows]
    latest = max((y for r, y in zip(rows, years, strict=True) if r.text("LoadModelID") == model), default=0)
    kept = []
    for row, year in zip(rows, years, strict=True):
        if year == latest and row.text("LoadModelID") == model:
            kept.append(row)
        else:
            row.reason = f"another year or load model than {latest}, {model}, which is taken"
    return kept


def _order(model: str) -> tuple[bool, int, str]:
    """The order of load models: DEFAULT, then numbers, then other names."""
    digits = model.isdecimal()
    return model.upper() != "DEFAULT", int(model) if digits else sys.maxsize, model


def add_loads(circuit: Circuit, device: Row, customers: list[Row], spread: str) -> None:
    """All loads of one device, from the rows of its customers; `spread` says where a distributed load sits."""
    every = customers
    customers = chosen(customers, circuit.load_model)
    taken = customers[0].text("LoadModelID") if customers else ""
    circuit.models += [r for r in every if r.text("LoadModelID") != taken and _has(r)]
    circuit.bare += [] if every else [device]
    section = device.text("SectionID")
    start, end, letters = circuit.ends[section]
    middle = circuit.middle.get(section, end)
    code = device.text("Connection", default="0").upper()
    if code not in LOAD_CONNECTIONS:
        raise UnusableError("cyme.connection", "the model does not hold this connection of a load", "Connection", code,
                       "Waive it, or connect it in wye or delta.")  # fmt: skip
    delta = LOAD_CONNECTIONS[code] == "delta"
    if device.text("LoadType").upper() == "DISTRIBUTED":
        shares: tuple[float, ...] = SPREAD[spread]
    else:
        place = place_of(circuit, device, 0)
        shares = tuple(float(place == i) for i in range(3))
    sums = _sums(circuit, customers, letters, start if shares[0] == 1 else end, delta)
    classes = sorted({c for c, _ in sums})
    device.feeder, device.target = circuit.feeder, "load"
    for bus, share, tag in zip((start, middle, end), shares, ("from", "mid", "to"), strict=True):
        for (cls, phase), total in sorted(sums.items()):
            if share == 0 or (total.kw == 0 and total.kvar == 0):
                continue
            name = [plain(device.text("DeviceNumber", default=section)), phase.lower()]
            name += [plain(cls)] if len(classes) > 1 else []
            name += [tag] if len([s for s in shares if s]) > 1 else []
            whole = tag != "to" or shares[0] == 0
            _add(circuit, device, "_".join(name), bus, phase, delta, cls, total, share, whole)
    for row in customers:
        row.feeder = circuit.feeder
        row.target = row.target or ("" if row.reason else "load (no power)")


def _has(row: Row) -> bool:
    """Whether a row of a customer states power; one that cannot be read may."""
    return row.peek("Value1").strip("0.") != "" or row.peek("Value2").strip("0.") != ""


def _add(
    circuit: Circuit, device: Row, name: str, bus: str, phase: str, delta: bool, cls: str, total: Sum, share: float,
    whole: bool,
) -> None:  # fmt: skip
    node = LETTERS.index(phase[0]) + 1
    nodes = nodes_of(phase) if len(phase) == 2 else (node, node % 3 + 1) if delta else (node,)
    kv_ln = circuit.base_kv_ln.get(bus, 0.0)
    if not kv_ln > 0:
        raise UnusableError(
            "network.no-base", "the load hangs on a bus without voltage base", "bus", bus, "Connect the bus."
        )
    part = Load(
        name=name,
        bus=bus,
        nodes=nodes,
        phases=1,
        connection="delta" if delta else "wye",
        kv=float(f"{kv_ln * (math.sqrt(3.0) if delta else 1.0):.9g}"),
        kw=float(f"{total.kw * share:.12g}"),
        kvar=float(f"{total.kvar * share:.12g}"),
        max_pu=MAX_PU,
        **_model(circuit, cls),
        customer_class=plain(cls),
        customers=total.customers if whole else 0,
    )
    target = circuit.add(device, part)
    circuit.touch(bus, nodes)
    for row in total.rows:
        row.target = row.target or target
        number = plain(row.text("CustomerNumber"))
        if number and whole:
            known = circuit.reading.parts[circuit.feeder]
            if ("meter", number) not in known:
                circuit.reading.add(
                    circuit.feeder, Meter(name=number, load=part.name, customer=row.text("CustomerNumber"))
                )


def _sums(circuit: Circuit, customers: list[Row], letters: str, bus: str, delta: bool) -> dict[tuple[str, str], Sum]:
    """Power and customers by class and phase; a customer counts on the first phase that takes power."""
    sums: dict[tuple[str, str], Sum] = {}
    counted: set[str] = set()
    for row in customers:
        if state_of(row.text("ConnectionStatus", "Status")) != "connected":
            row.reason = "the customer is disconnected"
            circuit.off += [row] if row.number("Value1") or row.number("Value2") else []
            continue
        phases = phases_of(row.text("LoadPhase", "Phase", default=letters))
        if not phases:
            text, cure = "the customer is on no phase", "Correct the phase."
            raise UnusableError("cyme.bad-value", text, "LoadPhase", row.text("LoadPhase", "Phase"), cure)
        kw, kvar = _power(circuit, row, bus, len(phases), delta)
        if not (kw or kvar) and (row.number("ConnectedKVA") > 0 or row.number("KWH") > 0):
            circuit.unallocated.append(row)
        cls = row.text("CustomerType", default="Other")
        places = (phases,) if delta and len(phases) == 2 else tuple(phases)
        for place in places:
            total = sums.setdefault((cls, place), Sum())
            total.kw += kw / len(places)
            total.kvar += kvar / len(places)
            total.rows.append(row)
        number = row.text("CustomerNumber", default=row.text("DeviceNumber"))
        if (kw or kvar) and number not in counted:
            counted.add(number)
            sums[(cls, places[0])].customers += max(row.whole("NumberOfCustomer"), 1)
    return sums


def _power(circuit: Circuit, row: Row, bus: str, phases: int, delta: bool) -> tuple[float, float]:
    """Active and reactive power of a row [kW, kvar]."""
    text = row.text("ValueType", default="0").upper()
    kind = VALUE_TYPES.get(text, text)
    one, two = row.number("Value1"), row.number("Value2")
    if kind not in VALUE_TYPES.values():
        raise UnusableError(
            "cyme.bad-value", "an unknown way to state power", "ValueType", text, "Use KW_KVAR, KVA_PF or KW_PF."
        )
    if kind == "KW_KVAR":
        return one, two
    factor = two / 100.0 if abs(two) > 1.0 else two
    if not 0 < abs(factor) <= 1:
        if one == 0:
            return 0.0, 0.0
        raise UnusableError(
            "cyme.bad-value", "the power factor lies outside 0 to 100 per cent", "Value2", f"{two:g}", "Correct it."
        )
    kva = one
    if kind == "KW_PF":
        kva = one / abs(factor)
    elif kind == "AMP_PF":
        kv_ln = circuit.base_kv_ln.get(bus, 0.0)
        kva = one * kv_ln * (phases if not delta or phases > 2 else math.sqrt(3.0))
    kvar = abs(kva) * math.sqrt(max(1.0 - factor * factor, 0.0))
    return kva * abs(factor), math.copysign(kvar, factor * kva) if kva else 0.0


def _model(circuit: Circuit, cls: str) -> dict[str, Any]:
    """The load model of a customer class as fields of a load, with the voltage below which it is an impedance."""
    row = circuit.catalog.index.get(("CUSTOMER CLASS", cls.upper()))
    exponential = row is not None and row.text("IsExponentialModel").upper() in YES
    names = OLD_SHARES if row is not None and not any(row.text(p) for p, _ in SHARES) else SHARES
    stated = ("ExponentialModelP",) if exponential else tuple(p for p, _ in names)
    if row is None or not any(row.text(c) for c in stated):
        circuit.reading.find(
            "cyme.customer-class", "warning", "the class is not described: constant power taken",
            feeder=circuit.feeder, element=f"[CUSTOMER CLASS] {cls}", remedy="Add it to [CUSTOMER CLASS].",
        )  # fmt: skip
        return {"model": 1, "min_pu": LOW_PU}
    row.target = "load.model"
    low = row.number("LoadFlowVoltagePercentOfNominal", default=100 * LOW_PU) / 100.0
    if exponential:
        exponents = row.number("ExponentialModelP"), row.number("ExponentialModelQ")
        if (model := {(0.0, 0.0): 1, (1.0, 1.0): 5, (2.0, 2.0): 2}.get(exponents)) is not None:
            return {"model": model, "min_pu": low}
        return {"model": 4, "cvr_watts": exponents[0], "cvr_vars": exponents[1], "min_pu": low}
    p, q = [row.number(n) / 100.0 for n, _ in names], [row.number(n) / 100.0 for _, n in names]
    for model, only in ((1, 2), (2, 0), (5, 1)):
        if p[only] == q[only] == 1.0:
            return {"model": model, "min_pu": low}
    if abs(sum(p) - 1.0) > 1e-3 or abs(sum(q) - 1.0) > 1e-3:
        text = f"{sum(p) * 100:g} and {sum(q) * 100:g} per cent"
        raise UnusableError("cyme.bad-value", f"the shares of the customer class {cls} do not sum to 100 per cent",
                       "ConstantPowerPP", text, "Correct [CUSTOMER CLASS].")  # fmt: skip
    return {"model": 8, "zip": (*p, *q, 0.0), "min_pu": low}


def devices(circuit: Circuit) -> Iterator[tuple[Row, list[Row]]]:
    """The load devices on the sections of the feeder with all their customers' rows; one that stands again is told."""
    seen: set[tuple[str, str, str]] = set()
    for device in circuit.tables.on(circuit.ends, "LOADS"):
        key = (device.text("DeviceNumber"), device.text("LoadType").upper(), device.text("SectionID"))
        if key not in seen:
            seen.add(key)
            yield device, circuit.tables.customers(device)
            continue
        device.reason = "the device stands twice on its section"
        circuit.reading.find(
            "network.duplicate", "error", device.reason, feeder=circuit.feeder, file=device.file, line=device.line,
            element=device.thing, remedy="Delete one.",
        )  # fmt: skip
