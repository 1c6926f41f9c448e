#!/usr/bin/env python3
"""How late interrupts end cells: interrupt.py [--kernel BINARY] [--times N] [KIND …]. Prints the worst of N for each kind of cell.

Each cell of tests/wire/long_cells.py is interrupted at random moments, half by message and half by a signal to the process group.
reply, idle: until a client that reads on has them. own: the later of both without the time in which the kernel or the client wanted
to run and others had the CPUs. memory: what the process holds more after the kind's cells than before.
"""
import argparse
import os
import random
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "wire"))
from client import Kernel  # noqa: E402
from long_cells import CELLS, PRELUDE, Places, interrupt_cell  # noqa: E402


def rss_mib(kernel):
    with open(f"/proc/{kernel.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def start(binary, folder, env):
    kernel = Kernel(binary, folder, env=env)
    id = kernel.start_cell(PRELUDE)
    assert kernel.reply(id, seconds=300).content["status"] == "ok"
    kernel.outputs(id)
    return kernel


def measure(kernel, cell, places, times, chance):
    """Those interrupts that found the cell running."""
    found = []
    for i in range(times):
        late = interrupt_cell(kernel, places.code(cell), chance.random() * cell.last, ("message", "signal")[i % 2], allow_stdin=cell.asks)
        if late and late.reply.content.get("ename") == "Interrupted":
            found.append(late)
        elif late or i == 0:
            print(f"not interrupted: {cell.code}: {late.reply.content if late else 'it had ended'}", file=sys.stderr)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", default="build/reckon-kernel")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("kinds", nargs="*")
    arguments = parser.parse_args()
    chance = random.Random(1)
    print("| kind | interrupts | reply, worst ms | idle, worst ms | own, worst ms | memory, MiB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        places, binary = Places(folder), os.path.abspath(arguments.kernel)
        for kind in dict.fromkeys(cell.kind for cell in CELLS):
            cells = [cell for cell in CELLS if cell.kind == kind and places.has(cell)]
            if not cells or (arguments.kinds and not any(word in kind for word in arguments.kinds)):
                continue
            kernel = start(binary, folder, places.env(cells[0]))
            before = rss_mib(kernel)
            found = [late for cell in cells for late in measure(kernel, cell, places, arguments.times, chance)]
            kernel.execute("_partial = None\n1")
            worst = [max(seconds) * 1000 for seconds in zip(*((late.reply_s, late.idle_s, late.own_s()) for late in found))]
            print(f"| {kind} | {len(found)} | {worst[0]:.0f} | {worst[1]:.0f} | {worst[2]:.0f} | {rss_mib(kernel) - before:+.0f} |", flush=True)
            kernel.close()
        places.close()


if __name__ == "__main__":
    main()
