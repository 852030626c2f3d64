"""The verb `dtl store`: how large the store is, how it is kept small, whether it tells the truth."""

from __future__ import annotations

import re

from dtl.errors import StoreError
from dtl.workflow.again import again
from dtl.workflow.store import Store

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def run(what: str, maximum: str, sample: str, seed: str) -> int:
    """Print the size of the store, prune or verify it; 1 if something is wrong with it."""
    store = Store()
    if what == "size":
        return _size(store)
    if what == "prune":
        gone = store.prune(size_of(maximum))
        print(f"{len(gone)} answers discarded, {sum(b for _, b in store.size().values()) / 1e6:.1f} MB kept")
        return 0
    wrong = store.verify()
    for key in wrong:
        print(f"{store.shelf(key)}: is not what was shelved; it will be computed again when it is asked for")
    print(f"{len(store.known())} answers, {len(wrong)} wrong")
    different = again(store, share_of(sample), seed)
    return 1 if wrong or different else 0


def _size(store: Store) -> int:
    found = store.size()
    for stage, (count, size) in sorted(found.items()):
        print(f"{stage:<16} {count:>7} answers {size / 1e6:>10.1f} MB")
    print(
        f"{'in all':<16} {sum(c for c, _ in found.values()):>7} answers"
        f" {sum(b for _, b in found.values()) / 1e6:>10.1f} MB"
    )
    return 0


def size_of(text: str) -> int:
    """Bytes of a text such as ``5GB``, ``500 MB`` or ``1000``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", text.strip(), flags=re.IGNORECASE)
    if not found:
        raise StoreError(f"{text!r} is no size; write it as 5GB or 500MB")
    return int(float(found[1]) * UNITS[found[2].upper()])


def share_of(text: str) -> float:
    """The number of a text such as ``1%``, as a share."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text.strip())
    if not found or float(found[1]) > 100:
        raise StoreError(f"{text!r} is no share; write it as 1%")
    return float(found[1]) / 100
