"""jobqueue truncate."""

import json

from program import BAD_INPUT, DONE, ENVIRONMENT, USAGE, ProgramTest

ID = "b789bd80-400a-41ed-96f5-72dc8c225dcf"
JOB = json.dumps({"id": ID, "log": "x" * 500}, separators=(",", ":")).encode()


class Truncate(ProgramTest):
    def truncate(self, *arguments, stdin=JOB, wanted=DONE):
        return self.expect(wanted, "truncate", *arguments, stdin=stdin)

    def at(self, name):
        return self.here / name

    def test_from_and_to_everywhere(self):
        wanted = self.truncate("--max-bytes", "128").stdout
        self.assertEqual(len(wanted), 128)
        self.assertEqual(json.loads(wanted)["id"], ID)
        file = self.write("job.json", JOB)
        self.assertEqual(self.truncate("--max-bytes", "128", file).stdout, wanted)
        self.assertEqual(self.truncate("--max-bytes", "128", "-").stdout, wanted)
        output = self.at("lean.json")
        self.assertEqual(self.truncate("--max-bytes", "128", "-o", output, file).stdout, b"")
        self.assertEqual(output.read_bytes(), wanted)
        self.assertEqual(self.truncate("--max-bytes", "128", output).stdout, wanted)

    def test_what_fits(self):
        for data in (b"", b"{}", b" [1 ] \n", b"no JSON \xff", JOB):
            self.assertEqual(self.truncate("--max-bytes", "8000", stdin=data).stdout, data)

    def test_a_report(self):
        report = self.at("cuts.ndjson")
        lean = self.truncate("--max-bytes", "128", "--report", report).stdout
        lines = [json.loads(line) for line in report.read_text().splitlines()]
        self.assertEqual([(one["reason"], one["pointer"]) for one in lines], [("value", "/log")])
        self.assertEqual(sum(one["bytes_before"] - one["bytes_after"] for one in lines),
                         len(JOB) - len(lean))
        self.truncate("--max-bytes", "64", "--report", report, stdin=b"-" * 100)
        self.assertIsNone(json.loads(report.read_text())["pointer"])
        self.truncate("--max-bytes", "8000", "--report", report)
        self.assertEqual(report.read_bytes(), b"")
        lean = self.at("lean")
        answer = self.truncate("--max-bytes", "128", "--report", "-", "-o", lean)
        self.assertEqual(json.loads(answer.stdout)["reason"], "value")
        self.truncate("--max-bytes", "128", "--report", "-", wanted=USAGE)
        self.truncate("--max-bytes", "128", "--report", lean, "-o", lean, wanted=USAGE)

    def test_options(self):
        items = json.dumps(list(range(1000))).encode()
        lean = json.loads(self.truncate("--max-bytes", "64", "--array-head", "2", "--array-tail",
                                        "0", "--marker", "cut", stdin=items).stdout)
        self.assertEqual(lean[:2], [0, 1])
        self.assertEqual(lean[-1], f"[cut {1001 - len(lean)} items]")
        lean = json.loads(self.truncate("--max-bytes", "100", "--pin", "/998", "--pin", "/no/such",
                                        stdin=items).stdout)
        self.assertIn(998, lean)
        text = self.truncate("--max-bytes", "64", "--format", "text").stdout
        self.assertTrue(text.startswith(JOB[:20]) and b"bytes]" in text)

    def test_what_is_refused(self):
        self.truncate(wanted=USAGE)
        self.truncate("--max-bytes", "many", wanted=USAGE)
        self.truncate("--max-bytes", "-1", wanted=USAGE)
        self.truncate("--max-bytes", "64", "--marker", "a b", wanted=USAGE)
        self.truncate("--max-bytes", "64", "--pin", "log", wanted=USAGE)
        self.truncate("--max-bytes", "64", "--array-head", "1001", wanted=USAGE)
        self.truncate("--max-bytes", "64", "--format", "ndjson", wanted=USAGE)
        self.truncate("--max-bytes", "63", wanted=BAD_INPUT)
        answer = self.truncate("--max-bytes", "64", "--pin", "/log", wanted=BAD_INPUT)
        self.assertIn(b"standard input: what is pinned needs ", answer.stderr)
        self.assertNotIn(b"xxx", answer.stderr)
        answer = self.truncate("--max-bytes", "64", "--format", "json", stdin=b"[1,]",
                               wanted=BAD_INPUT)
        self.assertIn(b"at byte 3", answer.stderr)
        self.truncate("--max-bytes", "64", self.at("missing"), wanted=ENVIRONMENT)

    def test_instruction_sets(self):
        answers = {self.expect(DONE, "truncate", "--max-bytes", "128", stdin=JOB,
                               environment={"JOBQUEUE_SIMD": target}).stdout
                   for target in ("", "scalar")}
        self.assertEqual(len(answers), 1)
        self.expect(USAGE, "truncate", "--max-bytes", "128", stdin=JOB,
                    environment={"JOBQUEUE_SIMD": "none"})
