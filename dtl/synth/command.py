"""The words of ``dtl synth``: ``utility`` and ``lv``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from dtl.errors import DtlError
from dtl.synth.settings import ERRORS, FORMATS, Settings


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add ``synth`` to a program's verbs; the parsed arguments carry ``run``, which returns an exit code."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "synth", help="write a synthetic utility of which every truth is known"
    )
    _presets(parser)
    return parser


def _presets(parser: argparse.ArgumentParser) -> None:
    """The two presets and their options."""
    presets = parser.add_subparsers(dest="preset", required=True, metavar="utility|lv")
    utility = presets.add_parser("utility", help="feeders with GIS, CYME, meters, SCADA, outages, weather and truth")
    utility.add_argument("--feeders", type=int, default=6, help="number of feeders (default 6)")
    utility.add_argument("--days", type=int, default=None, help="days of meter data (default 30; 0 for networks only)")
    utility.add_argument("--years", type=int, default=None, help="years of meter data instead of days")
    utility.add_argument(
        "--start", type=date.fromisoformat, default=Settings().start, help="first local day, as 2025-10-15"
    )
    utility.add_argument(
        "--step-min", type=int, choices=(15, 30, 60), default=15, help="minutes of an interval (default 15)"
    )
    utility.add_argument("--oms-years", type=int, default=5, help="calendar years of outages (default 5)")
    utility.add_argument(
        "--scada-years", type=int, default=0, help="years of SCADA of the heads before the meter data (default 0)"
    )
    utility.add_argument("--formats", default="all", help=f"all, or some of {','.join(FORMATS)}")
    utility.add_argument(
        "--errors", choices=sorted(ERRORS), default="normal", help="how many errors are planted (default normal)"
    )
    utility.add_argument("--zone", default="America/Chicago", help="time zone of the customers")
    utility.add_argument("--meters", default="500-1000", help="fewest and most meters of a feeder (default 500-1000)")
    utility.add_argument(
        "--no-volts", action="store_true", help="do not solve every step: no voltages, the head is estimated"
    )
    utility.add_argument("--jobs", type=int, default=1, help="processes to work with (default 1)")
    utility.set_defaults(run=run_utility)
    low = presets.add_parser("lv", help="twelve low-voltage feeders of thirty nodes, some of them outliers on purpose")
    low.add_argument("--feeders", type=int, default=12, help="number of feeders (default 12)")
    low.add_argument("--nodes", type=int, default=30, help="nodes of each feeder (default 30)")
    low.set_defaults(run=run_lv)
    for preset in (utility, low):
        preset.add_argument("--seed", type=int, default=1, help="equal seeds give equal bytes (default 1)")
        preset.add_argument("--out", type=Path, required=True, help="new or empty folder")


def run_utility(args: argparse.Namespace) -> int:
    """Write a utility as the arguments say."""
    from dtl.synth.utility import write

    if args.years is not None and args.days is not None:
        raise DtlError("give --days or --years, not both")
    days = 30 if args.days is None else args.days
    if args.years is not None:
        days = (_years_later(args.start, args.years) - args.start).days
    formats = FORMATS if args.formats == "all" else tuple(f for f in FORMATS if f in _words(args.formats))
    settings = Settings(
        feeders=args.feeders, seed=args.seed, start=args.start, days=days, step_min=args.step_min,
        oms_years=args.oms_years, scada_years=args.scada_years,
        formats=formats, errors=args.errors, zone=args.zone, meters=_range(args.meters), volts=not args.no_volts,
    )  # fmt: skip

    def told(done: int, count: int) -> None:
        print(f"\r{done} of {count} feeders", end="\n" if done == count else "", file=sys.stderr, flush=True)

    summary = write(settings, args.out, args.jobs, told if sys.stderr.isatty() else None)
    print(
        f"{args.out}: {summary['feeders']} feeders, {summary['meters']} meters, {summary['ami_rows']} meter reads, "
        f"{summary['outages']} outages, {sum(summary['planted'].values())} planted errors"
    )
    return 0


def run_lv(args: argparse.Namespace) -> int:
    """Write the low-voltage twin."""
    from dtl.synth.lv import write

    summary = write(args.out, args.feeders, args.nodes, args.seed)
    print(f"{args.out}: {len(summary['feeders'])} low-voltage feeders of {args.nodes} nodes")
    return 0


def _words(text: str) -> tuple[str, ...]:
    """The formats named, all of them known."""
    words = tuple(w.strip() for w in text.split(",") if w.strip())
    if wrong := [w for w in words if w not in FORMATS]:
        raise DtlError(f"unknown format {', '.join(wrong)}; the formats are {', '.join(FORMATS)}")
    return words


def _range(text: str) -> tuple[int, int]:
    """Two whole numbers joined by a dash."""
    low, dash, high = text.partition("-")
    if not dash or not low.isdigit() or not high.isdigit():
        raise DtlError(f"--meters must be two numbers such as 500-1000, it is {text}")
    return int(low), int(high)


def _years_later(day: date, years: int) -> date:
    """The same day some years later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def run(argv: Sequence[str]) -> int:
    """Run ``synth`` with arguments; returns the exit code: 0, or 1 after an error that was foreseen."""
    parser = argparse.ArgumentParser(
        prog="dtl synth", description="Write a synthetic utility of which every truth is known."
    )
    _presets(parser)
    args = parser.parse_args(argv)
    try:
        code: int = args.run(args)
    except DtlError as error:
        print(error, file=sys.stderr)
        return 1
    return code
