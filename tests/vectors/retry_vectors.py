"""Replays retry.json through the program (--program FILE) or the Python package (--package).

The program has no attempts and no names of files, so it gets the vectors of one kind only. The
package gets those whose names are all different as objects, too.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
from datetime import datetime

from vector_run import read_file, run_cases


def error_of(words):
    place = re.search(r" at byte (\d+)$", words)
    offset = {"offset": int(place[1])} if place else {}
    return {"error": "invalid_json" if place else "invalid_argument", **offset}


def through_program(program, file, one):
    with tempfile.TemporaryDirectory() as folder:
        result = pathlib.Path(folder) / "result.json"
        result.write_bytes(one["result"].encode())
        done = subprocess.run([program, "retry-data", "-", result, "--attempt",
                               str(one["attempt"]), "--at", file["at"]],
                              input=one["original"].encode(), capture_output=True, check=False)
    if done.returncode == 0:
        assert not done.stderr, done
        return {"output": done.stdout.decode()}
    answer = error_of(done.stderr.decode().strip())
    assert done.returncode == (2 if answer["error"] == "invalid_argument" else 3), done
    assert not done.stdout, done
    return answer


def preserve_object(jobqueue, file, one, expect):
    """The same with values in memory; 1e0 is 1.0 there, and of equal names there is one."""
    text = one["original"].removeprefix("\ufeff")
    names = []
    original = json.loads(text, object_pairs_hook=lambda pairs: (
        names.append(len(pairs) == len(dict(pairs))), dict(pairs))[1])
    if not all(names) or not isinstance(original, dict):
        return
    before = json.dumps(original)
    made = jobqueue.preserve_job_data(original, json.loads(one["result"].removeprefix("\ufeff")),
                                      attempt=one["attempt"],
                                      at=datetime.fromisoformat(file["at"]))
    wanted = json.loads(expect["output"].removeprefix("\ufeff"))
    assert made == wanted and list(made) == list(wanted), (made, wanted)
    assert json.dumps(original) == before


def through_package(_, file, one):
    import jobqueue
    at = datetime.fromisoformat(file["at"])
    answers = []
    for kind in (str, str.encode):
        try:
            if one["do"] == "preserve":
                made = jobqueue.preserve_job_data(kind(one["original"]), kind(one["result"]),
                                                  attempt=one["attempt"], at=at)
                answers.append({"output": made if kind is str else made.decode()})
            elif one["do"] == "attempt":
                answers.append({"attempt": jobqueue.retry_attempt(kind(one["job"]))})
            else:
                answers.append({"filename": jobqueue.retry_asset_filename(one["filename"],
                                                                          one["attempt"])})
        except jobqueue.JobqueueError as problem:
            answer = {"error": problem.code.lower()}
            answers.append(answer if problem.offset is None
                           else {**answer, "offset": problem.offset})
    assert answers[0] == answers[1], answers
    if "output" in answers[0]:
        preserve_object(jobqueue, file, one, answers[0])
    elif "attempt" in answers[0]:
        assert jobqueue.retry_attempt(json.loads(one["job"])) == answers[0]["attempt"]
    return answers[0]


def main():
    file = read_file()
    is_package = sys.argv[1] == "--package"
    through = through_package if is_package else through_program
    cases = [one for one in file["cases"] if is_package or one["do"] == "preserve"]
    return run_cases(cases, lambda one: through(sys.argv[2], file, one),
                     least=61 if is_package else 26)


if __name__ == "__main__":
    sys.exit(main())
