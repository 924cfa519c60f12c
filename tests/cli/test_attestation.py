"""jobqueue attestation: key, parse, seal, verify."""

import hashlib
import hmac
import json
import pathlib

from program import BAD_INPUT, DONE, ENVIRONMENT, NO, USAGE, ProgramTest

SECRET = {"SEAL": "s3cret", "OLD": "old"}
SEAL = ("--secret-env", "SEAL")
ZEROS = "0" * 64
RECORDS = [b'{"status":"failed","retry_count":1}', b'{ "status" : "completed" }', b'{"n":1.0e2}']


class Key(ProgramTest):
    def key(self, *arguments):
        return self.expect(DONE, "attestation", "key", *arguments).stdout.decode()

    def test_prints_one(self):
        self.assertEqual(self.key("--workflow", "w1", "--job", "step-s1", "--attempt", "2"),
                         "worker:completion:job-id:w1:step-id:s1:attempt:2\n")
        self.assertEqual(self.key("--workflow", "w1", "--step", "step-s1", "--attempt", "2"),
                         "worker:completion:job-id:w1:step-id:step-s1:attempt:2\n")
        self.assertEqual(self.key("--kind", "failure", "--step", "s1", "--permanent"),
                         "worker:failure:step-id:s1:permanent\n")
        self.assertEqual(self.key("--writer", "api", "--workflow", "w1", "--attempt", "2"),
                         "api:workflow:completion:w1:attempt-1\n")

    def test_older_forms(self):
        self.assertEqual(self.key("--workflow", "w1", "--job", "step-s1", "--form", "prefixed"),
                         "worker:completion:workflow-w1:job-step-s1\n")
        self.assertEqual(self.key("--job", "step-s1", "--form", "plain"),
                         "worker:completion:step-s1\n")

    def test_what_is_wrong(self):
        for arguments in (("--workflow", "a:b", "--step", "s"), ("--step", "*"), (),
                          ("--writer", "me", "--workflow", "w"), ("--kind", "x", "--step", "s"),
                          ("--form", "x", "--step", "s"), ("--step", "s", "--job", "j"),
                          ("--step", "s", "--attempt", "0"), ("--step", "s", "--attempt", "x"),
                          ("--step", "s", "--attempt", str(2**53)), ("--step", "s", "--permanent"),
                          ("--writer", "api", "--workflow", "w"), ("extra",)):
            answer = self.expect(USAGE, "attestation", "key", *arguments)
            self.assertEqual(answer.stdout, b"", arguments)
            self.assertTrue(answer.stderr, arguments)
        self.expect(USAGE, "attestation")


class Parse(ProgramTest):
    def test_says_what_keys_mean(self):
        answer = self.expect(DONE, "attestation", "parse",
                             "worker:failure:workflow-w1:job-step-s1:permanent",
                             "api:workflow:completion:w1:attempt-1")
        lines = [json.loads(line) for line in answer.stdout.splitlines()]
        self.assertEqual(lines[0], {
            "key": "worker:failure:workflow-w1:job-step-s1:permanent", "writer": "worker",
            "kind": "failure", "form": "prefixed", "workflow_id": "w1", "step_id": "s1",
            "attempt": None, "permanent": True, "has_step_prefix": True, "ambiguous": False})
        self.assertEqual((lines[1]["writer"], lines[1]["attempt"], lines[1]["step_id"]),
                         ("api", 2, None))

    def test_reads_keys_from_standard_input(self):
        keys = b"worker:completion:step-id:b\r\n\nworker:gpu:heartbeat\nworker:completion:job-7\n"
        answer = self.expect(NO, "attestation", "parse", stdin=keys)
        self.assertEqual([json.loads(line)["key"] for line in answer.stdout.splitlines()],
                         ["worker:completion:step-id:b", "worker:completion:job-7"])
        self.assertEqual(answer.stderr, b"jobqueue: 1 of 3 are no keys of attestations of any "
                                        b"generation\n")
        answer = self.expect(NO, "attestation", "parse", "--all", "--sort", stdin=keys)
        self.assertEqual([json.loads(line)["step_id"] for line in answer.stdout.splitlines()],
                         ["7", "b", "job-7"])
        self.assertEqual(self.expect(DONE, "attestation", "parse", stdin=b"").stdout, b"")

    def test_bytes_that_are_no_text(self):
        answer = self.expect(DONE, "attestation", "parse", "worker:completion:\udcff")
        self.assertEqual(json.loads(answer.stdout)["step_id"], "\ufffd")


class Chain(ProgramTest):
    def seal(self, records, *arguments, code=DONE):
        return self.expect(code, "attestation", "seal", *SEAL, *arguments,
                           stdin=b"\n".join(records), environment=SECRET)

    def verify(self, code, records, *arguments):
        answer = self.expect(code, "attestation", "verify", *SEAL, *arguments,
                             stdin=b"\n".join(records) + b"\n", environment=SECRET)
        self.assertEqual(bool(answer.stderr), code != DONE)
        return json.loads(answer.stdout)

    def reasons(self, records, *arguments):
        report = self.verify(NO, records, *arguments)
        return [(one["index"], one["reason"]) for one in report["problems"]]

    def test_as_it_is_specified(self):
        """A verifier in another language, as docs/api/attestation.md tells."""
        previous = ZEROS
        for number, (record, line) in enumerate(
                zip(RECORDS, self.seal(RECORDS).stdout.splitlines()), 1):
            at = line.rindex(b'"attestation_chain":')
            chain = json.loads(line)["attestation_chain"]
            self.assertEqual(line[:at - 1] + b"}", record)
            self.assertEqual(list(chain), ["sequence", "previous", "digest", "hmac"])
            self.assertEqual((chain["sequence"], chain["previous"]), (number, previous))
            text = f"jobqueue attestation 1\n{number}\n{previous}\n".encode() + record
            previous = hashlib.sha256(text).hexdigest()
            self.assertEqual(chain["digest"], previous)
            tag = hmac.new(b"s3cret", b"jobqueue attestation hmac 1\n" + previous.encode(),
                           "sha256")
            self.assertEqual(chain["hmac"], tag.hexdigest())

    def test_the_verifier_of_the_documentation(self):
        page = pathlib.Path(__file__).parents[2] / "docs" / "api" / "attestation.md"
        blocks = page.read_text(encoding="utf-8").split("```python\n")
        program = next(block for block in blocks if block.startswith("def verify"))
        names = {"hashlib": hashlib, "hmac": hmac}
        exec(program.split("```")[0], names)  # pylint: disable=exec-used
        records = [*RECORDS, b"{}", b"{ }"]
        lines = self.seal(records).stdout.decode().splitlines(keepends=True)
        head = self.verify(DONE, [line.encode().strip() for line in lines])["head"]["digest"]
        self.assertEqual(names["verify"](lines, b"s3cret"), head)
        for bad in (lines[1:], lines[::-1], [lines[0].replace("failed", "fa1led")]):
            self.assertIn("is not the one", names["verify"](bad, b"s3cret"))

    def test_whole(self):
        sealed = self.seal(RECORDS).stdout.splitlines()
        report = self.verify(DONE, sealed)
        self.assertEqual(list(report), ["ok", "count", "head", "problems"])
        self.assertEqual((report["ok"], report["count"], report["problems"]), (True, 3, []))
        head = report["head"]
        self.assertEqual(head["sequence"], 3)
        self.verify(DONE, sealed, "--head", head["digest"], "--count", "3")
        # Blank lines and white space around a record count for nothing.
        self.verify(DONE, [b"", b" " + sealed[0] + b"\r", b"\t", *sealed[1:], b""])
        file = self.write("chain", b"\n".join(sealed))
        answer = self.expect(DONE, "attestation", "verify", "--secret-env", "OLD", *SEAL, file,
                             environment=SECRET)
        self.assertEqual(json.loads(answer.stdout), report)

    def test_not_whole(self):
        a, b, c = self.seal(RECORDS).stdout.splitlines()
        head = self.verify(DONE, [a, b, c])["head"]["digest"]
        self.assertEqual(self.reasons([a, b.replace(b"completed", b"failed"), c]),
                         [(1, "digest_mismatch")])
        self.assertEqual(self.reasons([a, c]), [(1, "sequence_gap")])
        self.assertEqual(self.reasons([a, c, b]), [(1, "sequence_gap"), (2, "out_of_order")])
        self.assertEqual(self.reasons([a, b, b, c]), [(2, "duplicate")])
        self.assertEqual(self.reasons([a, b], "--count", "3"), [(2, "truncated")])
        self.assertEqual(self.reasons([a, b], "--head", head), [(2, "truncated")])
        self.assertEqual(self.reasons([a, b, c], "--count", "2"), [(3, "beyond_head")])
        self.assertEqual(self.reasons([a, RECORDS[1], b"[]", b, c]),
                         [(1, "unchained"), (2, "malformed")])
        self.assertEqual(self.reasons([json.dumps(json.loads(a)).encode()]),
                         [(0, "chain_malformed")])
        answer = self.expect(NO, "attestation", "verify", "--secret-env", "OLD",
                             stdin=b"\n".join([a, b]), environment=SECRET)
        self.assertIn(b"hmac_mismatch", answer.stdout)
        self.assertTrue(answer.stderr.startswith(b"jobqueue: record 1 of those given was sealed by "
                                                 b"none of the secrets"), answer.stderr)
        self.assertTrue(answer.stderr.endswith(b"; and 1 more\n"), answer.stderr)

    def test_goes_on(self):
        first = self.seal(RECORDS[:1]).stdout
        file = self.write("chain", first)
        rest = self.seal(RECORDS[1:], "--previous", file).stdout
        self.assertEqual(first + rest, self.seal(RECORDS).stdout)
        self.verify(DONE, rest.splitlines(), "--previous", file)
        self.assertEqual(self.reasons(rest.splitlines()), [(0, "sequence_gap")])
        # A chain that has not begun yet, and one whose last record is not to be trusted.
        empty = self.write("empty", b"\n")
        self.assertEqual(self.seal(RECORDS, "--previous", empty).stdout, first + rest)
        for text in (b"{}", first.replace(b"failed", b"fa1led"), b"[]"):
            answer = self.seal(RECORDS, "--previous", self.write("bad", text), code=BAD_INPUT)
            self.assertEqual(answer.stdout, b"")

    def test_rotated_secrets(self):
        file = self.write("chain", self.seal(RECORDS).stdout)
        both = ("--secret-env", "OLD", "--secret-env", "SEAL")
        more = self.expect(DONE, "attestation", "seal", *both, "--previous", file, stdin=b"{}",
                           environment=SECRET).stdout
        self.write("chain", file.read_bytes() + more)
        self.expect(DONE, "attestation", "verify", *both, "--count", "4", file, environment=SECRET)
        self.expect(BAD_INPUT, "attestation", "seal", "--secret-env", "OLD", "--previous",
                    self.write("old", self.seal(RECORDS).stdout), environment=SECRET)

    def test_all_records_or_none(self):
        answer = self.seal([RECORDS[0], b'{"hidden":]}'], code=BAD_INPUT)
        self.assertEqual(answer.stdout, b"")
        self.assertIn(b"at byte %d" % (len(RECORDS[0]) + 1 + 10), answer.stderr)
        self.assertNotIn(b"hidden", answer.stderr)
        self.seal([self.seal(RECORDS[:1]).stdout], code=USAGE)
        self.assertEqual(self.seal([]).stdout, b"")

    def test_secrets(self):
        for command in ("seal", "verify"):
            self.assertIn(b"no variable SEAL",
                          self.expect(USAGE, "attestation", command, *SEAL).stderr)
            self.expect(USAGE, "attestation", command)
            self.expect(BAD_INPUT, "attestation", command, *SEAL, environment={"SEAL": " "})
            self.expect(ENVIRONMENT, "attestation", command, *SEAL, "nowhere", environment=SECRET)
            self.expect(ENVIRONMENT, "attestation", command, *SEAL, "--previous", "nowhere",
                        environment=SECRET)
        self.write("secret", b"s3cret\n")
        answer = self.expect(DONE, "attestation", "seal", *SEAL, stdin=RECORDS[0],
                             environment={"SEAL_FILE": "secret"})
        self.assertEqual(answer.stdout, self.seal(RECORDS[:1]).stdout)
        for arguments in (("--head", "abc"), ("--count", "-1"), ("--count", "x"),
                          ("--count", str(2**53))):
            answer = self.expect(USAGE, "attestation", "verify", *SEAL, *arguments,
                                 environment=SECRET)
            self.assertEqual(answer.stdout, b"")
