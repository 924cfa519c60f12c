"""Replays rules.json through the program (--program FILE) or the Python package (--package).

The program gets all records in one run, so that their order counts, too.
"""

import json
import pathlib
import subprocess
import sys
from datetime import datetime


def expected(expect):
    """The members of a verdict that a vector speaks of."""
    if "error" in expect:
        return {"status_category": "incomplete", "problem_type": "evaluation_error",
                "resolution_needed": None, "error": expect["error"]}
    return {"status_category": None, "problem_type": None, "resolution_needed": None, **expect}


def as_seen(verdict, wanted):
    seen = {name: verdict.get(name, "absent") for name in wanted if name != "error"}
    if "error" in wanted:
        details = verdict["problem_details"]
        seen["error"] = {"code": details["code"], "offset": details["offset"]}
    return seen


def through_program(program, file):
    done = subprocess.run([program, "evaluate", "--now", file["now"]], check=False, text=True,
                          input="\n".join(one["record"] for one in file["cases"]),
                          capture_output=True)
    bad = sum("error" in one["expect"] for one in file["cases"])
    assert done.returncode == 3 and done.stderr.startswith(f"jobqueue: {bad} lines"), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def through_package(file):
    import jobqueue
    now = datetime.fromisoformat(file["now"])
    rules = jobqueue.Ruleset.standard()
    records = [one["record"] for one in file["cases"]]
    verdicts = rules.evaluate_many(records, now=now)
    for record, verdict in zip(records, verdicts, strict=True):
        if verdict["problem_type"] == "evaluation_error":
            try:
                rules.evaluate(record, now=now)
            except jobqueue.InvalidJsonError as problem:
                assert problem.offset == verdict["problem_details"]["offset"]
                continue
            raise AssertionError(record)
        assert rules.evaluate(record, now=now) == verdict
        assert rules.evaluate(json.loads(record), now=now) == verdict
    return verdicts


def main():
    file = json.loads(pathlib.Path(sys.argv[-1]).read_text(encoding="utf-8"))
    verdicts = (through_package(file) if sys.argv[1] == "--package"
                else through_program(sys.argv[2], file))
    failed = 0
    for one, verdict in zip(file["cases"], verdicts, strict=True):
        wanted = expected(one["expect"])
        if as_seen(verdict, wanted) != wanted:
            failed += 1
            print(f"{one['name']}: {verdict}", file=sys.stderr)
    print(f"{len(verdicts)} vectors, {failed} failed")
    return 1 if failed or len(verdicts) <= 30 else 0


if __name__ == "__main__":
    sys.exit(main())
