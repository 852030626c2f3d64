"""A real utility's geodatabase: imported whole, and the transformer of each of its 13,300 customers found again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest

from dtl.sources import gis
from dtl.sources.gis_customers import transformers_of
from dtl.sources.reading import Reading


@pytest.fixture(scope="module")
def archive(samples: Path) -> Path:
    (found,) = (samples / "gis" / "bdgd_mux_2024").glob("*.gdb.zip")
    return found


@pytest.fixture(scope="module")
def reading(archive: Path) -> Reading:
    return gis.read("gis", {"kind": "gis", "path": archive.name, "columns": "bdgd"}, {archive.name: archive})


@pytest.fixture(scope="module")
def customers(archive: Path, reading: Reading) -> pd.DataFrame:
    """All customers of low voltage at their pole, in service or not, with the transformer that is to be found."""
    poles = reading.tables["assets"].to_pandas().query("kind == 'pole'").set_index("asset")
    columns = ["PAC", "PN_CON", "UNI_TR_MT"]
    found = pyogrio.read_dataframe(archive, layer="UCBT_tab", columns=columns, read_geometry=False)
    return found.join(poles[["x", "y"]], on="PN_CON")


def test_every_layer_and_column_has_a_verdict(archive: Path, reading: Reading) -> None:
    told: dict[str, set[str]] = {}
    for row in reading.conversion.values():
        if row["object"].startswith("[layer]"):
            told.setdefault(row["object"].rpartition(":")[2], set()).add(row["property"])
    for layer, _ in pyogrio.list_layers(archive):
        assert set(pyogrio.read_info(archive, layer=layer)["fields"]) <= told[layer], layer


def test_counts_and_lengths_are_those_of_the_utility(reading: Reading) -> None:
    edges = reading.tables["gis_edges"].to_pandas()
    lines = edges[edges["kind"] == "conductor"].groupby("level", observed=True)["length_m"].sum() / 1000
    assert lines["primary"] == pytest.approx(87.4, abs=0.05) and lines["secondary"] == pytest.approx(125.4, abs=0.05)
    assert (edges["kind"] == "transformer").sum() == 273
    assert ((edges["kind"] == "switch") & ~edges["closed"]).sum() == 32
    assert reading.tables["service_points"].num_rows == 12_977
    assert [f for f in reading.findings if f.severity == "error"] == []


def test_every_line_belongs_to_one_of_two_feeders(reading: Reading) -> None:
    edges = reading.tables["gis_edges"].to_pandas()
    lines = edges[edges["kind"] == "conductor"]
    assert set(lines["head"]) == {"1_TAP2_1", "2_TAP2_1"}
    assert (lines["head"].astype(str) == lines["feeder"].astype(str)).mean() > 0.999
    low = lines[lines["level"] != "primary"]
    assert (low["transformer"] == low["recorded_transformer"]).mean() > 0.999


@pytest.mark.parametrize(
    ("ids", "recorded", "least"),
    [(True, False, 0.99), (False, True, 0.95), (False, False, 0.85)],
    ids=["by ids of nodes", "by places and the lines' transformer", "by places alone"],
)
def test_customers_get_their_transformer(
    reading: Reading, customers: pd.DataFrame, ids: bool, recorded: bool, least: float
) -> None:
    at = customers[["x", "y"]].to_numpy(float)
    assert len(at) == 13_300
    found = transformers_of(
        reading.tables["gis_edges"], customers["PAC"].to_numpy(object), at, ids=ids, recorded=recorded
    )
    right = (found["transformer"].to_numpy() == customers["UNI_TR_MT"].to_numpy()).mean()
    assert right >= least
    assert np.isin(found["basis"], ["connectivity" if ids else "nearest"]).mean() > 0.99
    nearest = _nearest(reading, at) == customers["UNI_TR_MT"].to_numpy()
    assert nearest.mean() == pytest.approx(0.733, abs=0.002)
    assert right > nearest.mean() + 0.1


def _nearest(reading: Reading, at: np.ndarray) -> np.ndarray:
    units = reading.tables["assets"].to_pandas().query("kind == 'transformer'")
    place = units[["x", "y"]].to_numpy(float)
    away = ((at[:, None, :] - place[None]) ** 2).sum(axis=2)
    return units["asset"].to_numpy()[away.argmin(axis=1)]
