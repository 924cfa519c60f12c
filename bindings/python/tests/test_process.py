"""Threads, the end of the interpreter, memory over many calls, and what is in the wheel."""

import pathlib
import resource
import subprocess
import sys
import threading
import time

import jobqueue
from conftest import encoded

PACKAGE = pathlib.Path(jobqueue.__file__).parent


class NullVault:
    """Keeps nothing."""

    def put(self, digest, blob):
        pass

    def get(self, digest, size):
        return None


def test_other_threads_run_during_a_large_call():
    large = ('["%s"]' % encoded(11_000_000)).encode() * 4
    done = threading.Event()
    ticks = 0

    def tick():
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.0001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    begin, before = time.monotonic(), ticks
    for _ in range(5):
        jobqueue.sanitize_base64(large, vault=NullVault())  # hashing takes its time
    took, seen = time.monotonic() - begin, ticks - before
    done.set()
    ticker.join()
    assert seen > took * 200, f"{seen} ticks in {took:.3f} s"


def test_many_threads_get_the_same_answer(image):
    job = {"jobs": [{"image": image, "n": n} for n in range(50)]}
    wanted = jobqueue.sanitize_base64(job)
    answers = []
    threads = [threading.Thread(target=lambda: answers.extend(
        jobqueue.sanitize_base64(job) == wanted for _ in range(200))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 1600


def test_the_interpreter_may_end_during_work():
    program = """
import threading, jobqueue
large = (b'["' + b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB" * 500000 + b'"]') * 2
class Sink:
    def put(self, digest, blob): pass
    def get(self, digest, size): return None
def work():
    while True:
        jobqueue.sanitize_base64(large)
        jobqueue.sanitize_base64(large, vault=Sink())
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
import time; time.sleep(0.2)
print("ended")
"""
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                              timeout=60, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")


def test_a_million_calls_leak_nothing(image):
    job = {"image": image, "list": [1, "x" * 150, ("y", image)], "\u00e9": "\u00e9" * 200}
    small = {"a": 1, "b": ["text", "longer text, with a comma in it"]}

    def rounds(count):
        for _ in range(count):
            jobqueue.sanitize_base64(small)
            jobqueue.sanitize_base64(job)
            try:
                jobqueue.sanitize_base64("{]", format="json")
            except jobqueue.InvalidJsonError:
                pass

    rounds(10_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rounds(340_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4 * 1024


def test_the_extension_carries_what_it_needs():
    extension, = PACKAGE.glob("_native*.so")
    symbols = subprocess.run(["nm", "-D", "--defined-only", extension], capture_output=True,
                             text=True, check=True).stdout.split()
    assert symbols[2::3] == ["PyInit__native"]
    dynamic = subprocess.run(["readelf", "-d", extension], capture_output=True, text=True,
                             check=True).stdout
    assert "$ORIGIN" in dynamic and "libcrypto" not in dynamic
    loaded = subprocess.run([sys.executable, "-c", "import jobqueue; print(open('/proc/self/maps')"
                             ".read())"], capture_output=True, text=True, check=True).stdout
    assert str(PACKAGE / "libhwy.so.1") in loaded and "libcrypto" not in loaded
    info = jobqueue.build_info()
    assert info["openssl"].startswith("OpenSSL 3.") and info["version"] == jobqueue.__version__


def test_the_wheel_works_in_an_empty_folder_without_a_compiler(tmp_path):
    wheels = PACKAGE.parents[4] / "wheel"
    wheel, = wheels.glob("jobqueue-*.whl")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    bare = {"PATH": str(tmp_path / "venv" / "bin"), "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    subprocess.run(["python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install",
                    "--no-index", wheel], cwd=tmp_path, env=bare, check=True)
    printed = subprocess.run(
        ["python", "-c", "import jobqueue; print(jobqueue.sanitize_base64("
         "{'a': 'data:image/gif;base64,R0lGODlhAQABAAAAACw='}))"],
        cwd=tmp_path, env=bare, check=True, capture_output=True, text=True).stdout
    assert printed == "{'a': '[BASE64_IMAGE_REMOVED]'}\n"
