#!/usr/bin/python3
"""Holds that the tests of the ABI forget nothing of jobqueue.h and jobqueue_net.h: every member of
every struct and every constant is in layout.c, and every function is in symbols.txt or
symbols_net.txt and called by the program in C.

    check_header.py
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEADERS = [HERE.parent.parent / "include" / "jobqueue" / f"{stem}.h"
           for stem in ("jobqueue", "jobqueue_net")]


def structs(header):
    """(struct, [members]) for each struct of the header."""
    for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", header, re.DOTALL):
        declarations = [text.strip() for text in body.split(";") if text.strip()]
        yield name, [re.search(r"\(\*(\w+)\)|(\w+)(?:\[\d+\])?$", text).group(1, 2)
                     for text in declarations]


def main():
    text = "".join(header.read_text(encoding="ascii") for header in HEADERS)
    header = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    layout = (HERE / "layout.c").read_text(encoding="ascii")
    symbols = "".join(file.read_text(encoding="ascii")
                      for file in HERE.glob("symbols*.txt")).split()
    program = "".join(file.read_text(encoding="ascii") for file in HERE.glob("program/*.c"))
    problems = []

    def want(condition, sentence):
        if not condition:
            problems.append(sentence)

    members = [(name, pointer or plain) for name, found in structs(header)
               for pointer, plain in found]
    for name in {name for name, _ in members}:
        want(f"STRUCT({name}, " in layout, f"layout.c lacks {name}")
    for name, member in members:
        want(f"MEMBER({name}, {member}, " in layout, f"layout.c lacks {name}.{member}")

    constants = re.findall(r"^#define (JOBQUEUE_\w+) (?:\d+u?|UINT\d+_MAX) *$", header,
                           re.MULTILINE)
    for constant in constants:
        want(f"VALUE({constant}, " in layout, f"layout.c lacks {constant}")

    functions = re.findall(r"\b(jobqueue_\w+)\((?!\*)[^;{]*\);", header)
    for function in functions:
        want(function in symbols, f"{function} is declared, but not in symbols.txt")
        want(re.search(rf"\b{function}\(", program), f"the program in C does not call {function}")
    for symbol in symbols:
        want(symbol in functions, f"{symbol} is in symbols.txt, but not declared")
    # If nothing was found, this script does not understand the header any more.
    want(members and constants and functions, "no struct, constant or function was found")

    print(*sorted(problems), sep="\n", file=sys.stderr, end="\n" if problems else "")
    print(f"{len(members)} members, {len(constants)} constants and {len(functions)} functions")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
