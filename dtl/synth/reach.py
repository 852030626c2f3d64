"""Who is out when a device opens: the tree of a feeder as switching devices, zones and the meters behind them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dtl.synth.model import Feeder

Flags = npt.NDArray[np.bool_]

PROTECTIVE = ("breaker", "recloser", "fuse")
SWITCHING = ("breaker", "recloser", "switch")


class Reach:
    """The meters behind each device, and what switching can bring back while a repair lasts."""

    def __init__(self, feeder: Feeder):
        self.feeder = feeder
        self.guard: list[str] = []
        """The nearest protective device above each section, on it or nearer to the head."""
        self.zone: list[str] = []
        """The nearest switching device above each section."""
        self.above: dict[str, list[str]] = {}
        """Switching and protective devices from the head to each device, itself included."""
        index = {s.to_node: k for k, s in enumerate(feeder.sections)}
        self.index = {s.id: k for k, s in enumerate(feeder.sections)}
        paths: list[list[str]] = []
        for s in feeder.sections:
            k = index.get(s.from_node)
            guard, zone, path = ("", "", []) if k is None else (self.guard[k], self.zone[k], paths[k])
            if s.device is not None:
                path = [*path, s.device.id]
                self.above[s.device.id] = path
                guard = s.device.id if s.device.kind in PROTECTIVE else guard
                zone = s.device.id if s.device.kind in SWITCHING else zone
            self.guard.append(guard)
            self.zone.append(zone)
            paths.append(path)
        self.kinds = {d.id: d.kind for _, d in feeder.devices()}
        at = [index[feeder.transformers[t].node] for t in feeder.customers.transformer]
        self.meter_path = [frozenset(paths[k]) for k in at]
        self.tip_path = {t.id: frozenset(paths[index[t.from_node]]) for t in feeder.ties}

    def behind(self, device: str) -> Flags:
        """(M,) which meters lose supply when a device opens."""
        return np.array([device in path for path in self.meter_path], dtype=np.bool_)

    def behind_transformer(self, t: int) -> Flags:
        """(M,) which meters hang on a transformer."""
        flags: Flags = self.feeder.customers.transformer == t
        return flags

    def restored_early(self, section: int, device: str) -> list[Flags]:
        """What switching restores while a fault on a section is repaired: first from the head side, then through a tie.

        ``device`` is the protective device that opened; each element of the list says which meters a step restores.
        """
        zone = self.zone[section]
        lost = self.behind(device)
        steps: list[Flags] = []
        in_zone = self.behind(zone) if zone else lost
        if self.kinds.get(device) == "fuse":
            return []
        if zone != device and device in self.above.get(zone, []):
            steps.append(lost & ~in_zone)
        beyond = np.zeros_like(lost)
        for other, path in self.above.items():
            if (
                self.kinds[other] in SWITCHING
                and other != zone
                and zone in path
                and any(other in tip for tip in self.tip_path.values())
            ):
                beyond |= self.behind(other)
        if beyond.any():
            steps.append(lost & beyond)
        return [s for s in steps if s.any()]
