"""The rows of some feeders in a table of many."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables


def of_feeders(table: pa.Table, feeders: Sequence[str]) -> pa.Table:
    """The rows of `feeders`, in their order in the table."""
    return table.filter(pc.is_in(table["feeder"].cast(tables.TEXT), pa.array(feeders, tables.TEXT)))
