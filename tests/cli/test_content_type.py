"""jobqueue detect: what it reads, what it prints, and what is wrong."""

import json
import os
import subprocess

from program import DONE, ENVIRONMENT, USAGE, ProgramTest

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"


class Detect(ProgramTest):
    def answer(self, *arguments, **more):
        found = self.expect(DONE, "detect", *arguments, **more)
        self.assertEqual(found.stderr, b"")
        self.assertEqual(found.stdout.count(b"\n"), 1)
        return json.loads(found.stdout)

    def test_a_file(self):
        answer = self.answer(self.write("out.bin", PNG))
        self.assertEqual(list(answer), ["media_type", "extension", "category", "source",
                                        "confidence", "evidence", "mismatch", "polyglot"])
        # The name of the file on this disk is no evidence; --url is.
        self.assertEqual([one["source"] for one in answer["evidence"]], ["magic"])
        self.assertEqual((answer["media_type"], answer["extension"]), ("image/png", "png"))

    def test_standard_input(self):
        for arguments in ((), ("-",)):
            answer = self.answer(*arguments, stdin=PNG)
            self.assertEqual(answer["media_type"], "image/png")
        self.assertEqual(self.answer(stdin=b"")["confidence"], "none")

    def test_only_the_head_is_read(self):
        # A pipe that never ends.
        source = subprocess.Popen(["yes", "a,b"], stdout=subprocess.PIPE)
        try:
            done = subprocess.run([os.environ["JOBQUEUE_PROGRAM"], "detect"], stdin=source.stdout,
                                  capture_output=True, check=True, timeout=30)
        finally:
            source.stdout.close()
            source.kill()
            source.wait()
        self.assertEqual(json.loads(done.stdout)["media_type"], "text/csv")

    def test_options(self):
        self.assertEqual(self.answer("--url", "https://h/a.webp?b.png", stdin=b"")["media_type"],
                         "image/webp")
        for header in ("image/gif", "Content-Type: image/gif", "content-type:image/gif; a=b"):
            answer = self.answer("--header", "text/css", "--header", header, stdin=b"")
            self.assertEqual(answer["media_type"], "image/gif")
        answer = self.answer("--header", "text/plain", "--nosniff", stdin=PNG)
        self.assertEqual((answer["media_type"], answer["mismatch"]), ("text/plain", True))
        self.assertEqual(self.answer("--configured", "audio/flac", stdin=b"")["source"],
                         "configured")
        self.assertEqual(self.answer("--whatwg", stdin=b"<?xml ")["media_type"], "text/xml")
        self.assertTrue(self.answer(stdin=PNG + b"<script>")["polyglot"])

    def test_what_is_wrong(self):
        self.expect(ENVIRONMENT, "detect", "nowhere")
        self.expect(ENVIRONMENT, "detect", ".")
        self.expect(USAGE, "detect", "--nonsense")
        self.expect(USAGE, "detect", "a", "b")
