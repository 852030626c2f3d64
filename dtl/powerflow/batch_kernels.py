"""The compiled loops of the batch engine: port currents, triangular solves and the fixed point, columns innermost.

A *column* is one state to be solved: an hour, a scenario or a placement. ``LANES`` columns are worked on at a time,
real and imaginary parts apart, each a `dtl.powerflow.lanes.Run` of the processor. Ports between the same two nodes are
one *pair*: its current is ``(a - j b) V`` with ``a`` and ``b`` polynomials in ``1 / |V|`` whose coefficients are summed
up once.
"""

from __future__ import annotations

import numpy as np
from numba import types

from dtl.powerflow.compiled import compiled, inner
from dtl.powerflow.lanes import LANES, fill, larger, load, load_at, outside, root, runs, store

_INT = types.int64
_REAL = types.float64
_I = types.int64[::1]
_F = types.float64[::1]
_FF = types.float64[:, ::1]
_FFF = types.float64[:, :, ::1]
_C = types.complex128[::1]
_CC = types.complex128[:, ::1]
_II = types.int64[:, ::1]
_ROWS = types.Tuple((_I, _I, _F, _F))  # type: ignore[no-untyped-call]

_NETWORK = (_INT, _ROWS, _ROWS, _F, _F, _I, _C)
_PAIRS = (_II, _I, _I, _I, _FF)
_PORTS = (_I, _F, _F, _FF, _FFF, _FF, _F)
_STATES = (_FF, _FF, _FF, _REAL, _INT, _CC, _CC, _I, _F)

CONSTANT_POWER, POLYNOMIAL, SPECIAL = range(3)
"""Kinds of pairs: all ports of constant power; with constant impedance or current; some port neither."""
_TERMS = 6
"""Coefficients of a pair: those of P and of Q at |V| ** 0, -1 and -2."""


@inner
def _yield(k, u, curves, bounds, exponents, drop_out):  # type: ignore[no-untyped-def]
    """Factors g_p and g_q of one port at the voltage ``u`` [pu], whatever its zone and model."""
    zone = 3
    for z in range(3):
        if u <= bounds[k, z]:
            zone = z
            break
    c = curves[k, zone]
    if u == 0.0:
        return 0.0, 0.0
    r = 1.0 / u
    gp = c[0] + c[1] * r + c[2] * r * r
    gq = c[3] + c[4] * r + c[5] * r * r
    if zone == 2:
        if exponents[k, 0] != 0.0:
            gp = u ** (exponents[k, 0] - 2.0)
        if exponents[k, 1] != 0.0:
            gq = u ** (exponents[k, 1] - 2.0)
    if zone > 0 and drop_out[k] > 0.0:
        left = 0.5 * (1.0 + np.tanh(500.0 * (u - drop_out[k])))
        gp *= left
        gq *= left
    return gp, gq


@inner
def _one_by_one(  # type: ignore[no-untyped-def]
    k, start, port, owner, share, base, bounds, curves, exponents, drop_out, first, watts, reactive, v, out
):
    """Current of one pair, port by port and lane by lane, from its voltage in ``v`` into ``out``, rows re and im."""
    for t in range(LANES):
        x = v[2 * k, t]
        y = v[2 * k + 1, t]
        a = 0.0
        b = 0.0
        for n in range(start[k], start[k + 1]):
            m = port[n]
            scale = share[m] / (base[m] * base[m])
            gp, gq = _yield(m, np.sqrt(x * x + y * y) / base[m], curves, bounds, exponents, drop_out)
            a += scale * watts[owner[m], first + t] * gp
            b += scale * reactive[owner[m], first + t] * gq
        out[0, t] = a * x + b * y
        out[1, t] = a * y - b * x


@inner
def _draw(  # type: ignore[no-untyped-def]
    k, a, b, nodes, start, port, kind, band, owner, share, base, bounds, curves, exponents, drop_out,
    terms, first, watts, reactive, v, scratch, y,
):  # fmt: skip
    """Add the current of one pair at the voltage ``a + j b`` to the currents ``y`` drawn from its nodes."""
    w = a * a + b * b
    if kind[k] == 2 or outside(w, fill(band[k, 0]), fill(band[k, 1])):
        _one_by_one(
            k, start, port, owner, share, base, bounds, curves, exponents, drop_out, first, watts, reactive, v, scratch
        )
        c = load(scratch, 0)
        d = load(scratch, 1)
    else:
        r2 = fill(1.0) / w
        g = load(terms, 6 * k + 2) * r2
        h = load(terms, 6 * k + 5) * r2
        if kind[k] == 1:
            r = root(r2)
            g += load(terms, 6 * k) + load(terms, 6 * k + 1) * r
            h += load(terms, 6 * k + 3) + load(terms, 6 * k + 4) * r
        c = g * a + h * b
        d = g * b - h * a
    m = 2 * nodes[k, 0]
    n = 2 * nodes[k, 1]
    store(y, m, load(y, m) + c)
    store(y, m + 1, load(y, m + 1) + d)
    if n < len(y) - 2:
        store(y, n, load(y, n) - c)
        store(y, n + 1, load(y, n + 1) - d)


@inner
def _busy(pairs, owner, first, watts, reactive, busy):  # type: ignore[no-untyped-def]
    """Which pairs have any power in the lanes from column `first` on, into ``busy``: the others draw nothing."""
    start, port = pairs[1], pairs[2]
    for k in range(len(busy)):
        most = fill(0.0)
        for n in range(start[k], start[k + 1]):
            p = load_at(watts, owner[port[n]], first)
            q = load_at(reactive, owner[port[n]], first)
            most = larger(larger(most, larger(p, fill(0.0) - p)), larger(q, fill(0.0) - q))
        busy[k] = outside(most, fill(-1.0), fill(0.0))


@inner
def _begin(pairs, ports, no_load, watts, reactive, guess, first, terms, v, scratch, y):  # type: ignore[no-untyped-def]
    """Coefficients and first voltages of all pairs in the lanes from column `first` on, and what they draw."""
    nodes, start, port, kind, band = pairs
    owner, share, base, bounds, curves, exponents, drop_out = ports
    for k in range(len(nodes)):
        for term in range(6):
            if kind[k] == 1 or term == 2 or term == 5:
                total = fill(0.0)
                for n in range(start[k], start[k + 1]):
                    m = port[n]
                    factor = fill(share[m] * curves[m, 2, term] / base[m] ** (2 - term % 3))
                    total += factor * load_at(watts if term < 3 else reactive, owner[m], first)
                store(terms, 6 * k + term, total)
        if guess.shape[0]:
            m = port[start[k]]
            store(v, 2 * k, load_at(guess, 2 * m, first))
            store(v, 2 * k + 1, load_at(guess, 2 * m + 1, first))
        else:
            rest = no_load[nodes[k, 0]] - no_load[nodes[k, 1]]
            store(v, 2 * k, fill(rest.real))
            store(v, 2 * k + 1, fill(rest.imag))
        a = load(v, 2 * k)
        b = load(v, 2 * k + 1)
        _draw(
            k, a, b, nodes, start, port, kind, band, owner, share, base, bounds, curves, exponents, drop_out,
            terms, first, watts, reactive, v, scratch, y,
        )  # fmt: skip


@inner
def _step(pairs, ports, no_load, terms, busy, first, watts, reactive, x, v, scratch, change, y):  # type: ignore[no-untyped-def]
    """Voltages ``v`` across all pairs from the drops ``x``, and what they draw then into ``y``.

    ``change`` becomes the largest squared step of each lane [pu].
    """
    nodes, start, port, kind, band = pairs
    owner, share, base, bounds, curves, exponents, drop_out = ports
    change[:] = 0.0
    for k in range(len(nodes)):
        m = 2 * nodes[k, 0]
        n = 2 * nodes[k, 1]
        rest = no_load[nodes[k, 0]] - no_load[nodes[k, 1]]
        a = fill(rest.real) - load(x, m)
        b = fill(rest.imag) - load(x, m + 1)
        if n < len(x) - 2:
            a += load(x, n)
            b += load(x, n + 1)
        da = a - load(v, 2 * k)
        db = b - load(v, 2 * k + 1)
        store(v, 2 * k, a)
        store(v, 2 * k + 1, b)
        store(change, 0, larger((da * da + db * db) * fill(band[k, 2]), load(change, 0)))
        if busy[k]:
            _draw(
                k, a, b, nodes, start, port, kind, band, owner, share, base, bounds, curves, exponents, drop_out,
                terms, first, watts, reactive, v, scratch, y,
            )  # fmt: skip


@inner
def _lower(rows, lower, x):  # type: ignore[no-untyped-def]
    """Forward substitution in place, L with a unit diagonal."""
    start, column, re, im = lower
    for n in range(rows):
        if start[n] == start[n + 1]:
            continue
        sr = load(x, 2 * n)
        si = load(x, 2 * n + 1)
        for e in range(start[n], start[n + 1]):
            a = fill(re[e])
            b = fill(im[e])
            xr = load(x, 2 * column[e])
            xi = load(x, 2 * column[e] + 1)
            sr = sr - a * xr + b * xi
            si = si - a * xi - b * xr
        store(x, 2 * n, sr)
        store(x, 2 * n + 1, si)


@inner
def _upper(first, last, step, upper, pivot_re, pivot_im, x):  # type: ignore[no-untyped-def]
    """Backward substitution in place for the rows from `first` to before `last`."""
    start, column, re, im = upper
    for n in range(first, last, step):
        sr = load(x, 2 * n)
        si = load(x, 2 * n + 1)
        for e in range(start[n], start[n + 1]):
            a = fill(re[e])
            b = fill(im[e])
            xr = load(x, 2 * column[e])
            xi = load(x, 2 * column[e] + 1)
            sr = sr - a * xr + b * xi
            si = si - a * xi - b * xr
        a = fill(pivot_re[n])
        b = fill(pivot_im[n])
        store(x, 2 * n, a * sr - b * si)
        store(x, 2 * n + 1, a * si + b * sr)


@inner
def _volts(position, no_load, x, first, volts):  # type: ignore[no-untyped-def]
    """Voltages of all nodes in the lanes from column `first` on."""
    last = min(first + LANES, volts.shape[1])
    volts[0, first:last] = 0.0
    for n in range(len(position)):
        m = position[n]
        a = no_load[m].real
        b = no_load[m].imag
        out = volts[n + 1, first:last]
        for t in range(last - first):
            out[t] = complex(a - x[2 * m, t], b - x[2 * m + 1, t])


@inner
def _powers(pairs, ports, first, watts, reactive, v, power):  # type: ignore[no-untyped-def]
    """Powers of all owners [VA] in the lanes from column `first` on."""
    nodes, start, port, kind, band = pairs
    owner, share, base, bounds, curves, exponents, drop_out = ports
    last = min(first + LANES, power.shape[1])
    power[:, first:last] = 0.0
    for k in range(len(nodes)):
        w = load(v, 2 * k) * load(v, 2 * k) + load(v, 2 * k + 1) * load(v, 2 * k + 1)
        plain = kind[k] == 0 and not outside(w, fill(band[k, 0]), fill(band[k, 1]))
        for n in range(start[k], start[k + 1]):
            m = port[n]
            i = owner[m]
            for t in range(last - first):
                gp = share[m]
                gq = share[m]
                if not plain:
                    u = np.sqrt(v[2 * k, t] ** 2 + v[2 * k + 1, t] ** 2) / base[m]
                    gp, gq = _yield(m, u, curves, bounds, exponents, drop_out)
                    gp *= share[m] * u * u
                    gq *= share[m] * u * u
                power[i, first + t] += complex(gp * watts[i, first + t], gq * reactive[i, first + t])


@compiled(types.void(*_NETWORK, types.Tuple(_PAIRS), types.Tuple(_PORTS), *_STATES))  # type: ignore[no-untyped-call]
def fixed_point(  # type: ignore[no-untyped-def]
    active, lower, upper, pivot_re, pivot_im, position, no_load, pairs, ports,
    watts, reactive, guess, tolerance, most, volts, power, steps, change,
):  # fmt: skip
    """Solve all columns.

    Positions as in `dtl.powerflow.batch_network.Network`, one more for ground at their end; pairs and ports as in
    `dtl.powerflow.batch_ports.Pairs`. ``watts`` and ``reactive`` are powers of the owners, shape (owners, columns);
    ``guess`` the voltages across the ports to begin with, re and im, shape (2 ports, columns), or empty; these have
    whole runs of columns, as many as there are to be solved or a few more. Out go ``volts`` (nodes,
    columns), ``power`` (owners, columns) [VA] unless it is empty, the iterations ``steps`` and the last ``change`` of
    any port [pu], shape (columns,).
    """
    size, columns = len(position), volts.shape[1]
    x = runs(2 * size + 2)
    y = runs(2 * size + 2)
    v = runs(2 * len(pairs[0]))
    terms = runs(_TERMS * len(pairs[0]))
    busy = np.empty(len(pairs[0]), np.bool_)
    scratch = runs(2)
    moved = runs(1)
    for first in range(0, columns, LANES):
        y[:] = 0.0
        _busy(pairs, ports[0], first, watts, reactive, busy)
        _begin(pairs, ports, no_load, watts, reactive, guess, first, terms, v, scratch, y)
        done = 0
        for _ in range(most):
            done += 1
            x, y = y, x
            x[2 * size :] = 0.0
            _lower(active, lower, x)
            _upper(active - 1, -1, -1, upper, pivot_re, pivot_im, x)
            y[: 2 * active] = 0.0
            _step(pairs, ports, no_load, terms, busy, first, watts, reactive, x, v, scratch, moved, y)
            if moved[0].max() <= tolerance * tolerance:
                break
        x[2 * active :] = 0.0
        _upper(active, size, 1, upper, pivot_re, pivot_im, x)
        _volts(position, no_load, x, first, volts)
        if len(power):
            _powers(pairs, ports, first, watts, reactive, v, power)
        for t in range(min(LANES, columns - first)):
            steps[first + t] = done
            change[first + t] = np.sqrt(moved[0, t])
