"""Replays failure.json through the program (--program FILE) or the Python package (--package)."""

import json
import pathlib
import subprocess
import sys


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


def main():
    cases = json.loads(pathlib.Path(sys.argv[-1]).read_text(encoding="utf-8"))["cases"]
    failed = 0
    for one in cases:
        answer = (through_package(one) if sys.argv[1] == "--package"
                  else through_program(sys.argv[2], one))
        if answer != one["expect"]:
            failed += 1
            print(f"{one['name']}: {answer}", file=sys.stderr)
    print(f"{len(cases)} vectors, {failed} failed")
    return 1 if failed or len(cases) <= 80 else 0


if __name__ == "__main__":
    sys.exit(main())
