"""The binary without Jupyter: --script, dumps, help."""
import shlex
import signal
import subprocess
import time


def run(binary, *arguments, text=None):
    return subprocess.run([binary, *arguments], input=text, capture_output=True, text=True, timeout=60)


def script(binary, folder, text):
    path = f"{folder}/some.cell"
    with open(path, "w") as file:
        file.write(text)
    return run(binary, "--script", path)


def test_results_and_text(binary, folder):
    done = script(binary, folder, "x = 40\nx + 1\n\nprint('text', end='!\\n')\nx\nx + 2\n\nshow('shown')\n3;\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "41\ntext!\n42\n'shown'\n", "")
    assert run(binary, "--script", "-", text="6 * 7").stdout == "42\n"


def test_marks_part_cells(binary, folder):
    done = script(binary, folder, "# %% first\n1\n\n2\n# %% second\n3\n\n_ + _1\n")
    assert done.stdout == "2\n4\n", done.stdout + done.stderr


def test_an_error_stands_under_its_line_of_the_file(binary, folder):
    done = script(binary, folder, "print('before')\n\n\nx = [1, 2]\n\nlen(x) + missing\n\nprint('never')\n")
    assert done.returncode == 1 and done.stdout == "before\n"
    lines = done.stderr.split("\n")
    assert lines[0].startswith("NameError") and lines[1].endswith("some.cell, line 6") and lines[2:4] == ["    len(x) + missing", "             ^^^^^^^"]


def test_files_that_are_none(binary, folder):
    for path in (f"{folder}/no.cell", folder):
        done = run(binary, "--script", path)
        assert done.returncode == 1 and "FileError" in done.stderr and path in done.stderr


def test_no_front_end_answers(binary):
    done = run(binary, "--script", "-", text="input('who?')")
    assert done.returncode == 1 and "a script can't ask" in done.stderr and "param(" in done.stderr


def test_signals_end_the_cell_not_the_process(binary, folder):
    path = f"{folder}/long.cell"
    with open(path, "w") as file:
        file.write("print('before')\n\nx = 0\nwhile True: x += 1\n\nprint('never')\n")
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen([binary, "--script", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "before\n"
        time.sleep(0.1)
        began = time.monotonic()
        process.send_signal(number)
        out, errors = process.communicate(timeout=10)
        assert process.returncode == 128 + number and out == ""
        assert errors.startswith("Interrupted: interrupted") and "long.cell, line 4" in errors, errors
        assert time.monotonic() - began < 0.3


def test_a_closed_pipe_ends_it(binary, folder):
    path = f"{folder}/flood.cell"
    with open(path, "w") as file:
        file.write("while True: print('flood')\n")
    done = subprocess.run(f"{shlex.quote(binary)} --script {shlex.quote(path)} | head -n 3", shell=True, capture_output=True, text=True, timeout=20)
    assert done.stdout == "flood\n" * 3 and done.stderr == ""


def test_dumps(binary):
    assert run(binary, "--dump-tokens", "-", text="x = 1").stdout.split("\n")[:3] == ["1:1 NAME x", "1:3 ASSIGN =", "1:5 INT 1"]
    assert run(binary, "--dump-ast", "-", text="x = 1 + 2").stdout == "(assign (name x) (binary `+` (int 1) (int 2)))\n"
    done = run(binary, "--dump-ast", "-", text="x = = 1")
    assert done.returncode == 1 and "SyntaxError" in done.stderr


def test_help_version_and_wrong_use(binary):
    done = run(binary, "--help")
    assert done.returncode == 0 and all(word in done.stdout for word in ("-f", "--script", "--dump-tokens", "--dump-ast", "--trace-wire", "# %%"))
    assert run(binary, "--version").stdout.startswith("reckon-kernel 0.")
    for arguments in ((), ("--nonsense",), ("--script",), ("-f",)):
        done = run(binary, *arguments)
        assert done.returncode == 2 and "usage:" in done.stderr and done.stdout == ""
