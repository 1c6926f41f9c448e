"""Every kind of message: fields, order, busy and idle."""
import contextlib
import datetime
import json
import os
import socket
import subprocess
import time

import zmq

from client import CHANNELS, text_of, types_of


def test_welcome_is_first_and_starting_follows(kernel):
    assert kernel.welcome.content == {"subscription": ""} and kernel.welcome.parent == {}
    starting = kernel.next("iopub")
    assert starting.type == "status" and starting.content["execution_state"] == "starting" and starting.parent == {}


def test_one_who_waits_sees_the_start_once(start):
    kernel = start()
    kernel.process.kill()
    kernel.process.wait()
    waiting = kernel.open("iopub")
    kernel.spawn()
    assert kernel.next("iopub", socket=waiting).type == "iopub_welcome"
    first = kernel.next("iopub", socket=waiting)
    assert first.type == "status" and first.content == {"execution_state": "starting"} and first.parent == {}
    kernel.ask("kernel_info_request")
    states = [kernel.next("iopub", socket=waiting).content.get("execution_state") for _ in range(2)]
    another = kernel.open("iopub")
    assert kernel.next("iopub", socket=another).type == "iopub_welcome"
    assert states == ["busy", "idle"] and kernel.next("iopub", 0.1, another) is None, "starting comes once"
    waiting.close()
    another.close()


def test_every_subscriber_is_welcomed(kernel):
    for topic in (b"", b"stream.stdout", b""):
        other = kernel.open("iopub", topic)
        message = kernel.next("iopub", socket=other)
        while topic == b"" and message.identities != [topic]:  # who hears everything may hear a second welcome of the one before, who connected twice
            message = kernel.next("iopub", socket=other)
        assert message.type == "iopub_welcome" and message.content["subscription"] == topic.decode()
        assert message.identities == [topic]
        other.disconnect(kernel.endpoint("iopub"))
        other.connect(kernel.endpoint("iopub"))
        message = kernel.next("iopub", socket=other)
        assert message.type == "iopub_welcome" and message.identities == [topic], "one that reconnects is welcomed again"
        other.close()


def test_topic_that_is_no_text_is_ignored(kernel):
    other = kernel.open("iopub", b"\xff\xfe")
    assert kernel.next("iopub", 0.2, other) is None
    other.close()
    assert kernel.ask("kernel_info_request").content["status"] == "ok"


def test_a_topic_alone_can_be_heard(kernel):
    other = kernel.open("iopub", b"stream.stdout")
    assert kernel.next("iopub", socket=other).type == "iopub_welcome"
    kernel.execute("print('heard')\n1")
    assert kernel.next("iopub", socket=other).content == {"name": "stdout", "text": "heard\n"}
    assert kernel.next("iopub", 0.1, other) is None
    other.close()


def test_kernel_info(kernel):
    for channel in ("shell", "control"):
        content = kernel.ask("kernel_info_request", channel=channel).content
        assert content["status"] == "ok" and content["protocol_version"] == "5.5" and content["implementation"] == "reckon"
        language = content["language_info"]
        assert language["name"] == "reckon" and language["pygments_lexer"] == "python" and language["file_extension"] == ".cell"
        assert language["codemirror_mode"]["name"] == "python" and "plain" not in language["mimetype"]
        assert content["supported_features"] == [] and content["banner"] and content["implementation_version"]
        assert content["debugger"] is False and isinstance(content["help_links"], list) and language["version"] and language["nbconvert_exporter"]


# Every request, with what it needs; for the channels that take it.
REQUESTS = [
    ("execute_request", {"code": "print(1)\nshow(2)\n3", "allow_stdin": False}), ("execute_request", {"code": "sorted = 1\n1 / 0", "stop_on_error": False}),
    ("kernel_info_request", {}), ("complete_request", {"code": "pri", "cursor_pos": 3}), ("inspect_request", {"code": "print", "cursor_pos": 3}),
    ("is_complete_request", {"code": "f("}), ("history_request", {"hist_access_type": "tail", "n": 1}), ("comm_info_request", {}), ("connect_request", {}),
    ("comm_open", {"comm_id": "c", "target_name": "t", "data": {}}), ("comm_msg", {"comm_id": "c", "data": {}}), ("comm_close", {"comm_id": "c", "data": {}}),
    ("interrupt_request", {}), ("usage_request", {}), ("nonsense_request", {}), ("nonsense", {}), ("debug_request", {"type": "request", "command": "attach"}),
    ("create_subshell_request", {}), ("delete_subshell_request", {"subshell_id": "s"}), ("list_subshell_request", {}), ("execute_request", {}),
    ("shutdown_request", {"restart": False}),  # the last, on control alone
]


def conversations(kernel, requests=REQUESTS, **options):
    """(channel, frames, reply or None, what iopub says) of every request on both channels."""
    for channel in ("shell", "control"):
        for type, content in requests:
            if type == "shutdown_request" and channel == "shell":
                continue
            frames, header = kernel.frames(type, content, **options)
            kernel.sockets[channel].send_multipart(frames)
            outputs = kernel.outputs(header["msg_id"])
            yield channel, frames, kernel.reply(header["msg_id"], channel) if type.endswith("_request") else None, outputs


def test_headers(kernel):
    """Our own session, ids that never repeat, dates with a zone."""
    ids, sessions = set(), set()
    for _, _, reply, outputs in conversations(kernel):
        for message in [*([reply] if reply else []), *outputs]:
            assert message.header["msg_id"] not in ids, message.header
            ids.add(message.header["msg_id"])
            sessions.add(message.header["session"])
            assert set(message.header) == {"msg_id", "session", "username", "date", "msg_type", "version"} and message.header["version"] == "5.5"
            at = datetime.datetime.fromisoformat(message.header["date"].replace("Z", "+00:00"))
            assert abs((datetime.datetime.now(datetime.timezone.utc) - at).total_seconds()) < 60 and message.header["date"].endswith("Z")
    assert len(ids) > 100 and len(sessions) == 1 and kernel.session not in sessions


def test_parent_header_is_the_requests_own(kernel):
    """To the byte, with fields that nobody knows, in every kind of message."""
    more = {"more": {"x": [1, None, "ü𝒳", 1e300, {}], "y": -0.0}, "subshell_id": None, "username": "naïve \\u0000 \"quoted\""}
    seen = set()

    def check(frames, messages):
        for message in messages:
            seen.add(message.type)
            assert message.parts[1] == frames[2], message

    cell, header = kernel.frames("execute_request", {"code": "input('?')", "allow_stdin": True}, header=more)
    kernel.sockets["shell"].send_multipart(cell)
    check(cell, [kernel.next("stdin")])
    kernel.sockets["stdin"].send_multipart(kernel.frames("input_reply", {"value": "x"})[0])
    check(cell, [kernel.reply(header["msg_id"]), *kernel.outputs(header["msg_id"])])
    cell, header = kernel.frames("execute_request", {"code": "als(synth(), factors=32, epochs=2000);"}, header=more)
    kernel.sockets["shell"].send_multipart(cell)
    check(cell, kernel.outputs(header["msg_id"], 300))
    for _, frames, reply, outputs in conversations(kernel, header=more):
        check(frames, [*([reply] if reply else []), *outputs])
    replies = {type.replace("_request", "_reply") for type, _ in REQUESTS if type.endswith("_request")}
    assert seen == replies | {"status", "execute_input", "stream", "display_data", "update_display_data", "execute_result", "error", "comm_close",
                              "input_request"}, seen


def test_busy_and_idle_around_every_request(kernel):
    """Also unknown ones, and those that go on another channel."""
    for channel, frames, reply, outputs in conversations(kernel):
        type = json.loads(frames[2])["msg_type"]
        states = [m.content["execution_state"] for m in outputs if m.type == "status"]
        assert states == ["busy", "idle"] and outputs[0].type == outputs[-1].type == "status", (channel, type, states)
        if reply:
            assert reply.type == type.replace("_request", "_reply") and reply.content["status"] in ("ok", "error", "complete", "incomplete"), reply
    assert kernel.ends() == 0


def test_what_is_not_claimed_is_refused(kernel):
    """supported_features is empty: neither debugger nor subshells; a subshell's id changes nothing."""
    assert kernel.ask("kernel_info_request").content["supported_features"] == []
    for type, content in (("debug_request", {"type": "request", "seq": 1, "command": "initialize"}), ("create_subshell_request", {}),
                          ("list_subshell_request", {}), ("delete_subshell_request", {"subshell_id": "x"})):
        answer = kernel.ask(type, content, channel="control").content
        assert answer["status"] == "error" and type in answer["evalue"], answer
    id = kernel.send("shell", "execute_request", {"code": "7"}, header={"subshell_id": "nobody"})
    assert kernel.reply(id).content == {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}


def test_comms_without_a_target_are_closed(kernel):
    id = kernel.send("shell", "comm_open", {"comm_id": "c1", "target_name": "nobody", "data": {}})
    outputs = kernel.outputs(id)
    assert types_of(outputs) == ["status", "comm_close", "status"] and outputs[1].content["comm_id"] == "c1"
    for type in ("comm_msg", "comm_close"):
        id = kernel.send("shell", type, {"comm_id": "c1", "data": {}})
        assert types_of(kernel.outputs(id)) == ["status", "status"]
    assert kernel.ask("comm_info_request").content == {"status": "ok", "comms": {}}
    assert kernel.ask("comm_info_request", {"target_name": "nobody"}).content == {"status": "ok", "comms": {}}


def test_binary_buffers_may_come_with_any_request(kernel):
    """No target is known that would send some back: the comm is closed, everything else answered as without them."""
    buffers = [b"", b"\x00\xff" * 1000, b"<IDS|MSG>", bytes(range(256)) * 4096]
    for type, content in REQUESTS[:-1]:
        frames, header = kernel.frames(type, content)
        kernel.sockets["shell"].send_multipart([*frames, *buffers])
        outputs = kernel.outputs(header["msg_id"])
        assert type != "comm_open" or "comm_close" in types_of(outputs)
        assert not type.endswith("_request") or kernel.reply(header["msg_id"]).parent["msg_id"] == header["msg_id"]
    assert kernel.execute("6 * 7")[1][-1].content["data"]["text/plain"] == "42"


def test_connect(kernel):
    content = kernel.ask("connect_request").content
    for channel in ("shell", "iopub", "stdin", "control", "hb"):
        assert content[f"{channel}_port"] == kernel.info[f"{channel}_port"]


def test_usage(kernel):
    content = kernel.ask("usage_request", channel="control").content
    assert content["pid"] == kernel.process.pid and content["cpu_count"] == os.cpu_count() and content["hostname"] == socket.gethostname()
    memory = content["host_virtual_memory"]
    assert 0 <= memory["percent"] <= 100 and 0 < memory["available"] <= memory["total"] and {"used", "free"} <= set(memory)
    assert 0 <= content["host_cpu_percent"] <= 100
    kernel.execute("kept = array([[1.0] * 1000] * 2000)")
    content = kernel.ask("usage_request", channel="control").content
    with open(f"/proc/{kernel.process.pid}/smaps_rollup") as rollup:
        pss = next(int(line.split()[1]) << 10 for line in rollup if line.startswith("Pss:"))
    assert abs(content["kernel_memory"] - pss) < 0.1 * pss, (content["kernel_memory"], pss)


def test_usage_while_a_cell_runs(kernel):
    cell = kernel.start_cell("print('begun')\nwhile True: pass")
    kernel.wait_output(cell)
    used = []
    while max(used, default=0) < 10 and len(used) < 20:  # others may have the processors for a moment
        time.sleep(0.2)
        used.append(kernel.ask("usage_request", channel="control").content["kernel_cpu"])
    assert used[-1] > 10, used
    kernel.ask("interrupt_request", channel="control")


def test_is_complete(kernel):
    for code, status, indent in (("x = 1", "complete", None), ("f(1,", "incomplete", None), ("for i in [1]:", "incomplete", "    "),
                                 ("x = = 1", "invalid", None)):
        content = kernel.ask("is_complete_request", {"code": code}).content
        assert content["status"] == status, (code, content)
        assert indent is None or content["indent"] == indent


WRONG = (None, 3, -1.5, "text", [], [1], {}, {"x": 1}, True, "\x00", "𝒳" * 100, 10**30)
FIELDS = {
    "execute_request": {"code": "1", "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False, "stop_on_error": False},
    "complete_request": {"code": "pri", "cursor_pos": 3}, "inspect_request": {"code": "print", "cursor_pos": 3, "detail_level": 0},
    "is_complete_request": {"code": "1"}, "comm_info_request": {"target_name": "t"}, "kernel_info_request": {}, "connect_request": {},
    "history_request": {"hist_access_type": "range", "output": False, "raw": True, "session": 0, "start": 1, "stop": 2, "n": 1, "pattern": "*", "unique": False},
    "interrupt_request": {}, "usage_request": {},
}
BODIES = (b"", b"{", b"[1]", b"null", b"1", b'"x"', b"\xff", b'{"code": "\\ud800"}', b'{"a":' * 600 + b"1" + b"}" * 600, b'{"code": NaN}')


def check_answered(kernel, type, content):
    answer = kernel.ask(type, content).content
    assert answer["status"] in ("ok", "error", "complete", "incomplete", "invalid"), (type, content, answer)
    assert type != "execute_request" or isinstance(answer["execution_count"], int)
    if answer["status"] == "error":
        assert answer["ename"] and answer["evalue"] and all(isinstance(line, str) for line in answer["traceback"]), answer
    return answer["status"]


def test_every_field_may_be_missing_or_wrong(kernel):
    """An error reply or a default, never silence."""
    for type, fields in FIELDS.items():
        assert check_answered(kernel, type, {**fields, "unknown": {"x": [1]}}) != "error", type
        for body in BODIES:
            assert check_answered(kernel, type, body) == "error", (type, body)
        for name in fields:
            check_answered(kernel, type, {other: value for other, value in fields.items() if other != name})
            for wrong in WRONG:
                check_answered(kernel, type, {**fields, name: wrong})
    for type in ("execute_request", "complete_request", "inspect_request", "is_complete_request"):
        for wrong in (None, 3, [], {}, True):
            assert check_answered(kernel, type, {"code": wrong}) == "error", (type, wrong)
        assert check_answered(kernel, type, {}) == "error", type
    assert check_answered(kernel, "history_request", {"hist_access_type": "all"}) == "error"
    assert check_answered(kernel, "execute_request", {"code": "1", "user_expressions": [1]}) == "error"
    assert kernel.execute("1 + 1")[0].content["status"] == "ok"


def test_fields_of_wrong_type_fall_back(kernel):
    reply, outputs = kernel.execute("1", silent="no", store_history=None, stop_on_error=3)
    assert reply.content["status"] == "ok" and types_of(outputs) == ["execute_input", "execute_result"]


def test_trace_wire(start):
    kernel = start(arguments=["--trace-wire"])
    kernel.execute("print('traced')")
    log = kernel.errors()
    for part in ("<- shell", "execute_request", "-> iopub", "execute_input", "-> shell", "execute_reply", "traced", "iopub_welcome"):
        assert part in log, part


def test_nothing_is_said_on_stderr(kernel):
    for code in ("print(1)", "x +", "1 / 0", "sorted = 1", "data = synth(); m = als(data, factors=4, epochs=2); m", "pca(m.items)", "als?", "missing"):
        kernel.execute(code)
    kernel.sockets["shell"].send_multipart(kernel.frames("execute_request", {"code": "1"}, key="wrong key")[0])
    kernel.sockets["shell"].send_multipart([b"junk"])
    for _ in conversations(kernel):
        pass
    assert kernel.ends() == 0 and kernel.errors() == ""


def test_connection_file_variants(start):
    kernel = start(extra={"jupyter_session": "lab.ipynb", "unknown_field": {"x": 1}}, key="")
    assert kernel.execute("1")[1][1].content["data"]["text/plain"] == "1"
    ports = {f"{channel}_port": None for channel in ("shell", "control", "stdin", "iopub", "hb")}
    other = start(connect=False)
    other.close()
    texts = {name: str(other.info[name]) for name in ports}
    assert start(extra=texts).execute("2")[1][1].content["data"]["text/plain"] == "2"


def test_bad_connection_files_are_told(binary, folder):
    for content, word in (("{", "JSON"), ("{}", "shell_port"), (json.dumps({"transport": "ws"}), "transport"),
                          (json.dumps({"key": "k", "signature_scheme": "hmac-md5"}), "signature_scheme"), (None, "missing.json")):
        path = f"{folder}/missing.json"
        if content is not None:
            path = f"{folder}/bad.json"
            with open(path, "w") as file:
                file.write(content)
        done = subprocess.run([binary, "-f", path], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1 and word in done.stderr, (content, done.stderr)


def test_ipc(start):
    kernel = start(transport="ipc")
    reply, outputs = kernel.execute("print('over ipc')")
    assert text_of(outputs) == "over ipc\n" and reply.content["status"] == "ok"
    kernel.ask("shutdown_request", {"restart": False}, channel="control")
    assert kernel.ends() == 0
    assert not [name for name in os.listdir(os.path.dirname(kernel.path)) if "-" in name], "socket files are left behind"


def nothing_comes(kernel, keys):
    """One with these curve keys (None: a plain client) is answered on no channel."""
    kernel.curve_keys = keys
    others = {channel: kernel.open(channel, identity=b"other") for channel in CHANNELS}
    for channel in ("shell", "control", "hb"):
        with contextlib.suppress(zmq.Again):  # the kernel has closed the connection already
            others[channel].send_multipart([b"ping"] if channel == "hb" else kernel.frames("kernel_info_request", {})[0], zmq.DONTWAIT)
    kernel.send("shell", "execute_request", {"code": "print('secret')"})
    time.sleep(0.3)
    heard = [channel for channel, other in others.items() if other.poll(0)]
    for other in others.values():
        other.close()
    assert heard == [], heard


def test_curve(start):
    """Over tcp and ipc a plain client, and one with another server's key, get nothing; the right one gets all."""
    for transport in ("tcp", "ipc"):
        keys = zmq.curve_keypair()
        kernel = start(transport=transport, curve_keys=keys)
        assert kernel.execute("40 + 2")[1][1].content["data"]["text/plain"] == "42"
        kernel.sockets["hb"].send(b"ping")
        assert kernel.sockets["hb"].poll(5000) and kernel.sockets["hb"].recv() == b"ping"
        assert kernel.ask("kernel_info_request", channel="control").content["status"] == "ok"
        cell = kernel.start_cell("input('?')", allow_stdin=True)
        assert kernel.next("stdin").type == "input_request"
        kernel.sockets["stdin"].send_multipart(kernel.frames("input_reply", {"value": "x"})[0])
        assert kernel.reply(cell).content["status"] == "ok"
        nothing_comes(kernel, None)
        nothing_comes(kernel, zmq.curve_keypair())


def test_half_of_the_curve_keys_is_refused(binary, folder, start):
    made = start()
    for wrong in ({"curve_publickey": zmq.curve_keypair()[0].decode()}, {"curve_secretkey": "x" * 40},
                  {"curve_publickey": "short", "curve_secretkey": "short"}, {"curve_publickey": "\\" * 40, "curve_secretkey": "\\" * 40}):
        path = f"{folder}/half.json"
        with open(path, "w") as file:
            json.dump({name: value for name, value in {**made.info, "curve_publickey": "", "curve_secretkey": "", **wrong}.items()}, file)
        done = subprocess.run([binary, "-f", path], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1 and "curve" in done.stderr, (wrong, done.stderr)
