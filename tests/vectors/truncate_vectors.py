"""Replays truncate.json through the program (--program FILE) or the Python package (--package)."""

import json
import pathlib
import subprocess
import sys
import tempfile

import vector_file

EXIT_CODES = {"INVALID_ARGUMENT": 2, "BUDGET_TOO_SMALL": 3, "INVALID_JSON": 3, "INVALID_UTF8": 3}


def through_program(program, data, one):
    """What the program answers; of an error it tells the exit code."""
    given = one["options"]
    words = ["--max-bytes", str(given["max_bytes"])]
    for pointer in given.get("pinned", ()):
        words += ["--pin", pointer]
    for name in ("array_head", "array_tail", "marker", "format"):
        if name in given:
            words += [f"--{name.replace('_', '-')}", str(given[name])]
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report")
        done = subprocess.run([program, "truncate", *words, "--report", report],
                              input=data, capture_output=True, check=False)
        if done.returncode:
            assert not done.stdout and done.stderr and not report.exists(), done
            return {"error": done.returncode}, []
        cuts = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    return {"output": done.stdout}, cuts


def through_package(data, one):
    """What the package answers."""
    import jobqueue
    try:
        report = jobqueue.truncate_payload_report(data, **one["options"])
    except jobqueue.JobqueueError as problem:
        answer = {"code": problem.code}
        if problem.offset is not None:
            answer["offset"] = problem.offset
        return {"error": answer}, []
    plain = jobqueue.truncate_payload(data, **one["options"])
    assert plain == report.value
    assert report.changed or plain is data
    cuts = [{"reason": cut.reason, "pointer": cut.pointer, "bytes_before": cut.bytes_before,
             "bytes_after": cut.bytes_after} for cut in report.cuts]
    return {"output": plain}, cuts


def main():
    kind, cases = vector_file.load(sys.argv[-1])
    assert kind == "truncate"
    failed = 0
    for one in cases:
        wanted = dict(one["expect"])
        if "unchanged" in wanted:
            wanted = {"output": one["input"]}
        if sys.argv[1] == "--package":
            answers = [through_package(one["input"], one)]
        else:
            answers = [through_program(sys.argv[2], one["input"], one)]
            if "error" in wanted:
                wanted = {"error": EXIT_CODES[wanted["error"]["code"]]}
        if "output" in wanted:
            again = (through_package if sys.argv[1] == "--package" else
                     lambda data, case: through_program(sys.argv[2], data, case))
            answers.append((again(wanted["output"], one)[0], one.get("cuts", [])))
        for answer, cuts in answers:
            if answer != wanted or ("cuts" in one and cuts != one["cuts"]):
                failed += 1
                print(f"{one['name']}: {answer} {cuts}", file=sys.stderr)
    print(f"{len(cases)} vectors, {failed} failed")
    return 1 if failed or len(cases) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
