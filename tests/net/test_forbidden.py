"""No packet goes to a forbidden address, whoever names it: a literal, a name, a redirect.

Runs itself in a network namespace in which every address is local and answers: what the probe
would reach, it could reach. All packets are watched.
"""

import ipaddress
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

PROGRAM = os.environ["JOBQUEUE_PROGRAM"]
DONE, BAD_INPUT, ENVIRONMENT = 0, 3, 4
PUBLIC = "93.184.216.34"
PUBLIC_V6 = "2606:2800:220:1::1"
SILENT = "93.184.216.99"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"


class Packets:
    """All packets of the namespace but those of its name server."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)

    def drain(self):
        """(protocol, destination) of what was sent since."""
        seen = set()
        while True:
            try:
                data, (_, _, kind, _, _) = self.socket.recvfrom(65536, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return seen
            if kind != 4:  # each comes twice on the loopback interface: as sent and as received
                continue
            if data[0] >> 4 == 4:
                protocol, size = data[9], (data[0] & 15) * 4
                ends = [ipaddress.ip_address(data[12:16]), ipaddress.ip_address(data[16:20])]
            else:
                protocol, size = data[6], 40
                ends = [ipaddress.ip_address(data[8:24]), ipaddress.ip_address(data[24:40])]
            ports = struct.unpack("!HH", data[size:size + 4])
            if protocol == 17 and 53 in ports:
                continue
            seen.add((protocol, str(ends[1])))


class NameServer:
    """Answers from a table; a list of answers is gone through, one for each question."""

    def __init__(self):
        self.names = {}
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            kind = struct.unpack("!H", query[at + 1:at + 3])[0]
            question = query[12:at + 5]
            name = ".".join(labels).lower()
            answers = self.names.get(name)
            if answers == "silence":
                continue
            if answers and isinstance(answers[0], list):
                # The two questions of one look-up, A and AAAA, get the same of them.
                answers = answers[min(self.asked.count((name, kind)), len(answers) - 1)]
            self.asked.append((name, kind))
            records = b""
            count = 0
            for answer in answers or []:
                if answer[0].isalpha() and ":" not in answer:
                    target = b"".join(bytes([len(one)]) + one.encode()
                                      for one in answer.split(".")) + b"\0"
                    records += b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 0, len(target)) + target
                    count += 1
                    owner, answer = target, self.names[answer][0]
                else:
                    owner = b"\xc0\x0c"
                address = ipaddress.ip_address(answer)
                if kind == {4: 1, 6: 28}[address.version]:
                    records += owner + struct.pack("!HHIH", kind, 1, 0, len(address.packed))
                    records += address.packed
                    count += 1
            code = 0x8180 if answers else 0x8183
            self.socket.sendto(query[:2] + struct.pack("!HHHHH", code, 1, count, 0, 0) + question +
                               records, peer)


class WebServer:
    """At every address: /to/URL redirects, anything else is a picture."""

    def __init__(self, port, address="::"):
        self.reached = []
        self.idle = threading.Event()
        is_v6 = ":" in address
        self.listener = socket.create_server(
            (address, port), family=socket.AF_INET6 if is_v6 else socket.AF_INET,
            dualstack_ipv6=is_v6, backlog=128)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            self.idle.set()
            line, _ = self.listener.accept()
            self.idle.clear()
            with line:
                address = ipaddress.ip_address(line.getsockname()[0])
                self.reached.append(str(getattr(address, "ipv4_mapped", None) or address))
                request = b""
                while b"\r\n\r\n" not in request:
                    piece = line.recv(4096)
                    if not piece:
                        break
                    request += piece
                target = request.split(b" ")[1] if request else b""
                if target.startswith(b"/to/"):
                    to = urllib.parse.unquote_to_bytes(target[4:])
                    line.sendall(b"HTTP/1.1 302 Found\r\nLocation: " + to +
                                 b"\r\nContent-Length: 0\r\n\r\n")
                else:
                    body = PNG if request.startswith(b"GET") else b""
                    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PNG) + body)


class Forbidden(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for command in ("ip link set lo up", "ip route add local 0.0.0.0/0 dev lo",
                        "ip -6 route add local ::/0 dev lo"):
            subprocess.run(command.split(), check=True)
        cls.directory = tempfile.TemporaryDirectory(prefix="jobqueue-net-")
        for name, text in (("hosts", "127.0.0.1 localhost\n::1 localhost\n10.9.8.7 inside\n"),
                           ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:5 attempts:2\n"),
                           ("nsswitch.conf", "hosts: files dns\n")):
            path = pathlib.Path(cls.directory.name) / name
            path.write_text(text)
            target = pathlib.Path("/etc") / name
            if target.exists():
                subprocess.run(["mount", "--bind", path, target.resolve()], check=True)
        cls.packets = Packets()
        cls.names = NameServer()
        cls.web = WebServer(80)
        cls.cache = WebServer(6379)

    def setUp(self):
        # The last packets of what was before.
        self.web.idle.wait(10)
        self.packets.drain()
        self.web.reached.clear()
        self.cache.reached.clear()
        self.names.asked.clear()

    def probe(self, url, *options):
        return subprocess.run([PROGRAM, "detect", "--probe", url, *options], capture_output=True,
                              timeout=30, check=False)

    def refuse(self, url, *options, reached=(), code=BAD_INPUT):
        done = self.probe(url, *options)
        self.assertEqual(done.returncode, code, (url, done))
        seen = self.packets.drain()
        self.assertEqual({address for _, address in seen}, set(reached), url)
        self.assertEqual({protocol for protocol, _ in seen} - {6}, set(), url)
        self.assertEqual(set(self.web.reached), set(reached), url)
        self.assertEqual(self.cache.reached, [], url)
        self.setUp()
        return done.stderr.decode()

    def answer(self, url, *options, reached=PUBLIC):
        done = self.probe(url, *options)
        self.assertEqual(done.returncode, DONE, (url, done))
        self.assertEqual(json.loads(done.stdout)["media_type"], "image/png")
        self.assertIn((6, reached), self.packets.drain())
        self.assertEqual(set(self.web.reached), {reached})

    def test_public_addresses_are_reached(self):
        """Without this, the other tests would say nothing."""
        self.answer(f"http://{PUBLIC}/")
        self.setUp()
        self.answer(f"http://[{PUBLIC_V6}]/", reached=PUBLIC_V6)
        self.setUp()
        self.answer("http://10.1.2.3/", "--allow", "10.0.0.0/8", reached="10.1.2.3")
        self.setUp()
        self.answer("http://[fd00::1]/", "--allow", "fd00::1", reached="fd00::1")
        self.setUp()
        self.names.names["public.test"] = [PUBLIC]
        self.answer("http://public.test/")
        self.setUp()
        self.answer("http://localhost/", "--allow", "127.0.0.1", "--allow", "::1", reached="::1")

    def test_vectors(self):
        path = pathlib.Path(__file__).parents[1] / "vectors" / "probe.json"
        codes = {"OK": DONE, "ADDRESS_FORBIDDEN": BAD_INPUT, "INVALID_ARGUMENT": 2}
        cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
        asked = 0
        for one in cases:
            if "\0" in one["url"] or one["url"] == "":
                continue  # which no argument of a program can be
            options = [word for key in ("allow", "deny") for address in one.get(key, ())
                       for word in (f"--{key}", address)]
            self.setUp()
            done = self.probe(one["url"], *options, "--timeout", "1s", "--head-only",
                              "--configured", "image/png")
            seen = self.packets.drain()
            self.assertEqual(done.returncode, codes[one["expect"]], (one, done))
            self.assertEqual(bool(seen), one["expect"] == "OK", one)
            asked += bool(seen)
        self.assertGreater(asked, 40)

    def test_vectors_in_c(self):
        done = subprocess.run([os.environ["JOBQUEUE_NET_VECTORS"]], capture_output=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        self.assertIn(b"[  PASSED  ] 1 test", done.stdout)
        self.assertEqual(self.packets.drain(), set())

    def test_names(self):
        for name in ("localhost", "inside"):
            self.refuse(f"http://{name}/")
        self.names.names.update({
            "private.test": ["10.0.0.1"],
            "private6.test": ["fd00::1"],
            "nat64.test": ["64:ff9b::7f00:1"],
            "mapped.test": ["::ffff:127.0.0.1"],
            "alias.test": ["private.test"],
            "mixed.test": [PUBLIC, "::1"],
            "mixed6.test": [PUBLIC_V6, "169.254.169.254"],
            "several.test": [PUBLIC, "10.0.0.1", PUBLIC_V6],
        })
        for name in ("private", "private6", "nat64", "mapped", "alias", "mixed", "mixed6",
                     "several"):
            self.assertIn("is no public address", self.refuse(f"http://{name}.test/"))

    def test_redirects(self):
        self.names.names["private.test"] = ["10.0.0.1"]
        for to in ("http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/meta-data",
                   "//127.0.0.1/", "http://2130706433/", "http://private.test/",
                   "http://[::ffff:7f00:1]/", "http://[64:ff9b::a00:1]/", "file:///etc/passwd",
                   f"http://{PUBLIC}:6379/", f"http://{PUBLIC}/to/http://10.0.0.1/"):
            self.refuse(f"http://{PUBLIC}/to/{to}", reached={PUBLIC})

    def test_answers_that_change(self):
        # The second request looks the name up again, and what it finds is checked again.
        for then in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"):
            name = f"rebind-{then.replace(':', '-').replace('.', '-')}.test"
            self.names.names[name] = [[PUBLIC], [then]]
            self.refuse(f"http://{name}/", reached={PUBLIC})
        # A redirect to the same name, too.
        self.names.names["again.test"] = [[PUBLIC], ["10.0.0.1"]]
        self.refuse("http://again.test/to/http://again.test/x", reached={PUBLIC})

    def test_a_name_is_looked_up_once_for_each_connection(self):
        self.names.names["once.test"] = [[PUBLIC], ["10.0.0.1"]]
        self.answer("http://once.test/", "--head-only", "--configured", "image/png")
        self.assertEqual(sorted(self.names.asked), [("once.test", 1), ("once.test", 28)])

    def test_a_server_that_is_silent(self):
        # Its queue of connections is full, so that it answers no more.
        silent = socket.create_server((SILENT, 8081), backlog=0)
        self.addCleanup(silent.close)
        for _ in range(3):
            filler = socket.socket()
            self.addCleanup(filler.close)
            filler.setblocking(False)
            filler.connect_ex((SILENT, 8081))
        began = time.monotonic()
        done = self.probe(f"http://{SILENT}:8081/", "--timeout", "1s")
        self.assertEqual(done.returncode, ENVIRONMENT, done)
        self.assertIn(b"time is over", done.stderr)
        self.assertLess(time.monotonic() - began, 5)
        # A name with another address, which answers, has time left for that.
        other = WebServer(8081, PUBLIC)
        self.names.names["half.test"] = [SILENT, PUBLIC]
        done = self.probe("http://half.test:8081/", "--timeout", "6s")
        self.assertEqual(done.returncode, DONE, done)
        self.assertEqual(set(other.reached), {PUBLIC})

    def test_a_name_server_that_is_silent(self):
        self.names.names["silent.test"] = "silence"
        began = time.monotonic()
        self.assertIn("time", self.refuse("http://silent.test/", "--timeout", "1s",
                                          code=ENVIRONMENT))
        self.assertLess(time.monotonic() - began, 5)


def main():
    if "--inside" in sys.argv:
        sys.argv.remove("--inside")
        unittest.main(verbosity=2)
    done = subprocess.run(["unshare", "-rnm", sys.executable, __file__, "--inside", *sys.argv[1:]],
                          check=False)
    if done.returncode != 0:
        print("failed; if no test ran, this needs `unshare` with user and network namespaces "
              "(kernel.unprivileged_userns_clone=1), and `ip` of iproute2", file=sys.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
