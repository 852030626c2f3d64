"""Lines, switches and series impedances of a pandapower network.

A switch at a line or transformer opens one *end* of it, so it becomes a switch of its own with a bus behind it.
Impedances are of positive sequence; where the file states none of zero sequence, r0 = 4 r1, x0 = 4 x1 and c0 = c1 are
written out and listed as defaulted.
"""

from __future__ import annotations

from collections.abc import Sequence

from dtl.network.catalog import sequence
from dtl.network.feeder import Line, LineCode, Reactor, Switch
from dtl.sources.pandapower_grid import OUT, PHASES, Grid, named
from dtl.sources.pandapower_tables import Row, place_of
from dtl.sources.reading import plain
from dtl.sources.record import UNUSABLE, UnusableError, fault, refuse, tell

ZERO_SEQUENCE = 4.0
"""Zero-sequence over positive-sequence impedance of a line that states none."""
_UNLIMITED_KA = 1e3
_CLOSED_OHM = 1e-7
"""Resistance of a closed switch, per kV squared of its bus [ohm]; pandapower's have none."""

_TYPES = {"cb": "breaker", "fuse": "fuse"}
_PLACEMENTS = {"cs": "underground", "ol": "overhead"}

Ends = dict[tuple[str, int, int], str]
"""Bus behind the switches: table and index of the element, and index of the bus."""


def add_switches(grid: Grid) -> Ends:
    """Add all switches; the answer tells at which bus the elements behind them begin."""
    ends: Ends = {}
    rows = grid.net.rows("switch")
    names = named(rows)
    for row in rows:
        row.feeder = grid.feeder
        try:
            _switch(grid, row, names[row.index], ends)
        except UNUSABLE as err:
            fault(grid.reading, row, err)
    return ends


def _switch(grid: Grid, row: Row, name: str, ends: Ends) -> None:
    if grid.dead(row, "bus"):
        return
    bus, kind = grid.bus(row, "bus"), row.text("et")
    tables = {"l": "line", "t": "trafo", "t3": "trafo3w"}
    if kind == "b":
        if grid.dead(row, "element"):
            return
        first, second = bus, grid.bus(row, "element")
    elif kind in tables:
        if (element := _of(grid, row, tables[kind])) is None:
            return
        at = (tables[kind], element.index, row.whole("bus"))
        first, second = ends.get(at, bus), grid.between(bus, f"{tables[kind]}_{element.index}")
        ends[at] = second
    else:
        text = "stands at something else than a bus, a line or a transformer"
        raise UnusableError("source.bad-value", text, "et", kind, "Correct it to b, l, t or t3.")
    ohm = row.number("z_ohm", 0.0) if kind == "b" else 0.0
    if kind != "b":
        row.drop("z_ohm", "counts between two buses only")
    r_ohm, x_ohm = (2 * ohm / 5**0.5, ohm / 5**0.5) if ohm else (_CLOSED_OHM * grid.kv_ll(bus) ** 2,) * 2
    closed = row.flag("closed", True)
    rated = row.number("in_ka", 0.0)
    part = Switch(
        name=name,
        from_bus=first,
        to_bus=second,
        from_nodes=PHASES,
        to_nodes=PHASES,
        type=_TYPES.get(row.text("type").lower(), "switch"),
        closed=() if closed else (False,) * 3,
        normal_a=1e3 * rated if rated else None,
        r_ohm=r_ohm,
        x_ohm=x_ohm,
    )
    grid.add(row, part)


def _of(grid: Grid, row: Row, table: str) -> Row | None:
    """The element that a switch acts on; none where it is out of service."""
    index = row.whole("element")
    element = grid.net.row(table, index)
    columns = {"line": ("from_bus", "to_bus"), "trafo": ("hv_bus", "lv_bus")}.get(table, ("hv_bus", "mv_bus", "lv_bus"))
    if element is None:
        text = f"acts on a row of `{table}` that does not exist"
        raise UnusableError("pandapower.unknown-element", text, "element", index, "Correct the index.")
    sides = {element.whole(c) for c in columns}
    if row.whole("bus") not in sides:
        text = f"acts on {element.thing}, which does not end at its bus"
        raise UnusableError("pandapower.unknown-element", text, "bus", row.whole("bus"), "Correct the bus.")
    out = bool(grid.out.keys() & sides) and (table == "trafo" or not grid.open_ends(element, columns))
    if not element.flag("in_service", True) or grid.broken & sides or out:
        row.reason = f"acts on {element.thing}, which is out of service"
        return None
    return element


def add_lines(grid: Grid, ends: Ends) -> None:
    """Add all lines, with a line code for each set of impedances and ratings.

    One in service that ends at a bus out of service stays charged from its other end, as pandapower has it.
    """
    rows = grid.net.rows("line")
    names = named(rows)
    codes: dict[str, LineCode] = {}
    assumed: dict[str, list[str]] = {}
    for row in rows:
        row.feeder = grid.feeder
        try:
            if not (buses := _between(grid, row, ends)):
                continue
            code = _code(row, codes, assumed)
            _line(grid, row, names[row.index], buses, code, grid.net.row("line_geodata", row.index))
        except UNUSABLE as err:
            fault(grid.reading, row, err)
    for code in codes.values():
        grid.reading.add(grid.feeder, code)
    for what, lines in sorted(assumed.items()):
        thing, shown = f"{len(lines)} lines, zero sequence", " ".join(lines[:20]) + (" ..." if len(lines) > 20 else "")
        reason = f"the file is a balanced network: {what} was taken"
        grid.reading.defaulted(grid.feeder, thing, what.split()[0], "line_code: r, x, c", shown, reason)


def _between(grid: Grid, row: Row, ends: Ends) -> list[str]:
    """The buses at both ends of a line, behind their switches; none where nothing is made of it."""
    columns = ("from_bus", "to_bus")
    out = grid.open_ends(row, columns)
    if grid.dead(row, *(c for c in columns if c not in out)):
        return []
    at = {c: ends.get(("line", row.index, row.whole(c)), grid.bus(row, c)) for c in columns if c not in out}
    at |= {c: grid.open_end(f"line_{row.index}", row.whole(c)) for c in out}
    return [at[c] for c in columns]


def _line(grid: Grid, row: Row, name: str, buses: list[str], code: LineCode, old: Row | None) -> None:
    points = place_of(row)
    if not points and old is not None:
        old.feeder, old.target = grid.feeder, f"line.{name}: path"
        points = _listed(old)
    part = Line(
        name=name,
        from_bus=buses[0],
        to_bus=buses[1],
        from_nodes=PHASES,
        to_nodes=PHASES,
        length_km=row.number("length_km"),
        line_code=code.name,
        placement=_PLACEMENTS.get(row.text("type").lower(), "unknown"),
        path=_path(grid, buses[0], buses[1], points),
        enabled=row.flag("in_service", True),
    )
    if row.number("g_us_per_km", 0.0):
        row.drop("g_us_per_km", "the model's lines have no shunt conductance")
        text = "the model's lines have no shunt conductance; its effect is lost"
        value, remedy = row.number("g_us_per_km"), "Check whether the study depends on it."
        tell(grid.reading, row, "conversion.property-refused", "warning", text, "g_us_per_km", value, remedy)
    grid.add(row, part)


def _code(row: Row, codes: dict[str, LineCode], assumed: dict[str, list[str]]) -> LineCode:
    """The line code of a row, shared by all rows with the same numbers."""
    n = row.whole("parallel", 1)
    if n < 1:
        raise UnusableError("source.bad-value", "must be at least one", "parallel", n, "Correct the number.")
    r1, x1, c1 = (row.number(c) for c in ("r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km"))
    zero = [row.number(c, -1.0) for c in ("r0_ohm_per_km", "x0_ohm_per_km", "c0_nf_per_km")]
    if zero[0] < 0 or zero[1] < 0:
        zero[:2] = ZERO_SEQUENCE * r1, ZERO_SEQUENCE * x1
        assumed.setdefault(f"r0, x0 = {ZERO_SEQUENCE:g} r1, {ZERO_SEQUENCE:g} x1", []).append(row.thing)
    if zero[2] < 0:
        zero[2] = c1
        assumed.setdefault("c0 = c1", []).append(row.thing)
    made = sequence(r1 / n, x1 / n, zero[0] / n, zero[1] / n, c1 * n, zero[2] * n)
    amps = 1e3 * row.number("max_i_ka", 0.0) * n * row.number("df", 1.0)
    if amps > 1e3 * _UNLIMITED_KA * n:
        row.drop("max_i_ka", "stands for no limit")
        amps = 0.0
    base = plain(row.text("std_type")) or f"line_{row.index}"
    code = LineCode(
        name=base if n == 1 else f"{n}x_{base}",
        r_ohm_per_km=made.r_ohm_per_km,
        x_ohm_per_km=made.x_ohm_per_km,
        c_nf_per_km=made.c_nf_per_km,
        normal_a=float(f"{amps:.12g}") if amps else None,
        origin="pandapower sequence values",
    )
    first, k = code.name, 1
    while codes.setdefault(code.name, code) != code:
        k += 1
        code = code.model_copy(update={"name": f"{first}@{k}"})
    return code


def _listed(row: Row) -> list[tuple[float, float]]:
    try:
        return [(float(x), float(y)) for x, y in row.ask("coords") or ()]
    except (TypeError, ValueError) as err:
        text = "is no list of coordinates"
        raise UnusableError("source.bad-value", text, "coords", row.values.get("coords"), "Correct it.") from err


def _path(grid: Grid, first: str, last: str, points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The vertices between two buses, in that order."""
    if not points:
        return ()
    a, b = grid.buses[first], grid.buses[last]
    if a.x is None or a.y is None or b.x is None or b.y is None:
        return tuple(points)

    def off(point: tuple[float, float], x: float, y: float) -> float:
        return (point[0] - x) ** 2 + (point[1] - y) ** 2

    if off(points[0], a.x, a.y) > off(points[0], b.x, b.y):
        points = list(reversed(points))
    ends = {(a.x, a.y), (b.x, b.y)}
    return tuple(p for i, p in enumerate(points) if not (i in (0, len(points) - 1) and p in ends))


def add_impedances(grid: Grid) -> None:
    """Add series impedances, which are the same in both directions and without shunts, as reactors."""
    rows = grid.net.rows("impedance")
    names = named(rows)
    for row in rows:
        row.feeder = grid.feeder
        try:
            if grid.dead(row, "from_bus", "to_bus"):
                continue
            first, last = grid.bus(row, "from_bus"), grid.bus(row, "to_bus")
            values = [row.number(c) for c in ("rft_pu", "xft_pu", "rtf_pu", "xtf_pu")]
            shunts = [row.number(c, 0.0) for c in ("gf_pu", "bf_pu", "gt_pu", "bt_pu")]
            kv, mva = grid.kv_ll(first), row.number("sn_mva")
            if values[:2] != values[2:] or any(shunts) or kv != grid.kv_ll(last) or mva <= 0:
                reason = "has shunts, two voltages, or other values in the other direction"
                refuse(grid.reading, row, reason, harmless=not row.flag("in_service", True))
                continue
            part = Reactor(
                name=f"{row.table}_{names[row.index]}",
                bus=first,
                nodes=PHASES,
                phases=3,
                kv=kv,
                r_ohm=values[0] * kv * kv / mva,
                x_ohm=values[1] * kv * kv / mva,
                to_bus=last,
                to_nodes=PHASES,
                enabled=row.flag("in_service", True),
            )
            grid.add(row, part)
        except UNUSABLE as err:
            fault(grid.reading, row, err)
    for table in ("dcline", "tcsc", "line_dc", "bus_dc", "vsc", "svc", "ssc", "b2b_vsc", "xward"):
        for row in grid.net.rows(table):
            row.feeder = grid.feeder
            idle = str(row.values.get("in_service", True)).lower() == "false"
            refuse(grid.reading, row, OUT if idle else "the model has no such element", harmless=idle)
