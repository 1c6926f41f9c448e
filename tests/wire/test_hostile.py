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
    assert not kernel.sockets["shell"].poll(50) and not kernel.sockets["control"].poll(50), "none was answered"


def test_replays_run_once(kernel):
    frames, header = kernel.frames("execute_request", {"code": "1"})
    for _ in range(5):
        kernel.sockets["shell"].send_multipart(frames)
    assert kernel.reply(header["msg_id"]).content["execution_count"] == 1
    assert kernel.execute("2")[0].content["execution_count"] == 2


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
