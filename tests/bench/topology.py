"""The time to check the topology of a large feeder: `python tests/bench/topology.py [buses]`.

The feeder is a main line with laterals of three, two and one phases, a transformer and a load at every third bus,
open ties and a closed one. Processor time, best of three; 100,000 buses must take less than 5 s for all checks.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable

from dtl.network.checks import check
from dtl.network.feeder import Bus, Feeder, Line, LineCode, Load, Source, Switch, Transformer, Winding
from dtl.network.topology import trace


def large(buses: int, seed: int = 1) -> Feeder:
    """A feeder of about so many buses."""
    chance = random.Random(seed)
    codes = [_code(n) for n in (1, 2, 3)]
    nodes: dict[str, tuple[int, ...]] = {"b0": (1, 2, 3)}
    lines, transformers, loads = [], [], []
    primary = ["b0"]
    while len(nodes) < buses:
        up = primary[max(0, len(primary) - 1 - int(chance.expovariate(0.2)))]
        on = nodes[up] if chance.random() > 0.1 else (chance.choice(nodes[up]),)
        name = f"b{len(nodes)}"
        nodes[name] = on
        primary.append(name)
        lines.append(Line(name=f"l{name}", from_bus=up, to_bus=name, from_nodes=on, to_nodes=on,
                          length_km=0.05, line_code=f"c{len(on)}"))  # fmt: skip
        if len(nodes) % 3 == 0:
            low = f"s{name}"
            nodes[low] = on[:1]
            ends = ((name, 7.2), (low, 0.24))
            windings = tuple(Winding(bus=b, nodes=(on[0], 0), connection="wye", kv=kv, kva=50, r_pct=0.5)
                             for b, kv in ends)  # fmt: skip
            transformers.append(Transformer(name=f"t{name}", phases=1, xhl_pct=2, windings=windings))
            loads.append(Load(name=f"d{name}", bus=low, nodes=(on[0],), phases=1, kv=0.24, kw=3, kvar=1, min_pu=0.8,
                              max_pu=1.2))  # fmt: skip
    full = [b for b in primary if len(nodes[b]) == 3]
    ties = [Switch(name=f"tie{i}", from_bus=a, to_bus=b, from_nodes=(1, 2, 3), to_nodes=(1, 2, 3),
                   closed=(False,) * 3 if i else ())
            for i, (a, b) in enumerate(chance.sample(full, 2) for _ in range(20))]  # fmt: skip
    by_name: Callable[[Line | Transformer | Load | Switch], str] = lambda p: p.name  # noqa: E731 - sorts four lists
    return Feeder(
        id="large", feeders=("large",), line_codes=tuple(codes), lines=tuple(sorted(lines, key=by_name)),
        sources=(Source(name="s", bus="b0", kv_ll=12.47, r1_ohm=0, x1_ohm=0.1, r0_ohm=0, x0_ohm=0.1),),
        buses=tuple(Bus(name=n, nodes=on, kv_ln=0.24 if n[0] == "s" else 7.2) for n, on in sorted(nodes.items())),
        transformers=tuple(sorted(transformers, key=by_name)), loads=tuple(sorted(loads, key=by_name)),
        switches=tuple(sorted(ties, key=by_name)),
    )  # fmt: skip


def _code(n: int) -> LineCode:
    matrix = [tuple(tuple(v if i == j else 0.0 for j in range(n)) for i in range(n)) for v in (0.1, 0.3, 0.0)]
    return LineCode(name=f"c{n}", r_ohm_per_km=matrix[0], x_ohm_per_km=matrix[1], c_nf_per_km=matrix[2], normal_a=300)


def best(of: Callable[[], object], times: int = 3) -> float:
    """The least processor time of some tries [s]."""
    found = []
    for _ in range(times):
        start = time.process_time()
        of()
        found.append(time.process_time() - start)
    return min(found)


def main(buses: int) -> None:
    """Print the times, and how they grow from a tenth of the buses."""
    feeder, tenth = large(buses), large(buses // 10)
    tracing, all_checks = best(lambda: trace(feeder)), best(lambda: check(feeder))
    growth = all_checks / best(lambda: check(tenth))
    found = trace(feeder)
    print(f"{len(feeder.buses)} buses: trace {tracing:.2f} s, trace and checks {all_checks:.2f} s (limit 5 s), "
          f"{growth:.1f} times a tenth of the buses; {len(found.loops)} loops, {len(found.ties)} ties")  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
