"""Points in time, as the functions of this package take them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from time import time

Instant = datetime | float | None

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def micros_of(when: Instant, name: str) -> int:
    """Microseconds since 1970: of a datetime with a time zone, of seconds, or of the present."""
    if when is None:
        when = time()
    if isinstance(when, int | float):
        if not math.isfinite(when):
            raise ValueError(f"{name} must be a point in time")
        return math.floor(when * 1_000_000)
    if not isinstance(when, datetime):
        raise TypeError(f"{name} must be a datetime or seconds since 1970, "
                        f"not {type(when).__name__}")
    if when.tzinfo is None:
        raise ValueError(f"{name} must have a time zone; datetime.now(timezone.utc) has one")
    return (when - _EPOCH) // timedelta(microseconds=1)
