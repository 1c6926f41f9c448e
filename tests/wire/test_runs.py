"""The log of runs: one file for all kernels, whatever ends them; and never in a cell's way."""
import contextlib
import os
import sqlite3
import time

from client import text_of

FIT = "m = bias(synth(users=50, items=40), name='{}'); evaluate(m, synth(users=50, items=40), allow_leak=True)"


def value(kernel, code):
    reply, outputs = kernel.execute(code)
    assert reply.content["status"] == "ok", reply.content
    return outputs[-1].content["data"]["text/plain"]


def whole(path):
    with contextlib.closing(sqlite3.connect(path, timeout=20)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return database.execute("SELECT count(*) FROM runs").fetchone()[0]


def test_kernels_share_one_log(start):
    one, two = start(), start()
    one.execute(FIT.format("first"))
    assert value(one, "len(runs())") == "2"
    assert value(two, "runs()['model']") == "['first', 'first']"
    two.execute(FIT.format("second"))
    assert value(two, "len(runs())") == "4" and value(one, "runs('evaluate')['model']") == "['first', 'second']"
    one.ask("shutdown_request", {"restart": False}, channel="control")
    assert one.ends(5) == 0
    two.process.kill()
    two.process.wait()
    three = start()
    assert value(three, "len(runs(model='bias', data='synthetic'))") == "4"
    assert whole(three.env["RECKON_RUNS"]) == 4


def test_kernels_killed_while_they_write(start):
    for i in range(4):
        kernel = start()
        kernel.execute("data = synth(users=50, items=40); bias(data)")
        assert int(value(kernel, "len(runs())")) > i, "what was asked for is in the file"
        cell = kernel.start_cell("while True: bias(data)")
        kernel.wait_output(cell, "execute_input")
        time.sleep(0.1 + 0.1 * i)
        kernel.process.kill()
        kernel.process.wait()
    kernel = start()
    seen, kept = int(value(kernel, "len(runs())")), whole(kernel.env["RECKON_RUNS"])
    assert seen == kept >= 4, (seen, kept)


def test_a_log_that_cannot_be_written_is_said_once(start, folder):
    bad = os.path.join(folder, "bad.sqlite")
    with open(bad, "w") as file:
        file.write("somebody's notes, no database at all")
    kernel = start(env={"RECKON_RUNS": bad})
    said = ""
    for i in range(3):
        reply, outputs = kernel.execute(FIT.format(i) + "; runs(last=1)")
        assert reply.content["status"] == "ok"
        said += text_of(outputs, "stderr")
    assert said.count("runs of this session are kept in memory alone") == 1 and bad in said, said
    assert value(kernel, "len(runs())") == "6" and "no file keeps them" in value(kernel, "runs()")
    with open(bad) as file:
        assert file.read() == "somebody's notes, no database at all"


def test_a_held_file_keeps_no_cell_waiting(start):
    kernel = start()
    kernel.execute(FIT.format("before"))
    assert value(kernel, "len(runs())") == "2"
    with contextlib.closing(sqlite3.connect(kernel.env["RECKON_RUNS"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for i in range(5):
            assert float(value(kernel, f"t = timeit({FIT.format(i).split(';')[0].split('= ', 1)[1]}, runs=1); t['best'][0]").split()[0].strip("'")) < 2
        other.execute("COMMIT")
    assert int(value(kernel, "len(runs())")) >= 7


def test_off_keeps_no_file(start, folder):
    kernel = start(env={"RECKON_RUNS": "off", "HOME": folder, "XDG_DATA_HOME": folder})
    kernel.execute(FIT.format("mine"))
    assert value(kernel, "len(runs())") == "2"
    assert not [name for _, _, names in os.walk(folder) for name in names if "runs" in name]
