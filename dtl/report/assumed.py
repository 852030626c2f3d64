"""What the layers assumed, as their cases tell it: one line for each layer and field, over all feeders and cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dtl.report import figures

_SHOWN = 3


def lines(manifests: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Layer, field, value, unit and source of every assumption, sorted by layer; values that differ as their range."""
    found: dict[tuple[str, str, str, str], dict[Any, None]] = {}
    kept: dict[tuple[str, str, str, str], bool] = {}
    for manifest in manifests:
        for told in manifest["cases"].values():
            for row in told.get("assumptions", ()):
                key = (row["layer"], row["field"], row["unit"], row["source"])
                found.setdefault(key, {})[row["value"]] = None
                kept[key] = kept.get(key, False) or bool(row["default"])
    return [
        {"layer": key[0], "field": key[1], "value": _value(list(found[key])), "unit": key[2],
         "source": f"{key[3]} (default)" if kept[key] else key[3]}
        for key in sorted(found, key=lambda k: k[0])
    ]  # fmt: skip


def _value(values: list[Any]) -> str:
    if len(values) == 1:
        return _word(values[0])
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return f"{_short(min(values))} to {_short(max(values))}"
    texts = [_word(v) for v in values]
    return ", ".join(texts[:_SHOWN]) + f" and {len(texts) - _SHOWN} more" * (len(texts) > _SHOWN)


def _short(value: float) -> str:
    """An end of a range, with four digits that count."""
    text = figures.significant(value, 4)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _word(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
