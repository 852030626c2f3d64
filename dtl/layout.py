"""Every path of results, logs and studies, spelled once.

The strings hold Snakemake wildcards ``{study}``, ``{source}`` and ``{group}``; ``str.format`` fills them elsewhere.
"""

from __future__ import annotations

STUDY = "studies/{study}/study.yaml"
LOCK = "studies/{study}/sources.lock.yaml"

RESULTS = "results/{study}"
SPEC = RESULTS + "/study.json"
RUNS = RESULTS + "/runs"
GATE = RUNS + "/gate"
PROGRESS = RESULTS + "/progress.json"

SOURCE = RESULTS + "/system/sources/{source}"
NETWORK = RESULTS + "/system/network.parquet"
FINDINGS = RESULTS + "/system/findings.parquet"
CONVERSION = RESULTS + "/system/conversion.parquet"
OUTAGES = RESULTS + "/system/outages.parquet"
STEPS = RESULTS + "/system/steps.parquet"
SERVED = RESULTS + "/system/served.parquet"
ASSETS = RESULTS + "/system/assets.parquet"
LINKS = RESULTS + "/system/links.parquet"
METERS = RESULTS + "/system/meters.parquet"
PLACED = RESULTS + "/system/placed.parquet"
KNOWN = RESULTS + "/system/feeders.json"
SERIES = RESULTS + "/system/series.parquet"
SCADA = RESULTS + "/system/scada.parquet"
WEATHER = RESULTS + "/system/weather.parquet"
REGISTER = RESULTS + "/system/register.parquet"
FORECAST = RESULTS + "/system/forecast.parquet"
COSTS = RESULTS + "/system/costs.parquet"
REFERENCE = RESULTS + "/system/reference.parquet"

FEEDERS = RESULTS + "/feeders.json"
FEEDER_DIR = RESULTS + "/feeders"
FEEDER = FEEDER_DIR + "/{group}.json"

GIVEN_DIR = RESULTS + "/given"
GIVEN_FACTS = GIVEN_DIR + "/{group}.json"
GIVEN_METERS = GIVEN_DIR + "/{group}.meters.parquet"
GIVEN_SCADA = GIVEN_DIR + "/{group}.scada.parquet"
READINGS_DIR = RESULTS + "/readings"
READINGS = READINGS_DIR + "/{group}.parquet"

GROUP = RESULTS + "/f/{group}"
DEMAND = GROUP + "/demand.parquet"
PROFILES = GROUP + "/profiles.parquet"
READY = GROUP + "/ready.json"
POWERFLOW = GROUP + "/powerflow.parquet"
HOURLY = GROUP + "/hourly.parquet"
VIOLATIONS = GROUP + "/violations.parquet"
COMPOSITION = GROUP + "/composition.parquet"
ASSESS = GROUP + "/assess.parquet"
MANIFEST = GROUP + "/manifest.json"
DEVIATIONS = GROUP + "/deviations.parquet"
LEARNED = GROUP + "/learned"

LEARNING = RESULTS + "/learning"
CUBE = RESULTS + "/cube.parquet"
SITE = RESULTS + "/site"
WWW = RESULTS + "/www"
RUN_FACTS = "run.js"
"""In ``www``: what is volatile about the run, written after the build and part of no answer."""

LOGS = "logs/{study}"
BENCHMARKS = "benchmarks/{study}"
