"""A Celery application whose messages and results stay lean.

    REDIS_URL=redis://127.0.0.1:6379 celery --app celery_app worker

Celery stores the arguments of a task in the broker and its result in the backend. Here the blobs in
them go into a vault, which every producer and worker must share; the task itself sees them whole.
"""

import base64
import os
import zlib

from celery import Celery, Task

import jobqueue

VAULT = jobqueue.Vault(os.environ.get("JOBQUEUE_VAULT", "vault"))
REDIS = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")


class LeanTask(Task):
    """A task whose stored arguments and result hold references in place of blobs."""

    def apply_async(self, args=None, kwargs=None, *more, **options):
        # The blobs are in the vault before the message that refers to them is sent.
        lean_args = jobqueue.sanitize_base64(list(args or ()), vault=VAULT)
        lean_kwargs = jobqueue.sanitize_base64(dict(kwargs or {}), vault=VAULT)
        return super().apply_async(lean_args, lean_kwargs, *more, **options)

    def __call__(self, *args, **kwargs):
        whole_args = jobqueue.restore_base64(list(args), vault=VAULT)
        whole_kwargs = jobqueue.restore_base64(kwargs, vault=VAULT)
        result = super().__call__(*whole_args, **whole_kwargs)
        if isinstance(result, (dict, list, str)):
            return jobqueue.sanitize_base64(result, vault=VAULT)
        return result


app = Celery("images", broker=REDIS, backend=REDIS, task_cls=LeanTask)


@app.task
def comment(image_base64, text):
    """Puts a comment into a PNG (the chunk tEXt of its specification)."""
    image = base64.b64decode(image_base64, validate=True)
    body = b"tEXt" + b"Comment\0" + text.encode("latin-1")
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    end_of_header = 8 + 25  # the signature, and IHDR, which must be first
    commented = image[:end_of_header] + chunk + image[end_of_header:]
    return {"bytes": len(commented), "image_base64": base64.b64encode(commented).decode()}
