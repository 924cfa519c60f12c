"""jobqueue vault ls, verify, gc"""

import hashlib
import json
import os
import time
import unittest

from program import (DONE, ENVIRONMENT, NO, USAGE, ProgramTest, encode, noise, png)

DAY = 86400


def digest(blob):
    return hashlib.sha256(blob).hexdigest()


class VaultTest(ProgramTest):
    """Two objects in a vault, and two documents: a.json refers to both, b.json to the picture."""

    def setUp(self):
        super().setUp()
        self.picture = png()
        self.data = noise(900)
        picture, data = encode(self.picture), encode(self.data)
        self.write("a.json", b'["%s","%s"]' % (picture, data))
        self.write("b.json", b'["%s"]' % picture)
        self.expect(DONE, "sanitize", "--in-place", "--vault", "vault", "a.json", "b.json")
        self.assertEqual(self.objects(), sorted([digest(self.picture), digest(self.data)]))

    def path(self, blob):
        name = digest(blob)
        return self.here / "vault" / "sha256" / name[:2] / name

    def age(self, blob, seconds):
        then = time.time() - seconds
        os.utime(self.path(blob), (then, then))

    def vault(self, code, command, *arguments, **more):
        return self.expect(code, "vault", command, "--vault", "vault", *arguments, **more)

    def to_closed_output(self, command, *arguments):
        read_end, write_end = os.pipe()
        os.close(read_end)
        with os.fdopen(write_end, "wb") as closed:
            return self.vault(ENVIRONMENT, command, *arguments, stdout=closed)


class List(VaultTest):
    def test_one_line_for_each_object(self):
        os.utime(self.path(self.picture), (1759482927, 1759482927))
        answer = self.vault(DONE, "ls")
        lines = answer.stdout.decode().splitlines()
        self.assertEqual(len(lines), 2)
        self.assertIn([digest(self.picture), "300", "2025-10-03T09:15:27Z"],
                      [line.split() for line in lines])
        self.assertIn(b"2 objects", answer.stderr)

    def test_json(self):
        answer = self.vault(DONE, "ls", "--json")
        lines = [json.loads(line) for line in answer.stdout.splitlines()]
        self.assertEqual({line["sha256"]: line["size"] for line in lines},
                         {digest(self.picture): 300, digest(self.data): 900})
        for line in lines:
            self.assertEqual(list(line), ["sha256", "size", "put_at"])
            self.assertRegex(line["put_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(answer.stderr, b"")

    def test_counts_references(self):
        answer = self.vault(DONE, "ls", "--json", "--in", "a.json", "b.json")
        lines = [json.loads(line) for line in answer.stdout.splitlines()]
        self.assertEqual({line["sha256"]: line["references"] for line in lines},
                         {digest(self.picture): 2, digest(self.data): 1})
        answer = self.vault(DONE, "ls", "--in", "b.json", "--in", "a.json")
        self.assertEqual({line.split()[0]: line.split()[3]
                          for line in answer.stdout.decode().splitlines()},
                         {digest(self.picture): "2", digest(self.data): "1"})

    def test_counts_references_of_standard_input(self):
        answer = self.vault(DONE, "ls", "--json", "--in", "-", stdin=self.read("b.json"))
        lines = [json.loads(line) for line in answer.stdout.splitlines()]
        self.assertEqual({line["sha256"]: line["references"] for line in lines},
                         {digest(self.picture): 1, digest(self.data): 0})

    def test_document_that_cannot_be_read(self):
        self.assertIn(b"none.json", self.vault(ENVIRONMENT, "ls", "--in", "none.json").stderr)

    def test_empty_vault(self):
        self.expect(DONE, "sanitize", "--vault", "empty", stdin=b"1")
        self.assertEqual(self.expect(DONE, "vault", "ls", "--vault", "empty").stdout, b"")

    def test_closed_standard_output(self):
        self.to_closed_output("ls")
        self.to_closed_output("ls", "--json")


class Verify(VaultTest):
    def damage(self):
        content = bytearray(self.data)
        content[17] ^= 1
        self.path(self.data).write_bytes(content)

    def test_sound_vault(self):
        answer = self.vault(DONE, "verify")
        self.assertEqual(answer.stdout, b"")
        self.assertRegex(answer.stderr, rb"2 objects, .*, 0 corrupt")

    def test_flipped_bit(self):
        self.damage()
        answer = self.vault(NO, "verify")
        self.assertEqual(answer.stdout.decode(), f"corrupt {digest(self.data)}\n")

    def test_cut_short(self):
        self.path(self.data).write_bytes(self.data[:-1])
        self.assertIn(digest(self.data).encode(), self.vault(NO, "verify").stdout)

    def test_json(self):
        answer = self.vault(DONE, "verify", "--json")
        self.assertEqual(json.loads(answer.stdout), {"objects": 2, "bytes": 1200, "corrupt": []})
        self.damage()
        answer = self.vault(NO, "verify", "--json")
        self.assertEqual(json.loads(answer.stdout)["corrupt"], [digest(self.data)])

    def test_put_again_repairs(self):
        self.damage()
        self.expect(DONE, "sanitize", "--vault", "vault", stdin=encode(self.data))
        self.vault(DONE, "verify")

    def test_closed_standard_output(self):
        self.damage()
        self.to_closed_output("verify")
        self.to_closed_output("verify", "--json")


class CollectGarbage(VaultTest):
    def setUp(self):
        super().setUp()
        self.age(self.picture, 3 * DAY)
        self.age(self.data, 3 * DAY)

    def test_is_a_dry_run_at_first(self):
        answer = self.vault(DONE, "gc", "--in", "b.json")
        self.assertEqual(answer.stdout.decode().split(), [digest(self.data), "900"])
        self.assertIn(b"1 objects would be removed", answer.stderr)
        self.assertIn(b"--delete", answer.stderr)
        self.assertEqual(len(self.objects()), 2)

    def test_delete(self):
        answer = self.vault(DONE, "gc", "--in", "b.json", "--delete")
        self.assertEqual(answer.stdout.decode().split(), [digest(self.data), "900"])
        self.assertEqual(self.objects(), [digest(self.picture)])

    def test_what_is_referred_to_stays(self):
        self.vault(DONE, "gc", "--in", "a.json", "b.json", "--delete")
        self.assertEqual(len(self.objects()), 2)

    def test_escaped_references_count(self):
        self.write("php.json", self.read("a.json").replace(b"/", b"\\/"))
        self.vault(DONE, "gc", "--in", "php.json", "--delete")
        self.assertEqual(len(self.objects()), 2)

    def test_what_is_young_stays(self):
        self.age(self.data, DAY // 2)
        answer = self.vault(DONE, "gc", "--in", "b.json", "--delete")
        self.assertIn(b"1 are younger than 24h", answer.stderr)
        self.assertEqual(len(self.objects()), 2)

    def test_min_age(self):
        self.age(self.data, 7200)
        self.vault(DONE, "gc", "--in", "b.json", "--delete", "--min-age", "3h")
        self.assertEqual(len(self.objects()), 2)
        self.vault(DONE, "gc", "--in", "b.json", "--delete", "--min-age", "90m")
        self.assertEqual(self.objects(), [digest(self.picture)])

    def test_json(self):
        wanted = {"dry_run": True, "live_objects": 1, "live_bytes": 300, "young_objects": 0,
                  "young_bytes": 0, "removed_objects": 1, "removed_bytes": 900,
                  "removed_leftovers": 0}
        answer = self.vault(DONE, "gc", "--in", "b.json", "--json")
        self.assertEqual(json.loads(answer.stdout), wanted)
        answer = self.vault(DONE, "gc", "--in", "b.json", "--json", "--delete")
        self.assertEqual(json.loads(answer.stdout), {**wanted, "dry_run": False})

    def test_leftovers_of_killed_writers(self):
        leftover = self.here / "vault" / "tmp" / ("0123456789abcdef" * 2)
        leftover.write_bytes(b"half")
        os.utime(leftover, (1, 1))
        self.vault(DONE, "gc", "--in", "a.json", "b.json")
        self.assertTrue(leftover.exists())
        self.vault(DONE, "gc", "--in", "a.json", "b.json", "--delete")
        self.assertFalse(leftover.exists())

    def test_document_that_cannot_be_read_removes_nothing(self):
        self.vault(ENVIRONMENT, "gc", "--in", "b.json", "none.json", "--delete")
        self.assertEqual(len(self.objects()), 2)

    def test_documents_are_required(self):
        self.vault(USAGE, "gc", "--delete")
        self.assertEqual(len(self.objects()), 2)

    def test_wrong_age(self):
        for age in ("1", "h", "1w", "-1h", "1.5h", "1h30m", ""):
            self.vault(USAGE, "gc", "--in", "b.json", "--delete", "--min-age", age)
        self.assertEqual(len(self.objects()), 2)

    def test_closed_standard_output(self):
        self.to_closed_output("gc", "--in", "b.json")
        self.to_closed_output("gc", "--in", "b.json", "--json")


class NoVault(ProgramTest):
    COMMANDS = (["ls"], ["verify"], ["gc", "--in", "-"])

    def test_missing(self):
        for command in self.COMMANDS:
            answer = self.expect(ENVIRONMENT, "vault", *command, "--vault", "none")
            self.assertRegex(answer.stderr, rb"^jobqueue: .*none")
        self.assertEqual(self.names(), [])

    def test_another_directory(self):
        self.write("letter.txt", b"private")
        for command in self.COMMANDS:
            self.expect(ENVIRONMENT, "vault", *command, "--vault", ".")
        self.assertEqual(self.names(), ["letter.txt"])

    def test_not_named(self):
        for command in self.COMMANDS:
            self.expect(USAGE, "vault", *command)
        self.expect(USAGE, "vault")


if __name__ == "__main__":
    unittest.main()
