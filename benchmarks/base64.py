"""The Python package against what a service would use instead, over the corpora of bench_base64.

    base64.py FOLDER     the folder that `bench_base64 --write_corpora=FOLDER` has filled

Rows are NAME/CORPUS, the best of several rounds, and GB/s (10^9 bytes of the document). The peers:
`re_sub` is the usual regex over the text, without verification; `orjson_round_trip` is what any
walk over a document costs at least (loads and dumps, nothing done between); `json_walk` walks an
object in Python and puts the regex to every string, on a copy; `detect_secrets` is how the scanner
of that name looks for base64, which cuts nothing. At the end, `longest_gil_pause`: for how long
another thread of Python could not run while one document was sanitised.
"""

import hashlib
import json
import pathlib
import re
import sys
import threading
import time

sys.path.pop(0)  # others want the base64 of the standard library, and not this file

import jobqueue
import orjson
from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString

RUN = re.compile(r"[A-Za-z0-9+/]{100,}={0,2}")
RUN_OF_BYTES = re.compile(rb"[A-Za-z0-9+/]{100,}={0,2}")
PLACE = "[BASE64_DATA_REMOVED]"
SCANNER = Base64HighEntropyString(limit=4.5)


def walk(value):
    if isinstance(value, str):
        return RUN.sub(PLACE, value)
    if isinstance(value, dict):
        return {key: walk(one) for key, one in value.items()}
    if isinstance(value, list):
        return [walk(one) for one in value]
    return value


def find_secrets(text):
    return SCANNER.analyze_line(filename="", line=text, line_number=1)


def best_time(call, value):
    """Seconds of one call: the best of rounds that together take about half a second."""
    begin = time.perf_counter()
    call(value)
    once = max(time.perf_counter() - begin, 1e-7)
    calls = max(1, int(0.02 / once))
    best = once
    for _ in range(3 if once > 0.2 else 15):
        begin = time.perf_counter()
        for _ in range(calls):
            call(value)
        best = min(best, (time.perf_counter() - begin) / calls)
    return best


def hash_of(data):
    return hashlib.sha256(data).digest()


def longest_gil_pause(call):
    """Seconds for which another thread could not run while `call` did."""
    longest = 0.0
    working = True
    begun = threading.Event()

    def watch():
        nonlocal longest
        begun.set()
        last = time.perf_counter()
        while True:
            # Asked before the look, so that a pause at the very end is seen, too.
            last_look = not working
            now = time.perf_counter()
            longest = max(longest, now - last)
            last = now
            if last_look:
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun.wait()
    time.sleep(0.001)
    call()
    working = False
    watcher.join()
    return longest


def report_gil_pauses(data):
    interval = sys.getswitchinterval()
    # So long a thread waits before it asks another for the lock. That is not what is measured here.
    sys.setswitchinterval(1e-4)
    length = best_time(jobqueue.sanitize_base64, data)
    # hashlib gives the lock away, too: where a processor is wanted by others its pauses are as long
    # as those of this package, and they are not of the lock.
    part = memoryview(data)[:int(1e6 * length / best_time(hash_of, data[:1000000]))]
    print()
    for name, call in (("idle for as long", lambda: time.sleep(length)),
                       ("hashlib for as long", lambda: hash_of(part)),
                       ("sanitize_base64_bytes", lambda: jobqueue.sanitize_base64(data)),
                       ("re_sub, which holds the lock", lambda: RUN_OF_BYTES.sub(b"", data))):
        pauses = sorted(longest_gil_pause(call) for _ in range(51))
        print(f"longest_gil_pause/images_15MB, {name:30} {pauses[25] * 1e3:8.3f} ms "
              f"(median of 51; least {pauses[0] * 1e3:.3f}, worst {pauses[-1] * 1e3:.3f})",
              flush=True)
    sys.setswitchinterval(interval)


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        data = path.read_bytes()
        text = data.decode()
        value = json.loads(data)
        # The rows of this package must agree before they are timed.
        lean = jobqueue.sanitize_base64(data)
        if (jobqueue.sanitize_base64(text).encode() != lean
                or jobqueue.sanitize_base64(value) != json.loads(lean)):
            print(f"{path.stem}: the faces differ", file=sys.stderr)
            return 1
        rows = (("sanitize_base64_bytes", jobqueue.sanitize_base64, data),
                ("sanitize_base64_str", jobqueue.sanitize_base64, text),
                ("sanitize_base64_object", jobqueue.sanitize_base64, value),
                ("re_sub", lambda one: RUN_OF_BYTES.sub(b"", one), data),
                ("orjson_round_trip", lambda one: orjson.dumps(orjson.loads(one)), data),
                ("json_walk", walk, value),
                ("detect_secrets", find_secrets, text))
        for name, call, given in rows:
            seconds = best_time(call, given)
            print(f"{name + '/' + path.stem:44} {seconds * 1e6:12.2f} us "
                  f"{len(data) / seconds / 1e9:9.3f} GB/s", flush=True)
    report_gil_pauses((pathlib.Path(sys.argv[1]) / "images_15MB.json").read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
