"""The layers of the toy, and an analysis over all cases."""

LAYERS = {"growth": "toy.growth:apply", "weather": "toy.weather:apply"}
OVER_CASES = {"compare": "toy.compare:compare"}
