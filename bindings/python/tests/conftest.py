"""What the tests share: blobs as job payloads hold them."""

import base64
import hashlib
import random
import threading

import pytest


def encoded(size, seed=1):
    """base64 of a PNG of that many bytes, as far as its first bytes go."""
    body = random.Random(seed).randbytes(size - 24)
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0"
    return base64.b64encode(head + body).decode()


def in_threads(work):
    """Runs it in four threads at the same time."""
    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


@pytest.fixture
def image():
    return encoded(3000)


class MemoryVault:
    """A vault of the caller."""

    def __init__(self):
        self.blobs = {}
        self.synced = 0

    def put(self, digest, blob):
        assert hashlib.sha256(blob).digest() == digest
        self.blobs[digest] = blob

    def get(self, digest, size):
        return self.blobs.get(digest)

    def sync(self):
        self.synced += 1


@pytest.fixture
def memory_vault():
    return MemoryVault()
