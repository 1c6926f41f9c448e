"""Interrupts, by message and by signal: within 100 ms, only the cell that runs, the session goes on, memory comes back."""
import os
import random
import time

from client import Kernel, text_of
from long_cells import CELLS, PRELUDE, Places, interrupt_cell, listen, send_interrupt

LIMIT_S = 0.1
WAYS = ("message", "signal")
ROUNDS = 3  # of a cell that was late: others may have work on this machine too


def rss_mib(kernel):
    with open(f"/proc/{kernel.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) >> 10


def interrupt(kernel, way):
    """Until the kernel has heard it."""
    send_interrupt(kernel, way)
    kernel.ask("kernel_info_request", channel="control")


def check_interrupted(kernel, code, delay_s, way, **options):
    """The reply."""
    for _ in range(ROUNDS):
        late = interrupt_cell(kernel, code, delay_s, way, **options)
        assert late, f"ended before it was interrupted: {code}"
        assert late.reply.content["status"] == "error" and late.reply.content["ename"] == "Interrupted", late.reply.content
        if late.own_s() < LIMIT_S:
            return late.reply
    raise AssertionError(f"reply after {late.reply_s:.3f} s, idle after {late.idle_s:.3f} s, {late.waited:.3f} s of it waited for a CPU: {code}")


def test_every_long_cell(binary, folder):
    places, kernels, chance = Places(folder), {}, random.Random(1)
    for i, cell in enumerate(cell for cell in CELLS if places.has(cell)):
        env = places.env(cell)
        if str(env) not in kernels:
            kernels[str(env)] = kernel = Kernel(binary, folder, env=env)
            id = kernel.start_cell(PRELUDE)
            assert kernel.reply(id, seconds=120).content["status"] == "ok"
            kernel.outputs(id)
        kernel = kernels[str(env)]
        check_interrupted(kernel, "kept = 1\n" + places.code(cell), chance.random() * cell.last, WAYS[i % 2], allow_stdin=cell.asks)
        assert kernel.execute("kept + 1")[1][-1].content["data"]["text/plain"] == "2", cell.code
    for kernel in kernels.values():
        kernel.close()
    places.close()


def test_interrupt_at_a_prompt(kernel):
    for way in WAYS:
        cell = kernel.start_cell("name = input('who? ')", allow_stdin=True)
        assert kernel.next("stdin").type == "input_request"
        send_interrupt(kernel, way)
        assert kernel.reply(cell).content["ename"] == "Interrupted"
        kernel.outputs(cell)
        assert kernel.execute("name")[0].content["ename"] == "NameError"


def test_idle_interrupts_do_nothing(kernel):
    for way in WAYS * 2:
        interrupt(kernel, way)
    assert kernel.execute("sleep(0.05)\n1")[0].content["status"] == "ok"


def test_a_second_interrupt_hits_nobody(kernel):
    for way in WAYS:
        cell = kernel.start_cell("sleep(10)")
        listen(kernel, cell, time.monotonic() + 0.1)
        for _ in range(5):
            interrupt(kernel, way)
        assert kernel.reply(cell).content["ename"] == "Interrupted"
        kernel.outputs(cell)
        assert kernel.execute("sleep(0.05)\n1")[0].content["status"] == "ok"


def test_interrupts_while_it_shuts_down(kernel):
    kernel.start_cell("als(synth(), epochs=1000000)")
    time.sleep(0.3)
    kernel.send("control", "shutdown_request", {"restart": False})
    for _ in range(20):
        try:
            kernel.interrupt_group()
        except ProcessLookupError:
            break
        time.sleep(0.005)
    assert kernel.ends(5) == 0


def test_stale_interrupts_never_hit_the_next_cell(kernel):
    for i in range(50):
        first = kernel.start_cell("1")
        assert kernel.reply(first).content["status"] == "ok"
        interrupt(kernel, WAYS[i % 2])
        kernel.outputs(first)
        reply, _ = kernel.execute("sleep(0.002)\n2")
        assert reply.content["status"] == "ok", (i, reply.content)


def test_interrupts_around_the_end_of_a_cell(kernel):
    """At any moment: the cell that ran then, or nothing; never one that was sent after its reply; and the worker hears the next one."""
    chance, hit = random.Random(1), 0
    for i in range(400):
        cell = kernel.start_cell(("1", "sleep(0.002)", "sum(range(20000))", "print(1)\nmissing")[i % 4])
        time.sleep(chance.random() * 0.004)
        interrupt(kernel, WAYS[i % 2])
        reply = kernel.reply(cell)
        interrupted = reply.content.get("ename") == "Interrupted"
        assert interrupted or reply.content.get("ename") == ("NameError" if i % 4 == 3 else None), reply.content
        hit += interrupted
        after = kernel.start_cell("sleep(0.001)\n2")
        assert kernel.reply(after).content["status"] == "ok", i
        kernel.outputs(cell)
        kernel.outputs(after)
    assert 0 < hit < 400, f"{hit} of 400"
    check_interrupted(kernel, "sleep(10)", 0.05, "signal")


def test_interrupt_aborts_what_was_queued_but_not_what_comes_later(kernel):
    for stop in (True, False):
        cell = kernel.start_cell("sleep(10)", stop_on_error=stop)
        queued = [kernel.start_cell(f"print({i})", stop_on_error=stop) for i in range(5)]
        listen(kernel, cell, time.monotonic() + 0.15)
        send_interrupt(kernel, "message")
        assert kernel.reply(cell).content["ename"] == "Interrupted"
        assert all(kernel.reply(id).content["ename"] == "Aborted" for id in queued)
        assert text_of(kernel.execute("print('later')")[1]) == "later\n"


def test_interrupt_of_a_fit(kernel):
    assert kernel.execute("data = synth()")[0].content["status"] == "ok"
    for way in WAYS:
        reply = check_interrupted(kernel, "model = 1\nmodel = als(data, factors=64, epochs=1000000)", 0.7, way)
        assert "`_partial`" in reply.content["traceback"][-1]
        assert kernel.execute("model")[1][-1].content["data"]["text/plain"] == "1", "names are as they were"
        assert kernel.execute("_partial")[0].content["status"] == "ok", "what the fit had is kept"


def test_interrupt_of_a_sweep(kernel):
    assert kernel.execute("train, valid = split(synth(), test=0.2, seed=1); tuned = 1")[0].content["status"] == "ok"
    code = "tuned = sweep(als(factors=64, epochs=1000000, patience=1000000), train, valid, epochs=[2, 3, 1000000], reg=[0.1, 0.2])"
    for way in WAYS:
        reply = check_interrupted(kernel, code, 1.5, way)
        assert "`_partial`" in reply.content["traceback"][-1]
        assert kernel.execute("tuned")[1][-1].content["data"]["text/plain"] == "1", "names are as they were"
        assert kernel.execute("len(_partial), best(_partial).params['epochs'] <= 3")[1][-1].content["data"]["text/plain"] == "(4, True)"
    cell = kernel.start_cell(code)
    listen(kernel, cell, time.monotonic() + 1.5)
    send_interrupt(kernel, "signal")
    assert kernel.reply(cell).content["ename"] == "Interrupted"
    last = [m for m in kernel.outputs(cell) if m.type == "update_display_data"][-1].content["data"]
    assert "interrupted" in last["text/plain"] and last["text/html"].count("<tr") == 5, "what had ended stays on the page"


def test_memory_comes_back(kernel):
    kernel.execute("data = synth(users=3000, items=3000, density=0.01)\ncolumn = array([[x, 1] for x in range(12000)])\n1")
    before = rss_mib(kernel)
    for code in ("column @ column.T", "mf(data, factors=4096, epochs=1000, optimizer='adam')", "[x for x in range(10 ** 8)]"):
        most = before
        cell = kernel.start_cell("while True: " + code)
        for _ in range(20):
            listen(kernel, cell, time.monotonic() + 0.1)
            most = max(most, rss_mib(kernel))
        send_interrupt(kernel, "signal")
        assert kernel.reply(cell).content["ename"] == "Interrupted"
        kernel.outputs(cell)
        kernel.execute("_partial = None\n1")
        after = rss_mib(kernel)
        assert most > before + 50 and after < before + 32, f"{before} MiB, {most} MiB, {after} MiB: {code}"


def test_children_survive_the_signal(kernel):
    """Launchers signal the whole group: the gnuplot that draws for us goes on."""

    def child():
        own = []
        for thread in os.listdir(f"/proc/{kernel.process.pid}/task"):
            with open(f"/proc/{kernel.process.pid}/task/{thread}/children") as file:
                own += file.read().split()
        return sorted(set(own))

    draw = "scatter(table({'x': [1, 2], 'y': [1, 2]}), x='x', y='y')"
    assert kernel.execute(draw)[0].content["status"] == "ok"
    before = child()
    assert len(before) == 1, before
    check_interrupted(kernel, "sleep(10)", 0.1, "signal")
    assert kernel.execute(draw)[0].content["status"] == "ok" and child() == before
