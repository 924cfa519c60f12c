"""Equations over random values."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jobqueue
from conftest import MemoryVault, encoded

BLOBS = [encoded(size, seed) for seed, size in enumerate((90, 200, 800, 1500))]
BLOBS += ["data:image/png;base64," + BLOBS[0], "x " + BLOBS[1] + ", y", "f0" * 80, "A7bC" * 300,
          json.dumps({"inner": BLOBS[0], "more": [BLOBS[1]]}), "c29tZSBwbGFpbiB0ZXh0" * 8]
NAMES = ["data", "image", "b64_json", "type", "mimeType", "media_type", "encoding", "content",
         "signature", "body", "token", "contentType", "inlineData", "\u00e9", "a/b"]
WORDS = ["base64", "image/png", "text/plain", "application/pdf", "", "\u00e9 \U0001f600", "\n\"\\"]

STRINGS = st.one_of(st.sampled_from(BLOBS), st.sampled_from(WORDS), st.text(max_size=30))
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), STRINGS,
                   st.floats(allow_nan=False, allow_infinity=False))
KEYS = st.one_of(st.sampled_from(NAMES), st.text(max_size=8))
VALUES = st.recursive(LEAVES, lambda inner: st.one_of(
    st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)), max_leaves=12)
DOCUMENTS = st.one_of(st.lists(VALUES, max_size=4), st.dictionaries(KEYS, VALUES, max_size=5))

MANY = settings(max_examples=10000, deadline=None, database=None, derandomize=True,
                suppress_health_check=list(HealthCheck))
SOME = settings(MANY, max_examples=1500)

cut = 0


@MANY
@given(DOCUMENTS)
def check_objects_and_text(value):
    global cut
    text = json.dumps(value, ensure_ascii=False)
    lean = jobqueue.sanitize_base64(value)
    # A wider document may have more neighbours in memory than the window over its text shows.
    if len(text.encode("utf-8", "surrogatepass")) <= 4096:
        assert json.loads(jobqueue.sanitize_base64(text)) == lean
    assert (lean is value) == (lean == value)
    cut += lean is not value


def test_objects_and_text_get_the_same_answer():
    check_objects_and_text()
    assert cut > 2000, "the values hardly have blobs in them"


@SOME
@given(DOCUMENTS)
def test_restore_undoes_and_again_changes_nothing(value):
    vault = MemoryVault()
    lean = jobqueue.sanitize_base64(value, vault=vault)
    assert jobqueue.restore_base64(lean, vault=vault) == value
    assert jobqueue.sanitize_base64(lean, vault=vault) is lean
    plain = jobqueue.sanitize_base64(value)
    assert jobqueue.sanitize_base64(plain) is plain


@SOME
@given(st.text(alphabet=st.characters(), max_size=300), st.sampled_from(BLOBS))
def test_text_with_any_characters(text, blob):
    whole = text + " " + blob + " " + text
    assert jobqueue.sanitize_base64(whole).startswith(text + " ")
    assert jobqueue.sanitize_base64([whole])[0].endswith(" " + text)


@SOME
@given(DOCUMENTS, st.lists(st.integers(1, 400), min_size=1, max_size=20))
def test_any_division_gives_the_same_bytes(value, sizes):
    data = json.dumps(value).encode()
    sanitizer = jobqueue.Base64Sanitizer()
    out, at, turn = [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        out.append(sanitizer.update(data[at:at + size]))
        at, turn = at + size, turn + 1
    out.append(sanitizer.finish())
    assert b"".join(out) == jobqueue.sanitize_base64(data)
