/* Once before the first input. */
#include "runtime/base/hash.h"
#include "runtime/base/thread.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    must(hash_init());
    pool_set_threads(1);
    return 0;
}
