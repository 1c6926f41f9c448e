"""JEP 66: the kernel chooses its ports and registers them at its launcher."""
import json
import os
import stat
import subprocess
import time
import uuid

import zmq

from client import CHANNELS, DELIMITER, Client, sign


class Launcher:
    """Opens a registration socket, starts a kernel with a registration file, and acknowledges (or not)."""

    def __init__(self, binary, folder, transport="tcp", key="a key", extra=None):
        self.context, self.folder, self.key, self.kernel_id = zmq.Context(), folder, key, str(uuid.uuid4())
        self.socket = self.context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.info = {"kernel_id": self.kernel_id, "transport": transport, "key": key, "signature_scheme": "hmac-sha256"}
        if transport == "ipc":
            self.socket.bind(f"ipc://{folder}/registrar-1")
            self.info.update(registration_ip=f"{folder}/registrar", registration_port="1", ip=f"{folder}/kernel")
        else:
            self.info.update(registration_ip="127.0.0.1", registration_port=self.socket.bind_to_random_port("tcp://127.0.0.1"))
        self.info.update(extra or {})
        path = f"{folder}/registration.json"
        with open(path, "w") as file:
            json.dump(self.info, file)
        self.runtime = f"{folder}/runtime"
        env = dict(os.environ, JUPYTER_RUNTIME_DIR=self.runtime, RECKON_HISTORY="off", RECKON_RUNS="off", JPY_PARENT_PID=str(os.getpid()))
        self.process = subprocess.Popen([binary, "-f", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True)

    def ports(self):
        """The registration, checked; it is kept for the answer."""
        assert self.socket.poll(10000), "the kernel did not register"
        self.identity, delimiter, signature, content = self.socket.recv_multipart()
        assert delimiter == DELIMITER and signature == sign(self.key, [content])
        said = json.loads(content)
        assert set(said) == {"kernel_id", *(f"{channel}_port" for channel in CHANNELS)} and said["kernel_id"] == self.info.get("kernel_id", "")
        assert all(isinstance(said[f"{channel}_port"], str) and 0 < int(said[f"{channel}_port"]) < 65536 for channel in CHANNELS)
        return said

    def answer(self, content, key=None, frames=None):
        self.socket.send_multipart([self.identity, *(frames or [DELIMITER, sign(self.key if key is None else key, [content]), content])])

    def refused(self, word):
        """The kernel says why on stderr, in a line, and ends with code 1."""
        output, errors = self.process.communicate(timeout=20)
        assert self.process.returncode == 1 and word in errors and output == "", (word, errors)
        assert errors.startswith("reckon-kernel: ") and "registering" in errors, errors
        assert not os.path.exists(self.runtime), "no connection file without a registration"

    def close(self):
        self.process.kill()
        self.process.communicate()
        self.context.destroy(linger=0)


def check_life(launcher, said, curve_keys=None):
    client = Client({**launcher.info, "ip": launcher.info.get("ip", "127.0.0.1"), **said}, curve_keys)
    client.connect()
    assert client.execute("40 + 2")[1][-1].content["data"]["text/plain"] == "42"
    path = f"{launcher.runtime}/kernel-{launcher.process.pid}.json"
    assert os.listdir(launcher.runtime) == [os.path.basename(path)]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600 and stat.S_IMODE(os.stat(launcher.runtime).st_mode) == 0o700
    with open(path) as file:
        written = json.load(file)
    other = Client(written, curve_keys)
    other.connect()
    assert other.execute("_ + 1")[1][-1].content["data"]["text/plain"] == "43", "another client joins by the file"
    other.disconnect()
    client.ask("shutdown_request", {"restart": False}, channel="control")
    assert launcher.process.wait(10) == 0 and os.listdir(launcher.runtime) == []
    assert launcher.process.communicate() == ("", "")
    client.disconnect()
    return written


def test_ports_are_registered_and_a_file_written(binary, folder, closing):
    for i, (transport, answer) in enumerate((("tcp", b"ACK"), ("ipc", b"ACK"), ("tcp", b'{"status": "ok"}'), ("tcp", b"ACK"))):
        key = "" if i == 3 else "a key"
        launcher = closing(Launcher(binary, f"{folder}", transport, key))
        said = launcher.ports()
        assert len({said[f"{channel}_port"] for channel in CHANNELS}) == 5
        launcher.answer(answer)
        written = check_life(launcher, said)
        assert written["transport"] == transport and written["key"] == key and written["signature_scheme"] == "hmac-sha256"
        assert all(written[f"{channel}_port"] == int(said[f"{channel}_port"]) for channel in CHANNELS)


def test_curve_keys_of_a_registration_file(binary, folder, closing):
    keys = zmq.curve_keypair()
    launcher = closing(Launcher(binary, folder, extra={"curve_publickey": keys[0].decode(), "curve_secretkey": keys[1].decode()}))
    said = launcher.ports()
    launcher.answer(b"ACK")
    assert check_life(launcher, said, keys)["curve_publickey"] == keys[0].decode()


def test_jupyters_own_client_joins_by_the_file(binary, folder, closing):
    from jupyter_client import BlockingKernelClient

    launcher = closing(Launcher(binary, folder))
    launcher.ports()
    launcher.answer(b"ACK")
    path = f"{launcher.runtime}/kernel-{launcher.process.pid}.json"
    end = time.monotonic() + 10
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.01)
    client = BlockingKernelClient(connection_file=path)
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=20)
    assert client.execute_interactive("1 + 1", timeout=20, output_hook=lambda message: None)["content"]["status"] == "ok"
    client.stop_channels()


def test_many_kernels_at_once_never_share_a_port(binary, folder, closing):
    launchers = []
    for i in range(10):
        os.makedirs(f"{folder}/{i}")
        launchers.append(closing(Launcher(binary, f"{folder}/{i}")))
    ports = [port for launcher in launchers for name, port in launcher.ports().items() if name != "kernel_id"]
    assert len(set(ports)) == 50, ports


def test_wrong_acknowledgements_end_it(binary, folder, closing):
    good = b"ACK"
    cases = (({"content": good, "key": "another key"}, "signature"), ({"content": b"NACK"}, "acknowledgement"), ({"content": b"[1]"}, "acknowledgement"),
             ({"content": b'{"status": "error"}'}, "status"), ({"content": b'{"kernel_id": "another"}'}, "another"),
             ({"content": good, "frames": [good]}, DELIMITER.decode()), ({"content": good, "frames": [DELIMITER, good]}, "frames"),
             ({"content": good, "frames": [DELIMITER, sign("a key", [good]).upper(), good]}, "signature"),
             ({"content": good, "frames": [DELIMITER, b"", good]}, "signature"))
    for options, word in cases:
        launcher = closing(Launcher(binary, folder))
        launcher.ports()
        launcher.answer(**options)
        launcher.refused(word)


def test_a_file_that_cannot_be_written_costs_only_the_other_clients(binary, folder, closing):
    with open(f"{folder}/runtime", "w"):
        pass  # a file where the folder should be
    launcher = closing(Launcher(binary, folder))
    said = launcher.ports()
    launcher.answer(b"ACK")
    client = Client({**launcher.info, "ip": "127.0.0.1", **said})
    client.connect()
    assert client.execute("40 + 2")[1][-1].content["data"]["text/plain"] == "42"
    client.ask("shutdown_request", {"restart": False}, channel="control")
    output, errors = launcher.process.communicate(timeout=10)
    assert launcher.process.returncode == 0 and output == "" and "no connection file for other clients: can't make the folder" in errors
    client.disconnect()


def test_no_answer_ends_it_after_five_seconds(binary, folder, closing):
    launcher = closing(Launcher(binary, folder))
    launcher.ports()
    began = time.monotonic()
    launcher.refused("no answer")
    assert 4.5 < time.monotonic() - began < 8


def test_no_launcher_ends_it_too(binary, folder, closing):
    launcher = closing(Launcher(binary, folder, extra={"registration_port": 1}))
    launcher.refused("no answer")


def test_incomplete_registration_files_are_told(binary, folder):
    for fields, word in (({"registration_ip": "127.0.0.1"}, "registration_port"), ({"registration_port": 0}, "registration_port"),
                         ({"registration_port": 50000, "transport": "ws"}, "transport"),
                         ({"registration_port": 50000, "key": "k", "signature_scheme": "hmac-md5"}, "signature_scheme")):
        path = f"{folder}/bad.json"
        with open(path, "w") as file:
            json.dump(fields, file)
        done = subprocess.run([binary, "-f", path], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1 and word in done.stderr and done.stderr.count("\n") <= 2, (fields, done.stderr)
