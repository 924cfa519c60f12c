#!/usr/bin/python3
"""Checks the text of the sources: characters, widths, sizes, versions, house style.

    .ci/check_sources.py              checks every file that git tracks or would add
    .ci/check_sources.py --self-test  plants one violation of each rule and proves that it is found
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# Test data is bytes, not text of ours.
DATA = ("examples/data/", "tests/vectors/", "tests/conformance/", "tests/fuzz/corpus/")

CPP = {".h", ".hpp", ".c", ".cc", ".cpp"}
CODE = CPP | {".py", ".pyi", ".sh", ".cmake", ".in", ".ts", ".mts", ".js", ".mjs", ".sql", ".map"}

MAX_WIDTH = 100
# The C ABI is one header, however much it grows.
MAX_LINES = {"CMakeLists.txt": 160, "README.md": 150, "include/jobqueue/jobqueue.h": 1000}
MAX_CODE_LINES = 600

# What a person's home looks like. Tests may hold such paths: protecting them is what is tested.
HOME = re.compile(r"(?<![\w.])(?:/home/\w+|/Users/\w+|/root/\w+|[A-Z]:\\\\?Users\\)")
UNOWNED = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!\(\w[\w .-]*\): \S)")
NOT_DECLARATIONS = re.compile(r"/\*(?:.|\n)*?\*/|//[^\n]*|^[ \t]*#[^\n]*", re.MULTILINE)
DECORATION = re.compile(r"^\s*(?://+|#+|/\*+|\*|--)\s*[-=*#~+_]{4,}\s*(?:\*/)?\s*$")


def is_code(path):
    name = path.rsplit("/", 1)[-1]
    return (pathlib.PurePosixPath(path).suffix in CODE or name == "CMakeLists.txt"
            or path == ".ci/run" or path.startswith("script/"))


class Checker:
    def __init__(self, root, files):
        self.root = root
        self.files = files
        self.problems = []

    def report(self, where, sentence):
        self.problems.append(f"{where}: {sentence}")

    def read(self, path):
        """The text of a file, or None if the tree does not have it."""
        file = self.root / path
        return file.read_text(encoding="utf-8") if file.is_file() else None

    def check_text(self, path, data):
        if b"\r" in data:
            self.report(path, "has a carriage return; lines end in LF")
        if data and not data.endswith(b"\n"):
            self.report(path, "does not end with a newline")
        if data.endswith(b"\n\n"):
            self.report(path, "ends with an empty line")
        text = data.decode("utf-8", errors="replace")
        lines = text.splitlines()
        limit = MAX_LINES.get(path, MAX_CODE_LINES if is_code(path) else None)
        if limit is not None and len(lines) > limit:
            self.report(path, f"has {len(lines)} lines; the limit is {limit}")
        for number, line in enumerate(lines, 1):
            self.check_line(path, f"{path}:{number}", line)

    def check_line(self, path, where, line):
        if line != line.rstrip() and not path.endswith(".md"):
            self.report(where, "has trailing white space")
        for place in self.machine_paths(path):
            if place.search(line):
                self.report(where, "names a path of the machine that it was written on")
        if not is_code(path):
            return
        if not line.isascii():
            self.report(where, "is not ASCII; write an escape")
        if "\t" in line:
            self.report(where, "has a tab")
        if len(line) > MAX_WIDTH:
            self.report(where, f"is {len(line)} columns wide; the limit is {MAX_WIDTH}")
        if UNOWNED.search(line) and path != ".ci/check_sources.py":
            self.report(where, "has a to-do without an owner; write 'TODO(name): why'")
        if DECORATION.match(line):
            self.report(where, "has a decorative separator")

    def machine_paths(self, path):
        """Patterns that the file must not contain: where this checkout lies, and people's homes."""
        patterns = []
        places = {str(self.root), os.path.expanduser("~")}
        if len(self.root.parent.parts) == 2 and self.root.parent.name not in ("tmp", "src", "opt"):
            places.add(str(self.root.parent))
        for place in places - {"/", "/root"}:
            patterns.append(re.compile(r"(?<![\w.~])" + re.escape(place) + r"(?![\w-])"))
        if not path.startswith(("tests/", ".ci/check_sources.py")):
            patterns.append(HOME)
        return patterns

    def check_header(self, path, text):
        if path.endswith(".hpp") and "\n#pragma once\n" not in text:
            self.report(path, "lacks #pragma once")
        if path.startswith("include/") and path.endswith(".h"):
            guard = re.sub(r"\W", "_", path.split("/", 1)[1]).upper()
            guard = guard.replace("JOBQUEUE_JOBQUEUE", "JOBQUEUE") + "_"
            if f"#ifndef {guard}\n#define {guard}\n" not in text:
                self.report(path, f"lacks the include guard {guard}")
            declarations = NOT_DECLARATIONS.sub("", text)
            if "(" in declarations and 'extern "C"' not in declarations:
                self.report(path, 'declares functions without extern "C"')
        if path.startswith("include/") and not text.startswith(("// jobqueue", "/* jobqueue")):
            self.report(path, "must open with a comment: jobqueue - what it is, and an example")

    def check_script(self, path, text):
        if not os.access(self.root / path, os.X_OK):
            self.report(path, "is not executable")
        if text.startswith("#!/usr/bin/env bash\n"):
            if "\nset -euo pipefail\n" not in text:
                self.report(path, "lacks set -euo pipefail")
            if "--help" not in text:
                self.report(path, "lacks --help")
        elif not text.startswith("#!/usr/bin/python3\n"):
            self.report(path, "must begin with #!/usr/bin/env bash or #!/usr/bin/python3")

    def check_versions(self):
        version = (self.read("VERSION") or "").rstrip("\n")
        match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", version)
        if not match:
            self.report("VERSION", "must hold one line major.minor.patch")
            return
        expected = {"MAJOR": match[1], "MINOR": match[2], "PATCH": match[3],
                    "STRING": f'"{version}"'}
        header = self.read("include/jobqueue/version.h") or ""
        for word, value in expected.items():
            if not re.search(rf"^#define JOBQUEUE_VERSION_{word} {value}$", header, re.MULTILINE):
                self.report("include/jobqueue/version.h",
                            f"JOBQUEUE_VERSION_{word} is not {value}, which VERSION says")
        # Each manifest that exists, and the key it keeps the version under.
        for path, key in (("vcpkg.json", "version-semver"),
                          ("bindings/node/package.json", "version")):
            text = self.read(path)
            if text is not None and json.loads(text).get(key) != version:
                self.report(path, f"{key} is not {version}, which VERSION says")
        project = self.read("bindings/python/pyproject.toml")
        stated = re.search(r'^version *= *"(.*)"$', project or "", re.MULTILINE)
        if stated and stated[1] != version:
            self.report("bindings/python/pyproject.toml", f"version is not {version}")
        changes = self.read("CHANGELOG.md")
        if changes is not None and not re.search(
                rf"^## (?:\[?{re.escape(version)}\]?\b|\[?Unreleased\]?)", changes, re.MULTILINE):
            self.report("CHANGELOG.md", f"has no section for {version}, nor 'Unreleased'")

    def check_abi_version(self):
        header = self.read("include/jobqueue/jobqueue.h") or ""
        script = self.read("src/c_api/libjobqueue.map") or ""
        version = re.search(r"^#define JOBQUEUE_ABI_VERSION (\d+)u?$", header, re.MULTILINE)
        if not version:
            self.report("include/jobqueue/jobqueue.h", "does not define JOBQUEUE_ABI_VERSION")
        elif not re.search(rf"^JOBQUEUE_{version[1]} {{$", script, re.MULTILINE):
            self.report("src/c_api/libjobqueue.map",
                        f"has no node JOBQUEUE_{version[1]}, which JOBQUEUE_ABI_VERSION asks for")

    def run(self):
        for path in self.files:
            if path.startswith(DATA):
                continue
            data = (self.root / path).read_bytes()
            if b"\0" in data:
                continue
            self.check_text(path, data)
            text = data.decode("utf-8", errors="replace")
            if pathlib.PurePosixPath(path).suffix in (".h", ".hpp"):
                self.check_header(path, text)
            if path.startswith("script/") or path == ".ci/run" or (
                    path.startswith(".ci/") and path.endswith(".py")):
                self.check_script(path, text)
        self.check_versions()
        self.check_abi_version()


def self_test():
    script = "#!/usr/bin/env bash\nset -euo pipefail\n# --help\n"
    clean = {
        "VERSION": "1.2.3\n",
        "include/jobqueue/version.h":
            "/* jobqueue - v */\n#ifndef JOBQUEUE_VERSION_H_\n#define JOBQUEUE_VERSION_H_\n"
            "#define JOBQUEUE_VERSION_MAJOR 1\n#define JOBQUEUE_VERSION_MINOR 2\n"
            '#define JOBQUEUE_VERSION_PATCH 3\n#define JOBQUEUE_VERSION_STRING "1.2.3"\n#endif\n',
        "include/jobqueue/jobqueue.h":
            "/* jobqueue - c */\n#ifndef JOBQUEUE_H_\n#define JOBQUEUE_H_\n"
            '#define JOBQUEUE_ABI_VERSION 7u\nextern "C" void f(void);\n#endif\n',
        "include/jobqueue/result.hpp": "// jobqueue - r\n#pragma once\n",
        "src/c_api/libjobqueue.map": "JOBQUEUE_7 {\n};\n",
        "vcpkg.json": '{"version-semver": "1.2.3"}\n',
        "CHANGELOG.md": "# Changes\n\n## 1.2.3\n",
        "tests/vectors/a.json": "\t\xe9 \r",
        "src/core/a.cpp": "// TODO(ann): wait for g++ 13\nint a = b - 1;\n",
        "script/test": script,
    }
    home = "/".join(["", "home", "ann", "x"])
    planted = [
        ("src/core/b.cpp", "int a;  // \xe9\n", "is not ASCII"),
        ("src/core/b.cpp", "\tint a;\n", "has a tab"),
        ("src/core/b.cpp", "int a; \n", "trailing white space"),
        ("src/core/b.cpp", "int a;\r\n", "carriage return"),
        ("src/core/b.cpp", "int a;", "does not end with a newline"),
        ("src/core/b.cpp", "int a;\n\n", "ends with an empty line"),
        ("src/core/b.cpp", "// " + "a" * 98 + "\n", "101 columns wide"),
        ("src/core/b.cpp", "int a;\n" * 601, "has 601 lines"),
        ("CMakeLists.txt", "a()\n" * 161, "has 161 lines"),
        ("README.md", "a\n" * 151, "has 151 lines"),
        ("src/core/b.cpp", "// TODO wait\n", "to-do without an owner"),
        ("src/core/b.cpp", "// FIXME: wait\n", "to-do without an owner"),
        ("src/core/b.cpp", "// ----------\n", "decorative separator"),
        ("script/test", script + "#######\n", "decorative separator"),
        ("src/core/b.cpp", f'auto p = "{home}";\n', "path of the machine"),
        ("docs/a.md", f"cd {home}\n", "path of the machine"),
        ("docs/a.md", "cd ROOT/build\n", "path of the machine"),
        ("tests/unit/a.cpp", 'auto p = "ROOT";\n', "path of the machine"),
        ("src/core/b.hpp", "int a;\n", "lacks #pragma once"),
        ("include/jobqueue/a.hpp", "\n#pragma once\n", "must open with a comment"),
        ("include/jobqueue/a_b.h", "/* jobqueue - a */\nint a;\n", "include guard JOBQUEUE_A_B_H_"),
        ("include/jobqueue/jobqueue.h",
         clean["include/jobqueue/jobqueue.h"].replace('extern "C" ', ""), 'without extern "C"'),
        ("script/test", "#!/bin/sh\n", "must begin with"),
        ("script/test", script.replace("set -euo pipefail", "set -e"), "lacks set -euo pipefail"),
        ("script/test", script.replace("--help", "-h"), "lacks --help"),
        ("script/NOT-EXECUTABLE", script, "is not executable"),
        ("VERSION", "1.2\n", "major.minor.patch"),
        ("include/jobqueue/version.h",
         clean["include/jobqueue/version.h"].replace("MINOR 2", "MINOR 3"), "MINOR is not 2"),
        ("vcpkg.json", '{"version-semver": "1.2.4"}\n', "version-semver is not 1.2.3"),
        ("bindings/node/package.json", '{"version": "1.2.4"}\n', "version is not 1.2.3"),
        ("bindings/python/pyproject.toml", 'version = "1.2.4"\n', "version is not 1.2.3"),
        ("CHANGELOG.md", "# Changes\n\n## 1.2.2\n", "no section for 1.2.3"),
        ("src/c_api/libjobqueue.map", "JOBQUEUE_6 {\n};\n", "no node JOBQUEUE_7"),
    ]

    def problems_of(tree):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory).resolve()
            for path, text in tree.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(text.replace("ROOT", str(root)).encode())
                (root / path).chmod(0o644 if "NOT-EXECUTABLE" in path else 0o755)
            checker = Checker(root, sorted(tree))
            checker.run()
            return checker.problems

    failures = [f"clean tree: {problem}" for problem in problems_of(clean)]
    for path, text, expected in planted:
        found = problems_of({**clean, path: text})
        if len(found) != 1 or expected not in found[0] or not found[0].startswith(path):
            failures.append(f"planted in {path}: {text[:60]!r}\n"
                            f"    expected: {expected}\n    got: {found}")
    for failure in failures:
        print(failure, file=sys.stderr)
    if not failures:
        print(f"self-test: all {len(planted)} planted violations were found, and nothing else")
    return 1 if failures else 0


def main():
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        print(f"unknown arguments; see {sys.argv[0]} --help", file=sys.stderr)
        return 2
    root = pathlib.Path(__file__).resolve().parent.parent
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True).stdout.decode().split("\0")
    files = sorted({path for path in listed if path and (root / path).is_file()})
    checker = Checker(root, files)
    checker.run()
    for problem in checker.problems:
        print(problem, file=sys.stderr)
    if checker.problems:
        print(f"{len(checker.problems)} problems in the text of the sources", file=sys.stderr)
        return 1
    print(f"the text of {len(files)} files is as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
