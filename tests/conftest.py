"""What the tiers examples and queues share: a payload with an image, a Redis, a way to run."""

import base64
import itertools
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import zlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from redis_server import RedisServer  # noqa: E402  the folder is on the path now


def chunk(kind, body):
    return (len(body).to_bytes(4, "big") + kind + body +
            zlib.crc32(kind + body).to_bytes(4, "big"))


@pytest.fixture(scope="session")
def png():
    """A picture of 96 x 96 random pixels: 28 KB that do not compress."""
    random.seed(20261124)
    rows = b"".join(b"\0" + random.randbytes(96 * 3) for _ in range(96))
    header = (96).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


@pytest.fixture(scope="session")
def image(png):
    return base64.b64encode(png).decode()


@pytest.fixture(scope="session")
def redis():
    with RedisServer() as server:
        yield server


@pytest.fixture
def environment(tmp_path):
    """For the examples that take their settings from the environment."""
    return {**os.environ, "JOBQUEUE_VAULT": str(tmp_path / "vault"),
            "RESULTS_DB": str(tmp_path / "results.db"), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def start():
    """Starts a program that lives as long as the test; SIGTERM must end it with 0."""
    running = []

    def start_one(*command, expected=0, **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(command, text=True, **more)
        running.append((process, expected))
        return process

    yield start_one
    codes = []
    for process, expected in reversed(running):
        process.terminate()
        try:
            codes.append((process.wait(20), expected))
        except subprocess.TimeoutExpired:
            process.kill()
            codes.append((process.wait(), expected))
    assert all(code == expected for code, expected in codes), codes


def run(*command, **more):
    """The standard output of a command that must succeed."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=300, **more)
    assert done.returncode == 0, f"{command} failed with {done.returncode}:\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="session")
def build_example(tmp_path_factory):
    """Builds examples/NAME with find_package against the installed build/release."""
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", ROOT / "build/release", "--prefix", prefix)

    def build(name):
        folder = tmp_path_factory.mktemp(name)
        shutil.copytree(ROOT / "examples" / name, folder / "source")
        run("cmake", "-S", folder / "source", "-B", folder / "build", "-G", "Ninja",
            f"-DCMAKE_PREFIX_PATH={prefix}")
        run("cmake", "--build", folder / "build")
        return folder / "build"

    return build


@pytest.fixture(scope="session")
def release_program():
    return ROOT / "build/release/bin/jobqueue"


def value_of(client, key):
    """Any value of a Redis, equal if it is the same for who reads it."""
    return {b"string": lambda: client.get(key),
            b"hash": lambda: client.hgetall(key),
            b"list": lambda: client.lrange(key, 0, -1),
            b"set": lambda: client.smembers(key),
            b"zset": lambda: client.zrange(key, 0, -1, withscores=True),
            b"stream": lambda: client.xrange(key)}[client.type(key)]()


@pytest.fixture
def clean(release_program, environment, tmp_path):
    """Cleans a Redis as an operator does, each time with a journal of its own; gives the report."""
    numbers = itertools.count(1)

    def clean_one(url, *more):
        journal = [] if "--dry-run" in more else [
            "--journal", tmp_path / f"journal-{next(numbers)}"]
        return json.loads(run(release_program, "clean", "--redis", url, "--vault",
                              environment["JOBQUEUE_VAULT"], "--yes", "--json", *journal, *more))

    return clean_one


@pytest.fixture
def undo(release_program, environment, tmp_path):
    """Takes the last run of `clean` back."""

    def undo_one(url):
        journal = max(tmp_path.glob("journal-*"), key=lambda path: int(path.name.split("-")[1]))
        return json.loads(run(release_program, "undo", "--redis", url, "--vault",
                              environment["JOBQUEUE_VAULT"], "--json", "--journal", journal))

    return undo_one
