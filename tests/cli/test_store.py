"""jobqueue migrate, import, evaluate --db, resolve and jobs, over an SQLite file."""

import json
import os
import pathlib
import pty
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))

from program import BAD_INPUT, DONE, ENVIRONMENT, NO, USAGE, ProgramTest  # noqa: E402
from redis_server import RedisServer  # noqa: E402

NOW = "2026-01-05T12:00:00Z"
JOBS = b"""\
{"id":"1","status":"completed","workflow_output":"u","notification":{"success":true}}
{"id":"2","status":"completed","workflow_output":"u","completed_at":"2026-01-05T10:00:00Z"}

{"id":"3","status":"failed","retry_count":1,"error_message":"no\\u001b[31m disk"}
{"id":"4","status":"completed","data":{"output":"https://cdn.example.com/x.png"}}
{"id":"5","status":"failed","retry_count":null}
{"id":"6","status":"processing","created_at":"2026-01-05T11:30:00Z"}
"""
DB = ("--db", "sqlite:jobs.db")


class StoreTest(ProgramTest):
    def fill(self, lines=JOBS):
        self.expect(DONE, "import", *DB, stdin=lines)

    def evaluate(self, *more, code=DONE):
        answer = self.expect(code, "evaluate", *DB, "--now", NOW, "--json", *more)
        return json.loads(answer.stdout)

    def jobs(self, *more):
        answer = self.expect(DONE, "jobs", *DB, "--json", *more)
        return [json.loads(line) for line in answer.stdout.splitlines()]


class Migrate(StoreTest):
    def test_makes_a_store_once(self):
        self.assertRegex(self.expect(DONE, "migrate", *DB).stderr, rb"has what it lacked: \d+")
        self.assertIn(b"lacks nothing", self.expect(DONE, "migrate", *DB).stderr)

    def test_dry_run_prints_and_does_nothing(self):
        sqlite3.connect(self.here / "jobs.db").close()
        answer = self.expect(DONE, "migrate", *DB, "--dry-run")
        self.assertIn(b"CREATE TABLE IF NOT EXISTS job (", answer.stdout)
        self.assertIn(b"nothing was done", answer.stderr)
        # What it prints is SQL that works.
        with sqlite3.connect(":memory:") as database:
            database.executescript(answer.stdout.decode())
        self.assertIn(b"jobqueue migrate", self.expect(ENVIRONMENT, "jobs", *DB).stderr)

    def test_says_what_is_wrong(self):
        for code, url, words in (
                (USAGE, "mysql://x", b"sqlite:PATH"), (USAGE, "", b"which store"),
                (ENVIRONMENT, "sqlite:no/such/folder/x.db", b"cannot be opened"),
                (ENVIRONMENT, "postgresql://me:hunter2@127.0.0.1:1/x", b"is the server running")):
            answer = self.expect(code, "migrate", "--db", url)
            self.assertIn(words, answer.stderr)
            self.assertNotIn(b"hunter2", answer.stderr)


class Import(StoreTest):
    def test_counts_what_it_did(self):
        answer = self.expect(DONE, "import", *DB, "--json", stdin=JOBS)
        self.assertEqual(json.loads(answer.stdout)["added"], 6)
        answer = self.expect(DONE, "import", *DB, "--json", stdin=JOBS)
        self.assertEqual((json.loads(answer.stdout)["added"], json.loads(answer.stdout)["known"]),
                         (0, 6))

    def test_names_the_lines_that_it_refuses(self):
        path = self.write("dump.ndjson", b'{"id":"1","status":"x"}\n\n{"id":\n[]\n{"id":"2",'
                                         b'"status":"x","created_at":"soon"}\n{"id":"3"}')
        answer = self.expect(BAD_INPUT, "import", *DB, path)
        for line in (b"line 3: ", b"line 4: ", b"line 5: created_at must be a time"):
            self.assertIn(line, answer.stderr)
        self.assertEqual([job["id"] for job in self.jobs()], ["3", "1"])

    def test_many_bad_lines_are_counted(self):
        answer = self.expect(BAD_INPUT, "import", *DB, stdin=b"{\n" * 1000)
        self.assertLess(len(answer.stderr.splitlines()), 20)
        self.assertIn(b"1,000 lines refused", answer.stderr)

    def test_copies_evidence_from_redis(self):
        self.fill()
        self.evaluate()
        with RedisServer() as server:
            server.command("LPUSH", "workflow_notifications:2",
                           '{"attestation_id":"n","success":true,"workflow_id":"2"}')
            server.command("SET", "worker:completion:job-id:2:step-id:s:attempt:1",
                           '{"job_id":"s","status":"completed"}')
            answer = self.expect(DONE, "import", *DB, "--redis", server.url, "--json")
            report = json.loads(answer.stdout)
            self.assertEqual((report["notifications"], report["attestations"]), (1, 1))
        self.assertEqual(self.evaluate()["evaluated"], 1)
        self.assertEqual({job["id"] for job in self.jobs("--category", "complete")}, {"1", "2"})


class Evaluate(StoreTest):
    def test_reports_as_json(self):
        self.fill()
        report = self.evaluate()
        self.assertEqual((report["evaluated"], report["undecided"], report["failed"]), (6, 2, 0))
        self.assertEqual(report["verdicts"], report["in_all"])
        self.assertIn({"status_category": "filed", "problem_type": "notification_missing",
                       "jobs": 1}, report["verdicts"])
        self.assertEqual(len(report["newest_problems"]), 3)
        self.assertEqual(self.evaluate()["evaluated"], 0)

    def test_reports_as_a_table(self):
        self.fill()
        text = self.expect(DONE, "evaluate", *DB, "--now", NOW, "--explain").stdout
        self.assertRegex(text, rb"(?m)^filed +notification_missing +1 +1$")
        self.assertRegex(text, rb"(?m)^undecided +- +2 +2$")
        self.assertIn(b'retry_count lessThan max_retries (3): it is 1 -> true', text)
        self.assertIn(b"would be complete with", text)
        # What others wrote does not reach the terminal as it is.
        self.assertNotIn(b"\x1b", text)

    def test_takes_notifications_from_redis(self):
        self.fill()
        with RedisServer() as server:
            server.command("LPUSH", "workflow_notifications:2",
                           '{"attestation_id":"n","success":false,"error_message":"gone",'
                           '"attested_at":"2026-01-05T10:30:00Z"}')
            report = self.evaluate("--redis", server.url)
            self.assertEqual(report["collected"]["notifications"], 1)
            self.assertEqual(self.jobs("--problem", "notification_failed")[0]["id"], "2")
            server.command("LPUSH", "workflow_notifications:2",
                           '{"attestation_id":"m","success":true,'
                           '"attested_at":"2026-01-05T11:00:00Z"}')
            self.assertEqual(self.evaluate("--redis", server.url)["evaluated"], 1)
        self.assertEqual({job["id"] for job in self.jobs("--category", "complete")}, {"1", "2"})
        # The list in Redis may end; what was said of the job stays right.
        self.evaluate("--re-evaluate", "--parameter", "notification_grace=PT1M")
        self.assertEqual({job["id"] for job in self.jobs("--category", "complete")}, {"1", "2"})

    def test_a_redis_that_is_away_is_an_error(self):
        self.fill()
        answer = self.expect(NO + 3, "evaluate", *DB, "--redis", "redis://127.0.0.1:1")
        self.assertIn(b"127.0.0.1:1", answer.stderr)

    def test_a_malformed_row_is_one_row(self):
        self.fill()
        with sqlite3.connect(self.here / "jobs.db") as database:
            database.execute("UPDATE job SET data = '{\"output\":' WHERE id = '4'")
        report = self.evaluate(code=BAD_INPUT)
        self.assertEqual((report["evaluated"], report["failed"]), (6, 1))
        self.assertEqual(self.jobs("--problem", "evaluation_error")[0]["id"], "4")

    def test_goes_on_until_it_is_stopped(self):
        self.fill()
        with subprocess.Popen([self.program, "evaluate", *DB, "--every", "1s", "--json"],
                              cwd=self.here, stdout=subprocess.PIPE) as process:
            self.assertEqual(json.loads(process.stdout.readline())["evaluated"], 6)
            self.fill(b'{"id":"7","status":"canceled"}')
            lines = [json.loads(process.stdout.readline()) for _ in range(3)]
            self.assertEqual(sum(line["evaluated"] for line in lines), 1)
            process.send_signal(signal.SIGTERM)
            process.stdout.read()
            self.assertEqual(process.wait(10), DONE)

    def test_wrong_usage(self):
        self.write("records", b"{}")
        for arguments in (["records", *DB], ["--every", "10", *DB],
                          ["--every", "1m", "--once", *DB], ["--once"], ["--batch", "0", *DB]):
            self.expect(USAGE, "evaluate", *arguments, environment={"JOBQUEUE_DB": ""})

    def test_shows_progress_on_a_terminal(self):
        self.fill(b"".join(b'{"id":"%d","status":"canceled"}\n' % i for i in range(5000)))
        leader, follower = pty.openpty()
        with subprocess.Popen([self.program, "evaluate", *DB], cwd=self.here, stderr=follower,
                              stdout=subprocess.DEVNULL):
            os.close(follower)
            shown = b""
            try:
                while piece := os.read(leader, 1 << 16):
                    shown += piece
            except OSError:
                pass
        os.close(leader)
        self.assertRegex(shown, rb"evaluating \[#+\.*\] \d+ % [\d,]+ of 5,000 jobs")


class Resolve(StoreTest):
    def test_extracts_and_schedules(self):
        self.fill()
        self.evaluate()
        answer = self.expect(DONE, "resolve", *DB, "--json")
        self.assertEqual(json.loads(answer.stdout),
                         {"extracted": 1, "unresolvable": 0, "scheduled": 1})
        self.assertEqual(self.evaluate()["evaluated"], 1)
        job = next(job for job in self.jobs() if job["id"] == "4")
        self.assertEqual(job["workflow_output"], "https://cdn.example.com/x.png")
        answer = self.expect(DONE, "resolve", *DB)
        self.assertIn(b"0 outputs extracted, 0 jobs hold none, 0 retries", answer.stderr)

    def test_schedules_no_more_than_it_is_told(self):
        self.fill(b"".join(b'{"id":"%d","status":"failed"}\n' % i for i in range(9)))
        self.evaluate()
        answer = self.expect(DONE, "resolve", *DB, "--json", "--max-retries", "2")
        self.assertEqual(json.loads(answer.stdout)["scheduled"], 2)
        answer = self.expect(DONE, "resolve", *DB, "--json", "--max-retries", "0")
        self.assertEqual(json.loads(answer.stdout)["scheduled"], 0)


class Jobs(StoreTest):
    def test_filters_and_limits(self):
        self.fill()
        self.evaluate()
        self.assertEqual(len(self.jobs()), 6)
        self.assertEqual(len(self.jobs("--limit", "2")), 2)
        self.assertEqual({job["id"] for job in self.jobs("--category", "undecided")}, {"5", "6"})
        self.assertEqual([job["id"] for job in self.jobs("--problem", "job_failed")], ["3"])
        self.assertEqual({job["id"] for job in self.jobs("--problems")}, {"2", "3", "4"})

    def test_all_of_many(self):
        self.fill(b"".join(b'{"id":"%d","status":"x"}\n' % i for i in range(2500)))
        self.assertEqual(len({job["id"] for job in self.jobs("--limit", "0")}), 2500)

    def test_lists_by_status_type_and_beginning_of_the_id(self):
        lines = [{"id": f"run-{number}", "status": status, "job_type": kind}
                 for number, (status, kind) in enumerate([("FAILED", "video"), ("failed", "image"),
                                                          ("completed", "video")])]
        lines.append({"id": "other", "status": "failed", "job_type": "video"})
        self.expect(DONE, "import", *DB, stdin="\n".join(map(json.dumps, lines)).encode())

        def ids(*more):
            return [job["id"] for job in self.jobs(*more)]

        self.assertEqual(ids("--id-prefix", "run-"), ["run-0", "run-1", "run-2"])
        self.assertEqual(ids("--id-prefix", "run", "--status", "failed"), ["run-0", "run-1"])
        self.assertEqual(ids("--id-prefix", "run_"), [])
        self.assertEqual(sorted(ids("--type", "video", "--status", "failed")), ["other", "run-0"])

    def test_explains(self):
        self.fill()
        self.evaluate()
        job = self.jobs("--problem", "job_failed", "--explain")[0]
        self.assertEqual(job["evaluation"]["decided_by"][1]["value"], 3)
        text = self.expect(DONE, "jobs", *DB, "--category", "undecided", "--explain", "--now",
                           NOW).stdout
        self.assertIn(b"missing: retry_count", text)
        self.assertIn(b"look again at 2026-01-05T12:30:00.000001Z", text)

    def test_the_url_may_come_from_elsewhere(self):
        self.fill()
        path = self.write("secret", b"sqlite:jobs.db\n")
        for environment in ({"JOBQUEUE_DB": "sqlite:jobs.db"}, {"JOBQUEUE_DB_FILE": str(path)}):
            answer = self.expect(DONE, "jobs", "--json", environment=environment)
            self.assertEqual(len(answer.stdout.splitlines()), 6)
