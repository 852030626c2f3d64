"""What every run imports leaves out what few studies need: the worker that forks all jobs carries it all along."""

from __future__ import annotations

import subprocess
import sys


def test_readers_and_demand_load_neither_the_sun_nor_excel() -> None:
    modules = "dtl.sources.weather_file, dtl.sources.oms, dtl.sources.forecast, dtl.powerflow.prepare"
    code = f"import sys, {modules}; print(*{{m.split('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"dtl", "numpy"} <= loaded
    assert not loaded & {"pvlib", "openpyxl", "geopandas", "sklearn", "numba", "matplotlib"}


def test_a_plan_and_the_start_of_a_run_load_no_tables() -> None:
    modules = "dtl.workflow.foresee, dtl.workflow.changed, dtl.workflow.run"
    code = f"import sys, {modules}; print(*{{m.split('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"dtl", "pydantic"} <= loaded
    assert not loaded & {"numpy", "pandas", "pyarrow", "scipy", "opendssdirect", "snakemake", "jinja2", "mkdocs"}
