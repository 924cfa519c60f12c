"""`jobqueue clean` on a PostgreSQL that fails under it: a clear word at the end, nothing lost."""

import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import time
import unittest

import test_cleaners

PROGRAM = os.environ["JOBQUEUE_PROGRAM"]
ENVIRONMENT = 4
ROWS = 600


class CleanerFaults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = test_cleaners.Postgres()
        cls.store.__enter__()
        cls.addClassCleanup(cls.store.__exit__)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="jobqueue-clean-")
        self.addCleanup(folder.cleanup)
        self.here = pathlib.Path(folder.name)
        chance = random.Random(20261126)
        self.model = {row: test_cleaners.text_of(row, 0, chance) for row in range(ROWS)}
        self.addCleanup(self.store.run, "DROP TABLE t")
        self.store.run("CREATE TABLE t (id integer PRIMARY KEY, data json);" + "".join(
            f"INSERT INTO t VALUES ({row}, '{text}');\n" for row, text in self.model.items()))

    def start(self, *more):
        return subprocess.Popen(
            [PROGRAM, "clean", "--db", self.store.url, "--vault", self.here / "vault",
             "--journal", self.here / "journal", "--yes", "--json", *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def start_slowly(self, *more):
        """One that would take six seconds, and has written some batches."""
        process = self.start("--max-rate", str(sum(map(len, self.model.values())) // 6),
                             "--batch", "10", *more)
        deadline = time.monotonic() + 20
        while self.cleaned_rows() < 40:
            self.assertIsNone(process.poll(), "it ended before the fault")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        return process

    def cleaned_rows(self):
        return int(self.store.run("SELECT count(*) FROM t WHERE data::text LIKE '%REMOVED%'")[0][0])

    def expect_failure(self, process, words):
        output, problems = process.communicate(timeout=60)
        self.assertEqual(process.returncode, ENVIRONMENT, problems)
        self.assertEqual(output, "")
        self.assertRegex(problems, words)
        self.assertIn("--resume", problems)

    def check(self, must_be_clean=False):
        """Each row is the old one or the cleaned one, whole."""
        found = self.store.read()
        self.assertEqual(found.keys(), self.model.keys())
        left = 0
        for row, text in found.items():
            if text == self.model[row]:
                left += 1
                continue
            lean, whole = json.loads(text), json.loads(self.model[row])
            self.assertRegex(lean.pop("image"), r"^\[BASE64_IMAGE_REMOVED sha256-")
            whole.pop("image")
            self.assertEqual(lean, whole)
        if must_be_clean:
            self.assertEqual(left, 0)
        else:
            self.assertTrue(0 < left < ROWS, left)

    def resume_and_undo(self):
        resumed = self.start("--resume")
        output, problems = resumed.communicate(timeout=60)
        self.assertEqual(resumed.returncode, 0, problems)
        self.check(must_be_clean=True)
        report = json.loads(output)
        # What was done before is not done again.
        self.assertLessEqual(report["values_changed"], ROWS - 40)
        subprocess.run([PROGRAM, "undo", "--db", self.store.url, "--vault", self.here / "vault",
                        "--journal", self.here / "journal"], check=True, capture_output=True,
                       timeout=60)
        self.assertEqual(self.store.read(), self.model)

    def test_a_server_that_restarts(self):
        process = self.start_slowly()
        self.store.server.stop(signal.SIGINT)
        self.expect_failure(process, r"was cut: [^\t]*; what was not committed is undone")
        self.store.server.start()
        self.check()
        self.resume_and_undo()

    def test_a_server_that_crashes(self):
        process = self.start_slowly()
        self.store.server.stop(signal.SIGQUIT)
        self.expect_failure(process, r"was cut: [^\t]*; what was not committed is undone")
        self.store.server.start()
        self.check()
        self.resume_and_undo()

    def test_a_connection_that_is_cut(self):
        process = self.start_slowly()
        self.store.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                       "WHERE pid <> pg_backend_pid() AND application_name = 'jobqueue'")
        self.expect_failure(process, r"was cut: [^\t]*; what was not committed is undone")
        self.check()
        self.resume_and_undo()

    def test_a_statement_that_takes_too_long(self):
        self.store.run("""
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF NEW.id >= 300 THEN PERFORM pg_sleep(60); END IF; RETURN NEW; END $$;
            CREATE TRIGGER slow BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION wait()""")
        self.expect_failure(self.start("--statement-timeout", "1s"), r"57014.*allow more time")
        self.check()
        self.store.run("DROP TRIGGER slow ON t")
        self.resume_and_undo()

    def test_a_database_that_becomes_read_only(self):
        process = self.start_slowly()
        self.store.run("ALTER DATABASE postgres SET default_transaction_read_only = on")
        self.store.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                       "WHERE pid <> pg_backend_pid() AND application_name = 'jobqueue'")
        self.expect_failure(process, r"was cut: [^\t]*; what was not committed is undone")
        self.expect_failure(self.start("--resume"), r"read-only")
        self.check()
        self.store.run("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;"
                       "ALTER DATABASE postgres RESET default_transaction_read_only")
        self.resume_and_undo()

    def test_a_user_who_may_not_write(self):
        self.store.run("CREATE ROLE reader LOGIN; GRANT SELECT ON t TO reader")
        self.addCleanup(self.store.run, "DROP OWNED BY reader; DROP ROLE reader")
        url = self.store.url.replace("jobqueue@", "reader@")
        process = subprocess.Popen(
            [PROGRAM, "clean", "--db", url, "--vault", self.here / "vault", "--journal",
             self.here / "journal", "--yes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        self.expect_failure(process, r"42501.*grant")
        self.assertEqual(self.store.read(), self.model)
        # A dry run only reads.
        subprocess.run([PROGRAM, "clean", "--db", url, "--dry-run"], check=True,
                       capture_output=True, timeout=60)

    def test_rows_that_others_hold(self):
        holder = subprocess.Popen(
            [self.store.server.bin / "psql", "--no-psqlrc", "--quiet", "--dbname", self.store.url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(holder.communicate, timeout=20)
        holder.stdin.write("BEGIN; UPDATE t SET data = data WHERE id = 7;\n\\echo held\n")
        holder.stdin.flush()
        self.assertEqual(holder.stdout.readline(), "held\n")
        process = self.start()
        output, problems = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, problems)
        report = json.loads(output)
        self.assertEqual((report["values_changed"], report["values_skipped"]), (ROWS - 1, 1))
        self.assertEqual(self.store.read()[7], self.model[7])


if __name__ == "__main__":
    unittest.main()
