"""What the tests of the program share: a directory for each test, and a way to call the program."""

import base64
import hashlib
import os
import pathlib
import subprocess
import tempfile
import unittest

DONE = 0
NO = 1
USAGE = 2
BAD_INPUT = 3
ENVIRONMENT = 4

IMAGE = b"[BASE64_IMAGE_REMOVED]"
DATA = b"[BASE64_DATA_REMOVED]"
PNG_HEAD = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000100000001008060000001ff3ff61")


def noise(size, seed=0):
    """Bytes that look random, always the same."""
    out = b""
    while len(out) < size:
        out += hashlib.sha256(b"%d %d" % (seed, len(out))).digest()
    return out[:size]


def png(size=300, seed=0):
    return PNG_HEAD + noise(size - len(PNG_HEAD), seed)


def encode(blob):
    return base64.b64encode(blob)


def reference(blob, media_type="image/png", encoding="std", word="IMAGE"):
    digest = hashlib.sha256(blob).hexdigest()
    return f"[BASE64_{word}_REMOVED sha256-{digest} {media_type} {len(blob)} {encoding}]".encode()


class ProgramTest(unittest.TestCase):
    """Each test has an empty directory, `self.here`, in which the program runs."""

    program = os.environ["JOBQUEUE_PROGRAM"]

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="jobqueue-cli-")
        self.addCleanup(directory.cleanup)
        self.here = pathlib.Path(directory.name)

    def call(self, *arguments, stdin=b"", environment=None, **more):
        """Runs the program to its end; `more` is for subprocess.run."""
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        if "stdin" not in more:
            more["input"] = stdin
        variables = {key: value for key, value in os.environ.items() if key != "JOBQUEUE_SIMD"}
        variables.update(environment or {})
        return subprocess.run([self.program, *map(str, arguments)], cwd=self.here, env=variables,
                              timeout=60, check=False, **more)

    def expect(self, code, *arguments, **more):
        """Runs the program, which must end with `code`."""
        answer = self.call(*arguments, **more)
        self.assertEqual(answer.returncode, code, answer.stderr)
        return answer

    def write(self, name, data):
        path = self.here / name
        path.write_bytes(data)
        return path

    def read(self, name):
        return (self.here / name).read_bytes()

    def names(self):
        """What is in the directory, hidden files, too."""
        return sorted(path.name for path in self.here.iterdir())

    def objects(self, vault="vault"):
        """The digests in a vault."""
        return sorted(path.name for path in (self.here / vault).glob("sha256/*/*"))
