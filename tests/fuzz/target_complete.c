/* Completion at the end of half-written cells, inspection, and both somewhere inside. */
#include "kernel/builtins/builtins.h"
#include "kernel/lang/complete.h"
#include "runtime/base/hash.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/language.h"

/* Names of every kind. */
static const char names[] = "n = 1; real = 1.5; text = 'Toy Story'; flag = True; nothing = None\n"
                            "xs = [1, 2, 3]; pair = (1, 'a'); d = {'rmse': 0.9, 'Toy Story (1995)': 1, 3: 4}; s = {1, 2}; r = range(10)\n"
                            "def dcg(gains, k=10, *rest, base=2, **more):\n"
                            "    '''Discounted gains.'''\n"
                            "    return k\n"
                            "f = lambda x, y=2: x + y\n"
                            "t = table([{'model': 'als', 'rmse': 0.9}, {'model': 'bias', 'rmse': 1.0}])\n"
                            "ratings = synth(users=12, items=9, density=0.5, seed=1)\n"
                            "m = bias(ratings); a = array([[1, 2], [3, 4]]); recipe = als(factors=4); größe = 3; c = len\n";

static struct snapshot *snapshot_of_names(void) {
    static struct snapshot *snapshot;
    struct session *session = fuzz_session();
    struct output silent = {0};
    struct outcome outcome;
    if (snapshot) return snapshot;
    session_run(session, "Cell 1", slice_of(names), &silent, true, &outcome);
    if (outcome.err.code != OK) fprintf(stderr, "%s\n", outcome.err.message), abort();
    outcome_release(&outcome);
    return snapshot = snapshot_new(session_interp(session));
}

static void check_completions(const struct completions *found, size_t cursor) {
    must(found->start <= found->end && found->start <= cursor && found->end >= cursor);
    for (size_t i = 0; i < found->n_items; i++) {
        const struct completion *item = &found->items[i];
        must(item->text[0] && item->type && item->signature);
        must(utf8_valid(slice_of(item->text)) && utf8_valid(slice_of(item->signature)));
    }
}

static void ask_at(const struct registry *registry, const struct snapshot *snapshot, struct slice text, size_t cursor) {
    struct completions found;
    struct bundle panel = BUNDLE_INIT;
    complete_at(registry, snapshot, &builtins_complete_sources, text, cursor, &found);
    check_completions(&found, cursor);
    completions_release(&found);
    if (inspect_at(registry, snapshot, text, cursor, cursor % 2, &panel)) fuzz_check_bundle(&panel);
    bundle_release(&panel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct slice text = {(const char *)data, size};
    const struct snapshot *snapshot = snapshot_of_names();
    const struct registry *registry = session_registry(fuzz_session());
    const size_t n = utf8_count(text);
    ask_at(registry, snapshot, text, n);
    ask_at(registry, snapshot, text, (size_t)(hash_bytes(data, size, 0) % (n + 1)));
    return 0;
}
