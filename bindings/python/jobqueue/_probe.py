"""The probe: what the object at a URL really is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

from . import _native
from ._content_type import ContentEvidence, ContentType, _text

_Address: TypeAlias = str | IPv4Address | IPv4Network | IPv6Address | IPv6Network


@dataclass(frozen=True, slots=True)
class ProbedContentType(ContentType):
    """What the object at a URL is, and what its server said.

    url         that answered, after redirects
    status      of that answer; None if there was none
    size        of the object in bytes, if the server says it
    header      the Content-Type that it said, or None
    nosniff     it said so: if the header says something, that decided
    head_bytes  how many bytes of the object were looked at
    problem     why the bytes, or even the header, are no evidence; None if both were there
    """

    url: str
    status: int | None
    size: int | None
    redirects: int
    header: str | None
    etag: str | None
    nosniff: bool
    head_bytes: int
    problem: str | None


def _addresses(name: str, values: Iterable[_Address]) -> list[str]:
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{name} must be a list of addresses, not one of them")
    return [str(value) for value in values]


def probe_content_type(url: str, /, *, configured: str | None = None,
                       allow: Iterable[_Address] = (), deny: Iterable[_Address] = (),
                       headers: Mapping[str, str] | None = None, timeout: float = 10.0,
                       max_redirects: int = 5, head_only: bool = False, whatwg: bool = False,
                       ca_file: str | os.PathLike[str] | None = None,
                       user_agent: str | None = None) -> ProbedContentType:
    """Asks the object at a URL for its first 4096 bytes, and says what it is.

    configured     the type to fall back to; with it, a server that does not answer is no error
    allow          addresses and blocks that may be asked besides the public ones: "10.1.0.0/16"
    deny           of all these, which may not
    headers        sent with both requests, such as Authorization
    timeout        in seconds, for each of two requests
    max_redirects  at most 20; each is checked like the URL
    head_only      ask for no bytes: what is said of the object is all there is
    whatwg         decide as WHATWG MIME Sniffing does
    ca_file        PEM file of the authorities to trust, not the system's

    Raises AddressForbiddenError for an address that may not be asked, also behind a redirect, and
    NetworkError if nobody answers. Other threads run meanwhile.
    """
    if not isinstance(url, str):
        raise TypeError(f"url must be a str, not {type(url).__name__}")
    told = json.loads(_native.probe_content_type(
        url, _text("configured", configured) or "", _addresses("allow", allow),
        _addresses("deny", deny), list((headers or {}).keys()), list((headers or {}).values()),
        os.fsdecode(ca_file) if ca_file is not None else "", _text("user_agent", user_agent) or "",
        max(0, round(timeout * 1000)), max_redirects, bool(head_only), bool(whatwg)))
    evidence = tuple(ContentEvidence(**one) for one in told.pop("evidence"))
    return ProbedContentType(**told, evidence=evidence)
