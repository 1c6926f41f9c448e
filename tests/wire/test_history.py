"""History: one file for all sessions, never in a cell's way, whole after any end."""
import contextlib
import os
import random
import resource
import sqlite3
import statistics
import subprocess
import time

from client import Kernel, within


def ask(kernel, **query):
    return kernel.ask("history_request", {"raw": True, "output": False, **query}).content["history"]


def run(kernel, *codes):
    for code in codes:
        kernel.execute(code)


def file_of(kernel):
    return kernel.env["RECKON_HISTORY"]


def end(kernel):
    kernel.ask("shutdown_request", {"restart": False}, channel="control")
    assert kernel.ends(5) == 0


def rows(path):
    """All that lies in the file, after SQLite's own check of it."""
    with contextlib.closing(sqlite3.connect(path, timeout=20)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return database.execute("SELECT session, line, input, output FROM cells ORDER BY session, line").fetchall()


@contextlib.contextmanager
def kernels(binary, folder, n, **options):
    """Started together, over one transport: for what takes long and asks nothing of the sockets."""
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(contextlib.closing(Kernel(binary, folder, connect=False, **options))) for _ in range(n)]
        for kernel in started:
            kernel.connect()
        yield started


# --- what is asked ---


def test_two_sessions_share_it(start):
    first = start()
    run(first, "a = 1", "a + 1")
    assert ask(first, hist_access_type="tail", n=5, output=True) == [[1, 1, ["a = 1", None]], [1, 2, ["a + 1", "2"]]]
    second = start()
    run(second, "b = 5", "'text'")
    assert ask(second, hist_access_type="tail", n=3) == [[1, 2, "a + 1"], [2, 1, "b = 5"], [2, 2, "'text'"]]
    assert ask(first, hist_access_type="tail", n=1, output=True) == [[2, 2, ["'text'", "'text'"]]]
    run(first, "a")
    ask(first, hist_access_type="tail")  # written at once, not with those that may follow
    assert ask(second, hist_access_type="range", session=1, start=2) == [[1, 2, "a + 1"], [1, 3, "a"]]


def test_earlier_sessions_are_numbered_backwards(start):
    for turn in range(3):
        kernel = start()
        run(kernel, f"{turn}", f"{turn} + 1")
        if turn < 2:
            end(kernel)
    assert ask(kernel, hist_access_type="range", session=0, start=1, stop=None) == [[3, 1, "2"], [3, 2, "2 + 1"]]
    assert ask(kernel, hist_access_type="range", session=-1, start=1, stop=2) == [[2, 1, "1"]]
    assert ask(kernel, hist_access_type="range", session=-2, start=-1) == [[1, 2, "0 + 1"]]
    assert ask(kernel, hist_access_type="range", session=2, start=1, stop=99, output=True) == [[2, 1, ["1", "1"]], [2, 2, ["1 + 1", "2"]]]
    for session in (-3, -99, 4, 99):
        assert ask(kernel, hist_access_type="range", session=session) == []


def test_search(kernel):
    run(kernel, "x = [1]", "y = 'a*b?'", "x = [1]", "🦊 = 'fox'", "# 🦊\n7")
    found = [(query, [line for _, line, _ in ask(kernel, hist_access_type="search", **query)]) for query in (
        {"pattern": "x*"}, {"pattern": "x*", "unique": True}, {"pattern": "* = [1]"}, {"pattern": "[xy]*"}, {"pattern": "?*'a*b?'"},
        {"pattern": "? = 'fox'"}, {"pattern": "?? = 'fox'"}, {"pattern": "*🦊*"}, {"pattern": "*"}, {"pattern": "*", "n": 2}, {"pattern": ""},
        {"pattern": "*", "unique": True, "n": 3}, {"pattern": "*", "n": None}, {})]
    assert [lines for _, lines in found] == [[1, 3], [3], [1, 3], [], [2], [4], [], [4, 5], [1, 2, 3, 4, 5], [4, 5], [], [3, 4, 5], [1, 2, 3, 4, 5],
                                             [1, 2, 3, 4, 5]], found


def test_only_what_is_to_be_stored(kernel):
    kernel.execute("1", silent=True)
    kernel.execute("2", store_history=False)
    kernel.execute("3 +")
    kernel.execute("1 / 0")
    assert ask(kernel, hist_access_type="tail", n=9, output=True) == [[1, 1, ["3 +", None]], [1, 2, ["1 / 0", None]]]


def test_odd_characters(start):
    kernel = start()
    code = "'𝔘𝔫𝔦 🦊\\u0000 \\t\" ' # \u2028 \x7f é"
    run(kernel, code)
    end(kernel)
    assert ask(start(), hist_access_type="tail", n=1) == [[1, 1, code]]


def test_wrong_requests(kernel):
    for content in ({"hist_access_type": "all"}, {"hist_access_type": "search", "pattern": 3},
                    {"hist_access_type": "search", "pattern": "a" * 1001}, [1], b"{", b""):
        assert kernel.ask("history_request", content).content["status"] == "error", content
    for content in ({}, {"hist_access_type": "tail", "n": "x"}, {"hist_access_type": "range", "session": None, "start": [], "stop": {}}):
        assert kernel.ask("history_request", content).content == {"status": "ok", "history": []}, content


# --- never in the way ---


def test_while_a_cell_runs(kernel):
    run(kernel, *(f"{i}" for i in range(50)))
    cell = kernel.start_cell("print('begun')\nwhile True: 1")
    kernel.wait_output(cell)
    took = []
    for _ in range(20):
        began = time.monotonic()
        assert len(ask(kernel, hist_access_type="tail", n=1000)) == 50
        took.append(time.monotonic() - began)
    kernel.interrupt()
    assert kernel.reply(cell).content["ename"] == "Interrupted"
    assert statistics.median(took) < 0.05, took


def test_it_sees_every_cell_that_was_answered(kernel):
    for i in range(1, 60):
        kernel.reply(kernel.start_cell(f"{i}"))
        assert ask(kernel, hist_access_type="tail", n=1) == [[1, i, f"{i}"]]


def median_ms(kernel, n=150):
    took = []
    for _ in range(n):
        began = time.monotonic()
        kernel.reply(kernel.start_cell("1"))
        took.append((time.monotonic() - began) * 1000)
    return statistics.median(took)


def test_cells_are_as_fast_as_without(binary, folder):
    with kernels(binary, folder, 1) as (kept,), kernels(binary, folder, 1, env={"RECKON_HISTORY": "off"}) as (free,):
        pairs = [(median_ms(kept), median_ms(free)) for _ in range(6)]
        assert min(a for a, _ in pairs) < min(b for _, b in pairs) * 1.25 + 0.1, pairs
        assert len(rows(file_of(kept))) > 600


def test_a_locked_file_slows_no_cell(start):
    kernel = start()
    run(kernel, "1")
    ask(kernel, hist_access_type="tail")
    other = sqlite3.connect(file_of(kernel))
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    run(kernel, *["2"] * 50)
    within(2, began)
    other.rollback()
    assert len(ask(kernel, hist_access_type="tail", n=99)) == 51


def test_the_end_does_not_wait_for_a_locked_file(start):
    kernel = start()
    run(kernel, "1")
    ask(kernel, hist_access_type="tail")
    other = sqlite3.connect(file_of(kernel))
    other.execute("BEGIN IMMEDIATE")
    run(kernel, "2")
    began = time.monotonic()
    end(kernel)
    within(1.5, began)
    other.rollback()
    other.close()
    assert [row[:3] for row in rows(file_of(kernel))] == [(1, 1, "1")]


def test_threads_and_memory(kernel):
    def resident_mib():
        with open(f"/proc/{kernel.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20

    kernel.ask("kernel_info_request")
    assert len(os.listdir(f"/proc/{kernel.process.pid}/task")) <= 6
    assert not os.path.exists(file_of(kernel)), "a kernel that was only asked for its name has no history yet"
    before = resident_mib()
    ask(kernel, hist_access_type="tail")
    if before < 15:  # not under a sanitizer
        assert resident_mib() - before < 3 and resident_mib() < 12, (before, resident_mib())


# --- ends and accidents ---


def test_the_end_writes_all(start):
    kernel = start()
    run(kernel, *(f"{i}" for i in range(1, 31)))
    end(kernel)
    assert rows(file_of(kernel)) == [(1, i, f"{i}", f"{i}") for i in range(1, 31)]
    assert not os.path.exists(file_of(kernel) + "-wal"), "the last one to leave tidies up"
    assert os.stat(file_of(kernel)).st_mode & 0o777 == 0o600


def test_killed_at_any_moment(binary, folder):
    """In the midst of writing: the file stays whole, and what was written before a question stays."""
    choose = random.Random(4)
    for turn in range(1, 11):
        with kernels(binary, folder, 1) as (kernel,):
            run(kernel, "first")
            assert ask(kernel, hist_access_type="range")[-1] == [turn, 1, "first"]
            for i in range(200):
                kernel.start_cell(f"'{'x' * choose.randrange(4000)}'")
            time.sleep(choose.random() * 0.4)
            kernel.process.kill()
        lines = [line for session, line, _, _ in rows(file_of(kernel)) if session == turn]
        assert lines == list(range(1, len(lines) + 1)) and lines, lines


def test_several_kernels_write_at_once(binary, folder):
    """Started together on a file that isn't there, then 8 × 60 cells at once; none is lost."""
    with kernels(binary, folder, 8) as eight:
        ids = [[kernel.start_cell(f"{k} * 1000 + {i}") for i in range(60)] for k, kernel in enumerate(eight)]
        for kernel, own in zip(eight, ids):
            for id in own:
                assert kernel.reply(id).content["status"] == "ok"
        found = [ask(kernel, hist_access_type="range", session=0, output=True) for kernel in eight]
        for k, entries in enumerate(found):
            assert [(line, *texts) for _, line, texts in entries] == [(i + 1, f"{k} * 1000 + {i}", f"{k * 1000 + i}") for i in range(60)]
        assert sorted(entries[0][0] for entries in found) == list(range(1, 9))
        assert len(ask(eight[0], hist_access_type="tail", n=9999)) == 480
        for kernel in eight:
            end(kernel)
        assert len(rows(file_of(eight[0]))) == 480


# --- where it lies ---


def test_the_users_folder(start, folder):
    home = os.path.join(folder, "home")
    for env, path in (({"HOME": home, "XDG_DATA_HOME": ""}, ".local/share/reckon"), ({"HOME": "/proc", "XDG_DATA_HOME": home}, "reckon")):
        kernel = start(env={"RECKON_HISTORY": "", **env})
        run(kernel, "1")
        end(kernel)
        assert [row[2] for row in rows(os.path.join(home, path, "history.sqlite"))] == ["1"]
        assert kernel.errors() == ""


def test_off(start, folder):
    kernel = start(env={"RECKON_HISTORY": "off", "HOME": folder, "XDG_DATA_HOME": folder})
    run(kernel, "1")
    assert ask(kernel, hist_access_type="tail", output=True) == [[1, 1, ["1", "1"]]]
    assert not [name for name in os.listdir(folder) if "reckon" in name or "sqlite" in name or "off" in name]


def test_a_folder_that_cannot_be_written(start):
    for env in ({"RECKON_HISTORY": "", "HOME": "/proc", "XDG_DATA_HOME": ""}, {"RECKON_HISTORY": "/proc/history.sqlite"}):
        kernel = start(env=env)
        run(kernel, "1", "2")
        assert ask(kernel, hist_access_type="tail") == [[1, 1, "1"], [1, 2, "2"]]
        assert kernel.errors().count("\n") == 1 and "history of this session is kept in memory" in kernel.errors(), kernel.errors()


def test_a_damaged_file_is_left(start, folder):
    path = os.path.join(folder, "history.sqlite")
    for content in (b"no database, but long enough to look like one to somebody " * 100, b"SQLite format 3\0" + os.urandom(5000)):
        with open(path, "wb") as file:
            file.write(content)
        kernel = start()
        run(kernel, "1")
        assert ask(kernel, hist_access_type="tail") == [[1, 1, "1"]]
        assert "move the file away" in kernel.errors()
        end(kernel)
        with open(path, "rb") as file:
            assert file.read() == content


def test_a_full_disk(start):
    """A limit on the size of files stands for it."""
    kernel = start()
    run(kernel, "1")
    assert ask(kernel, hist_access_type="tail") == [[1, 1, "1"]]
    resource.prlimit(kernel.process.pid, resource.RLIMIT_FSIZE, (100000, 100000))
    text = "x" * 400000
    run(kernel, f"'{text}'", "2")
    assert ask(kernel, hist_access_type="tail", n=1) == [[1, 3, "2"]]
    assert kernel.execute("3")[0].content["status"] == "ok"
    assert "kept in memory" in kernel.errors()
    kernel.process.kill()
    kernel.process.wait()
    assert [row[2] for row in rows(file_of(kernel))] == ["1"]


def test_the_help_names_it(binary):
    assert "RECKON_HISTORY" in subprocess.run([binary, "--help"], capture_output=True, text=True, check=True, timeout=20).stdout
