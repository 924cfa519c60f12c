"""A BullMQ queue that is cleaned while a job is held: all jobs run, with all of their data."""

import json
import shutil
import subprocess

import pytest
import redis as redis_client
from conftest import ROOT, value_of

SCRIPT = (ROOT / "tests/queues/bullmq_queue.mjs").read_text()
# The packages of the examples.
FOLDER = ROOT / "examples" / "node"


def everything(client):
    """All that Redis keeps, but for what BullMQ itself renews all the time."""
    renewed = (b":lock", b":stalled-check")
    return {key: value_of(client, key) for key in client.keys() if not key.endswith(renewed)}


@pytest.fixture
def start_queue(start, environment):
    def start_one(what, url, prefix):
        node = shutil.which("node")
        assert node, "there is no node; script/bootstrap test installs it"
        return start(node, "--input-type=module", "--eval", SCRIPT, what, cwd=FOLDER,
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                     env={**environment, "REDIS_URL": url, "QUEUE_PREFIX": prefix})

    return start_one


def tell(process, line):
    process.stdin.write(line + "\n")
    process.stdin.flush()


def answer(process):
    line = process.stdout.readline()
    assert line, f"the queue ended with {process.wait(10)}"
    return json.loads(line)


@pytest.mark.parametrize("prefix", ["bull", "shop:{mail}"])
def test_jobs_run_after_cleaning(start_queue, clean, undo, image, redis, prefix):
    client = redis_client.Redis.from_url(redis.url)
    client.flushall()
    filler = start_queue("fill", redis.url, prefix)
    tell(filler, image)
    jobs = answer(filler)
    before = everything(client)

    def raw(job, field):
        return client.hget(f"{prefix}:images:{jobs[job]}", field).decode()

    held = raw("held", "data")
    opts = raw("done", "opts")
    planned = clean(redis.url, "--dry-run")
    assert everything(client) == before
    report = clean(redis.url)
    for total in ("bytes_removed", "values_changed", "values_skipped", "blobs", "by_class"):
        assert report[total] == planned[total]
    # Data of seven jobs, the value and the log of one, the message and the stack of one; data and
    # log of the job that is held, and what the stream of events has of two jobs.
    assert report["streams"]["values"] == 2
    assert (report["values_changed"], report["values_skipped"]) == (11, 4)
    assert len(planned["places"][f"{prefix}:images:*"]["samples"]) == 3
    assert raw("held", "data") == held
    assert raw("done", "opts") == opts
    assert image not in raw("failed", "stacktrace") + raw("failed", "failedReason")

    undo(redis.url)
    assert everything(client) == before
    clean(redis.url)

    tell(filler, "go on")
    assert answer(filler) == {"held": jobs["sha256"]}
    assert filler.wait(30) == 0
    drainer = start_queue("drain", redis.url, prefix)
    tell(drainer, json.dumps(jobs))
    drained = answer(drainer)
    assert drained["seen"].pop("children") == 1
    users = {"waits": 4, "matters": 5, "later": 6, "parent": 7, "child": 8, "fails": 2}
    assert drained["seen"] == {
        name: {"user": user, "ratio": 1.5, "url": "https://example.com/a?b=c",
               "sha256": jobs["sha256"], "was_lean": True} for name, user in users.items()}
    counts = {state: count for state, count in drained["counts"].items() if count}
    assert counts == {"completed": 8}
    assert drained["returnvalue"]["sha256"] == jobs["sha256"]
    assert drained["returnvalue"]["drawn"].startswith("[BASE64_IMAGE_REMOVED sha256-")
    assert drained["logs"][0].startswith("drew [BASE64_IMAGE_REMOVED sha256-")
    assert drainer.wait(30) == 0
