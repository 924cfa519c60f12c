"""jobqueue detect --probe: what it asks a server on loopback, and what is wrong."""

import http.server
import json
import threading

from program import BAD_INPUT, DONE, ENVIRONMENT, USAGE, ProgramTest

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.server.seen.append("HEAD")
        self.send_response(302 if self.path == "/away" else 405)
        if self.path == "/away":
            self.send_header("Location", "http://127.0.0.2/")
        self.end_headers()

    def do_GET(self):
        self.server.seen.append(f"GET {self.headers['Range']}")
        self.send_response(200)
        self.send_header("Content-Type", "image/webp")
        self.send_header("Content-Length", str(len(PNG)))
        self.end_headers()
        self.wfile.write(PNG)

    def log_message(self, *_):
        pass


class Probe(ProgramTest):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.seen = []
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def test_an_object(self):
        done = self.expect(DONE, "detect", "--probe", self.url + "/a.gif", "--allow", "127.0.0.1")
        answer = json.loads(done.stdout)
        self.assertEqual(done.stdout.count(b"\n"), 1)
        self.assertEqual(list(answer), [
            "media_type", "extension", "category", "source", "confidence", "evidence", "mismatch",
            "polyglot", "url", "status", "size", "redirects", "header", "etag", "nosniff",
            "head_bytes", "problem"])
        self.assertEqual((answer["media_type"], answer["mismatch"]), ("image/png", True))
        self.assertEqual((answer["status"], answer["size"]), (200, len(PNG)))
        self.assertEqual(self.server.seen, ["HEAD", "GET bytes=0-4095"])

    def test_the_head_only(self):
        done = self.expect(DONE, "detect", "--probe", self.url, "--allow", "127.0.0.0/8",
                           "--head-only", "--configured", "audio/flac")
        answer = json.loads(done.stdout)
        self.assertEqual((answer["media_type"], answer["status"]), ("audio/flac", 405))
        self.assertEqual(answer["problem"], "the server answers 405 to HEAD")
        self.assertEqual(self.server.seen, ["HEAD"])

    def test_what_is_forbidden(self):
        done = self.expect(BAD_INPUT, "detect", "--probe", self.url)
        self.assertIn(b"is no public address", done.stderr)
        self.expect(BAD_INPUT, "detect", "--probe", self.url, "--allow", "127.0.0.0/8",
                    "--deny", "127.0.0.1", "--configured", "image/png")
        self.assertEqual(self.server.seen, [])
        self.expect(BAD_INPUT, "detect", "--probe", self.url + "/away", "--allow", "127.0.0.1")
        self.expect(DONE, "detect", "--probe", self.url + "/away", "--allow", "127.0.0.1",
                    "--max-redirects", "0")

    def test_what_is_wrong(self):
        self.server.shutdown()
        self.server.server_close()
        done = self.expect(ENVIRONMENT, "detect", "--probe", self.url, "--allow", "127.0.0.1")
        self.assertIn(b"cannot be connected to", done.stderr)
        self.expect(ENVIRONMENT, "detect", "--probe", "https://127.0.0.1:1/", "--allow",
                    "127.0.0.1", "--ca-file", "nowhere.pem")
        for arguments in (["x"], ["http://u:secret@h/"], [self.url, "--allow", "localhost"],
                          [self.url, "--deny", "10.1.0.0/8"], [self.url, "--timeout", "fast"],
                          [self.url, "--url", "a"], [self.url, "--header", "a"],
                          [self.url, "file"], [self.url, "--nosniff"],
                          [self.url, "--max-redirects", "-1"]):
            done = self.expect(USAGE, "detect", "--probe", *arguments)
            self.assertNotIn(b"secret", done.stderr)
        self.expect(USAGE, "detect", "--allow", "127.0.0.1")
