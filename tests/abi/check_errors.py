#!/usr/bin/python3
"""Holds that docs/errors.md, jobqueue.h, result.hpp and the program agree about every error.

    check_errors.py ERRORS    ERRORS is the program built from errors.cpp
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def table_rows(text, first_column):
    """The cells of each row of the table whose head begins with `first_column`, without marks."""
    table = re.search(rf"^\| {re.escape(first_column)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text,
                      re.MULTILINE)
    if not table:
        sys.exit(f"docs/errors.md has no table that begins with the column '{first_column}'")
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")]
            for row in table[1].splitlines()]


def python_name(word):
    name = "".join(part.capitalize() for part in word.split("_"))
    return name if name.endswith("Error") else name + "Error"


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    document = read("docs/errors.md")
    printed = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout
    errors = [line.split() for line in printed.splitlines()]

    body = re.search(r"enum class errc [^{]*\{(.*?)\};", read("include/jobqueue/result.hpp"),
                     re.DOTALL)[1]
    in_cpp = re.findall(r"^  (\w+) = (\d+),", body, re.MULTILINE)
    in_c = re.findall(r"^#define (JOBQUEUE_OK|JOBQUEUE_E_\w+) (\d+)$",
                      read("include/jobqueue/jobqueue.h"), re.MULTILINE)

    problems = []

    def same(what, found, expected):
        found, expected = list(found), list(expected)
        for entry in [entry for entry in expected if entry not in found]:
            problems.append(f"{what} lacks {entry}")
        for entry in [entry for entry in found if entry not in expected]:
            problems.append(f"{what} has {entry}, which the code does not")
        if not problems and found != expected:
            problems.append(f"{what} is not in the order of the numbers")

    words = [name.lower() for _, name, _ in errors]
    macros = ["JOBQUEUE_OK" if word == "ok" else f"JOBQUEUE_E_{word.upper()}" for word in words]
    same("result.hpp", in_cpp, [(word, number) for word, (number, _, _) in zip(words, errors)])
    same("jobqueue.h", in_c, [(macro, number) for macro, (number, _, _) in zip(macros, errors)])
    same("docs/errors.md, 'What they mean',",
         [row[:2] for row in table_rows(document, "word")],
         [[word, exit_code] for word, (_, _, exit_code) in zip(words, errors)])
    same("docs/errors.md, 'What they are called',", table_rows(document, "number"),
         [[number, word, macro, name, "" if word == "ok" else python_name(word)]
          for word, macro, (number, name, _) in zip(words, macros, errors)])

    print(*problems, sep="\n", file=sys.stderr, end="\n" if problems else "")
    print(f"{len(errors)} errors in the code")
    return 1 if problems or not errors else 0


if __name__ == "__main__":
    sys.exit(main())
