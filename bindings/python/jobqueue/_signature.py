"""Webhooks: signing and verifying, in every common scheme."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from time import time as _clock
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Protocol

from . import _native
from ._instant import Instant, micros_of
from ._native import Verification

if TYPE_CHECKING:
    from typing_extensions import Buffer
    _Scheme = Literal["auto", "jobqueue", "github", "standard", "svix", "stripe", "slack",
                      "convoy"]
Secrets = str | bytes | Iterable[str | bytes]
Pair = tuple[str | bytes, str | bytes]


class _HasItems(Protocol):
    def items(self) -> Iterable[tuple[str, str]]: ...


Headers = Mapping[str, str] | _HasItems | Iterable[Pair]


def list_of_secrets(secrets: Secrets) -> list[str | bytes]:
    if isinstance(secrets, str | bytes):
        return [secrets]
    if not isinstance(secrets, Iterable):
        raise TypeError("secrets must be a str, bytes, or an iterable of them")
    return list(secrets)


def _tolerance(tolerance: float | timedelta | None) -> int:
    if tolerance is None:
        return -1
    seconds = tolerance.total_seconds() if isinstance(tolerance, timedelta) else tolerance
    if not 0 <= seconds < 2**63:
        raise ValueError("tolerance must not be negative; None accepts any age")
    return math.floor(seconds)


def _pairs(headers: Any) -> list[tuple[Any, ...]]:
    items = getattr(headers, "items", None)
    return [tuple(pair) for pair in (headers if items is None else items())]


def _refuse_text() -> NoReturn:
    raise TypeError("body must be the bytes as they came, not a str that was made of them")


class SignatureVerifier:
    """Verifies webhooks; keyed once, immutable, safe to share between threads.

    scheme      "github", ...; "auto" is what the headers say
    secrets     one or several, any of which may have made a signature
    tolerance   seconds that a timestamp may be from now, either way; None accepts any age
    hints       look for the mistake behind a refusal
    """

    def __init__(self, scheme: _Scheme, secrets: Secrets, /, *,
                 tolerance: float | timedelta | None = 300, hints: bool = True) -> None:
        self._verify = _native.signature_verifier(scheme, list_of_secrets(secrets),
                                                  _tolerance(tolerance), hints)

    def verify(self, body: Buffer, headers: Headers, /, *, now: Instant = None) -> Verification:
        """Returns which secret made the signature, or raises a SignatureVerificationError.

        body      the bytes as they came
        headers   a mapping, pairs, or what frameworks have with .items()
        """
        if isinstance(body, str):
            _refuse_text()
        return self._verify(body, headers if type(headers) is dict else _pairs(headers),
                            int(_clock()) if now is None else micros_of(now, "now") // 1_000_000)


class PayloadSigner:
    """Makes the headers of webhooks; keyed once, immutable, safe to share between threads."""

    def __init__(self, scheme: _Scheme, secrets: Secrets, /) -> None:
        self._sign = _native.PayloadSigner(scheme, list_of_secrets(secrets)).sign
        self._has_id = scheme in ("standard", "svix")

    def sign(self, body: Buffer, /, *, id: str | None = None,
             now: Instant = None) -> dict[str, str]:
        """The headers for a body. `id` is for standard and svix: a new one if not given."""
        if isinstance(body, str):
            _refuse_text()
        if id is None:
            id = "msg_" + uuid.uuid4().hex if self._has_id else ""
        return self._sign(body, id, micros_of(now, "now") // 1_000_000)


def verify_signature(body: Buffer, headers: Headers, /, *, scheme: _Scheme, secrets: Secrets,
                     tolerance: float | timedelta | None = 300,
                     now: Instant = None) -> Verification:
    """SignatureVerifier(scheme, secrets).verify(body, headers), for one message."""
    return SignatureVerifier(scheme, secrets, tolerance=tolerance).verify(body, headers, now=now)


def sign_payload(body: Buffer, /, *, scheme: _Scheme, secrets: Secrets, id: str | None = None,
                 now: Instant = None) -> dict[str, str]:
    """PayloadSigner(scheme, secrets).sign(body), for one message."""
    return PayloadSigner(scheme, secrets).sign(body, id=id, now=now)
