"""Weather is fetched by `dtl check --lock` alone, pinned as it was served, and read from the pins only."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from dtl import cli, layout, tables
from dtl.errors import SourceError
from dtl.sources import open_meteo, open_meteo_fetch, open_meteo_service
from dtl.sources.open_meteo_answer import AnswerError
from dtl.sources.open_meteo_answer import read as read_answer
from dtl.spec import pins
from dtl.spec.study import load

TODAY = date(2026, 3, 1)
STUDY = """dtl: 1
title: A study
timezone: America/Chicago
feeders: [f1]
sources:
  circuit: {{kind: opendss, path: feeder.dss}}
  weather: {{kind: open_meteo, {words}}}
network: {{model: circuit}}
"""


def study(folder: Path, words: str) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "feeder.dss").write_text("clear\n")
    (folder / "study.yaml").write_text(STUDY.format(words=words))
    return load(folder)


def served(question: httpx.QueryParams, *, fail: str = "") -> Any:
    """What the archive answers, in the documented form; temperatures count the hours."""
    places = list(zip(question["latitude"].split(","), question["longitude"].split(","), strict=True))
    first = datetime.fromisoformat(question["start_date"])
    hours = 24 * ((date.fromisoformat(question["end_date"]) - first.date()).days + 1)
    names = question["hourly"].split(",")
    units = {"temperature_2m": "°C", "relative_humidity_2m": "%", "precipitation": "mm", "snow_depth": "m",
             "surface_pressure": "hPa", "wind_speed_10m": "m/s", "wind_gusts_10m": "m/s"}  # fmt: skip
    answers = []
    for latitude, longitude in places:
        hourly: dict[str, Any] = {"time": [f"{first + timedelta(hours=h):%Y-%m-%dT%H:%M}" for h in range(hours)]}
        hourly |= {n: [900.0 if n == "surface_pressure" else round(0.001 * h, 3) for h in range(hours)] for n in names}
        answers.append({
            "latitude": float(latitude), "longitude": float(longitude), "generationtime_ms": 0.1 * hours,
            "utc_offset_seconds": 0, "timezone": "GMT", "timezone_abbreviation": "GMT", "elevation": 1.0,
            "hourly_units": {"time": "iso8601", **{n: units.get(n, "W/m²") for n in names}}, "hourly": hourly,
        })  # fmt: skip
    return answers[0] if len(answers) == 1 else answers


class Server:
    """Answers with what is prepared, then with weather; remembers every question."""

    def __init__(self, *first: httpx.Response | Exception):
        self.first, self.asked, self.waited = list(first), list[httpx.URL](), list[float]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        if self.first:
            answer = self.first.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        return httpx.Response(200, json=served(request.url.params))

    def fetch(self, study: Any, today: date = TODAY) -> list[str]:
        return open_meteo_fetch.fetch(study, today, httpx.MockTransport(self), self.waited.append)


HERE = "latitude_deg: 41.85, longitude_deg: -87.65, years: [2024]"


def test_a_year_is_fetched_once_pinned_and_read(tmp_path: Path) -> None:
    made, server = study(tmp_path, HERE), Server()
    assert server.fetch(made) == ["41.8500_-87.6500_2024_best_match.json"]
    asked = server.asked[0]
    assert (asked.host, asked.path) == ("archive-api.open-meteo.com", "/v1/archive")
    assert asked.params["start_date"] == "2023-12-31"
    assert asked.params["end_date"] == "2025-01-02"
    assert "apikey" not in asked.params
    pin = tmp_path / pins.PINS / "41.8500_-87.6500_2024_best_match.json"
    assert "generationtime" not in pin.read_text()
    before = pin.read_bytes()
    assert server.fetch(made) == []
    assert len(server.asked) == 1
    pin.unlink()
    server.fetch(made)
    assert pin.read_bytes() == before

    files = {str(p.relative_to(tmp_path)): p for p in made.sources["weather"].files(tmp_path)}
    spec = {"kind": "open_meteo", "latitude_deg": 41.85, "longitude_deg": -87.65, "years": [2024]}
    reading = open_meteo.read("weather", spec, files)
    assert reading.findings == []
    rows = reading.tables["weather"]
    assert rows.num_rows == 369 * 24 + 1
    noon = rows.filter(
        np.array([s.as_py() == datetime(2024, 1, 1, 12, tzinfo=UTC) for s in rows["start"]])
    ).to_pylist()[0]
    assert noon["temp_c"] == pytest.approx(0.036), "an instant at the label"
    assert noon["ghi_w_m2"] == pytest.approx(0.037), "a mean of the hour before the label 13:00"


def test_many_points_and_years_are_chunked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = ", ".join(f"p{i:02d}: {{latitude_deg: {40 + i / 10}, longitude_deg: -87}}" for i in range(12))
    made, server = study(tmp_path, f"points: {{{points}}}, years: [2023, 2024], model: era5"), Server()
    monkeypatch.setattr(open_meteo_fetch, "HOURLY", ("temperature_2m",))
    assert len(server.fetch(made)) == 24
    counts = [u.params["latitude"].count(",") + 1 for u in server.asked]
    assert counts == [10, 2, 10, 2]
    assert {u.params["models"] for u in server.asked} == {"era5"}


def test_an_unfinished_year_is_fetched_again_when_more_is_known(tmp_path: Path) -> None:
    made, server = study(tmp_path, HERE.replace("2024", "2026")), Server()
    server.fetch(made)
    assert server.asked[0].params["end_date"] == "2026-03-01"
    assert server.fetch(made) == []
    assert len(server.fetch(made, date(2026, 3, 9))) == 1
    with pytest.raises(SourceError, match="2026 has not begun"):
        server.fetch(made, date(2025, 12, 31))


LIMIT = httpx.Response(429, json={"error": True, "reason": "Minutely API request limit exceeded. Please try again."})


@pytest.mark.parametrize(
    ("first", "waited"),
    [
        ((httpx.Response(429, headers={"Retry-After": "7"}, json={"error": True, "reason": "slow"}),), [7.0]),
        ((LIMIT,), [60.0]),
        ((httpx.Response(502, text="<html>"), httpx.ConnectError("no route")), [2.0, 4.0]),
        ((httpx.Response(429, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT",
                                       "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}),), [30.0]),
    ],
)  # fmt: skip
def test_limits_and_failures_are_waited_for(tmp_path: Path, first: Any, waited: list[float]) -> None:
    server = Server(*first)
    assert len(server.fetch(study(tmp_path, HERE))) == 1
    assert server.waited == waited


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ([httpx.Response(400, json={"error": True, "reason": "Parameter 'hourly' is wrong"})], "Parameter 'hourly'"),
        ([httpx.Response(200, json={"error": True, "reason": "No data"})], "No data"),
        ([httpx.Response(200, text="<html>login</html>")], "proxy"),
        ([httpx.Response(200, json=[])], "0 of 1 places"),
        ([httpx.Response(429, json={"error": True, "reason": "Daily API request limit exceeded."})], "Commercial use"),
        ([httpx.Response(429, headers={"Retry-After": "86400"})], "later"),
        ([httpx.Response(503)] * 5, "5 times"),
        ([httpx.ConnectTimeout("slow")] * 5, "ConnectTimeout"),
    ],
)
def test_what_the_service_refuses_is_told(tmp_path: Path, first: list[Any], told: str) -> None:
    with pytest.raises(SourceError, match=told):
        Server(*first).fetch(study(tmp_path, HERE))
    assert not list(tmp_path.glob(f"{pins.PINS}/*.json"))


def test_the_key_is_sent_and_written_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv(open_meteo_service.KEY, "s3cr3t")
    server = Server(httpx.Response(502, text="bad apikey=s3cr3t"))
    server.fetch(study(tmp_path, HERE))
    assert server.asked[-1].host == "customer-archive-api.open-meteo.com"
    assert server.asked[-1].params["apikey"] == "s3cr3t"
    assert all(b"s3cr3t" not in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    with pytest.raises(SourceError) as told:
        Server(httpx.Response(400, json={"error": True, "reason": "key s3cr3t is wrong"})).fetch(
            study(tmp_path / "b", HERE)
        )
    assert "s3cr3t" not in str(told.value) + capsys.readouterr().out


def test_feeders_are_where_the_last_run_found_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = study(tmp_path / "studies" / "one", "points: feeders, years: [2024]")
    with pytest.raises(SourceError, match="Run the study once"):
        Server().fetch(made)
    bus = '{"name":"%s","nodes":[1],"kv_ln":7.2,"x":%s,"y":4632000}'
    rows = [{"feeder": "f1", "kind": "feeder", "name": "f1", "body": '{"crs":"EPSG:26916","frequency_hz":60}'}]
    rows += [{"feeder": "f1", "kind": "bus", "name": str(x), "body": bus % (x, x)} for x in (440000, 441000, 460000)]
    tables.write("network", tables.frame("network", rows), Path(layout.NETWORK.format(study=made.name)))
    written = Server().fetch(made)
    places = pins.found(made.folder / pins.PINS / "feeders.json")
    assert places["f1"] == pytest.approx((41.837, -87.711), abs=0.003), "UTM zone 16, 441000 4632000"
    assert [p.name for p in made.sources["weather"].files(made.folder)] == [*written, "feeders.json"]


def test_a_run_never_fetches_and_check_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    made = study(tmp_path, HERE)

    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    spec = {"kind": "open_meteo", "latitude_deg": 41.85, "longitude_deg": -87.65, "years": [2024]}
    reading = open_meteo.read("weather", spec, {})
    assert [(f.check, f.severity) for f in reading.findings] == [("weather.pin-missing", "error")]
    assert "dtl check STUDY --lock" in reading.findings[0].remedy
    assert cli.main(["check", str(tmp_path)]) == 1
    assert "spec.not-fetched" in capsys.readouterr().out

    Server().fetch(made)
    assert cli.main(["check", str(tmp_path)]) == 0
    assert cli.main(["check", str(tmp_path), "--lock"]) == 0, "all is pinned: nothing is asked"
    lock = (tmp_path / "sources.lock.yaml").read_text()
    assert "data/weather/open_meteo/41.8500_-87.6500_2024_best_match.json" in lock
    pin = made.sources["weather"].files(tmp_path)[0]
    pin.write_text(pin.read_text().replace("0.003", "0.004", 1))
    assert cli.main(["check", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "has changed: locked" in told
    assert "found" in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda a: a.update(error=True, reason="Daily limit"), "Daily limit"),
        (lambda a: a["hourly"]["temperature_2m"].pop(), "values for"),
        (lambda a: a["hourly_units"].update(temperature_2m="furlong"), "furlong"),
        (
            lambda a: a["hourly"]["time"].pop(5) and [v.pop(5) for k, v in a["hourly"].items() if k != "time"],
            "one hour",
        ),
        (lambda a: a.update(latitude=None), "latitude"),
        (lambda a: a["hourly"].update(time=["yesterday"] * len(a["hourly"]["time"])), "no time"),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(change: Callable[[Any], Any], told: str) -> None:
    question = httpx.QueryParams(
        {
            "latitude": "41",
            "longitude": "-87",
            "start_date": "2024-01-01",
            "end_date": "2024-01-02",
            "hourly": "temperature_2m,shortwave_radiation",
        }
    )
    answer = served(question)
    change(answer)
    with pytest.raises(AnswerError, match=told):
        read_answer(answer, "p", "f.json")


def test_units_and_old_names_are_turned_into_ours() -> None:
    answer = {
        "latitude": 41.0, "longitude": -87.0, "utc_offset_seconds": -18000, "timezone": "America/Chicago",
        "hourly_units": {"time": "iso8601", "temperature_2m": "°F", "windspeed_10m": "mp/h", "precipitation": "inch"},
        "hourly": {"time": ["2025-07-01T00:00", "2025-07-01T01:00"], "temperature_2m": [32.0, 212.0],
                   "windspeed_10m": [10.0, None], "precipitation": [0.0, 1.0]},
    }  # fmt: skip
    hours, _ = read_answer(answer, "p", "f")
    assert hours.start[1] == datetime(2025, 7, 1, 5, tzinfo=UTC).timestamp(), "labels at the fixed offset of -5 h"
    assert hours.fields["temp_c"][1:] == pytest.approx([0.0, 100.0])
    assert hours.fields["wind_m_s"][1] == pytest.approx(4.4704)
    assert np.isnan(hours.fields["wind_m_s"][2])
    assert hours.fields["precipitation_mm"][:2] == pytest.approx([0.0, 25.4]), "sums of the hour before"


def test_true_local_time_with_a_repeated_hour(samples: Path) -> None:
    path = samples / "weather" / "open_meteo_synthetic_p4u" / "archive_hourly.json"
    hours, _ = read_answer(json.loads(path.read_text()), "p", "f")
    assert np.all(np.diff(hours.start) == 3600)
    assert hours.start[1] == datetime(2025, 10, 30, 7, tzinfo=UTC).timestamp()
    assert np.isnan(hours.fields["temp_c"][-6:]).all()
    assert not np.isnan(hours.fields["temp_c"][1:-6]).any()
