"""Replays failure.json through the program (--program FILE) or the Python package (--package)."""

import json
import subprocess
import sys

from vector_run import run_faces


def through_program(program, one):
    words = ["--http", str(one["http_status"])] if "http_status" in one else []
    words += ["--timeout"] if one.get("timeout") else []
    done = subprocess.run([program, "classify", *words], input=one["message"].encode(),
                          capture_output=True, check=True)
    assert not done.stderr, done
    return json.loads(done.stdout)


def through_package(one):
    import jobqueue
    found = [jobqueue.classify_failure(message, http_status=one.get("http_status"),
                                       timeout=one.get("timeout", False))
             for message in (one["message"], one["message"].encode())]
    assert found[0] == found[1], found
    return found[0]._asdict()


if __name__ == "__main__":
    sys.exit(run_faces(through_package, through_program, least=81))
