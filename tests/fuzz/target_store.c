/* .reckon files. The first byte of an input says whether the checksums are put
 * right, so that strange sections get past them. */
#include <string.h>
#include <unistd.h>

#include "models/model.h"
#include "runtime/base/hash.h"
#include "runtime/data/dataset_file.h"
#include "runtime/store.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

/* As in runtime/store.c. */
#define TABLE_SEED 0x7461626cu
#define HEADER_SEED 0x68656164u
struct header {
    char magic[8];
    uint32_t format, header_bytes;
    char kind[16];
    uint64_t table_offset, table_bytes, table_checksum, checksum;
};
struct row {
    uint32_t type, name_len;
    uint64_t count, size_bytes, offset, checksum;
};

static void mend_rows(struct buf *file, size_t at, size_t end) {
    struct row row;
    for (at += 8; end - at >= sizeof row; at += sizeof row + ((size_t)row.name_len + 7) / 8 * 8) {
        memcpy(&row, file->data + at, sizeof row);
        if (row.offset <= file->len && row.size_bytes <= file->len - row.offset)
            row.checksum = hash_bytes(file->data + row.offset, (size_t)row.size_bytes, row.type);
        memcpy(file->data + at, &row, sizeof row);
        if (row.name_len > end - at - sizeof row) return;
        if (at + sizeof row + ((size_t)row.name_len + 7) / 8 * 8 > end) return;
    }
}

static void mend_checksums(struct buf *file) {
    struct header header;
    if (file->len < sizeof header) return;
    memcpy(&header, file->data, sizeof header);
    if (header.table_offset <= file->len && header.table_bytes <= file->len - header.table_offset) {
        const size_t start = (size_t)header.table_offset, end = start + (size_t)header.table_bytes;
        if (header.table_bytes >= 8) mend_rows(file, start, end);
        header.table_checksum = hash_bytes(file->data + start, (size_t)header.table_bytes, TABLE_SEED);
    }
    header.checksum = hash_bytes(&header, offsetof(struct header, checksum), HEADER_SEED);
    memcpy(file->data, &header, sizeof header);
}

static void check(enum status status, const struct error *err) {
    must(status == OK || (err->message[0] && utf8_valid(slice_of(err->message)) && utf8_valid(slice_of(err->hint))));
    must(err->code != ERR_INTERNAL);
}

/* Whatever the file says that it is. */
static void open_all(const char *path) {
    struct error err[3] = {ERROR_INIT, ERROR_INIT, ERROR_INIT};
    struct dataset *dataset = NULL;
    struct table *table = NULL;
    struct model *model = NULL;
    check(dataset_open(path, &dataset, &err[0]), &err[0]);
    check(table_open(path, &table, &err[1]), &err[1]);
    check(model_open(path, &model, &err[2]), &err[2]);
    if (dataset) dataset_unref(dataset);
    if (table) table_unref(table);
    if (model) model_unref(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf file = BUF_INIT;
    if (size == 0) return 0;
    buf_add(&file, data + 1, size - 1);
    if (data[0] & 1) mend_checksums(&file);
    char *path = fuzz_file("f.reckon", (struct slice){file.data, file.len});
    open_all(path);
    unlink(path);
    free(path);
    buf_release(&file);
    return 0;
}
