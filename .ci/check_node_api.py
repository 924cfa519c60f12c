#!/usr/bin/python3
"""Holds the list of C functions in the declarations of the Node package to the C ABI.

    .ci/check_node_api.py              checks this tree
    .ci/check_node_api.py --self-test  plants one violation of each rule and proves that it is found

Every function that libjobqueue.so or libjobqueue_net.so exports must be named, as exposed or with
the reason why it is not; what it is exposed as must exist.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SYMBOLS = ("tests/abi/symbols.txt", "tests/abi/symbols_net.txt")
DECLARATIONS = "bindings/node/native.d.cts"
PACKAGE = "bindings/node/ts/src/index.ts"
# Of classes that the package passes on.
SOURCES = tuple(f"bindings/node/ts/src/{stem}.ts"
                for stem in ("attestation", "content_type", "probe", "rules", "signature"))

LINE = re.compile(r"^  (jobqueue_\w+): (ExposedAs|NotExposed)<'([^']*)'>;$", re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function|class|const) (\w+)", re.MULTILINE)
EXPORT_LIST = re.compile(r"^export \{([^}]*)\}", re.MULTILINE)


def exports_of(package):
    names = set(EXPORT.findall(package))
    for group in EXPORT_LIST.findall(package):
        names |= {one.split()[-1] for one in group.split(",") if one.strip()}
    return names


def has_member(sources, owner, member):
    """Whether a class of that name has such a member, in TypeScript or in a declaration."""
    body = re.search(rf"^export class {owner}\b[^{{]*\{{(.*?)^\}}", sources,
                     re.MULTILINE | re.DOTALL)
    return body is not None and re.search(
        rf"^  (?:readonly |static |override |async |get )*{member}[(:?<]", body[1], re.MULTILINE)


def problems_of(symbols, declarations, package, others=""):
    """Sentences about what is wrong; the arguments are the texts of the files."""
    exported = exports_of(package)
    sources = "\n".join((declarations, package, others))
    listed = {}
    for name, kind, text in LINE.findall(declarations):
        if name in listed:
            yield f"{name} is listed twice"
        listed[name] = (kind, text)
    functions = set(symbols.split())
    for name in sorted(functions - listed.keys()):
        yield f"{name} is not listed: say what exposes it, or why nothing does"
    for name in sorted(listed.keys() - functions):
        yield f"{name} is listed, but is no function of the C ABI"
    for name, (kind, text) in sorted(listed.items()):
        if kind == "NotExposed":
            if len(text.split()) < 3:
                yield f"{name} is not exposed without a reason"
            continue
        owner, _, member = text.partition(".")
        if owner not in exported:
            yield f"{name} is exposed as {text}, but the package does not export {owner}"
        elif member and not has_member(sources, owner, member):
            yield f"{name} is exposed as {text}, but {owner} has no {member}"


def self_test():
    symbols = "jobqueue_one jobqueue_two"
    declarations = ("  jobqueue_one: ExposedAs<'Thing.make'>;\n"
                    "  jobqueue_two: NotExposed<'nobody needs it'>;\n")
    package = "export class Thing {\n  make(): void {}\n}\n"
    plants = (
        (symbols, declarations, package, None),
        (symbols + " jobqueue_three", declarations, package, "jobqueue_three is not listed"),
        ("jobqueue_one", declarations, package, "jobqueue_two is listed, but"),
        (symbols, declarations + declarations, package, "jobqueue_one is listed twice"),
        (symbols, declarations.replace("nobody needs it", ""), package, "without a reason"),
        (symbols, declarations, package.replace("make", "break"), "Thing has no make"),
        (symbols, declarations, package.replace("export ", ""), "does not export Thing"),
    )
    for symbols_text, declared, packaged, wanted in plants:
        found = list(problems_of(symbols_text, declared, packaged))
        if (wanted is None) != (not found) or (wanted and not any(wanted in one for one in found)):
            print(f"self-test: wanted {wanted!r}, found {found}", file=sys.stderr)
            return 1
    print(f"self-test: {len(plants)} cases")
    return 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) > 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    texts = ["\n".join((ROOT / path).read_text(encoding="utf-8") for path in SYMBOLS)]
    texts += [(ROOT / path).read_text(encoding="utf-8")
              for path in (DECLARATIONS, PACKAGE, *SOURCES)]
    found = list(problems_of(*texts[:3], "\n".join(texts[3:])))
    for one in found:
        print(f"{DECLARATIONS}: {one}", file=sys.stderr)
    if not found:
        print(f"{len(texts[0].split())} functions of the C ABI are accounted for")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
