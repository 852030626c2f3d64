"""The errors of DTL, and the finding: what is wrong with data, as data.

::

    DtlError                     anything that we foresaw; printed without a traceback
    ├── SpecError                mistakes in a study, all of them at once
    ├── SourceError              an input file that cannot be read at all
    ├── NetworkError             findings that leave no network to solve
    ├── SolveError               physics failed: becomes ``status: failed`` of a case
    │   ├── NotConverged
    │   └── NoSource
    ├── ContractError            a stage broke the contract of a table: a bug
    └── StoreError               the store, the results or the lock are not as they must be

A failing feeder is a result, a failing program is a bug: only ``SolveError`` becomes data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import ValidationError

Severity = Literal["error", "warning", "info"]


class DtlError(Exception):
    """Anything that we foresaw; its text says what, where and how to mend it."""


class SpecError(DtlError):
    """All mistakes of one study: ``mistakes`` holds the objects, ``str()`` tells them, and what may be behind them."""

    def __init__(self, mistakes: list[Mistake], told: Iterable[str] = ()):
        self.mistakes = mistakes
        super().__init__("\n".join([*(str(m) for m in mistakes), *told]))


class SourceError(DtlError):
    """An input file that cannot be read at all."""


class NetworkError(DtlError):
    """Findings that leave no network to solve."""

    def __init__(self, findings: list[Finding]):
        self.findings = findings
        super().__init__("\n".join(str(f) for f in findings))


class SolveError(DtlError):
    """Physics failed: the case gets ``status: failed`` with this reason."""


class NotConverged(SolveError):
    """The power flow found no solution within its iteration limits."""


class NoSource(SolveError):
    """The circuit has nothing that feeds it."""


class ContractError(DtlError):
    """A stage broke the contract of a table; always a bug of DTL."""


class StoreError(DtlError):
    """The store, the results or the lock are not as they must be."""


@dataclass(frozen=True)
class Mistake:
    """One mistake in a study file.

    ``line`` and ``column`` start at 1; ``source`` is the text of that line and ``width`` the length of the caret.
    """

    slug: str
    file: str
    line: int
    column: int
    path: str
    message: str
    source: str = ""
    width: int = 1

    def __str__(self) -> str:
        head = f"{self.file}:{self.line}:{self.column}  {self.path}".rstrip()
        caret = ""
        if self.source:
            gutter = f"{self.line:>5} | "
            cut = self.column - 61 if len(self.source) > 120 and self.column > 80 else 0
            text = ("…" if cut else "") + self.source[cut : cut + 120] + ("…" if self.source[cut + 120 :] else "")
            before = self.column - 1 - cut + (1 if cut else 0)
            width = max(1, min(self.width, len(text) - before))
            caret = f"\n{gutter}{text}\n{' ' * (len(gutter) - 2)}| {' ' * before}{'^' * width}"
        return f"{head}{caret}\n   {self.message}      {self.slug}"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or was repaired, in the data of a source or a feeder.

    ``check`` is a slug that ``site/docs/errors.md`` explains; ``value`` is what stood there and ``remedy`` how to mend
    it. ``feeder`` is empty when the finding belongs to a whole source. An ``error`` fails its feeder.
    """

    check: str
    severity: Severity
    message: str
    source: str = ""
    file: str = ""
    line: int | None = None
    feeder: str = ""
    element: str = ""
    field: str = ""
    value: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        where = ":".join(str(p) for p in (self.file, self.line) if p not in ("", None)) or self.source or self.feeder
        what = " ".join(p for p in (self.element, self.field) if p)
        value = f" (it is {self.value})" if self.value else ""
        cure = f" {self.remedy}" if self.remedy else ""
        return f"{self.severity}: {where}: {what + ': ' if what else ''}{self.message}{value}.{cure}      {self.check}"

    def row(self) -> dict[str, object]:
        """The finding as a row of the table ``findings``."""
        return asdict(self)


def first_fault(err: ValidationError) -> tuple[str, Any, str]:
    """Field, value and message of the first thing that a model of pydantic refuses.

    Where it refuses the whole, as two fields that contradict each other, field and value are empty.
    """
    first = err.errors()[0]
    field = ".".join(str(p) for p in first["loc"])
    return field, first["input"] if field else "", first["msg"].removeprefix("Value error, ")
