"""Truncating from Python: documents, objects, cycles, options, errors, threads."""

import datetime
import decimal
import json
import pickle
import random
import uuid

import jobqueue
import pytest
from conftest import in_threads

ID = "b789bd80-400a-41ed-96f5-72dc8c225dcf"
JOB = {"id": ID, "log": "x" * 500, "status": "failed"}
LEAN = {"id": ID, "log": "x" * 31 + "[TRUNCATED 459 bytes]" + "x" * 10, "status": "failed"}


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_an_object_and_its_document_become_the_same():
    assert jobqueue.truncate_payload(JOB, max_bytes=134) == LEAN
    assert jobqueue.truncate_payload(dump(JOB), max_bytes=134) == dump(LEAN)
    assert jobqueue.truncate_payload(dump(JOB).encode(), max_bytes=134) == dump(LEAN).encode()
    assert jobqueue.truncate_payload(bytearray(dump(JOB).encode()), max_bytes=134) == \
        dump(LEAN).encode()
    assert JOB["log"] == "x" * 500


@pytest.mark.parametrize("value", [JOB, [JOB], dump(JOB), dump(JOB).encode(), "", b"", {}, []],
                         ids=repr)
def test_what_fits_is_itself(value):
    assert jobqueue.truncate_payload(value, max_bytes=8000) is value
    report = jobqueue.truncate_payload_report(value, max_bytes=8000)
    assert report.value is value
    assert (report.changed, report.cuts, report.removed) == (False, (), 0)


def test_a_report():
    report = jobqueue.truncate_payload_report(JOB, max_bytes=134)
    assert report.value == LEAN
    assert report.cuts == (jobqueue.TruncateCut("value", "/log", 502, 64),)
    assert report.changed
    assert report.removed == len(dump(JOB)) - len(dump(LEAN))
    text = jobqueue.truncate_payload_report("-" * 100, max_bytes=64)
    assert [(cut.reason, cut.pointer) for cut in text.cuts] == [("text", None)]
    assert pickle.loads(pickle.dumps(report)) == report


def test_options():
    items = {"items": list(range(100, 200)), "keep": "y" * 30}
    lean = jobqueue.truncate_payload(items, max_bytes=100, pinned=("/keep",), array_head=1,
                                     array_tail=0, marker="cut")
    assert lean["keep"] == "y" * 30
    assert lean["items"][-1] == f"[cut {101 - len(lean['items'])} items]"
    assert jobqueue.truncate_payload("[1]" * 50, max_bytes=64, format="text").startswith("[1][1]")


def test_pins_of_any_iterable():
    for pins in (["/id"], ("/id",), {"/id": 1}, iter(["/id"])):
        assert jobqueue.truncate_payload(JOB, max_bytes=134, pinned=pins) == LEAN


def test_cycles_and_shared_references():
    shared = {"a": 1}
    assert jobqueue.truncate_payload({"x": shared, "y": shared}, max_bytes=64) == \
        {"x": {"a": 1}, "y": {"a": 1}}
    job = {"id": ID, "shared": [shared, shared]}
    job["self"] = job
    job["list"] = [job]
    assert jobqueue.truncate_payload(job, max_bytes=8000) == {
        "id": ID, "shared": [{"a": 1}, {"a": 1}], "self": "[Circular]", "list": ["[Circular]"]}
    items = []
    items.append(items)
    assert jobqueue.truncate_payload(items, max_bytes=64) == ["[Circular]"]
    assert job["self"] is job


def test_what_json_has_not():
    when = datetime.datetime(2026, 1, 5, tzinfo=datetime.timezone.utc)
    job = {"at": when, "id": uuid.UUID(ID), "cost": decimal.Decimal("1.5"), "t": (1, 2),
           1: float("nan"), "half": "\ud800", "log": "\u20ac" * 400}
    assert jobqueue.truncate_payload(job, max_bytes=9000)["1"] is None
    lean = jobqueue.truncate_payload(job, max_bytes=300)
    assert lean["at"] == "2026-01-05T00:00:00+00:00"
    assert (lean["id"], lean["cost"], lean["t"], lean["1"]) == (ID, 1.5, [1, 2], None)
    assert lean["half"] == "\ud800"
    assert lean["log"].startswith("\u20ac\u20ac") and "[TRUNCATED " in lean["log"]
    with pytest.raises(TypeError, match="JSON cannot hold a set"):
        jobqueue.truncate_payload({"a": {1}}, max_bytes=64)


def test_too_deep_an_object():
    deep = []
    for _ in range(100000):
        deep = [deep]
    with pytest.raises(jobqueue.DepthExceededError):
        jobqueue.truncate_payload(deep, max_bytes=64)
    text = "[" * 100000 + "]" * 100000
    assert json.loads(jobqueue.truncate_payload(text, max_bytes=64))


def test_text_with_half_surrogates_stays_text():
    for text in ("\ud800" * 100, "\ud83d\ude00" * 60, "\u00e9" * 80 + "\udfff" * 40):
        lean = jobqueue.truncate_payload(text, max_bytes=80)
        assert len(lean.encode("utf-8", "surrogatepass")) <= 80


@pytest.mark.parametrize(("options", "error"), [
    ({"max_bytes": 63}, jobqueue.BudgetTooSmallError),
    ({"max_bytes": 64, "pinned": ["/log"]}, jobqueue.BudgetTooSmallError),
    ({"max_bytes": -1}, jobqueue.InvalidArgumentError),
    ({"max_bytes": 2**64}, jobqueue.InvalidArgumentError),
    ({"max_bytes": 64, "array_head": 1001}, jobqueue.InvalidArgumentError),
    ({"max_bytes": 64, "array_tail": -1}, jobqueue.InvalidArgumentError),
    ({"max_bytes": 64, "marker": ""}, jobqueue.InvalidArgumentError),
    ({"max_bytes": 64, "marker": "a\"b"}, jobqueue.InvalidArgumentError),
    ({"max_bytes": 64, "pinned": ["log"]}, jobqueue.InvalidArgumentError),
    ({"max_bytes": 64, "pinned": ["/a"] * 65}, jobqueue.InvalidArgumentError),
    ({"max_bytes": 64, "format": "json"}, jobqueue.InvalidArgumentError),
    ({"max_bytes": 64, "format": "xml"}, jobqueue.InvalidArgumentError),
    ({"max_bytes": 64.0}, TypeError),
    ({"max_bytes": True}, TypeError),
    ({"max_bytes": 64, "pinned": "/log"}, TypeError),
    ({"max_bytes": 64, "pinned": [1]}, TypeError),
    ({"max_bytes": 64, "pinned": 5}, TypeError),
    ({"max_bytes": 64, "marker": 5}, TypeError),
    ({"max_bytes": 64, "nonsense": 1}, TypeError),
    ({}, TypeError),
], ids=repr)
def test_what_is_refused(options, error):
    with pytest.raises(error) as caught:
        jobqueue.truncate_payload(JOB, **options)
    assert "xxxx" not in str(caught.value)


def test_a_document_that_is_no_json():
    with pytest.raises(jobqueue.InvalidJsonError) as caught:
        jobqueue.truncate_payload('{"\u20ac":1,}', max_bytes=64, format="json")
    assert caught.value.offset == 7  # characters
    for value in (None, 5, {1}, object()):
        with pytest.raises(TypeError):
            jobqueue.truncate_payload(value, max_bytes=64)
    with pytest.raises(jobqueue.BudgetTooSmallError) as small:
        jobqueue.truncate_payload("{}", max_bytes=5)
    assert (small.value.code, small.value.status) == ("BUDGET_TOO_SMALL", 20)
    assert isinstance(small.value, ValueError)


def random_value(make, depth):
    kind = make.randrange(8)
    if depth == 0 or kind < 3:
        return make.choice([None, True, 5, -1.5, ID, "x" * make.randrange(300), "\u20ac" * 30,
                            json.dumps({"a": "y" * make.randrange(200)})])
    if kind < 5:
        return [random_value(make, depth - 1) for _ in range(make.randrange(12))]
    return {f"key{i}": random_value(make, depth - 1) for i in range(make.randrange(8))}


def test_objects_and_documents_agree():
    make = random.Random(20261123)
    changed = 0
    for _ in range(2000):
        value = random_value(make, 4)
        if not isinstance(value, dict | list):
            continue
        max_bytes = make.randrange(64, 1000)
        document = dump(value)
        lean = jobqueue.truncate_payload(value, max_bytes=max_bytes)
        assert lean == json.loads(jobqueue.truncate_payload(document, max_bytes=max_bytes))
        assert len(dump(lean).encode()) <= max_bytes
        assert (lean is value) == (len(document.encode()) <= max_bytes)
        assert jobqueue.truncate_payload(lean, max_bytes=max_bytes) is lean
        changed += lean is not value
    assert changed > 200


def test_threads():
    document = dump([JOB] * 2000)
    wanted = jobqueue.truncate_payload(document, max_bytes=4000)
    wrong = []

    def work():
        for _ in range(20):
            if jobqueue.truncate_payload(document, max_bytes=4000) != wanted:
                wrong.append(1)

    in_threads(work)
    assert not wrong
