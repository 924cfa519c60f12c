"""How the runners in Python go through the cases of a file of vectors."""

import json
import pathlib
import sys


def read_file():
    """The file that the last argument names."""
    return json.loads(pathlib.Path(sys.argv[-1]).read_text(encoding="utf-8"))


def run_cases(cases, answer_of, least):
    """Compares each answer with what is expected and prints what differs; gives the exit code.

    Fewer cases than `least` are a file that was cut short.
    """
    failed = 0
    for one in cases:
        answer = answer_of(one)
        if answer != one["expect"]:
            failed += 1
            print(f"{one['name']}: {answer}", file=sys.stderr)
    print(f"{len(cases)} vectors, {failed} failed")
    return 1 if failed or len(cases) < least else 0


def run_faces(through_package, through_program, least):
    """The same for a file whose cases are for --package and for --program FILE alike."""
    is_package = sys.argv[1] == "--package"
    return run_cases(read_file()["cases"],
                     through_package if is_package else
                     lambda one: through_program(sys.argv[2], one), least)
