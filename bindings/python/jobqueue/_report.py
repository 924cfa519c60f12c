"""Reports: what was cut, and what was looked at and left alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from . import _native

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cut:
    """One blob that was cut.

    offset, size  of the cut text: bytes of bytes, characters of str; in an object, characters of
                  the string that `pointer` names
    pointer       RFC 6901; a hop into a string that holds JSON is the token `~s`; None in text
    line          1-based line on which its document begins (NDJSON); 1 in an object
    sha256        of the object as a vault keeps it, 64 hex digits
    """

    offset: int
    size: int
    decoded_size: int
    line: int
    replacement_size: int
    pointer: str | None
    form: str
    blob_class: str
    encoding: str
    evidence: str
    media_type: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Kept:
    """One candidate that was left alone, and why; docs/api/base64.md has the reasons."""

    offset: int
    size: int
    reason: str
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class Report(Generic[T]):
    """What `sanitize_base64_report` answers; `value` is what `sanitize_base64` would have."""

    value: T
    cuts: tuple[Cut, ...]
    kept: tuple[Kept, ...]

    @property
    def changed(self) -> bool:
        return bool(self.cuts)

    @property
    def removed(self) -> int:
        """By how much all cuts together made the text shorter: bytes of bytes, or characters."""
        return sum(cut.size - cut.replacement_size for cut in self.cuts)

    @property
    def by_class(self) -> dict[str, int]:
        """How many cuts there were of each class of blob."""
        return dict(Counter(cut.blob_class for cut in self.cuts))


def sanitize_base64_report(x: T, /, **options: Any) -> Report[T]:
    """`sanitize_base64` with its report; takes the same options."""
    value, cuts, kept = _native.sanitize_base64_lines(x, **options)
    return Report(value, tuple(Cut(*cut) for cut in cuts), tuple(Kept(*one) for one in kept))
