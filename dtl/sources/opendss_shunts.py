"""What hangs on the buses of an OpenDSS circuit: sources, loads, capacitors, reactors, generation, storage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dtl.network.feeder import Capacitor, CapacitorControl, Generator, Load, Part, Reactor, Source, Storage
from dtl.sources.opendss_faults import guarded, half_open, refuse, shown_value
from dtl.sources.opendss_invcontrols import inverter_controls, unrestrained
from dtl.sources.opendss_inverters import inverter_output
from dtl.sources.opendss_properties import account
from dtl.sources.reading import Reading, plain

Item = Mapping[str, Any]


def add_shunts(reading: Reading, feeder: str, classes: Mapping[str, list[dict[str, Any]]]) -> None:
    """Add all enabled elements that hang on one bus; those the model cannot hold are refused with the reason."""
    switched, driven = _controls(reading, feeder, classes), inverter_controls(reading, feeder, classes)
    for cls, (make, unfit) in MAKERS.items():
        for item in classes.get(cls, ()):
            if not item["full"]["Enabled"]:
                continue
            if any(all(terminal) for terminal in item["open"]):
                refuse(reading, feeder, cls, item, "is open in the source", harmless=True)
                continue
            reason = half_open(item) or unfit(item)
            if reason:
                refuse(reading, feeder, cls, item, reason, harmless=False)
                continue
            inverter = driven.get(item["name"]) if cls == "PVSystem" else None
            with guarded(reading, feeder, cls, item):
                part = make({**item, "full": unrestrained(item["full"])} if inverter else item)
                if control := inverter or (switched.get(item["name"]) if isinstance(part, Capacitor) else None):
                    part = part.model_copy(update={"control": control})
                reading.add(feeder, part)
                if "order" in item:
                    _kv_before_phases(reading, feeder, cls, item)
                if cls == "PVSystem" and not inverter:
                    _unlike_sun(reading, feeder, item)
                refused = _idling(reading, feeder, item) if cls == "Storage" else {}
                account(reading, feeder, cls, item, f"{type(part).__name__.lower()}.{part.name}", refused)


def _shunt(item: Item) -> dict[str, Any]:
    full = item["full"]
    delta = full["Conn"].lower() in ("delta", "d", "ll")
    order, phases = item["nodes"][0], full["Phases"]
    nodes = tuple(order[:phases])
    if len(order) > phases and ((phases < 3 and delta) or (not delta and order[phases] != 0)):
        nodes = tuple(order[: phases + 1])
    return {
        "name": plain(item["name"]),
        "bus": plain(item["buses"][0]),
        "nodes": nodes,
        "phases": phases,
        "connection": "delta" if delta else "wye",
        "kv": full["kV"],
    }


def _load(item: Item) -> Load:
    full = item["full"]
    return Load(
        **_shunt(item),
        kw=full["kW"],
        kvar=_round(full["kvar"]),
        model=full["Model"],
        zip=tuple(full["ZIPV"]) if full["Model"] == 8 else (),
        cvr_watts=full["CVRWatts"],
        cvr_vars=full["CVRVars"],
        min_pu=full["VMinpu"],
        max_pu=full["VMaxpu"],
        customers=full["NumCust"],
        shape=plain(full["Yearly"] or ""),
    )


def _capacitor(item: Item) -> Capacitor | Reactor:
    if _in_series(item):
        return _series_capacitor(item)
    full = item["full"]
    states = tuple(bool(s) for s in full["States"])
    shunt = _shunt(item)
    if across := _neutral(item):
        if full["Phases"] == 1:
            shunt |= {"connection": "delta"}
        shunt["nodes"] = (*shunt["nodes"], across)
    return Capacitor(**shunt, kvar=tuple(full["kvar"]), steps_on=() if all(states) else states)


def _neutral(item: Item) -> int:
    """The node of its own bus to which a wye bank returns in place of ground; 0 for ground and anything else."""
    back = set(item["nodes"][1]) if len(item["nodes"]) > 1 and item["full"]["Conn"].lower() == "wye" else {0}
    return back.pop() if len(back) == 1 and len(set(item["buses"])) == 1 else 0


def _in_series(item: Item) -> bool:
    wye = item["full"]["Conn"].lower() == "wye"
    return wye and len(item["nodes"]) > 1 and any(item["nodes"][1]) and not _neutral(item)


def _series_capacitor(item: Item) -> Reactor:
    """A capacitor between two buses: a series reactor of negative reactance."""
    full, phases = item["full"], item["full"]["Phases"]
    share = 1.0 if phases in (1, 3) else phases / 3.0
    kvar = sum(k for k, on in zip(full["kvar"], full["States"], strict=True) if on)
    return Reactor(
        **_shunt(item) | {"nodes": tuple(item["nodes"][0][:phases])},
        r_ohm=0.0,
        x_ohm=_round(-1e3 * share * full["kV"] ** 2 / kvar),
        to_bus=plain(item["buses"][1]),
        to_nodes=tuple(item["nodes"][1][:phases]),
    )


def _capacitor_unfit(item: Item) -> str:
    full = item["full"]
    if _in_series(item) and not sum(k for k, on in zip(full["kvar"], full["States"], strict=True) if on) > 0.0:
        return "is a series capacitor without a step that is on"
    if any(full["R"]) or any(full["XL"]) or any(full["Harm"]):
        return "is a filter, with resistance or reactance"
    return "" if not {"CMatrix", "Cuf"} & set(item["given"]) else "is stated by its capacitance, not by kvar"


def _reactor(item: Item) -> Reactor:
    full = item["full"]
    series = len(item["nodes"]) > 1 and any(item["nodes"][1])
    phases = full["Phases"]
    shunt = _shunt(item)
    if series:
        shunt["nodes"] = tuple(item["nodes"][0][:phases])
    z = full["Z1"] if "Z1" in item["given"] else (full["R"], full["X"])
    return Reactor(
        **shunt,
        r_ohm=z[0],
        x_ohm=_round(z[1]),
        to_bus=plain(item["buses"][1]) if series else "",
        to_nodes=tuple(item["nodes"][1][:phases]) if series else (),
    )


def _reactor_unfit(item: Item) -> str:
    if {"RMatrix", "XMatrix", "RCurve", "LCurve", "Parallel", "Rp"} & set(item["given"]):
        return "is stated by matrices, curves or parallel branches"
    z = item["full"]["Z1"], item["full"]["Z0"], item["full"]["Z2"]
    return (
        "has sequence impedances that differ"
        if {"Z1", "Z0", "Z2"} & set(item["given"]) and not z[0] == z[1] == z[2]
        else ""
    )


def _source(item: Item) -> Source:
    full = item["full"]
    phases = full["Phases"]
    nodes = tuple(item["nodes"][0][:phases])
    if phases == 3 and str(full["Sequence"]).lower().startswith("neg"):
        nodes = (nodes[0], nodes[2], nodes[1])
    return Source(
        name=plain(item["name"]),
        bus=plain(item["buses"][0]),
        kv_ll=full["BasekV"],
        pu=full["pu"],
        angle_deg=full["Angle"],
        r1_ohm=_round(full["Z1"][0]),
        x1_ohm=_round(full["Z1"][1]),
        r0_ohm=_round(full["Z0"][0]),
        x0_ohm=_round(full["Z0"][1]),
        phases=phases,
        nodes=nodes,
    )


def _source_unfit(item: Item) -> str:
    full = item["full"]
    if full["Phases"] not in (1, 3):
        return f"has {full['Phases']} phases"
    if len(item["nodes"]) > 1 and any(item["nodes"][1]):
        return "feeds between two buses"
    if str(full["Sequence"]).lower().startswith("zero"):
        return "gives all phases one angle (zero sequence)"
    if full["Z2"] != full["Z1"]:
        return "has a negative-sequence impedance of its own"
    return "" if str(full["Model"]).lower() == "thevenin" else "is an ideal source"


def _generator(item: Item) -> Generator:
    full = item["full"]
    return Generator(
        **_shunt(item),
        kw=full["kW"],
        kvar=_round(full["kvar"]),
        kva=full["kVA"],
        model=full["Model"],
        min_pu=full["VMinpu"],
        max_pu=full["VMaxpu"],
        shape=plain(full["Yearly"] or ""),
    )


def _generator_unfit(item: Item) -> str:
    return "holds the voltage of its bus (model 3)" if item["full"]["Model"] == 3 else ""


def _pv(item: Item) -> Generator:
    full = item["full"]
    kw, kvar = inverter_output(full, fixed_kvar="kvar" in item["given"])
    return Generator(
        **_shunt(item),
        type="pv",
        kw=_round(kw),
        kvar=_round(kvar),
        kva=full["kVA"],
        dc_kw=full["Pmpp"],
        model=full["Model"],
        min_pu=full["VMinpu"],
        max_pu=full["VMaxpu"],
        shape=plain(full["Yearly"] or ""),
    )


def _pv_unfit(item: Item) -> str:
    return _fit(item) or ("is a model of the user's own (model 3)" if item["full"]["Model"] == 3 else "")


def _storage(item: Item) -> Storage:
    full = item["full"]
    return Storage(
        **_shunt(item),
        kw=full["kWRated"],
        kva=full["kVA"],
        kwh=full["kWhRated"],
        stored=full["pctStored"] / 100.0,
        reserve=full["pctReserve"] / 100.0,
        efficiency_charge=full["pctEffCharge"] / 100.0,
        efficiency_discharge=full["pctEffDischarge"] / 100.0,
    )


def _kv_before_phases(reading: Reading, feeder: str, cls: str, item: Item) -> None:
    """Say so where the engine takes the voltage of one phase for that of three, since `kV` stands before `Phases`."""
    full, order = item["full"], item["order"]
    if full["Phases"] != 1 or "kV" not in order or "Phases" not in order:
        return
    if order.index("Phases") > max(order.index(p) for p in ("kV", "Conn") if p in order):
        reading.find(
            "opendss.kv-before-phases", "warning",
            "stands before `phases`: the engine takes it for the voltage between three phases and divides it by 1.732, "
            "so that this part works outside its limits of voltage there; here it is the voltage of its one phase",
            feeder=feeder, element=f"{cls}.{item['name']}", field="kV", value=shown_value(full["kV"]),
            remedy="Write `phases=1` before `kv` in the script.",
        )  # fmt: skip


def _unlike_sun(reading: Reading, feeder: str, item: Item) -> None:
    """Say so where the engine's reactive power of a PVSystem does not follow the active power, as in a study."""
    full = item["full"]
    fixed = "kvar" in item["given"]
    if not (full["Yearly"] or full["Daily"]):
        return
    if fixed and full["kvar"]:
        text = (
            "its reactive power stays the same whatever the sun in the engine; in a study it follows the active power"
        )
    elif not fixed and abs(full["PF"]) != 1.0 and full["Pmpp"] > full["kVA"] * abs(full["PF"]):
        text = "its reactive power stays in the engine where the rating cuts the active power; in a study it follows"
    else:
        return
    reading.find(
        "opendss.kvar-of-sun", "warning", text, feeder=feeder, element=f"PVSystem.{item['name']}",
        field="kvar" if fixed else "PF", value=shown_value(full["kvar" if fixed else "PF"]),
        remedy="Write a power factor of 1, or an InvControl of the mode VOLTVAR, whose curve may be level.",
    )  # fmt: skip


def _idling(reading: Reading, feeder: str, item: Item) -> dict[str, str]:
    """The losses of a battery at rest and its reactive power, which the model has not: refused, and a warning."""
    full, reasons = item["full"], {}
    for prop in ("pctIdlingkW", "pctIdlingkvar"):
        if full.get(prop):
            reasons[prop] = "a battery at rest draws nothing in the model; here it draws so many per cent"
    if "kvar" in item["given"] and full["kvar"]:
        reasons["kvar"] = "a battery has no reactive power in the model; here it gives some, even at rest"
    elif "PF" in item["given"] and abs(full["PF"]) != 1.0:
        reasons["PF"] = "a battery has no reactive power in the model; here it gives some while it moves"
    for prop, reason in reasons.items():
        reading.find(
            "conversion.property-refused", "warning", reason,
            feeder=feeder, element=f"Storage.{item['name']}", field=prop, value=shown_value(full[prop]),
            remedy="Add a load of that power if it matters.",
        )  # fmt: skip
    return reasons


def _fit(item: Item) -> str:
    phases = item["full"]["Phases"]
    return "" if phases in (1, 2, 3) else f"has {phases} phases"


MAKERS: Mapping[str, tuple[Callable[[Item], Part], Callable[[Item], str]]] = {
    "Vsource": (_source, _source_unfit),
    "Load": (_load, _fit),
    "Capacitor": (_capacitor, _capacitor_unfit),
    "Reactor": (_reactor, _reactor_unfit),
    "Generator": (_generator, _generator_unfit),
    "PVSystem": (_pv, _pv_unfit),
    "Storage": (_storage, _fit),
}
"""For each class what makes its part, and what tells why it cannot."""

_TYPES = {"voltage": "voltage", "current": "current", "kvar": "kvar", "powerfactor": "pf", "time": "time",
          "follow": "follow"}  # fmt: skip


def _controls(
    reading: Reading, feeder: str, classes: Mapping[str, list[dict[str, Any]]]
) -> dict[str, CapacitorControl]:
    """The controls of capacitors by the name of the capacitor."""
    found: dict[str, CapacitorControl] = {}
    series = {i["name"] for i in classes.get("Capacitor", ()) if i["full"]["Enabled"] and _in_series(i)}
    for item in classes.get("CapControl", ()):
        full = item["full"]
        if not full["Enabled"]:
            continue
        kind = _TYPES.get(str(full["Type"]).lower())
        capacitor = str(full["Capacitor"] or "").lower()
        element = _measured(str(full["Element"] or ""), classes)
        if kind is None or not element or not capacitor or capacitor in found or capacitor in series:
            reason = "controls a capacitor that has another control" if capacitor in found else "is of an unknown type"
            if capacitor in series:
                reason = "controls a series capacitor"
            if not element:
                reason = f"measures {full['Element'] or 'nothing'}, which is no element of the model"
            refuse(reading, feeder, "CapControl", item, reason, harmless=False)
            continue
        found[capacitor] = CapacitorControl(
            type=kind,
            element=element,
            terminal=full["Terminal"],
            on=full["OnSetting"],
            off=full["OffSetting"],
            pt_ratio=full["PTRatio"],
            ct_ratio=full["CTRatio"],
            delay_s=full["Delay"],
            delay_off_s=full["DelayOff"],
            dead_time_s=full["DeadTime"],
            pt_phase=_phase(full["PTPhase"]),
            ct_phase=_phase(full["CTPhase"]),
            voltage_override=full["VoltOverride"],
            min_v=full["VMin"],
            max_v=full["VMax"],
        )
        account(reading, feeder, "CapControl", item, f"capacitor.{plain(capacitor)}.control")
    return found


def _phase(word: object) -> int | str:
    text = str(word).lower()
    return int(text) if text.isdigit() else text


_MEASURED = {"line": "Line", "transformer": "Transformer", "capacitor": "Capacitor", "reactor": "Reactor",
             "load": "Load", "generator": "Generator", "storage": "Storage", "pvsystem": "PVSystem"}  # fmt: skip


def _measured(element: str, classes: Mapping[str, list[dict[str, Any]]]) -> str:
    """The element of the model for ``class.name`` of the circuit; empty where the model has none."""
    kind, _, name = element.lower().partition(".")
    for item in classes.get(_MEASURED.get(kind, ""), ()):
        if item["name"] == name and item["full"]["Enabled"]:
            switch = kind == "line" and item["full"]["Switch"]
            return f"{'switch' if switch else 'generator' if kind == 'pvsystem' else kind}.{plain(name)}"
    return ""


def _round(value: float) -> float:
    return float(f"{value:.12g}")
