"""Replays content_type.json through the program (--program FILE) or the package (--package)."""

import base64
import dataclasses
import json
import subprocess
import sys

from vector_run import run_faces


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


if __name__ == "__main__":
    sys.exit(run_faces(through_package, through_program, least=301))
