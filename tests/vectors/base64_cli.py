"""Replays the vectors of base64 through the program.

    base64_cli.py --program PROGRAM [--quick] FILE...

Each vector is sanitised from file to file and through a pipe, then into a vault and back out of it;
--quick leaves all but the first out. JOBQUEUE_SIMD forces an instruction set; one that this CPU
lacks is reported, and no vector is run. The exit code is 1 if a vector fails.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import vector_file

EXIT_CODES = {"INVALID_ARGUMENT": 2, "INVALID_JSON": 3, "INVALID_UTF8": 3, "INPUT_TOO_LARGE": 3,
              "BLOB_MISSING": 3, "BLOB_CORRUPT": 3}


class Mismatch(Exception):
    pass


def expect_equal(what, actual, expected):
    if actual == expected:
        return
    if isinstance(expected, bytes) and isinstance(actual, bytes):
        shorter = min(len(actual), len(expected))
        at = next((i for i in range(shorter) if actual[i] != expected[i]), shorter)
        begin = max(at - 40, 0)
        raise Mismatch(f"{what} differs at byte {at}:\n  is     {actual[begin:at + 60]!r}\n"
                       f"  wanted {expected[begin:at + 60]!r}")
    raise Mismatch(f"{what}:\n  is     {actual!r}\n  wanted {expected!r}")


def sanitize_arguments(options):
    """The options of a vector as the program spells them."""
    arguments = []
    for key, value in options.items():
        if key in ("naive", "cut_protected"):
            arguments += ["--" + key.replace("_", "-")] if value else []
        elif key in ("cut_fields", "protect_fields"):
            for name in value:
                arguments += ["--" + key.replace("_", "-")[:-1], name]
        elif key == "format":
            arguments += ["--format", value]
        else:
            arguments += ["--" + key.removesuffix("_chars").replace("_", "-"), str(value)]
    return arguments


def restore_arguments(options):
    arguments = ["--keep-missing"] if options.get("keep_missing") else []
    if "max_output_bytes" in options:
        arguments += ["--max-output-bytes", str(options["max_output_bytes"])]
    return arguments


class Runner:
    def __init__(self, program, directory, quick):
        self.program = program
        self.directory = directory
        self.quick = quick

    def run(self, arguments, stdin=b""):
        return subprocess.run([self.program, *arguments], input=stdin, capture_output=True,
                              timeout=60, check=False)

    def lacks_target(self):
        """What the program says if this CPU cannot run the instruction set that is forced."""
        answer = self.run(["sanitize", "-q"])
        words = answer.stderr.decode(errors="replace").strip()
        return words if answer.returncode == 2 and "this CPU cannot run" in words else None

    def expect_success(self, answer):
        if answer.returncode != 0:
            raise Mismatch(f"exit code {answer.returncode}, standard error {answer.stderr!r}")

    def expect_error(self, answer, error):
        expect_equal("the exit code", answer.returncode, EXIT_CODES[error["code"]])
        expect_equal("standard output", answer.stdout, b"")
        match = re.search(rb" at byte (\d+)\n\Z", answer.stderr)
        expect_equal("the offset of the error", int(match[1]) if match else None,
                     error.get("offset"))

    def sanitize(self, case):
        source = self.directory / "input"
        target = self.directory / "output"
        report = self.directory / "report"
        source.write_bytes(case["input"])
        target.unlink(missing_ok=True)
        options = sanitize_arguments(case["options"])
        answer = self.run(["sanitize", str(source), "-o", str(target), "--report", str(report),
                           "--report-kept", "-q", *options])
        expect = case["expect"]
        if "error" in expect:
            self.expect_error(answer, expect["error"])
            if target.exists():
                raise Mismatch("there is an output despite the error")
            return
        wanted = expect.get("output", case["input"])
        self.expect_success(answer)
        expect_equal("the output file", target.read_bytes(), wanted)
        self.check_report(case, report, "output" in expect)
        if self.quick:
            return
        answer = self.run(["sanitize", "-q", *options], case["input"])
        self.expect_success(answer)
        expect_equal("the output through a pipe", answer.stdout, wanted)
        self.sanitize_with_vault(case, options)

    def sanitize_with_vault(self, case, options):
        with tempfile.TemporaryDirectory(dir=self.directory) as vault:
            answer = self.run(["sanitize", "-q", "--vault", vault, *options], case["input"])
            self.expect_success(answer)
            if "with_vault" in case:
                expect_equal("the output with a vault", answer.stdout,
                             case["with_vault"].get("output", case["input"]))
            lean = answer.stdout
            # Only a reference that the input itself holds may be missing.
            answer = self.run(["restore", "-q", "--keep-missing", "--vault", vault], lean)
            self.expect_success(answer)
            expect_equal("what is restored", answer.stdout, case["input"])

    def check_report(self, case, report, changed):
        lines = [json.loads(line) for line in report.read_bytes().splitlines()]
        cuts = [line for line in lines if line["action"] == "cut"]
        kept = [line for line in lines if line["action"] == "kept"]
        if bool(cuts) != changed:
            raise Mismatch(f"{len(cuts)} cuts are reported")
        if "cuts" in case:
            expect_equal("the number of cuts", len(cuts), len(case["cuts"]))
            for index, (is_, wanted) in enumerate(zip(cuts, case["cuts"])):
                # The program tells the line of NDJSON only.
                members = {key: is_.get(key) for key in wanted
                           if key != "line" or case["options"].get("format") == "ndjson"}
                expect_equal(f"cut {index}", members, {key: wanted[key] for key in members})
        if "kept" in case:
            expect_equal("what is kept",
                         [{key: line[key] for key in vector_file.KEPT_KEYS} for line in kept],
                         case["kept"])

    def restore(self, case):
        with tempfile.TemporaryDirectory(dir=self.directory) as vault:
            root = pathlib.Path(vault)
            (root / "jobqueue-vault").write_text("jobqueue-vault 1\n", encoding="ascii")
            for blob in case["objects"]:
                digest = hashlib.sha256(blob).hexdigest()
                place = root / "sha256" / digest[:2] / digest
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(blob)
            answer = self.run(["restore", "--json", "--vault", vault,
                               *restore_arguments(case["options"])], case["input"])
        expect = case["expect"]
        if "error" in expect:
            self.expect_error(answer, expect["error"])
            return
        self.expect_success(answer)
        expect_equal("the output", answer.stdout, expect.get("output", case["input"]))
        summary = json.loads(answer.stderr)
        for key in ("restored", "missing"):
            if key in case:
                expect_equal(key, summary[key], case[key])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("files", nargs="+", metavar="FILE")
    arguments = parser.parse_args()

    failures = 0
    target = os.environ.get("JOBQUEUE_SIMD") or "the best target"
    with tempfile.TemporaryDirectory(prefix="jobqueue-vectors-") as directory:
        runner = Runner(arguments.program, pathlib.Path(directory), arguments.quick)
        lacks = runner.lacks_target()
        if lacks:
            print(f"NOT RUN on {target}: {lacks}")
            return 0
        for path in arguments.files:
            kind, cases = vector_file.load(path)
            run = runner.sanitize if kind == "sanitize" else runner.restore
            for case in cases:
                try:
                    run(case)
                except (Mismatch, subprocess.TimeoutExpired) as problem:
                    failures += 1
                    print(f"FAILED {case['name']}: {problem}")
            print(f"{len(cases)} vectors of {os.path.basename(path)} on {target}, "
                  f"{failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
