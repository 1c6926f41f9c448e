"""Completion and inspection, also while a cell runs; positions in code points."""
import time

from client import within


def complete(kernel, code, cursor=None, **options):
    content = {"code": code} if cursor is None else {"code": code, "cursor_pos": cursor}
    answer = kernel.ask("complete_request", content, **options).content
    assert answer["status"] == "ok"
    types = answer["metadata"]["_jupyter_types_experimental"]
    assert [item["text"] for item in types] == answer["matches"]
    assert all(item["start"] == answer["cursor_start"] and item["end"] == answer["cursor_end"] for item in types)
    return answer


def test_complete(kernel):
    answer = complete(kernel, "pri", 3)
    assert answer["matches"] == ["print"] and (answer["cursor_start"], answer["cursor_end"]) == (0, 3)
    item = answer["metadata"]["_jupyter_types_experimental"][0]
    assert item["type"] == "function" and "values" in item["signature"]
    kernel.execute("my_list = [1]; my_dict = {'one': 1}")
    assert complete(kernel, "my_")["matches"] == ["my_dict", "my_list"]
    assert "one" in "".join(complete(kernel, "my_dict['o")["matches"])


def test_a_sweep_takes_what_its_recipe_has(any_kernel):
    any_kernel.execute("recipe = als(factors=8); t, v = split(synth(), test=0.2)")
    for first in ("als()", "als(epochs=3)", "recipe"):
        matches = complete(any_kernel, f"sweep({first}, t, v, reg=[0.1], ")["matches"]
        names = [match for match in matches if match.endswith("=")]
        assert {"factors=", "epochs=", "metric=", "search="} <= set(names), names
        assert not {"reg=", "patience=", "valid=", "name=", "train=", "recipe="} & set(names), names
        assert names.count("seed=") == names.count("verbose=") == 1
        assert complete(any_kernel, f"sweep({first}, t, v, fa")["matches"][0] == "factors="
    assert complete(any_kernel, "sweep(als(), t, v, search='r")["matches"] == ["random"]
    assert "factors=" not in complete(any_kernel, "sweep(1, t, v, fac")["matches"]


def test_positions_are_code_points(kernel):
    kernel.execute("my_name = 1")
    for before in ("x = '𝒳𝒳'; ", "# 日本 👩‍🔬\n", "s = 'naïve' + ", ""):
        code = before + "my_na"
        answer = complete(kernel, code + ")  # 𝒳", len(code))
        assert answer["matches"] == ["my_name"], (before, answer)
        assert (answer["cursor_start"], answer["cursor_end"]) == (len(before), len(code))


def test_positions_anywhere_in_the_code(kernel):
    """At 0, in the middle of a line and of a word, on a later line, beyond the end; what is replaced is what was written."""
    kernel.execute("my_name = 1; my_note = 2; 𝒳 = 3")
    code = "s = '𝒳' + my_na + f(my_no)\nmy_"
    for cursor, word, names in ((13, "my_", ["my_name", "my_note"]), (15, "my_na", ["my_name"]), (25, "my_no", ["my_note"]), (len(code), "my_", ["my_name", "my_note"]),
                                (len(code) + 50, "my_", ["my_name", "my_note"])):
        answer = complete(kernel, code, cursor)
        start, end = answer["cursor_start"], answer["cursor_end"]
        assert code[start : min(cursor, len(code))] == word and end >= min(cursor, len(code)), (cursor, answer)
        assert [name for name in answer["matches"] if name.startswith("my_")] == names, (cursor, answer)
    for cursor in (0, -1):
        answer = complete(kernel, code, cursor)
        assert answer["cursor_start"] == answer["cursor_end"] == 0
    assert complete(kernel, "1 + 𝒳", 5)["matches"] == ["𝒳"]


def test_any_position_is_answered(kernel):
    code = "for 𝒳 in [1, 'a"
    for cursor in (-5, *range(len(code) + 3), 10**9, None):
        found = complete(kernel, code, cursor)
        assert 0 <= found["cursor_start"] <= found["cursor_end"] <= len(code), (cursor, found)
        answer = kernel.ask("inspect_request", {"code": code, "cursor_pos": cursor}).content
        assert answer["status"] == "ok" and answer["found"] in (True, False)


def test_inspect(kernel):
    kernel.execute("my_list = [1, 2, 3]")
    for code, cursor, part in (("print", 5, "print("), ("print(1, 2", 9, "print("), ("my_list", 3, "list"), ("x = '𝒳'; print", 13, "print(")):
        for detail in (0, 1):
            answer = kernel.ask("inspect_request", {"code": code, "cursor_pos": cursor, "detail_level": detail}).content
            assert answer["found"] and part in answer["data"]["text/plain"] and answer["data"]["text/html"], (code, answer)
    answer = kernel.ask("inspect_request", {"code": "no_such_name", "cursor_pos": 3}).content
    assert answer == {"status": "ok", "found": False, "data": {}, "metadata": {}}


def test_answers_come_while_a_cell_runs(kernel):
    cell = kernel.start_cell("first_name = 1\nsecond_name = [2]\nprint('begun')\nwhile True:\n    x = 1")
    kernel.wait_output(cell)
    began = time.monotonic()
    for _ in range(5):
        assert complete(kernel, "second_na")["matches"] == ["second_name"]
        assert kernel.ask("inspect_request", {"code": "first_name", "cursor_pos": 3}).content["found"]
        assert kernel.ask("is_complete_request", {"code": "f("}).content["status"] == "incomplete"
        assert kernel.ask("history_request", {"hist_access_type": "tail", "n": 1}).content["status"] == "ok"
        assert kernel.ask("kernel_info_request").content["status"] == "ok"
        assert kernel.ask("kernel_info_request", channel="control").content["status"] == "ok"
        assert kernel.ask("usage_request", channel="control").content["pid"] == kernel.process.pid
        kernel.sockets["hb"].send(b"\x00any bytes\xff")
        assert kernel.sockets["hb"].recv() == b"\x00any bytes\xff"
    within(2, began)
    kernel.ask("interrupt_request", channel="control")
    assert kernel.reply(cell).content["ename"] == "Interrupted"
