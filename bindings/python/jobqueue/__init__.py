"""Payload hygiene for job queues: cuts base64 blobs out of JSON, byte-exact and reversible.

    >>> import jobqueue
    >>> job = {"id": 7, "image": "data:image/gif;base64,R0lGODlhAQABAAAAACw="}
    >>> jobqueue.sanitize_base64(job)
    {'id': 7, 'image': '[BASE64_IMAGE_REMOVED]'}
"""

from typing import Protocol

from ._attestation import (AttestationHead, AttestationKey, AttestationProblem, AttestationReport,
                           AttestationSigner, AttestationVerifier, SealedAttestation,
                           attempt_of_retry, attestation_key_readings, format_attestation_key,
                           parse_attestation_key, retry_of_attempt, verify_attestation_chain)
from ._content_type import ContentEvidence, ContentType, detect_content_type
from ._errors import (AddressForbiddenError, BlobCorruptError, BlobMissingError,
                      BudgetTooSmallError, DepthExceededError, InputTooLargeError, InternalError,
                      InvalidArgumentError, InvalidJsonError, InvalidUtf8Error, JobqueueError,
                      NetworkError, OutOfMemoryError, ReplayedError, RulesetInvalidError,
                      SecretInvalidError, SignatureMalformedError, SignatureMismatchError,
                      SignatureMissingError, SignatureVerificationError, StoreError,
                      TimestampOutOfToleranceError, UnknownFactError)
from ._failure import Failure, classify_failure
from ._native import (Vault, Verification, build_info, restore_base64, retry_asset_filename,
                      sanitize_base64, simd_target, standard_rules, version)
from ._probe import ProbedContentType, probe_content_type
from ._report import Cut, Kept, Report, sanitize_base64_report
from ._retry import preserve_job_data, retry_attempt
from ._rules import Evaluation, Ruleset
from ._signature import PayloadSigner, SignatureVerifier, sign_payload, verify_signature
from ._stream import Base64Sanitizer, sanitize_base64_stream
from ._truncate import TruncateCut, Truncation, truncate_payload, truncate_payload_report


class BlobStore(Protocol):
    """What may be given as a vault besides `Vault`. `sync()` is called too, if there is one."""

    def put(self, digest: bytes, blob: bytes, /) -> object:
        """Keeps a blob under its SHA-256; one that is there already is fine."""

    def get(self, digest: bytes, size: int, /) -> bytes | None:
        """The blob of that digest and size, or None."""


__version__ = version()

__all__ = [
    "AddressForbiddenError", "AttestationHead", "AttestationKey", "AttestationProblem",
    "AttestationReport", "AttestationSigner", "AttestationVerifier", "Base64Sanitizer",
    "BlobCorruptError", "BlobMissingError", "BlobStore", "BudgetTooSmallError", "ContentEvidence",
    "ContentType", "Cut", "DepthExceededError", "Evaluation", "Failure", "InputTooLargeError",
    "InternalError", "InvalidArgumentError", "InvalidJsonError", "InvalidUtf8Error",
    "JobqueueError", "Kept", "NetworkError", "OutOfMemoryError", "PayloadSigner",
    "ProbedContentType", "ReplayedError", "Report", "Ruleset", "RulesetInvalidError",
    "SealedAttestation", "SecretInvalidError", "SignatureMalformedError", "SignatureMismatchError",
    "SignatureMissingError", "SignatureVerificationError", "SignatureVerifier", "StoreError",
    "TimestampOutOfToleranceError", "TruncateCut", "Truncation", "UnknownFactError", "Vault",
    "Verification", "attempt_of_retry", "attestation_key_readings", "build_info",
    "classify_failure", "detect_content_type", "format_attestation_key", "parse_attestation_key",
    "preserve_job_data", "probe_content_type", "restore_base64", "retry_asset_filename",
    "retry_attempt", "retry_of_attempt", "sanitize_base64", "sanitize_base64_report",
    "sanitize_base64_stream", "sign_payload", "simd_target", "standard_rules", "truncate_payload",
    "truncate_payload_report", "verify_attestation_chain", "verify_signature", "version",
]
