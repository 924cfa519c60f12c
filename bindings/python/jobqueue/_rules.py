"""Rule sets: what became of a job, and why."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from . import _native
from ._instant import Instant, micros_of
from ._json import plain_value

Record = Mapping[str, Any] | str | bytes

# So many records cross together, so that any number of them takes the memory of their verdicts.
_BATCH_SIZE = 256


class _Verdict(TypedDict):
    status_category: str | None
    problem_type: str | None
    problem_details: dict[str, Any] | None
    resolution_needed: str | None
    rule: str | None


class Evaluation(_Verdict, total=False):
    """What became of a job; undecided if `status_category` is None.

    missing_facts, next_evaluation_at    of what is undecided
    decided_by, trace, would_complete    with `explain`
    """

    missing_facts: list[str]
    next_evaluation_at: str | None
    decided_by: list[dict[str, Any]]
    trace: list[dict[str, Any]]
    would_complete: list[dict[str, Any]] | None


def _dump(value: object, *, allow_nan: bool = True) -> str:
    return json.dumps(value, default=plain_value, separators=(",", ":"), allow_nan=allow_nan)


def _text(record: Record) -> str:
    if isinstance(record, str):
        return record
    if isinstance(record, bytes):
        return record.decode("utf-8", "surrogateescape")
    return _dump(record)


class Ruleset:
    """A compiled rule set; immutable, and safe to share between threads."""

    def __init__(self, native: _native.Ruleset, /) -> None:
        self._native = native

    @classmethod
    def from_json(cls, text: str | bytes, /, *,
                  parameters: Mapping[str, object] | None = None) -> Ruleset:
        """Compiles a rule set. `parameters` are values in place of its own."""
        words = text.decode() if isinstance(text, bytes) else text
        return cls(_native.Ruleset(words, cls._words(parameters)))

    @classmethod
    def standard(cls, *, parameters: Mapping[str, object] | None = None) -> Ruleset:
        """The set that comes with the library; `standard_rules()` is its text."""
        return cls(_native.Ruleset(None, cls._words(parameters)))

    @staticmethod
    def _words(parameters: Mapping[str, object] | None) -> list[tuple[str, str]]:
        return [(name, str(value).lower() if isinstance(value, bool) else str(value))
                for name, value in (parameters or {}).items()]

    @property
    def digest(self) -> str:
        """64 hexadecimal digits that change whenever verdicts of the set may."""
        return self._native.digest()

    def evaluate(self, record: Record, /, *, now: Instant = None,
                 explain: bool = False) -> Evaluation:
        """What became of one job, of which the record tells: a dict, or an object of JSON."""
        verdict: Evaluation = json.loads(
            self._native.evaluate(_text(record), micros_of(now, "now"), explain))
        return verdict

    def evaluate_many(self, records: Iterable[Record], /, *, now: Instant = None,
                      explain: bool = False) -> list[Evaluation]:
        """The same of many jobs, in one call; one that is malformed is an `evaluation_error`."""
        micros = micros_of(now, "now")
        found: list[Evaluation] = []
        rest = iter(records)
        while batch := list(itertools.islice(rest, _BATCH_SIZE)):
            found += self._evaluate_batch(batch, micros, explain)
        return found

    def _evaluate_batch(self, records: list[Record], micros: int,
                        explain: bool) -> list[Evaluation]:
        found: list[Evaluation]
        array = self._array(records)
        if array is not None:
            found = json.loads(self._native.evaluate_array(array, micros, explain))
            return found
        # Line breaks outside of strings mean nothing, and inside there are none.
        lines = [_text(record).replace("\n", " ") or "?" for record in records]
        verdicts = self._native.evaluate_lines("\n".join(lines), micros, explain)
        found = [json.loads(line) for line in verdicts.splitlines()]
        return found

    @staticmethod
    def _array(records: list[Record]) -> str | None:
        """All records as one array, unless one of them may be malformed."""
        if any(isinstance(record, str | bytes) for record in records):
            return None
        try:
            return _dump(records, allow_nan=False)
        except ValueError:
            return None
