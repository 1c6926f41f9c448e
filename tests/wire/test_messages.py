"""Every kind of message: fields, order, busy and idle."""
import json

from client import text_of, types_of


def test_welcome_is_first_and_starting_follows(kernel):
    assert kernel.welcome.content == {"subscription": ""} and kernel.welcome.parent == {}
    starting = kernel.next("iopub")
    assert starting.type == "status" and starting.content["execution_state"] == "starting" and starting.parent == {}


def test_every_subscriber_is_welcomed(kernel):
    for topic in (b"", b"stream.stdout", b""):
        other = kernel.open("iopub", topic)
        message = kernel.next("iopub", socket=other)
        assert message.type == "iopub_welcome" and message.content["subscription"] == topic.decode()
        assert message.identities == [topic]
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


def test_headers(kernel):
    seen, sessions = set(), set()
    for _ in range(3):
        reply, outputs = kernel.execute("print(1)\n2")
        for message in [reply, *outputs]:
            seen.add(message.header["msg_id"])
            sessions.add(message.header["session"])
            assert message.header["version"] == "5.5" and message.header["date"].endswith("Z")
    assert len(seen) == 3 * 4 and len(sessions) == 1 and kernel.session not in sessions


def test_parent_header_is_the_requests_own(kernel):
    for channel, type, content in (("shell", "execute_request", {"code": "print(1)\n2"}), ("shell", "kernel_info_request", {}),
                                   ("control", "usage_request", {}), ("shell", "complete_request", {"code": "pr", "cursor_pos": 2})):
        frames, header = kernel.frames(type, content, header={"more": {"x": [1, None, "ü"]}, "subshell_id": None})
        kernel.sockets[channel].send_multipart(frames)
        messages = [kernel.reply(header["msg_id"], channel), *kernel.outputs(header["msg_id"])]
        assert all(message.parent == header for message in messages)


def test_busy_and_idle_around_every_request(kernel):
    requests = [("shell", "execute_request", {"code": "1"}), ("shell", "kernel_info_request", {}), ("control", "kernel_info_request", {}),
                ("shell", "complete_request", {"code": "a", "cursor_pos": 1}), ("shell", "inspect_request", {"code": "print", "cursor_pos": 3}),
                ("shell", "is_complete_request", {"code": "1"}), ("shell", "history_request", {"hist_access_type": "tail", "n": 1}),
                ("shell", "comm_info_request", {}), ("shell", "connect_request", {}), ("control", "interrupt_request", {}),
                ("control", "usage_request", {}), ("shell", "nonsense_request", {}), ("shell", "execute_request", {}),
                ("control", "execute_request", {"code": "1"})]
    for channel, type, content in requests:
        id = kernel.send(channel, type, content)
        reply, states = kernel.reply(id, channel), [m for m in kernel.outputs(id) if m.type == "status"]
        assert [m.content["execution_state"] for m in states] == ["busy", "idle"], type
        assert reply.type == type.replace("_request", "_reply") and reply.content["status"] in ("ok", "error", "complete"), reply


def test_comms_without_a_target_are_closed(kernel):
    id = kernel.send("shell", "comm_open", {"comm_id": "c1", "target_name": "nobody", "data": {}})
    outputs = kernel.outputs(id)
    assert types_of(outputs) == ["status", "comm_close", "status"] and outputs[1].content["comm_id"] == "c1"
    for type in ("comm_msg", "comm_close"):
        id = kernel.send("shell", type, {"comm_id": "c1", "data": {}})
        assert types_of(kernel.outputs(id)) == ["status", "status"]
    assert kernel.ask("comm_info_request").content == {"status": "ok", "comms": {}}


def test_connect(kernel):
    content = kernel.ask("connect_request").content
    for channel in ("shell", "iopub", "stdin", "control", "hb"):
        assert content[f"{channel}_port"] == kernel.info[f"{channel}_port"]


def test_usage(kernel):
    content = kernel.ask("usage_request", channel="control").content
    assert content["pid"] == kernel.process.pid and content["cpu_count"] >= 1 and content["hostname"]
    assert 1 << 20 < content["kernel_memory"] < 200 << 20 and 0 <= content["host_virtual_memory"]["percent"] <= 100


def test_is_complete(kernel):
    for code, status, indent in (("x = 1", "complete", None), ("f(1,", "incomplete", None), ("for i in [1]:", "incomplete", "    "),
                                 ("x = = 1", "invalid", None)):
        content = kernel.ask("is_complete_request", {"code": code}).content
        assert content["status"] == status, (code, content)
        assert indent is None or content["indent"] == indent


def test_missing_fields_get_an_error(kernel):
    for type, content in (("execute_request", {}), ("execute_request", {"code": 3}), ("complete_request", {"cursor_pos": 1}),
                          ("inspect_request", {"code": None}), ("is_complete_request", {}), ("history_request", {"hist_access_type": "all"}),
                          ("execute_request", {"code": "1", "user_expressions": [1]}), ("execute_request", b"[1]"), ("execute_request", b"{"),
                          ("subshell_list_request", {})):
        content = kernel.ask(type, content).content
        assert content["status"] == "error" and content["ename"] and content["evalue"] and isinstance(content["traceback"], list)
        assert "execution_count" in content if type == "execute_request" else True
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
    kernel.execute("print(1)")
    kernel.execute("x +")
    kernel.ask("shutdown_request", {"restart": False}, channel="control")
    assert kernel.ends() == 0 and kernel.errors() == ""


def test_connection_file_variants(start):
    kernel = start(extra={"jupyter_session": "lab.ipynb", "unknown_field": {"x": 1}}, key="")
    assert kernel.execute("1")[1][1].content["data"]["text/plain"] == "1"
    ports = {f"{channel}_port": None for channel in ("shell", "control", "stdin", "iopub", "hb")}
    other = start(connect=False)
    other.close()
    texts = {name: str(other.info[name]) for name in ports}
    assert start(extra=texts).execute("2")[1][1].content["data"]["text/plain"] == "2"


def test_bad_connection_files_are_told(start, binary, folder):
    import subprocess

    for content, word in (("{", "JSON"), ("{}", "shell_port"), (json.dumps({"transport": "ws"}), "transport"),
                          (json.dumps({"key": "k", "signature_scheme": "hmac-md5"}), "signature_scheme"), (None, "missing.json")):
        path = f"{folder}/missing.json"
        if content is not None:
            path = f"{folder}/bad.json"
            with open(path, "w") as file:
                file.write(content)
        done = subprocess.run([binary, "-f", path], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1 and word in done.stderr, (content, done.stderr)
    first = start()
    done = subprocess.run([binary, "-f", first.path], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "bind" in done.stderr, done.stderr


def test_ipc(start):
    kernel = start(transport="ipc")
    reply, outputs = kernel.execute("print('over ipc')")
    assert text_of(outputs) == "over ipc\n" and reply.content["status"] == "ok"
    kernel.ask("shutdown_request", {"restart": False}, channel="control")
    assert kernel.ends() == 0
    import os

    assert not [name for name in os.listdir(os.path.dirname(kernel.path)) if "-" in name], "socket files are left behind"


def test_curve(start):
    import zmq

    for transport in ("tcp", "ipc"):
        public, secret = zmq.curve_keypair()
        keys = {"curve_publickey": public.decode(), "curve_secretkey": secret.decode()}
        kernel = start(transport=transport, extra=keys, curve_keys=(public, secret))
        assert kernel.execute("40 + 2")[1][1].content["data"]["text/plain"] == "42"
        kernel.sockets["hb"].send(b"ping")
        assert kernel.sockets["hb"].poll(5000) and kernel.sockets["hb"].recv() == b"ping"
        kernel.curve_keys = None
        plain = kernel.open("iopub")
        assert kernel.next("iopub", 0.3, plain) is None
        plain.close()
