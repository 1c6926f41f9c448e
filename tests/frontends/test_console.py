"""jupyter console in a terminal: input and results, blocks, Tab, Ctrl-C, arrow up, exit."""
import os
import re
import sys
import time

import pexpect

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]|\x07")
STEP_S = 60
UP, CLEAR, INTERRUPT, END = "\x1b[A", "\x15", "\x03", "\x04"


class Console:
    def __init__(self, environment):
        self.child = pexpect.spawn(sys.executable, ["-m", "jupyter_console", "--kernel=reckon"], encoding="utf-8", timeout=STEP_S,
                                   dimensions=(60, 140), env=dict(environment, PROMPT_TOOLKIT_NO_CPR="1", TERM="xterm"))
        self.raw, self.seen = "", 0

    def text(self):
        """What the terminal was sent since the last wait, without colours and moves."""
        return ESCAPES.sub("", self.raw)[self.seen:]

    def wait(self, pattern, seconds=STEP_S):
        """Whether the pattern comes; what follows waits for something newer."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = re.search(pattern, self.text())
            if found:
                self.seen += found.end()
                return True
            try:
                self.raw += self.child.read_nonblocking(65536, timeout=0.2)
            except pexpect.TIMEOUT:
                pass
            except pexpect.EOF:
                return bool(re.search(pattern, self.text()))
        return False

    def prompt(self, n):
        return self.wait(rf"In \[{n}\]:")

    def send(self, keys):
        self.child.send(keys)

    def ended(self):
        deadline = time.monotonic() + STEP_S
        while self.child.isalive() and time.monotonic() < deadline:
            try:
                self.raw += self.child.read_nonblocking(65536, timeout=0.2)
            except (pexpect.TIMEOUT, pexpect.EOF):
                pass
        return not self.child.isalive()

    def close(self):
        self.child.close(force=True)


def results_and_blocks(console, check):
    check.that("the console greets with the kernel's banner", console.wait("Reckon.*help\\(\\) lists"), console.text())
    console.prompt(1)
    console.send("6 * 7\r")
    check.that("a result", console.wait(r"Out\[1\]: 42"), console.text())
    console.prompt(2)
    console.send("def twice(x):\r")
    check.that("an open block goes on", console.wait(r"\.\.\.:"), console.text())
    console.send("return 2 * x\r\r")
    check.that("an empty line ends it", console.prompt(3), console.text())
    console.send("twice(4)\r")
    check.that("the function is there", console.wait(r"Out\[3\]: 8"), console.text())


def completes(console, check):
    console.prompt(4)
    console.send("als(synth(), fac\t")
    check.that("Tab completes an argument", console.wait("factors="), console.text())
    console.send("4, epochs=2, name=\"small\")\r")
    check.that("a model shows its card as text", console.wait(r"Out\[4\]:") and console.wait("small") and console.wait("parameters"), console.text())
    console.prompt(5)
    console.send("als?\r")
    check.that("als? is shown", console.wait("Biased matrix factorisation"), console.text())


def interrupts(console, check):
    console.wait(r"In \[\d\]:")
    console.send("als(synth(), factor=4)\r")
    check.that("an error says what to write", console.wait("did you mean `factors`"), console.text())
    console.wait(r"In \[\d\]:")
    console.send("while True: pass\r\r")
    console.wait("while True")
    time.sleep(1)
    console.send(INTERRUPT)
    check.that("Ctrl-C interrupts", console.wait("Interrupted"), console.text())
    console.wait(r"In \[\d\]:")
    console.send("'after' + ' it'\r")
    check.that("the session goes on", console.wait("'after it'"), console.text())


def remembers_and_ends(console, check):
    console.wait(r"In \[\d+\]:")
    console.send(UP)
    check.that("arrow up brings the last input back", console.wait(r"'after' \+ ' it'"), console.text())
    console.send(CLEAR + END)
    check.that("Ctrl-D asks", console.wait("really want to exit"), console.text())
    console.send("y\r")
    check.that("and ends the console", console.ended())


def next_session(environment, check):
    console = Console(environment)
    try:
        console.prompt(1)
        console.send(UP)
        check.that("the next session's arrow up brings it back too", console.wait(r"'after' \+ ' it'", 15), console.text())
        console.send(CLEAR)
        time.sleep(0.5)
        console.send("exit\r")
        check.that("exit says how to leave", console.wait("Ctrl-D leaves a console"), console.text())
    finally:
        console.close()


def run(world, check):
    environment = dict(world.environment, RECKON_HISTORY=os.path.join(world.folder, "history.sqlite"), RECKON_RUNS="off")
    console = Console(environment)
    try:
        results_and_blocks(console, check)
        completes(console, check)
        interrupts(console, check)
        remembers_and_ends(console, check)
    finally:
        console.close()
    next_session(environment, check)
