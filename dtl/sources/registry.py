"""The readers of sources by kind; strings, so that listing them imports nothing."""

from __future__ import annotations

READERS = {
    "ami": "dtl.sources.ami:read",
    "cim": "dtl.sources.cim:read",
    "cyme_xml": "dtl.sources.cyme_xml:read",
    "cyme_mdb": "dtl.sources.cyme_mdb:read",
    "cyme_text": "dtl.sources.cyme_text:read",
    "cyme_results": "dtl.sources.cyme_results:read",
    "gis": "dtl.sources.gis:read",
    "mini_twin": "dtl.sources.mini_twin:read",
    "oms": "dtl.sources.oms:read",
    "opendss": "dtl.sources.opendss:read",
    "pandapower": "dtl.sources.pandapower:read",
    "costs": "dtl.sources.costs:read",
    "forecast": "dtl.sources.forecast:read",
    "generators": "dtl.sources.generators:read",
    "scada": "dtl.sources.scada:read",
    "epw": "dtl.sources.weather_file:read",
    "open_meteo": "dtl.sources.open_meteo:read",
    "weather_file": "dtl.sources.weather_file:read",
}
"""``read(name, spec, files) -> Reading`` of each kind; `files` maps study-relative names to paths."""

BIT_BY_BIT = {"cyme_text"}
"""The kinds whose reader takes a `shelf` too, and puts there what is finished."""
