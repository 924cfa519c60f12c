"""The exceptions of the package: one for each status of the C ABI that can occur."""


class JobqueueError(Exception):
    """The base of all of them.

    code    the word of the error, "INVALID_JSON"
    status  its number, pinned for ever; below 80 the input is at fault, from 80 the machine
    offset  where in the input, in bytes of bytes and characters of str; None if there is no place
    """

    code: str = "UNKNOWN"
    status: int = 99

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self), self.offset)


class InvalidArgumentError(JobqueueError, ValueError):
    """An option is out of its range, or an object cannot be walked."""

    code, status = "INVALID_ARGUMENT", 1


class InvalidJsonError(JobqueueError, ValueError):
    """The input is not the RFC 8259 JSON that `format` asks for."""

    code, status = "INVALID_JSON", 10


class InvalidUtf8Error(JobqueueError, ValueError):
    """The input is not the UTF-8 that `format` asks for."""

    code, status = "INVALID_UTF8", 12


class DepthExceededError(JobqueueError, ValueError):
    """The object has too many containers in one another."""

    code, status = "DEPTH_EXCEEDED", 14


class InputTooLargeError(JobqueueError, ValueError):
    """The output would be larger than `max_output_bytes`."""

    code, status = "INPUT_TOO_LARGE", 16


class BudgetTooSmallError(JobqueueError, ValueError):
    """`max_bytes` is below 64, or too small for what is pinned."""

    code, status = "BUDGET_TOO_SMALL", 20


class SignatureVerificationError(JobqueueError, ValueError):
    """A webhook is refused, or a secret is none: the base of those below.

    reason        the word, "signature_mismatch"
    hint          the likely mistake, "body_reserialized"; None if none was found
    scheme        whose headers they were; "auto" if that was not found out
    secret_index  which secret made the signature, if only its time is wrong; else None
    age_seconds   now less the timestamp of such a signature; else 0
    """

    hint: str | None = None
    scheme: str | None = None
    secret_index: int | None = None
    age_seconds: int = 0

    @property
    def reason(self) -> str:
        return self.code.lower()

    def __reduce__(self) -> tuple[object, ...]:
        return (*super().__reduce__(), self.__dict__)


class SignatureMissingError(SignatureVerificationError):
    """There is no signature, or no header that goes with it."""

    code, status = "SIGNATURE_MISSING", 30


class SignatureMalformedError(SignatureVerificationError):
    """What is there is no signature of the scheme."""

    code, status = "SIGNATURE_MALFORMED", 32


class SignatureMismatchError(SignatureVerificationError):
    """No secret made this signature over this body."""

    code, status = "SIGNATURE_MISMATCH", 34


class TimestampOutOfToleranceError(SignatureVerificationError):
    """The signature is good, but too old or from the future."""

    code, status = "TIMESTAMP_OUT_OF_TOLERANCE", 36


class SecretInvalidError(SignatureVerificationError):
    """A secret is not one of the scheme."""

    code, status = "SECRET_INVALID", 38


class ReplayedError(SignatureVerificationError):
    """The message was accepted before."""

    code, status = "REPLAYED", 39


class RulesetInvalidError(JobqueueError, ValueError):
    """A rule set is malformed, or has a rule that can never decide; the message says where."""

    code, status = "RULESET_INVALID", 40


class UnknownFactError(JobqueueError, ValueError):
    """A rule set asks for a fact that no record has."""

    code, status = "UNKNOWN_FACT", 42


class BlobMissingError(JobqueueError, KeyError):
    """The vault does not have a blob."""

    code, status = "BLOB_MISSING", 50

    __str__ = Exception.__str__  # that of KeyError quotes


class BlobCorruptError(JobqueueError):
    """The vault has other bytes under a digest."""

    code, status = "BLOB_CORRUPT", 52


class AddressForbiddenError(JobqueueError, PermissionError):
    """A URL leads to an address that must not be connected to."""

    code, status = "ADDRESS_FORBIDDEN", 60


class StoreError(JobqueueError, OSError):
    """A vault could not be opened, read or written."""

    code, status = "STORE_ERROR", 80


class NetworkError(JobqueueError, OSError):
    """A server could not be reached, or did not answer as it should."""

    code, status = "NETWORK_ERROR", 82


class OutOfMemoryError(JobqueueError, MemoryError):
    """There is not enough memory."""

    code, status = "OUT_OF_MEMORY", 90


class InternalError(JobqueueError):
    """A defect of this library; please report it."""

    code, status = "INTERNAL", 99


_BY_STATUS = {
    one.status: one
    for one in (InvalidArgumentError, InvalidJsonError, InvalidUtf8Error, DepthExceededError,
                InputTooLargeError, BudgetTooSmallError, SignatureMissingError,
                SignatureMalformedError, SignatureMismatchError,
                TimestampOutOfToleranceError, SecretInvalidError,
                ReplayedError, RulesetInvalidError, UnknownFactError, BlobMissingError,
                BlobCorruptError, AddressForbiddenError, StoreError, NetworkError,
                OutOfMemoryError, InternalError)
}


def make_refusal(status: int, code: str, message: str, hint: str | None, scheme: str,
                 secret_index: int | None, age_seconds: int) -> JobqueueError:
    """The exception of a webhook that is refused."""
    error = make_error(status, code, None, message)
    if isinstance(error, SignatureVerificationError):
        error.hint, error.scheme = hint, scheme
        error.secret_index, error.age_seconds = secret_index, age_seconds
    return error


def make_error(status: int, code: str, offset: int | None, message: str) -> JobqueueError:
    """The exception of a status; the base class for one that this version does not know."""
    known = _BY_STATUS.get(status)
    if known is not None:
        return known(message, offset)
    error = JobqueueError(message, offset)
    error.code, error.status = code, status
    return error
