#!/usr/bin/env python3
"""A trivial cell as a client in Python sees it, kernels in turn: latency.py NAME=COMMAND …, where {} is the connection file's place.

jupyter_client signs, sends and reads; its work on the five messages of a cell, one after the other, is part of every figure, so a kernel that computes
nothing (build/tests/bench/kernel --empty {}) shows the least that this client can measure. Medians in ms since before the request was packed."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.session import Session

ROUNDS, WARM_UP, CELLS = 8, 20, 50


class Kernel:
    def __init__(self, name, command, folder):
        self.name, self.times = name, {"busy": [], "reply": [], "idle": []}
        path, info = write_connection_file(os.path.join(folder, f"{name}.json"), key=b"latency key")
        argv = [path if word == "{}" else word for word in command.split()]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.session = Session(key=b"latency key")
        self.shell, self.iopub = (self.connect(kind, info[port]) for kind, port in ((zmq.DEALER, "shell_port"), (zmq.SUB, "iopub_port")))
        self.poller = zmq.Poller()
        self.poller.register(self.shell, zmq.POLLIN)
        self.poller.register(self.iopub, zmq.POLLIN)
        deadline = time.monotonic() + 60
        while not self.iopub.poll(300):  # until it hears what it asks for
            self.session.send(self.shell, "kernel_info_request", {})
            if time.monotonic() > deadline:
                sys.exit(f"latency.py: {name} doesn't answer")
        while self.iopub.poll(300) or self.shell.poll(0):
            for socket, _ in self.poller.poll(0):
                socket.recv_multipart()

    def connect(self, kind, port):
        socket = zmq.Context.instance().socket(kind)
        socket.linger = 0
        if kind == zmq.SUB:
            socket.subscribe(b"")
        socket.connect(f"tcp://127.0.0.1:{port}")
        return socket

    def cell(self):
        content = {"code": "1", "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
        began, seen = time.perf_counter(), {}
        asked = self.session.send(self.shell, "execute_request", content)["header"]["msg_id"]
        while "reply" not in seen or "idle" not in seen:
            if not (ready := self.poller.poll(10000)):
                sys.exit(f"latency.py: {self.name} lost an answer")
            for socket, _ in ready:
                frames = socket.recv_multipart()
                now = (time.perf_counter() - began) * 1000
                message = self.session.deserialize(self.session.feed_identities(frames)[1])
                if message["parent_header"].get("msg_id") == asked:
                    seen["reply" if socket is self.shell else message["content"].get("execution_state", "")] = now
        return seen


def main():
    if len(sys.argv) < 2 or not all("=" in word for word in sys.argv[1:]):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        kernels = [Kernel(*word.split("=", 1), folder) for word in sys.argv[1:]]
        for _ in range(ROUNDS):
            for kernel in kernels:
                for i in range(WARM_UP + CELLS):
                    seen = kernel.cell()
                    for what in kernel.times if i >= WARM_UP else ():
                        kernel.times[what].append(seen[what])
        for kernel in kernels:
            kernel.process.kill()
            kernel.process.wait()
            print(f"{kernel.name:>16}", *(f"{what} {statistics.median(times):.3f}" for what, times in kernel.times.items()))


main()
