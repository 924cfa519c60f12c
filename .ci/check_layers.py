#!/usr/bin/python3
"""Reads the #include lines and fails on an edge that the architecture does not have.

    .ci/check_layers.py              checks this tree
    .ci/check_layers.py --self-test  plants one violation of each rule and proves that it is found

A layer may include itself and what ARROWS names. CONTRIBUTING.md says what the layers are.
"""

import pathlib
import re
import sys
import tempfile

# Layer -> layers whose headers it may include, besides its own.
ARROWS = {
    "core": set(),
    "vault": {"core"},
    "net": {"core"},
    "c_api": {"core", "vault"},
    "c_api_net": {"core", "net", "c_api"},
    "store": {"core", "vault"},
    "service": {"core", "vault", "net", "store"},
    "cli": {"core", "vault", "net", "c_api", "c_api_net", "store", "service"},
    "bindings": {"c_api", "c_api_net"},
}

# The only headers of ours that a binding may include.
BINDING_HEADERS = {"include/jobqueue/jobqueue.h", "include/jobqueue/jobqueue_net.h"}

# Third-party headers -> layers whose sources may include them.
THIRD_PARTY = {
    r"boost/": {"net", "store", "service"},
    r"sqlite3\.h$|libpq-fe\.h$|pqxx/|postgresql/": {"store"},
    r"hiredis/": {"store"},
    r"CLI/": {"cli"},
    r"spdlog/|fmt/": {"service", "cli"},
    r"prometheus/": {"service"},
    r"hwy/|simdjson\.h$|re2/": {"core"},
    r"openssl/": {"core", "vault", "net", "store", "service", "bindings"},
    r"nlohmann/": set(ARROWS) - {"bindings"},
    r"pybind11/|Python\.h$|napi\.h$|node_api\.h$|uv\.h$": {"bindings"},
    r"gtest/|gmock/|benchmark/": set(),
}

# The core has no I/O, no clock, no threads and no environment.
CORE_HEADERS = re.compile(
    r"(filesystem|fstream|iostream|thread|future|mutex|shared_mutex|condition_variable|semaphore"
    r"|latch|barrier|stop_token|random|ctime|time\.h|unistd\.h|fcntl\.h|dirent\.h|sys/.*)$")
CORE_CALLS = re.compile(
    r"\b(?:\w+_clock\s*::\s*now|clock_gettime|gettimeofday|getenv|fopen|std::time)\s*\(")
# Below the services, time is a parameter; a steady clock for a time-out is not a time of day.
WALL_CLOCK = re.compile(r"\b(?:system_clock|utc_clock)\s*::\s*now\s*\(")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")', re.MULTILINE)
COMMENT_OR_LITERAL = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'""",
    re.DOTALL)
SUFFIXES = {".h", ".hpp", ".c", ".cc", ".cpp", ".mm"}


def layer_of(path):
    """The layer that a file belongs to, or None for a file outside of the layers (tests, ...)."""
    parts = pathlib.PurePosixPath(path).parts
    if parts[0] == "bindings":
        return "bindings"
    if parts[0] == "src" and len(parts) > 2:
        if parts[1] == "c_api" and parts[-1].startswith("net"):
            return "c_api_net"
        return parts[1] if parts[1] in ARROWS else None
    if parts[:2] != ("include", "jobqueue"):
        return None
    if len(parts) > 3 and parts[2] in ARROWS:
        return parts[2]
    names = {"jobqueue.h": "c_api", "jobqueue_net.h": "c_api_net", "vault.hpp": "vault",
             "jobqueue.hpp": "vault"}  # the umbrella: the core headers and the vault
    return names.get(parts[-1], "core")



class Checker:
    def __init__(self, root):
        self.root = root
        self.problems = []
        self.edges = 0

    def resolve(self, path, name, quoted):
        """The file in this tree that an #include means, as a path from the root, or None."""
        bases = [self.root / "include", self.root / "src", self.root / "tests"]
        if quoted:
            bases.insert(0, (self.root / path).parent)
        for base in bases:
            candidate = (base / name).resolve()
            if candidate.is_file() and candidate.is_relative_to(self.root):
                return candidate.relative_to(self.root).as_posix()
        return None

    def check_file(self, path):
        text = (self.root / path).read_text(encoding="utf-8", errors="replace")
        layer = layer_of(path)
        public = path.startswith("include/")

        def report(position, sentence):
            line = text.count("\n", 0, position) + 1
            self.problems.append(f"{path}:{line}: {sentence}")

        # A comment may show an #include, as the examples at the top of the headers do.
        code = without(text, comments_only=True)
        for match in INCLUDE.finditer(code):
            self.edges += 1
            name = match.group(1) or match.group(2)
            target = self.resolve(path, name, match.group(2) is not None)
            if target is None and (match.group(2) or name.startswith("jobqueue/")):
                report(match.start(), f"{name} is not a file of this tree")
            elif target is not None:
                self.check_ours(layer, public, target, lambda s: report(match.start(), s))
            else:
                self.check_foreign(path, layer, public, name, lambda s: report(match.start(), s))

        calls = without(text)
        if layer == "core":
            for match in CORE_CALLS.finditer(calls):
                report(match.start(), f"core has no I/O, clock or environment: {match.group()})")
        elif layer is not None and layer not in ("service", "cli"):
            for match in WALL_CLOCK.finditer(calls):
                report(match.start(), f"time is a parameter below service: {match.group()})")

    def check_ours(self, layer, public, target, report):
        if public and not target.startswith("include/"):
            report(f"a public header must not include the private {target}")
        if layer is None:
            return
        if layer == "bindings":
            if not target.startswith("bindings/") and target not in BINDING_HEADERS:
                report(f"bindings may include only the C headers, not {target}")
            return
        other = layer_of(target)
        if other is None:
            report(f"{layer} must not include {target}, which is in no layer")
        elif other != layer and other not in ARROWS[layer]:
            report(f"{layer} must not include {target} of layer {other}")

    def check_foreign(self, path, layer, public, name, report):
        if layer is None:
            return
        if layer == "core" and CORE_HEADERS.match(name):
            report(f"core has no I/O, clock or threads: <{name}>")
        for pattern, layers in THIRD_PARTY.items():
            if not re.match(pattern, name):
                continue
            if layer not in layers:
                report(f"{layer} must not include <{name}>")
            elif public:
                report(f"a public header must not need <{name}>")
            elif name.startswith("nlohmann/") and not path.endswith(".cpp"):
                report(f"<{name}> belongs in .cpp files")

    def run(self):
        files = sorted(
            path.relative_to(self.root).as_posix()
            for top in ("include", "src", "bindings", "tests", "benchmarks", "examples")
            for path in (self.root / top).rglob("*")
            if path.suffix in SUFFIXES and path.is_file() and "node_modules" not in path.parts)
        for path in files:
            self.check_file(path)
        return files


def without(text, comments_only=False):
    """The text with spaces in place of comments and literals, so that positions stay right."""
    def blank(match):
        found = match.group()
        return found if comments_only and found[0] != "/" else re.sub(r"[^\n]", " ", found)
    return COMMENT_OR_LITERAL.sub(blank, text)


def self_test():
    clean = {
        "include/jobqueue/jobqueue.h": "#include <stdint.h>\n",
        "include/jobqueue/result.hpp": "#include <string>\n",
        "include/jobqueue/vault.hpp": "#include <jobqueue/result.hpp>\n",
        "include/jobqueue/jobqueue.hpp": "#include <jobqueue/vault.hpp>\n",
        "include/jobqueue/net/client.hpp": "#include <jobqueue/result.hpp>\n",
        "include/jobqueue/store/sqlite.hpp": "#include <jobqueue/vault.hpp>\n",
        "include/jobqueue/service/resolver.hpp": "#include <jobqueue/store/sqlite.hpp>\n",
        "src/core/scan.hpp": "#include <jobqueue/result.hpp>\n",
        "src/core/scan.cpp": '// #include <thread>\n#include "core/scan.hpp"\n#include "scan.hpp"\n'
                             "#include <nlohmann/json.hpp>\n#include <hwy/highway.h>\n"
                             'const char* text = "getenv()";\n',
        "src/vault/directory.cpp": "#include <jobqueue/vault.hpp>\n#include <filesystem>\n",
        "src/c_api/base64.cpp": "#include <jobqueue/jobqueue.h>\n#include <jobqueue/vault.hpp>\n",
        "src/service/resolver.cpp": "auto t = std::chrono::system_clock::now();\n",
        "src/cli/main.cpp": "#include <CLI/CLI.hpp>\n#include <jobqueue/service/resolver.hpp>\n",
        "bindings/python/native.cpp": "#include <jobqueue/jobqueue.h>\n#include <pybind11/x.h>\n",
        "tests/unit/scan.cpp": '#include <gtest/gtest.h>\n#include "core/scan.hpp"\n',
    }
    planted = [
        ("src/core/a.cpp", "#include <jobqueue/vault.hpp>", "vault.hpp of layer vault"),
        ("src/core/a.cpp", "#include <jobqueue/jobqueue.hpp>", "of layer vault"),
        ("src/vault/a.cpp", "#include <jobqueue/store/sqlite.hpp>", "of layer store"),
        ("src/net/a.cpp", "#include <jobqueue/vault.hpp>", "of layer vault"),
        ("src/c_api/a.cpp", "#include <jobqueue/net/client.hpp>", "of layer net"),
        ("src/store/a.cpp", "#include <jobqueue/net/client.hpp>", "of layer net"),
        ("src/service/a.cpp", "#include <jobqueue/jobqueue.h>", "of layer c_api"),
        ("bindings/node/a.cpp", "#include <jobqueue/vault.hpp>", "only the C headers"),
        ("bindings/node/a.cpp", '#include "core/scan.hpp"', "only the C headers"),
        ("include/jobqueue/a.hpp", '#include "core/scan.hpp"', "must not include the private"),
        ("include/jobqueue/a.hpp", "#include <openssl/evp.h>", "a public header must not need"),
        ("include/jobqueue/a.hpp", "#include <nlohmann/json.hpp>", "a public header must not need"),
        ("src/core/a.hpp", "#include <nlohmann/json.hpp>", "belongs in .cpp files"),
        ("src/core/a.cpp", "#include <boost/asio.hpp>", "core must not include <boost/"),
        ("src/core/a.cpp", "# include <sqlite3.h>", "core must not include <sqlite3.h>"),
        ("src/vault/a.cpp", "#include <CLI/CLI.hpp>", "vault must not include <CLI/"),
        ("src/cli/a.cpp", "#include <hiredis/hiredis.h>", "cli must not include <hiredis/"),
        ("src/service/a.cpp", "#include <gtest/gtest.h>", "service must not include <gtest/"),
        ("src/core/a.cpp", "#include <fstream>", "core has no I/O"),
        ("src/core/a.cpp", "#include <filesystem>", "core has no I/O"),
        ("include/jobqueue/a.hpp", "#include <thread>", "core has no I/O"),
        ("src/core/a.cpp", "auto t = std::chrono::steady_clock::now();", "core has no I/O"),
        ("src/core/a.cpp", 'auto e = std::getenv("A");', "core has no I/O"),
        ("src/vault/a.cpp", "auto t = std::chrono::system_clock::now();", "time is a parameter"),
        ("src/core/a.cpp", '#include "core/nowhere.hpp"', "not a file of this tree"),
        ("src/core/a.cpp", '#include "../../tests/unit/scan.cpp"', "which is in no layer"),
    ]

    def problems_of(tree):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory).resolve()
            for path, text in tree.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            checker = Checker(root)
            checker.run()
            return checker.problems

    failures = [f"clean tree: {problem}" for problem in problems_of(clean)]
    for path, text, expected in planted:
        found = problems_of({**clean, path: f"// \"a comment\nauto s = \"/*\";\n{text}\n"})
        if len(found) != 1 or expected not in found[0] or not found[0].startswith(f"{path}:3: "):
            failures.append(f"planted in {path}: {text}\n"
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
    checker = Checker(pathlib.Path(__file__).resolve().parent.parent)
    files = checker.run()
    if not files:
        print("no sources found: is this the right tree?", file=sys.stderr)
        return 2
    for problem in checker.problems:
        print(problem, file=sys.stderr)
    if checker.problems:
        print(f"{len(checker.problems)} forbidden edges; CONTRIBUTING.md has the layers",
              file=sys.stderr)
        return 1
    print(f"{checker.edges} #include lines in {len(files)} files keep to the layers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
