"""The compiled loops over a solved block: currents, powers and losses of elements, and voltages per unit.

``LANES`` hours are worked on at a time, so that what is read and written stays in the processor's cache.
"""

from __future__ import annotations

import numpy as np
from numba import types

from dtl.powerflow.compiled import compiled, inner
from dtl.powerflow.lanes import LANES, fill, imag_at, larger, load, real_at, root, runs, store, store_at

_I = types.int64[::1]
_F = types.float64[::1]
_FF = types.float64[:, ::1]
_CC = types.complex128[:, ::1]


@inner
def _split(values, first, last, out):  # type: ignore[no-untyped-def]
    """Real and imaginary parts of some columns as runs, rows re and im; lanes without a column are 0."""
    lanes = last - first
    if lanes == LANES:
        for n in range(len(values)):
            store(out, 2 * n, real_at(values, n, first))
            store(out, 2 * n + 1, imag_at(values, n, first))
        return
    for n in range(len(values)):
        row = values[n, first:last]
        for t in range(lanes):
            out[2 * n, t] = row[t].real
            out[2 * n + 1, t] = row[t].imag
        for t in range(lanes, LANES):
            out[2 * n, t] = 0.0
            out[2 * n + 1, t] = 0.0


@inner
def _written(runs_of, each, at, out, first, lanes):  # type: ignore[no-untyped-def]
    """Write every `each`-th run, from number `at`, to the rows of ``out``, from hour ``first`` on."""
    for k in range(len(out)):
        if lanes == LANES:
            store_at(out, k, first, load(runs_of, each * k + at))
        else:
            for t in range(lanes):
                out[k, first + t] = runs_of[each * k + at, t]


@compiled(types.void(_I, _I, _F, _F, _CC, _CC, _I, _I, _I, _I, _FF, _FF, _FF, _FF))
def flows(  # type: ignore[no-untyped-def]
    start, column, re, im, moving, volts, row_node, element, series, phase, amps, kw, kvar, loss
):
    """Currents of all rows, summed up by element.

    ``start`` to ``im`` are the admittance of the first rows; ``moving`` holds the currents of those after them. Each
    row has its node, its element, and the series elements of whose head terminal and of whose phases it is (-1: none).
    Out go ``amps`` (largest of the phases), ``kw``, ``kvar`` and ``loss`` [kW], each shape (elements, hours).
    """
    fixed, hours = len(start) - 1, volts.shape[1]
    v = runs(2 * len(volts))
    moved = runs(2 * len(moving))
    squares = runs(len(amps))
    taken = runs(2 * len(kw))
    lost = runs(len(loss))
    kilo = fill(1e-3)
    for first in range(0, hours, LANES):
        last = min(first + LANES, hours)
        _split(volts, first, last, v)
        _split(moving, first, last, moved)
        squares[:] = 0.0
        taken[:] = 0.0
        lost[:] = 0.0
        for r in range(len(row_node)):
            ir = fill(0.0)
            ii = fill(0.0)
            if r < fixed:
                for e in range(start[r], start[r + 1]):
                    a = fill(re[e])
                    b = fill(im[e])
                    vr = load(v, 2 * column[e])
                    vi = load(v, 2 * column[e] + 1)
                    ir = ir + a * vr - b * vi
                    ii = ii + a * vi + b * vr
            else:
                ir = load(moved, 2 * (r - fixed))
                ii = load(moved, 2 * (r - fixed) + 1)
            vr = load(v, 2 * row_node[r])
            vi = load(v, 2 * row_node[r] + 1)
            active = kilo * (vr * ir + vi * ii)
            store(lost, element[r], load(lost, element[r]) + active)
            k = series[r]
            if k >= 0:
                store(taken, 2 * k, load(taken, 2 * k) + active)
                store(taken, 2 * k + 1, load(taken, 2 * k + 1) + kilo * (vi * ir - vr * ii))
            if phase[r] >= 0:
                store(squares, phase[r], larger(ir * ir + ii * ii, load(squares, phase[r])))
        lanes = last - first
        for k in range(len(amps)):
            store(squares, k, root(load(squares, k)))
        _written(squares, 1, 0, amps, first, lanes)
        _written(taken, 2, 0, kw, first, lanes)
        _written(taken, 2, 1, kvar, first, lanes)
        _written(lost, 1, 0, loss, first, lanes)


@compiled(types.void(_CC, _I, _I, _F, _I, _FF, _FF, _FF))
def per_unit(volts, plus, minus, per_volt, bus, pu, low, high):  # type: ignore[no-untyped-def]
    """Magnitudes ``pu`` between the nodes ``plus`` and ``minus``, and the lowest and the highest of each bus."""
    hours = volts.shape[1]
    for r in range(len(plus)):
        a = plus[r]
        b = minus[r]
        s = per_volt[r]
        if b:
            for t in range(hours):
                x = volts[a, t].real - volts[b, t].real
                y = volts[a, t].imag - volts[b, t].imag
                pu[r, t] = np.sqrt(x * x + y * y) * s
        else:
            for t in range(hours):
                x = volts[a, t].real
                y = volts[a, t].imag
                pu[r, t] = np.sqrt(x * x + y * y) * s
        m = bus[r]
        if r == 0 or bus[r - 1] != m:
            for t in range(hours):
                low[m, t] = pu[r, t]
                high[m, t] = pu[r, t]
        else:
            for t in range(hours):
                low[m, t] = min(low[m, t], pu[r, t])
                high[m, t] = max(high[m, t], pu[r, t])


@compiled(types.void(_FF, _FF, _F, _F, _F))
def severity(low, high, low_limit, high_limit, out):  # type: ignore[no-untyped-def]
    """How far the voltages of some bus lie outside of its limits in each hour at most, negative if all are inside."""
    out[:] = -np.inf
    for m in range(len(low)):
        for t in range(len(out)):
            out[t] = max(out[t], low_limit[m] - low[m, t], high[m, t] - high_limit[m])


@compiled(types.void(_CC, _I, _I, _I, _F, _FF))
def squares(volts, plus, minus, owner, scale, out):  # type: ignore[no-untyped-def]
    """Sums ``out`` by owner of the scaled squares of the voltages between the nodes ``plus`` and ``minus``."""
    out[:] = 0.0
    for k in range(len(plus)):
        a = volts[plus[k]]
        b = volts[minus[k]]
        s = scale[k]
        total = out[owner[k]]
        for t in range(len(total)):
            x = a[t].real - b[t].real
            y = a[t].imag - b[t].imag
            total[t] += s * (x * x + y * y)
