"""What a column says about daylight saving, row by row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dtl.sources.ami_columns import folded

STRANGE, UNTOLD, STANDARD, SUMMER = -2, -1, 0, 1
"""A word without meaning, no word, a clock without daylight saving, and one with it."""
WORDS = {
    "": UNTOLD,
    **dict.fromkeys(("y", "yes", "t", "true", "1", "dst", "dt", "d", "s", "summer"), SUMMER),
    **dict.fromkeys(("n", "no", "f", "false", "0", "std", "st", "standard", "w", "winter"), STANDARD),
}


def daylight(column: pa.ChunkedArray) -> NDArray[np.int8]:
    """What each row of a column of words says."""
    words = column.combine_chunks()
    words = words if pa.types.is_dictionary(words.type) else words.dictionary_encode()
    codes = np.array([WORDS.get(folded(w or ""), STRANGE) for w in words.dictionary.to_pylist()] or [UNTOLD], np.int8)
    told = codes[words.indices.fill_null(0).to_numpy(zero_copy_only=False)]
    return np.where(words.indices.is_valid().to_numpy(zero_copy_only=False), told, np.int8(UNTOLD))
