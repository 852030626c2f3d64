"""Green Button feeds as utilities write them: several series of one meter, other addresses, and what must not count."""

from __future__ import annotations

from pathlib import Path

import ami_exports as exports
import pytest

from dtl.sources import ami
from dtl.sources.reading import Reading

START = 1735711200
UP = "/espi/1_1/resource/Subscription/1/UsagePoint/77"
ESPI = 'xmlns="http://naesb.org/espi"'
HOURS = 5


def entry(own: str, body: str, related: tuple[str, ...] = (), up: str = "") -> str:
    links = [("self", own)] * bool(own) + [("related", r) for r in related] + [("up", up)] * bool(up)
    told = "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in links)
    return f"<entry>{told}<content>{body}</content></entry>\n"


def kind(number: int, uom: int = 72, flow: int = 1, behaviour: int = 4, qualifier: int = 12, place: str = "") -> str:
    return entry(
        place or f"/espi/1_1/resource/ReadingType/{number}",
        f"<ReadingType {ESPI}><accumulationBehaviour>{behaviour}</accumulationBehaviour><commodity>1</commodity>"
        f"<dataQualifier>{qualifier}</dataQualifier><flowDirection>{flow}</flowDirection><intervalLength>3600"
        f"</intervalLength><powerOfTenMultiplier>0</powerOfTenMultiplier><uom>{uom}</uom></ReadingType>",
    )


def block(own: str, value: str, length: str = "<duration>3600</duration>", up: str = "", count: int = HOURS) -> str:
    rows = "".join(
        f"<IntervalReading><timePeriod>{length}<start>{START + 3600 * k}</start></timePeriod>{value}</IntervalReading>"
        for k in range(count)
    )
    return entry(own, f"<IntervalBlock {ESPI}>{rows}</IntervalBlock>", up=up)


def series(number: int, wh: int, point: str = UP) -> str:
    own = f"{point}/MeterReading/{number}"
    meter = entry(own, f"<MeterReading {ESPI}/>", (f"/espi/1_1/resource/ReadingType/{number}",))
    return meter + block(f"{own}/IntervalBlock/1", f"<value>{wh}</value>")


def read(tmp_path: Path, *parts: str, **words: object) -> Reading:
    path = tmp_path / "feed.xml"
    path.write_text('<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">' + "".join(parts) + "</feed>")
    spec = exports.spec(columns="green_button", interval_min=None, stamp=None, **words)
    return ami.read("meters", spec, {"feed.xml": path})


def kwh(found: Reading) -> dict[str, float | None]:
    table = found.tables["series"]
    return dict(zip(table["meter"].to_pylist(), table["kwh"].to_pylist(), strict=True))


def told(found: Reading, check: str) -> list[tuple[str, str]]:
    return [(f.severity, f.value or "") for f in found.findings if f.check == check]


def test_a_feed_of_costs_alone_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, kind(1), series(1, 1000).replace("<value>1000</value>", "<cost>123</cost>"))
    assert {f.check for f in found.findings} == {"ami.number", "ami.nothing"} and not kwh(found)


@pytest.mark.parametrize(("other", "why"), [
    (kind(2, uom=38), "uom 38 (W) beside the energy of the meter"),
    (kind(2, uom=38, qualifier=8), "uom 38, dataQualifier 8"),
    (kind(2, behaviour=3), "uom 72, accumulation 3"),
    (kind(2, flow=20), "flowDirection 20 beside 1, 19 of the meter"),
    (kind(2, flow=4), "flowDirection 4 beside 1, 19 of the meter"),
])  # fmt: skip
def test_a_series_that_tells_the_same_or_maxima_does_not_count(tmp_path: Path, other: str, why: str) -> None:
    back = kind(3, flow=19) + series(3, 400)
    found = read(tmp_path, kind(1), other, back, series(1, 1000), series(2, 7000))
    assert kwh(found) == {"77": pytest.approx(HOURS * 0.6)}
    assert told(found, "ami.series") == [("warning", why)] and not told(found, "ami.conflict")


def test_maxima_alone_are_no_energy(tmp_path: Path) -> None:
    found = read(tmp_path, kind(1, uom=38, qualifier=8, behaviour=6), series(1, 9000))
    assert not kwh(found) and told(found, "ami.nothing")[0][0] == "error"


def test_energy_from_the_customer_below_zero(tmp_path: Path) -> None:
    feed = (kind(1), kind(2, flow=19), series(1, 1000), series(2, -400))
    found = read(tmp_path, *feed)
    assert kwh(found) == {"77": None} and told(found, "ami.sign") == [("error", "-400, flowDirection 19")]
    found = read(tmp_path, *feed, received_sign="negative")
    assert kwh(found) == {"77": pytest.approx(HOURS * 0.6)} and not told(found, "ami.sign")


def test_a_meter_that_only_generates_stands_among_others(tmp_path: Path) -> None:
    found = read(tmp_path, kind(1), kind(2, flow=19), series(1, 1000), series(2, 400, UP[:-2] + "88"))
    assert kwh(found) == {"77": pytest.approx(5.0), "88": pytest.approx(-2.0)}


def test_an_interval_of_one_direction_among_both_is_told(tmp_path: Path) -> None:
    short = series(1, 1000).replace(f"<start>{START}</start>", "<start>none</start>")
    found = read(tmp_path, kind(1), kind(2, flow=19), short, series(2, 400))
    assert kwh(found) == {"77": pytest.approx(4 * 0.6)} and told(found, "ami.half") == [("warning", "1")]


def test_addresses_of_another_host_and_blocks_that_name_what_is_above(tmp_path: Path) -> None:
    place = "https://utility.example/DataCustodian/espi/1_1/resource/ReadingType/1"
    above = block("urn:uuid:5", "<value>1000</value>", length="", up=f"{UP}/MeterReading/1/IntervalBlock")
    meter = entry(f"{UP}/MeterReading/1", f"<MeterReading {ESPI}/>", ("/espi/1_1/resource/ReadingType/1",))
    found = read(tmp_path, kind(1, place=place), meter, above)
    assert kwh(found) == {"77": pytest.approx(5.0)} and not found.findings


def test_billing_periods_beside_hours_stop_nothing(tmp_path: Path) -> None:
    month = series(2, 90_000).replace("<duration>3600</duration>", "<duration>2592000</duration>")
    found = read(tmp_path, kind(1), kind(2), month, series(1, 1000))
    assert kwh(found) == {"77": pytest.approx(5.0)}
    assert [s for s, _ in told(found, "ami.series")] == ["warning"] and not told(found, "ami.grid")
