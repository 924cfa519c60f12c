"""An RQ queue that is cleaned: its jobs run, and failed ones can be tried again."""

import hashlib
import os
import sys
import zlib

import redis as redis_client
from conftest import ROOT, run, value_of
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

FOLDER = ROOT / "tests" / "queues"


def test_jobs_run_after_cleaning(clean, undo, image, redis):
    client = redis_client.Redis.from_url(redis.url)
    client.flushall()
    picture = "data:image/png;base64," + image
    # With the other serializer all is pickled, and stays.
    queue = Queue("images", connection=client, serializer=JSONSerializer)

    def work():
        run(sys.executable, "-m", "rq.cli", "worker", "--burst", "--url", redis.url,
            "--serializer", "rq.serializers.JSONSerializer", "images", cwd=FOLDER,
            env={**os.environ, "PYTHONPATH": str(FOLDER)})

    def add(number):
        return queue.enqueue("rq_tasks.draw", picture, number=number, meta={"preview": picture})

    def fetch(job):
        return Job.fetch(job.id, connection=client, serializer=JSONSerializer)

    failed = add(-1)
    work()
    waiting = add(2)
    before = {key: value_of(client, key) for key in client.keys()}

    planned = clean(redis.url, "--dry-run")
    report = clean(redis.url)
    assert report["bytes_removed"] == planned["bytes_removed"] > 0
    for job in (failed, waiting):
        assert b"BASE64_IMAGE_REMOVED" in client.hget(job.key, "meta")
        assert zlib.decompress(client.hget(job.key, "data")).count(image.encode()) == 1
    undo(redis.url)
    assert {key: value_of(client, key) for key in client.keys()} == before
    clean(redis.url)

    fetch(failed).requeue()
    work()
    done = fetch(waiting)
    digest = hashlib.sha256(picture.encode()).hexdigest()
    assert done.return_value() == {"number": 2, "sha256": digest}
    assert tuple(done.args) == (picture,)
    again = fetch(failed)
    assert again.is_failed
    assert f"cannot draw {picture}" in again.latest_result().exc_string
