"""What a reader of network files gives back: parts, the account of the conversion, and findings.

Every object and every property of a source ends with one verdict: ``mapped`` (it stands in the model), ``defaulted``
(the source does not state it, and a value was written out) or ``refused`` (the model has no place for it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from dtl.errors import Finding, Severity
from dtl.network.feeder import PARTS, Part

KIND = {cls: kind for kind, cls in PARTS.items()}
"""The word of a class of part."""


@dataclass
class Reading:
    """The answer of one reader, growing while it reads.

    ``objects`` counts what the source holds by class; the sum of the verdicts of the account equals it.
    """

    source: str
    kind: str
    frequency_hz: float = 60.0
    crs: str = ""
    parts: dict[str, dict[tuple[str, str], Part]] = field(default_factory=dict)
    conversion: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    places: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)
    """Where each part stands in the files: feeder -> ``kind.name`` -> file and line."""
    tables: dict[str, list[dict[str, Any]] | pa.Table] = field(default_factory=dict)
    """What is no part of the network, by the contract of its table, as of outages: rows, or a whole Arrow table."""

    def add(self, feeder: str, part: Part) -> bool:
        """Put a part into a feeder; False, and a finding, when its name is taken there."""
        group = self.parts.setdefault(feeder, {})
        key = (KIND[type(part)], part.name)
        if key in group:
            self.find("network.duplicate", "error", "the name occurs twice", feeder=feeder, element=".".join(key))
            return False
        group[key] = part
        return True

    def place(self, feeder: str, kind: str, name: str, file: str, line: int) -> None:
        """Note where a part stands in the files, for findings of later stages."""
        self.places.setdefault(feeder, {}).setdefault(f"{kind}.{name}", (file, line))

    def find(self, check: str, severity: Severity, message: str, **where: str | int | None) -> None:
        """Note a finding; `where` are further fields of `dtl.errors.Finding`."""
        if isinstance(value := where.get("value"), str):
            where["value"] = "".join(c if c.isprintable() else "?" for c in value)
        finding = Finding(check=check, severity=severity, message=message, source=self.source)
        self.findings.append(replace(finding, **where))  # type: ignore[arg-type]

    def mapped(self, feeder: str, thing: str, prop: str, target: str, value: str = "") -> None:
        """Account for a property (or, with an empty `prop`, an object) that stands in the model."""
        self._account(feeder, thing, prop, "mapped", target, value, "")

    def defaulted(self, feeder: str, thing: str, prop: str, target: str, value: str, reason: str) -> None:
        """Account for what the source does not state."""
        self._account(feeder, thing, prop, "defaulted", target, value, reason)

    def refused(self, feeder: str, thing: str, prop: str, value: str, reason: str) -> None:
        """Account for what the model lacks though it may depend on it."""
        self._account(feeder, thing, prop, "refused", "", value, reason)

    def unused(self, feeder: str, thing: str, prop: str, value: str, reason: str) -> None:
        """Account for what is understood and on which nothing of a study depends: housekeeping, drawings, leftovers."""
        self._account(feeder, thing, prop, "unused", "", value, reason)

    def _account(self, feeder: str, thing: str, prop: str, verdict: str, target: str, value: str, reason: str) -> None:
        key, n = (feeder, thing, prop), 1
        while key in self.conversion:
            n += 1
            key = (feeder, f"{thing} ({n})", prop)
        self.conversion[key] = {
            "source": self.source, "feeder": feeder, "object": key[1], "property": prop, "verdict": verdict,
            "target": target, "value": value, "reason": reason,
        }  # fmt: skip

    def failed(self) -> set[str]:
        """Feeders that have a finding of severity ``error``."""
        return {f.feeder for f in self.findings if f.severity == "error" and f.feeder}

    def feeders(self) -> list[str]:
        """Ids of all feeders that were seen, sorted."""
        return sorted(set(self.parts) | {f.feeder for f in self.findings if f.feeder})


def plain(name: str) -> str:
    """A name as the model keeps it: lower case, blanks and ``=`` replaced by ``_``."""
    return _SPLITS.sub("_", name.strip().lower())


_SPLITS = re.compile(r"[\s=]")


def shown(values: Iterable[tuple[str, object]]) -> str:
    """Properties and their values as one line of text."""
    return " ".join([f"{k}={v}" for k, v in values])
