"""execute_request with all its options; order; errors; the queue behind them."""
import re
import time

from client import text_of, types_of, within


def plain(messages):
    return [message.content["data"]["text/plain"] for message in messages if message.type == "execute_result"]


def test_order(kernel):
    id = kernel.start_cell("print('a')\nshow(1)\nprint('b')\nx = 2\nx")
    reply, outputs = kernel.reply(id), kernel.outputs(id)
    assert types_of(outputs) == ["status", "execute_input", "stream", "display_data", "stream", "execute_result", "status"]
    assert outputs[1].content == {"code": "print('a')\nshow(1)\nprint('b')\nx = 2\nx", "execution_count": 1}
    assert [m.content["text"] for m in outputs if m.type == "stream"] == ["a\n", "b\n"]
    assert outputs[3].content == {"data": {"text/plain": "1"}, "metadata": {}, "transient": {}}
    assert outputs[5].content == {"data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1}
    assert reply.content == {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
    assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z$", reply.metadata["started"])


def test_many_cells_keep_the_order(kernel):
    """A thousand in a row; the reply stands before idle (by their dates: each channel has its own order)."""
    ids = [kernel.start_cell(f"print({i})\n{i}") for i in range(1000)]
    for i, id in enumerate(ids):
        outputs = kernel.outputs(id)
        assert types_of(outputs) == ["status", "execute_input", "stream", "execute_result", "status"]
        assert text_of(outputs) == f"{i}\n" and outputs[3].content["execution_count"] == i + 1
        reply = kernel.reply(id)
        assert reply.content["execution_count"] == i + 1 and outputs[3].header["date"] <= reply.header["date"] <= outputs[4].header["date"]
    assert kernel.next("iopub", 0.1) is None
    assert [m.content["execution_state"] for m in kernel.iopub_seen] == ["starting"], "nothing comes after idle"


def test_silent(kernel):
    reply, outputs = kernel.execute("print('no')\nshow(2)\nq = 5\nq", silent=True)
    assert outputs == [] and reply.content["status"] == "ok" and reply.content["execution_count"] == 0
    reply, outputs = kernel.execute("1 / 0", silent=True)
    assert outputs == [] and reply.content["status"] == "error" and reply.content["ename"] == "ZeroDivisionError"
    reply, outputs = kernel.execute("q")
    assert plain(outputs) == ["5"] and reply.content["execution_count"] == 1


def test_store_history_false(kernel):
    kernel.execute("7")
    reply, outputs = kernel.execute("8", store_history=False)
    assert reply.content["execution_count"] == 1 and plain(outputs) == ["8"]
    assert outputs[0].content["execution_count"] == 1 and outputs[1].content["execution_count"] == 1
    assert plain(kernel.execute("_ + 1")[1]) == ["8"]
    assert [entry[2] for entry in kernel.ask("history_request", {"hist_access_type": "tail", "n": 9}).content["history"]] == ["7", "_ + 1"]
    reply, outputs = kernel.execute("", silent=True)
    assert reply.content["execution_count"] == 2 and outputs == []


def test_user_expressions(kernel):
    reply, outputs = kernel.execute("x = 20", user_expressions={"good": "x + 1", "bad": "y + 1", "syntax": "1 +", "number": 3})
    expressions = reply.content["user_expressions"]
    assert reply.content["status"] == "ok" and types_of(outputs) == ["execute_input"]
    assert expressions["good"] == {"status": "ok", "data": {"text/plain": "21"}, "metadata": {}}
    assert expressions["bad"]["status"] == "error" and expressions["bad"]["ename"] == "NameError"
    assert expressions["syntax"]["ename"] == "SyntaxError" and expressions["number"]["status"] == "error"


def test_error(kernel):
    reply, outputs = kernel.execute("a = 1\nprint('before')\nb = a + missing")
    assert types_of(outputs) == ["execute_input", "stream", "error"]
    error = outputs[2].content
    assert set(error) == {"ename", "evalue", "traceback"}
    assert reply.content == {"status": "error", "execution_count": 1, **error}
    assert error["ename"] == "NameError" and "missing" in error["evalue"] and "\x1b" not in error["evalue"]
    text = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error["traceback"]))
    assert text.split("\n")[:4] == ["NameError: " + error["evalue"], "  Cell 1, line 3", "    b = a + missing", "            ^^^^^^^"], text
    assert plain(kernel.execute("a")[1]) == ["1"], "what ran before the error stays"


def test_syntax_error_runs_nothing(kernel):
    reply, outputs = kernel.execute("print('no')\nx = = 1")
    assert types_of(outputs) == ["execute_input", "error"] and reply.content["ename"] == "SyntaxError"


def test_page(kernel):
    reply, outputs = kernel.execute("print?")
    assert types_of(outputs) == ["execute_input"]
    (page,) = reply.content["payload"]
    assert page["source"] == "page" and page["start"] == 0 and page["data"]["text/plain"].startswith("print(")
    assert page["data"]["text/html"]


def test_quiet_results(kernel):
    for code in ("3;", "None", "x = 1", "", "# nothing"):
        assert types_of(kernel.execute(code)[1]) == ["execute_input"], code


def test_unicode(kernel):
    reply, outputs = kernel.execute("s = '𝒳 naïve 日本 👩‍🔬'\nprint(s)\ns")
    assert text_of(outputs) == "𝒳 naïve 日本 👩‍🔬\n" and plain(outputs) == ["'𝒳 naïve 日本 👩‍🔬'"]
    assert kernel.execute("'a\\0b'")[0].content["status"] == "ok"
    assert kernel.execute("x = 'a\0b'\nlen(x)")[0].content["status"] in ("ok", "error")
    frames, header = kernel.frames("execute_request", b'{"code": "\\ud800"}')
    kernel.sockets["shell"].send_multipart(frames)
    assert kernel.reply(header["msg_id"]).content["status"] == "error"


# --- the queue behind an error ---


def test_cells_behind_an_error_are_aborted(kernel):
    first = kernel.start_cell("sleep(0.2)\n1 / 0")
    queued = [kernel.start_cell(f"print({i})") for i in range(100)]
    asked = kernel.send("shell", "complete_request", {"code": "pri", "cursor_pos": 3})
    assert kernel.reply(asked).content["matches"] == ["print"], "others than execute_request are answered"
    assert kernel.reply(first).content["ename"] == "ZeroDivisionError"
    began = time.monotonic()
    for id in queued:
        reply = kernel.reply(id)
        assert reply.content["status"] == "error" and reply.content["ename"] == "Aborted" and reply.content["execution_count"] == 1
    within(0.5, began)
    for id in queued:
        assert types_of(kernel.outputs(id)) == ["status", "status"]


def test_stop_on_error_false_runs_on(kernel):
    first = kernel.start_cell("sleep(0.1)\n1 / 0", stop_on_error=False)
    second = kernel.start_cell("40 + 2")
    assert kernel.reply(first).content["status"] == "error" and kernel.reply(second).content["status"] == "ok"
    assert plain(kernel.outputs(second)) == ["42"]


def test_a_cell_sent_after_the_error_reply_runs(kernel):
    for i in range(20):
        assert kernel.reply(kernel.start_cell("1 / 0")).content["status"] == "error"
        assert kernel.reply(kernel.start_cell(f"{i}")).content["status"] == "ok"


# --- history ---


def test_history(kernel):
    for code in ("alpha = 1", "beta = alpha + 1\nbeta", "alpha = 1", "gamma"):
        kernel.execute(code)

    def ask(**query):
        return kernel.ask("history_request", {"raw": True, "output": False, **query}).content["history"]

    assert ask(hist_access_type="tail", n=2) == [[1, 3, "alpha = 1"], [1, 4, "gamma"]]
    assert ask(hist_access_type="tail", n=3, output=True)[0] == [1, 2, ["beta = alpha + 1\nbeta", "2"]]
    assert ask(hist_access_type="tail", n=1, output=True) == [[1, 4, ["gamma", None]]]
    assert ask(hist_access_type="range", session=0, start=2, stop=4) == [[1, 2, "beta = alpha + 1\nbeta"], [1, 3, "alpha = 1"]]
    assert [line for _, line, _ in ask(hist_access_type="search", pattern="alpha*")] == [1, 3]
    assert [line for _, line, _ in ask(hist_access_type="search", pattern="alpha*", unique=True)] == [3]
    assert [line for _, line, _ in ask(hist_access_type="search", pattern="*alph?*", n=2)] == [2, 3]
