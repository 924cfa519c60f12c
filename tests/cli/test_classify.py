"""jobqueue classify."""

import json

from program import DONE, ENVIRONMENT, USAGE, ProgramTest


class Classify(ProgramTest):
    def answer(self, *arguments, **more):
        found = self.expect(DONE, "classify", *arguments, **more)
        self.assertEqual(found.stderr, b"")
        self.assertEqual(found.stdout.count(b"\n"), 1)
        return json.loads(found.stdout)

    def test_prints_one_line(self):
        answer = self.answer(stdin=b"connect ECONNREFUSED 127.0.0.1:6379\n")
        self.assertEqual(list(answer),
                         ["type", "reason", "description", "confidence", "fingerprint"])
        self.assertEqual((answer["type"], answer["reason"], answer["confidence"]),
                         ("network_error", "connection_failed", "high"))
        file = self.write("message", b"connect econnrefused [::1]:6380")
        self.assertEqual(self.answer(file), answer)
        self.assertEqual(self.answer("-", stdin=b"connect ECONNREFUSED 1.2.3.4:1"), answer)

    def test_what_is_known_besides(self):
        self.assertEqual(self.answer("--http", "429", stdin=b"no")["reason"],
                         "requests_per_minute")
        self.assertEqual(self.answer("--timeout", stdin=b"no")["type"], "timeout")
        self.assertEqual(self.answer("--http", "200", stdin=b"no")["confidence"], "none")

    def test_any_bytes(self):
        for message in (b"", b"\xff\0\n" * 100_000, b'{"message":"' * 10_000, b"[" * 1_000_000):
            answer = self.answer(stdin=message)
            self.assertEqual(answer["reason"], "unknown_error")
            self.assertRegex(answer["fingerprint"], "^[0-9a-f]{16}$")

    def test_what_is_wrong(self):
        for arguments in (("--http", "99"), ("--http", "600"), ("--http", "x"), ("a", "b")):
            answer = self.expect(USAGE, "classify", *arguments)
            self.assertEqual(answer.stdout, b"")
        self.expect(ENVIRONMENT, "classify", "nowhere")
