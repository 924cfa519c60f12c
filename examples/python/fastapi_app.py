"""A FastAPI service that keeps the results of jobs in SQLite, and keeps them lean.

    uvicorn fastapi_app:app

    PUT /jobs/{job}/result               keeps the body, a JSON document
    GET /jobs/{job}/result               gives it as it was kept
    GET /jobs/{job}/result?full=true     gives it byte for byte as it came
"""

import os
import sqlite3
from contextlib import closing

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

import jobqueue

MAX_BODY = 64 << 20  # bytes
DATABASE = os.environ.get("RESULTS_DB", "results.db")
VAULT = jobqueue.Vault(os.environ.get("JOBQUEUE_VAULT", "vault"))

app = FastAPI()


def connect():
    database = sqlite3.connect(DATABASE)
    database.execute("CREATE TABLE IF NOT EXISTS result (job TEXT PRIMARY KEY, body BLOB)")
    return closing(database)


def keep(job, body):
    """Sanitises the bytes as they came: what is not a blob is kept to the last digit."""
    lean = jobqueue.sanitize_base64(body, vault=VAULT, format="json")
    with connect() as database, database:
        database.execute("INSERT OR REPLACE INTO result VALUES (?, ?)", (job, lean))
    return len(lean)


def find(job, full):
    with connect() as database:
        row = database.execute("SELECT body FROM result WHERE job = ?", (job,)).fetchone()
    if row is None:
        return None
    return jobqueue.restore_base64(row[0], vault=VAULT) if full else row[0]


async def read_body(request):
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            raise HTTPException(413, "the body is larger than 64 MiB")
    return bytes(body)


@app.put("/jobs/{job}/result")
async def put_result(job: str, request: Request):
    body = await read_body(request)
    try:
        kept = await run_in_threadpool(keep, job, body)
    except (jobqueue.InvalidJsonError, jobqueue.InvalidUtf8Error) as problem:
        detail = {"code": problem.code, "offset": problem.offset, "message": str(problem)}
        raise HTTPException(422, detail) from problem
    return {"received": len(body), "kept": kept}


@app.get("/jobs/{job}/result")
async def get_result(job: str, full: bool = False):
    body = await run_in_threadpool(find, job, full)
    if body is None:
        raise HTTPException(404, "there is no result of this job")
    return Response(body, media_type="application/json")
