"""How long things take that must be short. Each runs when no other test does; the limits have room for a busy machine of two cores."""
import glob
import os
import statistics
import time

FULL_LOAD = "data = synth()\nprint('begun')\nals(data, factors=64, epochs=1000000);"


def computing(kernel, code=FULL_LOAD):
    """Starts a cell that computes on all threads, and waits until it does."""
    cell = kernel.start_cell(code)
    kernel.wait_output(cell)
    time.sleep(0.5)
    return cell


def quantiles(n, act):
    """(median, 99th of 100) of the seconds that act takes."""
    taken = []
    for _ in range(n):
        began = time.monotonic()
        act()
        taken.append(time.monotonic() - began)
    return statistics.median(taken), sorted(taken)[int(n * 0.99)]


def check(what, act, median, p99=1.0, n=100):
    """Up to eight rounds of n, until one keeps the limits (in seconds): others may have work on this machine too. Says the figures."""
    for _ in range(8):
        found = quantiles(n, act)
        if found[0] < median and found[1] < p99:
            break
        time.sleep(0.2)
    said = f"{what}: median {found[0] * 1000:.2f} ms, p99 {found[1] * 1000:.2f} ms"
    print(said)
    assert found[0] < median and found[1] < p99, said


def interrupted(kernel, cell):
    kernel.ask("interrupt_request", channel="control")
    assert kernel.reply(cell).content["ename"] == "Interrupted"


def test_heartbeat_under_full_load(kernel):
    cell = computing(kernel)

    def beat(data=b"\x00any\xff" * 20):
        kernel.sockets["hb"].send(data)
        assert kernel.sockets["hb"].recv() == data

    check("heartbeat under full load", beat, 0.002, 0.02, 300)
    interrupted(kernel, cell)


def test_control_answers_under_full_load(kernel):
    cell = computing(kernel)
    check("kernel_info on control under full load", lambda: kernel.ask("kernel_info_request", channel="control"), 0.005, 0.1)
    interrupted(kernel, cell)


def test_shell_answers_under_full_load(kernel):
    kernel.execute("some_name = [1]")
    cell = computing(kernel)
    for type, content in (("complete_request", {"code": "some_", "cursor_pos": 5}), ("inspect_request", {"code": "some_name", "cursor_pos": 4}),
                          ("is_complete_request", {"code": "f("}), ("history_request", {"hist_access_type": "tail", "n": 10}),
                          ("comm_info_request", {}), ("kernel_info_request", {})):
        check(f"{type} under full load", lambda: kernel.ask(type, content), 0.05, n=30)
    interrupted(kernel, cell)


def test_inspection(any_kernel):
    kernel = any_kernel
    kernel.execute("data = synth(); m = bias(data)")
    for code in ("als", "m", "data", "evaluate(m, metrics=", "print"):
        content = {"code": code, "cursor_pos": len(code), "detail_level": 1}
        check(f"inspection of {code}", lambda: kernel.ask("inspect_request", content), 0.005, n=30)


def test_a_hundred_aborted_cells(kernel):
    """From the error's reply to the last of theirs: 20 ms on a quiet machine."""
    taken = []
    for _ in range(8):
        first = kernel.start_cell("sleep(0.2)\n1 / 0")
        queued = [kernel.start_cell(f"print({i})") for i in range(100)]
        assert kernel.reply(first).content["ename"] == "ZeroDivisionError"
        began = time.monotonic()
        replies = [kernel.sockets["shell"].recv_multipart() for _ in queued]
        taken.append(time.monotonic() - began)
        assert all(b'"Aborted"' in frames[-1] for frames in replies)
        for id in queued:
            kernel.outputs(id)
        if taken[-1] < 0.02:
            break
    print(f"100 aborted cells: {min(taken) * 1000:.1f} ms")
    assert min(taken) < 0.05, taken


def children(pid):
    found = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(path) as file:
            found += [int(child) for child in file.read().split()]
    return found


def test_shutdown_while_computing(start):
    """Reply, exit code 0, no child left, no socket file left, within half a second."""
    taken = []
    for _ in range(3):
        kernel = start()
        kernel.execute("hist([1, 2, 3])")  # starts gnuplot
        computing(kernel)
        plotters = children(kernel.process.pid)
        assert plotters, "a picture needs gnuplot"
        began = time.monotonic()
        assert kernel.ask("shutdown_request", {"restart": False}, channel="control").content == {"status": "ok", "restart": False}
        assert kernel.ends(5) == 0
        taken.append(time.monotonic() - began)
        assert not [pid for pid in plotters if os.path.exists(f"/proc/{pid}/cmdline") and open(f"/proc/{pid}/cmdline").read()], "a child is left"
        assert not glob.glob(f"{kernel.info['ip']}-*"), "socket files are left"
    print(f"shutdown while computing: {statistics.median(taken) * 1000:.0f} ms")
    assert statistics.median(taken) < 0.5, taken


def test_fifty_restarts_on_the_same_ports(kernel):
    sessions, taken = set(), []
    for _ in range(50):
        kernel.process.kill() if len(taken) % 10 == 9 else kernel.send("control", "shutdown_request", {"restart": True})
        assert kernel.ends(5) is not None
        kernel.sockets["control"].close()
        began = time.monotonic()
        kernel.spawn()
        kernel.sockets["control"] = kernel.open("control")
        reply = kernel.ask("kernel_info_request", channel="control")
        taken.append(time.monotonic() - began)
        sessions.add(reply.header["session"])
    assert len(sessions) == 50, "each start is a new session"
    print(f"restart to the first reply: median {statistics.median(taken) * 1000:.1f} ms, longest {max(taken) * 1000:.1f} ms")
    assert sorted(taken)[12] < 0.1, taken
    while not kernel.sockets["shell"].poll(0) and kernel.next("iopub").type != "iopub_welcome":
        pass
    assert kernel.execute("1")[0].content["execution_count"] == 1
    assert kernel.errors() == ""


def used_ns(pid):
    """Processor time of all threads."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path) as file:
            total += int(file.read().split()[0])
    return total


def test_it_rests_when_idle(any_kernel):
    """Less than 0.1 % of a core, and hardly a wake-up, with a parent to watch and after all kinds of work."""
    kernel = any_kernel
    kernel.execute("data = synth(); m = als(data, factors=8, epochs=2); hist([1, 2, 3])")
    kernel.execute("print(1)")
    time.sleep(1)

    def switches():
        total = 0
        for path in glob.glob(f"/proc/{kernel.process.pid}/task/*/status"):
            with open(path) as status:
                total += sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
        return total

    before, before_switches, seconds = used_ns(kernel.process.pid), switches(), 4
    time.sleep(seconds)
    used, woken = used_ns(kernel.process.pid) - before, switches() - before_switches
    assert before > 0, "the system counts nothing"
    print(f"idle: {used / seconds / 1e7:.4f} % of a core, {woken / seconds:.1f} switches a second")
    assert used < seconds * 1e9 / 1000 and woken < 10 * seconds, (used, woken)
