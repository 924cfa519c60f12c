"""Any number of evaluators over one PostgreSQL, killed and restarted: each job has one verdict."""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))

from postgres_server import PostgresServer  # noqa: E402

PROGRAM = os.environ["JOBQUEUE_PROGRAM"]
JOBS = 200_000

FILL = f"""
INSERT INTO job (id, status, workflow_output, created_at, completed_at, updated_at, retry_count,
    data)
  SELECT 'job-' || i,
    (array['completed', 'failed', 'processing', 'canceled', 'completed', 'failed',
      'queued'])[1 + i % 7],
    CASE WHEN i % 7 = 0 THEN 'https://cdn.example.com/' || i END, now() - interval '3 hours',
    now() - interval '2 hours', now() - (i % 90) * interval '1 minute', i % 5,
    CASE WHEN i % 3 = 0 THEN json_build_object('output', 'u' || i) END
  FROM generate_series(1, {JOBS}) AS i;
INSERT INTO notification (id, workflow_id, success)
  SELECT 'n' || i, 'job-' || i, i % 2 = 0 FROM generate_series(7, {JOBS}, 21) AS i;
ANALYZE;
CREATE TABLE audit (job_id text);
CREATE FUNCTION note_verdicts() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO audit SELECT id FROM changed; RETURN NULL; END $$;
CREATE TRIGGER note_verdicts AFTER UPDATE ON job REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION note_verdicts();
"""


class Evaluators(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = PostgresServer(durable=True)
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__)

    def setUp(self):
        self.server.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public;")
        subprocess.run([PROGRAM, "migrate", "--db", self.server.url], check=True, timeout=60,
                       capture_output=True)
        self.server.sql(FILL)

    def evaluator(self):
        return subprocess.Popen(
            [PROGRAM, "evaluate", "--db", self.server.url, "--once", "--batch", "500", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self, process):
        output, problems = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, problems)
        return json.loads(output)

    def check_all_once(self):
        rows = self.server.sql("SELECT count(*), count(DISTINCT job_id) FROM audit")
        self.assertEqual(rows, [[str(JOBS), str(JOBS)]])
        left = self.server.sql("SELECT count(*) FROM job WHERE evaluated_at IS NULL")
        self.assertEqual(left, [["0"]])

    def categories(self):
        return self.server.sql("SELECT coalesce(status_category, ''), coalesce(problem_type, ''),"
                               " count(*) FROM job GROUP BY 1, 2 ORDER BY 1, 2")

    def test_one_evaluates_every_job_once(self):
        report = self.finish(self.evaluator())
        self.assertEqual(report["evaluated"], JOBS)
        self.assertEqual(report["failed"], 0)
        self.check_all_once()
        self.assertEqual(self.finish(self.evaluator())["evaluated"], 0)
        type(self).expected = self.categories()

    def test_one_of_four_that_are_killed_or_lose_the_server(self):
        seed = int(os.environ.get("JOBQUEUE_TEST_SEED", random.SystemRandom().randrange(1 << 30)))
        print(f"seed {seed}")
        chance = random.Random(seed)
        running = [self.evaluator() for _ in range(4)]
        killed = 0
        restarted = False
        while self.server.sql("SELECT 1 FROM job WHERE evaluated_at IS NULL LIMIT 1"):
            time.sleep(chance.uniform(0.02, 0.2))
            place = chance.randrange(4)
            if running[place].poll() is None:
                running[place].send_signal(signal.SIGKILL)
                killed += 1
            running[place].communicate()
            running[place] = self.evaluator()
            if not restarted and killed == 5:
                self.server.stop()
                self.server.start()
                restarted = True
        for process in running:
            self.finish(process)
        self.assertTrue(restarted)
        self.assertGreater(killed, 5)
        print(f"{killed} evaluators were killed, the server was restarted")
        self.check_all_once()
        # The verdicts are those that one alone gives, and nothing is left to do.
        self.assertEqual(self.finish(self.evaluator())["evaluated"], 0)
        if hasattr(self, "expected"):
            self.assertEqual(self.categories(), self.expected)


if __name__ == "__main__":
    unittest.main()
