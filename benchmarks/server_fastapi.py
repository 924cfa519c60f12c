"""What a service in FastAPI does with a signed webhook: read it, compute the HMAC, answer. Nothing
is kept. Usage: server_fastapi.py PORT SECRET
"""

import hashlib
import hmac
import sys

import uvicorn
from fastapi import FastAPI, Request, Response

PORT, SECRET = int(sys.argv[1]), sys.argv[2].encode()
app = FastAPI()


@app.post("/")
async def take(request: Request):
    wanted = hmac.new(SECRET, await request.body(), hashlib.sha256).hexdigest()
    given = request.headers.get("x-webhook-signature", "").removeprefix("sha256=")
    return Response(status_code=204 if hmac.compare_digest(given, wanted) else 401)


uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="error", access_log=False)
