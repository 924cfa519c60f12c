"""jobqueue sign and jobqueue verify."""

import json
import time

from program import BAD_INPUT, DONE, ENVIRONMENT, NO, USAGE, ProgramTest

SECRET = {"HOOK": "It's a Secret to Everybody"}
BODY = b"Hello, World!"
HEADER = ("x-hub-signature-256: "
          "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
GITHUB = ("--scheme", "github", "--secret-env", "HOOK")


class Sign(ProgramTest):
    def test_prints_headers(self):
        answer = self.expect(DONE, "sign", *GITHUB, stdin=BODY, environment=SECRET)
        self.assertEqual(answer.stdout.decode(), HEADER + "\n")
        file = self.write("body", BODY)
        self.assertEqual(self.expect(DONE, "sign", *GITHUB, file, environment=SECRET).stdout,
                         answer.stdout)

    def test_ids_and_times(self):
        arguments = ("sign", "--scheme", "standard", "--secret-env", "HOOK")
        secret = {"HOOK": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
        wanted = ["webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp: 1614265330",
                  "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="]
        for now in ("1614265330", "2021-02-25T15:02:10Z", "2021-02-25T16:02:10.9+01:00"):
            answer = self.expect(DONE, *arguments, "--id", "msg_p5jXN8AQM9LWM0D4loKWxJek", "--now",
                                 now, stdin=b'{"test": 2432232314}', environment=secret)
            self.assertEqual(answer.stdout.decode().splitlines(), wanted)
        lines = [self.expect(DONE, *arguments, environment=secret).stdout.decode().splitlines()
                 for _ in range(2)]
        self.assertNotEqual(lines[0][0], lines[1][0])
        self.assertLess(abs(time.time() - int(lines[1][1].split()[1])), 60)
        self.expect(USAGE, *arguments, "--id", "a.b", environment=secret)
        self.expect(USAGE, *arguments, "--now", "noon", environment=secret)

    def test_a_secret_from_a_file(self):
        for end in (b"", b"\n", b"\r\n"):
            self.write("secret", SECRET["HOOK"].encode() + end)
            answer = self.expect(DONE, "sign", *GITHUB, stdin=BODY,
                                 environment={"HOOK_FILE": "secret"})
            self.assertEqual(answer.stdout.decode(), HEADER + "\n")
        self.expect(ENVIRONMENT, "sign", *GITHUB, environment={"HOOK_FILE": "nowhere"})

    def test_what_is_wrong(self):
        for scheme, secret, code in (("github", "", BAD_INPUT), ("svix", "short!", BAD_INPUT),
                                     ("auto", "a", USAGE), ("gitlab", "a", USAGE)):
            answer = self.expect(code, "sign", "--scheme", scheme, "--secret-env", "HOOK",
                                 environment={"HOOK": secret})
            self.assertEqual(answer.stdout, b"")
            self.assertNotIn(b"short!", answer.stderr)
        self.assertIn(b"no variable HOOK", self.expect(USAGE, "sign", *GITHUB).stderr)
        self.expect(USAGE, "sign", "--scheme", "github", environment=SECRET)
        self.expect(ENVIRONMENT, "sign", *GITHUB, "nowhere", environment=SECRET)


class Verify(ProgramTest):
    def answer(self, code, *arguments, **more):
        found = self.expect(code, "verify", *arguments, **more)
        return json.loads(found.stdout), found.stderr.decode()

    def test_yes(self):
        answer, words = self.answer(DONE, *GITHUB, "--header", HEADER, stdin=BODY,
                                    environment=SECRET)
        self.assertEqual(answer, {"ok": True, "scheme": "github", "secret_index": 0,
                                  "reason": None, "hint": None})
        self.assertEqual(words, "")
        self.assertEqual(list(answer), ["ok", "scheme", "secret_index", "reason", "hint"])
        answer, _ = self.answer(DONE, "--scheme", "auto", "--secret-env", "OLD", "--secret-env",
                                "HOOK", "--header", "Host:h", "--header", HEADER.upper().replace(
                                    HEADER.split(": ")[1].upper(), HEADER.split(": ")[1]),
                                self.write("body", BODY), environment={"OLD": "x", **SECRET})
        self.assertEqual((answer["scheme"], answer["secret_index"]), ("github", 1))

    def test_no(self):
        answer, words = self.answer(NO, *GITHUB, "--header", HEADER, stdin=BODY + b"\n",
                                    environment=SECRET)
        self.assertEqual(answer, {"ok": False, "scheme": "github", "secret_index": None,
                                  "reason": "signature_mismatch", "hint": "trailing_newline"})
        self.assertTrue(words.startswith("jobqueue: no secret made this signature"), words)
        self.assertNotIn("Everybody", words)
        answer, _ = self.answer(NO, *GITHUB, environment=SECRET)
        self.assertEqual(answer["reason"], "signature_missing")

    def test_time(self):
        secret = {"HOOK": "a"}
        signed = self.expect(DONE, "sign", "--scheme", "stripe", "--secret-env", "HOOK",
                             "--now", "1700000000", stdin=BODY, environment=secret)
        arguments = ("--scheme", "stripe", "--secret-env", "HOOK", "--header",
                     signed.stdout.decode().strip())
        for now, tolerance, code in (("1700000300", "300", DONE), ("1700000301", "300", NO),
                                     ("1699999700", "300", DONE),
                                     ("2023-11-14T22:08:19Z", "300", NO),
                                     ("1700000001", "0", NO), ("1700003600", "3600", DONE)):
            answer, _ = self.answer(code, *arguments, "--now", now, "--tolerance", tolerance,
                                    stdin=BODY, environment=secret)
            self.assertEqual(answer["hint"], None if code == DONE else "clock_off")
        answer, words = self.answer(NO, *arguments, stdin=BODY, environment=secret)
        self.assertEqual(answer["reason"], "timestamp_out_of_tolerance")
        self.assertIn("seconds old", words)

    def test_what_is_wrong(self):
        for arguments in (("--header", "no colon"), ("--header", ": x"), ("--tolerance", "-1"),
                          ("--now", "noon")):
            answer = self.expect(USAGE, "verify", *GITHUB, *arguments, environment=SECRET)
            self.assertEqual(answer.stdout, b"")
        self.expect(BAD_INPUT, "verify", "--scheme", "standard", "--secret-env", "HOOK",
                    environment=SECRET)
        self.expect(ENVIRONMENT, "verify", *GITHUB, "nowhere", environment=SECRET)
