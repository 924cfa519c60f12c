"""jobqueue clean and undo, over an SQLite file and a Redis."""

import json
import pathlib
import resource
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))

from program import (BAD_INPUT, DONE, ENVIRONMENT, NO, USAGE, ProgramTest, encode,  # noqa: E402
                     png, reference)
from redis_server import RedisServer  # noqa: E402

DB = ("--db", "sqlite:t.db")
SAFE = ("--vault", "vault", "--journal", "journal")


class CleanTest(ProgramTest):
    def fill(self, rows=30):
        with sqlite3.connect(self.here / "t.db") as database:
            database.execute("CREATE TABLE t (id text PRIMARY KEY, data json, note text)")
            for i in range(rows):
                image = encode(png(600, i)).decode()
                database.execute("INSERT INTO t VALUES (?, ?, ?)",
                                 (f"r{i}", f'{{"n": 1.0, "image":"{image}"}}', "plain"))
        database.close()

    def read(self, *_):
        with sqlite3.connect(self.here / "t.db") as database:
            rows = dict(database.execute("SELECT id, data FROM t").fetchall())
        database.close()
        return rows


class Clean(CleanTest):
    def test_dry_run_clean_and_undo(self):
        self.fill()
        before = self.read()
        planned = json.loads(self.expect(DONE, "clean", *DB, "--dry-run", "--vault", "vault",
                                         "--json").stdout)
        self.assertEqual(self.read(), before)
        self.assertEqual(self.names(), ["t.db"])
        samples = planned["places"]["t.data"]["samples"]
        self.assertEqual(len(samples), 3)
        row = int(samples[0]["locator"][0][1:])
        size = len(encode(png(600, row)))
        self.assertEqual(samples[0], {
            "locator": [f"r{row}"], "bytes_removed": size - len(reference(png(600, row))),
            "blobs": 1, "largest": {"bytes": size, "class": "image", "media_type": "image/png",
                                    "pointer": "/image"}})
        report = json.loads(self.expect(DONE, "clean", *DB, *SAFE, "--yes", "--json").stdout)
        for name in ("bytes_removed", "values_changed", "values_skipped", "blobs", "by_class"):
            self.assertEqual(report[name], planned[name], name)
        self.assertEqual(report["values_changed"], 30)
        self.assertEqual(report["places"]["t.data"]["blobs"], 30)
        self.assertEqual(self.read()["r7"],
                         f'{{"n": 1.0, "image":"{reference(png(600, 7)).decode()}"}}')
        undone = self.expect(DONE, "undo", *DB, *SAFE, "--json")
        self.assertEqual(json.loads(undone.stdout),
                         {"restored": 30, "unchanged": 0, "skipped": 0})
        self.assertEqual(self.read(), before)

    def test_prints_a_table(self):
        self.fill(3)
        text = self.expect(DONE, "clean", *DB, "--dry-run").stdout.decode()
        self.assertRegex(text, r"(?m)^t\.data +3 +2\.\d kB +3 +0$")
        self.assertRegex(text, r"(?m)^image +3 ")
        self.assertRegex(text, r"(?m)^2\.\d kB of .* would go$")
        self.assertRegex(text, r'(?m)^t\.data \["r\d"\]: \d+ B; 1 blob, the largest \d+ B of '
                               r'image/png at "/image"$')

    def test_estimates(self):
        self.fill(40)
        dry = ("clean", *DB, "--dry-run")
        truth = json.loads(self.expect(DONE, *dry, "--json").stdout)["bytes_removed"]
        report = json.loads(self.expect(DONE, *dry, "--json", "--sample", "10").stdout)
        estimate = report["places"]["t.data"]["estimate"]
        self.assertEqual((estimate["rows"], estimate["sampled_rows"]), (40, 10))
        # The images are as large as each other.
        self.assertLess(abs(estimate["bytes_removed"] - truth), truth / 20)
        self.assertEqual(report["estimate"]["bytes_removed"], estimate["bytes_removed"])
        text = self.expect(DONE, *dry, "--sample", "10").stdout.decode()
        self.assertRegex(text, r"(?m)^t\.data: about .*B would go, .* to .*B, judged by 10 values "
                               r"in 40$")
        self.expect(USAGE, "clean", *DB, *SAFE, "--yes", "--sample", "10")

    def test_wants_a_journal_and_a_yes(self):
        self.fill(3)
        before = self.read()
        self.assertIn(b"--journal", self.expect(USAGE, "clean", *DB, "--yes").stderr)
        answer = self.expect(USAGE, "clean", *DB, *SAFE, stdin=b"no\n")
        self.assertIn(b"Type yes", answer.stderr)
        self.assertEqual(self.read(), before)
        self.assertEqual(self.names(), ["t.db"])
        self.expect(DONE, "clean", *DB, *SAFE, stdin=b"yes\n")
        self.assertNotEqual(self.read(), before)

    def test_the_journal_is_of_one_store(self):
        self.fill(3)
        self.expect(DONE, "clean", *DB, *SAFE, "--yes")
        again = self.expect(ENVIRONMENT, "clean", *DB, *SAFE, "--yes")
        self.assertIn(b"--resume", again.stderr)
        self.expect(DONE, "clean", *DB, *SAFE, "--yes", "--resume")
        other = self.expect(USAGE, "undo", "--db", "sqlite:other.db", *SAFE)
        self.assertIn(b"of another store", other.stderr)

    def test_names_columns(self):
        self.fill(3)
        report = json.loads(self.expect(DONE, "clean", *DB, "--dry-run", "--table", "t",
                                        "--column", "note", "--json").stdout)
        self.assertEqual(report["values_changed"], 0)
        report = json.loads(self.expect(DONE, "clean", *DB, "--dry-run", "--column", "t.data",
                                        "--json").stdout)
        self.assertEqual(report["values_changed"], 3)
        for arguments in (["--table", "t"], ["--column", "data"], ["--column", "t.nothing"],
                          ["--column", "t.id"]):
            self.expect(USAGE, "clean", *DB, "--dry-run", *arguments)

    def test_undo_leaves_what_has_changed(self):
        self.fill(3)
        self.expect(DONE, "clean", *DB, *SAFE, "--yes")
        with sqlite3.connect(self.here / "t.db") as database:
            database.execute("UPDATE t SET data = '[1]' WHERE id = 'r1'")
        database.close()
        answer = self.expect(NO, "undo", *DB, *SAFE)
        self.assertIn(b"2 values restored", answer.stderr)
        self.assertEqual(self.read()["r1"], "[1]")

    def test_undo_says_what_it_lacks(self):
        self.fill(3)
        self.expect(DONE, "clean", *DB, *SAFE, "--yes")
        answer = self.expect(USAGE, "undo", *DB, "--journal", "journal")
        self.assertIn(b"--vault", answer.stderr)
        for blob in (self.here / "vault").glob("sha256/*/*"):
            blob.unlink()
        answer = self.expect(BAD_INPUT, "undo", *DB, *SAFE)
        self.assertIn(b"vault", answer.stderr)

    def test_a_disk_that_is_full_loses_nothing(self):
        self.fill(200)
        before = self.read()

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (6000, resource.RLIM_INFINITY))

        # The database may not grow over that either; so the journal is what fails, in a copy whose
        # pages are there already.
        answer = self.call("clean", *DB, *SAFE, "--yes", preexec_fn=limit)
        self.assertEqual(answer.returncode, ENVIRONMENT, answer.stderr)
        self.assertIn(b"--resume", answer.stderr)
        found = self.read()
        for row, text in found.items():
            self.assertIn(text, (before[row], before[row].replace(
                encode(png(600, int(row[1:]))).decode(),
                reference(png(600, int(row[1:]))).decode())))
        self.expect(DONE, "clean", *DB, *SAFE, "--yes", "--resume")
        self.assertTrue(all("iVBOR" not in text for text in self.read().values()))
        self.expect(DONE, "undo", *DB, *SAFE)
        self.assertEqual(self.read(), before)

    def test_stops_when_asked_and_goes_on(self):
        self.fill(400)
        with subprocess.Popen([self.program, "clean", *DB, *SAFE, "--yes", "--batch", "5",
                               "--max-rate", "20000"], cwd=self.here, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            _, problems = process.communicate(timeout=20)
        self.assertEqual(process.returncode, NO, problems)
        self.assertIn(b"--resume", problems)
        left = sum("iVBOR" in text for text in self.read().values())
        self.assertTrue(0 < left < 400, left)
        self.expect(DONE, "clean", *DB, *SAFE, "--yes", "--resume")
        self.assertEqual(sum("iVBOR" in text for text in self.read().values()), 0)


class Redis(CleanTest):
    def test_cleans_and_undoes(self):
        text = f'{{"image":"{encode(png(600)).decode()}"}}'
        with RedisServer() as server:
            server.command("SET", "job:1:note", text, "EX", "1000")
            server.command("SET", "other", text)
            options = ("--redis", server.url, "--match", "job:*")
            planned = json.loads(self.expect(DONE, "clean", *options, "--dry-run", "--vault",
                                             "vault", "--json").stdout)
            report = json.loads(self.expect(DONE, "clean", *options, *SAFE, "--yes",
                                            "--json").stdout)
            self.assertEqual(report["bytes_removed"], planned["bytes_removed"])
            self.assertEqual(report["values_changed"], 1)
            self.assertIn(reference(png(600)), server.command("GET", "job:1:note"))
            self.assertIn(b"iVBOR", server.command("GET", "other"))
            self.assertNotEqual(server.command("TTL", "job:1:note"), b":-1\r\n")
            self.expect(DONE, "undo", "--redis", server.url, *SAFE)
            self.assertIn(text.encode(), server.command("GET", "job:1:note"))

    def test_one_store_at_a_time(self):
        self.fill(1)
        self.expect(USAGE, "clean", *DB, "--redis", "redis://127.0.0.1:1", "--dry-run")
        self.expect(ENVIRONMENT, "clean", "--redis", "redis://127.0.0.1:1", "--dry-run")
