"""Truncating: a payload is cut to a budget of bytes, and JSON stays JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from . import _native
from ._errors import DepthExceededError, InvalidArgumentError
from ._json import plain_value

if TYPE_CHECKING:
    from typing_extensions import Buffer
    _Format = Literal["auto", "json", "text"]

T = TypeVar("T")
_Object = TypeVar("_Object", bound=dict[Any, Any] | list[Any])
_Line = tuple[str, str | None, int, int]


@dataclass(frozen=True, slots=True)
class TruncateCut:
    """One thing that was done.

    reason        blob, white_space, value, items, members or text
    pointer       RFC 6901, in the input; a hop into a string that holds JSON is `~s`; None in text
    bytes_before  of what was cut
    bytes_after   of what is in its place
    """

    reason: str
    pointer: str | None
    bytes_before: int
    bytes_after: int


@dataclass(frozen=True, slots=True)
class Truncation(Generic[T]):
    """What `truncate_payload_report` answers; `value` is what `truncate_payload` would have."""

    value: T
    cuts: tuple[TruncateCut, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was cut."""
        return bool(self.cuts)

    @property
    def removed(self) -> int:
        """By how many bytes all cuts together made the payload shorter."""
        return sum(cut.bytes_before - cut.bytes_after for cut in self.cuts)


class _Copier:
    """Copies what JSON has no way to write: cycles, and numbers that are none."""

    def __init__(self) -> None:
        self._open: set[int] = set()

    def copy(self, value: Any) -> Any:
        """A container in itself becomes "[Circular]"; NaN and the infinities, None."""
        if isinstance(value, float):
            return value if math.isfinite(value) else None
        if not isinstance(value, dict | list | tuple):
            return value
        if id(value) in self._open:
            return "[Circular]"
        self._open.add(id(value))
        copied: Any
        if isinstance(value, dict):
            copied = {key: self.copy(one) for key, one in value.items()}
        else:
            copied = [self.copy(one) for one in value]
        self._open.remove(id(value))
        return copied


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"),
                      default=plain_value)


def _document(value: Any) -> tuple[bytes, bool]:
    """The JSON of an object in UTF-8, and whether it says all that the object does."""
    try:
        try:
            text, whole = _dump(value), True
        except ValueError:
            text, whole = _dump(_Copier().copy(value)), False
    except RecursionError:
        raise DepthExceededError(
            "the object has too many containers in one another; pass its JSON") from None
    # Half a surrogate pair is written as an escape.
    return text.encode("utf-8", "backslashreplace"), whole


def _number(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not 0 <= value < 2**64:
        raise InvalidArgumentError(f"{name} is out of range")
    return value


def _word(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return value


def _pointers(pinned: Iterable[str]) -> list[str]:
    # One pointer alone would be taken for the list of its characters.
    if isinstance(pinned, str) or not isinstance(pinned, Iterable):
        raise TypeError("pinned must be an iterable of str")
    pointers = list(pinned)
    if not all(isinstance(one, str) for one in pointers):
        raise TypeError("pinned must be an iterable of str")
    return pointers


def _truncate(x: Any, report: bool, max_bytes: int, pinned: Iterable[str] = (),
              array_head: int = 3, array_tail: int = 1, marker: str = "TRUNCATED",
              format: _Format = "auto") -> tuple[Any, list[_Line]]:
    options = (_number("max_bytes", max_bytes), _pointers(pinned),
               _number("array_head", array_head), _number("array_tail", array_tail),
               _word("marker", marker))
    if not isinstance(x, dict | list):
        return _native.truncate(x, *options, _word("format", format), report)
    if format != "auto":
        raise InvalidArgumentError("format is for documents, not for objects")
    document, whole = _document(x)
    lean, cuts = _native.truncate(document, *options, "json", report)
    return (x if whole and lean is document else json.loads(lean)), cuts


@overload
def truncate_payload(x: str, /, *, max_bytes: int, pinned: Iterable[str] = (),
                     array_head: int = 3, array_tail: int = 1, marker: str = "TRUNCATED",
                     format: _Format = "auto") -> str: ...
@overload
def truncate_payload(x: _Object, /, *, max_bytes: int, pinned: Iterable[str] = (),
                     array_head: int = 3, array_tail: int = 1, marker: str = "TRUNCATED",
                     format: Literal["auto"] = "auto") -> _Object: ...
@overload
def truncate_payload(x: Buffer, /, *, max_bytes: int, pinned: Iterable[str] = (),
                     array_head: int = 3, array_tail: int = 1, marker: str = "TRUNCATED",
                     format: _Format = "auto") -> bytes: ...
def truncate_payload(x: Any, /, **options: Any) -> Any:
    """Cuts x to at most max_bytes bytes, so that JSON stays JSON.

    x is a document (str or bytes-like), or a dict or list, of which the JSON is measured: compact
    and in UTF-8. Returns the same kind, and x itself when it fits. See docs/api/truncate.md.
    """
    return _truncate(x, False, **options)[0]


def truncate_payload_report(x: T, /, **options: Any) -> Truncation[T]:
    """`truncate_payload` with its report; takes the same options."""
    value, cuts = _truncate(x, True, **options)
    return Truncation(value, tuple(TruncateCut(*cut) for cut in cuts))
