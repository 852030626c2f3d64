"""What is said about a GIS: which layer is which class of asset, which column is what, which code means what."""

from __future__ import annotations

import glob
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from dtl.spec.base import Base, one_of, wrong
from dtl.spec.files import SourceFiles
from dtl.spec.names import GlobPath
from dtl.spec.oms import Texts
from dtl.spec.scalars import Positive, Text
from dtl.spec.shapes import ListShape, MapShape, TextShape, shape

AssetClass = Literal[
    "substation", "feeder", "conductor", "conductor_type", "transformer", "transformer_unit", "switch", "fuse",
    "regulator", "capacitor", "pole", "service_point", "generator", "association",
]  # fmt: skip
"""A class of assets; units and types are tables that others refer to."""


class ColumnRule(Base):
    """A field made of several columns; exactly one of the words."""

    join: list[Text] | None = Field(default=None, min_length=2)
    """Texts that are joined by a blank, as size and material of a conductor."""
    sum: list[Text] | None = Field(default=None, min_length=2)
    """Numbers that are added, as the energy of the months."""

    @model_validator(mode="after")
    def _one(self) -> ColumnRule:
        one_of(self, ("join", "sum"), "a column")
        return self


FieldColumns = Annotated[
    Annotated[Texts, TextShape] | Annotated[Texts, ListShape] | Annotated[ColumnRule, MapShape],
    shape("the name of a column", "a list of names of which the first counts", "a map with join or sum"),
]


class AssetColumns(Base):
    """Which column of a layer is what; case does not matter, and in shapefiles ten letters are enough."""

    id: FieldColumns | None = None
    """Key of the asset; of a service point that of the meter."""
    name: FieldColumns | None = None
    """Name by which other systems know it."""
    feeder: FieldColumns | None = None
    """Feeder that it is recorded for."""
    other_feeder: FieldColumns | None = None
    """Second feeder of a tie."""
    substation: FieldColumns | None = None
    """Substation that it belongs to."""
    area: FieldColumns | None = None
    """Planning area."""
    level: FieldColumns | None = None
    """primary, secondary or service; best said by `set` of the layer."""
    type: FieldColumns | None = None
    """Kind within the class, as breaker or recloser among switches."""
    placement: FieldColumns | None = None
    """overhead or underground."""
    phases: FieldColumns | None = None
    """Phases: letters A, B, C, or codes."""
    phases_low: FieldColumns | None = None
    """Phases of the low side of a transformer."""
    kv: FieldColumns | None = None
    """Nominal voltage, of a transformer on its high side: a number in kV, or text with V or kV."""
    kv_low: FieldColumns | None = None
    """Nominal voltage of the low side."""
    installed: FieldColumns | None = None
    """Day of installation."""
    head_node: FieldColumns | None = None
    """Node at which a feeder begins."""
    from_node: FieldColumns | None = None
    """Node of the beginning, of a transformer on its high side."""
    to_node: FieldColumns | None = None
    """Node of the end, of a transformer on its low side."""
    node: FieldColumns | None = None
    """The only node: of a capacitor or service point, of a transformer that on its high side."""
    pole: FieldColumns | None = None
    """Pole that it stands on, whose place counts where it has none."""
    other_pole: FieldColumns | None = None
    """Pole at the other end of a line."""
    conductor_id: FieldColumns | None = None
    """Conductor that a device stands on."""
    length: FieldColumns | None = None
    """Length of a conductor, in `length_unit`."""
    height: FieldColumns | None = None
    """Height of a pole, in `length_unit`."""
    conductor: FieldColumns | None = None
    """Type of the conductor."""
    neutral: FieldColumns | None = None
    """Type of its neutral."""
    kva: FieldColumns | None = None
    """Rated power [kVA]."""
    mva: FieldColumns | None = None
    """Rated power of a substation [MVA]."""
    kvar: FieldColumns | None = None
    """Rated power of a capacitor [kvar]."""
    kw: FieldColumns | None = None
    """Rated power of a generator [kW]."""
    rated_a: FieldColumns | None = None
    """Rated current of a device [A]."""
    normal_a: FieldColumns | None = None
    """Rating of a type of conductor in normal operation [A]."""
    emergency_a: FieldColumns | None = None
    """Its emergency rating [A]."""
    closed_a: FieldColumns | None = None
    """Whether the pole of phase A is normally closed, where no column holds for all poles."""
    closed_b: FieldColumns | None = None
    """Whether that of phase B is."""
    closed_c: FieldColumns | None = None
    """Whether that of phase C is."""
    closed: FieldColumns | None = None
    """Whether it conducts in normal operation."""
    scada_controlled: FieldColumns | None = None
    """Whether it is operated from afar."""
    high_connection: FieldColumns | None = None
    """Connection of the high side."""
    low_connection: FieldColumns | None = None
    """Connection of the low side."""
    tap_pu: FieldColumns | None = None
    """Tap position, per unit."""
    voltage_pu: FieldColumns | None = None
    """Voltage that is held at the head."""
    no_load_loss_w: FieldColumns | None = None
    """Losses without load [W]."""
    loss_w: FieldColumns | None = None
    """Losses at rated load, with those without load [W]."""
    r_pct: FieldColumns | None = None
    """Resistance of a transformer unit [%]."""
    x_pct: FieldColumns | None = None
    """Its reactance [%]."""
    r_ohm_per_km: FieldColumns | None = None
    """Resistance of a type of conductor [ohm/km]."""
    x_ohm_per_km: FieldColumns | None = None
    """Its reactance [ohm/km]."""
    set_v: FieldColumns | None = None
    """Voltage that a regulator holds [V]."""
    band_v: FieldColumns | None = None
    """Width of its band [V]."""
    pt_ratio: FieldColumns | None = None
    """Ratio of its voltage transformer."""
    ct_primary_a: FieldColumns | None = None
    """Primary rating of its current transformer [A]."""
    transformer: FieldColumns | None = None
    """Transformer that it is recorded for."""
    service: FieldColumns | None = None
    """Service drop of a service point."""
    customer: FieldColumns | None = None
    """Account of the customer."""
    customer_class: FieldColumns | None = None
    """Class of the customer, or its rate."""
    address: FieldColumns | None = None
    """Address, with its number; meters of one address are taken to be fed from one place."""
    annual_kwh: FieldColumns | None = None
    """Energy of a year [kWh]."""
    global_id: FieldColumns | None = None
    """Key by which associations name it."""
    relation: FieldColumns | None = None
    """What an association says: connectivity, containment or attachment."""
    from_id: FieldColumns | None = None
    """Key of its first member; the structure or container, where it has one."""
    to_id: FieldColumns | None = None
    """Key of its second member."""
    from_terminal: FieldColumns | None = None
    """Terminal of its first member; of a conductor that of the device at its beginning."""
    to_terminal: FieldColumns | None = None
    """Terminal of its second member; of a conductor that of the device at its end."""
    x: FieldColumns | None = None
    """Easting or longitude, in a CSV without shapes."""
    y: FieldColumns | None = None
    """Northing or latitude."""


AnyClass = Literal[
    "every", "substation", "feeder", "conductor", "conductor_type", "transformer", "transformer_unit", "switch", "fuse",
    "regulator", "capacitor", "pole", "service_point", "generator", "association",
]  # fmt: skip

GisColumns = dict[AnyClass, AssetColumns]
"""Columns by class; what stands under `every` holds for all classes that do not say otherwise."""

Values = Annotated[list[Text], Field(min_length=1)]
CodeTable = dict[Text, str]


class GisLayer(Base):
    """What one layer holds."""

    class_: AssetClass
    """The class of its assets."""
    columns: AssetColumns | None = None
    """Columns of this layer that differ from those of its class."""
    set: dict[Literal["level", "type", "placement", "feeder", "phases", "kv", "conductor", "customer_class"], Text] = {}
    """Values that all its assets have where no column states another."""
    codes: dict[Text, CodeTable] = {}
    """Code tables of this layer, by field."""
    where: dict[Text, Values] = {}
    """Rows that are of the class: columns and the values that they may have."""
    prefix: Text | None = None
    """What is put before its ids, where ids are unique within a layer only."""


GisLayers = dict[
    Text,
    Annotated[
        Annotated[AssetClass, TextShape] | Annotated[GisLayer, MapShape]
        | Annotated[Annotated[list[GisLayer], Field(min_length=1)], ListShape],
        shape("a class of assets", "a map", "a list of maps, one for each class in the layer"),
    ],
]  # fmt: skip


class RelatedSum(Base):
    """A column whose rows are added."""

    sum: Text
    """The column of the other layer, as the kvar of a bank's units."""


class GisRelation(Base):
    """How the rows of a layer belong to those of another one, as wires to a conductor and units to a bank."""

    by: Annotated[dict[Text, Text], Field(min_length=1)]
    """Columns by which they belong together: the layer's own, and that of the other layer, as OBJECTID."""
    columns: Annotated[
        dict[
            Text,
            Annotated[
                Annotated[Text, TextShape] | Annotated[RelatedSum, MapShape],
                shape("the name of a column", "a map with sum"),
            ],
        ],
        Field(min_length=1),
    ]
    """Columns that are taken over: the name that each gets, and its name in the other layer, or their sum."""
    where: dict[Text, Values] = {}
    """Rows of the other layer that count: columns and the values that they may have."""


def _day_format(value: str) -> str:
    """A format that holds a day: what it writes it must read again."""
    when = datetime(2019, 11, 23)
    try:
        same = datetime.strptime(when.strftime(value), value) == when
    except ValueError:
        same = False
    if not same:
        raise wrong("unknown-value", f"'{value}' is no format of a day; write it as %d/%m/%Y")
    return value


DayFormat = Annotated[Text, AfterValidator(_day_format)]
"""A format of `strptime` that holds a day."""


class Gis(SourceFiles):
    """Assets, service points and topology from a geographic information system."""

    kind: Literal["gis"]
    path: GlobPath
    """File geodatabase (folder or .gdb.zip), GeoPackage, shapefiles, GeoJSON or CSV; a folder stands for all in it."""
    columns: Annotated[
        Annotated[Literal["ours", "arcfm", "esri_un", "bdgd"], TextShape] | Annotated[GisColumns, MapShape],
        shape("the name of a column map", "a map of classes"),
    ] = "ours"
    """The column map: one that we ship, or your own, by class of assets."""
    layers: GisLayers | None = None
    """Which layer (or file) is which class; ``*`` and ``?`` are wildcards. None: those of the column map."""
    related: dict[Text, Annotated[dict[Text, GisRelation], Field(min_length=1)]] | None = None
    """Columns that a layer takes from others, by layer and related layer; None: those of the column map."""
    codes: dict[Text, CodeTable] | None = None
    """What codes mean, by field, in place of those of the column map."""
    keep: dict[Text, Values] | None = None
    """Rows that count, as those in service: columns and the values that they may have, or blank. None: the map's."""
    nothing: list[Text] | None = None
    """Words that stand for no value in columns of text, as <Null>."""
    crs: Text | None = None
    """The coordinate system, as EPSG:3435, where the files do not say it."""
    to_crs: Text | None = None
    """The working system, projected in metres; none: that of the first layer, else the UTM zone of its middle."""
    snap_m: Positive = 0.5
    """Distance within which ends of lines are one [m]."""
    length_unit: Literal["m", "km", "ft", "us_ft", "mi"] | None = None
    """The unit of length columns, where the column map does not say it."""
    voltage_unit: Literal["kV", "V"] | None = None
    """The unit of voltages that are numbers only; none: kV, or V where a number is too high for kV."""
    decimal: Literal[".", ","] = "."
    """The decimal point of numbers in columns of text, as in a CSV."""
    date_format: DayFormat | None = None
    """How a day is written, as %d/%m/%Y; none: that of the column map, else ISO 8601."""

    def files(self, folder: Path) -> list[Path]:
        """The files and, of each shapefile, those that belong to it, sorted; ``folder`` is that of the study."""
        found = set(super().files(folder))
        for shape_file in [p for p in found if p.suffix.lower() == ".shp"]:
            found |= {p for p in shape_file.parent.glob(f"{glob.escape(shape_file.stem)}.*") if p.is_file()}
        return sorted(found)
