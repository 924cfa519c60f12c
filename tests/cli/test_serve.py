"""jobqueue serve and jobqueue webhook: settings, the loop by hand, and a clean end."""

import hashlib
import hmac
import http.server
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

from program import BAD_INPUT, DONE, NO, USAGE, ProgramTest

SECRET = "s3cret-of-both-sides"
TOKEN = "a-token-of-sixteen-or-more"


class Application(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


class ServeTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.db = f"sqlite:{self.here / 'jobs.db'}"

    def serve(self, *arguments, **environment):
        """Starts it and waits until it says where it listens; gives its URL."""
        variables = {**os.environ, "JOBQUEUE_WEBHOOK_SECRET": SECRET, **environment}
        self.process = subprocess.Popen(
            [self.program, "serve", "--db", self.db, "--listen", "127.0.0.1:0", *arguments],
            cwd=self.here, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        line = self.process.stdout.readline()
        self.assertTrue(line.startswith("listening on http://127.0.0.1:"), line)
        return line.split()[-1]

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        _, words = self.process.communicate(timeout=20)
        return self.process.returncode, words

    def ask(self, url, body=None, token=None, **fields):
        request = urllib.request.Request(url, data=body, headers={
            name.replace("_", "-"): value for name, value in fields.items()})
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def sign(self, body):
        return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()

    def application(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
        server.seen = []
        server.status = 200
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def wait(self, condition):
        for _ in range(200):
            if condition():
                return
            time.sleep(0.05)
        self.fail("it does not happen")


class Settings(ServeTest):
    def check(self, *arguments, **environment):
        return self.call("serve", "--check-config", "--db", self.db, *arguments,
                         environment=environment)

    def test_says_what_would_run(self):
        done = self.check("--every", "5m", JOBQUEUE_TOKEN=TOKEN, JOBQUEUE_MAX_RETRIES="3")
        self.assertEqual(done.returncode, DONE, done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual((said["tokens"], said["settings"]["every"]), (1, "5m"))
        self.assertEqual(said["settings"]["max_retries"], "3")
        self.assertNotIn(TOKEN.encode(), done.stdout)
        self.assertFalse((self.here / "jobs.db").exists())

    def test_the_command_line_goes_before_the_environment_and_the_file(self):
        (self.here / "c.json").write_text('{"every": "1m", "max_retries": 1, "no_send": true}')
        done = self.check("--config", "c.json", "--every", "3m", JOBQUEUE_EVERY="2m",
                          JOBQUEUE_MAX_RETRIES="2")
        settings = json.loads(done.stdout)["settings"]
        self.assertEqual((settings["every"], settings["max_retries"], settings["no_send"]),
                         ("3m", "2", True))

    def test_says_what_is_wrong_and_where(self):
        for text, words in (('{\n"every": "1m",\n"evry": 1}', b"line 3: there is no setting 'evry"),
                            ('{"every": [1]}', b"line 1: every is a text"),
                            ('{"no_send": 1}', b"no_send is true or false"),
                            ("every = 1m", b"is no JSON object")):
            (self.here / "c.json").write_text(text)
            done = self.check("--config", "c.json")
            self.assertEqual(done.returncode, USAGE, text)
            self.assertIn(words, done.stderr)
        for arguments, words in ((("--every", "soon"), b"--every"),
                                 (("--max-connections", "x"), b"--max-connections is a number"),
                                 (("--listen", "8080"), b"an address and a port"),
                                 (("--listen", "0.0.0.0:80"), b"set a token"),
                                 (("--tls-key", "k"), b"certificate"),
                                 (("--allow", "10.0.0.0/99"), b"--allow"),
                                 (("--mock-application",), b"secret")):
            done = self.check(*arguments)
            self.assertEqual(done.returncode, USAGE, arguments)
            self.assertIn(words, done.stderr)

    def test_secrets_come_from_files(self):
        (self.here / "tokens").write_text(f"{TOKEN}\nanother-token-of-sixteen\n")
        done = self.check("--token-file", "tokens", JOBQUEUE_WEBHOOK_SECRET_FILE="tokens")
        said = json.loads(done.stdout)
        self.assertEqual((said["tokens"], said["webhook_secrets"]), (2, 2))
        (self.here / "tokens").write_text("short\n")
        done = self.check("--token-file", "tokens")
        self.assertEqual(done.returncode, USAGE)
        self.assertNotIn(b"short\n", done.stderr)

    def test_a_store_that_lacks_tables_is_left_alone(self):
        self.assertEqual(self.call("migrate", "--db", self.db).returncode, DONE)
        import sqlite3
        with sqlite3.connect(self.here / "jobs.db") as connection:
            connection.execute("DROP TABLE webhook_attempt")
        done = self.call("serve", "--db", self.db, "--listen", "127.0.0.1:0")
        self.assertNotEqual(done.returncode, DONE)
        self.assertIn(b"run jobqueue migrate", done.stderr)


class Loop(ServeTest):
    def test_from_a_signed_event_to_a_signed_webhook(self):
        application = self.application()
        url = self.serve("--allow", "127.0.0.1", JOBQUEUE_TOKEN=TOKEN)
        target = f"http://127.0.0.1:{application.server_port}/hook"
        added = self.call("webhook", "add", target, "--id", "app", "--event", "workflow_completed",
                          "--scheme", "jobqueue", "--secret-env", "HOOK", "--header", "X-Own: 1",
                          "--db", self.db, environment={"HOOK": SECRET})
        self.assertEqual((added.returncode, added.stdout), (DONE, b"app\n"), added.stderr)
        body = b'{"event_type":"workflow_completed","event_id":"e1","data":{"workflow_id":"w1"}}'
        status, answer = self.ask(url + "/api/webhook/workflow-completed", body,
                                  x_webhook_signature=self.sign(body))
        self.assertEqual((status, json.loads(answer)["duplicate"]), (200, False))
        self.wait(lambda: application.seen)
        headers, sent = application.seen[0]
        self.assertEqual(sent, body)
        self.assertEqual(headers["x-webhook-signature"], self.sign(body))
        self.assertEqual(headers["X-Own"], "1")
        self.assertEqual(self.ask(url + "/api/webhook/workflow-completed", body)[0], 401)
        self.assertEqual(self.ask(url + "/metrics")[0], 401)
        self.assertEqual(self.ask(url + "/metrics", token=TOKEN)[0], 200)
        self.assertEqual(self.ask(url + "/healthz")[0], 200)
        code, words = self.end()
        self.assertEqual(code, DONE)
        self.assertIn("ending", words)

    def test_the_log_is_json_if_that_is_wanted(self):
        url = self.serve("--json", JOBQUEUE_TOKEN=TOKEN)
        self.ask(url + "/api/user_notified", b"{}", x_webhook_signature=self.sign(b"{} "))
        _, words = self.end()
        lines = [json.loads(line) for line in words.splitlines()]
        self.assertTrue(any("white space" in line["message"] or "signature" in line["message"]
                            for line in lines), words)
        self.assertNotIn(SECRET, words)


class Webhook(ServeTest):
    def webhook(self, *arguments, **more):
        return self.call("webhook", *arguments, "--db", self.db, **more)

    def setUp(self):
        super().setUp()
        self.assertEqual(self.call("migrate", "--db", self.db).returncode, DONE)

    def test_a_generated_secret_is_shown_once(self):
        added = self.webhook("add", "https://app.example.com/hook", "--json")
        endpoint = json.loads(added.stdout)
        self.assertTrue(endpoint["secret"].startswith("whsec_"))
        listed = self.webhook("ls", "--json")
        self.assertEqual(json.loads(listed.stdout)["id"], endpoint["id"])
        self.assertNotIn(b"whsec_", listed.stdout + self.webhook("ls").stdout)

    def test_says_what_is_wrong(self):
        for arguments in (("add", "ftp://a"), ("add", "https://a", "--scheme", "github"),
                          ("add", "https://a", "--header", "Host: b"),
                          ("add", "https://a", "--header", "none"), ("redrive",)):
            done = self.webhook(*arguments)
            self.assertEqual(done.returncode, USAGE, arguments)
        done = self.webhook("add", "https://a", "--secret-env", "HOOK",
                            environment={"HOOK": "whsec_short"})
        self.assertEqual(done.returncode, BAD_INPUT)
        self.assertNotIn(b"short", done.stderr)
        for name in ("rm", "enable", "test"):
            self.assertEqual(self.webhook(name, "nobody").returncode, NO)
        self.assertEqual(self.webhook("redrive", "--all-dead").returncode, NO)

    def test_sends_without_a_server(self):
        application = self.application()
        target = f"http://127.0.0.1:{application.server_port}/"
        self.webhook("add", target, "--id", "app")
        queued = self.webhook("test", "app")
        self.assertEqual(queued.returncode, DONE)
        forbidden = self.webhook("send", "--json")
        self.assertEqual(json.loads(forbidden.stdout), {"delivered": 0, "failed": 1, "dead": 0})
        delivery = json.loads(self.webhook("deliveries", "--state", "pending").stdout)
        self.assertIn("127.0.0.1", delivery["last_error"])
        self.assertEqual(application.seen, [])
        self.webhook("test", "app")
        sent = self.webhook("send", "--allow", "127.0.0.1")
        self.assertIn(b"1 delivered", sent.stderr)
        self.assertEqual(json.loads(application.seen[0][1])["event_type"], "test")
        application.status = 410
        self.webhook("test", "app")
        self.assertIn(b"1 dead", self.webhook("send", "--allow", "127.0.0.1").stderr)
        self.assertIn(b"410", self.webhook("ls").stdout)
        application.status = 200
        self.assertEqual(self.webhook("enable", "app").returncode, DONE)
        self.assertEqual(self.webhook("redrive", "--endpoint", "app").returncode, DONE)
        self.assertIn(b"1 delivered", self.webhook("send", "--allow", "127.0.0.1").stderr)
        self.assertEqual(self.webhook("rm", "app").returncode, DONE)
        self.assertEqual(self.webhook("ls").stdout, b"")
