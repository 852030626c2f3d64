"""Growth."""


def apply(layer, spec, kw):
    return kw * (1 + layer["per_year"]) ** (spec["year"] - 2025)
