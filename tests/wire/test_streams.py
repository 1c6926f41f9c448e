"""Printed text: gathered, whole, in order, lossless; descriptors 1 and 2; displays that are updated."""
import os
import subprocess
import time

from client import text_of, types_of


def test_text_is_gathered(kernel):
    _, outputs = kernel.execute("for i in range(2000): print(i)")
    assert text_of(outputs) == "".join(f"{i}\n" for i in range(2000))
    assert types_of(outputs).count("stream") < 20
    assert kernel.execute("print('hello, ', end='')\nprint('world')")[1][1].content["text"] == "hello, world\n"


def test_waiting_text_comes_soon(kernel):
    began = time.monotonic()
    cell = kernel.start_cell("print('soon')\nsleep(1)")
    kernel.wait_output(cell)
    assert time.monotonic() - began < 0.5
    kernel.reply(cell)


def test_long_text_is_cut_between_characters(kernel):
    _, outputs = kernel.execute("print('日本語𝒳' * 100000)")
    pieces = [m.content["text"] for m in outputs if m.type == "stream"]
    assert "".join(pieces) == "日本語𝒳" * 100000 + "\n" and len(pieces) > 1 and "\ufffd" not in "".join(pieces)


def test_a_slow_reader_loses_nothing(kernel):
    n = 200000
    cell = kernel.start_cell(f"for i in range({n}): print('line', i, 'of a long flood of text, so that queues fill')")
    lines = 0
    for _ in range(40):
        message = kernel.next("iopub")
        lines += message.content.get("text", "").count("\n")
        time.sleep(0.01)
    lines += text_of(kernel.outputs(cell, 60)).count("\n")
    assert lines == n and kernel.reply(cell).content["status"] == "ok"


def test_a_dead_subscriber_stops_nobody(kernel):
    dead = kernel.open("iopub")
    dead.rcvhwm = 1
    for i in range(3):
        _, outputs = kernel.execute("for i in range(20000): print('x' * 400)")
        assert len(text_of(outputs)) == 20000 * 401
    with open(f"/proc/{kernel.process.pid}/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert peak < 200 << 10, f"{peak} KiB"
    dead.close()


def write_to(kernel, fd, data):
    with open(f"/proc/{kernel.process.pid}/fd/{fd}", "wb", buffering=0) as pipe:
        pipe.write(data)


def test_descriptors_belong_to_the_running_cell(kernel):
    for fd, name in ((1, "stdout"), (2, "stderr")):
        cell = kernel.start_cell("print('in')\nsleep(0.3)\n1")
        kernel.wait_output(cell)
        write_to(kernel, fd, "from a library 日本\n".encode())
        outputs = kernel.outputs(cell)
        assert text_of(outputs, name).endswith("from a library 日本\n"), outputs
        assert types_of(outputs)[-2:] == ["execute_result", "status"]


def test_what_is_written_last_comes_before_idle(kernel):
    for _ in range(10):
        cell = kernel.start_cell("print('in')\nsleep(0.06)")
        kernel.wait_output(cell)
        write_to(kernel, 1, b"late\n")
        assert text_of(kernel.outputs(cell)) == "in\nlate\n"


def test_a_character_in_two_writes_stays_whole(kernel):
    cell = kernel.start_cell("print('in')\nsleep(0.4)")
    kernel.wait_output(cell)
    data = "日".encode()
    write_to(kernel, 1, data[:1])
    time.sleep(0.1)
    write_to(kernel, 1, data[1:] + b"\n")
    assert text_of(kernel.outputs(cell)) == "in\n日\n"


def test_silent_cells_swallow_it(kernel):
    cell = kernel.start_cell("sleep(0.2)", silent=True)
    time.sleep(0.1)
    write_to(kernel, 1, b"unheard\n")
    assert types_of(kernel.outputs(cell)) == ["status", "status"]


def test_a_flood_on_a_descriptor_is_lossless(kernel):
    cell = kernel.start_cell("print('in')\nsleep(1.5)")
    kernel.wait_output(cell)
    fd = os.open(f"/proc/{kernel.process.pid}/fd/1", os.O_WRONLY)
    block = b"y" * 4095 + b"\n"
    for _ in range(500):
        os.write(fd, block)
    os.close(fd)
    assert len(text_of(kernel.outputs(cell))) == 3 + 500 * 4096


def test_somebody_who_writes_without_end_stops_nothing(kernel):
    cell = kernel.start_cell("print('in')\nsleep(0.5)")
    kernel.wait_output(cell)
    writer = subprocess.Popen(["timeout", "10", "sh", "-c", f"yes > /proc/{kernel.process.pid}/fd/1"], stderr=subprocess.DEVNULL)
    assert kernel.reply(cell).content["status"] == "ok"
    assert kernel.ask("kernel_info_request", channel="control").content["status"] == "ok"
    kernel.send("control", "shutdown_request", {"restart": False})
    assert kernel.ends(2) == 0
    writer.wait()


def test_progress_is_one_display_updated_in_place(kernel):
    kernel.execute("data = synth()")
    cell = kernel.start_cell("als(data, factors=64, epochs=800);")
    assert kernel.reply(cell, seconds=120).content["status"] == "ok"
    shown = [m for m in kernel.outputs(cell) if m.type in ("display_data", "update_display_data")]
    ids = {m.content["transient"]["display_id"] for m in shown}
    assert len(ids) == 1 and types_of(shown)[0] == "display_data" and set(types_of(shown)[1:]) == {"update_display_data"}
    assert all(set(m.content["data"]) == {"text/plain", "text/html"} for m in shown)
    texts = [m.content["data"]["text/plain"] for m in shown]
    assert "left" in texts[0] and "left" not in texts[-1] and "epoch 800 of 800" in texts[-1], texts
