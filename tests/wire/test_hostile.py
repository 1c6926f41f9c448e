"""Wrong signatures, junk, replays: ignored, and the kernel lives."""
import json
import os
import random
import time

from client import DELIMITER, sign


def alive(kernel):
    reply, outputs = kernel.execute("40 + 2")
    assert reply.content["status"] == "ok" and outputs[-1].content["data"]["text/plain"] == "42"


def unanswered(kernel, frames, channel="shell"):
    kernel.sockets[channel].send_multipart(frames)


def check_unheard(kernel):
    """Nothing that was sent so was answered, on any channel, or heard of on iopub; after what was answered."""
    assert kernel.passed_over == [] and not any(kernel.sockets[channel].poll(50) for channel in ("shell", "control", "stdin"))
    assert all(message.content.get("execution_state") == "starting" for message in kernel.iopub_seen), kernel.iopub_seen


def good_frames(kernel, code="print('never')"):
    return kernel.frames("execute_request", {"code": code})[0]


def test_wrong_signatures(kernel):
    good = good_frames(kernel)
    right = good[1]
    for signature in (b"", b"0" * 64, right.upper(), right[:-1], right + b"0", right[:32], b"\xff" * 64, right[:-1] + (b"0" if right[-1:] != b"0" else b"1")):
        for channel in ("shell", "control"):
            unanswered(kernel, [good[0], signature, *good[2:]], channel)
    for part in range(2, 6):
        changed = list(good)
        changed[part] += b" "
        unanswered(kernel, changed)
    unanswered(kernel, kernel.frames("execute_request", {"code": "print(1)"}, key="another key")[0])
    reply, outputs = kernel.execute("1")
    assert reply.content["execution_count"] == 1, "none of them ran"
    check_unheard(kernel)


def test_replays_run_once(kernel):
    frames, header = kernel.frames("execute_request", {"code": "1"})
    for _ in range(5):
        kernel.sockets["shell"].send_multipart(frames)
    assert kernel.reply(header["msg_id"]).content["execution_count"] == 1
    kernel.outputs(header["msg_id"])
    assert kernel.execute("2")[0].content["execution_count"] == 2
    check_unheard(kernel)


def test_junk_frames(kernel):
    good = good_frames(kernel)
    shapes = [[b""], [b"junk"], [DELIMITER], [DELIMITER, b""], good[:3], good[:5], [DELIMITER] * 7, [b"x"] * 100, [b""] * 3000, good[1:],
              [b"id"] * 20 + good, [DELIMITER, b"00", b"{}"], [os.urandom(100)] * 8]
    for shape in shapes:
        for channel in ("shell", "control", "stdin"):
            unanswered(kernel, shape, channel)
    alive(kernel)


def test_signed_junk(kernel):
    """Rightly signed, so it comes as far as the JSON."""
    deep = b"[" * 100000 + b"]" * 100000
    values = [b"", b"{", b"null", b"[]", b"1e999", b'{"msg_type": 3}', b'{"msg_type": ""}', b'{"msg_type": "execute_request"', b"\xff\xfe", b'"\\ud800"',
              b'{"a": NaN}', deep, b'{"msg_type": "' + b"x" * 100000 + b'"}', b'{"msg_type": "execute_request", "msg_id": 5}']
    good = kernel.frames("execute_request", {"code": "1"})[0][2:]
    for value in values:
        for part in range(4):
            parts = list(good)
            parts[part] = value
            unanswered(kernel, [DELIMITER, sign(kernel.key, parts), *parts], random.choice(["shell", "control"]))
    kernel.sockets["shell"].close()
    kernel.sockets["control"].close()
    for channel in ("shell", "control"):
        kernel.sockets[channel] = kernel.open(channel)
    alive(kernel)


def test_random_frames(kernel):
    random.seed(7)
    base = good_frames(kernel)
    for _ in range(2000):
        frames = list(base)
        for _ in range(random.randrange(1, 4)):
            at = random.randrange(len(frames))
            what = random.randrange(4)
            if what == 0:
                del frames[at]
            elif what == 1:
                frames.insert(at, os.urandom(random.randrange(40)))
            elif what == 2:
                frames[at] = frames[at][: len(frames[at]) // 2]
            else:
                frames[at] = bytes(b ^ (random.random() < 0.05) for b in frames[at])
            if not frames:
                frames = [b""]
        unanswered(kernel, frames, random.choice(["shell", "control", "stdin"]))
    alive(kernel)


def test_iopub_and_heartbeat_take_anything(kernel):
    import zmq

    other = kernel.context.socket(zmq.XSUB)
    other.linger = 0
    other.connect(kernel.endpoint("iopub"))
    for frame in (b"", b"\x01", b"\x00", b"\x01\xff\xfe", b"\x02", b"\x01" + b"t" * 10000, b"junk"):
        other.send(frame)
    for data in (b"", b"\x00" * 100000, b"ping"):
        kernel.sockets["hb"].send(data)
        assert kernel.sockets["hb"].recv() == data
    alive(kernel)
    other.close()


def test_large_content(kernel):
    text = "x" * (8 << 20)
    answer = kernel.ask("is_complete_request", {"code": "'" + text + "'"})
    assert answer.content["status"] in ("complete", "invalid")
    reply, _ = kernel.execute("'" + text + "'")
    assert reply.content["status"] == "error" and reply.content["ename"] == "LimitError", reply.content["ename"]
    alive(kernel)


def test_content_that_no_cell_could_have_is_refused_unread(kernel):
    reply = kernel.ask("execute_request", b'{"code":"' + b"x" * (40 << 20) + b'"}')
    assert reply.content["ename"] == "LimitError" and "40 MiB" in reply.content["evalue"], reply.content
    alive(kernel)


def test_half_written_code_of_any_shape_is_looked_at_fast(kernel):
    """By the thread that echoes heartbeats."""
    for code in ("a" + ".b" * 50000, "a" + "[0]" * 50000, "f(" * 50000, "{[(" * 20000, "'" * 50001, "x=" * 50000, "lambda:" * 20000):
        for type in ("complete_request", "inspect_request", "is_complete_request"):
            began = time.monotonic()
            assert kernel.ask(type, {"code": code, "cursor_pos": len(code)}).content["status"] != "error"
            assert time.monotonic() - began < 1, (type, code[:10])


def resident(kernel):
    """MiB."""
    with open(f"/proc/{kernel.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) >> 10


def test_a_hundred_thousand_messages_of_junk(kernel, transport):
    """Unsigned, wrongly signed, cut, of the wrong shape: none is answered, nothing is kept of them."""
    random.seed(11)
    good = good_frames(kernel)
    wrong = kernel.frames("execute_request", {"code": "print(1)"}, key="another key")[0]
    shapes = [[b"x" * n] for n in (0, 1, 255, 256, 70000)] + [good[:n] for n in range(1, 6)] + [[DELIMITER, b"", *good[2:]], wrong, [DELIMITER] * 8,
              [*good[:2], b"{", *good[3:]], [b""] * 20, [os.urandom(30) for _ in range(6)], [*wrong, b"\x00" * 5000]]
    alive(kernel)
    n = 100000 if transport == "tcp" else 10000
    for i in range(n):
        kernel.sockets[("shell", "control", "stdin")[i % 3]].send_multipart(random.choice(shapes))
        if i == n // 3:
            alive(kernel)
            early = resident(kernel)
    alive(kernel)
    assert resident(kernel) < early + 30, (early, resident(kernel))
    assert kernel.execute("7")[0].content["execution_count"] == 4, "none of them ran"
    check_unheard(kernel)
    assert kernel.errors() == ""


def test_what_is_large_is_let_go(kernel):
    """64 MiB of content, of buffers, of code: answered, and their memory given back, with the next cell at the latest."""
    alive(kernel)
    before = resident(kernel)
    huge = b"y" * (64 << 20)
    frames, header = kernel.frames("execute_request", {"code": "1"})
    kernel.sockets["shell"].send_multipart([*frames, huge], copy=False)
    assert kernel.reply(header["msg_id"]).content["status"] == "ok"
    for type in ("execute_request", "complete_request"):
        assert kernel.ask(type, b'{"code":"' + huge + b'"}').content["ename"] == "LimitError"
    kernel.sockets["shell"].send_multipart([DELIMITER, b"0" * 64, b"{}", b"{}", b"{}", huge], copy=False)
    kernel.sockets["shell"].send_multipart([DELIMITER, huge], copy=False)
    kernel.ask("kernel_info_request")
    assert resident(kernel) < before + 40, (before, resident(kernel))
    alive(kernel)


def test_one_frame_too_large_ends_the_connection_alone(kernel):
    """More than 256 MiB in a frame: libzmq refuses it at its length, before any memory."""
    import socket
    import struct

    if kernel.curve_keys:
        return  # the length is inside what only a client with keys can say
    address = kernel.endpoint("shell").split("://")[1]
    raw = socket.socket(socket.AF_UNIX if address.startswith("/") else socket.AF_INET)
    raw.connect(address if address.startswith("/") else ("127.0.0.1", int(address.split(":")[1])))
    raw.sendall(b"\xff" + b"\0" * 8 + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" * 32)
    ready = b"\x05READY" + b"\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER"
    raw.sendall(b"\x04" + bytes([len(ready)]) + ready)
    time.sleep(0.1)
    before = resident(kernel)
    raw.settimeout(5)
    raw.recv(1000)
    raw.sendall(b"\x02" + struct.pack(">Q", 1 << 40) + b"z" * 1000)
    end = time.monotonic() + 5
    while raw.recv(1000) and time.monotonic() < end:
        pass
    raw.close()
    assert resident(kernel) < before + 10
    alive(kernel)


def test_buffers_and_long_identities_pass(kernel):
    frames, header = kernel.frames("kernel_info_request", {})
    kernel.sockets["shell"].send_multipart([*frames, b"buffer", b"\x00" * 1000])
    assert kernel.reply(header["msg_id"]).content["status"] == "ok"


def test_without_a_key_nothing_is_checked(start):
    kernel = start(key="")
    alive(kernel)
    frames, header = kernel.frames("execute_request", {"code": "1"})
    for _ in range(2):
        kernel.sockets["shell"].send_multipart(frames)
    assert [kernel.reply(header["msg_id"]).content["execution_count"] for _ in range(2)] == [2, 3]


def test_the_same_identity_reconnects(kernel):
    for i in range(10):
        kernel.sockets["shell"].close()
        kernel.sockets["shell"] = kernel.open("shell")
        assert kernel.execute(str(i))[0].content["execution_count"] == i + 1
    assert json.dumps(kernel.ask("kernel_info_request").content)
