"""The probe from Python: a server of the test, threads, errors."""

import dataclasses
import http.server
import ipaddress
import pathlib
import pickle
import subprocess
import sys
import threading
import time

import jobqueue
import pytest

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"
LOCAL = ["127.0.0.1"]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        if self.path.startswith("/signed"):
            self.send_error(403)
        elif self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.2/latest/meta-data")
            self.end_headers()
        else:
            self.do_GET(False)

    def do_GET(self, has_body=True):
        self.server.seen.append((self.command, self.path, dict(self.headers)))
        if self.path.startswith("/slow"):
            self.server.release.wait(10)
        if self.path.startswith("/missing"):
            self.send_error(404)
            return
        self.send_response(206 if has_body else 200)
        self.send_header("Content-Type", "image/jpeg")
        if has_body:
            self.send_header("Content-Range", f"bytes 0-{len(PNG) - 1}/12345")
        self.send_header("Content-Length", str(len(PNG)))
        self.end_headers()
        if has_body:
            self.wfile.write(PNG)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as one:
        one.seen, one.release = [], threading.Event()
        one.url = f"http://127.0.0.1:{one.server_port}"
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        yield one
        one.release.set()
        one.shutdown()
        thread.join()


def test_an_answer(server):
    url = server.url + "/a.jpg?sig=x"
    probed = jobqueue.probe_content_type(url, allow=LOCAL, headers={"X-Key": "k"})
    assert dataclasses.asdict(probed) == {
        "media_type": "image/png", "extension": "png", "category": "image", "source": "magic",
        "confidence": "high", "mismatch": True, "polyglot": False, "evidence": (
            {"source": "magic", "media_type": "image/png", "detail": None, "contradicted": False},
            {"source": "header", "media_type": "image/jpeg", "detail": None, "contradicted": True},
            {"source": "url", "media_type": "image/jpeg", "detail": "jpg", "contradicted": True}),
        "url": url, "status": 206, "size": 12345, "redirects": 0, "header": "image/jpeg",
        "etag": None, "nosniff": False, "head_bytes": len(PNG), "problem": None}
    assert [(method, headers["Range"], headers["X-Key"]) for method, _, headers in server.seen
            if method == "GET"] == [("GET", "bytes=0-4095", "k")]
    assert isinstance(probed, jobqueue.ContentType)
    assert pickle.loads(pickle.dumps(probed)) == probed


def test_a_url_that_is_signed_for_get(server):
    probed = jobqueue.probe_content_type(server.url + "/signed", allow=["127.0.0.0/8"])
    assert (probed.media_type, probed.status, probed.problem) == ("image/png", 206, None)


def test_what_is_refused(server):
    for options in ({}, {"allow": LOCAL, "deny": [ipaddress.ip_address("127.0.0.1")]}):
        with pytest.raises(jobqueue.AddressForbiddenError) as caught:
            jobqueue.probe_content_type(server.url, **options)
        assert caught.value.code == "ADDRESS_FORBIDDEN"
    with pytest.raises(PermissionError):
        jobqueue.probe_content_type(server.url + "/away", allow=LOCAL, configured="image/png")
    assert server.seen == []
    with pytest.raises(jobqueue.AddressForbiddenError):
        jobqueue.probe_content_type("file:///etc/passwd")
    for url in ("", "x", "http://u:secret@127.0.0.1/", "http://a\r\nb/", "http://a/\ud800%"):
        with pytest.raises(jobqueue.InvalidArgumentError) as caught:
            jobqueue.probe_content_type(url, allow=LOCAL)
        assert "secret" not in str(caught.value)


def test_nobody_there(server):
    server.shutdown()
    server.server_close()
    with pytest.raises(jobqueue.NetworkError) as caught:
        jobqueue.probe_content_type(server.url, allow=LOCAL)
    assert isinstance(caught.value, OSError)
    probed = jobqueue.probe_content_type(server.url, allow=LOCAL, configured="audio/flac")
    assert (probed.media_type, probed.source, probed.status) == ("audio/flac", "configured", None)
    assert "refused" in probed.problem


def test_an_object_that_is_not_there(server):
    probed = jobqueue.probe_content_type(server.url + "/missing.gif", allow=LOCAL)
    assert (probed.media_type, probed.status, probed.head_bytes) == ("image/gif", 404, 0)
    assert probed.problem == "the server answers 404 to GET"


def test_the_head_only(server):
    probed = jobqueue.probe_content_type(server.url, allow=LOCAL, head_only=True)
    assert (probed.media_type, probed.size) == ("image/jpeg", len(PNG))
    assert [method for method, _, _ in server.seen] == ["HEAD"]


def test_time_is_bounded_and_other_threads_run(server):
    began = time.monotonic()
    ticks = 0
    caught = []

    def probe():
        try:
            jobqueue.probe_content_type(server.url + "/slow", allow=LOCAL, timeout=0.5)
        except jobqueue.NetworkError as problem:
            caught.append(str(problem))

    threads = [threading.Thread(target=probe) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.01)
        ticks += 1
    assert len(caught) == 4 and all("time is over" in one for one in caught)
    assert ticks > 20
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("arguments", "problem"), [
    ({"url": b"http://h/"}, TypeError), ({"allow": "127.0.0.1"}, TypeError),
    ({"allow": ["10.0.0.1/8"]}, jobqueue.InvalidArgumentError),
    ({"allow": ["localhost"]}, jobqueue.InvalidArgumentError),
    ({"timeout": 0}, jobqueue.InvalidArgumentError),
    ({"timeout": -1}, jobqueue.InvalidArgumentError),
    ({"timeout": 1e9}, jobqueue.InvalidArgumentError),
    ({"max_redirects": 21}, jobqueue.InvalidArgumentError),
    ({"max_redirects": -1}, TypeError), ({"configured": 1}, TypeError),
    ({"headers": {"A": "b\r\nC: d"}}, jobqueue.InvalidArgumentError),
    ({"headers": {"Host": "a"}}, jobqueue.InvalidArgumentError),
    ({"headers": {"A": 1}}, TypeError),
])
def test_wrong_arguments(arguments, problem):
    with pytest.raises(problem):
        jobqueue.probe_content_type(arguments.pop("url", "http://127.0.0.1:1/"), **arguments)


REFUSED = """
import json, pathlib, sys
import jobqueue
refused = [one for one in json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))["cases"]
           if one["expect"] != "OK"]
for one in refused:
    try:
        jobqueue.probe_content_type(one["url"], allow=one.get("allow", ()),
                                    deny=one.get("deny", ()), timeout=1)
        code = "OK"
    except jobqueue.JobqueueError as problem:
        code = problem.code
    assert code == one["expect"], (code, one)
print(len(refused))
"""


def test_vectors_of_what_is_refused():
    # In a network namespace without any network: a defect would send packets to strangers.
    vectors = pathlib.Path(__file__).parents[3] / "tests" / "vectors" / "probe.json"
    done = subprocess.run(["unshare", "-rn", sys.executable, "-c", REFUSED, vectors],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 200
