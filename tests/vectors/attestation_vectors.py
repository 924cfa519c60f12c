"""Replays attestation.json through the program (--program FILE) or the Python package (--package)."""

import json
import os
import subprocess
import sys
import tempfile

from vector_run import read_file, run_cases

# What the program ends with, by the words that a vector may expect.
EXITS = {"invalid_argument": 2, "invalid_json": 3, "signature_missing": 3, "signature_malformed": 3,
         "signature_mismatch": 3, "secret_invalid": 3}


class Program:
    def __init__(self, program):
        self.program = program

    def call(self, *words, lines=(), secrets=()):
        names = {f"SECRET_{number}": secret for number, secret in enumerate(secrets)}
        for name in names:
            words += ("--secret-env", name)
        return subprocess.run([self.program, "attestation", *words], capture_output=True,
                              input="".join(line + "\n" for line in lines), encoding="utf-8",
                              check=False, env={**os.environ, **names})

    @staticmethod
    def failed(done, expect):
        """The error of the vector, if the program ended as it must with that one."""
        assert not done.stdout and done.stderr, done
        return {"error": expect.get("error")} if EXITS.get(expect.get("error")) == done.returncode \
            else {"exit": done.returncode, "words": done.stderr}

    def key(self, key):
        words = ["key"]
        for name in ("writer", "kind", "form"):
            words += ["--" + name, key[name]]
        words += ["--workflow", key["workflow_id"]] if key["workflow_id"] else []
        if key["step_id"]:
            words += ["--job", "step-" + key["step_id"]] if key["has_step_prefix"] else \
                ["--step", key["step_id"]]
        words += ["--attempt", str(key["attempt"])] if key["attempt"] else []
        return self.call(*words, *(["--permanent"] if key["permanent"] else []))

    def parse(self, one):
        # An empty word or line is no key, and none that is asked for.
        done = self.call("parse", "--all", one["key"] or ":")
        if done.returncode == 1:
            assert not done.stdout and done.stderr, done
            return {"error": "invalid_argument"}
        readings = [json.loads(line) for line in done.stdout.splitlines()]
        assert all(one.pop("key") for one in readings)
        return {"readings": readings, "written": self.key(readings[0]).stdout.rstrip("\n")}

    def format(self, one):
        done = self.key(one["key"])
        return {"written": done.stdout.rstrip("\n")} if done.returncode == 0 else \
            self.failed(done, one["expect"])

    def sort(self, one):
        done = self.call("parse", "--sort", lines=one["keys"])
        return {"keys": [json.loads(line)["key"] for line in done.stdout.splitlines()]}

    def with_previous(self, one, *words):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            if "previous" in one:
                file.write(one["previous"] + "\n")
                file.flush()
                words += ("--previous", file.name)
            return self.call(*words, lines=one["records"], secrets=one["secrets"])

    def seal(self, one):
        done = self.with_previous(one, "seal")
        return {"records": done.stdout.splitlines()} if done.returncode == 0 else \
            self.failed(done, one["expect"])

    def verify(self, one):
        words = ["--head", one["expected_head"]] if "expected_head" in one else []
        words += ["--count", str(one["expected_count"])] if "expected_count" in one else []
        done = self.with_previous(one, "verify", *words)
        if done.returncode > 1:
            return self.failed(done, one["expect"])
        report = json.loads(done.stdout)
        assert done.returncode == (0 if report["ok"] else 1), done
        assert bool(done.stderr) != report["ok"], done
        return report


class Package:
    def __init__(self):
        import jobqueue
        self.jobqueue = jobqueue

    @staticmethod
    def as_dict(key):
        return {"writer": key.writer, "kind": key.kind, "form": key.form,
                "workflow_id": key.workflow_id, "step_id": key.step_id, "attempt": key.attempt,
                "permanent": key.permanent, "has_step_prefix": key.has_step_prefix,
                "ambiguous": key.ambiguous}

    def parse(self, one):
        best = self.jobqueue.parse_attestation_key(one["key"])
        readings = self.jobqueue.attestation_key_readings(one["key"])
        assert readings[0] == best
        return {"readings": [self.as_dict(key) for key in readings],
                "written": self.jobqueue.format_attestation_key(best)}

    def format(self, one):
        key = self.jobqueue.AttestationKey(**one["key"])
        return {"written": self.jobqueue.format_attestation_key(key)}

    def sort(self, one):
        return {"keys": sorted(one["keys"], key=self.jobqueue.parse_attestation_key)}

    def head(self, one):
        verifier = self.jobqueue.AttestationVerifier(one["secrets"])
        return verifier.head_of(one["previous"]) if "previous" in one else None

    def seal(self, one):
        head = self.head(one)
        signer = self.jobqueue.AttestationSigner(one["secrets"][0])
        records = []
        for record in one["records"]:
            sealed = signer.seal(record, head)
            records.append(sealed.text)
            head = sealed.head
        return {"records": records}

    def verify(self, one):
        report = self.jobqueue.verify_attestation_chain(
            one["records"], secrets=one["secrets"], after=self.head(one),
            expected_head=one.get("expected_head"), expected_count=one.get("expected_count"))
        assert bool(report) == report.ok
        return {"ok": report.ok, "count": report.count,
                "head": {"sequence": report.head.sequence, "digest": report.head.digest},
                "problems": [{"index": found.index, "reason": found.reason,
                              "sequence": found.sequence, "expected": found.expected}
                             for found in report.problems]}


def main():
    is_package = sys.argv[1] == "--package"
    face = Package() if is_package else Program(sys.argv[2])

    def answer_of(one):
        try:
            return getattr(face, one["do"])(one)
        except ValueError as problem:
            if not is_package:
                raise
            return {"error": problem.code.lower()}

    return run_cases(read_file()["cases"], answer_of, least=151)


if __name__ == "__main__":
    sys.exit(main())
