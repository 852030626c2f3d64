"""What a synthetic utility is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dtl.errors import DtlError

FORMATS = (
    "gdb", "shp", "geojson", "csv",
    "cyme_text", "cyme_xml", "opendss",
    "ami_parquet", "ami_csv", "ami_wide",
    "scada", "oms", "weather", "registers",
)  # fmt: skip
"""Every format that the utility can be written in; ``truth`` is always written."""

ERRORS = {"none": 0.0, "normal": 1.0, "many": 3.0}
"""How often errors are planted, relative to the rates in ``planted``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The complete question: two equal settings give equal bytes."""

    feeders: int = 6
    seed: int = 1
    start: date = date(2025, 10, 15)
    """First local day of the meter data."""
    days: int = 30
    """Length of the meter data; 0 writes networks and registers only."""
    step_min: Literal[15, 30, 60] = 15
    oms_years: int = 5
    """Calendar years of outages, the last one being that of the last day of the meter data."""
    scada_years: int = 0
    """Years of SCADA before the meter data: power and voltage of the heads, estimated and not solved."""
    formats: tuple[str, ...] = FORMATS
    errors: Literal["none", "normal", "many"] = "normal"
    zone: str = "America/Chicago"
    meters: tuple[int, int] = (500, 1000)
    """Fewest and most meters of a feeder."""
    volts: bool = True
    """Whether every step is solved; otherwise the head is estimated from two solved states and meters have no volts."""

    def __post_init__(self) -> None:
        wrong = [f for f in self.formats if f not in FORMATS]
        if wrong:
            raise DtlError(f"unknown format {', '.join(wrong)}; the formats are {', '.join(FORMATS)}")
        if not 1 <= self.feeders <= 9999:
            raise DtlError(f"the number of feeders must be from 1 to 9999, it is {self.feeders}")
        if self.days < 0 or self.oms_years < 1 or self.seed < 0:
            raise DtlError("days and seed must not be negative, oms_years must be at least 1")
        if not 0 <= self.scada_years <= 30 or (self.scada_years and not self.days):
            raise DtlError(
                f"scada_years must be from 0 to 30, and SCADA needs days of meter data; they are {self.scada_years} "
                f"and {self.days}"
            )
        if not 10 <= self.meters[0] <= self.meters[1]:
            raise DtlError(f"meters must be two numbers from 10 up, the smaller one first; they are {self.meters}")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise DtlError(f"{self.zone} is not a time zone; write one such as America/Chicago") from error

    @property
    def end(self) -> date:
        """First local day after the meter data."""
        return self.start + timedelta(days=max(self.days, 1))

    @property
    def heads_start(self) -> date:
        """First local day of the SCADA of heads; 29 February becomes 28 February."""
        day = self.start.day if (self.start.month, self.start.day) != (2, 29) else 28
        return self.start.replace(year=self.start.year - self.scada_years, day=day) if self.scada_years else self.start

    @property
    def years(self) -> tuple[int, ...]:
        """Calendar years of outages and weather, ascending; they cover the data of meters and SCADA."""
        last = (self.end - timedelta(days=1)).year
        return tuple(range(min(last - self.oms_years + 1, self.heads_start.year), last + 1))

    def wants(self, *formats: str) -> bool:
        """Whether any of the formats is to be written."""
        return any(f in self.formats for f in formats)
