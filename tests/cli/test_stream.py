"""`jobqueue sanitize` of one input, which is read piece by piece: any size in constant memory."""

import pathlib
import random
import re
import subprocess
import threading
import unittest

from program import DATA, DONE, IMAGE, NO, PNG_HEAD, ProgramTest, encode

MEBI = 1 << 20


class Memory(ProgramTest):

    def feed(self, pieces, *arguments, code=DONE):
        """Runs the program on a pipe; its output, and its greatest resident size in bytes before
        the input ended."""
        with open(self.here / "lean", "wb") as out:
            process = subprocess.Popen([self.program, "sanitize", "--quiet", *arguments],
                                       cwd=self.here, stdin=subprocess.PIPE, stdout=out)
        with process:
            for piece in pieces:
                process.stdin.write(piece)
            process.stdin.flush()
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
            process.stdin.close()
        self.assertEqual(process.returncode, code)
        resident = int(re.search(r"VmHWM:\s*(\d+) kB", status).group(1)) * 1024
        return self.read("lean"), resident

    def test_of_many_documents(self):
        blob = encode(PNG_HEAD + random.Random(1).randbytes(3 * MEBI))
        line = b'{"image":"' + blob + b'","text":"' + b"clean " * 50000 + b'"}\n'
        lean, resident = self.feed(line for _ in range(40))
        self.assertEqual(lean, line.replace(blob, IMAGE) * 40)
        self.assertLess(resident, 64 * MEBI)

    def test_of_one_blob_that_is_larger(self):
        piece = encode(random.Random(1).randbytes(3 * MEBI))
        lean, resident = self.feed([b'["', *[piece] * 40, b'"]'], "--vault", "vault")
        self.assertTrue(lean.startswith(DATA[:-1] + b" sha256-", 2), lean[:60])
        self.assertLess(resident, 64 * MEBI)
        self.expect(DONE, "restore", "--vault", "vault", "lean", "-o", "whole")
        self.assertTrue(self.read("whole") == b'["' + piece * 40 + b'"]')

    def test_of_measuring_one_blob_that_is_larger(self):
        piece = encode(random.Random(1).randbytes(3 * MEBI))
        _, resident = self.feed([b'["', *[piece] * 40, b'"]'], "--check", "--vault", "vault",
                                code=NO)
        self.assertLess(resident, 64 * MEBI)
        self.assertEqual(self.names(), ["lean"])

    def test_of_a_string_without_end(self):
        lean, resident = self.feed(b"\\" * MEBI for _ in range(100))
        self.assertTrue(lean == b"\\" * (100 * MEBI))
        self.assertLess(resident, 64 * MEBI)


class Pipes(ProgramTest):

    def test_what_is_certain_is_given_out_before_the_end(self):
        process = subprocess.Popen([self.program, "sanitize", "--quiet"], cwd=self.here,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        guard = threading.Timer(30, process.kill)
        guard.start()
        self.addCleanup(guard.cancel)
        with process:
            # From another thread, as both pipes are smaller than what goes through them.
            text = b"clean text. " * 400000
            seen = threading.Event()

            def write():
                process.stdin.write(text)
                seen.wait(30)
                process.stdin.close()

            writer = threading.Thread(target=write)
            writer.start()
            first = process.stdout.read(MEBI)
            seen.set()
            self.assertEqual(first + process.stdout.read(), text)
            writer.join()
        self.assertEqual(process.returncode, DONE)


if __name__ == "__main__":
    unittest.main()
