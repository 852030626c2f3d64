"""The compiled loops over a solved block: currents, powers and losses of elements, and voltages per unit.

``LANES`` hours are worked on at a time, so that what is read and written stays in the processor's cache.
"""

from __future__ import annotations

import numpy as np
from numba import types

from dtl.powerflow.compiled import compiled

LANES = 32

_I = types.int64[::1]
_F = types.float64[::1]
_FF = types.float64[:, ::1]
_CC = types.complex128[:, ::1]


@compiled(types.void(_I, _I, _F, _F, _CC, _CC, _I, _I, _I, _I, _FF, _CC, _FF))
def flows(  # type: ignore[no-untyped-def]
    start, column, re, im, moving, volts, row_node, element, series, phase, amps, power, loss
):
    """Currents of all rows, summed up by element.

    ``start`` to ``im`` are the admittance of the first rows; ``moving`` holds the currents of those after them. Each
    row has its node, its element, and the series elements of whose head terminal and of whose phases it is (-1: none).
    Out go ``amps`` (largest of the phases), ``power`` [kVA] and ``loss`` [kW], each shape (elements, hours).
    """
    fixed = len(start) - 1
    nodes, hours = volts.shape
    v = np.empty((nodes, 2, LANES))
    ir = np.empty(LANES)
    ii = np.empty(LANES)
    for first in range(0, hours, LANES):
        last = min(first + LANES, hours)
        lanes = last - first
        for n in range(nodes):
            row = volts[n, first:last]
            for t in range(lanes):
                v[n, 0, t] = row[t].real
                v[n, 1, t] = row[t].imag
        amps[:, first:last] = 0.0
        power[:, first:last] = 0.0
        loss[:, first:last] = 0.0
        for r in range(len(row_node)):
            if r < fixed:
                ir[:] = 0.0
                ii[:] = 0.0
                for e in range(start[r], start[r + 1]):
                    a = re[e]
                    b = im[e]
                    n = column[e]
                    for t in range(LANES):
                        ir[t] += a * v[n, 0, t] - b * v[n, 1, t]
                        ii[t] += a * v[n, 1, t] + b * v[n, 0, t]
            else:
                row = moving[r - fixed, first:last]
                for t in range(lanes):
                    ir[t] = row[t].real
                    ii[t] = row[t].imag
            n = row_node[r]
            lost = loss[element[r], first:last]
            for t in range(lanes):
                lost[t] += 1e-3 * (v[n, 0, t] * ir[t] + v[n, 1, t] * ii[t])
            if series[r] >= 0:
                taken = power[series[r], first:last]
                for t in range(lanes):
                    taken[t] += complex(
                        1e-3 * (v[n, 0, t] * ir[t] + v[n, 1, t] * ii[t]),
                        1e-3 * (v[n, 1, t] * ir[t] - v[n, 0, t] * ii[t]),
                    )
            if phase[r] >= 0:
                most = amps[phase[r], first:last]
                for t in range(lanes):
                    most[t] = max(most[t], ir[t] * ir[t] + ii[t] * ii[t])
    amps[:] = np.sqrt(amps)


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
