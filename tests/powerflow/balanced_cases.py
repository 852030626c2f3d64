"""Balanced feeders of the power-flow tests."""

from __future__ import annotations

from dtl.network.feeder import (
    Bus,
    Capacitor,
    Feeder,
    Generator,
    Line,
    LineCode,
    Load,
    Source,
    Switch,
    Transformer,
    Winding,
)

ALL = (1, 2, 3)


def code(name: str, *values: tuple[float, float]) -> LineCode:
    """Resistance, reactance and capacitance, each with its own and its mutual value."""
    r, x, c = ([[own if i == j else mutual for j in range(3)] for i in range(3)] for own, mutual in values)
    return LineCode(name=name, r_ohm_per_km=r, x_ohm_per_km=x, c_nf_per_km=c)


def line(name: str, a: str, b: str, km: float, code: str = "mv") -> Line:
    return Line(name=name, from_bus=a, to_bus=b, from_nodes=ALL, to_nodes=ALL, length_km=km, line_code=code)


def town() -> Feeder:
    """A feeder of two voltages: 20 kV with a capacitor, a transformer with a tap and a core, 0.4 kV with a plant."""
    windings = (
        Winding(bus="m2", nodes=ALL, connection="delta", kv=20.0, kva=400, r_pct=0.6, tap_pu=1.025),
        Winding(bus="v1", nodes=(1, 2, 3, 0), connection="wye", kv=0.4, kva=400, r_pct=0.6),
    )
    rated = {"nodes": (1, 2, 3, 0), "phases": 3, "kv": 0.4, "min_pu": 0.8, "max_pu": 1.2}
    return Feeder(
        id="town",
        feeders=("town",),
        frequency_hz=50.0,
        sources=(Source(name="head", bus="m1", kv_ll=20.0, pu=1.02, r1_ohm=0.3, x1_ohm=1.5, r0_ohm=0.3, x0_ohm=1.5),),
        buses=(
            *(Bus(name=b, nodes=ALL, kv_ln=20.0 / 3**0.5) for b in ("m1", "m2", "m3")),
            *(Bus(name=b, nodes=ALL, kv_ln=0.4 / 3**0.5) for b in ("v1", "v2", "v3")),
        ),
        line_codes=(
            code("lv", (0.4, 0.1), (0.3, 0.1), (0.0, 0.0)),
            code("mv", (0.5, 0.1), (0.6, 0.2), (200.0, -9.0)),
        ),
        lines=(
            line("l1", "m1", "m2", 6.0), line("l2", "m2", "m3", 3.0),
            line("l3", "v1", "v2", 0.2, "lv"), line("l4", "v2", "v3", 0.1, "lv"),
        ),
        switches=(Switch(name="tie", from_bus="v1", to_bus="v3", from_nodes=ALL, to_nodes=ALL, closed=(False,) * 3),),
        transformers=(
            Transformer(name="t", phases=3, windings=windings, xhl_pct=4.0, no_load_loss_pct=0.2, magnetizing_pct=0.8),
        ),
        capacitors=(
            Capacitor(name="c", bus="m3", nodes=ALL, phases=3, kv=20.0, kvar=(300.0, 300.0), steps_on=(True, False)),
        ),
        loads=(
            Load(name="big", bus="m3", kw=1500, kvar=500, **rated | {"nodes": ALL, "connection": "delta", "kv": 20.0}),
            Load(name="far", bus="v3", kw=60, kvar=15, **rated),
            Load(name="near", bus="v2", kw=80, kvar=20, **rated),
        ),
        generators=(Generator(name="roof", bus="v3", kw=40, kvar=-5, kva=60, **rated),),
    )  # fmt: skip


def closed(town: Feeder) -> Feeder:
    """The same with its tie closed: a ring at 0.4 kV."""
    return town.model_copy(update={"switches": (town.switches[0].model_copy(update={"closed": ()}),)})
