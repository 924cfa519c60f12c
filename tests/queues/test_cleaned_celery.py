"""A Celery queue that is cleaned: tasks that wait run with all of their data, results are lean."""

import hashlib
import json
import sys

import redis as redis_client
from celery import Celery
from conftest import ROOT

FOLDER = ROOT / "tests" / "queues"


def test_tasks_run_after_cleaning(start, clean, undo, environment, image, redis):
    client = redis_client.Redis.from_url(redis.url)
    client.flushall()
    picture = "data:image/png;base64," + image
    digest = hashlib.sha256(picture.encode()).hexdigest()
    app = Celery("plain", broker=redis.url, backend=redis.url)
    app.conf.result_expires = 3600
    environment["REDIS_URL"] = redis.url

    def send(number, **options):
        return app.send_task("celery_tasks.draw", [picture], {"number": number}, **options)

    def work():
        return start(sys.executable, "-m", "celery", "--app", "celery_tasks", "worker",
                     "--pool=solo", "--loglevel=WARNING", "--without-gossip", "--without-mingle",
                     cwd=FOLDER, env={**environment, "C_FORCE_ROOT": "1"})

    worker = work()
    finished = send(1)
    assert finished.get(timeout=60)["sha256"] == digest
    worker.terminate()
    assert worker.wait(30) == 0
    waiting = [send(2), send(3, priority=5)]

    def bodies():
        # Each priority has a list of its own.
        lists = [client.lrange(key, 0, -1) for key in sorted(client.keys("celery*"))
                 if client.type(key) == b"list"]
        return [json.loads(message)["body"] for messages in lists for message in messages]

    messages = bodies()
    assert len(messages) == 2
    key = f"celery-task-meta-{finished.id}"
    before, ttl = client.get(key), client.ttl(key)

    report = clean(redis.url)
    # The result, and what the two messages say of their arguments for people to read.
    assert report["values_changed"] == 3
    assert bodies() == messages
    assert len(client.get(key)) < 1000
    assert ttl - 60 < client.ttl(key) <= ttl
    undo(redis.url)
    assert client.get(key) == before
    clean(redis.url)

    # A new process has nothing in memory.
    lean = Celery("plain", broker=redis.url, backend=redis.url).AsyncResult(finished.id).get()
    assert lean["sha256"] == digest
    assert lean["picture"].startswith("[BASE64_IMAGE_REMOVED sha256-")
    import jobqueue
    vault = jobqueue.Vault(environment["JOBQUEUE_VAULT"])
    assert jobqueue.restore_base64(lean, vault=vault)["picture"] == picture

    work()
    for promise in waiting:
        result = promise.get(timeout=60)
        assert (result["sha256"], result["picture"]) == (digest, picture)
    assert json.loads(client.get(f"celery-task-meta-{waiting[0].id}"))["status"] == "SUCCESS"
