"""Retries from Python: kinds of data, what stays the same object, times, wrong arguments."""

import copy
import datetime
import decimal
import json
import time
import types

import jobqueue
import pytest

NOON = datetime.datetime(2026, 1, 5, 12, tzinfo=datetime.timezone.utc)
AFTER = ('{"outputs":"u","c":"\u00e9","retry_execution_data":"u","last_retry_attempt":2,'
         '"retry_completed_at":"2026-01-05T12:00:00Z","retry_replaced":{"2":{"outputs":[1.0]}}}')
BEFORE = '{"outputs":[1.0],"c":"\u00e9"}'


def test_the_same_kind_comes_back():
    for original, result, after in (
            (BEFORE, '"u"', AFTER), (BEFORE, b'"u"', AFTER),
            (BEFORE.encode(), '"u"', AFTER.encode()),
            (bytearray(BEFORE.encode()), memoryview(b' "u" '), AFTER.encode()),
            (json.loads(BEFORE), "u", json.loads(AFTER))):
        made = jobqueue.preserve_job_data(original, result, attempt=2, at=NOON)
        assert made == after and type(made) is type(after)


def test_a_dict_keeps_its_objects():
    class Odd:
        pass

    odd, picture = Odd(), {"blob": b"x", "n": 2**70}
    original = {"a": odd, 7: "key", "outputs": picture, "z": float("nan"),
                "big": decimal.Decimal(1)}
    before = copy.copy(original)
    answer = [odd, (1, 2)]
    made = jobqueue.preserve_job_data(original, answer, attempt=1, at=NOON)
    assert original == before and list(original) == list(before)
    assert made["a"] is odd and made["outputs"] is answer and made["retry_execution_data"] is answer
    assert made["retry_replaced"] == {"1": {"outputs": picture}}
    assert made["retry_replaced"]["1"]["outputs"] is picture
    assert list(made) == ["a", 7, "outputs", "z", "big", "retry_execution_data",
                          "last_retry_attempt", "retry_completed_at", "retry_replaced"]

    again = jobqueue.preserve_job_data(made, "other", attempt=1, at=NOON)
    assert again["retry_replaced"] == made["retry_replaced"] and again["outputs"] == "other"
    second = jobqueue.preserve_job_data(made, None, attempt=2, at=NOON)
    assert second["retry_replaced"]["1"] is made["retry_replaced"]["1"]
    assert second["retry_replaced"]["2"] == {
        "outputs": answer, "retry_execution_data": answer, "last_retry_attempt": 1,
        "retry_completed_at": "2026-01-05T12:00:00Z"}
    assert second["outputs"] is None and made["last_retry_attempt"] == 1
    with pytest.raises(jobqueue.InvalidArgumentError, match="later attempt"):
        jobqueue.preserve_job_data(second, 1, attempt=1, at=NOON)


@pytest.mark.parametrize("taken", [[1], None, "x", {"1": {"outputs": 0}}])
@pytest.mark.parametrize("recorded", [None, 0, 1, "1", "x", 1.0, 1.5, True, [0], 2**60])
def test_a_dict_is_as_its_json(taken, recorded):
    original = {"retry_replaced": taken, "outputs": [0], "last_retry_attempt": recorded}
    text = json.dumps(original)
    try:
        wanted = json.loads(jobqueue.preserve_job_data(text, '{"r":[2]}', attempt=1, at=NOON))
    except jobqueue.InvalidArgumentError:
        with pytest.raises(jobqueue.InvalidArgumentError):
            jobqueue.preserve_job_data(original, {"r": [2]}, attempt=1, at=NOON)
        return
    made = jobqueue.preserve_job_data(original, {"r": [2]}, attempt=1, at=NOON)
    assert made == wanted and list(made) == list(wanted)


def test_times():
    for at in (NOON, NOON.timestamp(), int(NOON.timestamp()),
               NOON.astimezone(datetime.timezone(datetime.timedelta(hours=2)))):
        made = jobqueue.preserve_job_data({}, 1, attempt=1, at=at)
        assert made["retry_completed_at"] == "2026-01-05T12:00:00Z"
    made = jobqueue.preserve_job_data({}, 1, attempt=1)
    at = datetime.datetime.fromisoformat(made["retry_completed_at"].replace("Z", "+00:00"))
    assert abs(at.timestamp() - time.time()) < 60
    with pytest.raises(TypeError, match="seconds since 1970, not str"):
        jobqueue.preserve_job_data(BEFORE, "u", attempt=2, at="2026-01-05T12:00:00Z")
    with pytest.raises(ValueError, match="time zone"):
        jobqueue.preserve_job_data({}, 1, attempt=1, at=datetime.datetime(2026, 1, 5))
    with pytest.raises(jobqueue.InvalidArgumentError, match="year 1 to 9999"):
        jobqueue.preserve_job_data({}, 1, attempt=1, at=1e12)


def test_errors_say_where():
    for original, result, offset, words in (
            ('{"\u00e9":]', "1", 5, "original: "), ('{"\u00e9":]'.encode(), "1", 6, "original: "),
            ("{}", '"\u00e9"]', 3, "result: "), ("{}", '"\u00e9"]'.encode(), 4, "result: ")):
        with pytest.raises(jobqueue.InvalidJsonError, match=words) as caught:
            jobqueue.preserve_job_data(original, result, attempt=1)
        assert caught.value.offset == offset
    with pytest.raises(jobqueue.InvalidArgumentError) as caught:
        jobqueue.preserve_job_data("[]", "1", attempt=1)
    assert caught.value.offset is None
    with pytest.raises(jobqueue.InvalidJsonError) as caught:
        jobqueue.retry_attempt('{"\u00e9":]')
    assert caught.value.offset == 5


@pytest.mark.parametrize("original", [7, None, [1], ("x",)])
def test_data_that_is_none(original):
    with pytest.raises(TypeError, match="str or bytes-like"):
        jobqueue.preserve_job_data(original, "1", attempt=1)


def test_wrong_arguments():
    with pytest.raises(TypeError, match="str or bytes-like"):
        jobqueue.preserve_job_data("{}", {"r": 1}, attempt=1)
    for attempt in (-1, 1.5, None, "1"):
        with pytest.raises(TypeError):
            jobqueue.preserve_job_data("{}", "1", attempt=attempt)
        with pytest.raises(TypeError):
            jobqueue.preserve_job_data({}, 1, attempt=attempt)
    with pytest.raises(jobqueue.InvalidArgumentError, match="larger"):
        jobqueue.preserve_job_data({}, 1, attempt=2**53)
    with pytest.raises(TypeError):
        jobqueue.preserve_job_data({}, 1)
    with pytest.raises(TypeError):
        jobqueue.retry_attempt(7)
    with pytest.raises(TypeError):
        jobqueue.retry_asset_filename(b"x", 1)


def test_attempts():
    inner = {"workflow_context": {"retry_attempt": "3"}}
    for job in ({"ctx": inner}, {"ctx": json.dumps(inner)}, {"ctx": json.dumps(inner).encode()},
                types.MappingProxyType({"ctx": inner}), json.dumps({"ctx": inner}).encode()):
        assert jobqueue.retry_attempt(job) == 3
    assert jobqueue.retry_attempt({"ctx": {"workflow_context": 5}, "retry_count": b"2"}) == 2
    assert jobqueue.retry_attempt({"payload": {"ctx": {"retry_count": 0}}, "retry_count": 2}) == 0
    for value in (None, "", "x", -1, 1.5, float("nan"), True, [], object()):
        assert jobqueue.retry_attempt({"retry_count": value}) == 0
    assert jobqueue.retry_attempt({}) == 0


def test_names_of_files():
    assert jobqueue.retry_asset_filename("out/\u00e9.png", 2) == "out/\u00e9_r2.png"
    assert jobqueue.retry_asset_filename("\ud800.png", 1) == "\ud800_r1.png"
