"""Failures from Python: kinds of messages, what is known besides, wrong arguments."""

import http
import pickle

import jobqueue
import pytest

REFUSED = "connect ECONNREFUSED 127.0.0.1:6379"


@pytest.mark.parametrize("message", [
    REFUSED, REFUSED.encode(), bytearray(REFUSED.encode()), memoryview(REFUSED.encode()),
    '{"message": "connect ECONNREFUSED redis.internal:6379"}'])
def test_messages_of_any_kind(message):
    found = jobqueue.classify_failure(message)
    assert found == jobqueue.classify_failure(REFUSED)
    assert found[:4] == ("network_error", "connection_failed", "Network connection failed", "high")
    assert len(found.fingerprint) == 16
    assert pickle.loads(pickle.dumps(found)) == found
    assert list(found._asdict()) == ["type", "reason", "description", "confidence", "fingerprint"]


def test_what_is_known_besides():
    assert jobqueue.classify_failure("no", http_status=429).type == "rate_limit"
    assert jobqueue.classify_failure("no", http_status=http.HTTPStatus.UNAUTHORIZED).confidence == \
        "low"
    assert jobqueue.classify_failure("no", timeout=True).reason == "job_timeout"
    for status in (None, 0, -1, 200, 2**70):
        assert jobqueue.classify_failure("no", http_status=status).confidence == "none"


def test_an_exception_as_it_is_raised():
    with pytest.raises(jobqueue.JobqueueError) as caught:
        jobqueue.sanitize_base64("{]", format="json")
    assert jobqueue.classify_failure(str(caught.value)).type == "response_error"
    with pytest.raises(ModuleNotFoundError) as missing:
        __import__("no_such_module_7")
    assert jobqueue.classify_failure(repr(missing.value)).reason == "dependency_error"


def test_any_text():
    for message in ("", "\0", "\ud800", "\u00e9" * 100_000, b"\xff" * 100_000):
        assert jobqueue.classify_failure(message).reason == "unknown_error"


@pytest.mark.parametrize("arguments", [(None,), (7,), (["x"],), ()])
def test_no_message(arguments):
    with pytest.raises(TypeError):
        jobqueue.classify_failure(*arguments)


def test_wrong_arguments():
    with pytest.raises(TypeError, match="http_status must be an int"):
        jobqueue.classify_failure("x", http_status="429")
    with pytest.raises(TypeError):
        jobqueue.classify_failure("x", 429)
