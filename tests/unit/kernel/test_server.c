#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/kernel/client.h"

static void order_of_a_cell(void **state) {
    struct client client;
    (void)state;
    client_open(&client);
    int number = client_execute(&client, "print('a')\nshow(1)\n2", "");
    client_status_is(&client, CHANNEL_SHELL, number, "ok");
    client_story_is(&client, number, "busy execute_input stream display_data execute_result idle");
    number = client_execute(&client, "x +", "");
    client_status_is(&client, CHANNEL_SHELL, number, "error");
    client_story_is(&client, number, "busy execute_input error idle");
    number = client_execute(&client, "print(1)\n2", ",\"silent\":true");
    client_status_is(&client, CHANNEL_SHELL, number, "ok");
    client_story_is(&client, number, "busy idle");
    client_close(&client);
}

static void every_request_is_answered(void **state) {
    static const char *const types[] = {"kernel_info", "complete", "inspect",   "is_complete", "history",
                                        "comm_info",   "connect",  "interrupt", "usage",       "odd"};
    struct client client;
    (void)state;
    client_open(&client);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (int c = CHANNEL_SHELL; c <= CHANNEL_CONTROL; c++) {
            char type[64];
            snprintf(type, sizeof type, "%s_request", types[i]);
            int number = client_send(&client, (enum channel)c, type, "{\"code\":\"pri\",\"cursor_pos\":3}");
            json_decref(client_reply(&client, (enum channel)c, number));
            client_story_is(&client, number, "busy idle");
        }
    client_close(&client);
}

static void starting_comes_first_and_a_subscriber_is_welcomed(void **state) {
    struct client client;
    struct received message;
    struct packet subscription = PACKET_INIT;
    (void)state;
    client_open(&client);
    packet_add(&subscription, "\1", 1);
    transport_mem_put(client.transport, CHANNEL_IOPUB, &subscription);
    assert_true(client_next(&client, CHANNEL_IOPUB, WAIT_S, &message));
    assert_string_equal(message.type, "iopub_welcome");
    json_decref(message.content);
    assert_true(client_next(&client, CHANNEL_IOPUB, WAIT_S, &message));
    assert_string_equal(json_text(message.content, "execution_state", ""), "starting");
    json_decref(message.content);
    client_close(&client);
}

static void heartbeats_are_echoed(void **state) {
    struct client client;
    struct packet ping = PACKET_INIT, echo = PACKET_INIT;
    (void)state;
    client_open(&client);
    int cell = client_execute(&client, "sleep(0.2)", "");
    packet_add(&ping, "who", 3);
    packet_add(&ping, "\0\xff", 2);
    transport_mem_put(client.transport, CHANNEL_HB, &ping);
    assert_true(transport_mem_take(client.transport, CHANNEL_HB, WAIT_S, &echo));
    assert_int_equal(echo.n, 2);
    assert_int_equal(packet_frame(&echo, 1).len, 2);
    packet_release(&echo);
    client_status_is(&client, CHANNEL_SHELL, cell, "ok");
    client_close(&client);
}

static void answers_come_while_a_cell_runs(void **state) {
    struct client client;
    (void)state;
    client_open(&client);
    int cell = client_execute(&client, "told = 1\nwhile True: told = told", "");
    for (int i = 0; i < 100; i++) {
        int number = client_send(&client, CHANNEL_SHELL, "complete_request", "{\"code\":\"tol\",\"cursor_pos\":3}");
        json_t *content = client_reply(&client, CHANNEL_SHELL, number);
        const json_t *matches = json_object_get(content, "matches");
        bool found = json_array_size(matches) > 0 && strcmp(json_string_value(json_array_get(matches, 0)), "told") == 0;
        json_decref(content);
        if (found) break;
        assert_int_not_equal(i, 99);
        struct timespec nap = {.tv_nsec = 10000000};
        nanosleep(&nap, NULL);
    }
    client_status_is(&client, CHANNEL_CONTROL, client_send(&client, CHANNEL_CONTROL, "interrupt_request", "{}"), "ok");
    client_status_is(&client, CHANNEL_SHELL, cell, "error");
    client_close(&client);
}

static void cells_behind_an_error_are_aborted(void **state) {
    struct client client;
    int cells[21];
    (void)state;
    client_open(&client);
    cells[0] = client_execute(&client, "sleep(0.1)\n1 / 0", "");
    for (int i = 1; i <= 20; i++) cells[i] = client_execute(&client, "1", "");
    client_status_is(&client, CHANNEL_SHELL, cells[0], "error");
    for (int i = 1; i <= 20; i++) {
        json_t *content = client_reply(&client, CHANNEL_SHELL, cells[i]);
        assert_string_equal(json_text(content, "ename", ""), "Aborted");
        assert_int_equal(json_int(content, "execution_count", -1), 1);
        json_decref(content);
    }
    client_status_is(&client, CHANNEL_SHELL, client_execute(&client, "1", ""), "ok");
    client_close(&client);
}

static void interrupts_hit_only_what_runs(void **state) {
    struct client client;
    (void)state;
    client_open(&client);
    for (int i = 0; i < 200; i++) {
        int cell = client_execute(&client, "1", "");
        client_status_is(&client, CHANNEL_SHELL, cell, "ok");
        client_send(&client, CHANNEL_CONTROL, "interrupt_request", "{}");
        int number = client_send(&client, CHANNEL_CONTROL, "kernel_info_request", "{}");
        client_status_is(&client, CHANNEL_CONTROL, number, "ok");
    }
    double began = clock_now_s();
    int cell = client_execute(&client, "sleep(60)", "");
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL); /* asleep, not spinning: valgrind runs one thread at a time */
    client_send(&client, CHANNEL_CONTROL, "interrupt_request", "{}");
    client_status_is(&client, CHANNEL_SHELL, cell, "error");
    assert_true(clock_now_s() - began < 10);
    client_close(&client);
}

static void floods_and_interrupts(void **state) {
    struct client client;
    (void)state;
    client_open(&client);
    for (int i = 0; i < 5; i++) {
        int cell = client_execute(&client, "while True: print('flood', 1)", "");
        client_status_is(&client, CHANNEL_SHELL, client_send(&client, CHANNEL_SHELL, "is_complete_request", "{\"code\":\"1\"}"), "complete");
        struct timespec nap = {.tv_nsec = 20000000};
        nanosleep(&nap, NULL);
        client_send(&client, CHANNEL_CONTROL, "interrupt_request", "{}");
        json_t *content = client_reply(&client, CHANNEL_SHELL, cell);
        assert_string_equal(json_text(content, "ename", ""), "Interrupted");
        json_decref(content);
    }
    client_close(&client);
}

static void a_prompt_is_answered_or_interrupted(void **state) {
    struct client client;
    struct received question;
    (void)state;
    client_open(&client);
    int cell = client_execute(&client, "input('who? ', password=True)", "");
    assert_true(client_next(&client, CHANNEL_STDIN, WAIT_S, &question));
    assert_string_equal(question.type, "input_request");
    assert_string_equal(json_text(question.content, "prompt", ""), "who? ");
    assert_true(json_flag(question.content, "password", false));
    json_decref(question.content);
    client_send(&client, CHANNEL_STDIN, "input_reply", "{\"value\":3}");
    client_send(&client, CHANNEL_STDIN, "odd", "{\"value\":\"no\"}");
    client_send(&client, CHANNEL_STDIN, "input_reply", "{\"value\":\"yes\"}");
    client_status_is(&client, CHANNEL_SHELL, cell, "ok");
    cell = client_execute(&client, "input()", "");
    assert_true(client_next(&client, CHANNEL_STDIN, WAIT_S, &question));
    json_decref(question.content);
    client_send(&client, CHANNEL_CONTROL, "interrupt_request", "{}");
    client_status_is(&client, CHANNEL_SHELL, cell, "error");
    client_status_is(&client, CHANNEL_SHELL, client_execute(&client, "input()", ",\"allow_stdin\":false"), "error");
    client_close(&client);
}

static void shutdown_while_all_is_busy(void **state) {
    static const char *const codes[] = {"while True: 1", "while True: print('x')", "input()", "sleep(100)"};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct client client;
        client_open(&client);
        for (int n = 0; n < 3; n++) client_execute(&client, codes[i], "");
        struct timespec nap = {.tv_nsec = 30000000};
        nanosleep(&nap, NULL);
        client_close(&client);
    }
}

static void junk_is_ignored(void **state) {
    struct client client;
    (void)state;
    client_open(&client);
    for (int c = 0; c < CHANNEL_COUNT; c++)
        for (int n = 0; n < 12; n++) {
            struct packet junk = PACKET_INIT;
            for (int i = 0; i < n; i++) packet_adds(&junk, slice_of(i == n / 3 ? FRAMES_DELIMITER : "junk"));
            transport_mem_put(client.transport, (enum channel)c, &junk);
        }
    int cell = client_execute(&client, "1", "");
    client_status_is(&client, CHANNEL_SHELL, cell, "ok");
    client_close(&client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_a_cell),
        cmocka_unit_test(every_request_is_answered),
        cmocka_unit_test(starting_comes_first_and_a_subscriber_is_welcomed),
        cmocka_unit_test(heartbeats_are_echoed),
        cmocka_unit_test(answers_come_while_a_cell_runs),
        cmocka_unit_test(cells_behind_an_error_are_aborted),
        cmocka_unit_test(interrupts_hit_only_what_runs),
        cmocka_unit_test(floods_and_interrupts),
        cmocka_unit_test(a_prompt_is_answered_or_interrupted),
        cmocka_unit_test(shutdown_while_all_is_busy),
        cmocka_unit_test(junk_is_ignored),
    };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
