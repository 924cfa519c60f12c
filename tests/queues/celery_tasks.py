"""The tasks of test_cleaned_celery.py, for a worker that knows nothing of a vault."""

import hashlib
import os

from celery import Celery

app = Celery("plain", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])


@app.task
def draw(picture, number):
    return {"number": number, "picture": picture,
            "sha256": hashlib.sha256(picture.encode()).hexdigest()}
