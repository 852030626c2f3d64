"""Rows of the relations that describe the network: one group of feeders at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyproj

from dtl import tables
from dtl.network.feeder import Feeder, LineCode, Transformer
from dtl.report.publish.relations import WGS84

Row = dict[str, Any]
Place = tuple[float, float] | None


class Circuit:
    """The rows of one group; ``places`` are put into longitude and latitude where the feeder states its system."""

    def __init__(self, feeder: Feeder, installed: Mapping[tuple[str, str], Any]) -> None:
        self._feeder, self._installed = feeder, installed
        turn: Callable[[float, float], tuple[float, float]] | None = None
        if feeder.crs:
            turn = pyproj.Transformer.from_crs(feeder.crs, f"EPSG:{WGS84}", always_xy=True).transform
        self._reference = f"SRID={WGS84};" if feeder.crs else ""
        self._place: dict[str, Place] = {}
        for bus in feeder.buses:
            at = None if bus.x is None or bus.y is None else (bus.x, bus.y)
            self._place[bus.name] = turn(*at) if turn is not None and at is not None else at

    def rows(self) -> dict[str, list[Row]]:
        """The rows by relation."""
        return {
            "segments": [self._segment(p) for p in self._feeder.lines if p.enabled],
            "transformers": [self._unit(p) for p in self._units()],
            "capacitors": [self._capacitor(p) for p in self._feeder.capacitors if p.enabled],
            "regulators": [self._regulator(p) for p in self._feeder.regulators if p.enabled],
        }

    def feeder(self, facts: Mapping[str, Any], substation: str) -> list[Row]:
        """The row of each feeder of the group; geometry is all its lines."""
        lines = [text.rpartition("LINESTRING")[2] for p in self._feeder.lines if (text := self._path(p))]
        geom = f"{self._reference}MULTILINESTRING({','.join(lines)})" if lines else None
        head = self._feeder.sources[0].name if self._feeder.sources else ""
        same = {"head_device": head, "substation_id": substation, "geom": geom, "status": facts["status"]}
        more = {k: facts.get(k) for k in ("kv_ll", "length_km", "customers", "reason")}
        return [{"id": name, "name": name} | same | more for name in self._feeder.feeders]

    def head(self) -> str | None:
        """The place of the first source."""
        return self._point(self._feeder.sources[0].bus) if self._feeder.sources else None

    def _owner(self, bus: str) -> str:
        named = self._feeder.bus[bus].feeder if bus in self._feeder.bus else ""
        return named or self._feeder.id

    def _units(self) -> Iterable[Transformer]:
        regulated = {r.transformer for r in self._feeder.regulators}
        return (t for t in self._feeder.transformers if t.enabled and t.name not in regulated and not t.is_regulator)

    def _segment(self, line: Any) -> Row:
        code = self._feeder.line_code[line.line_code]
        rating = line.normal_a if line.normal_a is not None else code.normal_a
        return {
            "feeder_id": self._owner(line.from_bus), "id": line.name, "from_node": line.from_bus,
            "to_node": line.to_bus, "phase": _letters(line.from_nodes), "conductor_type": line.line_code,
            "length_km": line.length_km, "rating_a": rating, "geom": self._path(line),
        }  # fmt: skip

    def _unit(self, unit: Transformer) -> Row:
        high, low = unit.windings[0], unit.windings[-1]
        feeder = self._owner(high.bus)
        return {
            "feeder_id": feeder, "id": unit.name, "xfmr_type": kind_of(unit), "kva_rating": high.kva,
            "phase": _letters(high.nodes), "kv_high": high.kv, "kv_low": low.kv, "impedance_pct": impedance_pct(unit),
            "install_date": self._installed.get((feeder, unit.name)), "geom": self._point(low.bus, high.bus),
        }  # fmt: skip

    def _capacitor(self, part: Any) -> Row:
        control = "switched" if getattr(part, "control", None) else "fixed"
        return {
            "feeder_id": self._owner(part.bus), "id": part.name, "kvar": float(sum(part.kvar)),
            "phase": _letters(part.nodes), "control_type": control, "geom": self._point(part.bus),
        }  # fmt: skip

    def _regulator(self, part: Any) -> Row:
        unit = next(t for t in self._feeder.transformers if t.name == part.transformer)
        bus = unit.windings[part.winding - 1].bus
        return {
            "feeder_id": self._owner(bus), "id": part.name, "bandwidth_v": part.band_v, "pt_ratio": part.pt_ratio,
            "reg_setting_v": part.set_v, "r_v": part.r_v, "x_v": part.x_v, "geom": self._point(bus),
        }  # fmt: skip

    def _point(self, *buses: str) -> str | None:
        at = next((p for b in buses if (p := self._place.get(b)) is not None), None)
        return None if at is None else f"{self._reference}POINT({at[0]:.9g} {at[1]:.9g})"

    def _path(self, line: Any) -> str | None:
        ends = [self._place.get(line.from_bus), self._place.get(line.to_bus)]
        known = [f"{p[0]:.9g} {p[1]:.9g}" for p in ends if p is not None]
        return f"{self._reference}LINESTRING({','.join(known)})" if len(known) == 2 else None


def catalogs(feeders: Iterable[Feeder]) -> dict[str, list[Row]]:
    """The kinds of lines and transformers in use."""
    codes: dict[str, LineCode] = {}
    kinds: dict[str, tuple[Transformer, int]] = {}
    for feeder in feeders:
        codes |= {c.name: c for c in feeder.line_codes if c.name not in codes}
        for unit in feeder.transformers:
            if unit.enabled and not unit.is_regulator:
                first, count = kinds.get(kind_of(unit), (unit, 0))
                kinds[kind_of(unit)] = first, count + 1
    return {
        "conductor_catalog": [_conductor(c) for _, c in sorted(codes.items())],
        "transformer_catalog": [_kind(name, unit, count) for name, (unit, count) in sorted(kinds.items())],
    }


def kind_of(unit: Transformer) -> str:
    """Name of the kind of a transformer: phases, rating, voltages and impedance."""
    high, low = unit.windings[0], unit.windings[-1]
    return f"{unit.phases}ph {high.kva:g} kVA {high.kv:.4g}/{low.kv:.4g} kV {impedance_pct(unit):.3g}%"


def impedance_pct(unit: Transformer) -> float:
    """Short-circuit impedance between the first two windings, per cent on the rating of the first."""
    own = unit.windings[0].kva
    r = sum(w.r_pct * own / w.kva for w in unit.windings[:2])
    return math.hypot(r, unit.xhl_pct)


def _conductor(code: LineCode) -> Row:
    z = np.array(code.r_ohm_per_km) + 1j * np.array(code.x_ohm_per_km)
    n = len(z)
    own = z.diagonal().mean()
    mutual = (z.sum() - z.diagonal().sum()) / (n * (n - 1)) if n > 1 else 0.0
    z1, z0 = own - mutual, own + (n - 1) * mutual
    return {
        "id": code.name, "phases": n, "r1_ohm_per_km": float(z1.real), "x1_ohm_per_km": float(z1.imag),
        "r0_ohm_per_km": float(np.real(z0)), "x0_ohm_per_km": float(np.imag(z0)), "ampacity_a": code.normal_a,
        "origin": code.origin,
    }  # fmt: skip


def _kind(name: str, unit: Transformer, count: int) -> Row:
    high, low = unit.windings[0], unit.windings[-1]
    r = sum(w.r_pct * high.kva / w.kva for w in unit.windings[:2])
    return {
        "id": name, "phases": unit.phases, "kva": high.kva, "kv_high": high.kv, "kv_low": low.kv,
        "impedance_pct": impedance_pct(unit), "r_pct": r, "x_pct": unit.xhl_pct,
        "no_load_loss_pct": unit.no_load_loss_pct, "min_tap_pu": high.min_tap_pu, "max_tap_pu": high.max_tap_pu,
        "connection": f"{high.connection}-{low.connection}", "units": count,
    }  # fmt: skip


def installed(links: Path, assets: Path) -> dict[tuple[str, str], Any]:
    """Day of installation of each transformer of the model, by feeder and name, where an asset of the GIS says it."""
    days = tables.read("assets", assets, ["asset", "kind", "installed"]).to_pylist()
    day = {r["asset"]: r["installed"] for r in days if r["kind"] == "transformer" and r["installed"] is not None}
    rows = tables.read("links", links, ["feeder", "kind", "element", "asset"]).to_pylist()
    return {(r["feeder"], r["element"]): day[r["asset"]] for r in rows if r["element"] and r["asset"] in day}


def _letters(nodes: Iterable[int]) -> str:
    return "".join("ABC"[n - 1] for n in sorted(set(nodes)) if 1 <= n <= 3)
