"""jobqueue sanitize"""

import hashlib
import json
import os
import resource
import signal
import stat
import unittest

from program import (BAD_INPUT, DATA, DONE, ENVIRONMENT, IMAGE, NO, USAGE, ProgramTest, encode,
                     noise, png, reference)

JOB = b'{"id":12345678901234567890,"image":"' + encode(png()) + b'","v":1.0}\n'
LEAN_JOB = b'{"id":12345678901234567890,"image":"' + IMAGE + b'","v":1.0}\n'
CLEAN = b'{"id": 1.0, "text": "nothing to cut"}\n'


def limit_file_size():
    """Runs in the child: files may not grow beyond 64 bytes, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))


class Streams(ProgramTest):
    def test_standard_input_to_standard_output(self):
        answer = self.expect(DONE, "sanitize", stdin=JOB)
        self.assertEqual(answer.stdout, LEAN_JOB)
        self.assertEqual(self.names(), [])

    def test_dash_is_standard_input(self):
        self.assertEqual(self.expect(DONE, "sanitize", "-", stdin=JOB).stdout, LEAN_JOB)

    def test_dash_is_standard_output(self):
        answer = self.expect(DONE, "sanitize", "-", "-o", "-", stdin=JOB)
        self.assertEqual(answer.stdout, LEAN_JOB)
        self.assertEqual(self.names(), [])

    def test_what_needs_no_cut_passes_byte_for_byte(self):
        text = bytes(range(256)) + CLEAN
        self.assertEqual(self.expect(DONE, "sanitize", stdin=text).stdout, text)

    def test_empty_input(self):
        self.assertEqual(self.expect(DONE, "sanitize").stdout, b"")

    def test_several_files_one_after_the_other(self):
        self.write("a.json", JOB)
        self.write("b.json", CLEAN)
        answer = self.expect(DONE, "sanitize", "b.json", "-", "a.json", stdin=b"between")
        self.assertEqual(answer.stdout, CLEAN + b"between" + LEAN_JOB)

    def test_words_go_to_standard_error(self):
        answer = self.expect(DONE, "sanitize", stdin=JOB)
        self.assertIn(b"image", answer.stderr)
        self.assertEqual(self.expect(DONE, "sanitize", "-q", stdin=JOB).stderr, b"")

    def test_closed_standard_output(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        with os.fdopen(write_end, "wb") as closed:
            answer = self.expect(ENVIRONMENT, "sanitize", "-q", stdin=JOB, stdout=closed)
        self.assertIn(b"standard output", answer.stderr)

    def test_full_device(self):
        with open("/dev/full", "wb") as full:
            answer = self.expect(ENVIRONMENT, "sanitize", "-q", stdin=JOB, stdout=full)
        self.assertIn(b"standard output", answer.stderr)

    def test_summary_to_closed_standard_output(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        with os.fdopen(write_end, "wb") as closed:
            self.expect(ENVIRONMENT, "sanitize", "--json", "-o", "out", stdin=JOB, stdout=closed)


class Output(ProgramTest):
    def test_file(self):
        answer = self.expect(DONE, "sanitize", "-o", "out", stdin=JOB)
        self.assertEqual(answer.stdout, b"")
        self.assertEqual(self.read("out"), LEAN_JOB)
        self.assertEqual(self.names(), ["out"])

    def test_new_file_has_the_usual_permissions(self):
        self.expect(DONE, "sanitize", "-o", "out", stdin=JOB, umask=0o027)
        self.assertEqual(stat.S_IMODE((self.here / "out").stat().st_mode), 0o640)

    def test_existing_file_keeps_its_permissions(self):
        self.write("out", b"old").chmod(0o604)
        self.expect(DONE, "sanitize", "-o", "out", stdin=JOB)
        self.assertEqual(self.read("out"), LEAN_JOB)
        self.assertEqual(stat.S_IMODE((self.here / "out").stat().st_mode), 0o604)

    def test_may_be_the_input(self):
        self.write("job", JOB)
        self.expect(DONE, "sanitize", "job", "-o", "job")
        self.assertEqual(self.read("job"), LEAN_JOB)

    def test_a_link_is_followed(self):
        self.write("real", b"old")
        (self.here / "link").symlink_to("real")
        self.expect(DONE, "sanitize", "-o", "link", stdin=JOB)
        self.assertTrue((self.here / "link").is_symlink())
        self.assertEqual(self.read("real"), LEAN_JOB)

    def test_never_half_a_file(self):
        self.write("out", b"old")
        text = noise(1000).hex().encode()
        answer = self.expect(ENVIRONMENT, "sanitize", "-q", "-o", "out", stdin=text,
                             preexec_fn=limit_file_size, restore_signals=False)
        self.assertIn(b"out", answer.stderr)
        self.assertEqual(self.read("out"), b"old")
        self.assertEqual(self.names(), ["out"])

    def test_no_such_directory(self):
        self.expect(ENVIRONMENT, "sanitize", "-o", "none/out", stdin=JOB)
        self.assertEqual(self.names(), [])

    def test_full_device(self):
        self.expect(ENVIRONMENT, "sanitize", "-o", "/dev/full", stdin=JOB)


class InPlace(ProgramTest):
    def test_replaces_what_changes_and_keeps_its_permissions(self):
        self.write("a.json", JOB).chmod(0o604)
        self.write("b.json", JOB).chmod(0o600)
        answer = self.expect(DONE, "sanitize", "--in-place", "a.json", "b.json")
        self.assertEqual(answer.stdout, b"")
        self.assertEqual(self.read("a.json"), LEAN_JOB)
        self.assertEqual(self.read("b.json"), LEAN_JOB)
        self.assertEqual(stat.S_IMODE((self.here / "a.json").stat().st_mode), 0o604)
        self.assertEqual(stat.S_IMODE((self.here / "b.json").stat().st_mode), 0o600)
        self.assertEqual(self.names(), ["a.json", "b.json"])

    def test_does_not_touch_what_needs_no_cut(self):
        path = self.write("a.json", CLEAN)
        os.utime(path, ns=(1_000_000_000, 1_000_000_000))
        before = path.stat()
        self.expect(DONE, "sanitize", "--in-place", "a.json")
        after = path.stat()
        self.assertEqual((after.st_ino, after.st_mtime_ns, after.st_ctime_ns),
                         (before.st_ino, before.st_mtime_ns, before.st_ctime_ns))

    def test_a_link_is_followed(self):
        self.write("real", JOB)
        (self.here / "link").symlink_to("real")
        self.expect(DONE, "sanitize", "--in-place", "link")
        self.assertTrue((self.here / "link").is_symlink())
        self.assertEqual(self.read("real"), LEAN_JOB)

    def test_one_bad_file_among_several(self):
        self.write("a.json", JOB)
        self.write("b.json", JOB[:-5])
        self.write("c.json", JOB)
        answer = self.expect(BAD_INPUT, "sanitize", "--format", "json", "--in-place", "a.json",
                             "b.json", "c.json")
        self.assertIn(b"b.json: ", answer.stderr)
        self.assertEqual(self.read("a.json"), LEAN_JOB)
        self.assertEqual(self.read("b.json"), JOB[:-5])
        self.assertEqual(self.read("c.json"), LEAN_JOB)

    def test_the_worst_problem_decides_the_exit_code(self):
        self.write("bad.json", b"[1,]")
        self.write("a.json", JOB)
        answer = self.expect(ENVIRONMENT, "sanitize", "--format", "json", "--in-place", "none.json",
                             "bad.json", "a.json")
        self.assertIn(b"none.json: ", answer.stderr)
        self.assertIn(b"bad.json: ", answer.stderr)
        self.assertEqual(self.read("a.json"), LEAN_JOB)

    def test_full_disk_leaves_the_file(self):
        text = JOB + noise(1000).hex().encode()
        self.write("a.json", text)
        self.expect(ENVIRONMENT, "sanitize", "--in-place", "a.json", preexec_fn=limit_file_size,
                    restore_signals=False)
        self.assertEqual(self.read("a.json"), text)
        self.assertEqual(self.names(), ["a.json"])

    def test_vault_that_cannot_be_used_leaves_the_file(self):
        self.write("a.json", JOB)
        self.write("vault", b"a file")
        answer = self.expect(ENVIRONMENT, "sanitize", "--in-place", "--vault", "vault", "a.json")
        self.assertIn(b"vault", answer.stderr)
        self.assertEqual(self.read("a.json"), JOB)

    def test_full_vault_leaves_the_file(self):
        self.write("a.json", JOB)
        self.expect(DONE, "sanitize", "--vault", "vault", stdin=CLEAN)
        self.expect(ENVIRONMENT, "sanitize", "--in-place", "--vault", "vault", "a.json",
                    preexec_fn=limit_file_size, restore_signals=False)
        self.assertEqual(self.read("a.json"), JOB)
        self.assertEqual(self.objects(), [])


class Vault(ProgramTest):
    def test_blobs_are_kept_and_referred_to(self):
        answer = self.expect(DONE, "sanitize", "--vault", "vault", stdin=JOB)
        self.assertEqual(answer.stdout, LEAN_JOB.replace(IMAGE, reference(png())))
        digest = hashlib.sha256(png()).hexdigest()
        self.assertEqual(self.objects(), [digest])
        self.assertEqual(self.read(f"vault/sha256/{digest[:2]}/{digest}"), png())

    def test_is_made_even_if_nothing_is_cut(self):
        self.expect(DONE, "sanitize", "--vault", "vault", stdin=CLEAN)
        self.assertTrue((self.here / "vault" / "jobqueue-vault").is_file())
        self.assertEqual(stat.S_IMODE((self.here / "vault").stat().st_mode), 0o700)

    def test_directory_that_is_no_vault(self):
        (self.here / "vault").mkdir()
        self.write("vault/letter.txt", b"private")
        answer = self.expect(ENVIRONMENT, "sanitize", "--vault", "vault", stdin=JOB)
        self.assertEqual(answer.stdout, b"")
        self.assertEqual(sorted(path.name for path in (self.here / "vault").iterdir()),
                         ["letter.txt"])

    def test_the_same_blob_is_kept_once(self):
        self.write("a", JOB)
        self.write("b", JOB)
        self.expect(DONE, "sanitize", "--vault", "vault", "--in-place", "a", "b")
        self.assertEqual(len(self.objects()), 1)


class Check(ProgramTest):
    def test_says_no_if_there_is_a_blob(self):
        path = self.write("a.json", JOB)
        os.utime(path, ns=(1_000_000_000, 1_000_000_000))
        self.assertEqual(self.expect(NO, "sanitize", "--check", "a.json").stdout, b"")
        self.assertEqual(self.read("a.json"), JOB)
        self.assertEqual(path.stat().st_mtime_ns, 1_000_000_000)

    def test_says_yes_if_there_is_none(self):
        self.assertEqual(self.expect(DONE, "sanitize", "--check", stdin=CLEAN).stdout, b"")

    def test_an_error_is_no_answer(self):
        self.write("a.json", JOB)
        self.expect(ENVIRONMENT, "sanitize", "--check", "a.json", "none.json")

    def test_writes_nothing(self):
        self.expect(NO, "sanitize", "--check", "--vault", "vault", stdin=JOB)
        self.assertEqual(self.names(), [])

    def test_with_a_vault_measures_references(self):
        short = b'"' + encode(png(75)) + b'"'  # shorter than its reference would be
        self.expect(DONE, "sanitize", "--vault", "vault", stdin=short)
        self.expect(DONE, "sanitize", "--check", "--vault", "vault", stdin=short)


class Report(ProgramTest):
    def lines(self, name="report"):
        return [json.loads(line) for line in self.read(name).splitlines()]

    def test_of_a_cut(self):
        self.write("a.json", JOB)
        self.expect(DONE, "sanitize", "a.json", "--report", "report")
        self.assertEqual(self.lines(), [{
            "file": "a.json", "action": "cut", "pointer": "/image", "offset": 36, "size": 400,
            "decoded_size": 300, "form": "run", "class": "image", "media_type": "image/png",
            "evidence": "magic", "encoding": "std", "sha256": hashlib.sha256(png()).hexdigest()}])
        self.assertEqual(list(self.lines()[0]), [
            "file", "action", "pointer", "offset", "size", "decoded_size", "form", "class",
            "media_type", "evidence", "encoding", "sha256"])

    def test_is_in_order_of_files_and_offsets(self):
        two = b'["' + encode(png()) + b'","' + encode(png(303)) + b'"]'
        self.write("b.json", two)
        self.write("a.json", JOB)
        self.expect(DONE, "sanitize", "b.json", "a.json", "--report", "report")
        self.assertEqual([(line["file"], line["pointer"], line["offset"]) for line in self.lines()],
                         [("b.json", "/0", 2), ("b.json", "/1", 405), ("a.json", "/image", 36)])

    def test_of_what_is_kept_stands_between_the_cuts(self):
        text = b'["' + b'","'.join([encode(png()), b"00" * 64, encode(png(303)), b"ff" * 60])
        self.expect(DONE, "sanitize", "--report", "report", "--report-kept", stdin=text + b'"]')
        self.assertEqual(
            [(line["action"], line["offset"], line["size"], line.get("reason"))
             for line in self.lines()],
            [("cut", 2, 400, None), ("kept", 405, 128, "hex"), ("cut", 536, 404, None),
             ("kept", 943, 120, "hex")])

    def test_of_kept_only_when_asked(self):
        self.expect(DONE, "sanitize", "--report", "report", stdin=b"00" * 64)
        self.assertEqual(self.lines(), [])

    def test_of_text_has_no_pointer(self):
        self.expect(DONE, "sanitize", "--format", "text", "--report", "report", stdin=JOB)
        self.assertIsNone(self.lines()[0]["pointer"])

    def test_of_ndjson_has_lines(self):
        self.expect(DONE, "sanitize", "--format", "ndjson", "--report", "report",
                    stdin=CLEAN + b"\n" + JOB + JOB)
        self.assertEqual([line["line"] for line in self.lines()], [3, 4])

    def test_of_bytes_that_are_no_utf8(self):
        self.expect(DONE, "sanitize", "--report", "report",
                    stdin=b'{"\xff":"' + encode(png()) + b'"}')
        self.assertEqual(self.lines()[0]["pointer"], "/\N{REPLACEMENT CHARACTER}")

    def test_is_written_with_check(self):
        self.expect(NO, "sanitize", "--check", "--report", "report", stdin=JOB)
        self.assertEqual(len(self.lines()), 1)

    def test_to_standard_output(self):
        answer = self.expect(DONE, "sanitize", "--report", "-", "-o", "out", stdin=JOB)
        self.assertEqual(json.loads(answer.stdout)["pointer"], "/image")

    def test_that_cannot_be_written_keeps_the_output_back(self):
        self.expect(ENVIRONMENT, "sanitize", "--report", "none/report", "-o", "out", stdin=JOB)
        self.assertEqual(self.names(), [])


class Summary(ProgramTest):
    WANTED = {"files": 1, "files_changed": 1, "blobs": 1, "bytes_before": len(JOB),
              "bytes_after": len(LEAN_JOB),
              "by_class": {"image": {"blobs": 1, "bytes": 400, "bytes_after": 22}}}

    def test_on_standard_error_when_data_is_on_standard_output(self):
        answer = self.expect(DONE, "sanitize", "--json", stdin=JOB)
        self.assertEqual(answer.stdout, LEAN_JOB)
        self.assertEqual(json.loads(answer.stderr), self.WANTED)

    def test_on_standard_output_otherwise(self):
        answer = self.expect(DONE, "sanitize", "--json", "-o", "out", stdin=JOB)
        self.assertEqual(json.loads(answer.stdout), self.WANTED)
        self.assertEqual(answer.stderr, b"")

    def test_of_check(self):
        answer = self.expect(NO, "sanitize", "--json", "--check", stdin=JOB)
        self.assertEqual(json.loads(answer.stdout), self.WANTED)

    def test_in_place(self):
        self.write("a", JOB)
        self.write("b", CLEAN)
        answer = self.expect(DONE, "sanitize", "--json", "--in-place", "a", "b")
        summary = json.loads(answer.stdout)
        self.assertEqual((summary["files"], summary["files_changed"]), (2, 1))

    def test_of_nothing(self):
        answer = self.expect(DONE, "sanitize", "--json", "-o", "out", stdin=CLEAN)
        self.assertEqual(json.loads(answer.stdout), {
            "files": 1, "files_changed": 0, "blobs": 0, "bytes_before": len(CLEAN),
            "bytes_after": len(CLEAN), "by_class": {}})

    def test_beside_a_report_on_standard_output(self):
        answer = self.expect(DONE, "sanitize", "--json", "--report", "-", "-o", "out", stdin=JOB)
        self.assertEqual(json.loads(answer.stdout)["action"], "cut")
        self.assertEqual(json.loads(answer.stderr), self.WANTED)


class Format(ProgramTest):
    def test_refusal_says_where_and_writes_nothing(self):
        for arguments in (["-o", "out"], []):
            answer = self.expect(BAD_INPUT, "sanitize", "--format", "json", *arguments,
                                 stdin=JOB[:-2])
            self.assertEqual(answer.stdout, b"")
            self.assertRegex(answer.stderr, rb"^jobqueue: standard input: .* at byte %d\n$"
                             % len(JOB[:-2]))
            self.assertEqual(self.names(), [])

    def test_refusal_stores_nothing(self):
        self.expect(BAD_INPUT, "sanitize", "--format", "json", "--vault", "vault", "-o", "out",
                    stdin=JOB[:-2])
        self.assertEqual(self.objects(), [])
        self.assertEqual(self.names(), ["vault"])

    def test_one_refusal_of_several_writes_nothing_to_one_output(self):
        self.write("a.json", JOB)
        self.write("b.json", b"[")
        answer = self.expect(BAD_INPUT, "sanitize", "--format", "json", "a.json", "b.json")
        self.assertEqual(answer.stdout, b"")

    def test_ndjson_offset_counts_from_the_beginning_of_the_file(self):
        answer = self.expect(BAD_INPUT, "sanitize", "--format", "ndjson", stdin=b'{}\n{"a":}\n')
        self.assertIn(b" at byte 8\n", answer.stderr)

    def test_auto_takes_anything(self):
        self.assertEqual(self.expect(DONE, "sanitize", stdin=b'{"a":\xff\0').stdout, b'{"a":\xff\0')


class Options(ProgramTest):
    def lean(self, text, *options):
        return self.expect(DONE, "sanitize", "-q", *options, stdin=text).stdout

    def test_min_run(self):
        text = encode(png(60))
        self.assertEqual(self.lean(text), text)
        self.assertEqual(self.lean(text, "--min-run", "80"), IMAGE)

    def test_min_unknown(self):
        text = encode(noise(300))
        self.assertEqual(self.lean(text), text)
        self.assertEqual(self.lean(text, "--min-unknown", "400"), DATA)

    def test_naive(self):
        text = b"A" * 100
        self.assertEqual(self.lean(text), text)
        self.assertEqual(self.lean(text, "--naive"), DATA)

    def test_cut_field_may_be_repeated(self):
        text = b'{"a1b":"%s","c2d":"%s"}' % (encode(noise(30)), encode(noise(60)))
        self.assertEqual(self.lean(text), text)
        self.assertEqual(self.lean(text, "--cut-field", "a1b", "--cut-field", "C2D"),
                         b'{"a1b":"%s","c2d":"%s"}' % (DATA, DATA))

    def test_field_takes_one_name_and_not_the_file_behind_it(self):
        self.write("a.json", b'{"abc":"%s","png":"%s"}' % (encode(noise(60)), encode(png())))
        answer = self.expect(DONE, "sanitize", "--cut-field", "abc", "a.json")
        self.assertEqual(answer.stdout, b'{"abc":"%s","png":"%s"}' % (DATA, IMAGE))
        answer = self.expect(DONE, "sanitize", "--protect-field", "png", "a.json")
        self.assertEqual(answer.stdout, self.read("a.json"))

    def test_protect_field_may_be_repeated(self):
        text = b'{"a":"%s","b":"%s"}' % (encode(png()), encode(png()))
        self.assertEqual(self.lean(text, "--protect-field", "a", "--protect-field", "b"), text)

    def test_cut_protected(self):
        text = b'{"token":"%s"}' % encode(noise(750))
        self.assertEqual(self.lean(text), text)
        self.assertEqual(self.lean(text, "--cut-protected"), b'{"token":"%s"}' % DATA)

    def test_out_of_range(self):
        for options in (["--min-run", "31"], ["--min-run", "200", "--min-unknown", "199"],
                        ["--cut-field", "ab"], ["--cut-field", "x" * 129]):
            answer = self.expect(USAGE, "sanitize", "-o", "out", *options, stdin=JOB)
            self.assertNotEqual(answer.stderr, b"", options)
        self.assertEqual(self.names(), [])

    def test_contradictions(self):
        self.write("a", JOB)
        for options in (["--in-place", "a", "-o", "out"], ["--in-place", "a", "--check"],
                        ["--check", "a", "-o", "out"], ["--in-place"], ["--in-place", "a", "-"],
                        ["-", "-"], ["--report-kept"], ["--format", "xml"], ["--min-run", "many"]):
            self.expect(USAGE, "sanitize", *options, stdin=JOB)
        self.assertEqual(self.names(), ["a"])
        self.assertEqual(self.read("a"), JOB)


class Files(ProgramTest):
    def test_no_such_file(self):
        answer = self.expect(ENVIRONMENT, "sanitize", "none.json", "-o", "out")
        self.assertIn(b"none.json: ", answer.stderr)
        self.assertEqual(self.names(), [])

    def test_directory(self):
        self.expect(ENVIRONMENT, "sanitize", ".")

    def test_file_that_cannot_be_read(self):
        # Not by permissions, which root does not mind: nothing is mapped at the beginning.
        answer = self.expect(ENVIRONMENT, "sanitize", "/proc/self/mem")
        self.assertIn(b"cannot read", answer.stderr)

    def test_name_that_begins_with_a_dash(self):
        self.write("-a.json", JOB)
        self.assertEqual(self.expect(DONE, "sanitize", "--", "-a.json").stdout, LEAN_JOB)
        self.assertEqual(self.expect(DONE, "sanitize", "./-a.json").stdout, LEAN_JOB)


if __name__ == "__main__":
    unittest.main()
