#!/usr/bin/env python3
"""Runs the examples of the documentation and compares what they print.

In Markdown an example is a fenced block whose info string ends with "example" (c, cpp or sh); the
next block, of language text, is what it prints. In a header it is the program in the opening
comment, and what it prints follows "prints" there.

Usage: run_examples.py --source DIR --build DIR --compiler-c CC --compiler-cxx CXX
                       --link-c FLAGS --link-cxx FLAGS FILE...
"""
import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile


def markdown_examples(text):
    blocks = re.findall(r"^```([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for index, (info, body) in enumerate(blocks):
        words = info.split()
        if len(words) != 2 or words[1] != "example":
            continue
        if index + 1 == len(blocks) or blocks[index + 1][0] != "text":
            raise ValueError(f"no block of text says what this example prints:\n{body}")
        yield words[0], body, blocks[index + 1][1]


def header_example(path, text):
    """The program and the expected output in the opening comment."""
    comment = []
    for line in text.splitlines():
        stripped = re.sub(r"^(//|/\*| \*/?) ?", "", line)
        if line and not line.startswith(("//", "/*", " *")):
            break
        comment.append(stripped)
    words = "\n".join(comment)
    program = re.search(r"^  #include.*?^  }$", words, re.MULTILINE | re.DOTALL)
    printed = re.search(r'^prints (?:"(.*?)"\.?(?:\s|$)|(\{.*\})\.$)', words[program.end():],
                        re.MULTILINE | re.DOTALL) if program else None
    if not printed:
        raise ValueError(f"{path} has no example, or does not say what it prints")
    body = "\n".join(line[2:] for line in program.group(0).splitlines()) + "\n"
    language = "c" if path.suffix == ".h" else "cpp"
    return language, body, (printed.group(1) or printed.group(2)) + "\n"


def run(language, body, arguments, folder):
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    environment["PATH"] = f"{arguments.build}/bin:{environment['PATH']}"
    if language == "sh":
        command = ["bash", "-euc", body]
    else:
        source = folder / f"example.{language}"
        source.write_text(body)
        compiler, standard, link = ((arguments.compiler_c, "-std=c99", arguments.link_c)
                                    if language == "c" else
                                    (arguments.compiler_cxx, "-std=c++20", arguments.link_cxx))
        subprocess.run([compiler, standard, "-Wall", "-Wextra", "-Werror",
                        f"-I{arguments.source}/include", str(source), "-o", str(folder / "example"),
                        *shlex.split(link)], check=True)
        command = [str(folder / "example")]
    return subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE,
                          check=True, timeout=60).stdout.decode()


def main():
    parser = argparse.ArgumentParser()
    for option in ("source", "build", "compiler-c", "compiler-cxx", "link-c", "link-cxx"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("file", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()

    count = failed = 0
    for path in arguments.file:
        text = path.read_text()
        examples = (list(markdown_examples(text)) if path.suffix == ".md"
                    else [header_example(path, text)])
        with tempfile.TemporaryDirectory() as folder:  # the examples of one file go on in one place
            for language, body, expected in examples:
                count += 1
                printed = run(language, body, arguments, pathlib.Path(folder))
                if printed.rstrip("\n") != expected.rstrip("\n"):
                    failed += 1
                    print(f"{path}: this example\n{body}printed\n{printed}instead of\n{expected}")
    print(f"{count} examples run, {failed} failed")
    return 1 if failed or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
