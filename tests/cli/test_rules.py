"""jobqueue evaluate and jobqueue rules."""

import json
import os
import subprocess
import threading
import unittest

from program import BAD_INPUT, DONE, ENVIRONMENT, USAGE, ProgramTest

NOON = ("--now", "2026-01-05T12:00:00Z")
FAILED = b'{"status":"failed","retry_count":1,"max_retries":3}'


class Evaluate(ProgramTest):
    def verdicts(self, code, *arguments, **more):
        answer = self.expect(code, "evaluate", *arguments, **more)
        return [json.loads(line) for line in answer.stdout.splitlines()], answer.stderr.decode()

    def test_one_verdict_a_line_in_the_same_order(self):
        records = b"".join(b'{"status":"%s"}\n' % status for status in
                           (b"canceled", b"unworkable", b"timeout")) + b"\n\n" + FAILED
        found, words = self.verdicts(DONE, *NOON, stdin=records)
        self.assertEqual([one["problem_type"] for one in found],
                         ["job_canceled", "job_unworkable", "job_timed_out", "job_failed"])
        self.assertEqual(words, "")
        self.assertEqual(self.verdicts(DONE, *NOON, self.write("jobs", records))[0], found)
        self.assertEqual(self.verdicts(DONE, stdin=b"")[0], [])

    def test_a_bad_line_is_one_bad_line(self):
        found, words = self.verdicts(BAD_INPUT, *NOON, stdin=FAILED + b"\n{]\n\xff\n" + FAILED)
        self.assertEqual([one["problem_type"] for one in found],
                         ["job_failed", "evaluation_error", "evaluation_error", "job_failed"])
        self.assertEqual(found[1]["problem_details"]["offset"], 1)
        self.assertIn("2 lines are no record", words)

    def test_an_array(self):
        alone, _ = self.verdicts(DONE, *NOON, stdin=FAILED + b"\n{}")
        (found,), _ = self.verdicts(DONE, *NOON, "--array", stdin=b"[\n" + FAILED + b",\n{}\n]\n")
        self.assertEqual(found, alone)
        file = self.write("jobs.json", b"[7," + FAILED + b"]")
        (found,), words = self.verdicts(BAD_INPUT, *NOON, "--array", file)
        self.assertEqual([one["problem_type"] for one in found], ["evaluation_error", "job_failed"])
        self.assertIn("1 element is no record", words)
        for bad in (FAILED, b"[{}", b""):
            found, words = self.verdicts(BAD_INPUT, "--array", stdin=bad)
            self.assertEqual(found, [])
            self.assertIn("standard input", words)

    def test_explain(self):
        record = b'{"status":"completed","workflow_output":"u","notification":{"success":false}}'
        (found,), _ = self.verdicts(DONE, *NOON, "--explain", stdin=record)
        self.assertEqual(found["would_complete"],
                         [{"fact": "notification.success", "from": False, "to": True}])
        self.assertEqual(found["decided_by"], found["trace"][-1]["conditions"])

    def test_rules_and_parameters(self):
        self.write("own.json", json.dumps([
            {"conditions": {"all": []},
             "event": {"type": "v", "params": {"status_category": "mine"}}}]).encode())
        (found,), _ = self.verdicts(DONE, "--rules", "own.json", stdin=b"{}")
        self.assertEqual(found["status_category"], "mine")
        running = b'{"status":"running","updated_at":"2026-01-05T11:30:00Z"}'
        for stuck_after, category in (("PT29M", "incomplete"), ("PT30M", None)):
            (found,), _ = self.verdicts(DONE, *NOON, "--parameter", f"stuck_after={stuck_after}",
                                        stdin=running)
            self.assertEqual(found["status_category"], category)

    def test_what_is_wrong(self):
        for arguments, code in ((("--now", "noon"), USAGE), (("--parameter", "x"), USAGE),
                                (("--parameter", "x=1"), USAGE), (("--rules", "no.json"),
                                                                  ENVIRONMENT),
                                (("no.ndjson",), ENVIRONMENT)):
            answer = self.expect(code, "evaluate", *arguments)
            self.assertTrue(answer.stderr.startswith(b"jobqueue: "), answer.stderr)
            self.assertEqual(answer.stdout, b"")

    def test_a_verdict_comes_before_the_next_record(self):
        reading, writing = os.pipe()
        process = subprocess.Popen([self.program, "evaluate", *NOON], stdin=reading,
                                   stdout=subprocess.PIPE)
        timer = threading.Timer(30, process.kill)
        timer.start()
        try:
            os.close(reading)
            os.write(writing, FAILED + b"\n")
            self.assertEqual(json.loads(process.stdout.readline())["problem_type"], "job_failed")
        finally:
            os.close(writing)
            self.assertEqual(process.wait(), 0)
            timer.cancel()
            process.stdout.close()

    def test_a_long_line(self):
        record = b'{"status":"canceled","data":"' + b"x" * 30_000_000 + b'"}'
        (found,), _ = self.verdicts(DONE, *NOON, stdin=record)
        self.assertEqual(found["problem_type"], "job_canceled")


class Rules(ProgramTest):
    def test_show_gives_what_check_takes(self):
        text = self.expect(DONE, "rules", "show").stdout
        self.assertEqual(json.loads(text)["name"], "standard")
        self.write("rules.json", text)
        self.assertRegex(self.expect(DONE, "rules", "check", "rules.json").stdout,
                         rb"^ok: \d+ facts, digest [0-9a-f]{64}\n$")
        self.expect(DONE, "rules", "check", "--parameter", "stuck_after=PT2H", "rules.json")

    def test_check_says_what_is_wrong_and_where(self):
        for text, words in ((b"[", "line 1, column 2: this is no JSON"),
                            (b'[\n{"name":7}]', "line 2, column 9: 'name' must be a string"),
                            (b'[{"conditions":{"fact":"x"},"event":{}}]',
                             "line 1, column 24: no record has a fact 'x'")):
            answer = self.expect(BAD_INPUT, "rules", "check", "-", stdin=text)
            self.assertTrue(answer.stderr.startswith(f"jobqueue: standard input: {words}".encode()),
                            answer.stderr)
        self.expect(USAGE, "rules")
        self.expect(USAGE, "rules", "check")


if __name__ == "__main__":
    unittest.main()
