"""Weather: no scenario of the toy study uses it."""


def apply(layer, spec, kw):
    return kw
