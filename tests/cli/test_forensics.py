"""jobqueue forensics: what a person and what a script sees of a job."""

import json

from program import DONE, NO, USAGE, ProgramTest

NOW = "2026-01-05T12:00:00Z"


class Forensics(ProgramTest):
    def setUp(self):
        super().setUp()
        self.db = ("--db", f"sqlite:{self.here / 'jobs.db'}")
        self.assertEqual(self.call("migrate", *self.db).returncode, DONE)
        attestations = [
            {"key": "worker:failure:job-id:w1:step-id:s:attempt:1",
             "record": {"status": "failed_retrying", "retry_count": 1, "worker_id": "gpu\u001b[2J",
                        "error_message": "Request timed out", "failed_at": NOW}},
            {"key": "worker:failure:job-id:w1:step-id:s:attempt:2",
             "record": {"status": "failed_retrying", "retry_count": 2, "worker_id": "gpu-2",
                        "error_message": "CUDA out of memory", "failed_at": NOW}}]
        lines = [{"id": "w1", "status": "failed", "error_message": "CUDA out of memory",
                  "retry_count": 2, "max_retries": 3, "attestations": attestations},
                 {"id": "w2", "status": "failed", "error_message": "CUDA out of memory",
                  "retry_count": 3, "max_retries": 3}]
        added = self.call("import", "-", *self.db,
                          stdin="\n".join(map(json.dumps, lines)).encode())
        self.assertEqual(added.returncode, DONE, added.stderr)

    def test_words_for_people(self):
        done = self.call("forensics", "w1", *self.db, "--now", NOW)
        self.assertEqual(done.returncode, DONE, done.stderr)
        words = done.stdout.decode()
        for part in ("w1  failed", "attempt 1  failed", "attempt 2  failed", "gpu_memory_full",
                     "alike: 1 other jobs, of which 0 recovered and 1 did not", "timeline",
                     '/error_message: "Request timed out" -> "CUDA out of memory"'):
            self.assertIn(part, words)
        self.assertNotIn("\x1b", words)

    def test_json_for_scripts(self):
        done = self.call("forensics", "w1", *self.db, "--json", "--now", NOW)
        found = json.loads(done.stdout)
        self.assertEqual([one["attempt"] for one in found["attempts"]], [1, 2])
        self.assertEqual(found["similar_failures"]["sample_size"], 1)
        self.assertEqual(found["verdict"]["problem_type"], "job_failed")

    def test_says_what_is_not_there(self):
        self.assertEqual(self.call("forensics", "nobody", *self.db).returncode, NO)
        self.assertEqual(self.call("forensics", *self.db).returncode, USAGE)
