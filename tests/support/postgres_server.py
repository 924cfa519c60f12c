"""A real PostgreSQL for a test: on a free port of loopback, in a folder that goes with it."""

import os
import pathlib
import pwd
import re
import signal
import subprocess
import tempfile
import time

from redis_server import free_port


def program_folder():
    """Where Debian keeps the newest one; it is not on PATH."""
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                     key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0))
    if not folders:
        raise FileNotFoundError("there is no PostgreSQL; script/bootstrap test installs it")
    return folders[-1]


class PostgresServer:
    """Use it in a `with`; `url` is its database. It refuses to run as root: root lends it a user.

    `durable` as in production; else what is committed is lost with the machine, which is faster.
    """

    def __init__(self, durable=False):
        self.bin = program_folder()
        self.durable = durable
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.process = None

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="jobqueue-postgres-")
        self.data = pathlib.Path(self.folder.name) / "data"
        if os.geteuid() == 0:
            user = pwd.getpwnam(self.user)
            os.chown(self.folder.name, user.pw_uid, user.pw_gid)
        self.run("initdb", "--pgdata", self.data, "--username", "jobqueue", "--auth", "trust",
                 "--encoding", "UTF8", "--locale", "C", "--no-sync")
        self.port = free_port()
        self.url = f"postgresql://jobqueue@127.0.0.1:{self.port}/postgres"
        self.start()
        return self

    def as_user(self, words):
        options = {"cwd": self.folder.name, "stdin": subprocess.DEVNULL}
        if os.geteuid() == 0:
            user = pwd.getpwnam(self.user)
            options.update(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
        return [str(word) for word in words], options

    def run(self, program, *words):
        command, options = self.as_user([self.bin / program, *words])
        subprocess.run(command, check=True, capture_output=True, timeout=120, **options)

    def start(self):
        words = [self.bin / "postgres", "-D", self.data, "-p", self.port, "-c",
                 "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c",
                 "max_connections=50"]
        if not self.durable:
            words += ["-c", "fsync=off"]
        command, options = self.as_user(words)
        log = (pathlib.Path(self.folder.name) / "log").open("ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=log, **options)
        log.close()
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                self.sql("SELECT 1")
                return
            except subprocess.CalledProcessError:
                time.sleep(0.05)
        log = (pathlib.Path(self.folder.name) / "log").read_text()
        raise RuntimeError(f"PostgreSQL does not start:\n{log}")

    def stop(self, number=signal.SIGINT):
        """SIGINT is a fast, orderly end; SIGQUIT is that of a crash."""
        self.process.send_signal(number)
        self.process.wait(60)

    def sql(self, statements):
        """Runs statements; gives the rows of the last as lists of texts."""
        command = [self.bin / "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                   "--field-separator", "\x1f", "--set", "ON_ERROR_STOP=1", "--dbname", self.url]
        answer = subprocess.run([str(word) for word in command], check=True, text=True, timeout=120,
                                input=statements, capture_output=True)
        return [line.split("\x1f") for line in answer.stdout.splitlines()]

    def __exit__(self, *problem):
        if self.process is not None and self.process.poll() is None:
            self.stop(signal.SIGQUIT)
        self.folder.cleanup()
