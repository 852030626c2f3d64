"""The door to the OpenDSS engine of this process: commands, and the raw reads that a loop of 8,760 hours can afford.

The engine holds one circuit at a time in global state, therefore `load` clears it first. What was read of the circuit
before (handles of its elements, the place of its voltages) then points to memory that is free, and using it ends the
process; so every such object remembers the number of its circuit, and `require` refuses it once another is loaded.

Reads go through the C library below OpenDSSDirect.py because they are made every hour: handles of all elements of one
kind are fetched once, and the library writes its answers into memory of its own that is viewed as an array and must be
copied to be kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opendssdirect import dss

from dtl.errors import SolveError

CONTROL_LIMIT = 485
"""Number of the engine's message that the control iterations were used up."""

_API = dss._api_util
_LIB = _API.lib
_RAW = _API.lib_unpatched
_FFI = _API.ffi
_ERROR = _LIB.Error_Get_NumberPtr()
DSSException = dss.DSSException


class Replaced(RuntimeError):
    """The circuit of an object is no longer the one that the engine holds; a mistake of the program, not of a study."""


_loads = count(1)
_held = 0


def held() -> int:
    """The number of the circuit that the engine holds; every `load` gives another one."""
    return _held


def require(circuit: int) -> None:
    """Raise `Replaced` unless the engine still holds the circuit of this number."""
    if circuit != _held:
        raise Replaced("the engine holds another circuit by now: finish with one year before the next is made")


def version() -> str:
    """Version of the engine, e.g. ``0.14.5``."""
    words = dss.Basic.Version().split()
    return str(words[words.index("version") + 1])


def load(text: str, commands: Iterable[str] = ()) -> None:
    """Clear the engine, build the circuit of `text`, then run `commands`.

    Raises
    ------
    SolveError
        The engine refuses a line; the message carries the engine's words.
    """
    global _held
    _held = next(_loads)
    dss.Basic.AllowForms(False)
    dss.Basic.AllowChangeDir(False)
    try:
        dss.Basic.ClearAll()
        dss.YMatrix.SolverOptions(0)  # clearing leaves what the year before asked of the solver
        dss.Text.Commands(text)
        dss.Text.Commands(list(commands))
    except DSSException as err:
        raise SolveError(f"OpenDSS refuses the circuit: {' '.join(str(err).split())}") from err


def command(text: str) -> str:
    """Run one command and return the engine's answer; SolveError as in `load`."""
    try:
        dss.Text.Command(text)
        return str(dss.Text.Result())
    except DSSException as err:
        raise SolveError(f"OpenDSS refuses {text!r}: {' '.join(str(err).split())}") from err


def share_shape(name: str, kw: NDArray[np.float32], kvar: NDArray[np.float32], step_min: int = 60) -> None:
    """Make a yearly shape of factors by step in memory shared with the engine; the caller keeps the arrays alive."""
    command(f"new loadshape.{name} npts={len(kw)} minterval={step_min}")
    pointers = [_FFI.cast("void *", a.ctypes.data) for a in (kw, kvar)]
    _LIB.LoadShapes_Set_Name(name.encode())
    _LIB.LoadShapes_Set_Points(len(kw), _FFI.NULL, *pointers, 1, 1, 1)
    _raise()


def load_settings(**settings: float | int | str) -> None:
    """Give solution settings, in this order; SolveError as in `load`."""
    for word, value in settings.items():
        command(f"set {word}={value}")


def reuse_factors(on: bool) -> None:
    """Whether a changed tap updates the admittance matrix and its factors, in place of building them anew.

    Answers differ by rounding only, as the balance of every hour proves; steps with tap changes take half the time.
    """
    dss.YMatrix.SolverOptions(3 if on else 0)


def solve() -> int:
    """Solve once in the mode that is set; returns the number of the engine's message, 0 without one."""
    _LIB.Solution_Solve()
    number = int(_ERROR[0])
    _ERROR[0] = 0
    return number


def resume() -> None:
    """Let the engine go on after a message that made it refuse further solutions."""
    command("get mode")


def message() -> str:
    """The engine's last message, on one line."""
    return " ".join(str(dss.Error.Description()).split())


def set_step(step: int, step_min: int = 60) -> None:
    """Set the clock so that the next step of the mode yearly reads value number `step`, from 0, of the shapes."""
    _LIB.Solution_Set_dblHour(step * step_min / 60.0)


def converged() -> bool:
    """Whether the last solution converged."""
    return bool(_LIB.Solution_Get_Converged())


def control_iterations() -> int:
    """Control iterations of the last solution; 1 means that no control acted."""
    return int(_LIB.Solution_Get_ControlIterations())


def iterations() -> int:
    """Power-flow iterations of the last solution."""
    return int(_LIB.Solution_Get_Iterations())


def events() -> list[str]:
    """The log of control actions since the circuit was loaded."""
    return [str(e) for e in dss.Solution.EventLog()]


def node_names() -> list[str]:
    """Nodes ``bus.node`` in the order of the voltages, without ground."""
    return [str(n).lower() for n in dss.Circuit.YNodeOrder()]


class Voltages:
    """All node voltages of the last solution; ``size`` is their number, with ground."""

    def __init__(self) -> None:
        self._circuit = _held
        self._slot = _FFI.new("double**")
        self.size = int(dss.Circuit.NumNodes()) + 1
        self._bytes = 16 * self.size

    def read(self, into: NDArray[np.complex128]) -> None:
        """Copy the voltages [V] to `into`, shape (nodes + 1,); ground comes first and is 0."""
        require(self._circuit)
        _LIB.YMatrix_getVpointer(self._slot)
        into[:] = np.frombuffer(_FFI.buffer(self._slot[0], self._bytes), dtype=np.complex128)


class Batch:
    """All elements of one class of the engine, in the order in which they were made."""

    def __init__(self, class_name: str) -> None:
        self._circuit = _held
        handles, size = _FFI.new("void***"), _FFI.new("int32_t[4]")
        _RAW.Batch_CreateByClassS(_API.ctx, handles, size, class_name.encode())
        _raise()
        self.size = int(size[0])
        self._handles = handles[0]
        self._reals = (_FFI.new("double**"), _FFI.new("int32_t[4]"))
        self._whole = (_FFI.new("int32_t**"), _FFI.new("int32_t[4]"))

    def powers(self) -> NDArray[np.complex128]:
        """Power into every terminal [kVA], one element after the other."""
        return self._complex(_RAW.Alt_CEBatch_Get_TotalPowers)

    def currents(self) -> NDArray[np.complex128]:
        """Current into every conductor of every terminal [A], one element after the other."""
        return self._complex(_RAW.Alt_CEBatch_Get_Currents)

    def integers(self, field: bytes) -> NDArray[np.int32]:
        """One whole-number property of every element."""
        require(self._circuit)
        if not self.size:
            return np.zeros(0, np.int32)
        slot, size = self._whole
        _RAW.Batch_GetInt32S(slot, size, self._handles, self.size, field)
        return np.frombuffer(_FFI.buffer(slot[0], 4 * size[0]), dtype=np.int32)

    def _complex(self, read: Any) -> NDArray[np.complex128]:
        require(self._circuit)
        if not self.size:
            return np.zeros(0, np.complex128)
        slot, size = self._reals
        read(slot, size, self._handles, self.size)
        return np.frombuffer(_FFI.buffer(slot[0], 8 * size[0]), dtype=np.complex128)


def _raise() -> None:
    if _ERROR[0]:
        number = int(_ERROR[0])
        _ERROR[0] = 0
        raise SolveError(f"OpenDSS: {message()} (#{number})")


def admittance(full_name: str) -> tuple[NDArray[np.complex128], NDArray[np.int32], int]:
    """Primitive admittance of an element as it is now.

    Returns
    -------
    tuple
        Yprim [S], shape (k, k); the node of each of the k conductors, 0 for ground, in the order of `Voltages`; and the
        number of terminals.
    """
    dss.Circuit.SetActiveElement(full_name)
    element = dss.CktElement
    _raise()
    nodes = np.array(element.NodeRef(), dtype=np.int32)
    y = np.asarray(element.YPrim(), dtype=np.float64).view(np.complex128)
    return y.reshape(len(nodes), len(nodes)).copy(), nodes, int(element.NumTerminals())


def steps_on(capacitor: str) -> tuple[int, ...]:
    """Which steps of a capacitor (by its name in the engine) are connected."""
    dss.Capacitors.Name(capacitor)
    return tuple(int(s) for s in dss.Capacitors.States())


def set_steps_on(capacitor: str, states: tuple[int, ...]) -> None:
    """Connect the steps of a capacitor (by its name in the engine) that `states` names with 1, no others.

    A control that takes the last step opens the terminal besides, and reads there what it did: so does this.
    """
    command(f"{'close' if any(states) else 'open'} capacitor.{capacitor} 1")
    dss.Capacitors.Name(capacitor)
    dss.Capacitors.States(states)


def set_taps(numbers: NDArray[np.int64]) -> None:
    """Move the taps of all regulators, in the engine's order, to these numbers."""
    regulators = dss.RegControls
    found = regulators.First()
    for number in numbers:
        assert found, "there are as many numbers as regulators"
        regulators.TapNumber(int(number))
        found = regulators.Next()


def taps(transformer: str) -> tuple[float, ...]:
    """Tap of each winding [pu] of a transformer, by its name in the engine."""
    transformers = dss.Transformers
    transformers.Name(transformer)
    found = []
    for winding in range(1, int(transformers.NumWindings()) + 1):
        transformers.Wdg(winding)
        found.append(float(transformers.Tap()))
    return tuple(found)


def source_kw() -> float:
    """Power from all sources in the last solution [kW]."""
    return -float(np.asarray(dss.Circuit.TotalPower())[0])


def losses_kw() -> float:
    """Losses of all delivery elements in the last solution, shunts included [kW]."""
    return float(sum(Batch(word).powers().real.sum() for word in ("line", "transformer", "capacitor", "reactor")))
