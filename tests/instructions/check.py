#!/usr/bin/python3
"""Counts the instructions of each kernel and compares them with the figures that are checked in.

    check.py PROGRAM            fails if a kernel needs 3 % more, or less, than figures.json says
    check.py --update PROGRAM   writes figures.json

Time is too noisy for a test; instructions are not. What became cheaper fails, too, so that the
figures stay true: run it with --update, and say in the commit why they changed. Callgrind counts,
so instructions are those of a processor with AVX2 and no more.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

FIGURES = pathlib.Path(__file__).with_name("figures.json")
TOLERANCE = 0.03


def count(program):
    """Instructions of each kernel by its name."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        subprocess.run(["valgrind", "--quiet", "--tool=callgrind", "--collect-atstart=no",
                        f"--callgrind-out-file={out}", program], check=True)
        counted = {}
        for path in sorted(pathlib.Path(folder).iterdir()):
            text = path.read_text(encoding="utf-8")
            name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
            if name:
                counted[name[1]] = int(re.search(r"^totals: (\d+)", text, re.MULTILINE)[1])
    return counted


def compare(counted, figures):
    """A line for each kernel, and how many are not what they should be."""
    wrong = 0
    for name in sorted(set(counted) | set(figures)):
        if name not in counted or name not in figures:
            print(f"{name:36} {'is not run' if name in figures else 'is not in figures.json'}")
            wrong += 1
            continue
        change = counted[name] / figures[name] - 1
        is_wrong = abs(change) > TOLERANCE
        wrong += is_wrong
        print(f"{name:36} {counted[name]:12,} {change:+8.2%}{'  WRONG' if is_wrong else ''}")
    return wrong


def main():
    arguments = sys.argv[1:]
    update = "--update" in arguments
    if update:
        arguments.remove("--update")
    if len(arguments) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    counted = count(arguments[0])
    if not counted:
        sys.exit("callgrind counted nothing")
    if update:
        FIGURES.write_text(json.dumps(counted, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    wrong = compare(counted, json.loads(FIGURES.read_text(encoding="utf-8")))
    if wrong:
        print(f"{wrong} are not within {TOLERANCE:.0%} of figures.json; if that is meant:\n"
              f"  tests/instructions/check.py --update {arguments[0]}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
