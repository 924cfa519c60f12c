"""examples/python/celery_app.py: a real Celery worker and a real Redis."""

import base64
import json
import os
import sys

import pytest
from conftest import ROOT

EXAMPLES = ROOT / "examples" / "python"


@pytest.fixture
def celery_app(environment, redis, monkeypatch):
    environment["REDIS_URL"] = redis.url
    for name in ("REDIS_URL", "JOBQUEUE_VAULT"):
        monkeypatch.setenv(name, environment[name])
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import celery_app
    yield celery_app
    del sys.modules["celery_app"]


def test_stored_messages_and_results_are_lean(celery_app, start, environment, redis, png, image):
    # Nobody works yet, so the message waits in the broker.
    promise = celery_app.comment.delay(image_base64=image, text="seen")
    waiting = redis.command("LRANGE", "celery", "0", "-1")
    message = json.loads(waiting[waiting.index(b"{"):waiting.rindex(b"}") + 1])
    body = json.loads(base64.b64decode(message["body"]))
    assert body[1]["image_base64"].startswith("[BASE64_IMAGE_REMOVED sha256-")
    assert body[1]["text"] == "seen"

    start(sys.executable, "-m", "celery", "--app", "celery_app", "worker", "--pool=solo",
          "--loglevel=WARNING", "--without-gossip", "--without-mingle", cwd=EXAMPLES,
          env={**environment, "C_FORCE_ROOT": "1"})
    lean = promise.get(timeout=60)
    stored = redis.command("GET", f"celery-task-meta-{promise.id}")
    assert len(stored) < 1000
    assert lean["image_base64"].startswith("[BASE64_IMAGE_REMOVED sha256-")

    import jobqueue
    whole = jobqueue.restore_base64(lean, vault=celery_app.VAULT)
    commented = base64.b64decode(whole["image_base64"])
    assert lean["bytes"] == len(commented) == len(png) + 12 + len("Comment\0seen")
    assert b"tEXtComment\0seen" in commented
    assert os.listdir(environment["JOBQUEUE_VAULT"])
