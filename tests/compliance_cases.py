"""A cable with plants, and the slice by which it is judged against grid codes."""

from __future__ import annotations

from typing import Any

from power_cases import solve_spec

from dtl.network.feeder import Bus, Feeder, Generator, Line, LineCode, Load, Source, Switch

ABC = (1, 2, 3)
LIMITS: dict[str, Any] = solve_spec()["limits"] | {
    "voltage": [{"kv": [0, 1000], "phases": None, "low_pu": 0.9, "high_pu": 1.1, "at": "service"}]
}
SPEC = solve_spec(limits=LIMITS, controls="frozen")


def _square(own: float, other: float) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(own if i == j else other for j in range(3)) for i in range(3))


def cable(*plants: tuple[int, float], switch: bool = False) -> Feeder:
    """Eight sections of 120 m at 0.4 kV with a load at each bus, and plants at some buses."""
    buses = tuple(Bus(name=f"b{i}", nodes=ABC, kv_ln=0.4 / 3**0.5) for i in range(9))
    ends: dict[str, Any] = {"from_nodes": ABC, "to_nodes": ABC}
    lines = [
        Line(name=f"l{i}", from_bus=f"b{i - 1}", to_bus=f"b{i}", length_km=0.12, line_code="nayy", **ends)
        for i in range(1, 9)
        if not (switch and i == 5)
    ]
    code = LineCode(name="nayy", r_ohm_per_km=_square(0.3, 0.09), x_ohm_per_km=_square(0.16, 0.08),
                    c_nf_per_km=_square(0, 0), normal_a=270)  # fmt: skip
    same: dict[str, Any] = {"nodes": ABC, "phases": 3, "kv": 0.4, "min_pu": 0.5, "max_pu": 1.5}
    return Feeder(
        id="c", feeders=("c",), frequency_hz=50.0, buses=buses, lines=tuple(lines), line_codes=(code,),
        switches=(Switch(name="s", from_bus="b4", to_bus="b5", closed=(True,) * 3, **ends),) if switch else (),
        sources=(Source(name="head", bus="b0", kv_ll=0.4, r1_ohm=0, x1_ohm=1e-4, r0_ohm=0, x0_ohm=1e-4, feeder="c"),),
        loads=tuple(Load(name=f"h{i}", bus=f"b{i}", kw=4, kvar=1, customers=1, **same) for i in range(1, 9)),
        generators=tuple(
            Generator(name=f"g{bus}", bus=f"b{bus}", type="pv", kw=kw, kva=kw * 1.1, **same) for bus, kw in plants
        ),
    )  # fmt: skip
