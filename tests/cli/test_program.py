"""What all commands have in common: help, wrong usage, progress, the environment."""

import os
import pty
import re
import subprocess
import unittest

from program import DONE, IMAGE, USAGE, ProgramTest, encode, png

# Every option of every command; a new one belongs here and in its help.
OPTIONS = {
    (): {"--help", "--version"},
    ("sanitize",): {"--help", "--output", "--in-place", "--check", "--vault", "--report",
                    "--report-kept", "--naive", "--format", "--min-run", "--min-unknown",
                    "--cut-field", "--protect-field", "--cut-protected", "--json", "--quiet"},
    ("restore",): {"--help", "--vault", "--output", "--keep-missing", "--max-output-bytes",
                   "--json", "--quiet"},
    ("vault",): {"--help"},
    ("vault", "ls"): {"--help", "--vault", "--json", "--in"},
    ("vault", "verify"): {"--help", "--vault", "--json"},
    ("evaluate",): {"--help", "--array", "--rules", "--parameter", "--now", "--explain", "--db",
                    "--statement-timeout", "--redis", "--once", "--every", "--batch",
                    "--re-evaluate", "--json"},
    ("clean",): {"--help", "--db", "--statement-timeout", "--redis", "--vault", "--table",
                 "--column", "--match", "--dry-run", "--sample", "--journal", "--resume",
                 "--max-rate", "--batch", "--yes", "--json"},
    ("undo",): {"--help", "--db", "--statement-timeout", "--redis", "--vault", "--journal",
                "--json"},
    ("migrate",): {"--help", "--db", "--statement-timeout", "--dry-run"},
    ("import",): {"--help", "--db", "--statement-timeout", "--redis", "--batch", "--json"},
    ("resolve",): {"--help", "--db", "--statement-timeout", "--rules", "--parameter",
                   "--max-retries", "--batch", "--now", "--json"},
    ("jobs",): {"--help", "--db", "--statement-timeout", "--category", "--problem", "--problems",
                "--status", "--type", "--id-prefix", "--limit", "--json", "--explain", "--rules",
                "--parameter", "--now"},
    ("rules",): {"--help"},
    ("rules", "check"): {"--help", "--parameter"},
    ("rules", "show"): {"--help"},
    ("vault", "gc"): {"--help", "--vault", "--json", "--in", "--delete", "--min-age"},
    ("sign",): {"--help", "--scheme", "--secret-env", "--now", "--id"},
    ("verify",): {"--help", "--scheme", "--secret-env", "--now", "--header", "--tolerance"},
    ("attestation",): {"--help"},
    ("attestation", "key"): {"--help", "--writer", "--kind", "--form", "--workflow", "--step",
                             "--job", "--attempt", "--permanent"},
    ("attestation", "parse"): {"--help", "--all", "--sort"},
    ("attestation", "seal"): {"--help", "--secret-env", "--previous"},
    ("attestation", "verify"): {"--help", "--secret-env", "--previous", "--head", "--count"},
    ("truncate",): {"--help", "--max-bytes", "--pin", "--array-head", "--array-tail", "--marker",
                    "--format", "--output", "--report"},
}


class Help(ProgramTest):
    def test_names_every_option(self):
        for command, wanted in OPTIONS.items():
            answer = self.expect(DONE, *command, "--help")
            self.assertEqual(answer.stderr, b"", command)
            # An option begins its line; others are mentioned in the text.
            named = set()
            for line in answer.stdout.decode().splitlines():
                match = re.match(r" +((?:-\w,)?--[\w-]+)", line)
                if match:
                    named.add(match[1].split(",")[-1])
            self.assertEqual(named, wanted, command)

    def test_lists_the_commands(self):
        text = self.expect(DONE, "--help").stdout.decode()
        for command in ("sanitize", "restore", "vault", "evaluate", "rules", "migrate",
                        "import", "resolve", "jobs", "clean", "undo", "sign", "verify",
                        "truncate"):
            self.assertRegex(text, rf"(?m)^ +{command}  +\w")
        text = self.expect(DONE, "vault", "--help").stdout.decode()
        for command in ("ls", "verify", "gc"):
            self.assertRegex(text, rf"(?m)^ +{command}  +\w")

    def test_tells_the_exit_codes(self):
        text = self.expect(DONE, "--help").stdout.decode()
        self.assertIn("Exit codes", text)
        self.assertIn("JOBQUEUE_SIMD", text)

    def test_version(self):
        self.assertRegex(self.expect(DONE, "--version").stdout, rb"^jobqueue \d+\.\d+\.\d+\n$")


class Usage(ProgramTest):
    def test_unknown_option(self):
        for command in (["sanitize"], ["restore", "--vault", "v"], ["vault", "ls", "--vault", "v"],
                        ["vault", "verify", "--vault", "v"],
                        ["vault", "gc", "--vault", "v", "--in", "-"]):
            answer = self.expect(USAGE, *command, "--no-such-option")
            self.assertEqual(answer.stdout, b"")
            self.assertIn(b"--no-such-option", answer.stderr, command)
            self.assertEqual(self.names(), [])

    def test_no_command(self):
        answer = self.expect(USAGE)
        self.assertEqual(answer.stdout, b"")
        self.assertNotEqual(answer.stderr, b"")

    def test_unknown_command(self):
        self.expect(USAGE, "purify")
        self.expect(USAGE, "vault", "burn")

    def test_option_without_its_value(self):
        for command in (["sanitize", "-o"], ["sanitize", "--vault"], ["restore", "--vault"],
                        ["sanitize", "--report"]):
            self.expect(USAGE, *command)

    def test_more_than_one_file_to_restore(self):
        self.expect(USAGE, "restore", "--vault", "v", "a", "b")


class Environment(ProgramTest):
    def test_instruction_set(self):
        text = encode(png())
        for target in ("scalar", "best", ""):
            answer = self.expect(DONE, "sanitize", stdin=text,
                                 environment={"JOBQUEUE_SIMD": target})
            self.assertEqual(answer.stdout, IMAGE)

    def test_unknown_instruction_set(self):
        answer = self.expect(USAGE, "sanitize", stdin=b"1", environment={"JOBQUEUE_SIMD": "mmx"})
        self.assertIn(b"JOBQUEUE_SIMD", answer.stderr)


class Progress(ProgramTest):
    """A line that is overwritten in place, for people only."""

    def on_a_terminal(self, *arguments, stdin=b""):
        """What the program shows on a terminal that is its standard error."""
        terminal, side = pty.openpty()
        try:
            with subprocess.Popen([self.program, *arguments], cwd=self.here, stderr=side,
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
                os.close(side)
                process.stdin.write(stdin)
                process.stdin.close()
                shown = b""
                while True:
                    try:
                        piece = os.read(terminal, 4096)
                    except OSError:  # nobody has the other side open any more
                        break
                    if not piece:
                        break
                    shown += piece
            self.assertEqual(process.returncode, DONE, shown)
        finally:
            os.close(terminal)
        return shown

    def test_on_a_terminal(self):
        self.write("job.json", encode(png()))
        shown = self.on_a_terminal("sanitize", "-q", "job.json")
        self.assertIn(b"sanitizing 1/1 job.json", shown)
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown)

    def test_is_gone_before_the_summary(self):
        shown = self.on_a_terminal("sanitize", stdin=encode(png()))
        self.assertIn(b"sanitizing 1/1 standard input", shown)
        cleared = shown.rindex(b"\r\x1b[K")
        self.assertIn(b"class", shown[cleared:])
        self.assertNotIn(b"class", shown[:cleared])

    def test_only_on_a_terminal(self):
        self.assertEqual(self.expect(DONE, "sanitize", "-q", stdin=encode(png())).stderr, b"")
        answer = self.expect(DONE, "sanitize", stdin=encode(png()))
        self.assertNotIn(b"\x1b", answer.stderr)
        self.assertNotIn(b"\r", answer.stderr)
        self.assertNotIn(b"sanitizing", answer.stderr)


if __name__ == "__main__":
    unittest.main()
