"""Input that comes in pieces, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO

from . import _native
from ._report import Cut


class Base64Sanitizer:
    """`sanitize_base64` piece by piece: the output is the same wherever the pieces are divided.

    Takes the options of `sanitize_base64`; `format` must be "auto" or "text". `on_cut` is called
    with each `Cut` while the input passes. To be used by one thread at a time.
    """

    def __init__(self, *, on_cut: Callable[[Cut], None] | None = None, **options: Any) -> None:
        listener = None if on_cut is None else lambda line: on_cut(Cut(*line))
        self._native = _native.Base64Sanitizer(listener, **options)

    def update(self, piece: bytes, /) -> bytes:
        """Takes the next piece of the input, and gives the next piece of the output."""
        return self._native.update(piece)

    def finish(self) -> bytes:
        """The input is complete: gives the rest. After that the next input may begin."""
        return self._native.finish()


def sanitize_base64_stream(source: BinaryIO, target: BinaryIO, /, *,
                           chunk_size: int = 1 << 18, **options: Any) -> None:
    """Reads a binary file to its end, and writes it without its blobs."""
    sanitizer = Base64Sanitizer(**options)
    while piece := source.read(chunk_size):
        target.write(sanitizer.update(piece))
    target.write(sanitizer.finish())
