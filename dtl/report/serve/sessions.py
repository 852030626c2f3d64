"""Sessions of users who logged in, and the limit of tries of those who did not."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable

HOURS = 12
"""A session ends after so many hours."""
TRIES, WINDOW_S = 5, 900
"""So many failed tries of one name or from one address within so many seconds close the door."""


class Sessions:
    """Tokens of those who are logged in; forgotten when the server stops."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._until: dict[str, tuple[str, float]] = {}
        self._failed: dict[str, deque[float]] = {}

    def begin(self, user: str) -> str:
        """A new token for a user."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            now = self._clock()
            self._until = {t: own for t, own in self._until.items() if own[1] > now}
            self._until[token] = user, now + 3600.0 * HOURS
        return token

    def user(self, token: str) -> str | None:
        """Who a token belongs to; None if nobody, or no longer."""
        with self._lock:
            own = self._until.get(token)
            return own[0] if own is not None and own[1] > self._clock() else None

    def end(self, token: str) -> None:
        """Log out."""
        with self._lock:
            self._until.pop(token, None)

    def closed(self, *keys: str) -> bool:
        """Whether any of these names or addresses has failed too often of late."""
        with self._lock:
            return any(len(self._recent(key)) >= TRIES for key in keys)

    def failed(self, *keys: str) -> None:
        """Note a failed try of a name from an address."""
        with self._lock:
            self._failed = {key: own for key in self._failed if (own := self._recent(key))}
            for key in keys:
                self._failed.setdefault(key, deque()).append(self._clock())

    def _recent(self, key: str) -> deque[float]:
        own = self._failed.get(key, deque())
        while own and own[0] <= self._clock() - WINDOW_S:
            own.popleft()
        return own
