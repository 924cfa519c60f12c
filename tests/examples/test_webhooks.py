"""The examples that take webhooks, behind the real service, and the walk-through of the loop."""

import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from conftest import ROOT
from redis_server import free_port

PROGRAM = ROOT / "build" / "release" / "bin" / "jobqueue"
HOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
QUEUE_SECRET = "s3cret-of-both-sides"
TOKEN = "a-token-of-sixteen-or-more"


def post(url, body, **fields):
    request = urllib.request.Request(url, body, {
        name.replace("_", "-"): value for name, value in fields.items()})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as answer:
        return answer.code, json.loads(answer.read())


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.1)


@pytest.fixture
def service(start, tmp_path):
    """The URL of a service whose only job is w1, and a way to ask what became of it."""
    environment = {**os.environ, "JOBQUEUE_DB": f"sqlite:{tmp_path / 'jobs.db'}",
                   "JOBQUEUE_WEBHOOK_SECRET": QUEUE_SECRET, "JOBQUEUE_TOKEN": TOKEN,
                   "HOOK_SECRET": HOOK_SECRET}

    def call(*arguments, **more):
        return subprocess.run([PROGRAM, *arguments], env=environment, check=True, text=True,
                              stdout=subprocess.PIPE, **more).stdout

    call("migrate")
    call("import", "-", input='{"id":"w1","status":"processing"}')
    process = start(PROGRAM, "serve", "--listen", "127.0.0.1:0", "--every", "1s", "--allow",
                    "127.0.0.1", env=environment, stdout=subprocess.PIPE)
    return process.stdout.readline().split()[-1], call


@pytest.fixture(params=["fastapi", "express"])
def application(request, start, service):
    """The URL of an example that is running."""
    port = free_port()
    environment = {**os.environ, "HOOK_SECRET": HOOK_SECRET, "SERVICE_URL": service[0],
                   "JOBQUEUE_TOKEN": TOKEN, "PORT": str(port)}
    if request.param == "fastapi":
        start(sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port),
              "--log-level", "warning", "fastapi_webhook:app", cwd=ROOT / "examples" / "python",
              env=environment, expected=-signal.SIGTERM)
    else:
        start(shutil.which("node"), "express_webhook.mjs", cwd=ROOT / "examples" / "node",
              env=environment)
    url = f"http://127.0.0.1:{port}/hook"

    def is_up():
        try:
            return post(url, b"{}")[0] == 401
        except urllib.error.URLError:
            return False

    wait_until(is_up)
    return url


def test_applications_verify_and_tell(application, service):
    url, call = service
    status, answer = post(application, b"{}", webhook_id="a", webhook_timestamp="1",
                          webhook_signature="v1,AAAA")
    assert status == 401 and "SIGNATURE" in json.dumps(answer).upper()
    call("webhook", "add", application, "--id", "app", "--secret-env", "HOOK_SECRET")
    body = (b'{"event_type":"workflow_completed","event_id":"e1",'
            b'"data":{"workflow_id":"w1","output":"u"}}')
    signature = "sha256=" + hmac.new(QUEUE_SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert post(f"{url}/api/webhook/workflow-completed", body,
                x_webhook_signature=signature)[0] == 200
    wait_until(lambda: '"id":"w1"' in call("jobs", "--json", "--category", "complete"))
    assert '"state":"delivered"' in call("webhook", "deliveries")


def test_the_walk_through_closes_the_loop():
    assert shutil.which("curl"), "there is no curl; script/bootstrap test installs it"
    done = subprocess.run([ROOT / "examples" / "shell" / "webhooks.sh"], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100,
                          env={**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    for words in ("w1: --category complete", "w2: --problem notification_failed",
                  "w2: --category complete", '"state":"dead"', "verdict: complete"):
        assert words in done.stdout, done.stdout
