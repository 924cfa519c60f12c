"""sanitize_base64 and its report on every kind of argument."""

import array
import collections
import enum
import json
import pickle
import types

import pytest

import jobqueue
from conftest import encoded
from jobqueue import sanitize_base64, sanitize_base64_report

GIF = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
PLACE = "[BASE64_IMAGE_REMOVED]"


@pytest.mark.parametrize("value", ["", "text", b"", b"text", {}, [], (), {"a": 1}, [None, 1.5, "x"],
                                   bytearray(b"[1]"), {"a": {"b": [{"c": "d" * 500}]}}])
def test_what_has_no_blob_is_the_same_object(value):
    assert sanitize_base64(value) is value


def test_text_and_bytes_keep_every_other_byte(image):
    text = '{"n":9007199254740993,"v":1.0e2, "v":1,"i":"%s"}\n'
    assert sanitize_base64(text % image) == text % PLACE
    for kind in (bytes, bytearray, memoryview):
        lean = sanitize_base64(kind((text % image).encode()))
        assert type(lean) is bytes and lean == (text % PLACE).encode()


def test_an_object_is_copied_only_on_the_way_to_a_cut(image):
    untouched = {"deep": [1, 2]}
    job = {"image": image, "list": [untouched, (1, image)], "same": untouched, 3: image, None: 4}
    before = pickle.dumps(job)
    lean = sanitize_base64(job)
    assert lean == {"image": PLACE, "list": [untouched, (1, PLACE)], "same": untouched, 3: PLACE,
                    None: 4}
    assert list(lean) == list(job)
    assert lean["same"] is untouched and lean["list"][0] is untouched
    assert pickle.dumps(job) == before


def test_containers_keep_their_type(image):
    Pair = collections.namedtuple("Pair", "a b")
    ordered = collections.OrderedDict(a=image, b=1)
    ordered.move_to_end("a")
    counts = collections.defaultdict(list, a=[image])
    lean = sanitize_base64([Pair(1, image), ordered, counts])
    assert lean[0] == Pair(1, PLACE) and type(lean[0]) is Pair
    assert type(lean[1]) is collections.OrderedDict and list(lean[1].items()) == [("b", 1),
                                                                                   ("a", PLACE)]
    assert type(lean[2]) is collections.defaultdict and lean[2]["new"] == []
    assert lean[2]["a"] == [PLACE]


def test_what_is_no_json_stays(image):
    odd = [{1, 2}, b"bytes", object(), 2**100, types.SimpleNamespace(image=image)]
    assert sanitize_base64(odd) is odd
    assert sanitize_base64([*odd, image])[:5] == odd


@pytest.mark.parametrize("value", [None, 1, 1.5, {1}, object()])
def test_other_kinds_are_a_type_error(value):
    with pytest.raises(TypeError, match=r"^sanitize_base64\(\) takes str, bytes-like, dict"):
        sanitize_base64(value)


def test_a_buffer_must_be_contiguous():
    with pytest.raises(BufferError):
        sanitize_base64(memoryview(b"abcdef")[::2])
    assert sanitize_base64(array.array("B", GIF.encode())) == PLACE.encode()


def test_neighbours_and_names_count():
    blob = "A7" + "bC9d" * 40  # nothing known, 162 characters: only what is around it can tell
    assert sanitize_base64({"data": blob}) == {"data": blob}
    plain = "c29tZSB0ZXh0IHRoYXQgaXMgbm90IGEgcGljdHVyZSBhdCBhbGwsIGJ1dCBpdCBpcyBsb25nIGVub3Vna"
    plain += "CB0byBiZSBjdXQgd2hlcmUgYSBuZWlnaGJvdXIgc2F5cyBzbw=="
    for around in ({"type": "base64", "media_type": "text/plain"}, {"mimeType": "text/plain"}):
        assert sanitize_base64({**around, "data": plain})["data"] == "[BASE64_DATA_REMOVED]"
        assert sanitize_base64({"data": plain, **around})["data"] == "[BASE64_DATA_REMOVED]"
    short = "aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxk"
    assert sanitize_base64({"b64_json": short})["b64_json"] == PLACE
    assert sanitize_base64({"B64_JSON": short})["B64_JSON"] == PLACE
    assert sanitize_base64({"gr\u00f6sse": short}, cut_fields=["gr\u00f6sse"]) == {
        "gr\u00f6sse": "[BASE64_DATA_REMOVED]"}
    assert sanitize_base64({"mine": short}, cut_fields=iter(["Mine"])) != {"mine": short}


def test_names_may_be_members_of_an_enumeration():
    class Field(enum.StrEnum):
        IMAGE = "b64_json"
        TYPE = "type"
        BASE64 = "base64"
        DATA = "data"

    short = "aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxk"
    for value in ({Field.IMAGE: short}, {Field.TYPE: Field.BASE64, "media_type": "text/plain",
                                         Field.DATA: short * 4 + "c29t"}):
        text = json.dumps(value)
        lean = sanitize_base64(value)
        assert lean is not value and lean == json.loads(sanitize_base64(text))


def test_options_reach_the_judge(image):
    assert sanitize_base64({"keep": image}, protect_fields=("keep",)) == {"keep": image}
    assert sanitize_base64("f0" * 60) == "f0" * 60
    assert sanitize_base64("f0" * 60, detection="naive") == "[BASE64_DATA_REMOVED]"
    assert sanitize_base64(image, min_run_chars=10000, min_unknown_chars=10000) == image
    inner = json.dumps({"a": json.dumps({"b": image})})
    pointers = [sanitize_base64_report(inner, max_depth=depth).cuts[0].pointer for depth in (0, 1)]
    assert pointers == ["/a", "/a/~s/b"]


@pytest.mark.parametrize("keyword, value, problem", [
    ("nonsense", 1, TypeError), ("format", 1, TypeError), ("format", "xml", ValueError),
    ("detection", "regex", ValueError), ("min_run_chars", 31, ValueError),
    ("min_run_chars", -1, ValueError), ("min_run_chars", True, TypeError),
    ("min_run_chars", 2**70, ValueError), ("max_depth", 17, ValueError),
    ("cut_fields", "name", TypeError), ("cut_fields", [1], TypeError), ("cut_fields", 5, TypeError),
    ("cut_protected", 1, TypeError), ("sync", 0, TypeError), ("vault", "folder", TypeError)])
@pytest.mark.parametrize("function", [sanitize_base64, sanitize_base64_report])
@pytest.mark.parametrize("given", ["text", {}])
def test_wrong_options_are_named(function, given, keyword, value, problem):
    with pytest.raises(problem, match=keyword):
        function(given, **{keyword: value})


def test_errors_say_what_and_where():
    for document, offset in (('{"\u00e9\u00e9":1,}', 8), (b'{"a":1,}', 7)):
        with pytest.raises(jobqueue.InvalidJsonError) as caught:
            sanitize_base64(document, format="json")
        problem = caught.value
        assert (problem.code, problem.status, problem.offset) == ("INVALID_JSON", 10, offset)
        assert isinstance(problem, ValueError) and isinstance(problem, jobqueue.JobqueueError)
        again = pickle.loads(pickle.dumps(problem))
        assert (str(again), again.offset) == (str(problem), offset)
    with pytest.raises(jobqueue.InvalidUtf8Error):
        sanitize_base64(b'"\xff"', format="json")
    with pytest.raises(jobqueue.InvalidArgumentError, match="format is for text"):
        sanitize_base64({}, format="json")


def test_surrogates_stay(image):
    text = "\ud800 " + image + " \udfff\U0001f600"
    assert sanitize_base64(text) == "\ud800 " + PLACE + " \udfff\U0001f600"
    assert sanitize_base64(["\ud800" * 200]) == ["\ud800" * 200]
    assert sanitize_base64([text]) == ["\ud800 " + PLACE + " \udfff\U0001f600"]
    assert sanitize_base64({"\ud800": image}) == {"\ud800": PLACE}


def test_cycles_and_depth():
    loop = {}
    loop["self"] = [loop]
    with pytest.raises(jobqueue.InvalidArgumentError, match="cycle"):
        sanitize_base64(loop)
    deep = []
    for _ in range(9999):
        deep = [deep]
    assert sanitize_base64(deep) is deep
    with pytest.raises(jobqueue.DepthExceededError, match="10000"):
        sanitize_base64([deep])
    while deep:
        deep = deep.pop()  # a nested list must not be freed by recursion alone


def test_a_report_of_text_counts_characters(image):
    text = '{"\u00e9":"\u00e9","a/b":"' + image + '","hex":"' + "0a" * 100 + '"}'
    report = sanitize_base64_report(text)
    assert report.changed and report.value == text.replace(image, PLACE)
    cut, = report.cuts
    assert text[cut.offset:cut.offset + cut.size] == image
    assert (cut.pointer, cut.media_type, cut.blob_class) == ("/a~1b", "image/png", "image")
    assert (cut.form, cut.evidence, cut.decoded_size) == ("run", "magic", 3000)
    assert report.removed == len(image) - len(PLACE) and report.by_class == {"image": 1}
    kept, = report.kept
    assert kept.reason == "hex" and text[kept.offset:kept.offset + kept.size] == "0a" * 100


def test_a_report_of_an_object_has_pointers_through_it(image):
    inner = json.dumps({"deep": ["\u00e9", "x " + image]}, ensure_ascii=False)
    job = {"a/b~": [0, (inner,)], "plain": "\u00e9 " + image}
    report = sanitize_base64_report(job)
    assert [cut.pointer for cut in report.cuts] == ["/a~1b~0/1/0/~s/deep/1", "/plain"]
    assert report.value == sanitize_base64(job)
    for cut, whole in zip(report.cuts, (inner, job["plain"])):
        assert whole[cut.offset:cut.offset + cut.size] == image
    assert sanitize_base64_report({"a": 1}).value == {"a": 1}


def test_a_dict_that_changes_meanwhile_is_an_error(image):
    job = {"a": image, "b": image}

    class Meddler:
        def put(self, digest, blob):
            job["new"] = 1

        def get(self, digest, size):
            return None

    with pytest.raises(RuntimeError, match="changed size"):
        sanitize_base64(job, vault=Meddler())


def test_a_list_that_shrinks_meanwhile_is_survived():
    jobs = [[encoded(300, seed)] for seed in range(50)]

    class Meddler:
        def put(self, digest, blob):
            jobs.clear()

        def get(self, digest, size):
            return None

    with pytest.raises((IndexError, RuntimeError)):
        sanitize_base64(jobs, vault=Meddler())
