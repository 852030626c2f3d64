"""Random networks that pandapower makes and solves, as JSON; runs in the peers environment, imports nothing of DTL.

Called as a program, ``peers_random.py FOLDER COUNT``. Transformers have no no-load branch, which stands elsewhere in
the model, and loads no dependence on voltage, whose shares pandapower mixes at a bus with other elements.
"""

from __future__ import annotations

import random
import sys
import warnings
from pathlib import Path
from typing import Any

import pandapower as pp

CABLES = ("NAYY 4x150 SE", "NAYY 4x50 SE", "94-AL1/15-ST1A 0.4")


class Made:
    """A network from a seed: `net` is pandapower's."""

    def __init__(self, seed: int):
        self._at = random.Random(seed)
        self.net = pp.create_empty_network(sn_mva=self._at.choice((1.0, 100.0)))
        self._kv: dict[int, float] = {}
        self._sources()
        for _ in range(self._at.randint(4, 14)):
            self._branch()
        for bus, kv in list(self._kv.items())[1:]:
            self._hang(bus, 0.03 if kv < 1.0 else 0.4)
        self._switches()

    def _bus(self, kv: float) -> int:
        bus = int(pp.create_bus(self.net, kv, name=self._at.choice((None, "x"))))
        self._kv[bus] = kv
        return bus

    def _sources(self) -> None:
        high, middle = self._at.choice((110.0, 66.0, 20.0)), self._at.choice((20.0, 10.0, 30.0))
        head = self._bus(high)
        pu, angle = self._at.uniform(0.98, 1.04), self._at.choice((0.0, 30.0, -150.0))
        pp.create_ext_grid(
            self.net, head, vm_pu=pu, va_degree=angle, s_sc_max_mva=1e6, rx_max=0.1, x0x_max=1, r0x0_max=1
        )
        if high < 50.0:
            return
        if self._at.random() < 0.3:
            self._three(head, high, middle)
        else:
            self._two(head, middle, self._at.choice((25.0, 40.0)))

    def _tap(self, sides: tuple[str, ...], kinds: tuple[str | None, ...]) -> dict[str, Any]:
        if self._at.random() < 0.4:
            return {}
        return {
            "tap_side": self._at.choice(sides), "tap_neutral": self._at.choice((0, 0, 5)), "tap_min": -9, "tap_max": 12,
            "tap_pos": self._at.randint(-4, 8), "tap_step_percent": self._at.choice((1.25, 1.5, 2.5)),
            "tap_step_degree": 0.0, "tap_changer_type": self._at.choice(kinds),
        }  # fmt: skip

    def _two(self, high: int, kv: float, mva: float) -> None:
        u, one = self._at.uniform, self._at.choice
        tap = self._tap(("hv", "lv"), ("Ratio", "Symmetrical", None))
        pp.create_transformer_from_parameters(
            self.net, high, self._bus(kv), mva, self._kv[high] * one((1.0, 1.05)), kv * one((1.0, 1.05)),
            u(0.3, 1.2), u(4.0, 14.0), 0.0, 0.0, shift_degree=one((0, 150, 30, -30, 330)), parallel=one((1, 1, 2)),
            vector_group=one(("Dyn5", "Dyn11", "YNyn0", None)), **tap,
        )  # fmt: skip

    def _three(self, high: int, kv_high: float, kv: float) -> None:
        u, shift = self._at.uniform, self._at.choice((0, 30, 150))
        pp.create_transformer3w_from_parameters(
            self.net, high, self._bus(kv), self._bus(10.0), kv_high, kv, 10.0, 60.0, 40.0, 25.0, u(9, 12), u(9, 11),
            u(5, 8), 0.3, 0.32, 0.28, 0.0, 0.0, shift_mv_degree=shift, shift_lv_degree=shift,
            **self._tap(("hv", "mv", "lv"), ("Ratio", None)),
        )  # fmt: skip

    def _line(self, first: int, last: int) -> int:
        u, one = self._at.uniform, self._at.choice
        if self._kv[first] < 1.0:
            return int(pp.create_line(self.net, first, last, u(0.02, 0.2), one(CABLES)))
        return int(pp.create_line_from_parameters(
            self.net, first, last, u(0.2, 4.0), u(0.1, 0.6), u(0.1, 0.4), u(5.0, 300.0), u(0.1, 0.4),
            parallel=one((1, 1, 1, 2)), df=one((1.0, 0.8)), name=one((None, "x")),
        ))  # fmt: skip

    def _branch(self) -> None:
        start, kind = self._at.choice([b for b, kv in self._kv.items() if kv < 50.0]), self._at.random()
        kv = self._kv[start]
        if kv > 1.0 and kind < 0.25:
            self._two(start, 0.4, self._at.choice((0.25, 0.4, 0.63)))
            return
        end = self._bus(kv)
        if kv < 1.0 or kind < 0.8:
            self._line(start, end)
        elif kind < 0.92:
            pp.create_switch(self.net, start, end, et="b", z_ohm=self._at.choice((0.0, 0.1)), type="CB")
        else:
            pp.create_impedance(self.net, start, end, self._at.uniform(0.005, 0.03), self._at.uniform(0.01, 0.05), 10.0)

    def _hang(self, bus: int, mw: float) -> None:
        net, u, one, chance = self.net, self._at.uniform, self._at.choice, self._at.random
        if chance() < 0.6:
            pp.create_load(net, bus, u(0, mw), u(-mw / 3, mw / 2), scaling=one((1, 1, 0.6)), in_service=chance() > 0.1)
        if chance() < 0.2:
            pp.create_sgen(net, bus, u(0, mw), u(-mw / 5, mw / 5), scaling=one((1, 0.5)), type=one(("PV", "WP", None)))
        if chance() < 0.1:
            kv = self._kv[bus] * one((1.0, 1.05))
            pp.create_shunt(net, bus, u(-mw / 2, mw / 2), u(0, mw / 20), vn_kv=kv, step=one((1, 2)), max_step=3)
        if chance() < 0.1:
            pp.create_ward(net, bus, u(0, mw / 4), u(0, mw / 8), u(0, mw / 4), u(0, mw / 8))
        if chance() < 0.1:
            pp.create_motor(net, bus, u(0, mw / 3), 0.88, efficiency_percent=94, loading_percent=80)

    def _switches(self) -> None:
        net, chance = self.net, self._at.random
        same = [b for b, kv in self._kv.items() if 1.0 < kv < 50.0]
        pair = self._at.sample(same, 2) if len(same) > 1 else []
        if pair and self._kv[pair[0]] == self._kv[pair[1]]:
            pp.create_switch(net, self._at.choice(pair), self._line(*pair), et="l", closed=chance() < 0.3)
        for line in net.line.index:
            for end in ("from_bus", "to_bus"):
                if chance() < 0.06:
                    pp.create_switch(net, net.line.at[line, end], line, et="l", closed=chance() < 0.7, type="LBS")
        for unit in net.trafo.index:
            if chance() < 0.15:
                pp.create_switch(net, net.trafo.at[unit, "hv_bus"], unit, et="t", closed=chance() < 0.8)
        if chance() < 0.2 and len(net.bus) > 2:
            net.bus.loc[self._at.choice(list(net.bus.index[1:])), "in_service"] = False


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for seed in range(int(sys.argv[2])):
        made = Made(seed).net
        try:
            pp.runpp(made, calculate_voltage_angles=True, tolerance_mva=1e-10, max_iteration=50, numba=False)
        except (pp.LoadflowNotConverged, ValueError):  # the latter where nothing but the source is left
            continue
        pp.to_json(made, str(Path(sys.argv[1]) / f"n{seed}.json"))
