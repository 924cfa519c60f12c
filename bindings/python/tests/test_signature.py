"""Webhooks from Python: kinds of headers, bodies, secrets and times; errors; threads."""

import copy
import datetime
import email.message
import gc
import pickle
import types

import jobqueue
import pytest
from conftest import in_threads

SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
VALUE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
GITHUB = jobqueue.SignatureVerifier("github", ["old", SECRET])
HEADERS = {"Host": "h", "X-Hub-Signature-256": VALUE}
NOW = datetime.datetime(2026, 1, 5, 12, tzinfo=datetime.timezone.utc)


class Mapped:
    """As the headers of frameworks are: no dict, but with items()."""

    def items(self):
        return iter(HEADERS.items())


def message():
    headers = email.message.Message()
    for name, value in HEADERS.items():
        headers[name] = value
    return headers


@pytest.mark.parametrize("headers", [
    HEADERS, types.MappingProxyType(HEADERS), list(HEADERS.items()), tuple(HEADERS.items()),
    [[name.encode(), value.encode()] for name, value in HEADERS.items()], Mapped(), message(),
    {"x-hub-signature-256": VALUE.encode(), "x": "\u20ac\udcff"}],
    ids=["dict", "mapping", "list", "tuple", "bytes", "items", "email", "wide"])
def test_headers_of_any_kind(headers):
    good = GITHUB.verify(BODY, headers)
    assert (good.scheme, good.secret_index, good.age_seconds) == ("github", 1, 0)
    assert good == ("github", 1, 0)


def test_a_repeated_header_is_seen():
    with pytest.raises(jobqueue.SignatureMalformedError):
        GITHUB.verify(BODY, [*HEADERS.items(), ("x-hub-signature-256", VALUE)])
    headers = message()
    headers["x-hub-signature-256"] = VALUE
    with pytest.raises(jobqueue.SignatureMalformedError):
        GITHUB.verify(BODY, headers)


@pytest.mark.parametrize("headers", [7, None, [1], [("a",)], {"a": 1}, {1: "a"}, ["ab", "cde"]])
def test_headers_that_are_none(headers):
    with pytest.raises(TypeError):
        GITHUB.verify(BODY, headers)


@pytest.mark.parametrize("secrets", [None, 7])
def test_secrets_that_are_none(secrets):
    with pytest.raises(TypeError, match="secrets must be a str"):
        jobqueue.SignatureVerifier("github", secrets)


def test_bodies_are_bytes():
    for body in (BODY, bytearray(BODY), memoryview(BODY)):
        assert GITHUB.verify(body, HEADERS).secret_index == 1
    for body in (BODY.decode(), {}, None):
        with pytest.raises(TypeError):
            GITHUB.verify(body, HEADERS)
    with pytest.raises(TypeError, match="as they came"):
        jobqueue.sign_payload("text", scheme="github", secrets="a")


def test_a_refusal_says_why_and_not_what():
    with pytest.raises(jobqueue.SignatureVerificationError) as caught:
        GITHUB.verify(BODY + b"\n", HEADERS)
    problem = caught.value
    assert isinstance(problem, jobqueue.SignatureMismatchError | ValueError)
    assert (problem.reason, problem.hint) == ("signature_mismatch", "trailing_newline")
    assert (problem.code, problem.status) == ("SIGNATURE_MISMATCH", 34)
    assert (problem.scheme, problem.secret_index) == ("github", None)
    assert "line break" in str(problem) and "Secret" not in str(problem)
    for other in (pickle.loads(pickle.dumps(problem)), copy.copy(problem)):
        assert type(other) is type(problem) and str(other) == str(problem)
        assert (other.reason, other.hint, other.scheme) == (problem.reason, problem.hint, "github")
    quiet = jobqueue.SignatureVerifier("github", SECRET, hints=False)
    with pytest.raises(jobqueue.SignatureMismatchError) as caught:
        quiet.verify(BODY + b"\n", HEADERS)
    assert caught.value.hint is None
    with pytest.raises(jobqueue.SignatureMissingError) as caught:
        GITHUB.verify(BODY, {"X-Signature": VALUE})
    assert caught.value.hint == "wrong_header"


def test_secrets():
    assert jobqueue.SignatureVerifier("github", SECRET.encode()).verify(BODY, HEADERS)
    several = (one for one in ("a", SECRET))
    assert jobqueue.SignatureVerifier("github", several).verify(BODY, HEADERS).secret_index == 1
    with pytest.raises(jobqueue.SecretInvalidError) as caught:
        jobqueue.SignatureVerifier("standard", "whsec_short")
    assert caught.value.reason == "secret_invalid" and "short" not in str(caught.value)
    assert isinstance(caught.value, jobqueue.SignatureVerificationError)
    for secrets in ([], ["a"] * 33):
        with pytest.raises(jobqueue.InvalidArgumentError):
            jobqueue.SignatureVerifier("github", secrets)
    with pytest.raises(TypeError):
        jobqueue.SignatureVerifier("github", [7])
    with pytest.raises(jobqueue.InvalidArgumentError, match="scheme must be auto"):
        jobqueue.SignatureVerifier("gitlab", "a")
    with pytest.raises(jobqueue.InvalidArgumentError):
        jobqueue.PayloadSigner("auto", "a")


def test_time():
    headers = jobqueue.sign_payload(BODY, scheme="stripe", secrets="a", now=NOW)

    def age(now, tolerance=300):
        return jobqueue.verify_signature(BODY, headers, scheme="stripe", secrets="a", now=now,
                                         tolerance=tolerance).age_seconds

    assert age(NOW + datetime.timedelta(seconds=300)) == 300
    assert age(NOW.timestamp() + 10.9) == 10
    assert age(int(NOW.timestamp()) - 300) == -300
    assert age(0, tolerance=None) == -NOW.timestamp()
    assert age(NOW.timestamp() + 3600, tolerance=datetime.timedelta(hours=1)) == 3600
    with pytest.raises(jobqueue.TimestampOutOfToleranceError) as caught:
        age(NOW + datetime.timedelta(seconds=301))
    assert (caught.value.hint, caught.value.age_seconds) == ("clock_off", 301)
    assert caught.value.secret_index == 0
    # Without `now` it is the present.
    today = jobqueue.sign_payload(BODY, scheme="slack", secrets="a")
    assert jobqueue.verify_signature(BODY, today, scheme="slack", secrets="a").age_seconds < 5
    with pytest.raises(ValueError, match="time zone"):
        age(datetime.datetime(2026, 1, 5))
    for tolerance in (-1, float("nan")):
        with pytest.raises(ValueError, match="negative"):
            age(NOW, tolerance=tolerance)


def test_ids_are_new_each_time():
    signer = jobqueue.PayloadSigner("standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    first, second = (signer.sign(BODY)["webhook-id"] for _ in range(2))
    assert first.startswith("msg_") and first != second
    assert signer.sign(BODY, id="mine")["webhook-id"] == "mine"
    with pytest.raises(jobqueue.InvalidArgumentError):
        signer.sign(BODY, id="a.b")


def test_threads_share_a_verifier():
    body = BODY * 10000  # without the GIL
    headers = jobqueue.sign_payload(body, scheme="github", secrets=SECRET)
    wrong = []

    def work():
        for _ in range(100):
            if GITHUB.verify(body, headers).secret_index != 1:
                wrong.append(1)
            try:
                GITHUB.verify(BODY, headers)
                wrong.append(1)
            except jobqueue.SignatureMismatchError:
                pass

    in_threads(work)
    assert not wrong


def test_nothing_is_left_behind():
    def work():
        GITHUB.verify(BODY, HEADERS)
        with pytest.raises(jobqueue.SignatureMismatchError):
            GITHUB.verify(b"x", HEADERS)

    work()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(100):
        work()
    gc.collect()
    assert len(gc.get_objects()) - before < 50
