"""The types: as a strict checker sees them, and the stub against the extension."""

import doctest
import pathlib
import shutil
import subprocess
import sys

import jobqueue

USER = '''
import pathlib
import jobqueue

vault = jobqueue.Vault(pathlib.Path("blobs"))
job: dict[str, object] = {"a": 1}
lean: dict[str, object] = jobqueue.sanitize_base64(job, vault=vault, min_run_chars=200)
text: str = jobqueue.sanitize_base64("text", format="json")
data: bytes = jobqueue.sanitize_base64(bytearray(b"x"))
report: jobqueue.Report[dict[str, object]] = jobqueue.sanitize_base64_report(job)
size: int = report.cuts[0].size
whole: str = jobqueue.restore_base64(text, vault=vault, keep_missing=True)

class Mine:
    def put(self, digest: bytes, blob: bytes, /) -> None: ...
    def get(self, digest: bytes, size: int, /) -> bytes | None: return None

jobqueue.sanitize_base64([1], vault=Mine())
rules = jobqueue.Ruleset.standard(parameters={"stuck_after": "PT2H"})
verdict: jobqueue.Evaluation = rules.evaluate({"status": "failed"}, explain=True)
category: str | None = verdict["status_category"]
headers: dict[str, str] = jobqueue.sign_payload(b"x", scheme="github", secrets=["a"])
verifier = jobqueue.SignatureVerifier("auto", [b"a", "b"], tolerance=None)
index: int = verifier.verify(b"x", headers, now=1700000000).secret_index
scheme: str = verifier.verify(b"x", [("a", b"b")]).scheme
key: jobqueue.AttestationKey = jobqueue.parse_attestation_key(b"worker:completion:j")
attempt: int | None = max([key, jobqueue.AttestationKey(workflow_id="w", attempt=1)]).attempt
name: str = jobqueue.format_attestation_key(key)
sealed: jobqueue.SealedAttestation[str] = jobqueue.AttestationSigner("s").seal("{}")
again: bytes = jobqueue.AttestationSigner(b"s").seal(b"{}", sealed.head).text
chain = jobqueue.verify_attestation_chain([sealed.text, again], secrets=["s"], expected_count=2)
reason: str = "" if chain else chain.problems[0].reason
failure: jobqueue.Failure = jobqueue.classify_failure(b"x", http_status=None, timeout=True)
kind: str = failure.type
after: bytes = jobqueue.preserve_job_data(b"{}", "1", attempt=1, at=7)
row: dict[str, object] = jobqueue.preserve_job_data(job, [1], attempt=1)
tries: int = jobqueue.retry_attempt(row)
brief: dict[str, object] = jobqueue.truncate_payload(job, max_bytes=64, pinned=["/a"])
short: str = jobqueue.truncate_payload("text", max_bytes=64, format="text", marker="cut")
lines: bytes = jobqueue.truncate_payload(bytearray(b"x"), max_bytes=64, array_head=1)
told: jobqueue.Truncation[str] = jobqueue.truncate_payload_report("x", max_bytes=64)
place: str | None = told.cuts[0].pointer
found: jobqueue.ContentType = jobqueue.detect_content_type(b"x", url="a.png", whatwg=True)
source: str = found.evidence[0].source
extension: str | None = found.extension
probed: jobqueue.ProbedContentType = jobqueue.probe_content_type("http://h/", allow=["::1"])
bytes_in_all: int | None = probed.size
piece: bytes = jobqueue.Base64Sanitizer(vault=Mine()).update(b"x")
'''

WRONG = '''
import jobqueue
jobqueue.sanitize_base64(5)
jobqueue.sanitize_base64("x", nonsense=1)
jobqueue.sanitize_base64("x", format="xml")
jobqueue.restore_base64("x")
jobqueue.classify_failure("x", "429")
jobqueue.preserve_job_data("{}", "1")
jobqueue.truncate_payload("x")
jobqueue.truncate_payload({}, max_bytes=64, format="json")
'''


def check(folder, source):
    program = folder / "user.py"
    program.write_text(source, encoding="ascii")
    return subprocess.run([sys.executable, "-m", "mypy", "--strict", program], cwd=folder,
                          capture_output=True, text=True, check=False)


def test_right_use_passes_a_strict_checker(tmp_path):
    done = check(tmp_path, USER)
    assert done.returncode == 0, done.stdout


def test_wrong_use_does_not(tmp_path):
    done = check(tmp_path, WRONG)
    lines = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    assert lines == {3, 4, 5, 6, 7, 8, 9, 10}, done.stdout


def test_the_stub_says_what_the_extension_has(tmp_path):
    # The metaclass of pybind11 is no part of what a user sees.
    allowed = tmp_path / "allowed"
    allowed.write_text("".join(f"jobqueue._native.{name}\n"
                                for name in ("AttestationSigner", "AttestationVerifier",
                                             "Base64Sanitizer", "PayloadSigner", "Ruleset",
                                             "Vault")) +
                       # Of a derived dataclass mypy takes the slots of both.
                       "jobqueue._probe.ProbedContentType.__slots__\n")
    done = subprocess.run([sys.executable, "-m", "mypy.stubtest", "jobqueue", "--allowlist",
                           allowed], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_package_is_strict_itself(tmp_path):
    # Beside other packages mypy would take those for a part of this one.
    shutil.copytree(pathlib.Path(jobqueue.__file__).parent, tmp_path / "jobqueue")
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "jobqueue"], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_example_at_the_top():
    assert doctest.testmod(jobqueue).attempted > 0 and doctest.testmod(jobqueue).failed == 0
