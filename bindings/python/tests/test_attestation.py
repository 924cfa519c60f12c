"""Attestations from Python: keys and their order, records in a chain, errors, threads."""

import copy
import dataclasses
import gc
import pickle
import random

import jobqueue
import pytest
from conftest import in_threads
from jobqueue import AttestationHead, AttestationKey

SIGNER = jobqueue.AttestationSigner("s3cret")
VERIFIER = jobqueue.AttestationVerifier(["old", b"s3cret"])
FAILED = '{"status":"failed","retry_count":1}'
DIGEST = "77e641986dcc7616245dafe2e12813729a473dea7e9723790b16ca75f50f1237"


def chain(*records):
    sealed, head = [], None
    for record in records:
        one = SIGNER.seal(record, head)
        sealed.append(one.text)
        head = one.head
    return sealed, head


def reasons(records, **known):
    return [(one.index, one.reason) for one in VERIFIER.verify(records, **known).problems]


def test_keys():
    key = jobqueue.parse_attestation_key("worker:failure:workflow-w1:job-step-s1:permanent")
    assert key == AttestationKey("worker", "failure", "prefixed", "w1", "s1", None, True, True)
    modern = dataclasses.replace(key, form="current", has_step_prefix=False, permanent=False,
                                 attempt=3)
    text = "worker:failure:job-id:w1:step-id:s1:attempt:3"
    assert jobqueue.format_attestation_key(modern) == text
    # As a client of Redis gives it.
    assert jobqueue.parse_attestation_key(text.encode()) == modern
    assert hash(modern) == hash(dataclasses.replace(modern, ambiguous=True))
    assert pickle.loads(pickle.dumps(key)) == copy.copy(key) == key
    with pytest.raises(dataclasses.FrozenInstanceError):
        key.attempt = 1
    api = jobqueue.parse_attestation_key("api:workflow:completion:w1:attempt-1")
    assert (api.attempt, jobqueue.retry_of_attempt(api.attempt)) == (2, 1)
    assert jobqueue.attempt_of_retry(0) == 1


def test_readings():
    readings = jobqueue.attestation_key_readings("worker:completion:job-7")
    assert [(one.form, one.step_id, one.ambiguous) for one in readings] == [
        ("prefixed", "7", True), ("plain", "job-7", True)]
    assert len(jobqueue.attestation_key_readings("api:workflow:completion:w1")) == 1


def test_keys_that_are_none():
    for text in ("", "worker", "worker:completion:job-id:w:1:step-id:s", b"worker:completion:\x7f"):
        for read in (jobqueue.parse_attestation_key, jobqueue.attestation_key_readings):
            with pytest.raises(jobqueue.InvalidArgumentError):
                read(text)
    for text in (None, 7, ["worker"]):
        with pytest.raises(TypeError, match="a key must be str or bytes"):
            jobqueue.parse_attestation_key(text)
    good = AttestationKey(workflow_id="w", step_id="s", attempt=1)
    for changes, words in (({"workflow_id": "a:b"}, "workflow id"), ({"step_id": "*"}, "step id"),
                           ({"attempt": 0}, "attempt"), ({"attempt": -1}, "attempt"),
                           ({"attempt": 2**53}, "attempt"), ({"permanent": True}, "permanent"),
                           ({"writer": "me"}, "writer must be"), ({"kind": "x"}, "kind must be"),
                           ({"form": "x"}, "form must be"), ({"step_id": None}, "step id"),
                           ({"form": "plain"}, "another one")):
        with pytest.raises(jobqueue.InvalidArgumentError, match=words):
            jobqueue.format_attestation_key(dataclasses.replace(good, **changes))


def test_order():
    texts = ["worker:completion:step-id:z:attempt:9", "api:workflow:completion:v:attempt-5",
             "worker:failure:job-id:w:step-id:a:permanent", "api:workflow:completion:w",
             "api:workflow:completion:w:attempt-1",
             "worker:completion:job-id:w:step-id:a:attempt:2",
             "api:workflow:completion:w:attempt-2",
             "worker:completion:job-id:w:step-id:b:attempt:3",
             "worker:completion:job-id:w:step-id:b:attempt:10"]
    shuffled = texts[:]
    random.Random(1).shuffle(shuffled)
    assert sorted(shuffled, key=jobqueue.parse_attestation_key) == texts
    first, second = map(jobqueue.parse_attestation_key, texts[:2])
    assert first < second and second >= first and not first > first
    with pytest.raises(TypeError):
        first < texts[0]


def test_seal():
    sealed = SIGNER.seal(FAILED)
    assert sealed.text.startswith(FAILED[:-1] + ',"attestation_chain":{"sequence":1,"previous":"0')
    assert sealed.head == AttestationHead(1, DIGEST)
    for record in (FAILED.encode(), bytearray(FAILED.encode()), memoryview(FAILED.encode())):
        assert SIGNER.seal(record).text == sealed.text.encode()
    wide = SIGNER.seal('{"a":"\u00e9\U0001f600"}', after=sealed.head)
    assert '"\u00e9\U0001f600"' in wide.text and wide.head.sequence == 2
    assert VERIFIER.head_of(wide.text) == wide.head == VERIFIER.head_of(wide.text.encode())


def test_records_that_are_none():
    with pytest.raises(jobqueue.InvalidJsonError) as caught:
        SIGNER.seal('{"\u00e9":]}')
    assert caught.value.offset == 5  # in characters
    with pytest.raises(jobqueue.InvalidJsonError) as caught:
        SIGNER.seal('{"\u00e9":]}'.encode())
    assert caught.value.offset == 6
    with pytest.raises(jobqueue.InvalidUtf8Error):
        SIGNER.seal('{"\ud800":1}')
    with pytest.raises(jobqueue.InvalidArgumentError, match="attestation_chain"):
        SIGNER.seal(SIGNER.seal("{}").text)
    for head in (AttestationHead(1, "abc"), AttestationHead(1, DIGEST + "0"),
                 AttestationHead(0, DIGEST), AttestationHead(2**53 - 1, DIGEST)):
        with pytest.raises(jobqueue.InvalidArgumentError):
            SIGNER.seal("{}", head)
    for record in (None, {}, 7):
        with pytest.raises(TypeError):
            SIGNER.seal(record)


def test_verify():
    records, head = chain(FAILED, "{}", '{"a":1}')
    report = jobqueue.verify_attestation_chain(records, secrets="s3cret", expected_head=head.digest,
                                               expected_count=3)
    assert report and report.ok and report.problems == () and report.count == 3
    assert report.head == head
    assert VERIFIER.verify(text.encode() for text in records).ok
    assert reasons(records[:2], expected_count=3) == [(2, "truncated")]
    assert reasons(records, expected_count=0) == [(3, "beyond_head")]
    assert reasons([], expected_count=0) == []
    assert reasons(records[1:], after=VERIFIER.head_of(records[0])) == []
    edited = VERIFIER.verify([records[0].replace("failed", "fa1led"), *records[1:]])
    assert not edited
    assert edited.problems == (jobqueue.AttestationProblem(0, "digest_mismatch", 1, 1),)
    assert reasons([records[0], records[2]]) == [(1, "sequence_gap")]
    assert reasons([records[0], "{}", "[]", "", "\ud800"]) == [
        (1, "unchained"), (2, "malformed"), (3, "malformed"), (4, "malformed")]


def test_what_cannot_be_verified():
    for records in ("{}", b"{}"):
        with pytest.raises(TypeError, match="an iterable"):
            VERIFIER.verify(records)
    with pytest.raises(TypeError, match="a record must be str or bytes"):
        VERIFIER.verify([{}])
    for known in ({"expected_head": "abc"}, {"after": AttestationHead(1, "abc")},
                  {"after": AttestationHead(-1)}, {"expected_count": -1},
                  {"expected_count": 2**64 - 1}):
        with pytest.raises(jobqueue.InvalidArgumentError):
            VERIFIER.verify([], **known)
    # No message shows a record.
    for known in ({"expected_head": b"abc"}, {"after": DIGEST}, {"after": AttestationHead("1")},
                  {"after": AttestationHead(1, None)}, {"expected_count": "3"}):
        with pytest.raises(TypeError) as caught:
            VERIFIER.verify(["hidden"], **known)
        assert "hidden" not in str(caught.value)
    with pytest.raises(TypeError) as caught:
        SIGNER.seal('{"a":"hidden"}', AttestationHead(None))
    assert "hidden" not in str(caught.value)
    for record, problem in (("{}", jobqueue.SignatureMissingError),
                            ('{"attestation_chain":1}', jobqueue.SignatureMalformedError),
                            (SIGNER.seal(FAILED).text.replace("fa", "Fa"),
                             jobqueue.SignatureMismatchError),
                            ("[]", jobqueue.InvalidJsonError)):
        with pytest.raises(problem):
            VERIFIER.head_of(record)


def test_secrets():
    for secret in ("", " ", b"", "s" * 4097):
        with pytest.raises(jobqueue.SecretInvalidError):
            jobqueue.AttestationSigner(secret)
        with pytest.raises(jobqueue.SecretInvalidError):
            jobqueue.AttestationVerifier(["good", secret])
    for secrets in ([], ["a"] * 33):
        with pytest.raises(jobqueue.InvalidArgumentError):
            jobqueue.AttestationVerifier(secrets)
    for secrets in (None, 7, [7]):
        with pytest.raises(TypeError):
            jobqueue.AttestationVerifier(secrets)
    with pytest.raises(TypeError, match="the secret must be str or bytes"):
        jobqueue.AttestationSigner(7)


def test_threads_share_a_signer_and_a_verifier():
    large = '{"a":"' + "x" * 100_000 + '"}'  # without the GIL
    wrong = []

    def work():
        for _ in range(50):
            first = SIGNER.seal(large)
            second = SIGNER.seal(FAILED, first.head)
            if not VERIFIER.verify([first.text, second.text]):
                wrong.append(1)

    in_threads(work)
    assert not wrong


def test_nothing_is_left_behind():
    def work():
        VERIFIER.verify(chain(FAILED, "{}")[0])
        with pytest.raises(jobqueue.InvalidArgumentError):
            jobqueue.parse_attestation_key("x")

    work()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(100):
        work()
    gc.collect()
    assert len(gc.get_objects()) - before < 50
