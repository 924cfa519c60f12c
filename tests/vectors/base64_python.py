"""Replays the vectors through the Python package: as bytes, as str, as objects and as streams.

    base64_python.py FILE...

Objects are for inputs that are one valid JSON document: what json.loads makes of the expected
output must be what sanitizing the object gives. README.md has the grammar.
"""

import hashlib
import json
import os
import sys

import jobqueue
import vector_file


class Mismatch(Exception):
    """The package does not do what the vector says."""


class MemoryVault:
    """What a service of its own would bring."""

    def __init__(self, objects=()):
        self.objects = {hashlib.sha256(one).digest(): one for one in objects}

    def put(self, digest, blob):
        if hashlib.sha256(blob).digest() != digest:
            raise Mismatch("the vault is given a blob under another digest")
        self.objects[digest] = blob

    def get(self, digest, size):
        return self.objects.get(digest)


def expect(what, is_, wanted):
    if is_ != wanted:
        raise Mismatch(f"{what}: {str(is_)[:300]} instead of {str(wanted)[:300]}")


def keywords(options):
    """The options of a vector as arguments."""
    arguments = {key: value for key, value in options.items() if key != "naive"}
    if options.get("naive"):
        arguments["detection"] = "naive"
    return arguments


def as_text(data):
    """The str that means these bytes, or None."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def as_object(data):
    """The one container that is all of this JSON, or None. Equal keys become one, so not those."""
    def unique(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("equal keys")
        return dict(pairs)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (dict, list)) else None


def check_outcome(what, call, given, outcome, to_output=lambda data: data):
    """`call(given)` must end as the vector says. Returns what it gave, or None after an error."""
    if "error" in outcome:
        try:
            call(given)
        except jobqueue.JobqueueError as problem:
            expect(f"{what}: the code", problem.code, outcome["error"]["code"])
            wanted = outcome["error"].get("offset")
            if isinstance(given, str) and wanted is not None:
                wanted = len(given.encode()[:wanted].decode("utf-8", "ignore"))
            expect(f"{what}: the offset", problem.offset, wanted)
            return None
        raise Mismatch(f"{what}: there is no error")
    answer = call(given)
    if "output" in outcome:
        expect(what, answer, to_output(outcome["output"]))
    elif answer is not given:
        raise Mismatch(f"{what}: another object although nothing was cut")
    return answer


def check_report(case, data, options):
    report = jobqueue.sanitize_base64_report(data, **options)
    expect("changed", report.changed, "output" in case["expect"])
    if "cuts" in case:
        expect("the number of cuts", len(report.cuts), len(case["cuts"]))
        for index, (cut, wanted) in enumerate(zip(report.cuts, case["cuts"])):
            names = {key: "blob_class" if key == "class" else key for key in wanted}
            expect(f"cut {index}", {key: getattr(cut, name) for key, name in names.items()}, wanted)
    if "kept" in case:
        expect("what is kept",
               [{key: getattr(one, key) for key in vector_file.KEPT_KEYS} for one in report.kept],
               case["kept"])


def stream(data, options):
    """In pieces of three sizes, of which the first is the worst."""
    outputs = set()
    for size in (1, 7, 4096) if len(data) < 20000 else (997, 4096):
        sanitizer = jobqueue.Base64Sanitizer(**options)
        pieces = [sanitizer.update(data[at:at + size]) for at in range(0, len(data), size)]
        outputs.add(b"".join(pieces) + sanitizer.finish())
    if len(outputs) != 1:
        raise Mismatch("the output depends on where the input is divided")
    return outputs.pop()


def sanitize(case):
    data, options, outcome = case["input"], keywords(case["options"]), case["expect"]

    def call(value):
        return jobqueue.sanitize_base64(value, **options)

    lean = check_outcome("bytes", call, data, outcome)
    text = as_text(data)
    if text is not None:
        check_outcome("str", call, text, outcome, bytes.decode)
    if lean is None:
        return
    check_report(case, data, options)
    expect("the output again", call(lean), lean)
    if options.get("format", "auto") in ("auto", "text"):
        expect("the stream", stream(data, options), lean)

    vault = MemoryVault()

    def call_with_vault(value):
        return jobqueue.sanitize_base64(value, vault=vault, **options)

    if "with_vault" in case:
        referring = check_outcome("with a vault", call_with_vault, data, case["with_vault"])
    else:
        referring = call_with_vault(data)
    expect("what is restored",
           jobqueue.restore_base64(referring, vault=vault, keep_missing=True), data)

    # A regex over text sees escapes where an object has characters, and digits of numbers.
    if options.get("detection") == "naive":
        return
    value = as_object(data) if options.pop("format", "auto") != "text" else None
    # The windows of a text are in bytes of its own spelling.
    if value is not None and len(data) <= 4096:
        before = json.dumps(value)
        wanted = json.loads(lean)
        answer = call(value)
        expect("the object", answer, wanted)
        expect("the argument afterwards", json.dumps(value), before)
        if wanted == value and answer is not value:
            raise Mismatch("another object although nothing was cut")


def restore(case):
    vault = MemoryVault(case["objects"])

    def call(value):
        return jobqueue.restore_base64(value, vault=vault, **case["options"])

    check_outcome("bytes", call, case["input"], case["expect"])
    text = as_text(case["input"])
    if text is not None and ("output" not in case["expect"]
                             or as_text(case["expect"]["output"]) is not None):
        check_outcome("str", call, text, case["expect"], bytes.decode)


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    failures = 0
    for path in sys.argv[1:]:
        kind, cases = vector_file.load(path)
        for case in cases:
            try:
                (sanitize if kind == "sanitize" else restore)(case)
            except (Mismatch, jobqueue.JobqueueError) as problem:
                failures += 1
                print(f"{case['name']}: {problem!r}")
        print(f"{len(cases)} vectors of {os.path.basename(path)} in Python on "
              f"{jobqueue.simd_target()}")
    print(f"{failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
