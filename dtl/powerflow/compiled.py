"""How loops are compiled: by numba, once per machine, when the module that holds them is imported.

The machine code is kept beside the source file; where that folder cannot be written, in ``NUMBA_CACHE_DIR`` or the
user's cache folder; and where there is none either, for the life of the process. It does not depend on
``PYTHONDONTWRITEBYTECODE``. Since a signature is given, nothing is left to compile or to load at the first call: a
process that was forked after the import has everything at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core.typing.templates import Signature

_SETTINGS: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract", "nsz", "arcp"}}


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """A loop that compiled ones call: it becomes part of their machine code."""
    made: Callable[..., Any] = njit(forceinline=True, **_SETTINGS)(function)
    return made


def compiled(
    signature: Signature | list[Signature], **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # fmt: skip
    """A decorator that compiles a loop for arguments of the given types, or once for each of several.

    Floating point may contract and drop the sign of zero, but keeps NaN and the order of sums: the same machine code
    gives the same bytes. A division by zero gives infinity.
    """
    settings = _SETTINGS | options

    def compile_(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            made: Callable[..., Any] = njit(signature, cache=True, **settings)(function)
        except RuntimeError as err:
            if "cannot cache function" not in str(err):
                raise
            made = njit(signature, **settings)(function)
        return made

    return compile_
