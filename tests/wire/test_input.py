"""input(): the stdin channel."""
import time

from client import Client


def ask(kernel, code="input('who? ')"):
    cell = kernel.start_cell(code, allow_stdin=True)
    question = kernel.next("stdin")
    assert question.type == "input_request" and question.parent["msg_id"] == cell
    return cell, question


def answer(kernel, value, parent=None, **options):
    frames, _ = kernel.frames("input_reply", {"value": value}, parent=parent, **options)
    kernel.sockets["stdin"].send_multipart(frames)


def result(kernel, cell):
    assert kernel.reply(cell).content["status"] == "ok"
    return [m.content["data"]["text/plain"] for m in kernel.outputs(cell) if m.type == "execute_result"]


def test_question_and_answer(kernel):
    for naming in ("question", "cell", "nothing"):
        cell, question = ask(kernel)
        assert question.content == {"prompt": "who? ", "password": False}
        parent = {"question": question.header, "cell": question.parent, "nothing": None}[naming]
        answer(kernel, "Ünal 𝒳", parent)
        assert result(kernel, cell) == ["'Ünal 𝒳'"]


def test_password(kernel):
    cell, question = ask(kernel, "len(input('key: ', password=True))")
    assert question.content["password"] is True
    answer(kernel, "secret", question.header)
    assert result(kernel, cell) == ["6"]


def test_text_comes_before_the_question(kernel):
    cell, question = ask(kernel, "print('first')\ninput('then ')")
    message = kernel.wait_output(cell)
    assert message.content["text"] == "first\n" and question
    answer(kernel, "x", question.header)
    kernel.reply(cell)


def test_answers_to_other_questions_are_ignored(kernel):
    answer(kernel, "early")
    time.sleep(0.3)  # it goes over another connection than the cell
    cell, question = ask(kernel)
    answer(kernel, "wrong", {"msg_id": "another"})
    answer(kernel, "unsigned", question.header, key="wrong key")
    time.sleep(0.05)
    answer(kernel, "right", question.header)
    assert result(kernel, cell) == ["'right'"]


def test_without_stdin_it_is_an_error(kernel):
    reply, _ = kernel.execute("input('who? ')", allow_stdin=False)
    assert reply.content["status"] == "error" and "input" in reply.content["evalue"]
    assert kernel.next("stdin", 0.1) is None


def test_a_late_stdin_client_gets_the_question(kernel):
    kernel.sockets["stdin"].close()
    time.sleep(0.1)
    cell = kernel.start_cell("input('late? ')", allow_stdin=True)
    time.sleep(0.2)
    kernel.sockets["stdin"] = kernel.open("stdin")
    question = kernel.next("stdin")
    assert question.content["prompt"] == "late? "
    answer(kernel, "here", question.header)
    assert result(kernel, cell) == ["'here'"]


def test_two_questions_in_a_cell(kernel):
    cell, question = ask(kernel, "input('a') + input('b')")
    answer(kernel, "1", question.header)
    question = kernel.next("stdin")
    assert question.content["prompt"] == "b"
    answer(kernel, "2", question.header)
    assert result(kernel, cell) == ["'12'"]


def test_interrupts_break_it(kernel):
    """And an answer that comes too late belongs to nobody."""
    cell, question = ask(kernel)
    kernel.ask("interrupt_request", channel="control")
    assert kernel.reply(cell).content["ename"] == "Interrupted"
    answer(kernel, "late", question.header)
    cell, question = ask(kernel)
    time.sleep(0.05)
    answer(kernel, "right", question.header)
    assert result(kernel, cell) == ["'right'"]


def test_each_client_is_asked_for_its_own_cell(kernel):
    other = Client(kernel.info, kernel.curve_keys)
    other.connect()
    for one, another in ((kernel, other), (other, kernel)):
        cell, question = ask(one)
        answer(another, "not mine")
        answer(one, "mine")
        assert another.next("stdin", 0.05) is None and result(one, cell) == ["'mine'"]
    other.disconnect()
