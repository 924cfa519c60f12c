"""Attestations: the keys they are kept under, and records in a chain."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import total_ordering
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from . import _native
from ._errors import InvalidArgumentError
from ._signature import Secrets, list_of_secrets

if TYPE_CHECKING:
    from typing_extensions import Buffer
    _Writer = Literal["worker", "workflow", "api"]
    _Kind = Literal["completion", "failure"]
    _Form = Literal["current", "plain", "prefixed", "early_failure"]
    _Reason = Literal["malformed", "unchained", "chain_malformed", "digest_mismatch",
                      "hmac_mismatch", "previous_mismatch", "sequence_gap", "out_of_order",
                      "duplicate", "fork", "truncated", "beyond_head"]

_Text = TypeVar("_Text", str, bytes)
_WRITERS = ("worker", "workflow", "api")
_KINDS = ("completion", "failure")
_FORMS = ("current", "plain", "prefixed", "early_failure")
_MAX_NUMBER = 2**53 - 1
_ANY_COUNT = 2**64 - 1


def attempt_of_retry(retry: int, /) -> int:
    """A worker counts attempts from 1, the API retries from 0: retry 1 is attempt 2."""
    return retry + 1


def retry_of_attempt(attempt: int, /) -> int:
    """The retry of an attempt, which is at least 1."""
    return attempt - 1


@total_ordering
@dataclass(frozen=True)
class AttestationKey:
    """What the key of an attestation says.

    workflow_id      None if the key does not say
    step_id          that of the job without one leading "step-"; None in keys of a whole workflow
    attempt          1 is the first try, with every writer; None if the key does not say
    permanent        the last failure, which has no number in its key
    has_step_prefix  of the older forms: the id in the key begins with "step-"
    ambiguous        there is another reading; not compared

    The order is the canonical one: by workflow, attempt (unknown ones first), step, writer, kind,
    permanence, form.
    """

    writer: _Writer = "worker"
    kind: _Kind = "completion"
    form: _Form = "current"
    workflow_id: str | None = None
    step_id: str | None = None
    attempt: int | None = None
    permanent: bool = False
    has_step_prefix: bool = False
    ambiguous: bool = field(default=False, compare=False)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, AttestationKey):
            return NotImplemented
        return self._rank() < other._rank()

    def _rank(self) -> tuple[Any, ...]:
        return (self.workflow_id or "", self.attempt or 0, self.step_id or "",
                _WRITERS.index(self.writer), _KINDS.index(self.kind), self.permanent,
                _FORMS.index(self.form), self.has_step_prefix)


def parse_attestation_key(text: str | bytes, /) -> AttestationKey:
    """Reads a key of any generation; of several readings it gives the newest form's."""
    return AttestationKey(*_native.parse_attestation_key(text, 0))


def attestation_key_readings(text: str | bytes, /) -> list[AttestationKey]:
    """Every reading of a key, the best one first."""
    readings = [parse_attestation_key(text)]
    while readings[0].ambiguous:
        parts = _native.parse_attestation_key(text, len(readings))
        if parts is None:
            break
        readings.append(AttestationKey(*parts))
    return readings


def format_attestation_key(key: AttestationKey, /) -> str:
    """Builds the text of a key, so that nothing else can be read from it."""
    if key.attempt is not None and not 1 <= key.attempt <= _MAX_NUMBER:
        raise InvalidArgumentError("the attempt must be from 1 to 2^53 - 1; 1 is the first try")
    return _native.format_attestation_key(
        key.writer, key.kind, key.form, key.workflow_id or "", key.step_id or "", key.attempt or 0,
        key.permanent, key.has_step_prefix)


@dataclass(frozen=True)
class AttestationHead:
    """A place in a chain: behind the record of that number, which has that digest."""

    sequence: int = 0
    digest: str = "0" * 64


@dataclass(frozen=True)
class SealedAttestation(Generic[_Text]):
    """A record with its chain, and where the chain is then."""

    text: _Text
    head: AttestationHead


@dataclass(frozen=True)
class AttestationProblem:
    """What is wrong with a record of a chain, or with the chain.

    index     which record, from 0; how many there are if it is about the end of the chain
    reason    the word, "digest_mismatch"
    sequence  the number that the record claims; None if none
    expected  the number that was due
    """

    index: int
    reason: _Reason
    sequence: int | None
    expected: int


@dataclass(frozen=True)
class AttestationReport:
    """What became of a chain; true if there is no problem.

    count     records without a problem
    head      behind the newest record that is of the chain
    """

    ok: bool
    count: int
    head: AttestationHead
    problems: tuple[AttestationProblem, ...]

    def __bool__(self) -> bool:
        return self.ok


def _place(head: AttestationHead | None) -> tuple[int, str]:
    """Sequence and digest. Checked here, as a TypeError of the extension would show the record."""
    if head is None:
        head = AttestationHead()
    elif not isinstance(head, AttestationHead):
        raise TypeError(f"after must be an AttestationHead, not {type(head).__name__}")
    if not isinstance(head.sequence, int) or not isinstance(head.digest, str):
        raise TypeError("an AttestationHead has an int and a str")
    if not 0 <= head.sequence <= _MAX_NUMBER:
        raise InvalidArgumentError("the number of a record is from 0 to 2^53 - 1")
    return head.sequence, head.digest


def _count(expected_count: int | None) -> int:
    if expected_count is None:
        return _ANY_COUNT
    if not isinstance(expected_count, int):
        raise TypeError(f"expected_count must be an int, not {type(expected_count).__name__}")
    if not 0 <= expected_count <= _MAX_NUMBER:
        raise InvalidArgumentError("expected_count must be from 0 to 2^53 - 1")
    return expected_count


class AttestationSigner:
    """Puts records into a chain; keyed once, immutable, safe to share between threads."""

    def __init__(self, secret: str | bytes, /) -> None:
        self._native = _native.AttestationSigner(secret)

    @overload
    def seal(self, record: str, /,
             after: AttestationHead | None = None) -> SealedAttestation[str]: ...
    @overload
    def seal(self, record: Buffer, /,
             after: AttestationHead | None = None) -> SealedAttestation[bytes]: ...
    def seal(self, record: str | Buffer, /,
             after: AttestationHead | None = None) -> SealedAttestation[Any]:
        """Adds the chain to a record, the text of an object of JSON; every other byte stays.

        after   the place behind which it comes: the `head` of the record before
        """
        text, sequence, digest = self._native.seal(record, *_place(after))
        return SealedAttestation(text, AttestationHead(sequence, digest))


class AttestationVerifier:
    """Verifies chains; keyed once, immutable, safe to share between threads.

    secrets   one or several, any of which may have sealed a record
    """

    def __init__(self, secrets: Secrets, /) -> None:
        self._native = _native.AttestationVerifier(list_of_secrets(secrets))

    def verify(self, records: Iterable[str | bytes], /, *, after: AttestationHead | None = None,
               expected_head: str | None = None,
               expected_count: int | None = None) -> AttestationReport:
        """Reports every problem of records, which are given in their order.

        after           the place that they follow; else they are from the first one on
        expected_head   digest of the newest record
        expected_count  number of the newest record; without these two nobody sees it missing
        """
        if isinstance(records, str | bytes):
            raise TypeError("records must be an iterable of str or bytes, not one of them")
        if not isinstance(expected_head, str | None):
            raise TypeError(f"expected_head must be a str, not {type(expected_head).__name__}")
        report = json.loads(self._native.verify(list(records), *_place(after),
                                                expected_head or "", _count(expected_count)))
        return AttestationReport(
            report["ok"], report["count"], AttestationHead(**report["head"]),
            tuple(AttestationProblem(**problem) for problem in report["problems"]))

    def head_of(self, record: str | Buffer, /) -> AttestationHead:
        """The place behind one record, to go on from there; only its own bytes are verified."""
        return AttestationHead(*self._native.head_of(record))


def verify_attestation_chain(records: Iterable[str | bytes], /, *, secrets: Secrets,
                             after: AttestationHead | None = None,
                             expected_head: str | None = None,
                             expected_count: int | None = None) -> AttestationReport:
    """AttestationVerifier(secrets).verify(records), for one chain."""
    return AttestationVerifier(secrets).verify(
        records, after=after, expected_head=expected_head, expected_count=expected_count)
