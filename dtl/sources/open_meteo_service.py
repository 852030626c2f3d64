"""The archive and forecast services of Open-Meteo: one question, its answers, retries, and limits of their rate.

Nothing of a run imports this; `dtl check --lock` alone does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from dtl.errors import SourceError

KEY = "DTL_OPEN_METEO_KEY"
"""The environment variable of the key that commercial use needs; it is sent, and written nowhere."""

PATHS = {"archive": ("archive-api.open-meteo.com", "/v1/archive"), "forecast": ("api.open-meteo.com", "/v1/forecast")}
TRIES = 5
LONGEST_WAIT_S = 120.0
"""A wait longer than this is no retry: it is told to the person who fetches."""


@dataclass(frozen=True)
class Service:
    """How the service is asked; `sleep` waits seconds, `say` tells a person."""

    client: httpx.Client
    sleep: Callable[[float], None]
    say: Callable[[str], None]

    def ask(self, what: str, question: Mapping[str, str]) -> list[dict[str, Any]]:
        """The answers to a question, one for each place that it names, without what differs from time to time.

        Parameters
        ----------
        what
            ``archive`` or ``forecast``.
        question
            The parameters of the service; latitude and longitude may be lists with commas.

        Raises
        ------
        SourceError
            The service refuses, answers nothing of its documented form, or cannot be reached after five tries.
        """
        answer = self._answer(what, question)
        found = answer if isinstance(answer, list) else [answer]
        places = question["latitude"].count(",") + 1
        if len(found) != places or not all(isinstance(a, dict) and "hourly" in a for a in found):
            raise SourceError(f"Open-Meteo answered {len(found)} of {places} places, or without hours")
        volatile = ("generationtime_ms", "location_id")
        return [{k: v for k, v in one.items() if k not in volatile} for one in found]

    def _answer(self, what: str, question: Mapping[str, str]) -> Any:
        host, path = PATHS[what]
        key = os.environ.get(KEY, "")
        asked = {**question, "apikey": key} if key else dict(question)
        url = f"https://{'customer-' * bool(key)}{host}{path}"
        reason = ""
        for tried in range(1, TRIES + 1):
            try:
                response = self.client.get(url, params=asked)
            except httpx.TransportError as err:
                reason, wait = f"it cannot be reached ({type(err).__name__})", 2.0**tried
            else:
                if response.status_code == 200:
                    return _json(response)
                reason = f"it answers {response.status_code}: {_reason(response)}".replace(key or "\0", "***")
                if response.status_code != 429 and response.status_code < 500:
                    raise SourceError(f"Open-Meteo refuses the question: {reason}")
                wait = _wait(response, tried, reason)
            if wait > LONGEST_WAIT_S:
                raise SourceError(f"Open-Meteo: {reason}; fetch the rest later, what is there is kept. Commercial use "
                                  f"and more calls need a key, in the environment variable {KEY}")  # fmt: skip
            if tried < TRIES:
                self.say(f"  Open-Meteo: {reason}; waiting {wait:.0f} s")
                self.sleep(wait)
        raise SourceError(f"Open-Meteo: {reason}, {TRIES} times; nothing was pinned of this question")


def _json(response: httpx.Response) -> Any:
    try:
        answer = response.json()
    except ValueError as err:
        raise SourceError("Open-Meteo answers what is no JSON: is a proxy in between?") from err
    if isinstance(answer, dict) and answer.get("error"):
        raise SourceError(f"Open-Meteo refuses the question: {str(answer.get('reason'))[:300]}")
    return answer


def _reason(response: httpx.Response) -> str:
    try:
        answer = response.json()
    except ValueError:
        return response.reason_phrase or "no reason"
    return str(answer.get("reason") if isinstance(answer, dict) else answer)[:300]


def _wait(response: httpx.Response, tried: int, reason: str) -> float:
    """Seconds to wait: as the service says, by its limit of a minute, hour or day, or twice as long each time."""
    told = response.headers.get("retry-after", "")
    if told.isdecimal():
        return float(told)
    if told:
        try:
            now = parsedate_to_datetime(response.headers.get("date", ""))
            return max(0.0, (parsedate_to_datetime(told) - now).total_seconds())
        except (TypeError, ValueError):
            return 60.0
    limits = {"minutely": 60.0, "hourly": 3600.0, "daily": 86_400.0}
    return next((s for word, s in limits.items() if word in reason.lower()), 2.0**tried)
