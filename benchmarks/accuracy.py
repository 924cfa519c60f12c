#!/usr/bin/env python3
"""Precision and recall of `jobqueue sanitize` on labelled files, beside the naive regex's.

Usage: accuracy.py PROGRAM INDEX.tsv

INDEX.tsv has a header line and, for each file (path relative to the index), at least the columns
  file                          path
  true_b64_after_json_decoding  how many base64 texts of 100 characters or more are in it
  naive_true_blob               how many matches of the naive regex are blobs
  truth                         "blob...", or anything else if the file holds nothing to cut
Where the truth says "semantic/blob", only the naive regex's true blobs are blobs.

The blobs themselves are found here, by another way than the program's: the file is parsed, and its
strings are matched for data URIs and for base64 that decodes; there must be as many as the index
says, or the file is reported as unlabelled and left out. Bytes are decoded bytes.
"""
import csv
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.pop(0)  # the base64 of the standard library, not the file beside this

import base64

NAIVE = re.compile(rb"[A-Za-z0-9+/]{100,}={0,2}")
DATA_URI = re.compile(r"data:[^,\"'()\s]*;base64,([A-Za-z0-9+/_\-\s]+=*)")
RUN = re.compile(r"(?:[A-Za-z0-9+/]{60,}\r?\n)*[A-Za-z0-9+/]+={0,2}|[A-Za-z0-9_\-]{100,}={0,2}")


def strings(value):
    """Every string value, also of JSON inside strings."""
    if isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        if value[:1] in "{[":
            try:
                yield from strings(json.loads(value))
                return
            except ValueError:
                pass
        yield value


def decode(text):
    text = re.sub(r"\s", "", text).rstrip("=").replace("-", "+").replace("_", "/")
    if len(text) % 4 == 1:
        text = text[:-1]
    return base64.b64decode(text + "=" * (-len(text) % 4))


def has_blob_bytes(data, whole):
    """Bytes of a picture or document, or, as the whole of a string, any text."""
    heads = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"<svg", b"<?xml", b"%PDF")
    return data.startswith(heads) or (whole and len(data) > 2000)


def true_blobs(text):
    """(decoded bytes) of each blob, by looking at decoded strings."""
    found = []
    for value in strings(json.loads(text)):
        rest = value
        for match in DATA_URI.finditer(value):
            found.append(decode(match.group(1)))
            rest = rest.replace(match.group(0), " ")
        for match in RUN.finditer(rest):
            if len(match.group(0)) >= 100 and not re.fullmatch("[0-9A-Fa-f]+", match.group(0)):
                data = decode(match.group(0))
                if has_blob_bytes(data, match.group(0).strip() == rest.strip()):
                    found.append(data)
    return found


class Score:
    def __init__(self):
        self.right = self.wrong = self.missed = 0
        self.right_bytes = self.wrong_bytes = self.missed_bytes = 0

    def row(self, name):
        def ratio(part, other):
            return "-" if part + other == 0 else f"{100 * part / (part + other):.1f} %"
        return (f"{name:<10}{self.right:>8}{self.wrong:>8}{self.missed:>8}"
                f"{ratio(self.right, self.wrong):>12}{ratio(self.right, self.missed):>12}"
                f"{ratio(self.right_bytes, self.wrong_bytes):>18}"
                f"{ratio(self.right_bytes, self.missed_bytes):>16}")


def score(result, blobs, cuts):
    """`blobs` and `cuts` are lists of decoded sizes; a cut is right if it is a blob in whole."""
    left = list(blobs)
    for cut in cuts:
        if cut in left:
            left.remove(cut)
            result.right += 1
            result.right_bytes += cut
        else:
            result.wrong += 1
            result.wrong_bytes += cut
    result.missed += len(left)
    result.missed_bytes += sum(left)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    program, index = sys.argv[1], pathlib.Path(sys.argv[2])
    ours, naive = Score(), Score()
    files = unlabelled = broken_json = changed_keys = 0
    with index.open(newline="") as rows, tempfile.TemporaryDirectory() as folder:
        for row in csv.DictReader(rows, delimiter="\t"):
            raw = (index.parent / row["file"]).read_bytes()
            text = raw.decode("utf-8-sig")
            truth = row["truth"]
            if truth.startswith("blob"):
                expected = int(row["true_b64_after_json_decoding"])
            else:
                expected = int(row["naive_true_blob"]) if "/blob" in truth else 0
            blobs = true_blobs(text) if expected else []
            files += 1
            if len(blobs) != expected:
                unlabelled += 1
                print(f"left out: {row['file']}: {expected} blobs in the index, {len(blobs)} found")
                continue
            report = pathlib.Path(folder, "report")
            subprocess.run([program, "sanitize", str(index.parent / row["file"]), "--quiet",
                            "--report", str(report), "--output", "/dev/null"], check=True)
            cuts = [json.loads(line)["decoded_size"] for line in report.read_text().splitlines()]
            sizes = [len(blob) for blob in blobs]
            score(ours, sizes, cuts)
            matches = [match.group(0) for match in NAIVE.finditer(raw)]
            score(naive, sizes, [len(decode(match.decode())) for match in matches])
            try:
                after = json.loads(NAIVE.sub(b"[BASE64_DATA_REMOVED]", raw).decode("utf-8-sig"))
                changed_keys += keys(after) != keys(json.loads(text))
            except ValueError:
                broken_json += 1
    print(f"{files} files, {unlabelled} left out")
    print(f"{'':<10}{'right':>8}{'wrong':>8}{'missed':>8}{'precision':>12}{'recall':>12}"
          f"{'precision, bytes':>18}{'recall, bytes':>16}")
    print(ours.row("jobqueue"))
    print(naive.row("naive"))
    print(f"the naive regex also makes invalid JSON of {broken_json} files and changes keys in "
          f"{changed_keys}")


def keys(value):
    if isinstance(value, dict):
        return [(key, keys(item)) for key, item in value.items()]
    return [keys(item) for item in value] if isinstance(value, list) else None


if __name__ == "__main__":
    main()
