"""Start, restart, shutdown, signals, the parent's end."""
import os
import signal
import socket
import subprocess
import sys
import time

from client import within


def shut_down(kernel, restart=False, channel="control"):
    id = kernel.send(channel, "shutdown_request", {"restart": restart})
    content = kernel.reply(id, channel).content
    assert content == {"status": "ok", "restart": restart}
    return kernel.ends(5)


def test_shutdown(start):
    for transport in ("tcp", "ipc"):
        for channel in ("control", "shell"):
            kernel = start(transport=transport)
            kernel.execute("1")
            began = time.monotonic()
            assert shut_down(kernel, channel=channel) == 0
            within(1, began)


def test_shutdown_says_idle_and_tells_everybody(kernel):
    id = kernel.send("control", "shutdown_request", {"restart": True})
    outputs = kernel.outputs(id)
    assert [m.type for m in outputs] == ["status", "shutdown_reply", "status"] and outputs[1].content["restart"] is True
    assert kernel.ends() == 0


def test_shutdown_while_a_cell_runs(start):
    for code in ("sleep(60)", "while True: pass", "while True: print('flood')", "input('?')"):
        kernel = start()
        kernel.start_cell(code, allow_stdin=True)
        for _ in range(3):
            kernel.start_cell("1")
        time.sleep(0.2)
        began = time.monotonic()
        assert shut_down(kernel) == 0, code
        within(1.5, began)


def test_signals_end_it(start):
    for number in (signal.SIGTERM, signal.SIGHUP):
        for code in ("1", "while True: pass"):
            kernel = start()
            kernel.start_cell(code)
            time.sleep(0.1)
            kernel.process.send_signal(number)
            assert kernel.ends(5) == 0
            assert kernel.errors() == ""


def test_interrupt_then_shutdown_as_launchers_do(kernel):
    kernel.start_cell("while True: pass")
    time.sleep(0.1)
    os.killpg(kernel.process.pid, signal.SIGINT)
    assert shut_down(kernel) == 0


def welcomed(kernel):
    while kernel.next("iopub").type != "iopub_welcome":
        pass


def test_after_a_kill_the_next_start_works(kernel):
    """No file that the killed one left (sockets, history) stops it, whatever it was doing."""
    for code in ("1", "while True: pass", "for i in range(10 ** 9): print(i)"):
        kernel.start_cell(code)
        time.sleep(0.2)
        kernel.process.kill()
        kernel.process.wait()
        kernel.spawn()
        welcomed(kernel)
        assert kernel.execute("'again'")[0].content["execution_count"] == 1
        assert kernel.ask("history_request", {"hist_access_type": "tail", "n": 1}).content["history"][-1][2] == "'again'"
        kernel.iopub_seen.clear()
    assert kernel.errors() == ""


def test_a_port_that_is_in_use_for_a_moment_is_waited_for(kernel):
    kernel.send("control", "shutdown_request", {"restart": True})
    assert kernel.ends() == 0
    endpoint = kernel.endpoint("stdin").split("://")[1]
    busy = socket.socket(socket.AF_UNIX if endpoint.startswith("/") else socket.AF_INET)
    busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    busy.bind(endpoint if endpoint.startswith("/") else ("127.0.0.1", int(endpoint.split(":")[1])))
    busy.listen()
    kernel.spawn()
    time.sleep(0.4)
    assert kernel.ends(0) is None, "it waits"
    busy.close()
    welcomed(kernel)
    assert kernel.execute("1")[0].content["status"] == "ok" and kernel.errors() == ""


def test_a_port_that_stays_in_use_ends_it_with_a_word(kernel, binary):
    done = subprocess.run([binary, "-f", kernel.path], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert "can't bind the shell channel" in done.stderr and kernel.endpoint("shell") in done.stderr, done.stderr
    assert kernel.execute("1")[0].content["status"] == "ok", "the one that runs is not disturbed"


LAUNCHER = """
import os, subprocess, sys, time
env = dict(os.environ, JPY_PARENT_PID=str(os.getpid()))
kernel = subprocess.Popen([sys.argv[1], "-f", sys.argv[2]], env=env, start_new_session=True)
print(kernel.pid, flush=True)
time.sleep(60)
"""


def gone(pid, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_it_ends_with_its_parent(start, binary):
    first = start(connect=False)
    first.close()
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCHER, binary, first.path], stdout=subprocess.PIPE, text=True)
    pid = int(launcher.stdout.readline())
    time.sleep(0.3)
    assert not gone(pid, 0)
    launcher.kill()
    launcher.wait()
    assert gone(pid, 2)


def test_a_parent_elsewhere_is_watched_too(start):
    other = subprocess.Popen(["sleep", "60"])
    kernel = start(env={"JPY_PARENT_PID": str(other.pid)})
    assert kernel.execute("1")[0].content["status"] == "ok"
    other.kill()
    other.wait()
    assert kernel.ends(2) == 0


def test_process_1_and_nonsense_are_no_parents(start):
    for parent in ("1", "0", "-5", "x", "", "99999999"):
        kernel = start(env={"JPY_PARENT_PID": parent})
        assert kernel.ends(0.2) is None and kernel.execute("1")[0].content["status"] == "ok", parent


def test_memory_and_threads_after_start(kernel):
    with open(f"/proc/{kernel.process.pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    assert int(fields["VmRSS"].split()[0]) < 10 << 10, fields["VmRSS"]
    assert int(fields["Threads"]) <= 6
