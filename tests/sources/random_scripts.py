"""Random OpenDSS scripts of valid words in many orders and units, for comparing the model with the engine alone.

Nothing floats: what stands behind a delta winding is connected in delta, so that every voltage is well determined.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

KM = {"m": 1e-3, "km": 1.0, "ft": 3.048e-4, "kft": 0.3048, "mi": 1.609344, "in": 2.54e-5, "cm": 1e-5, "mm": 1e-6}
"""Units of length [km]."""
WIRES = """new wiredata.w1 gmrac=.0244 gmrunits=ft rac=.306 runits=mi radius=.3605 radunits=in normamps=530
new wiredata.w2 diam=.398 radunits=in gmrac=.00446 gmrunits=ft rac=1.12 runits=mi rdc=1.1
new linespacing.s3 nconds=4 nphases=3 units=ft x=[-4 -1.5 3 0] h=[28 28 28 24]
new linespacing.s2 nconds=3 nphases=2 units=ft x=[-3 3 0] h=[30 30 26]
new linespacing.s1 nconds=2 nphases=1 units=m x=[0 0.2] h=[9 7.5]
new linegeometry.g3 nconds=4 nphases=3 reduce=y
~ cond=1 wire=w1 x=-4 h=28 units=ft
~ cond=2 wire=w1 x=-1.5 h=28
~ cond=3 wire=w1 x=3 h=28
~ cond=4 wire=w2 x=0 h=24
new linegeometry.g2 nconds=3 nphases=2 spacing=s2 wires=[w1 w1 w2] reduce=y
new linegeometry.g1 nconds=2 nphases=1 reduce=y
~ cond=1 wire=w2 x=0 h=29 units=ft
~ cond=2 wire=w2 x=0.5 h=25 units=ft"""
SOURCES = (
    "", "mvasc3=2000 mvasc1=1800", "r1=.1 x1=.8 r0=.2 x0=1.2", "isc3=10000 isc1=8000",
    "mvasc3=900 mvasc1=700 x1r1=6 x0r0=4", "z1=[.1 .9] z0=[.3 1.5]", "basemva=100 puz1=[.01 .06] puz0=[.02 .1]",
)  # fmt: skip
ROOFS = ("pf=1", "pf=.95", "pf=-.9", "kvar=20", "%pmpp=80", "wattpriority=yes pf=.9")
PLANTS = ("kw=30 pf=.95", "kw=40 kvar=-10", "kw=25 pf=-.9", "kva=60 kw=30 pf=.9")


class Script:
    """A feeder from a seed: `text` is the script."""

    def __init__(self, seed: int):
        self._at = random.Random(seed)
        self._lines: list[str] = []
        self._buses: list[tuple[str, list[int]]] = []
        self.kv = self._one(4.16, 12.47, 13.8, 20.0, 24.9)
        self._head()
        self._tree()
        for bus, nodes in self._buses[1:]:
            self._hang(bus, nodes)
        self._edits()
        self._add("set voltagebases=[115 69 24.9 20 13.8 12.47 4.16 .48 .4 .416 .208]\ncalcvoltagebases")
        self.text = "\n".join(self._lines) + "\n"

    def _one(self, *of):  # type: ignore[no-untyped-def]
        return self._at.choice(of)

    def _u(self, low: float, high: float) -> str:
        return f"{self._at.uniform(low, high):.6g}"

    def _maybe(self, share: float, words: str) -> str:
        return f" {words}" if self._at.random() < share else ""

    def _some(self, of: Sequence[int]) -> list[int]:
        return sorted(self._at.sample(list(of), self._at.randint(1, len(of))))

    def _add(self, text: str) -> None:
        self._lines.append(text)

    def _name(self, kind: str) -> str:
        return f"{kind}{len(self._lines)}"

    def _head(self) -> None:
        hz, high = self._one(60, 60, 50), self._one(0.0, 69.0, 115.0)
        angle, phases = self._maybe(0.3, "angle=30"), self._maybe(0.5, "phases=3")
        self._add(f"clear\nset defaultbasefrequency={hz}")
        kv, pu = high or self.kv, self._u(0.98, 1.05)
        self._add(f"new circuit.c bus1=src basekv={kv} pu={pu}{angle}{phases} {self._one(*SOURCES)}\n{WIRES}")
        if high:
            self._bank("src", "head", high, self.kv, 10000)
        self._buses = [("head" if high else "src", [1, 2, 3])]

    def _tree(self) -> None:
        for i in range(self._at.randint(3, 9)):
            bus, nodes = self._one(*self._buses)
            used = self._some(nodes) if self._at.random() < 0.5 else list(nodes)
            if self._at.random() < 0.2:
                self._at.shuffle(used)
            far = used if self._at.random() > 0.1 else self._at.sample(used, len(used))
            self._line(bus, f"n{i}", used, far)
            self._buses.append((f"n{i}", sorted(far)))
        whole = [b for b, nodes in self._buses if len(nodes) == 3]
        if len(whole) > 2 and self._at.random() < 0.3:
            self._line(*self._at.sample(whole, 2), [1, 2, 3], [1, 2, 3])

    def _matrix(self, n: int, own: tuple[float, float], mutual: tuple[float, float], unit: float) -> str:
        cell = [[self._u(*(v * unit for v in (own if i == j else mutual))) for j in range(i + 1)] for i in range(n)]
        if self._at.random() < 0.3:
            cell = [[cell[max(i, j)][min(i, j)] for j in range(n)] for i in range(n)]
        return " | ".join(" ".join(row) for row in cell)

    def _sequence(self, unit: float) -> str:
        r, x = self._at.uniform(0.1, 0.8) * unit, self._at.uniform(0.2, 0.8) * unit
        words = f"r1={r:.6g} x1={x:.6g} r0={2.1 * r:.6g} x0={2.7 * x:.6g}"
        c1, c0, b1, b0 = (self._u(low * unit, high * unit) for low, high in ((5, 300), (3, 150), (1, 20), (1, 9)))
        return words + self._one("", f" c1={c1} c0={c0}", f" b1={b1} b0={b0}")

    def _matrices(self, n: int, unit: float) -> str:
        r, x = self._matrix(n, (0.3, 0.6), (0.05, 0.15), unit), self._matrix(n, (0.7, 1.1), (0.2, 0.4), unit)
        return f"rmatrix=[{r}] xmatrix=({x})" + self._maybe(
            0.6, f"cmatrix=[{self._matrix(n, (8, 12), (-2, -1), unit)}]"
        )

    def _code(self, n: int) -> str:
        unit, name = self._one(*KM), self._name("code")
        words = f"new linecode.{name} units={unit} "
        if self._at.random() < 0.5:
            words += f"nphases={n} {self._sequence(KM[unit])}"
        elif n < 3 and self._at.random() < 0.4:
            words += f"nphases={n + 1} {self._matrices(n + 1, KM[unit])} neutral={n + 1} kron=y"
        else:
            words += f"nphases={n} {self._matrices(n, KM[unit])}"
        self._add(words + self._maybe(0.4, "normamps=300 emergamps=600") + self._maybe(0.2, "repair=3 faultrate=.1"))
        return name

    def _line(self, first: str, last: str, near: Sequence[int], far: Sequence[int]) -> None:
        n, unit = len(near), self._one(*KM)
        plain = list(near) == list(far) == [1, 2, 3] and self._at.random() < 0.6
        at = ["" if plain else "".join(f".{k}" for k in nodes) for nodes in (near, far)]
        length = f"length={self._u(0.05 / KM[unit], 0.9 / KM[unit])} units={unit}"
        kind = self._one("code", "code", "own", "own", "geometry", "spacing", "switch")
        words = f"new line.{self._name('l')} bus1={first}{at[0]} bus2={last}{at[1]} phases={n} "
        if kind == "code":
            code = f"linecode={self._code(n)}"
            words += self._one(f"{code} {length}", f"{length} {code}")
        elif kind == "own":
            words += f"{self._one(self._sequence(KM[unit]), self._matrices(n, KM[unit]))} {length}"
        elif kind == "geometry":
            words += f"geometry=g{n} {length}" + self._maybe(0.3, "rho=280")
        elif kind == "spacing":
            words += f"spacing=s{n} wires=[{' '.join(['w1'] * n)} w2] {length}"
        else:
            words += "switch=y" + self._maybe(0.5, "r1=1e-4 r0=1e-4 x1=1e-4 x0=1e-4 c1=0 c0=0 length=1")
        self._add(words + self._maybe(0.2, "normamps=250"))

    def _tap(self) -> str:
        return f"{1 + 0.00625 * self._at.randint(-8, 8):.6g}"

    def _bank(self, first: str, last: str, high: float, low: float, kva: int) -> None:
        ways = self._one(("delta", "wye"), ("wye", "wye"), ("ln", "y"))
        words = f"new transformer.{self._name('t')} phases=3 windings=2 xhl={self._u(2, 8)}"
        if self._at.random() < 0.5:
            words += f" buses=({first} {last}) conns=({ways[0]} {ways[1]}) kvs=({high} {low}) kvas=({kva} {kva})"
            words += self._maybe(0.4, f"taps=({self._tap()} {self._tap()})")
        else:
            for w, (bus, way, kv) in enumerate(zip((first, last), ways, (high, low), strict=True), 1):
                words += f" wdg={w} bus={bus} conn={way} kv={kv} kva={kva}"
                words += self._maybe(0.4, f"tap={self._tap()}") + self._maybe(0.4, f"%r={self._u(0.3, 1)}")
            words += self._maybe(0.2, f"rneut={self._u(0.01, 0.3)} xneut={self._u(0, 0.2)}")
        words += self._maybe(0.3, f"%loadloss={self._u(0.5, 1.6)}") + self._maybe(0.2, "leadlag=lead")
        self._add(words + self._maybe(0.4, "%noloadloss=.3 %imag=.9") + self._maybe(0.2, "ppm_antifloat=10"))

    def _service(self, bus: str, phase: int, low: str) -> None:
        kv, kva = self.kv / 3**0.5, self._one(15, 25, 50)
        name, load = self._name("u"), f"pf=.95 kw={self._u(2, 12)}"
        if self._at.random() < 0.5:
            self._add(
                f"new transformer.{name} phases=1 windings=3 xhl={self._u(1.5, 3)} xht={self._u(1.5, 3)} "
                f"xlt={self._u(1, 2)} %rs=[.6 1.2 1.2]\n~ wdg=1 bus={bus}.{phase} kv={kv:.6g} kva={kva}\n"
                f"~ wdg=2 bus={low}.1.0 kv=.12 kva={kva}\n~ wdg=3 bus={low}.0.2 kv=.12 kva={kva}"
            )
            self._add(f"new load.{name}a phases=1 bus1={low}.1.2 kv=.24 {load}")
            self._add(f"new load.{name}b phases=1 bus1={low}.1 kv=.12 kw={self._u(1, 5)} pf=.97")
        else:
            self._add(
                f"new transformer.{name} phases=1 windings=2 buses=[{bus}.{phase} {low}.{phase}] kvs=[{kv:.6g} .24] "
                f"kvas=[{kva} {kva}] xhl={self._u(1.5, 3)}" + self._maybe(0.5, f"taps=[1 {self._tap()}]")
            )
            self._add(f"new load.{name}a phases=1 bus1={low}.{phase} kv=.24 {load}")

    def _power(self, kw: float) -> str:
        pf = self._u(0.8, 0.99)
        return self._one(
            f"kw={kw:.5g} pf={pf}", f"pf={pf} kw={kw:.5g}", f"kw={kw:.5g} pf=-{pf}", f"kw={kw:.5g} kvar={0.2 * kw:.5g}",
            f"kvar={0.3 * kw:.5g} kw={kw:.5g}", f"kva={1.1 * kw:.5g} pf={pf}", f"kw={kw:.5g}",
            f"xfkva={3 * kw:.5g} allocationfactor={self._u(0.2, 0.5)} pf={pf}",
            f"kwh={300 * kw:.5g} kwhdays=30 cfactor={self._u(2, 4)} pf=.93",
        )  # fmt: skip

    def _load(self, bus: str, nodes: Sequence[int], kv: float) -> None:
        n, model = len(nodes), self._one(1, 1, 1, 2, 3, 4, 5, 6, 7, 8)
        delta = n > 1 and self._at.random() < 0.4
        phases = 1 if delta and n == 2 else n
        at = "".join(f".{k}" for k in nodes) + (".0" if n == 3 and not delta and self._at.random() < 0.3 else "")
        words = f"new load.{self._name('d')} phases={phases} bus1={bus}{at} kv={kv if n > 1 else kv / 3**0.5:.6g} "
        words += f"conn={self._one('delta', 'll') if delta else self._one('wye', 'ln', 'y')} model={model} "
        words += self._power(self._at.uniform(5, 30) * n * (1 if kv > 1 else 0.5))
        words += " zipv=[.3 .3 .4 .2 .5 .3 .6]" if model == 8 else " cvrwatts=.8 cvrvars=2.1" if model == 4 else ""
        self._add(words + self._maybe(0.3, f"vminpu={self._u(0.6, 0.9)}") + self._maybe(0.2, "vmaxpu=1.2"))

    def _hang(self, bus: str, nodes: Sequence[int]) -> None:
        chance, at, n = self._at.random, "".join(f".{k}" for k in nodes), len(nodes)
        kv = self.kv if n > 1 else self.kv / 3**0.5
        for _ in range(self._at.randint(0, 2)):
            self._load(bus, self._some(nodes), self.kv)
        if chance() < 0.15:
            steps = self._one("kvar=100", "kvar=150 numsteps=2 states=[1 0]", "kvar=[100 50]")
            way = self._maybe(0.3, "conn=delta") if n == 3 else ""
            self._add(f"new capacitor.{self._name('c')} bus1={bus}{at} phases={n} kv={kv:.6g} {steps}{way}")
        if n == 3 and chance() < 0.08:
            self._add(f"new reactor.{self._name('x')} bus1={bus} phases=3 kv={kv} kvar={self._u(20, 200)}")
        if chance() < 0.15:
            self._service(bus, self._one(*nodes), f"s{len(self._lines)}")
        if n == 3 and chance() < 0.2:
            low, kv_low = f"v{len(self._lines)}", self._one(0.48, 0.4, 0.208)
            self._bank(bus, low, self.kv, kv_low, self._one(300, 500, 750))
            self._load(low, self._some((1, 2, 3)), kv_low)
            if chance() < 0.4:
                words = (
                    f"kva={self._u(50, 150)} pmpp={self._u(50, 150)} irradiance={self._u(0.2, 1)} {self._one(*ROOFS)}"
                )
                self._add(f"new pvsystem.{self._name('p')} phases=3 bus1={low} kv={kv_low} {words}")
        if chance() < 0.1:
            words = f"phases=1 kv={self.kv / 3**0.5:.6g} model={self._one(1, 1, 2, 7)} {self._one(*PLANTS)}"
            self._add(f"new generator.{self._name('g')} bus1={bus}.{nodes[0]} {words}")

    def _edits(self) -> None:
        lines, loads = ([w.split()[1] for w in self._lines if w.startswith(f"new {k}.")] for k in ("line", "load"))
        edits = [f"open {self._one(*lines)} {self._one('1', '2', 'term=1', '1 0')}", f"edit {lines[-1]} length=0.4"]
        if loads:
            one = self._one(*loads)
            edits += [f"disable {one}", f"{one}.kw=33", f"edit {one} pf=.88", "batchedit load..* vminpu=.8"]
        for edit in edits:
            self._lines += [edit] * (self._at.random() < 0.15)
        self._lines += ["solve"] * (self._at.random() < 0.3)
