#!/usr/bin/python3
"""Compares what a library of the C ABI exports with what is checked in, or writes it anew.

    baseline.py symbols LIBRARY   the names against symbols.txt
    baseline.py types LIBRARY     the types of the functions against jobqueue-N.abi, by abidiff
    baseline.py refresh LIBRARY   writes both; tests/abi/refresh builds the library and calls this

Of libjobqueue_net.so the files are symbols_net.txt and jobqueue_net-N.abi.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
HEADERS = HERE.parent.parent / "include" / "jobqueue"

REFRESH = """
If this is what you want, run tests/abi/refresh and commit what it writes in the commit that changes
the ABI, which must say so. A new function, or a new member at the end of a struct that begins with
struct_size, is allowed at any time. Anything else is allowed until 1.0.0; from then on it needs a
new JOBQUEUE_ABI_VERSION. docs/abi.md has the rules."""

# What abidiff returns, as bits.
FAILED = 1 | 2
INCOMPATIBLE = 8


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def abi_version():
    text = (HEADERS / "jobqueue.h").read_text(encoding="utf-8")
    return re.search(r"^#define JOBQUEUE_ABI_VERSION (\d+)u$", text, re.MULTILINE)[1]


def stem_of(library):
    """jobqueue or jobqueue_net."""
    return pathlib.Path(library).name.removeprefix("lib").partition(".")[0]


def types_file(library):
    return HERE / f"{stem_of(library)}-{abi_version()}.abi"


def symbols_file(library):
    return HERE / f"{stem_of(library).replace('jobqueue', 'symbols')}.txt"


def exported(library):
    """The sorted names of the functions, and sentences about whatever else is exported."""
    node = f"{stem_of(library).upper()}_{abi_version()}"
    names, problems = [], []
    for line in run("nm", "--dynamic", "--defined-only", "--format=posix", library).splitlines():
        symbol, kind = line.split()[:2]
        name, _, version = symbol.partition("@@")
        if (symbol, kind) == (node, "A"):  # the version itself
            continue
        if kind == "T" and version == node:
            names.append(name)
        else:
            problems.append(f"'{symbol}' of kind {kind} is exported; only functions of the version "
                            f"{node} may be")
    return sorted(names), problems


def check_symbols(library):
    names, problems = exported(library)
    file = symbols_file(library)
    expected = file.read_text(encoding="ascii").splitlines()
    problems += [f"'{name}' is not exported any more" for name in expected if name not in names]
    problems += [f"'{name}' is exported, but not in {file.name}" for name in names
                 if name not in expected]
    if expected != sorted(set(expected)):
        problems.append(f"{file.name} is not sorted")
    if problems:
        print(*problems, REFRESH, sep="\n", file=sys.stderr)
        return 1
    print(f"{len(names)} functions are exported, as in {file.name}")
    return 0


def write_types(library, file):
    """What the debug information says of the functions and of the types in the public headers."""
    run("abidw", "--headers-dir", str(HEADERS), "--drop-private-types",
        "--exported-interfaces-only", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs",
        "--no-architecture", "--no-elf-needed", "--no-write-default-sizes",
        "--type-id-style", "hash", "--out-file", str(file), library)
    text = pathlib.Path(file).read_text(encoding="utf-8")
    if "<class-decl name='jobqueue_error' size-in-bits=" not in text:
        sys.exit(f"{library} has no debug information with the public types in it")


def check_types(library):
    baseline = types_file(library)
    if not baseline.is_file():
        print(f"there is no {baseline.name} yet", REFRESH, sep="\n", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as directory:
        now = pathlib.Path(directory) / "now.abi"
        write_types(library, now)
        # Harmless changes, as a lost const, do not harm a linked program, but the next compilation.
        compared = subprocess.run(
            ["abidiff", "--no-show-locs", "--harmless", str(baseline), str(now)],
            capture_output=True, text=True, check=False)
    if compared.returncode == 0:
        print(f"the ABI is that of {baseline.name}")
        return 0
    print(compared.stdout + compared.stderr, file=sys.stderr)
    if compared.returncode & FAILED:
        print(f"abidiff failed with {compared.returncode}", file=sys.stderr)
    else:
        broken = "breaks" if compared.returncode & INCOMPATIBLE else "differs from"
        print(f"The ABI {broken} that of {baseline.name}.", REFRESH, file=sys.stderr)
    return 1


def refresh(library):
    names, problems = exported(library)
    if problems:
        print(*problems, sep="\n", file=sys.stderr)
        return 1
    symbols, types = symbols_file(library), types_file(library)
    symbols.write_text("".join(name + "\n" for name in names), encoding="ascii")
    write_types(library, types)
    print(f"wrote {symbols.name} and {types.name}")
    return 0


def main():
    commands = {"symbols": check_symbols, "types": check_types, "refresh": refresh}
    if len(sys.argv) != 3 or sys.argv[1] not in commands:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    return commands[sys.argv[1]](sys.argv[2])


if __name__ == "__main__":
    sys.exit(main())
