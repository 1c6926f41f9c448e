"""A kernel process and a bare client of it: zmq frames, signed here, no jupyter_client in between."""
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid

import zmq

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import die_with_parent  # noqa: E402

DELIMITER = b"<IDS|MSG>"
CHANNELS = ("shell", "control", "stdin", "iopub", "hb")
WAIT_S = 20 * float(os.environ.get("RECKON_SLOW", 1))  # longest wait for what must come; machines are busy at times


class Message:
    def __init__(self, frames, key):
        at = frames.index(DELIMITER)
        self.identities, self.signature, self.parts = frames[:at], frames[at + 1], frames[at + 2 : at + 6]
        assert self.signature == sign(key, self.parts), "the kernel signed this wrongly"
        self.header, self.parent, self.metadata, self.content = (json.loads(part) for part in self.parts)
        self.type, self.at = self.header["msg_type"], time.monotonic()

    def __repr__(self):
        return f"{self.type} {self.content}"


def sign(key, parts):
    return hmac.new(key.encode(), b"".join(parts), hashlib.sha256).hexdigest().encode() if key else b""


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Client:
    """Speaks to the kernel that a connection file (info) tells of."""

    def __init__(self, info, curve_keys=None):
        self.info, self.key, self.session, self.curve_keys = info, info["key"], uuid.uuid4().hex, curve_keys
        self.context, self.sockets, self.iopub_seen, self.passed_over = zmq.Context(), {}, [], []

    # --- sockets ---

    def endpoint(self, channel):
        port = self.info[f"{channel}_port"]
        return f"ipc://{self.info['ip']}-{port}" if self.info["transport"] == "ipc" else f"tcp://{self.info['ip']}:{port}"

    def open(self, channel, topic=b"", identity=None, most=0):
        """most: messages that wait here until they are read; 0: any number."""
        kind = {"iopub": zmq.SUB, "hb": zmq.REQ}.get(channel, zmq.DEALER)
        new = self.context.socket(kind)
        new.linger, new.rcvhwm = 0, most
        new.reconnect_ivl = 1
        if kind == zmq.DEALER:
            new.identity = identity or self.session.encode()
        if self.curve_keys:
            new.curve_serverkey = self.curve_keys[0]
            new.curve_publickey, new.curve_secretkey = self.curve_keys
        if kind == zmq.SUB:
            new.subscribe(topic)
        new.connect(self.endpoint(channel))
        return new

    def connect(self):
        """Opens all channels; the welcome shows that iopub is heard."""
        self.sockets = {channel: self.open(channel) for channel in CHANNELS}
        self.welcome = self.next("iopub")
        assert self.welcome.type == "iopub_welcome", self.welcome

    # --- messages ---

    def frames(self, type, content, header=None, key=None, parent=None, metadata=None):
        full = {"msg_id": uuid.uuid4().hex, "session": self.session, "username": "test", "date": "2026-01-01T00:00:00.000000Z", "msg_type": type,
                "version": "5.4", **(header or {})}
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        parts = [json.dumps(full).encode(), json.dumps(parent or {}).encode(), json.dumps(metadata or {}).encode(), body]
        return [DELIMITER, sign(self.key if key is None else key, parts), *parts], full

    def send(self, channel, type, content=None, **options):
        frames, header = self.frames(type, {} if content is None else content, **options)
        self.sockets[channel].send_multipart(frames)
        return header["msg_id"]

    def next(self, channel, seconds=WAIT_S, socket=None):
        """The next message of a channel, or None."""
        source = socket or self.sockets[channel]
        if not source.poll(max(0, seconds) * 1000):
            return None
        frames = source.recv_multipart()
        return Message(frames, self.key)

    def reply(self, id, channel="shell", seconds=WAIT_S):
        """The reply to a message; replies to others that come before it are kept in passed_over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            message = self.next(channel, end - time.monotonic())
            if message and message.parent.get("msg_id") == id:
                return message
            if message:
                self.passed_over.append(message)
        raise AssertionError(f"no reply on {channel} in {seconds} s")

    def outputs(self, id, seconds=WAIT_S):
        """What iopub says about a message, from busy to idle. The rest waits in iopub_seen."""
        own, rest, end = [], [], time.monotonic() + seconds
        waiting, self.iopub_seen = self.iopub_seen, []
        while True:
            message = waiting.pop(0) if waiting else self.next("iopub", end - time.monotonic())
            assert message, f"no idle in {seconds} s; so far {own}"
            if message.parent.get("msg_id") != id:
                rest.append(message)
                continue
            own.append(message)
            if message.type == "status" and message.content["execution_state"] == "idle":
                self.iopub_seen = rest + waiting
                return own

    def start_cell(self, code, **options):
        options.setdefault("allow_stdin", False)
        return self.send("shell", "execute_request", {"code": code, **options})

    def execute(self, code, **options):
        """(reply, outputs without the states)."""
        id = self.start_cell(code, **options)
        reply, outputs = self.reply(id), self.outputs(id)
        return reply, [message for message in outputs if message.type != "status"]

    def ask(self, type, content=None, channel="shell", **options):
        id = self.send(channel, type, content, **options)
        return self.reply(id, channel)

    def wait_output(self, id, type="stream"):
        """Until a message of a kind comes that belongs to id."""
        while True:
            message = self.next("iopub")
            assert message, f"no {type}"
            self.iopub_seen.append(message)
            if message.type == type and message.parent.get("msg_id") == id:
                return message

    def disconnect(self):
        for one in self.sockets.values():
            one.close()
        self.context.destroy(linger=0)


class Kernel(Client):
    """Starts a kernel and connects all channels. transport: tcp, ipc or curve (tcp with keys); extra: more fields of the connection file."""

    def __init__(self, binary, folder, transport="tcp", key="a key", extra=None, env=None, connect=True, arguments=(), curve_keys=None):
        name = uuid.uuid4().hex[:8]
        if transport == "curve":
            transport, curve_keys = "tcp", curve_keys or zmq.curve_keypair()
        info = {"transport": transport, "key": key, "signature_scheme": "hmac-sha256", "kernel_name": "reckon"}
        info["ip"] = os.path.join(folder, name) if transport == "ipc" else "127.0.0.1"
        ports = range(1, 6) if transport == "ipc" else free_ports(5)
        info.update({f"{channel}_port": port for channel, port in zip(CHANNELS, ports)})
        if curve_keys:
            info["curve_publickey"], info["curve_secretkey"] = (part.decode() for part in curve_keys)
        info.update(extra or {})
        super().__init__(info, curve_keys)
        self.binary, self.arguments = binary, list(arguments)
        self.env = {**os.environ, "RECKON_HISTORY": os.path.join(folder, "history.sqlite"),
                    "RECKON_RUNS": os.path.join(folder, "runs.sqlite"), "JPY_PARENT_PID": str(os.getpid()), **(env or {})}
        self.path, self.errors_path = os.path.join(folder, name + ".json"), os.path.join(folder, name + ".stderr")
        with open(self.path, "w") as file:
            json.dump(self.info, file)
        self.spawn()
        try:
            if connect:
                self.connect()
        except BaseException:
            self.close()
            raise

    # --- the process ---

    def spawn(self):
        ours = self.env["JPY_PARENT_PID"] == str(os.getpid())  # it watches us; those that are told of another parent are the system's to end
        with open(self.errors_path, "a") as errors:
            self.process = subprocess.Popen([self.binary, "-f", self.path, *self.arguments], stdout=errors, stderr=errors, env=self.env,
                                            start_new_session=True, preexec_fn=None if ours else die_with_parent)

    def interrupt(self):
        os.kill(self.process.pid, signal.SIGINT)

    def interrupt_group(self):
        """As launchers do."""
        os.killpg(self.process.pid, signal.SIGINT)

    def ends(self, seconds=WAIT_S):
        """Exit code, or None when it lives on."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def errors(self):
        with open(self.errors_path) as file:
            return file.read()

    def print_errors(self):
        if self.errors():
            print("stderr of the kernel:\n" + self.errors()[-4000:])

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.disconnect()


def text_of(outputs, name="stdout"):
    return "".join(message.content["text"] for message in outputs if message.type == "stream" and message.content["name"] == name)


def types_of(messages):
    return [message.type for message in messages]


def within(seconds, began):
    took = time.monotonic() - began
    assert took < seconds, f"took {took:.3f} s, more than {seconds} s"
