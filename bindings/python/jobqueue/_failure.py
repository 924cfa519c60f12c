"""Failures: what kind a message of an error is, and which are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import _native

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Failure(NamedTuple):
    """What kind of failure it is; docs/api/failure.md has the words.

    type, reason  "network_error", "connection_failed"
    description   a sentence; of the message it has no more than an id or a name
    confidence    "high", "medium", "low", or "none" if nothing was recognised
    fingerprint   16 hexadecimal digits, equal for messages that differ in ids, numbers,
                  addresses and times
    """

    type: str
    reason: str
    description: str
    confidence: str
    fingerprint: str


def classify_failure(message: str | Buffer, /, *, http_status: int | None = None,
                     timeout: bool = False) -> Failure:
    """Says what kind of failure a message is.

    message      of an exception, or the JSON that a program threw; 16 KiB of it are looked at
    http_status  of the answer; what is not 400 to 599 says nothing
    timeout      whether the caller gave up waiting
    """
    status = 0 if http_status is None else http_status
    if not isinstance(status, int):
        raise TypeError("http_status must be an int or None")
    known = status if 400 <= status <= 599 else 0
    return Failure(*_native.classify_failure(message, known, timeout))
