"""Tables of what is given, made for tests of learning."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from dtl import tables


def scada(loads: dict[str, pd.Series], phases: str = "") -> pa.Table:
    """The table ``scada`` of kW by feeder, on one phase or all together; naive UTC indices."""
    parts = []
    for feeder, series in loads.items():
        n = len(series)
        given = {
            "source": "s",
            "feeder": feeder,
            "device": "head",
            "quantity": "kw",
            "phases": phases,
            "quality": "good",
        }
        columns = {name: [word] * n for name, word in given.items()}
        stamps = series.index.tz_localize("UTC").to_pydatetime()
        parts.append(
            tables.frame("scada", {**columns, "interval_min": [60] * n, "start": stamps, "value": series.to_numpy()})
        )
    return tables.concat("scada", parts)


def weather(temp: pd.Series) -> pa.Table:
    """The table ``weather`` of one point; naive UTC index."""
    n = len(temp)
    columns = {"source": ["w"] * n, "point": ["p"] * n, "latitude_deg": [40.0] * n, "longitude_deg": [-90.0] * n}
    stamps = temp.index.tz_localize("UTC").to_pydatetime()
    return tables.frame("weather", {**columns, "start": stamps, "temp_c": temp.to_numpy(np.float32)})


def readings(kwh: dict[str, pd.Series]) -> pa.Table:
    """The table ``readings`` of energy by meter; naive UTC indices."""
    parts = []
    for meter, series in kwh.items():
        stamps = series.index.tz_localize("UTC").to_pydatetime()
        n = len(series)
        columns = {"meter": [meter] * n, "start": stamps, "kwh": series.to_numpy(np.float32), "flag": ["measured"] * n}
        columns["interval_min"] = [int((stamps[1] - stamps[0]).total_seconds() / 60)] * n
        parts.append(tables.frame("readings", columns))
    return tables.concat("readings", parts)
