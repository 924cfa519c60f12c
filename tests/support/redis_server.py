"""A real Redis for a test: on a free port of loopback, with nothing kept."""

import pathlib
import shutil
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class RedisServer:
    """Use it in a `with`; `url` is where it listens."""

    def __init__(self):
        self.program = shutil.which("redis-server")
        if self.program is None:
            raise FileNotFoundError("there is no redis-server; script/bootstrap test installs it")

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="jobqueue-redis-")
        for _ in range(5):  # another process may take the port first
            self.port = free_port()
            self.url = f"redis://127.0.0.1:{self.port}"
            self.log = pathlib.Path(self.folder.name) / "log"
            self.process = subprocess.Popen(
                [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                 "--appendonly", "no", "--dir", self.folder.name, "--logfile", str(self.log)],
                stdin=subprocess.DEVNULL)
            if self.answers():
                return self
            self.process.kill()
            self.process.wait()
        raise RuntimeError(f"redis-server does not start:\n{self.log.read_text()}")

    def answers(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.command("PING") == b"+PONG\r\n":
                    return True
            except OSError:
                time.sleep(0.02)
        return False

    def command(self, *words):
        """The raw answer to a command, as far as it comes in one piece: for small ones."""
        parts = [word if isinstance(word, bytes) else word.encode() for word in words]
        request = b"*%d\r\n" % len(parts) + b"".join(
            b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(request)
            return connection.recv(1 << 16)

    def __exit__(self, *problem):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()
