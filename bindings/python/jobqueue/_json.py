"""JSON of what Python has in hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID


def plain_value(value: object) -> object:
    """What a row of a database has and JSON has not; for `default` of json.dumps."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"JSON cannot hold a {type(value).__name__}")
