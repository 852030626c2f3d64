"""The section ``limits``: the one truth about what is too much, for every analysis and the gate."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from dtl.spec import rulebook
from dtl.spec.base import Base, one_of, wrong
from dtl.spec.scalars import Month, Number, Percent, PerUnit, Positive, Text, Whole

Rating = Literal["normal", "summer", "winter", "emergency"]
DEFAULT_RULE = "ansi-c84.1@2020"


class LineLimits(Base):
    """When a line is loaded too much."""

    summer: Rating = "normal"
    """The rating that counts in the summer months."""
    otherwise: Rating = "normal"
    """The rating that counts in the other months."""
    emergency: Rating = "emergency"
    """The rating of which an overload is an emergency."""
    over_pct: Percent = 100.0
    """Loading above which a line counts as overloaded [% of the rating]."""
    summer_months: list[Month] = Field(default=[6, 7, 8, 9], min_length=1)
    """The months of summer, 1 to 12."""
    window_h: Positive = 1.0
    """Length of the moving window of the mean loading [h]."""


class TransformerLimits(Base):
    """When a transformer is loaded too much."""

    over_pct: Percent = 100.0
    """Loading above which a transformer counts as overloaded [% of its rating]."""
    window_h: Positive = 2.0
    """Length of the moving window of the mean loading [h]."""
    emergency_pct: Percent | None = None
    """Loading above which an overload is an emergency [% of its rating]."""


class Where(Base):
    """The buses that a voltage limit is for."""

    kv: list[Annotated[Number, Field(ge=0, le=1000)]] = Field(default=[0.0, 1000.0], min_length=2, max_length=2)
    """Lowest and highest nominal voltage, line to line [kV]."""
    phases: Annotated[Whole, Field(ge=1, le=3)] | None = None
    """Only buses with this number of phases."""

    @model_validator(mode="after")
    def _rising(self) -> Where:
        if self.kv[0] >= self.kv[1]:
            raise wrong("out-of-range", f"'kv' must rise: {self.kv[0]:g} is not below {self.kv[1]:g}")
        return self


class VoltageLimit(Base):
    """A limit of voltage: a rule of the library, or two numbers."""

    where: Where = Where()
    """The buses that it is for; of several limits the first that fits counts."""
    rule: Text | None = None
    """A rule with its edition, as ansi-c84.1@2020."""
    range: Text | None = None
    """The range of the rule, as A or B; none: the rule's own default."""
    at: Literal["service", "utilization", "primary"] = "service"
    """Where the voltage is judged."""
    low_pu: PerUnit | None = None
    """Lowest voltage [pu of nominal]."""
    high_pu: PerUnit | None = None
    """Highest voltage [pu of nominal]."""

    @model_validator(mode="after")
    def _rule_or_numbers(self) -> VoltageLimit:
        if self.rule is None:
            if self.low_pu is None or self.high_pu is None:
                raise wrong("one-of", "a voltage limit needs either rule, or low_pu and high_pu")
            if self.low_pu >= self.high_pu:
                raise wrong("out-of-range", f"low_pu {self.low_pu:g} is not below high_pu {self.high_pu:g}")
            if self.range is not None:
                raise wrong("one-of", "'range' belongs to a rule")
        else:
            one_of(self, ("rule", "low_pu"), "a voltage limit")
            one_of(self, ("rule", "high_pu"), "a voltage limit")
            self.resolved()
        return self

    def resolved(self) -> list[dict[str, Any]]:
        """The limit as numbers, one entry per range of nominal voltage."""
        low, high = self.where.kv
        if self.rule is None:
            numbers = {"low_pu": self.low_pu, "high_pu": self.high_pu, "rule": "", "range": "", "clause": ""}
            found = [numbers | {"kv": [low, high], "at": self.at, "source": "the study", "confirmed_by": "none"}]
        else:
            try:
                limits = rulebook.resolve(self.rule, self.range, self.at)
            except ValueError as error:
                raise wrong("unknown-rule", str(error), "rule") from error
            cut = [limit | {"kv": [max(limit["kv"][0], low), min(limit["kv"][1], high)]} for limit in limits]
            found = [limit for limit in cut if limit["kv"][0] < limit["kv"][1]]
            if not found:
                raise wrong("unknown-rule", f"{self.rule} says nothing about {low:g} to {high:g} kV", "where")
        return [limit | {"phases": self.where.phases} for limit in found]


class Limits(Base):
    """What is too much: for thermal, voltage, hosting, mitigation, compliance and the gate alike."""

    lines: LineLimits = LineLimits()
    """When a line is loaded too much."""
    transformers: TransformerLimits = TransformerLimits()
    """When a transformer is loaded too much."""
    voltage: list[VoltageLimit] = Field(
        default=[VoltageLimit.model_construct(rule=DEFAULT_RULE, range="A")], min_length=1
    )
    """Limits of voltage; the first that fits a bus counts, a bus that none fits is refused."""

    def resolved(self) -> dict[str, Any]:
        """All limits as numbers; a stage needs nothing else."""
        return {
            "lines": self.lines.model_dump(),
            "transformers": self.transformers.model_dump(),
            "voltage": [entry for limit in self.voltage for entry in limit.resolved()],
        }
