"""Replays content_type.json through the program (--program FILE) or the package (--package)."""

import base64
import dataclasses
import json
import pathlib
import subprocess
import sys


def head_of(one):
    if "head" in one:
        return one["head"].encode()
    return base64.b64decode(one["head_base64"])


def through_program(program, one):
    words = [f"--{name}={one[name]}" for name in ("url", "header", "configured") if name in one]
    words += [f"--{name}" for name in ("nosniff", "whatwg") if one.get(name)]
    done = subprocess.run([program, "detect", *words], input=head_of(one), capture_output=True,
                          check=True)
    assert not done.stderr, done
    return json.loads(done.stdout)


def through_package(one):
    import jobqueue
    options = {name: one[name] for name in ("url", "header", "configured", "nosniff", "whatwg")
               if name in one}
    found = dataclasses.asdict(jobqueue.detect_content_type(head_of(one), **options))
    return {**found, "evidence": list(found["evidence"])}


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
    return 1 if failed or len(cases) <= 300 else 0


if __name__ == "__main__":
    sys.exit(main())
