"""Content types from Python: kinds of heads, what is given by name, errors."""

import array
import dataclasses
import pickle

import jobqueue
import pytest

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"


def test_an_answer():
    found = jobqueue.detect_content_type(PNG, url="https://h/a.jpg?b.png", header="image/x-png")
    assert found == jobqueue.ContentType(
        media_type="image/png", extension="png", category="image", source="magic",
        confidence="high", mismatch=True, polyglot=False, evidence=(
            jobqueue.ContentEvidence("magic", "image/png", None, False),
            jobqueue.ContentEvidence("header", "image/x-png", None, False),
            jobqueue.ContentEvidence("url", "image/jpeg", "jpg", True)))


def test_nothing():
    found = jobqueue.detect_content_type(b"")
    assert (found.media_type, found.extension) == ("application/octet-stream", None)
    assert (found.source, found.confidence, found.evidence) == ("none", "none", ())


@pytest.mark.parametrize("head", [PNG, bytearray(PNG), memoryview(PNG), array.array("B", PNG)],
                         ids=["bytes", "bytearray", "memoryview", "array"])
def test_kinds_of_heads(head):
    assert jobqueue.detect_content_type(head).media_type == "image/png"


def test_options():
    def detect(head=b"", **options):
        return jobqueue.detect_content_type(head, **options).media_type
    assert detect(configured="image/webp") == "image/webp"
    assert detect(PNG, header="image/gif", nosniff=True) == "image/gif"
    assert detect(b"RIFF\1\2\3\4WAVE", whatwg=True) == "audio/wave"
    assert detect(header="text/html\r\nimage/png") == "image/png"
    assert detect(url=None, header=None, configured=None) == "application/octet-stream"


def test_text_that_is_hostile():
    for text in ("\udcff.png", "\0", "a.png\0", "\u20ac.png", "x" * 100_000 + ".png", "%" * 9999):
        found = jobqueue.detect_content_type(b"", url=text, header=text, configured=text)
        assert found.media_type in ("image/png", "application/octet-stream")


def test_an_answer_does_not_change():
    found = jobqueue.detect_content_type(PNG)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.media_type = "text/plain"
    assert hash(found) == hash(pickle.loads(pickle.dumps(found)))


def test_what_is_wrong():
    with pytest.raises(TypeError, match="bytes as they came"):
        jobqueue.detect_content_type("PNG")
    with pytest.raises(TypeError):
        jobqueue.detect_content_type(None)
    with pytest.raises(TypeError, match="url must be a str"):
        jobqueue.detect_content_type(b"", url=b"a.png")
    with pytest.raises(TypeError):
        jobqueue.detect_content_type(b"", "a.png")
