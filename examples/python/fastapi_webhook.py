"""An application that is told by webhook when a workflow is done, and tells that its user knows.

    HOOK_SECRET=whsec_... SERVICE_URL=http://127.0.0.1:8080 JOBQUEUE_TOKEN=... \\
        uvicorn fastapi_webhook:app

    POST /hook    a webhook of `jobqueue serve`, scheme standard
"""

import json
import os
import urllib.request

from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

import jobqueue

MAX_BODY = 1 << 20  # bytes
VERIFIER = jobqueue.SignatureVerifier("standard", os.environ["HOOK_SECRET"])
SERVICE_URL = os.environ["SERVICE_URL"]
TOKEN = os.environ["JOBQUEUE_TOKEN"]

app = FastAPI()


def notify_user(workflow, event):
    """Here the user would get a message; then the service is told, under the id of the event."""
    body = json.dumps({"workflow_id": workflow, "miniapp_user_id": "fastapi", "event_id": event})
    request = urllib.request.Request(
        f"{SERVICE_URL}/api/user_notified", body.encode(),
        {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10):
        pass


async def read_body(request):
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            raise HTTPException(413, "the body is larger than 1 MiB")
    return bytes(body)


@app.post("/hook")
async def hook(request: Request):
    # The bytes as they came: a body that was parsed and printed has another signature.
    body = await read_body(request)
    try:
        VERIFIER.verify(body, request.headers)
    except jobqueue.SignatureVerificationError as problem:
        raise HTTPException(401, {"reason": problem.reason, "hint": problem.hint}) from problem
    event = json.loads(body)
    if event["event_type"] == "workflow_completed":
        await run_in_threadpool(notify_user, event["data"]["workflow_id"], event["event_id"])
    return {"taken": event["event_id"]}
