"""Runs of ``LANES`` doubles as single values of compiled loops, which live in the processor's vector registers.

A loop over a short row of an array is compiled with checks whether its arrays overlap, and these cost more than the row
itself. Values of the type `Run` are loaded, computed and stored as a whole instead: rows become vector instructions of
whatever width the processor has. Arrays of runs have the shape (rows, LANES) and are contiguous.

Machine code that is kept on disk is known by the file of the loop that uses runs, not by this one: after an edit here,
touch the modules of kernels.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core.datamodel import models
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model

from dtl.powerflow.compiled import inner

LANES = 32
"""Columns that are worked on together."""

_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_BYTES = 8
_LINE = 8


class Run(types.Type):
    """``LANES`` doubles."""

    def __init__(self) -> None:
        super().__init__(name="Run")


RUN: Any = Run()


@register_model(Run)
class _Model(models.PrimitiveModel):
    """A run as a vector of the machine."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)  # type: ignore[no-untyped-call]


def _operator(function: Callable[..., Any], build: str) -> None:
    """Make an operator of Python known for two runs."""

    class _Typing(ConcreteTemplate):
        cases = (signature(RUN, RUN, RUN),)  # type: ignore[no-untyped-call]

    infer_global(function)(_Typing)  # type: ignore[no-untyped-call]

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        del context, sig
        return getattr(builder, build)(*args)

    lower_builtin(function, Run, Run)(lower)  # type: ignore[no-untyped-call]


for _function, _build in (
    (operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"), (operator.truediv, "fdiv"),
    (operator.iadd, "fadd"), (operator.isub, "fsub"),
):  # fmt: skip
    _operator(_function, _build)


def _instruction(function: Callable[..., Any]) -> Any:
    """A function of compiled loops that is written in instructions of the machine."""
    return intrinsic(function)


def _place(context: Any, builder: Any, kind: Any, array: Any, row: Any) -> Any:
    """Pointer to a row of an array of runs."""
    data = context.make_array(kind)(context, builder, array).data
    first = builder.gep(data, [builder.mul(row, ir.Constant(ir.IntType(64), LANES))])
    return builder.bitcast(first, _VECTOR.as_pointer())


def _place_at(context: Any, builder: Any, kind: Any, array: Any, row: Any, column: Any) -> Any:
    """Pointer to a column of a row of any contiguous array of two dimensions."""
    view = context.make_array(kind)(context, builder, array)
    width = builder.extract_value(view.shape, 1)
    return builder.gep(view.data, [builder.add(builder.mul(row, width), column)])


@_instruction
def load(typing, array, row):  # type: ignore[no-untyped-def]
    """The run in a row of an array."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return builder.load(_place(context, builder, sig.args[0], *args), align=_BYTES)

    return RUN(array, types.int64), build


@_instruction
def load_at(typing, array, row, column):  # type: ignore[no-untyped-def]
    """The run that begins at a column of a row of any contiguous array of two dimensions."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        first = _place_at(context, builder, sig.args[0], *args)
        return builder.load(builder.bitcast(first, _VECTOR.as_pointer()), align=_BYTES)

    return RUN(array, types.int64, types.int64), build


@_instruction
def store(typing, array, row, run):  # type: ignore[no-untyped-def]
    """Put a run into a row of an array."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        builder.store(args[2], _place(context, builder, sig.args[0], *args[:2]), align=_BYTES)
        return context.get_dummy_value()

    return types.void(array, types.int64, RUN), build


@_instruction
def store_at(typing, array, row, column, run):  # type: ignore[no-untyped-def]
    """Put a run into a row of any contiguous array of two dimensions, from a column on."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        first = _place_at(context, builder, sig.args[0], *args[:3])
        builder.store(args[3], builder.bitcast(first, _VECTOR.as_pointer()), align=_BYTES)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, RUN), build


def _part_at(offset: int, name: str) -> Any:
    """A function that takes the real (offset 0) or imaginary parts (1) of a complex row as a run, from a column on."""

    def part_at(typing, array, row, column):  # type: ignore[no-untyped-def]
        def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
            both = ir.VectorType(ir.DoubleType(), 2 * LANES)
            first = _place_at(context, builder, sig.args[0], *args)
            pairs = builder.load(builder.bitcast(first, both.as_pointer()), align=_BYTES)
            mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), list(range(offset, 2 * LANES, 2)))
            return builder.shuffle_vector(pairs, pairs, mask)

        return RUN(array, types.int64, types.int64), build

    part_at.__name__ = name
    return _instruction(part_at)


real_at = _part_at(0, "real_at")
imag_at = _part_at(1, "imag_at")


@_instruction
def fill(typing, value):  # type: ignore[no-untyped-def]
    """A run of one value."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), args[0], ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(one, one, mask)

    return RUN(types.float64), build


@_instruction
def larger(typing, run, other):  # type: ignore[no-untyped-def]
    """The larger of two runs lane by lane; the first where it is no number."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return builder.select(builder.fcmp_unordered(">", *args), *args)

    return RUN(RUN, RUN), build


@_instruction
def root(typing, run):  # type: ignore[no-untyped-def]
    """The square root lane by lane."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        return builder.call(builder.module.declare_intrinsic(f"llvm.sqrt.v{LANES}f64", (), kind), args)

    return RUN(RUN), build


@_instruction
def outside(typing, run, low, high):  # type: ignore[no-untyped-def]
    """Whether any lane is not above ``low`` or above ``high``."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        run, low, high = args
        lanes = builder.or_(builder.fcmp_unordered("<=", run, low), builder.fcmp_unordered(">", run, high))
        bits = builder.bitcast(lanes, ir.IntType(LANES))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(RUN, RUN, RUN), build


@inner
def runs(rows):  # type: ignore[no-untyped-def]
    """An array of runs, not filled, which begins at a line of the processor's cache."""
    whole = np.empty(rows * LANES + _LINE)
    first = -(whole.ctypes.data // _BYTES) % _LINE
    return whole[first : first + rows * LANES].reshape(rows, LANES)
