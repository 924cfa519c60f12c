"""examples/node: an Express service and a BullMQ worker, with a real Redis."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest
from conftest import ROOT, run

EXAMPLES = ROOT / "examples" / "node"

# Adds one job, waits for its result, and prints where Redis keeps it.
PRODUCER = """
import { QueueEvents } from 'bullmq';
import { openQueue } from './bullmq_worker.mjs';
let image = '';
for await (const piece of process.stdin) image += piece;
const queue = openQueue();
const events = new QueueEvents('images', { connection: queue.opts.connection });
await events.waitUntilReady();
const job = await queue.add('inspect', { image_base64: image, user: 7 });
await job.waitUntilFinished(events, 30000);
console.log(queue.toKey(job.id));
await events.close();
await queue.close();
"""


@pytest.fixture
def node(start, environment, redis):
    environment["REDIS_URL"] = redis.url
    program = shutil.which("node")
    assert program, "there is no node; script/bootstrap test installs it"

    def start_node(script, **more):
        return start(program, script, cwd=EXAMPLES, stdout=subprocess.PIPE,
                     env={**environment, **more})

    return start_node


def ask(url, method, body=None):
    request = urllib.request.Request(url, body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.read()


def test_express_keeps_results_lean_and_gives_them_back(node, redis, image):
    service = node("express_app.mjs", PORT="0")
    port = int(service.stdout.readline().rsplit(" ", 1)[1])
    place = f"http://127.0.0.1:{port}/jobs/b-1/result"
    result = ('{"n": 9007199254740993, "v": 1.0, "image": "' + image + '"}').encode()
    status, answer = ask(place, "PUT", result)
    assert status == 200, answer
    answer = json.loads(answer)
    assert answer["received"] == len(result) and answer["kept"] < 300
    assert redis.command("HSTRLEN", "job:b-1", "result") == b":%d\r\n" % answer["kept"]
    status, lean = ask(place, "GET")
    assert status == 200
    assert lean.startswith(b'{"n": 9007199254740993, "v": 1.0, "image": "[BASE64_IMAGE_REMOVED sh')
    assert ask(place + "?full=true", "GET") == (200, result)

    status, answer = ask(place, "PUT", b'{"n": 1,}')
    assert status == 422
    answer = json.loads(answer)
    assert (answer["code"], answer["offset"]) == ("INVALID_JSON", 8)
    assert ask(place.replace("b-1", "b-2"), "GET")[0] == 404


def test_bullmq_jobs_are_lean(node, environment, redis, png, image):
    worker = node("bullmq_worker.mjs")
    assert worker.stdout.readline() == "ready\n"
    key = run("node", "--input-type=module", "--eval", PRODUCER, cwd=EXAMPLES, env=environment,
              input=image).strip()
    data, result = (json.loads(redis.command("HGET", key, field).split(b"\r\n")[1])
                    for field in ("data", "returnvalue"))
    assert data["user"] == 7
    assert result["bytes"] == len(png)
    reference = f"[BASE64_IMAGE_REMOVED sha256-{result['sha256']} image/png {len(png)} std]"
    assert data["image_base64"] == result["image_base64"] == reference
