"""The compiled loop of the criteria: the largest excess of each column and its row, in one pass over the values."""

from __future__ import annotations

from numba import types

from dtl.powerflow.compiled import compiled

COUNTS, ONLY_IF_WORSE, IGNORED, CHANGE = range(4)
"""What a value is judged by: its limit; its limit or a worse base; its limit where the base holds; its change."""

_I = types.int64[::1]
_F = types.float64[::1]
_FF = types.float64[:, ::1]


@compiled(types.void(_FF, _FF, _I, _F, types.float64, types.float64, types.int64, _F, _I))
def largest(now, base, rows, limit, sign, worse, mode, out, at):  # type: ignore[no-untyped-def]
    """Fill ``out`` and ``at``, shape (columns,), from values (rows of all, columns) of ``now`` and ``base``.

    ``rows`` are those to judge, ``limit`` theirs; ``at`` counts among ``rows``.
    """
    for t in range(len(out)):
        out[t] = -1e300
        at[t] = 0
    for k in range(len(rows)):
        a = now[rows[k]]
        b = base[rows[k]]
        top = limit[k]
        for t in range(len(out)):
            if mode == 3:
                over = abs(a[t] - b[t]) - top
            else:
                over = sign * a[t] - top
                if mode != 0 and sign * b[t] > top:
                    over = sign * (a[t] - b[t]) - worse if mode == 1 else -1e300
            if over > out[t]:
                out[t] = over
                at[t] = k
