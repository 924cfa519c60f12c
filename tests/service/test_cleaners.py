"""`jobqueue clean` killed at random points under a writer, resumed, and undone: no update is lost.

A model knows the last text that was written to each row; the row must hold that, or that without
its blob, at every end.
"""

import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))

from postgres_server import PostgresServer  # noqa: E402

PROGRAM = os.environ["JOBQUEUE_PROGRAM"]
ROWS = 400
HEAD = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def text_of(row, version, chance):
    image = HEAD + "".join(chance.choices(LETTERS, k=1600))
    return json.dumps({"row": row, "version": version, "token": "ghp_" + "k" * 36, "price": 1.5,
                       "image": f"data:image/png;base64,{image}"})


class Postgres:
    def __enter__(self):
        self.server = PostgresServer()
        self.server.__enter__()
        self.url = self.server.url
        return self

    def __exit__(self, *problem):
        self.server.__exit__(*problem)

    def run(self, statements):
        return self.server.sql(statements)

    def read(self):
        rows = self.run("SELECT id, data::text FROM t ORDER BY id")
        return {int(row[0]): row[1] for row in rows}

    def writer(self):
        """A function that writes one row, over one connection."""
        process = subprocess.Popen(
            [str(self.server.bin / "psql"), "--no-psqlrc", "--quiet", "--tuples-only",
             "--dbname", self.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def write(row, text):
            process.stdin.write(f"UPDATE t SET data = '{text}' WHERE id = {row} RETURNING 1;\n")
            process.stdin.flush()
            while process.stdout.readline().strip() != "1":
                pass

        def close():
            process.communicate(timeout=10)

        return write, close


class Sqlite:
    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="jobqueue-clean-")
        self.path = pathlib.Path(self.folder.name) / "t.db"
        self.url = f"sqlite:{self.path}"
        return self

    def __exit__(self, *problem):
        self.folder.cleanup()

    def connect(self):
        return sqlite3.connect(self.path, timeout=30, isolation_level=None)

    def run(self, statements):
        database = self.connect()
        database.executescript(statements)
        database.close()

    def read(self):
        database = self.connect()
        rows = dict(database.execute("SELECT id, data FROM t").fetchall())
        database.close()
        return rows

    def writer(self):
        database = sqlite3.connect(self.path, timeout=30, isolation_level=None,
                                   check_same_thread=False)

        def write(row, text):
            database.execute("UPDATE t SET data = ? WHERE id = ?", (text, row))

        return write, database.close


class Cleaners(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="jobqueue-clean-")
        self.addCleanup(folder.cleanup)
        self.here = pathlib.Path(folder.name)

    def command(self, store, *more):
        return [PROGRAM, "clean", "--db", store.url, "--vault", str(self.here / "vault"),
                "--journal", str(self.here / "journal"), "--yes", "--json", *more]


    def check(self, store, model, must_be_clean):
        found = store.read()
        self.assertEqual(found.keys(), model.keys())
        for row, text in found.items():
            if text == model[row] and not must_be_clean:
                continue
            lean = json.loads(text)
            whole = json.loads(model[row])
            self.assertRegex(lean.pop("image"), r"^\[BASE64_IMAGE_REMOVED sha256-", (row, text))
            whole.pop("image")
            self.assertEqual(lean, whole)

    def torture(self, store, kills):
        seed = int(os.environ.get("JOBQUEUE_TEST_SEED", random.SystemRandom().randrange(1 << 30)))
        print(f"seed {seed}")
        chance = random.Random(seed)
        model = {row: text_of(row, 0, chance) for row in range(ROWS)}
        store.run("CREATE TABLE t (id integer PRIMARY KEY, data json);" + "".join(
            f"INSERT INTO t VALUES ({row}, '{text}');\n" for row, text in model.items()))
        stop = threading.Event()
        versions = random.Random(seed + 1)
        write, close = store.writer()

        def keep_writing():
            version = 0
            while not stop.is_set():
                version += 1
                row = versions.randrange(ROWS)
                text = text_of(row, version, versions)
                write(row, text)
                model[row] = text
                time.sleep(0.002)

        writer = threading.Thread(target=keep_writing)
        writer.start()
        try:
            killed = 0
            while killed < kills:
                resume = ["--resume"] if (self.here / "journal").exists() else []
                with subprocess.Popen(self.command(store, "--batch", "5", *resume),
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                    try:
                        process.wait(chance.uniform(0.01, 0.12))
                    except subprocess.TimeoutExpired:
                        process.send_signal(signal.SIGKILL)
                    output, problems = process.communicate()
                    if process.returncode == -signal.SIGKILL:
                        killed += 1
                        continue
                    self.assertEqual(process.returncode, 0, problems)
                # It came to the end before it was killed: a new journal for what was written since.
                (self.here / "journal").rename(self.here / f"journal-{killed}-{time.monotonic()}")
        finally:
            stop.set()
            writer.join()
            close()
        self.check(store, model, must_be_clean=False)
        resume = ["--resume"] if (self.here / "journal").exists() else []
        subprocess.run(self.command(store, *resume), check=True, capture_output=True, timeout=60)
        (self.here / "journal").rename(self.here / "journal-last")
        subprocess.run(self.command(store), check=True, capture_output=True, timeout=60)
        self.check(store, model, must_be_clean=True)
        return model

    def undo_all(self, store, model):
        journals = sorted(self.here.glob("journal*"), key=lambda path: path.stat().st_mtime_ns)
        for journal in reversed(journals):
            subprocess.run([PROGRAM, "undo", "--db", store.url, "--vault",
                            str(self.here / "vault"), "--journal", str(journal)],
                           capture_output=True, timeout=120, check=False)
        self.assertEqual(store.read(), model)

    def test_postgresql_killed_two_hundred_times(self):
        with Postgres() as store:
            model = self.torture(store, 200)
            self.undo_all(store, model)

    def test_sqlite_killed_two_hundred_times(self):
        with Sqlite() as store:
            model = self.torture(store, 200)
            self.undo_all(store, model)


if __name__ == "__main__":
    unittest.main()
