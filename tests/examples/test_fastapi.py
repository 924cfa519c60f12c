"""examples/python/fastapi_app.py behind a real server."""

import json
import signal
import sqlite3
import sys
import time
import urllib.error
import urllib.request

import pytest
from conftest import ROOT
from redis_server import free_port


@pytest.fixture
def ask(start, environment):
    port = free_port()
    start(sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port),
          "--log-level", "warning", "fastapi_app:app", cwd=ROOT / "examples" / "python",
          env=environment, expected=-signal.SIGTERM)

    def ask_one(method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, method=method)
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(request, timeout=20) as response:
                    return response.status, response.read()
            except urllib.error.HTTPError as problem:
                return problem.code, problem.read()
            except urllib.error.URLError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    return ask_one


def test_keeps_results_lean_and_gives_them_back(ask, environment, image):
    result = ('{"n": 9007199254740993, "v": 1.0, "image": "' + image + '"}').encode()
    status, answer = ask("PUT", "/jobs/a-1/result", result)
    assert status == 200
    answer = json.loads(answer)
    assert answer["received"] == len(result) and answer["kept"] < 300

    status, lean = ask("GET", "/jobs/a-1/result")
    assert status == 200 and len(lean) == answer["kept"]
    assert b'{"n": 9007199254740993, "v": 1.0, "image": "[BASE64_IMAGE_REMOVED sha256-' in lean
    assert ask("GET", "/jobs/a-1/result?full=true") == (200, result)
    with sqlite3.connect(environment["RESULTS_DB"]) as database:
        assert database.execute("SELECT body FROM result").fetchone()[0] == lean


def test_says_what_is_wrong(ask):
    status, answer = ask("PUT", "/jobs/a-2/result", b'{"n": 1,}')
    assert status == 422
    detail = json.loads(answer)["detail"]
    assert (detail["code"], detail["offset"]) == ("INVALID_JSON", 8)
    assert ask("GET", "/jobs/a-2/result")[0] == 404
