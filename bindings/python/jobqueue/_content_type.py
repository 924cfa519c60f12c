"""Content types: what an object is, and everything that says so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from . import _native

if TYPE_CHECKING:
    from typing_extensions import Buffer
    _Category = Literal["data", "image", "video", "audio", "document", "archive", "text", "model",
                        "font", "executable"]
    _Source = Literal["none", "url", "header", "magic", "container", "text", "configured"]
    _Confidence = Literal["none", "low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class ContentEvidence:
    """One thing that was seen.

    media_type    as it was given, in lower case
    detail        of `url` the extension, of `container` which, of `text` its form; or None
    contradicted  by the bytes
    """

    source: _Source
    media_type: str
    detail: str | None
    contradicted: bool


@dataclass(frozen=True, slots=True)
class ContentType:
    """What an object is.

    media_type  "application/octet-stream" if nothing is known
    extension   the usual one without a dot, or None
    source      which evidence decided
    mismatch    the bytes contradict the header or the extension
    polyglot    the bytes are, or may be taken for, something else besides
    """

    media_type: str
    extension: str | None
    category: _Category
    source: _Source
    confidence: _Confidence
    evidence: tuple[ContentEvidence, ...]
    mismatch: bool
    polyglot: bool


def _text(name: str, value: str | None) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} must be a str or None, not {type(value).__name__}")
    return value


def detect_content_type(head: Buffer, /, *, url: str | None = None, header: str | None = None,
                        nosniff: bool = False, configured: str | None = None,
                        whatwg: bool = False) -> ContentType:
    """What the object is whose first bytes are `head`: 4096 of them, or all there are.

    url         where it is, or the name of a file; the extension of the path counts alone
    header      the value of Content-Type; of several lines the last
    nosniff     X-Content-Type-Options: nosniff was there: a header that says something decides
    configured  the type to fall back to
    whatwg      decide as WHATWG MIME Sniffing does, with its names
    """
    if isinstance(head, str):
        raise TypeError("head must be the bytes as they came, not str")
    told = json.loads(_native.detect_content_type(
        head, _text("url", url), _text("header", header), _text("configured", configured),
        bool(nosniff), bool(whatwg)))
    evidence = tuple(ContentEvidence(**one) for one in told.pop("evidence"))
    return ContentType(**told, evidence=evidence)
