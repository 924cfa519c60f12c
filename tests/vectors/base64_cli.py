"""Replays the vectors of base64 through the program.

    base64_cli.py --program PROGRAM [--quick] FILE...

Each vector is sanitised as a file in place and through a pipe, then into a vault and back out of
it; --quick leaves all but the first out. JOBQUEUE_SIMD forces an instruction set; one that this CPU
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
        self.failures = 0

    def try_case(self, check, case):
        try:
            check(case)
        except (Mismatch, subprocess.TimeoutExpired) as problem:
            self.failures += 1
            print(f"FAILED {case['name']}: {problem}")

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

    def try_group(self, check, cases):
        try:
            check(cases)
        except (Mismatch, subprocess.TimeoutExpired) as problem:
            self.failures += len(cases)
            print(f"FAILED together {[case['name'] for case in cases]}: {problem}")

    def sanitize_all(self, cases):
        """Cases with the same options share a call: files that are replaced in place."""
        groups = {}
        for case in cases:
            groups.setdefault(json.dumps(case["options"], sort_keys=True), []).append(case)
        for group in groups.values():
            refused = [case for case in group if "error" in case["expect"]]
            for case in refused:
                self.try_case(self.refuse, case)
            accepted = [case for case in group if "error" not in case["expect"]]
            if accepted:
                self.try_group(self.sanitize_files, accepted)
                if not self.quick:
                    for case in accepted:
                        self.try_case(self.sanitize_pipe, case)
                    self.try_group(self.sanitize_with_vault, accepted)

    def refuse(self, case):
        source = self.directory / "input"
        target = self.directory / "output"
        source.write_bytes(case["input"])
        answer = self.run(["sanitize", str(source), "-o", str(target), "-q",
                           *sanitize_arguments(case["options"])])
        self.expect_error(answer, case["expect"]["error"])
        if target.exists():
            target.unlink()
            raise Mismatch("there is an output despite the error")

    def sanitize_in_place(self, cases, directory, *arguments):
        """The file of each case, after the program has sanitised them all."""
        files = {case["name"]: pathlib.Path(directory) / case["name"] for case in cases}
        for case in cases:
            files[case["name"]].write_bytes(case["input"])
        answer = self.run(["sanitize", "--in-place", "-q", *arguments,
                           *sanitize_arguments(cases[0]["options"]), "--",
                           *map(str, files.values())])
        self.expect_success(answer)
        return files

    def sanitize_files(self, cases):
        with tempfile.TemporaryDirectory(dir=self.directory) as directory:
            report = self.directory / "report"
            files = self.sanitize_in_place(cases, directory, "--report", str(report),
                                           "--report-kept")
            lines = [json.loads(line) for line in report.read_bytes().splitlines()]
            for case in cases:
                file = files[case["name"]]

                def check(case, file=file):
                    expect_equal("the file", file.read_bytes(),
                                 case["expect"].get("output", case["input"]))
                    self.check_report(case, [line for line in lines if line["file"] == str(file)])
                self.try_case(check, case)

    def sanitize_pipe(self, case):
        answer = self.run(["sanitize", "-q", *sanitize_arguments(case["options"])], case["input"])
        self.expect_success(answer)
        expect_equal("the output through a pipe", answer.stdout,
                     case["expect"].get("output", case["input"]))

    def sanitize_with_vault(self, cases):
        with tempfile.TemporaryDirectory(dir=self.directory) as directory:
            vault = pathlib.Path(directory) / "_vault"
            files = self.sanitize_in_place(cases, directory, "--vault", str(vault))
            lean = {name: file.read_bytes() for name, file in files.items()}
            # All texts at once: restoring is a matter of text, whatever stands around.
            mark = b"\n-- another vector --\n"
            # Only a reference that an input itself holds may be missing.
            answer = self.run(["restore", "-q", "--keep-missing", "--vault", str(vault)],
                              mark.join(lean.values()))
            self.expect_success(answer)
            restored = answer.stdout.split(mark)
            expect_equal("the number of restored texts", len(restored), len(cases))
        for case, text in zip(cases, restored):
            def check(case, text=text):
                if "with_vault" in case:
                    expect_equal("the output with a vault", lean[case["name"]],
                                 case["with_vault"].get("output", case["input"]))
                expect_equal("what is restored", text, case["input"])
            self.try_case(check, case)

    def check_report(self, case, lines):
        cuts = [line for line in lines if line["action"] == "cut"]
        kept = [line for line in lines if line["action"] == "kept"]
        if bool(cuts) != ("output" in case["expect"]):
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

    target = os.environ.get("JOBQUEUE_SIMD") or "the best target"
    with tempfile.TemporaryDirectory(prefix="jobqueue-vectors-") as directory:
        runner = Runner(arguments.program, pathlib.Path(directory), arguments.quick)
        lacks = runner.lacks_target()
        if lacks:
            print(f"NOT RUN on {target}: {lacks}")
            return 0
        for path in arguments.files:
            kind, cases = vector_file.load(path)
            if kind == "sanitize":
                runner.sanitize_all(cases)
            else:
                for case in cases:
                    runner.try_case(runner.restore, case)
            print(f"{len(cases)} vectors of {os.path.basename(path)} on {target}, "
                  f"{runner.failures} failures")
    return 1 if runner.failures else 0


if __name__ == "__main__":
    sys.exit(main())
