"""Transformers of a pandapower network, of two and three windings, at the tap that the file states.

Short-circuit values stay as they are: the model holds them, too, per cent of the rated voltage at the actual tap. The
no-load branch sits at the second winding instead of amid the leakage impedance: voltages move by up to half of no-load
current times short-circuit voltage with two windings (1e-4 for 0.34 % and 6 %), by up to their product with three.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from dtl.network.feeder import Transformer, Winding
from dtl.sources.pandapower_grid import PHASES, Grid, named
from dtl.sources.pandapower_lines import Ends
from dtl.sources.pandapower_steps import at_step, impedances, steps
from dtl.sources.pandapower_tables import Row
from dtl.sources.record import UNUSABLE, UnusableError, fault, tell
from dtl.sources.windings import Joined, clock, joined, turned

_CHANGERS = {"", "Ratio", "Symmetrical", "Ideal", "Tabular"}
"""Types of tap changers; of the first two the step's angle says whether the tap turns the phase."""
_SIDES = {"trafo": ("hv", "lv"), "trafo3w": ("hv", "mv", "lv")}


def add_transformers(grid: Grid, ends: Ends) -> None:
    """Add all transformers; `ends` tells at which bus they begin behind their switches."""
    for table, sides in _SIDES.items():
        rows = grid.net.rows(table)
        names = named(rows)
        for row in rows:
            row.feeder = grid.feeder
            try:
                columns = [f"{s}_bus" for s in sides]
                out = grid.open_ends(row, columns) if table == "trafo3w" else []
                if grid.dead(row, *(c for c in columns if c not in out)):
                    continue
                name = names[row.index] if table == "trafo" else f"{table}_{names[row.index]}"
                buses = [
                    grid.open_end(f"{table}_{row.index}", row.whole(c)) if c in out else _bus(grid, row, c, ends)
                    for c in columns
                ]
                part = _two(grid, row, name, buses) if table == "trafo" else _three(grid, row, name, buses)
                grid.add(row, part)
            except UNUSABLE as err:
                fault(grid.reading, row, err)


def _bus(grid: Grid, row: Row, column: str, ends: Ends) -> str:
    bus = grid.bus(row, column)
    return ends.get((row.table, row.index, row.whole(column)), bus)


def _two(grid: Grid, row: Row, name: str, buses: list[str]) -> Transformer:
    way = joined(row.text("vector_group"), row.number("shift_degree", 0.0))
    _told(grid, row, way)
    units, kva = row.whole("parallel", 1), 1e3 * row.number("sn_mva")
    if units < 1 or kva <= 0:
        column, value = ("parallel", units) if units < 1 else ("sn_mva", kva / 1e3)
        raise UnusableError("source.bad-value", "must be greater than zero", column, value, "Correct the value.")
    vk, vkr = impedances(grid, row, ("vk_percent", "vkr_percent"))
    if not 0 <= vkr <= vk:
        text = "the short-circuit voltage is smaller than its real part"
        raise UnusableError("source.bad-value", text, "vk_percent", f"{vk:g}", "Correct the values.")
    taps = _taps(grid, row, ("hv", "lv"))
    total = float(f"{kva * units:.12g}")
    windings = []
    for i, side in enumerate(("hv", "lv")):
        nodes: tuple[int, ...] = PHASES if i == 0 else way.nodes
        if way.connections[i] == "wye" and not way.earthed[i]:
            nodes = (*nodes, grid.neutral(buses[i]))
        part: dict[str, Any] = {"bus": buses[i], "nodes": nodes, "connection": way.connections[i], "kva": total}
        windings.append(Winding(**part, kv=row.number(f"vn_{side}_kv"), r_pct=vkr / 2.0, **taps[side]))
    share = row.number("df", 1.0)
    made = Transformer(
        name=name,
        phases=3,
        windings=tuple(windings),
        xhl_pct=float(f"{math.sqrt(vk * vk - vkr * vkr):.12g}"),
        **_no_load(row, kva),
        normal_kva=None if share == 1.0 else float(f"{total * share:.12g}"),
        enabled=row.flag("in_service", True),
    )
    return turned(made, way.lead_lag)[0]


def _told(grid: Grid, row: Row, way: Joined) -> None:
    if way.assumed:
        thing, target = f"{row.thing} connection", f"transformer {row.thing}: connection"
        grid.reading.defaulted(grid.feeder, thing, "vector_group", target, "/".join(way.connections), way.assumed)
    if way.odd:
        value, remedy = row.text("vector_group"), "Correct one of the two."
        tell(grid.reading, row, "source.phase-shift", "warning", way.odd, "vector_group", value, remedy)


def _no_load(row: Row, kva: float) -> dict[str, float]:
    """No-load losses and the reactive part of the no-load current, per cent."""
    loss = 100.0 * row.number("pfe_kw", 0.0) / kva
    current = row.number("i0_percent", 0.0)
    return {
        "no_load_loss_pct": float(f"{loss:.12g}"),
        "magnetizing_pct": float(f"{math.sqrt(max(current * current - loss * loss, 0.0)):.12g}"),
    }


def _taps(grid: Grid, row: Row, sides: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The tap of each winding: position, lowest, highest and number of steps.

    Raises
    ------
    UnusableError
        The tap turns the phase, or follows a table that cannot be followed.
    """
    found: dict[str, dict[str, Any]] = {s: {} for s in sides}
    if row.flag("tap_dependency_table", False):
        return found | _tabled(grid, row, sides)
    for t in ("tap", "tap2"):
        if f"{t}_pos" not in row.values and t == "tap2":
            continue
        neutral = row.number(f"{t}_neutral", 0.0)
        off, step = row.number(f"{t}_pos", neutral) - neutral, row.number(f"{t}_step_percent", 0.0)
        side, kind = row.text(f"{t}_side").lower(), row.text(f"{t}_changer_type")
        if row.flag(f"{t}_dependency_table", False) or kind == "Tabular":
            text = "its tap changer follows a table that the file does not name"
            raise UnusableError("pandapower.tap", text, f"{t}_changer_type", kind, "Put in the values of its tap.")
        if kind not in _CHANGERS:
            text = f"is no type of tap changer: one of {', '.join(sorted(_CHANGERS - {''}))}"
            raise UnusableError("pandapower.tap", text, f"{t}_changer_type", kind, "Correct the value.")
        turns = row.number(f"{t}_step_degree", 0.0) or row.flag(f"{t}_phase_shifter", False)
        if off and (turns or kind == "Ideal"):
            text = "its tap turns the phase, which the model cannot hold"
            raise UnusableError("pandapower.tap", text, f"{t}_pos", f"{neutral + off:g}", "Waive it, or replace it.")
        if off and row.flag("tap_at_star_point", False):
            text = "its tap is at the star point, which the model cannot hold"
            raise UnusableError("pandapower.tap", text, f"{t}_pos", f"{neutral + off:g}", "Move it to a side.")
        if side not in found or not step:
            continue
        if f"{t}_changer_type" in row.values and not kind:
            row.drop(f"{t}_pos", "the file names no type of tap changer, so that the tap has no effect")
            continue
        if found[side]:
            text = "has two tap changers on one side"
            raise UnusableError("pandapower.tap", text, f"{t}_side", side, "Put in one of the same effect.")
        found[side] = _tap(row, t, off, neutral, step / 100.0)
    return found


def _tabled(grid: Grid, row: Row, sides: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The tap of the winding whose ratio follows a table; the table's other steps give its range."""
    table, side = "trafo_characteristic_table", row.text("tap_side").lower()
    now = at_step(grid, row, table, "tap_pos")
    if now.number("angle_deg", 0.0) or row.flag("tap_at_star_point", False):
        text = "its tap turns the phase or is at the star point, which the model cannot hold"
        raise UnusableError("pandapower.tap", text, "tap_pos", row.text("tap_pos"), "Waive it, or replace it.")
    for column in ("tap_neutral", "tap_min", "tap_max", "tap_step_percent", "tap_step_degree"):
        row.drop(column, "the table of its characteristic states the ratio of each step")
    if side not in sides:
        return {}
    every = [other.number("voltage_ratio") for other in steps(grid, row, table).values()]
    tap = {"tap_pu": now.number("voltage_ratio"), "min_tap_pu": min(every), "max_tap_pu": max(every)}
    return {side: tap | {"taps": max(len(every) - 1, 1)}}


def _tap(row: Row, t: str, off: float, neutral: float, step: float) -> dict[str, Any]:
    low = min(row.number(f"{t}_min", neutral + off), neutral + off)
    high = max(row.number(f"{t}_max", neutral + off), neutral + off)
    ends = sorted((1.0 + (low - neutral) * step, 1.0 + (high - neutral) * step))
    return {
        "tap_pu": float(f"{1.0 + off * step:.12g}"),
        "min_tap_pu": float(f"{ends[0]:.12g}"),
        "max_tap_pu": float(f"{ends[1]:.12g}"),
        "taps": max(round(high - low), 1),
    }


def _three(grid: Grid, row: Row, name: str, buses: list[str]) -> Transformer:
    """A transformer of three windings; percentages of its pairs go to the power of the high side."""
    sides = _SIDES["trafo3w"]
    kva = {s: 1e3 * row.number(f"sn_{s}_mva") for s in sides}
    if any(v <= 0 for v in kva.values()):
        raise UnusableError("source.bad-value", "must be greater than zero", "sn_hv_mva", "", "Correct the ratings.")
    pairs = {"hv": ("hv", "mv"), "mv": ("mv", "lv"), "lv": ("hv", "lv")}
    r, x = {}, {}
    stated = impedances(grid, row, [f"{word}_{column}_percent" for column in pairs for word in ("vk", "vkr")])
    for (column, (a, b)), vk, vkr in zip(pairs.items(), stated[::2], stated[1::2], strict=True):
        if not 0 <= vkr <= vk:
            text, field = "the short-circuit voltage is smaller than its real part", f"vk_{column}_percent"
            raise UnusableError("source.bad-value", text, field, f"{vk:g}", "Correct the values.")
        base = kva["hv"] / min(kva[a], kva[b])
        r[column], x[column] = vkr * base, math.sqrt(vk * vk - vkr * vkr) * base
    star = {
        "hv": (r["hv"] + r["lv"] - r["mv"]) / 2.0,
        "mv": (r["hv"] + r["mv"] - r["lv"]) / 2.0,
        "lv": (r["mv"] + r["lv"] - r["hv"]) / 2.0,
    }
    taps = _taps(grid, row, sides)
    ways, lead = _star(row)
    windings = []
    for side, bus in zip(sides, buses, strict=True):
        connection, nodes = ways[side]
        part: dict[str, Any] = {"bus": bus, "nodes": nodes, "connection": connection, "kva": kva[side]}
        windings.append(Winding(**part, kv=row.number(f"vn_{side}_kv"), r_pct=star[side], **taps[side]))
    reason = "the file states no connections: earthed stars, and delta against star where the phase shift asks for it"
    told = "/".join(w.connection for w in windings)
    grid.reading.defaulted(grid.feeder, f"{row.thing} connection", "", f"transformer.{name}", told, reason)
    made = Transformer(
        name=name,
        phases=3,
        windings=tuple(windings),
        xhl_pct=float(f"{x['hv']:.12g}"),
        xht_pct=float(f"{x['lv']:.12g}"),
        xlt_pct=float(f"{x['mv']:.12g}"),
        **_no_load(row, kva["hv"]),
        enabled=row.flag("in_service", True),
    )
    return turned(made, lead)[0]


Way = tuple[Literal["wye", "delta"], tuple[int, int, int]]


def _star(row: Row) -> tuple[dict[str, Way], Literal["lag", "lead"]]:
    """Connection and nodes of each of three windings by the phase shifts of the lower two."""
    hours = {s: clock(row.number(f"shift_{s}_degree", 0.0), f"shift_{s}_degree") for s in ("mv", "lv")}
    odd = [s for s, h in hours.items() if h % 2]
    made = {}
    for side, hour in hours.items():
        group = "Dyn" if len(odd) == 2 else ("YNd" if hour % 2 else "YNyn")
        made[side] = joined(group, 30.0 * hour)
    leads = {made[s].lead_lag for s in odd}
    if len(leads) > 1:
        text = "its lower windings turn in opposite directions, which the model cannot hold"
        raise UnusableError("source.vector-group", text, "shift_lv_degree", "", "Waive it, or replace it.")
    ways: dict[str, Way] = {"hv": ("delta" if len(odd) == 2 else "wye", (1, 2, 3))}
    ways |= {s: (w.connections[1], w.nodes) for s, w in made.items()}
    return ways, leads.pop() if leads else "lag"
