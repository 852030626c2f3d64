"""The README of a written utility: which file means what, and in which units and times."""

from __future__ import annotations

from typing import Any

from dtl.synth.settings import Settings
from dtl.synth.system import EPSG

TEXT = """# A synthetic utility

{feeders} feeders, {meters} meters, {transformers} transformers, {line_km} km of medium-voltage line; seed {seed}.
Nothing here is real. `truth/` holds the answers; a reader that is to be tested must not look there. Written by
`dtl synth utility`; equal settings give equal bytes.

- `gis/utility.gdb.zip`, `gis/shp/`, `gis/geojson/`, `gis/csv/`: the same feature classes four times, EPSG:{epsg} (the
  CSV does not say so), GeoJSON in longitude and latitude.
- `cyme/<feeder>/network.txt`, `load.txt` and `cyme/equipment.txt`: CYME text 5.04, SI; `cyme_system/`: all feeders.
- `cyme_xml/<feeder>.sxst`: the same feeder as a self-contained study.
- `opendss/<feeder>/Master.dss`: the truth, with its low-voltage lines and one load per meter.
- `ami/parquet/feeder=*/`, `ami/csv/`, `ami/wide/`: meter data of {step_min} minutes; labels are interval **ends** in
  {zone} wall time.
- `scada/*.csv`, `scada_tags.csv`: UTC, interval **start**, state of the interval. Power and voltage of the heads begin
  on {heads}; before the meter data they are estimated from what the meters take, with it they are solved.
- `oms/outages.csv`, `oms/restoration_steps.csv`: {zone} wall time as `MM/DD/YYYY HH:MM`; CMI is step-wise and counts
  interruptions of more than five minutes.
- `weather/<substation>.json`, `.csv`: the archive service's schema, GMT; sums and radiation are of the preceding hour.
- `registers/generators.csv`, `forecast.csv`, `costs.csv`.

Facts that a mapping must state:

- GIS: `PHASEDESIGNATION` is a bit mask A=4, B=2, C=1; `MEASUREDLENGTH` in feet; `NORMALPOSITION` 1 is closed. A device
  stands on the second vertex of its conductor, a transformer on its node, a tie switch on the middle vertex.
- CYME: the source holds its `DesiredVoltage` at the head, its impedance acts in faults only. Overhead lines are by
  phase; impedances of the truth are those at 50 degrees (`R50`), earth 100 ohm m. Transformer `TX00010002` of the GIS
  is called `XF-00010002` in CYME and in the outage system. `KVLLsec` of single-phase units is their 240 V times the
  root of three. Ratings: `Amps` normal, `Amps_1` summer, `Amps_2` winter, `Amps_3` emergency. Loads are the expected
  demand in the design hour, 35 degrees in the late afternoon of a working day.
- Meter data: `KWH_DEL` and `KWH_REC` are delivered and received energy, net is their difference. Volts are phase to
  neutral, or across the 240 V of a single-phase transformer. Parquet rows are in order of time; long CSV rows are
  sorted by label, so the two passes of the autumn hour stand side by side; the wide CSV numbers the intervals of a
  local day (92, 96 or 100 of 15 minutes).
- Volts that meters report have errors of their own: a constant one of 0.1 per cent and noise of 0.05 V; truth has none.
- A meter without supply reads 0 kWh and 0 V.
- SCADA signs: positive into the feeder. Taps are steps of 0.625 per cent. Bad quality is `BAD`.
"""


def guide(settings: Settings, summary: dict[str, Any]) -> str:
    """The text of the README."""
    return TEXT.format(
        feeders=summary["feeders"], meters=summary["meters"], transformers=summary["transformers"],
        line_km=summary["line_km"],
        heads=settings.heads_start, seed=settings.seed, epsg=EPSG, zone=settings.zone, step_min=settings.step_min,
    )  # fmt: skip
