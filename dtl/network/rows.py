"""The rows of a table ``network``, feeder by feeder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa


def by_feeder(network: pa.Table) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows of each feeder of a table ``network``, which is sorted by feeder."""
    feeders = network["feeder"].cast(pa.string()).to_pylist()
    start = 0
    for i in range(1, len(feeders) + 1):
        if i == len(feeders) or feeders[i] != feeders[start]:
            yield feeders[start], network.slice(start, i - start).to_pylist()
            start = i
