"""Reads a vector file and writes out its texts; README.md has the grammar.

The standard library is all that it needs, so that the runner of any binding can use it.
"""

import base64
import json

CASE_KEYS = {
    "sanitize": {"name", "why", "input", "options", "expect", "cuts", "kept", "with_vault"},
    "restore": {"name", "why", "input", "objects", "options", "expect", "restored", "missing"},
    "truncate": {"name", "why", "input", "options", "expect", "cuts"},
}
OPTION_KEYS = {
    "sanitize": {"min_run_chars", "min_unknown_chars", "naive", "format", "cut_fields",
                 "protect_fields", "cut_protected"},
    "restore": {"keep_missing", "max_output_bytes"},
    "truncate": {"max_bytes", "pinned", "array_head", "array_tail", "marker", "format"},
}
CUT_KEYS = {"offset", "size", "decoded_size", "form", "class", "media_type", "evidence", "encoding",
            "pointer", "line", "sha256", "reason", "bytes_before", "bytes_after"}
KEPT_KEYS = {"offset", "size", "reason"}
OUTCOMES = {"output", "unchanged", "error"}
PART_KEYS = {
    "hex": set(),
    "noise": {"seed"},
    "repeat": {"count"},
    "base64": {"alphabet", "pad", "wrap", "line"},
    "json": {"times"},
    "replace": {"in"},
    "use": set(),
}


class VectorError(Exception):
    """The file does not keep to the grammar."""


def noise(size, seed):
    """Bytes that look random: the upper bytes of a linear congruential generator."""
    state = seed
    out = bytearray()
    for _ in range(size):
        state = (state * 1103515245 + 12345) % 2**32
        out.append(state >> 24)
    return bytes(out)


def encode(data, part):
    url = part.get("alphabet", "std") == "url"
    chars = base64.b64encode(data, b"-_" if url else None)
    if not part.get("pad", True):
        chars = chars.rstrip(b"=")
    width = part.get("wrap", 0)
    if width == 0:
        return chars
    line_break = part.get("line", "\n").encode()
    return line_break.join(chars[i:i + width] for i in range(0, len(chars), width))


def quote(data, times):
    """The content of the JSON string that holds `data`."""
    for _ in range(times):
        text = data.decode("utf-8", "surrogateescape")
        data = json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogateescape")
    return data


def replace(data, table):
    """Each character that has an entry by that entry, in one pass."""
    bytes_table = {ord(key): value.encode() for key, value in table.items()}
    return b"".join(bytes_table.get(byte, bytes([byte])) for byte in data)


def expand(text, define):
    """The bytes that a text of the grammar stands for."""
    if isinstance(text, str):
        return text.encode()
    if isinstance(text, list):
        return b"".join(expand(piece, define) for piece in text)
    kinds = [key for key in text if key in PART_KEYS]
    if len(kinds) != 1 or set(text) - PART_KEYS[kinds[0]] != set(kinds):
        raise VectorError(f"not a part: {json.dumps(text)[:100]}")
    kind = kinds[0]
    if kind == "hex":
        return bytes.fromhex(text["hex"])
    if kind == "noise":
        return noise(text["noise"], text.get("seed", 1))
    if kind == "repeat":
        return expand(text["repeat"], define) * text["count"]
    if kind == "base64":
        return encode(expand(text["base64"], define), text)
    if kind == "json":
        return quote(expand(text["json"], define), text.get("times", 1))
    if kind == "replace":
        return replace(expand(text["in"], define), text["replace"])
    return expand(define[text["use"]], define)


def check_keys(what, given, known):
    unknown = set(given) - known
    if unknown:
        raise VectorError(f"{what} has what no runner knows: {sorted(unknown)}")


def read_outcome(what, expect, define):
    check_keys(what, expect, OUTCOMES)
    if len(expect) != 1:
        raise VectorError(f"{what} must have one of {sorted(OUTCOMES)}")
    if "output" in expect:
        return {"output": expand(expect["output"], define)}
    return dict(expect)


def load(path):
    """The cases of a file, with their texts written out. The kind is a key of CASE_KEYS."""
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    check_keys("the file", content, {"about", "kind", "define", "cases"})
    kind = content["kind"]
    define = content["define"]
    names = set()
    cases = []
    for case in content["cases"]:
        name = case["name"]
        if name in names:
            raise VectorError(f"two cases are called {name}")
        names.add(name)
        check_keys(name, case, CASE_KEYS[kind])
        case = dict(case)
        case.setdefault("options", {})
        check_keys(f"options of {name}", case["options"], OPTION_KEYS[kind])
        case["input"] = expand(case["input"], define)
        case["expect"] = read_outcome(f"expect of {name}", case["expect"], define)
        if "with_vault" in case:
            case["with_vault"] = read_outcome(f"with_vault of {name}", case["with_vault"], define)
        case["objects"] = [expand(text, define) for text in case.get("objects", [])]
        for cut in case.get("cuts", []):
            check_keys(f"a cut of {name}", cut, CUT_KEYS)
        for kept in case.get("kept", []):
            check_keys(f"what is kept of {name}", kept, KEPT_KEYS)
        cases.append(case)
    if not cases:
        raise VectorError("there are no cases")
    return kind, cases
