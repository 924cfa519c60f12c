"""jobqueue restore"""

import json
import os
import stat
import unittest

from program import (BAD_INPUT, DONE, ENVIRONMENT, IMAGE, USAGE, ProgramTest, encode, noise, png,
                     reference)

JOB = b'{"id":12345678901234567890,"a":"' + encode(png()) + b'","b":["' + encode(noise(750)) \
    + b'"],"v":1.0}\n'
CLEAN = b'{"id": 1.0, "text": "nothing was cut"}\n'


class Restore(ProgramTest):
    def setUp(self):
        super().setUp()
        self.lean = self.expect(DONE, "sanitize", "-q", "--vault", "vault", stdin=JOB).stdout
        self.assertLess(len(self.lean), len(JOB))

    def restore(self, code, *arguments, **more):
        return self.expect(code, "restore", "--vault", "vault", *arguments, **more)

    def damage(self, blob):
        """Flips a bit of an object; its size stays."""
        digest = reference(blob).split(b"sha256-")[1][:64].decode()
        path = self.here / "vault" / "sha256" / digest[:2] / digest
        content = bytearray(path.read_bytes())
        content[100] ^= 1
        path.write_bytes(content)

    def test_gives_the_input_back(self):
        self.assertEqual(self.restore(DONE, stdin=self.lean).stdout, JOB)
        self.assertEqual(self.restore(DONE, "-", stdin=self.lean).stdout, JOB)

    def test_file_to_file(self):
        self.write("lean", self.lean)
        answer = self.restore(DONE, "lean", "-o", "job")
        self.assertEqual((answer.stdout, self.read("job")), (b"", JOB))
        self.assertEqual(self.read("lean"), self.lean)

    def test_output_may_be_the_input_and_keeps_its_permissions(self):
        self.write("job", self.lean).chmod(0o604)
        self.restore(DONE, "job", "-o", "job")
        self.assertEqual(self.read("job"), JOB)
        self.assertEqual(stat.S_IMODE((self.here / "job").stat().st_mode), 0o604)

    def test_words(self):
        self.assertIn(b"2 blobs restored", self.restore(DONE, stdin=self.lean).stderr)
        self.assertEqual(self.restore(DONE, "-q", stdin=self.lean).stderr, b"")

    def test_json_summary(self):
        wanted = {"restored": 2, "missing": 0, "bytes_before": len(self.lean),
                  "bytes_after": len(JOB)}
        answer = self.restore(DONE, "--json", stdin=self.lean)
        self.assertEqual((answer.stdout, json.loads(answer.stderr)), (JOB, wanted))
        answer = self.restore(DONE, "--json", "-o", "job", stdin=self.lean)
        self.assertEqual((json.loads(answer.stdout), answer.stderr), (wanted, b""))

    def test_without_a_reference_no_vault_is_needed(self):
        for text in (CLEAN, b"", IMAGE, bytes(range(256))):
            answer = self.expect(DONE, "restore", "--vault", "none", stdin=text)
            self.assertEqual(answer.stdout, text)
        self.assertEqual(self.names(), ["vault"])

    def test_missing_vault(self):
        answer = self.expect(ENVIRONMENT, "restore", "--vault", "none", stdin=self.lean)
        self.assertEqual(answer.stdout, b"")
        self.assertIn(b"none", answer.stderr)
        self.assertEqual(self.names(), ["vault"])

    def test_directory_that_is_no_vault(self):
        (self.here / "other").mkdir()
        self.expect(ENVIRONMENT, "restore", "--vault", "other", stdin=self.lean)
        self.expect(ENVIRONMENT, "restore", "--vault", "other", "--keep-missing", stdin=self.lean)

    def test_missing_blob(self):
        text = b"see " + reference(png(333))
        answer = self.restore(BAD_INPUT, "-o", "out", stdin=text)
        self.assertRegex(answer.stderr, rb"^jobqueue: standard input: .* at byte 4\n$")
        self.assertEqual(self.names(), ["vault"])

    def test_keep_missing(self):
        text = reference(png(333)) + self.lean
        answer = self.restore(DONE, "--keep-missing", "--json", stdin=text)
        self.assertEqual(answer.stdout, reference(png(333)) + JOB)
        summary = json.loads(answer.stderr)
        self.assertEqual((summary["restored"], summary["missing"]), (2, 1))

    def test_keep_missing_without_a_vault(self):
        answer = self.expect(DONE, "restore", "--vault", "none", "--keep-missing", stdin=self.lean)
        self.assertEqual(answer.stdout, self.lean)

    def test_damaged_blob(self):
        self.damage(png())
        for option in ([], ["--keep-missing"]):
            answer = self.restore(BAD_INPUT, "-o", "out", *option, stdin=self.lean)
            self.assertIn(b" at byte %d\n" % self.lean.index(b"[BASE64_"), answer.stderr)
        self.assertEqual(self.names(), ["vault"])

    def test_wrong_size(self):
        text = reference(png()).replace(b" 300 ", b" 301 ")
        self.assertIn(b" at byte 0\n", self.restore(BAD_INPUT, stdin=text).stderr)

    def test_max_output_bytes(self):
        self.assertEqual(
            self.restore(DONE, "--max-output-bytes", len(JOB), stdin=self.lean).stdout, JOB)
        answer = self.restore(BAD_INPUT, "--max-output-bytes", len(JOB) - 1, "-o", "out",
                              stdin=self.lean)
        self.assertIn(b" at byte ", answer.stderr)
        self.assertEqual(self.names(), ["vault"])

    def test_vault_is_required(self):
        self.expect(USAGE, "restore", stdin=self.lean)

    def test_unreadable_input(self):
        self.assertIn(b"none.json", self.restore(ENVIRONMENT, "none.json").stderr)
        self.restore(ENVIRONMENT, "vault")

    def test_output_that_cannot_be_written(self):
        self.restore(ENVIRONMENT, "-o", "none/out", stdin=self.lean)
        self.restore(ENVIRONMENT, "-o", "/dev/full", stdin=self.lean)

    def test_closed_standard_output(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        with os.fdopen(write_end, "wb") as closed:
            answer = self.restore(ENVIRONMENT, "-q", stdin=self.lean, stdout=closed)
        self.assertIn(b"standard output", answer.stderr)

    def test_changes_nothing_in_the_vault(self):
        def state():
            return sorted((path.name, path.stat().st_mtime_ns)
                          for path in (self.here / "vault").rglob("*"))
        before = state()
        self.restore(DONE, stdin=self.lean)
        self.assertEqual(state(), before)


if __name__ == "__main__":
    unittest.main()
