"""Through Jupyter's own client, executor and conformance suite, started from kernel.json as it is installed."""
import datetime
import io
import json
import os
import shutil
import sys
import time
import unittest

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def install(binary, folder):
    """A kernelspec of the template, where Jupyter finds it."""
    spec_folder = os.path.join(folder, "share", "kernels", "reckon")
    if not os.path.exists(spec_folder):
        os.makedirs(spec_folder)
        with open(os.path.join(ROOT, "kernel.json")) as file:
            spec = json.load(file)
        spec["argv"][0] = binary
        with open(os.path.join(spec_folder, "kernel.json"), "w") as file:
            json.dump(spec, file)
        for name in ("logo-svg.svg", "logo-64x64.png", "logo-32x32.png"):
            shutil.copy(os.path.join(ROOT, "install", name), spec_folder)
    own = {name: os.path.join(folder, name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    os.environ.update(own, JUPYTER_PATH=os.path.join(folder, "share"), RECKON_HISTORY=os.path.join(folder, "history.sqlite"), RECKON_RUNS=os.path.join(folder, "runs.sqlite"))


def unstarted(folder, transport):
    """Jupyter's manager of a kernel that speaks over a transport."""
    from jupyter_client.manager import KernelManager

    options = {"tcp": {}, "ipc": {"transport": "ipc", "ip": os.path.join(folder, f"ipc{time.monotonic_ns()}")},
               "curve": {"transport_encryption": "required"}}
    return KernelManager(kernel_name="reckon", **options[transport])


def manager(binary, folder, transport):
    install(binary, folder)
    made = unstarted(folder, transport)
    made.start_kernel()
    client = made.client()
    client.start_channels()
    client.wait_for_ready(timeout=30)
    return made, client


def run(client, code, **options):
    outputs = []
    reply = client.execute_interactive(code, output_hook=outputs.append, timeout=30, **options)
    return reply["content"], [m for m in outputs if m["msg_type"] != "status"]


def begun(client):
    """Until the cell that was sent runs."""
    while client.get_iopub_msg(timeout=20)["msg_type"] != "execute_input":
        pass


def test_client_runs_interrupts_restarts(binary, folder, transport):
    made, client = manager(binary, folder, transport)
    try:
        content, outputs = run(client, "x = 41\nprint('hello')\nx + 1")
        assert content["status"] == "ok" and [m["msg_type"] for m in outputs] == ["execute_input", "stream", "execute_result"]
        client.execute("sleep(30)")
        begun(client)
        made.interrupt_kernel()
        assert client.get_shell_msg(timeout=5)["content"]["ename"] == "Interrupted"
        made.restart_kernel()
        client.wait_for_ready(timeout=30)
        content, _ = run(client, "x")
        assert content["ename"] == "NameError" and content["execution_count"] == 1
        client.stop_channels()
        began = time.monotonic()
        made.shutdown_kernel()
        assert time.monotonic() - began < 2.5 and not made.is_alive()
    finally:
        made.shutdown_kernel(now=True)


def test_client_answers_a_prompt(binary, folder, transport):
    made, client = manager(binary, folder, transport)
    try:
        content, outputs = run(client, "input('n? ')", allow_stdin=True, stdin_hook=lambda m: client.input("seven"))
        assert content["status"] == "ok" and outputs[-1]["content"]["data"]["text/plain"] == "'seven'"
    finally:
        client.stop_channels()
        made.shutdown_kernel(now=True)


def test_the_heartbeat_beats(binary, folder, transport):
    made, client = manager(binary, folder, transport)
    try:
        client.hb_channel.unpause()
        time.sleep(1.5)
        assert client.hb_channel.is_beating() and client.is_alive()
    finally:
        client.stop_channels()
        made.shutdown_kernel(now=True)


def test_a_notebook_is_executed(binary, folder):
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    install(binary, folder)
    cells = ["x = [i * i for i in range(5)]\nx", "print('text')", "show(x)\nx[-1]"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    NotebookClient(book, kernel_name="reckon", timeout=30).execute()
    assert book.cells[0].outputs[0].data["text/plain"] == "[0, 1, 4, 9, 16]"
    assert book.cells[1].outputs[0].text == "text\n" and [o.output_type for o in book.cells[2].outputs] == ["display_data", "execute_result"]
    assert book.metadata.language_info.name == "reckon"
    book.cells.append(nbformat.v4.new_code_cell("1 / 0"))
    try:
        NotebookClient(book, kernel_name="reckon", timeout=30).execute()
    except CellExecutionError as error:
        assert error.ename == "ZeroDivisionError"
    else:
        raise AssertionError("the error was not seen")


def test_the_last_state_of_progress_stays_in_a_notebook(binary, folder):
    import nbformat
    from nbclient import NotebookClient

    install(binary, folder)
    cells = ["data = synth()", "als(data, factors=32, epochs=3000);", "als(data, factors=32, epochs=2000);"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    NotebookClient(book, kernel_name="reckon", timeout=60).execute()
    for cell, epochs in zip(book.cells[1:], (3000, 2000)):
        (shown,) = [output for output in cell.outputs if output.output_type == "display_data"]
        assert f"{epochs:,} of {epochs:,}" in shown.data["text/plain"] and f"{epochs:,} of {epochs:,}" in shown.data["text/html"], shown


def test_times_of_cells_are_told(binary, folder):
    """What JupyterLab's recordTiming and nbclient read: dates of iopub, and `started` of the reply."""
    import nbformat
    from nbclient import NotebookClient

    install(binary, folder)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("sleep(0.3)")])
    NotebookClient(book, kernel_name="reckon", timeout=30, record_timing=True).execute()
    times = {name: datetime.datetime.fromisoformat(at.replace("Z", "+00:00")) for name, at in book.cells[0].metadata.execution.items()}
    order = ("iopub.status.busy", "iopub.execute_input", "shell.execute_reply", "iopub.status.idle")
    assert [times[name] for name in order] == sorted(times[name] for name in order)
    assert 0.3 <= (times["shell.execute_reply"] - times["iopub.execute_input"]).total_seconds() < 5
    made, client = manager(binary, folder, "tcp")
    try:
        reply = client.execute_interactive("sleep(0.1)", timeout=30)
        started = datetime.datetime.fromisoformat(reply["metadata"]["started"].replace("Z", "+00:00"))
        assert 0.1 <= (reply["header"]["date"] - started).total_seconds() < 5
    finally:
        client.stop_channels()
        made.shutdown_kernel(now=True)


def test_the_lexer_and_the_mode_are_known(kernel):
    """Colours without an extension: Pygments has the lexer, CodeMirror 6 the mode; hints while typing are off for plain text alone."""
    from pygments.lexers import get_lexer_by_name, get_lexer_for_mimetype

    language = kernel.ask("kernel_info_request").content["language_info"]
    assert "Python" in get_lexer_by_name(language["pygments_lexer"]).name
    assert language["codemirror_mode"]["name"] in ("python", "julia", "r", "sql", "javascript"), "a name of CodeMirror's own list"
    assert "Python" in get_lexer_for_mimetype(language["mimetype"]).name and language["mimetype"] != "text/plain"
    assert language["file_extension"].startswith(".") and language["nbconvert_exporter"] == "script"


TEXT, TEXTS = {"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
KERNELSPEC = {  # JEP 105, with metadata as JEP 145 wants it
    "type": "object", "required": ["argv", "display_name", "language"], "additionalProperties": False,
    "properties": {
        "argv": {**TEXTS, "contains": {"pattern": r"\{connection_file\}"}}, "display_name": TEXT, "language": TEXT,
        "kernel_protocol_version": {"type": "string", "pattern": r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$"},
        "interrupt_mode": {"enum": ["signal", "message"]}, "env": {"type": "object", "additionalProperties": {"type": "string"}},
        "metadata": {"type": "object", "required": ["supported_encryption"], "properties": {"supported_encryption": TEXTS}},
    },
}


def test_kernelspec(binary, folder, kernel):
    """Valid, with its pictures, found under a name that Jupyter takes, and it says what the kernel says."""
    import struct
    import subprocess

    import jsonschema
    from jupyter_client.kernelspec import KernelSpecManager, _is_valid_kernel_name

    install(binary, folder)
    done = subprocess.run([sys.executable, "-m", "jupyter", "kernelspec", "list", "--json"], capture_output=True, text=True)
    found = json.loads(done.stdout)["kernelspecs"]["reckon"]
    with open(os.path.join(found["resource_dir"], "kernel.json")) as file:
        spec = json.load(file)
    jsonschema.validate(spec, KERNELSPEC)
    info = kernel.ask("kernel_info_request").content
    assert spec["language"] == info["language_info"]["name"] and spec["kernel_protocol_version"] == info["protocol_version"] + ".0"
    assert spec["interrupt_mode"] == "message" and spec["display_name"] == "Reckon" and spec["metadata"]["supported_encryption"] == ["curve"]
    assert _is_valid_kernel_name("reckon") and KernelSpecManager().get_kernel_spec("reckon").argv == spec["argv"]
    for name, size in (("logo-64x64.png", 64), ("logo-32x32.png", 32)):
        with open(os.path.join(found["resource_dir"], name), "rb") as file:
            head = file.read(24)
        assert head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", head[16:24]) == (size, size)
    with open(os.path.join(found["resource_dir"], "logo-svg.svg")) as file:
        assert "<svg" in file.read()


def test_a_specs_environment_and_interrupt_mode_count(binary, folder):
    """What somebody adds to kernel.json: a variable, and signals instead of messages."""
    install(binary, folder)
    path = os.path.join(folder, "share", "kernels", "reckon", "kernel.json")
    with open(path) as file:
        spec = json.load(file)
    with open(path, "w") as file:
        json.dump({**spec, "env": {"RECKON_PARAM_n": "41", "RECKON_THREADS": "1"}, "interrupt_mode": "signal"}, file)
    made, client = manager(binary, folder, "tcp")
    try:
        assert run(client, "param('n', 1) + 1")[1][-1]["content"]["data"]["text/plain"] == "42"
        client.execute("sleep(30)")
        begun(client)
        made.interrupt_kernel()
        assert client.get_shell_msg(timeout=5)["content"]["ename"] == "Interrupted"
    finally:
        client.stop_channels()
        made.shutdown_kernel(now=True)


def conformance(folder, transport):
    import jupyter_kernel_test

    class Reckon(jupyter_kernel_test.KernelTests):
        kernel_name = "reckon"
        language_name = "reckon"
        file_extension = ".cell"
        code_hello_world = "print('hello, world')"
        code_stderr = "sorted = 1"  # says that a builtin is hidden
        completion_samples = [{"text": "prin", "matches": {"print"}}, {"text": "sor", "matches": {"sorted"}}, {"text": "zzz", "matches": set()}]
        complete_code_samples = ["1", "x = [1, 2]", "def f(x):\n    return x\n\n", "for i in [1]: print(i)", ""]
        incomplete_code_samples = ["f(1,", "def f(x):", "'''open", "for i in [1]:\n    print(i)"]
        invalid_code_samples = ["x = = 1", "1 +* 2", "import os"]
        code_page_something = "print?"
        code_generate_error = "1 / 0"
        code_execute_result = [{"code": "1 + 2", "result": "3"}, {"code": "'a' * 3", "result": "'aaa'"}, {"code": "synth()", "mime": "text/html"}]
        code_display_data = [{"code": "show(1)", "mime": "text/plain"}, {"code": "show(synth())", "mime": "text/html"}]
        code_history_pattern = "1 + ?"
        supported_history_operations = ("tail", "range", "search")
        code_inspect_sample = "print"

        @classmethod
        def setUpClass(cls):
            cls.km = unstarted(folder, transport)
            cls.km.start_kernel()
            cls.kc = cls.km.client()
            cls.kc.start_channels()
            cls.kc.wait_for_ready(timeout=60)

    class Welcome(jupyter_kernel_test.IopubWelcomeTests):
        kernel_name = "reckon"
        support_iopub_welcome = True

        @classmethod
        def setUpClass(cls):
            cls.km = unstarted(folder, transport)
            cls.km.start_kernel()
            cls.kc = cls.km.client()

    return Reckon, Welcome


def test_jupyter_kernel_test(binary, folder, transport):
    """Every attribute that applies is set."""
    install(binary, folder)
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case) for case in conformance(folder, transport))
    log = io.StringIO()
    result = unittest.TextTestRunner(stream=log, verbosity=2).run(suite)
    skipped = ", ".join(f"{test.id().split('.')[-1]} ({reason})" for test, reason in result.skipped) or "none"
    print(f"jupyter_kernel_test over {transport}: run {result.testsRun}, skipped: {skipped}")
    assert result.wasSuccessful(), log.getvalue()
    assert {reason for _, reason in result.skipped} == {"No code clear output"}, "no builtin clears output"
    assert result.testsRun >= 13, result.testsRun
