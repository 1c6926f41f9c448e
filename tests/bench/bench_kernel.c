/* Start, latency, throughput, responsiveness and memory of kernels, by one bare
 * client in C over tcp, against targets.md's rows: ours, a kernel that computes
 * nothing (the floor), and the peers that tests/bench/peers.sh installs. Each
 * round gives every kernel a turn, so that other load hits all alike.
 *
 *     kernel [ROUNDS]              the whole table, in Markdown
 *     kernel ROUNDS NAME=PATH …    builds of our own kernel side by side: latency, pipelined cells */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel/wire/transport.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/monitor.h"
#include "runtime/base/vec.h"
#include "tests/bench/kernel_life.h"

enum { ROUNDS = 5, STARTS = 4, WARM_UP = 100, CELLS = 400, FEW = 25, ASKS = 60, BEATS = 200, INTERRUPTS = 3, PRINTS = 5000, SUBJECTS_MAX = 8 };
#define PRINTED_CHARS 23890 /* 0 … 4999 and line ends */
#define START_S 20.0        /* longer never took one that came */
#define ROW_S 1.0           /* slow ones are asked less often */
#define RUNNING_S 0.3       /* until a loop is surely running */
#define CELL "{\"code\":\"1\",\"allow_stdin\":false}"

enum row {
    ROW_START,
    ROW_REPLY,
    ROW_IDLE,
    ROW_CPU,
    ROW_PIPELINED,
    ROW_INFO,
    ROW_COMPLETE,
    ROW_INSPECT,
    ROW_BEAT,
    ROW_BUSY_BEAT,
    ROW_BUSY_INFO,
    ROW_INTERRUPT,
    ROW_SHUTDOWN,
    ROW_PRINTS,
    ROW_PRINT_MESSAGES,
    ROW_PRINT_LOST,
    ROW_RSS,
    ROW_PSS,
    ROW_THREADS,
    ROW_COUNT
};

static const struct {
    const char *title, *target;
    double scale; /* of what is measured, in seconds, to what is printed */
    int digits;
    bool spread; /* the tenth and the 99th of a hundred beside the median */
} rows[ROW_COUNT] = {
    [ROW_START] = {"spawn to the first kernel_info_reply, ms", "30", 1e3, 1, false},
    [ROW_REPLY] = {"trivial cell to reply, ms", "0.22", 1e3, 3, true},
    [ROW_IDLE] = {"trivial cell to idle, ms", "0.22", 1e3, 3, true},
    [ROW_CPU] = {"… processor time of the kernel, ms", "", 1e3, 3, false},
    [ROW_PIPELINED] = {"pipelined cells, /s", "> 12,000", 1, 0, false},
    [ROW_INFO] = {"kernel_info, ms", "", 1e3, 3, true},
    [ROW_COMPLETE] = {"complete `pri`, ms", "", 1e3, 3, true},
    [ROW_INSPECT] = {"inspect `print`, ms", "", 1e3, 3, true},
    [ROW_BEAT] = {"heartbeat, idle, ms", "", 1e3, 3, true},
    [ROW_BUSY_BEAT] = {"heartbeat in a busy loop, ms", "", 1e3, 3, true},
    [ROW_BUSY_INFO] = {"kernel_info on control in a busy loop, ms", "", 1e3, 3, true},
    [ROW_INTERRUPT] = {"SIGINT to the error reply, ms", "", 1e3, 2, false},
    [ROW_SHUTDOWN] = {"shutdown_request to gone, ms", "", 1e3, 1, false},
    [ROW_PRINTS] = {"5,000 printed lines to idle, ms", "", 1e3, 1, false},
    [ROW_PRINT_MESSAGES] = {"… stream messages", "", 1, 0, false},
    [ROW_PRINT_LOST] = {"… characters lost", "0", 1, 0, false},
    [ROW_RSS] = {"resident after start, MiB", "< 10", 1, 1, false},
    [ROW_PSS] = {"… proportional share, MiB", "", 1, 1, false},
    [ROW_THREADS] = {"threads", "6", 1, 0, false},
};

struct result {
    VEC(double) values;
    const char *why; /* there are none, or not all */
};

struct column {
    struct subject subject;
    char version[40];
    struct result results[ROW_COUNT];
};

static void add(struct column *column, enum row row, double value) { vec_push(&column->results[row].values, value); }

/* Whether it went well; the first reason is kept. */
static bool went(struct column *column, enum row row, const char *why) {
    if (why && !column->results[row].why) column->results[row].why = why;
    return !why;
}

static void pause_for(double seconds) {
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

/* --- the rows --- */

/* A file of the build folder: BUILD/tests/bench/kernel is we. */
static const char *built(const char *name) {
    char path[4200], self[4096] = "";
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) exit(1);
    for (int up = 0; up < 3; up++) *strrchr(self, '/') = 0;
    snprintf(path, sizeof path, "%s/%s", self, name);
    return xstrdup(path);
}

/* A peer's as it was installed; ours by its own word. */
static void note_version(struct column *column, const struct buf *info) {
    json_t *json = NULL;
    struct buf installed = BUF_INIT;
    struct error err = ERROR_INIT;
    const char *package = column->subject.package;
    if (!package && json_parse((struct slice){buf_text(info), info->len}, &json, &err) == OK)
        snprintf(column->version, sizeof column->version, "%s", json_text(json, "implementation_version", ""));
    const char *at = package && file_read(built("peers/installed"), 1 << 20, &installed, &err) == OK ? strstr(buf_text(&installed), package) : NULL;
    if (at) snprintf(column->version, sizeof column->version, "%.*s", (int)strcspn(at + strlen(package), "\n"), at + strlen(package));
    buf_release(&installed);
    json_decref(json);
}

static bool measure_start(struct life *life, struct column *column) {
    struct buf info = BUF_INIT;
    double ignored_s;
    life_start(life, &column->subject);
    bool well = went(column, ROW_START, life_reply(life, CHANNEL_SHELL, "kernel_info_request", "{}", START_S, &ignored_s, &info));
    if (well) add(column, ROW_START, clock_now_s() - life->began_s);
    note_version(column, &info);
    buf_release(&info);
    return well;
}

static void measure_shutdown(struct life *life, struct column *column) {
    double sent_s = clock_now_s();
    life_send(life, CHANNEL_CONTROL, "shutdown_request", "{\"restart\":false}");
    if (went(column, ROW_SHUTDOWN, life_is_over(life, 10) ? NULL : "stays")) add(column, ROW_SHUTDOWN, clock_now_s() - sent_s);
}

/* A figure of a file of the process under /proc. */
static double proc_number(const struct life *life, const char *name, const char *field) {
    char path[64];
    struct buf text = BUF_INIT;
    struct error err = ERROR_INIT;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)life->child, name);
    const char *at = file_read(path, 1 << 20, &text, &err) == OK ? strstr(buf_text(&text), field) : NULL;
    double number = at ? strtod(at + strlen(field), NULL) : -1;
    buf_release(&text);
    return number;
}

static void measure_memory(struct life *life, struct column *column) {
    add(column, ROW_RSS, proc_number(life, "smaps_rollup", "\nRss:") / 1024);
    add(column, ROW_PSS, proc_number(life, "smaps_rollup", "\nPss:") / 1024);
    add(column, ROW_THREADS, proc_number(life, "status", "\nThreads:"));
}

/* Seconds of all its threads so far; other load changes them little. */
static double cpu_s(const struct life *life) {
    char path[64];
    double total_ns = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)life->child);
    DIR *tasks = opendir(path);
    for (struct dirent *task; tasks && (task = readdir(tasks)) != NULL;) {
        snprintf(path, sizeof path, "task/%.20s/schedstat", task->d_name);
        if (task->d_name[0] != '.') total_ns += proc_number(life, path, "");
    }
    if (tasks) closedir(tasks);
    return total_ns * 1e-9;
}

static bool measure_cells(struct life *life, struct column *column, int warm_up, int n) {
    double began_s = 0;
    for (int i = 0; i < warm_up + n; i++) {
        struct answer answer;
        if (!went(column, ROW_IDLE, life_ask(life, "execute_request", CELL, 10, &answer))) return false;
        if (i == warm_up - 1) began_s = cpu_s(life);
        if (i < warm_up) continue;
        add(column, ROW_REPLY, answer.reply_s);
        add(column, ROW_IDLE, answer.idle_s);
    }
    add(column, ROW_CPU, (cpu_s(life) - began_s) / n);
    return true;
}

static void measure_pipeline(struct life *life, struct column *column) {
    int n = column->subject.n_pipelined, replies = 0, idles = 0;
    double began = clock_now_s();
    for (int i = 0; i < n; i++) life_send(life, CHANNEL_SHELL, "execute_request", CELL);
    while (replies < n || idles < n) {
        struct heard heard;
        if (!went(column, ROW_PIPELINED, life_hear(life, CHANNEL_BIT(CHANNEL_SHELL) | CHANNEL_BIT(CHANNEL_IOPUB), 5, &heard))) return;
        if (heard.channel == CHANNEL_SHELL) replies++;
        else idles += heard_says(heard.content, "idle");
    }
    add(column, ROW_PIPELINED, n / (clock_now_s() - began));
}

static void measure_asked(struct life *life, struct column *column, enum row row, const char *type, const char *content) {
    struct answer answer;
    double end = clock_now_s() + ROW_S;
    for (int i = 0; i < ASKS && (i < 5 || clock_now_s() < end); i++) {
        if (!went(column, row, life_ask(life, type, content, 5, &answer))) return;
        if (i) add(column, row, answer.reply_s);
    }
}

static void measure_beats(struct life *life, struct column *column, enum row row, int n) {
    double seconds;
    for (int i = 0; i < n; i++) {
        if (!went(column, row, life_beat(life, 3, &seconds))) return;
        add(column, row, seconds);
    }
}

static void code_content(const char *code, struct buf *out) {
    buf_adds(out, "{\"code\":");
    buf_add_json_string(out, slice_of(code));
    buf_adds(out, ",\"allow_stdin\":false,\"stop_on_error\":false}");
}

static void measure_prints(struct life *life, struct column *column) {
    struct buf content = BUF_INIT;
    struct answer answer;
    code_content(column->subject.prints, &content);
    bool whole = went(column, ROW_PRINTS, life_ask(life, "execute_request", buf_text(&content), 20, &answer));
    buf_release(&content);
    if (!went(column, ROW_PRINTS, answer.n_streams ? NULL : "no stream message")) return;
    if (whole) add(column, ROW_PRINTS, answer.idle_s);
    add(column, ROW_PRINT_MESSAGES, answer.n_streams);
    add(column, ROW_PRINT_LOST, PRINTED_CHARS - (double)answer.n_chars);
}

static bool interrupt_loop(struct life *life, struct column *column, bool first) {
    struct buf content = BUF_INIT;
    struct answer answer;
    double seconds;
    code_content(column->subject.loop, &content);
    int number = life_send(life, CHANNEL_SHELL, "execute_request", buf_text(&content));
    buf_release(&content);
    pause_for(RUNNING_S);
    if (first) measure_beats(life, column, ROW_BUSY_BEAT, BEATS);
    for (int i = 0; first && i < ASKS / 3; i++) {
        if (!went(column, ROW_BUSY_INFO, life_reply(life, CHANNEL_CONTROL, "kernel_info_request", "{}", 3, &seconds, NULL))) break;
        add(column, ROW_BUSY_INFO, seconds);
    }
    double sent_s = clock_now_s();
    kill(life->child, SIGINT);
    if (!went(column, ROW_INTERRUPT, life_await(life, number, sent_s, 5, &answer))) return false;
    if (!went(column, ROW_INTERRUPT, answer.failed ? NULL : "the reply is no error")) return false;
    add(column, ROW_INTERRUPT, answer.reply_s);
    return true;
}

/* --- one kernel's turn --- */

static void start_and_stop(struct column *column) {
    struct life life;
    if (measure_start(&life, column)) measure_shutdown(&life, column);
    life_end(&life);
}

static void live(struct column *column) {
    struct life life;
    if (measure_start(&life, column) && went(column, ROW_REPLY, life_settle(&life))) {
        measure_memory(&life, column);
        if (measure_cells(&life, column, WARM_UP, CELLS)) measure_pipeline(&life, column);
        measure_asked(&life, column, ROW_INFO, "kernel_info_request", "{}");
        measure_asked(&life, column, ROW_COMPLETE, "complete_request", "{\"code\":\"pri\",\"cursor_pos\":3}");
        measure_asked(&life, column, ROW_INSPECT, "inspect_request", "{\"code\":\"print\",\"cursor_pos\":5,\"detail_level\":0}");
        measure_beats(&life, column, ROW_BEAT, BEATS);
        if (column->subject.prints) {
            measure_prints(&life, column);
            for (int i = 0; i < INTERRUPTS && interrupt_loop(&life, column, i == 0); i++) continue;
        }
    }
    life_end(&life);
}

static void take_turns(struct column *columns, int n, int n_rounds) {
    for (int round = 0; round < n_rounds; round++)
        for (int i = 0; i < n; i++) {
            for (int start = 0; start < STARTS; start++) start_and_stop(&columns[i]);
            live(&columns[i]);
        }
}

/* All live side by side and get a few cells in turn: differences of a few microseconds show on a busy machine too. */
static void live_side_by_side(struct column *columns, int n, int n_rounds) {
    struct life lives[SUBJECTS_MAX];
    for (int i = 0; i < n; i++)
        if (!measure_start(&lives[i], &columns[i]) || !went(&columns[i], ROW_REPLY, life_settle(&lives[i]))) exit(1);
    for (int round = 0; round < n_rounds; round++)
        for (int i = 0; i < n; i++) {
            if (!measure_cells(&lives[i], &columns[i], FEW / 5, FEW)) exit(1);
            if (round % 10 == 9) measure_pipeline(&lives[i], &columns[i]);
        }
    for (int i = 0; i < n; i++) life_end(&lives[i]);
}

/* --- the table --- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const struct result *result, double q) {
    qsort(result->values.data, result->values.len, sizeof *result->values.data, by_value);
    return result->values.data[(size_t)(q * (double)(result->values.len - 1) + 0.5)];
}

static void print_number(double value, int digits) {
    struct buf text = BUF_INIT;
    if (digits == 0 && value >= 0) buf_add_count(&text, (int64_t)(value + 0.5));
    else buf_addf(&text, "%.*f", digits, value);
    printf("%s", buf_text(&text));
    buf_release(&text);
}

static void print_cell(enum row row, const struct result *result) {
    double scale = rows[row].scale;
    if (result->values.len == 0) {
        printf(" - %s%s%s |", result->why ? "(" : "", result->why ? result->why : "", result->why ? ")" : "");
        return;
    }
    printf(" ");
    print_number(quantile(result, 0.5) * scale, rows[row].digits);
    if (rows[row].spread) printf(" (%.3f to %.3f)", quantile(result, 0.1) * scale, quantile(result, 0.99) * scale);
    if (result->why) printf(" (not always: %s)", result->why);
    printf(" |");
}

static bool is_measured(const struct column *columns, int n, enum row row) {
    for (int i = 0; i < n; i++)
        if (columns[i].results[row].values.len || columns[i].results[row].why) return true;
    return false;
}

static void print_table(const struct column *columns, int n) {
    printf("| |");
    for (int i = 0; i < n; i++) printf(" %s %s |", columns[i].subject.name, columns[i].version);
    printf(" target |\n|---|");
    for (int i = 0; i < n; i++) printf("---|");
    printf("---|\n");
    for (int row = 0; row < ROW_COUNT; row++) {
        if (!is_measured(columns, n, (enum row)row)) continue;
        printf("| %s |", rows[row].title);
        for (int i = 0; i < n; i++) print_cell((enum row)row, &columns[i].results[row]);
        printf(" %s |\n", rows[row].target);
    }
}

/* --- who takes part --- */

static struct subject nobody(void) { return (struct subject){"empty", {"/proc/self/exe", "--empty", "{}"}, NULL, NULL, 10000, NULL}; }

static struct subject ours(const char *name, const char *path) {
    return (struct subject){name, {path, "-f", "{}"}, "for i in range(5000): print(i)", "x = 0\nwhile True: x = x + 1", 10000, NULL};
}

static struct subject python(const char *name, const char *package, const char *module, const char *option) {
    return (struct subject){
        name,   {built("peers/bin/python"), "-m", module, "-f", "{}", option}, "for i in range(5000): print(i, flush=True)", "while True: pass", 500,
        package};
}

static int everybody(struct column columns[SUBJECTS_MAX]) {
    int n = 0;
    columns[n++].subject = nobody();
    columns[n++].subject = ours("Reckon", built("reckon-kernel"));
    columns[n++].subject = python("xeus-python raw", "xeus-python==", "xpython_launcher", "--raw");
    columns[n++].subject = python("xeus-python", "xeus-python==", "xpython_launcher", NULL);
    columns[n++].subject = python("ipykernel", "ipykernel==", "ipykernel_launcher", NULL);
    return n;
}

static int builds(struct column columns[SUBJECTS_MAX], char **arguments) {
    int n = 0;
    columns[n++].subject = nobody();
    for (; *arguments && n < SUBJECTS_MAX; arguments++) {
        char *equals = strchr(*arguments, '=');
        if (!equals) continue;
        *equals = 0;
        columns[n++].subject = ours(*arguments, equals + 1);
    }
    return n;
}

static double load(void) {
    double loads[1] = {0};
    return getloadavg(loads, 1) == 1 ? loads[0] : 0;
}

int main(int argc, char **argv) {
    static struct column columns[SUBJECTS_MAX];
    if (!hash_init()) return 1;
    if (argc == 3 && strcmp(argv[1], "--empty") == 0) serve_nothing(argv[2]);
    int n_rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : ROUNDS;
    bool whole = argc <= 2;
    int n = whole ? everybody(columns) : builds(columns, argv + 2);
    double load_before = load();
    if (whole) take_turns(columns, n, n_rounds);
    else live_side_by_side(columns, n, n_rounds);
    print_table(columns, n);
    printf("\n%ld cores, load %.1f before and %.1f after; %d rounds, everybody in turn. Medians; in brackets the tenth and the ninety-ninth of a "
           "hundred.\n",
           sysconf(_SC_NPROCESSORS_ONLN), load_before, load(), n_rounds);
    return 0;
}
