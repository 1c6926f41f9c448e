"""Through Jupyter's own client, executor and conformance suite, started from kernel.json as it is installed."""
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
    os.environ["JUPYTER_PATH"] = os.path.join(folder, "share")


def manager(binary, folder, **options):
    from jupyter_client.manager import KernelManager

    install(binary, folder)
    made = KernelManager(kernel_name="reckon", **options)
    made.start_kernel()
    client = made.client()
    client.start_channels()
    client.wait_for_ready(timeout=30)
    return made, client


def run(client, code, **options):
    outputs = []
    reply = client.execute_interactive(code, output_hook=outputs.append, timeout=30, **options)
    return reply["content"], [m for m in outputs if m["msg_type"] != "status"]


def test_client_runs_interrupts_restarts(binary, folder):
    made, client = manager(binary, folder)
    try:
        content, outputs = run(client, "x = 41\nprint('hello')\nx + 1")
        assert content["status"] == "ok" and [m["msg_type"] for m in outputs] == ["execute_input", "stream", "execute_result"]
        client.execute("sleep(30)")
        time.sleep(0.2)
        began = time.monotonic()
        made.interrupt_kernel()
        reply = client.get_shell_msg(timeout=5)
        assert reply["content"]["ename"] == "Interrupted" and time.monotonic() - began < 0.5
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


def test_client_answers_a_prompt(binary, folder):
    made, client = manager(binary, folder)
    try:
        content, outputs = run(client, "input('n? ')", allow_stdin=True, stdin_hook=lambda m: client.input("seven"))
        assert content["status"] == "ok" and outputs[-1]["content"]["data"]["text/plain"] == "'seven'"
    finally:
        client.stop_channels()
        made.shutdown_kernel(now=True)


def test_client_over_ipc_and_curve(binary, folder):
    for options in ({"transport": "ipc", "ip": os.path.join(folder, "ipc")}, {"transport_encryption": "required"}):
        made, client = manager(binary, folder, **options)
        try:
            assert run(client, "6 * 7")[1][-1]["content"]["data"]["text/plain"] == "42"
            assert client.hb_channel.is_beating()
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


def test_the_lexer_and_the_mode_are_known(binary, folder, kernel):
    from pygments.lexers import get_lexer_by_name

    language = kernel.ask("kernel_info_request").content["language_info"]
    assert "Python" in get_lexer_by_name(language["pygments_lexer"]).name


def test_kernelspec(binary, folder):
    import subprocess

    install(binary, folder)
    done = subprocess.run([sys.executable, "-m", "jupyter", "kernelspec", "list", "--json"], capture_output=True, text=True)
    spec = json.loads(done.stdout)["kernelspecs"]["reckon"]["spec"]
    assert spec["interrupt_mode"] == "message" and spec["language"] == "reckon" and spec["display_name"] == "Reckon"
    assert spec["metadata"]["supported_encryption"] == ["curve"]


def conformance():
    import jupyter_kernel_test

    class Reckon(jupyter_kernel_test.KernelTests):
        kernel_name = "reckon"
        language_name = "reckon"
        file_extension = ".cell"
        code_hello_world = "print('hello, world')"
        completion_samples = [{"text": "prin", "matches": {"print"}}, {"text": "sor", "matches": {"sorted"}}]
        complete_code_samples = ["1", "x = [1, 2]", "def f(x):\n    return x\n\n", "for i in [1]: print(i)"]
        incomplete_code_samples = ["f(1,", "def f(x):", "'''open", "for i in [1]:\n    print(i)"]
        invalid_code_samples = ["x = = 1", "1 +* 2", "import os"]
        code_page_something = "print?"
        code_generate_error = "1 / 0"
        code_execute_result = [{"code": "1 + 2", "result": "3"}, {"code": "'a' * 3", "result": "'aaa'"}]
        code_display_data = [{"code": "show(1)", "mime": "text/plain"}]
        code_history_pattern = "1 + ?"
        supported_history_operations = ("tail", "range", "search")
        code_inspect_sample = "print"

    class Welcome(jupyter_kernel_test.IopubWelcomeTests):
        kernel_name = "reckon"
        support_iopub_welcome = True

    return Reckon, Welcome


def test_jupyter_kernel_test(binary, folder):
    install(binary, folder)
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case) for case in conformance())
    with open(os.path.join(folder, "conformance"), "w") as log:
        result = unittest.TextTestRunner(stream=log, verbosity=2).run(suite)
    with open(os.path.join(folder, "conformance")) as log:
        assert result.wasSuccessful(), log.read()
    # No builtin writes to stderr or clears output.
    assert {reason for _, reason in result.skipped} <= {"No code stderr", "No code clear output"}, result.skipped
    assert result.testsRun >= 13, result.testsRun
