"""The sources of a study: which files there are, of which kind, and what must be said to read them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from dtl.spec.ami import Ami
from dtl.spec.base import wrong
from dtl.spec.files import SourceFiles, expand
from dtl.spec.gis import Gis
from dtl.spec.measured import Costs, Forecast, Generators, OpenMeteo, Scada, WeatherFile
from dtl.spec.names import CsvPath, FeederPath, FilePath, GlobPath
from dtl.spec.oms import Alias, Causes, OutageColumns, StepColumns, TimeFormat
from dtl.spec.results import CymeResults
from dtl.spec.scalars import Count, Frequency, Positive, SourceZone, Text, Whole
from dtl.spec.scripts import above
from dtl.spec.shapes import MapShape, TextShape, shape

Rating = Literal["normal", "summer", "winter", "emergency"]


class OpenDss(SourceFiles):
    """An OpenDSS model: a master file and all that it redirects to."""

    paths: ClassVar[tuple[str, ...]] = ()
    kind: Literal["opendss"]
    path: GlobPath
    """The master file; several are one feeder each."""
    copy_root: FilePath | None = None
    """The folder that holds all files of the model, where the master redirects to folders outside of the study's."""
    buscoords: FilePath | None = None
    """A CSV of bus coordinates (bus, x, y), if the master does not read one."""
    crs: Text | None = None
    """The coordinate system of the bus coordinates, as EPSG:3435; none: a schematic plan."""

    def files(self, folder: Path) -> list[Path]:
        """All files but YAML below the folder of the master (or below ``copy_root``), and those of the study that its
        scripts name by a path with ``..``; sorted."""
        found = expand(folder, self.copy_root) if self.copy_root else set()
        if not self.copy_root:
            for master in expand(folder, self.path):
                found |= expand(master.parent, ".")
            found |= above((p for p in found if p.suffix.lower() in (".dss", ".txt") and p.is_file()), folder)
        if self.buscoords:
            found |= expand(folder, self.buscoords)
        return sorted(p for p in found if p.suffix not in (".yaml", ".yml"))


class _Cyme(SourceFiles):
    """A CYME model."""

    paths: ClassVar[tuple[str, ...]] = ("path", "equipment")
    path: FeederPath
    """The network and load files; {feeder} binds a set of files to a feeder."""
    equipment: GlobPath | None = None
    """The equipment library, if it does not stand beside the network."""
    ratings: dict[Rating, Text] = {}
    """Which rating column of the library is which of our ratings; otherwise normal is the column Amps."""
    distributed: Literal["split_ends", "middle", "from_end", "to_end"] = "split_ends"
    """Where a load that is spread along a section sits: half at each end, in the middle, or at one end."""
    tap_changers: Literal["percent", "v_120", "kv"] | None = None
    """The unit of set points and bands of load tap changers: per cent of the secondary's rated voltage, volts on the
    base of 120, or kV from line to line. None: they are told, and transformers stand at their taps."""
    missing: Literal["fail", "default"] = "fail"
    """What a device does whose equipment is not in the file: fail its feeder, or take the entry DEFAULT."""
    frequency_hz: Frequency = 60
    """Frequency of the system, which the files do not state [Hz]."""


class CymeText(_Cyme):
    """A CYME model as text export: network, load and equipment files."""

    kind: Literal["cyme_text"]
    units: Literal["as_marked", "si", "imperial"] = "as_marked"
    """The units of the files; as_marked reads the block in each file, the others must agree with it."""


class CymeXml(_Cyme):
    """A CYME model as self-contained study (``.sxst``), always in SI units."""

    kind: Literal["cyme_xml"]


class CymeMdb(_Cyme):
    """A CYME model as Access database, in one file or several (network and equipment), always in SI units."""

    kind: Literal["cyme_mdb"]


class Pandapower(SourceFiles):
    """Pandapower networks as JSON; each file is solved as a whole and is named like the file."""

    kind: Literal["pandapower"]
    path: GlobPath
    """The JSON files."""
    each_file: Literal["feeder", "grid"] = "feeder"
    """What a file holds: one feeder, so that several external grids are worth a warning, or a whole grid."""
    crs: Text | None = None
    """The coordinate system of the places, as EPSG:4326; none: a schematic plan."""


class Cim(SourceFiles):
    """A network in CIM (IEC 61970/61968) XML: the feeders that the files contain."""

    kind: Literal["cim"]
    path: GlobPath
    """The profile files, which belong together."""
    crs: Text | None = None
    """The coordinate system of the places, as EPSG:4326, where the files do not name one."""
    frequency_hz: Frequency = 60
    """Frequency of the system, which the files do not state [Hz]."""


class MiniTwin(SourceFiles):
    """Small low-voltage feeders as JSON, each file one feeder of nodes and cables behind one transformer."""

    kind: Literal["mini_twin"]
    path: GlobPath
    """The JSON files."""
    zero_sequence: Positive = 4.0
    """Zero-sequence impedance of cables over that of the positive sequence, which the files do not state [-]."""
    frequency_hz: Frequency = 50
    """Frequency of the system, which the files do not state [Hz]."""


class Oms(SourceFiles):
    """Outages from an outage management system."""

    paths: ClassVar[tuple[str, ...]] = ("path", "steps")
    kind: Literal["oms"]
    path: GlobPath
    """The outages: CSV or Excel; several files are read as one."""
    steps: CsvPath | None = None
    """The restoration steps, in a file of their own; none: every interruption ends for all at once."""
    columns: Annotated[
        Annotated[Literal["ours", "usual"], TextShape] | Annotated[OutageColumns, MapShape],
        shape("the name of a column map", "a map"),
    ] = "ours"
    """The column map of the outages: one that we ship, or your own."""
    step_columns: Annotated[
        Annotated[Literal["ours", "usual"], TextShape] | Annotated[StepColumns, MapShape],
        shape("the name of a column map", "a map"),
    ] = "ours"
    """The column map of the restoration steps."""
    zone: SourceZone = "local"
    """The clock of the stamps: local, standard (no daylight saving), UTC or a zone's name."""
    each_row: Literal["interruption", "step"] = "interruption"
    """What a row of the outages is: an interruption, or a step of one, so that rows of one id belong together."""
    time_format: TimeFormat | None = None
    """How a stamp is written, as %m/%d/%Y %H:%M; excel is a serial number; none: ISO 8601, or a date cell of Excel."""
    causes: Causes = "ours"
    """Which code is which cause of the normalized set."""
    feeder_names: Alias | None = None
    """How a feeder's name becomes one of the model; none: it is the same."""
    device_names: Alias | None = None
    """How a device's name becomes one of the model; none: it is the same."""
    customers_served: (
        Annotated[
            Annotated[CsvPath, TextShape] | Annotated[dict[Text, Positive], MapShape],
            shape("a CSV (feeder, customers, and if known year, kva)", "a map of feeders"),
        ]
        | None
    ) = None
    """Average customers served by feeder; none: those of the model's loads, the meters where they are linked."""
    sheets: list[Text] | None = Field(default=None, min_length=1)
    """The sheets of an Excel file; none: the first."""
    header_row: Count = 1
    """Row of the column names."""
    skip_footer: Annotated[Whole, Field(ge=0, le=1000)] = 0
    """Rows at the end that are no interruptions, as totals."""

    @model_validator(mode="after")
    def _steps_once(self) -> Oms:
        if isinstance(self.columns, OutageColumns) and self.columns.steps and (self.steps or self.each_row == "step"):
            other = "a table of their own" if self.steps else "rows"
            raise wrong("one-of", f"the steps stand in columns and in {other}; say one of the two", "columns")
        return self

    def files(self, folder: Path) -> list[Path]:
        """The outages, their steps and the customers served, sorted; ``folder`` is that of the study."""
        served = self.customers_served
        more = expand(folder, served) if isinstance(served, str) else set()
        return sorted({*super().files(folder), *more})


Source = Annotated[
    OpenDss
    | CymeText
    | CymeXml
    | CymeMdb
    | CymeResults
    | Gis
    | Pandapower
    | MiniTwin
    | Cim
    | Oms
    | Ami
    | Scada
    | OpenMeteo
    | WeatherFile
    | Generators
    | Forecast
    | Costs,
    Field(discriminator="kind"),
]
"""A source, told by its ``kind``."""
