"""EPW, TMY3 and NSRDB files with known weather, in the forms that their manuals describe."""

from __future__ import annotations

from datetime import datetime, timedelta

YEARS = [2003, 2007, 2001, 2010, 2004, 2002, 2009, 2005, 2011, 2006, 2008, 2012]
"""The year from which each month of a typical year is taken."""


def hours(count: int = 8760) -> list[datetime]:
    """Starts of the hours of a year without 29 February, month by month of its own year."""
    plain = [datetime(2001, 1, 1) + timedelta(hours=h) for h in range(count)]
    return [t.replace(year=YEARS[t.month - 1]) for t in plain]


def temperature(t: datetime) -> float:
    """Tells month, day and hour by one number."""
    return round(t.month + t.day / 100 + t.hour / 10_000, 4)


def light(t: datetime) -> float:
    """Tells the hour of the morning or the afternoon, with noon in the middle of the day."""
    return max(0.0, 160.0 - 20.0 * abs(t.hour - 11.5))


def epw(count: int = 8760) -> str:
    """An EPW file at 41.98 N, 87.92 W, UTC-6."""
    head = ["LOCATION,Chicago,IL,USA,TMY3,725300,41.98,-87.92,-6.0,201.0"]
    head += ["DESIGN CONDITIONS,0", "TYPICAL/EXTREME PERIODS,0", "GROUND TEMPERATURES,0"]
    head += [
        "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
        "COMMENTS 1,made",
        "COMMENTS 2,made",
        "DATA PERIODS,1,1,Data,Sunday,1/1,12/31",
    ]
    rows = []
    for t in hours(count):
        cells = [
            t.year,
            t.month,
            t.day,
            t.hour + 1,
            0,
            "?9",
            temperature(t),
            0.0,
            50,
            99500,
            0,
            0,
            300,
            light(t),
            5,
            7,
        ]
        cells += [9999, 9999, 9999, 9999, 180, 3.6, 5, 5, 9999, 99999, 9, "999999999", 999, 0.999, 12, 88, 0.2, 999, 99]
        rows.append(",".join(map(str, cells)))
    return "\n".join([*head, *rows]) + "\n"


def tmy3(count: int = 8760) -> str:
    """A TMY3 file of the same place; hour 24:00 ends a day."""
    names = ["Date (MM/DD/YYYY)", "Time (HH:MM)", "GHI (W/m^2)", "DNI (W/m^2)", "DHI (W/m^2)", "Dry-bulb (C)",
             "RHum (%)", "Pressure (mbar)", "Wspd (m/s)", "Lprecip depth (mm)"]  # fmt: skip
    rows = ['725300,"CHICAGO OHARE INTL AP",IL,-6.0,41.980,-87.920,201', ",".join(names)]
    for t in hours(count):
        cells = [f"{t:%m/%d/%Y}", f"{t.hour + 1:02d}:00", light(t), 5, 7, temperature(t), 50, 995, 3.6, -9900]
        rows.append(",".join(map(str, cells)))
    return "\n".join(rows) + "\n"


def nsrdb(count: int = 8760, minute: int = 30, unit: str = "c") -> str:
    """A download of the NSRDB at the same place: instants in the middle of each hour, local standard time."""
    head = ["Source,Location ID,City,State,Country,Latitude,Longitude,Time Zone,Elevation,Local Time Zone,"
            "GHI Units,DNI Units,DHI Units,Temperature Units,Pressure Units,Wind Speed Units,Version",
            f"NSRDB,1234,-,-,-,41.98,-87.92,-6,201,-6,w/m2,w/m2,w/m2,{unit},mbar,m/s,4.0.0",
            "Year,Month,Day,Hour,Minute,Temperature,GHI,DNI,DHI,Pressure,Wind Speed,Surface Albedo"]  # fmt: skip
    rows = [
        f"{t.year},{t.month},{t.day},{t.hour},{minute},{temperature(t)},{light(t)},5,7,995,3.6,0.18"
        for t in hours(count)
    ]
    return "\n".join([*head, *rows]) + "\n"
