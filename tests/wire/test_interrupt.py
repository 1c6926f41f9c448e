"""Interrupts, by message and by signal: within 100 ms, only the cell that runs, the session goes on."""
import time

from client import text_of, within

LIMIT_S = 0.1
ENDLESS = ("sleep(10)", "while True:\n    x = 1", "for i in range(10 ** 12): pass", "while True: print('flood')", "sum(x for x in range(10 ** 12))")
WAYS = ("message", "signal")


def interrupt(kernel, way):
    if way == "signal":
        kernel.interrupt()
    else:
        assert kernel.ask("interrupt_request", channel="control").content == {"status": "ok"}


def check_interrupted(kernel, cell, way):
    began = time.monotonic()
    interrupt(kernel, way)
    reply = kernel.reply(cell)
    within(LIMIT_S if "flood" not in str(reply) else 0.3, began)
    assert reply.content["status"] == "error" and reply.content["ename"] == "Interrupted", reply.content
    kernel.outputs(cell)
    return reply


def test_endless_cells(kernel):
    for code in ENDLESS:
        for way in WAYS:
            cell = kernel.start_cell("kept = 1\n" + code)
            time.sleep(0.15)
            check_interrupted(kernel, cell, way)
            assert kernel.execute("kept + 1")[1][-1].content["data"]["text/plain"] == "2", code


def test_interrupt_at_a_prompt(kernel):
    for way in WAYS:
        cell = kernel.start_cell("name = input('who? ')", allow_stdin=True)
        assert kernel.next("stdin").type == "input_request"
        check_interrupted(kernel, cell, way)
        assert kernel.execute("'name' in 'abc'")[0].content["status"] == "ok"


def test_idle_interrupts_do_nothing(kernel):
    for way in WAYS * 2:
        interrupt(kernel, way)
    assert kernel.execute("sleep(0.05)\n1")[0].content["status"] == "ok"


def test_stale_interrupts_never_hit_the_next_cell(kernel):
    for i in range(50):
        first = kernel.start_cell("1")
        assert kernel.reply(first).content["status"] == "ok"
        interrupt(kernel, WAYS[i % 2])
        kernel.outputs(first)
        if i % 2:
            kernel.ask("kernel_info_request", channel="control")  # the signal has been seen by then
        reply, _ = kernel.execute("sleep(0.002)\n2")
        assert reply.content["status"] == "ok", (i, reply.content)


def test_interrupt_aborts_what_was_queued_but_not_what_comes_later(kernel):
    for stop in (True, False):
        cell = kernel.start_cell("sleep(10)", stop_on_error=stop)
        queued = [kernel.start_cell(f"print({i})", stop_on_error=stop) for i in range(5)]
        time.sleep(0.15)
        check_interrupted(kernel, cell, "message")
        assert all(kernel.reply(id).content["ename"] == "Aborted" for id in queued)
        assert text_of(kernel.execute("print('later')")[1]) == "later\n"


def test_interrupt_of_a_fit(kernel):
    assert kernel.execute("data = synth()")[0].content["status"] == "ok"
    for way in WAYS:
        cell = kernel.start_cell("model = 1\nmodel = als(data, factors=64, epochs=1000000)")
        time.sleep(0.7)
        reply = check_interrupted(kernel, cell, way)
        assert "`_partial`" in reply.content["traceback"][-1]
        assert kernel.execute("model")[1][-1].content["data"]["text/plain"] == "1", "names are as they were"
        assert kernel.execute("_partial")[0].content["status"] == "ok", "what the fit had is kept"
