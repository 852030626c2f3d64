"""The one form of a section in which equal studies are equal bytes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def plain(section: BaseModel, *, cosmetic: bool = True, defaults: bool = True) -> dict[str, Any]:
    """A section as JSON types, with defaults, sorted by key; what is not set is left out.

    Without ``cosmetic``, fields that only change pages are left out too; without ``defaults``, what equals its default.
    """
    found = {}
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        extra = field.json_schema_extra
        is_cosmetic = isinstance(extra, dict) and extra.get("cosmetic") is True
        needed = defaults or field.is_required() or value != field.get_default(call_default_factory=True)
        if value is not None and needed and (cosmetic or not is_cosmetic):
            found[field.alias or name] = _plain(value, cosmetic, defaults)
    return dict(sorted(found.items()))


def _plain(value: Any, cosmetic: bool, defaults: bool) -> Any:
    if isinstance(value, BaseModel):
        return plain(value, cosmetic=cosmetic, defaults=defaults)
    if isinstance(value, dict):
        return {k: _plain(v, cosmetic, defaults) for k, v in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [_plain(v, cosmetic, defaults) for v in value]
    return value if isinstance(value, str | int | float | bool) else value.isoformat()
