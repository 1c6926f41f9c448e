"""Cells that take long, each in another part of the kernel, and how late an interrupt ends them.

For test_interrupt.py (a few moments each) and tests/bench/interrupt.py (many, with a table).
"""
import os
import socket
import time

# Names that the cells below use.
PRELUDE = """
small = synth(users=943, items=1682, density=0.063, seed=1)
big = synth(users=10000, items=3000, density=0.03, seed=1)
a, b = split(big, test=0.5, seed=1)
m = als(a, factors=64, epochs=1, seed=1)
rows = interactions(big)
numbers = [x * 7919 % 1000003 for x in range(1000000)]
words = [str(x) for x in numbers]
text = ','.join(words)
points = table({'x': numbers[:3000], 'y': numbers[3000:6000]})
wide = array([[x * y % 17 for x in range(1000)] for y in range(1000)])
column = array([[x, 1] for x in range(8000)])
"""


class Cell:
    """code goes on for longer than `last` seconds; it is interrupted somewhere between its start and then."""

    def __init__(self, kind, code, last=1.0, asks=False):
        self.kind, self.code, self.last, self.asks = kind, code, last, asks


CELLS = [
    Cell("fit als", "als(small, factors=64, epochs=1000000)"),
    Cell("fit als", "als(a, valid=b, factors=64, epochs=100000, patience=100000)", 2),
    Cell("fit als", "als(big, factors=1024, epochs=100)", 3),
    Cell("fit mf, sgd", "mf(small, factors=64, epochs=1000000)"),
    Cell("fit mf, sgd", "mf(big, factors=4096, epochs=100)", 3),
    Cell("fit mf, adam", "mf(small, optimizer='adam', epochs=1000000)"),
    Cell("fit mf, adam", "mf(big, optimizer='adam', factors=256, batch=500000, epochs=10000)", 2),
    Cell("fit svd", "svd(big, factors=1000)", 1.5),
    Cell("fit svd", "while True: svd(small, factors=20)"),
    Cell("fit bias", "while True: bias(big)"),
    Cell("fit popular", "while True: popular(big)"),
    Cell("sweep", "sweep(als(), a, b, factors=range(1, 100))", 2),
    Cell("sweep", "sweep(ease(), a, b, search='random', n=100, reg=(1, 1000))", 2),
    Cell("cross_validate", "cross_validate(als(), big, folds=100)", 2),
    Cell("tsne", "tsne(m.items, iterations=10000)"),
    Cell("tsne", "tsne(m.users, iterations=10000)", 4),
    Cell("pca", "while True: pca(m.users)"),
    Cell("clusters", "clusters(m.users, k=500)"),
    Cell("evaluate", "while True: evaluate(m, b)"),
    Cell("recommend for all", "while True: recommend(m, users='all', k=100)", 2),
    Cell("predict", "while True: predict(m, b)"),
    Cell("similar, explain, fold in", "while True: similar(m, 1); explain(m, user=1, item=2); fold_in(m, {1: 5, 2: 3})"),
    Cell("synth", "synth(users=20000, items=5000, density=0.2)", 2),
    Cell("load a file", "while True: load(CSV)", 2),
    Cell("load a file", "while True: load('ml-1m')", 2),
    Cell("load a file", "while True: table(CSV)", 2),
    Cell("save, export", "while True: save(big, FOLDER + '/big.reckon'); open(FOLDER + '/big.reckon'); export(big, FOLDER + '/big.csv')"),
    Cell("split", "while True: split(big, valid=0.1)"),
    Cell("split", "while True: split(big, by='per_user')"),
    Cell("split", "while True: split(big, by='time')"),
    Cell("split", "while True: split(big, by='leave_one_out')"),
    Cell("data sets", "while True: filter(big, min_user=90, min_item=90); implicit(big); concat(a, b); describe(big); matrix(big)"),
    Cell("tables", "while True: rows.sort('title')", 2),
    Cell("tables", "while True: rows.group('title', 'user', n='count')", 2),
    Cell("tables", "while True: interactions(big)"),
    Cell("tables", "while True: rows.where(lambda r: r['rating'] > 3)"),
    Cell("prints", "while True: print('flood')"),
    Cell("prints", "while True: print(text[:20000])"),
    Cell("displays", "while True: show(points); sleep(0.01)"),
    Cell("prompt", "input('who? ')", 0.3, asks=True),
    Cell("sleep", "sleep(100)", 0.3),
    Cell("gnuplot", "while True: show(scatter(points, x='x', y='y'))"),
    Cell("gnuplot", "while True: show(scatter(table({'x': numbers[:200000], 'y': numbers[-200000:]}), x='x', y='y'))"),
    Cell("sorting", "while True: sorted(numbers)"),
    Cell("sorting", "while True: sorted(words)"),
    Cell("sorting", "while True: sorted(numbers, key=lambda x: -x)"),
    Cell("lists", "[x * 2 for x in range(10 ** 8)]"),
    Cell("lists", "while True: sum(list(range(10 ** 7)))"),
    Cell("lists", "while True: [0] * 10 ** 7"),
    Cell("lists", "while True: numbers * 5; numbers[::-1]; list(zip(numbers, words)); max(numbers); set(numbers); -1 in numbers"),
    Cell("strings", "s = ''\nwhile True: s += 'some text that grows'"),
    Cell("strings", "while True: text.split(','); ','.join(words); text.replace('1', '2'); 'ab' * 10 ** 7; str(numbers); text.upper()"),
    Cell("loops, functions", "while True: x = 1"),
    Cell("loops, functions", "def f(n): return n if n < 2 else f(n - 1) + f(n - 2)\nf(60)"),
    Cell("timeit", "timeit(sum(numbers), runs=1000)"),
    Cell("arrays", "while True: wide @ wide; wide.std(axis=0); wide.T; wide[wide > 3]; wide ** 1.5; array(numbers)"),
    Cell("arrays", "while True: column @ column.T", 2),
    Cell("arrays", "wide.svd(k=500)"),
    Cell("hung gnuplot", "scatter(points, x='x', y='y')", 0.3),
    Cell("download that stalls", "load('ml-100k')"),
]


class Places:
    """What the cells need outside of the kernel: a large file, a gnuplot that hangs, a server that never answers."""

    def __init__(self, folder):
        self.folder, self.csv = folder, os.path.join(folder, "large.csv")
        with open(self.csv, "w") as file:
            file.write("user,item,rating,time\n")
            file.writelines(f"u{i % 20000},i{i * 7919 % 9001},{i % 5 + 1},{1000000000 + i}\n" for i in range(1000000))
        hung = os.path.join(folder, "hung")
        os.makedirs(hung, exist_ok=True)
        with open(os.path.join(hung, "gnuplot"), "w") as file:
            file.write("#!/bin/sh\nexec sleep 1000\n")
        os.chmod(os.path.join(hung, "gnuplot"), 0o755)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.hung = {"PATH": hung + ":" + os.environ["PATH"]}
        self.stalled = {"RECKON_MIRROR": f"http://127.0.0.1:{self.server.getsockname()[1]}", "RECKON_DATA": folder, "XDG_CACHE_HOME": folder}

    def env(self, cell):
        return {"hung gnuplot": self.hung, "download that stalls": self.stalled}.get(cell.kind, {})

    def has(self, cell):
        return "ml-1m" not in cell.code or os.path.isdir(os.path.join(os.environ.get("RECKON_DATA", "/nowhere"), "ml-1m"))

    def code(self, cell):
        return cell.code.replace("CSV", repr(self.csv)).replace("FOLDER", repr(self.folder))

    def close(self):
        self.server.close()


class Waits:
    """Seconds for which threads of the kernel and this one wanted to run and others had the CPUs: not the kernel's fault."""

    def __init__(self, kernel):
        self.folder, self.before = f"/proc/{kernel.process.pid}/task", {}
        self.before = self.now()

    def now(self):
        paths = ["/proc/thread-self/schedstat"] + [f"{self.folder}/{thread}/schedstat" for thread in os.listdir(self.folder)]
        found = {}
        for path in paths:
            try:
                with open(path) as file:
                    found[path] = int(file.read().split()[1]) / 1e9
            except (OSError, IndexError):
                pass
        return found

    def longest(self):
        waits = {path: waited - self.before.get(path, 0) for path, waited in self.now().items()}
        return waits.pop("/proc/thread-self/schedstat", 0) + max(waits.values(), default=0)


class Late:
    """How an interrupt of a cell went: seconds until its reply and its idle, as measured and without what the machine took from us."""

    def __init__(self, reply, interrupted_at, idle_at, waited):
        self.reply, self.waited = reply, waited
        self.reply_s, self.idle_s = reply.at - interrupted_at, idle_at - interrupted_at

    def own_s(self):
        return max(self.reply_s, self.idle_s) - self.waited


def listen(kernel, id, until):
    """Reads on, as front ends do, until a cell is idle or a moment has come. The time of idle, or None."""
    while (left := until - time.monotonic()) > 0:
        message = kernel.next("iopub", left)
        if message and message.parent.get("msg_id") == id and message.content.get("execution_state") == "idle":
            return message.at
    return None


def send_interrupt(kernel, way):
    if way == "signal":
        kernel.interrupt_group()
    else:
        kernel.send("control", "interrupt_request")


def interrupt_cell(kernel, code, delay_s, way, **options):
    """Runs a cell and interrupts it after a while: Late, or None when it had ended before."""
    id = kernel.start_cell(code, **options)
    kernel.wait_output(id, "execute_input")
    if listen(kernel, id, time.monotonic() + delay_s):
        kernel.reply(id)
        return None
    waits, began = Waits(kernel), time.monotonic()
    send_interrupt(kernel, way)
    idle_at, reply = None, None
    while not (idle_at and reply):
        idle_at = idle_at or listen(kernel, id, time.monotonic() + 0.002)
        message = kernel.next("shell", 0)
        reply = message if message and message.parent.get("msg_id") == id else reply
        assert time.monotonic() - began < 60, f"not interrupted: {code}"
    if way == "message":
        assert kernel.next("control").content == {"status": "ok"}
    return Late(reply, began, idle_at, waits.longest())
