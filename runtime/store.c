#include "runtime/store.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/map.h"
#include "runtime/base/mem.h"
#include "runtime/base/vec.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sections are mapped as they lie in the file");

#define MAGIC "\x89RKN\r\n\x1a\n" /* as PNG's: shows a transfer that changed line ends or cut the eighth bit */
#define FORMAT 1u
#define ALIGNMENT 64u
#define MAX_SECTIONS 100000u
#define MAX_NAME 255u
#define TABLE_SEED 0x7461626cu /* keeps the checksums of header, table and sections apart */
#define HEADER_SEED 0x68656164u

struct header {
    char magic[8];
    uint32_t format, header_bytes;
    char kind[16];
    uint64_t table_offset, table_bytes, table_checksum, checksum;
};
_Static_assert(sizeof(struct header) == ALIGNMENT, "the header has no holes");

/* A row of the table; its name follows, padded to 8 bytes. */
struct row {
    uint32_t type, name_len;
    uint64_t count, size_bytes, offset, checksum;
};

static uint64_t header_checksum(const struct header *header) { return hash_bytes(header, offsetof(struct header, checksum), HEADER_SEED); }

static size_t padded(size_t len) { return (len + 7) / 8 * 8; }

/* Bytes of one value; 0 = not of fixed size. */
static size_t type_bytes(uint32_t type) {
    switch (type) {
    case STORE_BYTES: return 1;
    case STORE_I32:
    case STORE_F32: return 4;
    case STORE_I64:
    case STORE_F64: return 8;
    default: return 0;
    }
}

static const char *type_name(uint32_t type) {
    static const char *const names[] = {[STORE_BYTES] = "bytes", [STORE_I32] = "int32",   [STORE_I64] = "int64",
                                        [STORE_F32] = "float32", [STORE_F64] = "float64", [STORE_TEXTS] = "texts"};
    return type >= STORE_BYTES && type <= STORE_TEXTS ? names[type] : "an unknown type";
}

/* --- writing: sections as they come, then the table, then the header over its blank place --- */

struct store_writer {
    struct file_writer file;
    struct header header;
    uint64_t at; /* bytes written */
    VEC(struct row) rows;
    struct str_map *names; /* in the order of rows */
    char *folder;          /* before every name; NULL: none */
    bool failed;
};

static enum status write_failed(struct store_writer *writer, struct error *err) {
    writer->failed = true;
    err_set(err, ERR_FILE, "can't write `%s`: the disk is full or the file is out of reach", writer->file.path);
    return err_hint(err, "free some space there or save to another folder; the old file, if any, is as it was");
}

static enum status write_bytes(struct store_writer *writer, const void *data, size_t size_bytes, struct error *err) {
    if (size_bytes && fwrite(data, 1, size_bytes, writer->file.stream) != size_bytes) return write_failed(writer, err);
    writer->at += size_bytes;
    return OK;
}

static enum status write_padding(struct store_writer *writer, size_t alignment, struct error *err) {
    static const char zeros[ALIGNMENT];
    return write_bytes(writer, zeros, (size_t)(-writer->at & (alignment - 1)), err);
}

static void writer_free(struct store_writer *writer) {
    str_map_free(writer->names);
    vec_release(&writer->rows);
    free(writer->folder);
    free(writer);
}

enum status store_create(const char *path, const char *kind, struct store_writer **out, struct error *err) {
    struct store_writer *writer = xnew(struct store_writer);
    enum status status = file_writer_open(path, &writer->file, err);
    if (status != OK) {
        free(writer);
        return status;
    }
    writer->names = str_map_new();
    memcpy(writer->header.magic, MAGIC, sizeof writer->header.magic);
    writer->header.format = FORMAT;
    writer->header.header_bytes = sizeof writer->header;
    size_t len = strlen(kind);
    memcpy(writer->header.kind, kind, len < sizeof writer->header.kind ? len : sizeof writer->header.kind - 1);
    static const struct header blank;
    status = write_bytes(writer, &blank, sizeof blank, err);
    if (status != OK) {
        struct error second = ERROR_INIT;
        enum status dropped = file_writer_close(&writer->file, false, &second);
        (void)dropped; /* the first error is the one to tell */
        writer_free(writer);
        return status;
    }
    *out = writer;
    return OK;
}

/* Takes the old one. Owned. */
static char *another_folder(char *old, const char *folder) {
    free(old);
    return folder ? xstrdup(folder) : NULL;
}

void store_writer_enter(struct store_writer *writer, const char *folder) { writer->folder = another_folder(writer->folder, folder); }

/* Owned. */
static char *whole_name(const char *folder, const char *name) {
    struct buf whole = BUF_INIT;
    buf_addf(&whole, "%s%s", folder ? folder : "", name);
    return buf_take(&whole);
}

static enum status begin_named(struct store_writer *writer, const char *name, uint32_t type, int64_t count, struct error *err) {
    size_t len = strlen(name);
    if (len == 0 || len > MAX_NAME || count < 0 || writer->rows.len == MAX_SECTIONS)
        return err_set(err, ERR_INTERNAL, "`%s` (%lld values) can't be a section of a file", name, (long long)count);
    if (!str_map_put(writer->names, slice_of(name), (int64_t)writer->rows.len, false))
        return err_set(err, ERR_INTERNAL, "the section `%s` is written twice", name);
    TRY(write_padding(writer, ALIGNMENT, err));
    vec_push(&writer->rows, ((struct row){.type = type, .name_len = (uint32_t)len, .count = (uint64_t)count, .offset = writer->at}));
    return OK;
}

/* Begins a section; its bytes follow by write_bytes. */
static enum status begin_section(struct store_writer *writer, const char *name, uint32_t type, int64_t count, struct error *err) {
    if (!writer->folder || !*name) return begin_named(writer, name, type, count, err);
    char *whole = whole_name(writer->folder, name);
    const enum status status = begin_named(writer, whole, type, count, err);
    free(whole);
    return status;
}

static void end_section(struct store_writer *writer, uint64_t checksum) {
    struct row *row = &writer->rows.data[writer->rows.len - 1];
    row->size_bytes = writer->at - row->offset;
    row->checksum = checksum;
}

enum status store_put(struct store_writer *writer, const char *name, enum store_type type, const void *data, int64_t count, struct error *err) {
    size_t size_bytes = type_bytes(type);
    if (!size_bytes || count < 0 || __builtin_mul_overflow(size_bytes, (size_t)count, &size_bytes))
        return err_set(err, ERR_INTERNAL, "no array: section `%s`", name);
    TRY(begin_section(writer, name, type, count, err));
    TRY(write_bytes(writer, data, size_bytes, err));
    end_section(writer, hash_bytes(data, size_bytes, type));
    return OK;
}

enum status store_put_text(struct store_writer *writer, const char *name, const char *text, struct error *err) {
    return store_put(writer, name, STORE_BYTES, text, (int64_t)strlen(text), err);
}

enum status store_put_json(struct store_writer *writer, const char *name, const json_t *json, struct error *err) {
    struct buf text = BUF_INIT;
    json_write(&text, json);
    enum status status = store_put(writer, name, STORE_BYTES, buf_text(&text), (int64_t)text.len, err);
    buf_release(&text);
    return status;
}

/* Lengths (-1 = NULL), then all bytes, in one piece: its checksum covers both. */
static enum status gather_texts(const char *const *texts, int64_t count, char **out, size_t *out_bytes, struct error *err) {
    size_t size_bytes = 8 * (size_t)count;
    for (int64_t i = 0; i < count; i++) size_bytes += texts[i] ? strlen(texts[i]) : 0;
    char *data;
    TRY(mem_try(size_bytes, 1, "the texts to save", (void **)&data, err));
    char *at = data + 8 * (size_t)count;
    for (int64_t i = 0; i < count; i++) {
        int64_t len = texts[i] ? (int64_t)strlen(texts[i]) : -1;
        memcpy(data + 8 * i, &len, sizeof len);
        if (len > 0) memcpy(at, texts[i], (size_t)len);
        at += len > 0 ? len : 0;
    }
    *out = data;
    *out_bytes = size_bytes;
    return OK;
}

enum status store_put_texts(struct store_writer *writer, const char *name, const char *const *texts, int64_t count, struct error *err) {
    if (count < 0) return err_set(err, ERR_INTERNAL, "no array: section `%s`", name);
    char *data;
    size_t size_bytes;
    TRY(gather_texts(texts, count, &data, &size_bytes, err));
    enum status status = begin_section(writer, name, STORE_TEXTS, count, err);
    if (status == OK) status = write_bytes(writer, data, size_bytes, err);
    if (status == OK) end_section(writer, hash_bytes(data, size_bytes, STORE_TEXTS));
    mem_free(data);
    return status;
}

static enum status write_table(struct store_writer *writer, struct error *err) {
    static const char zeros[8];
    struct buf table = BUF_INIT;
    uint64_t n_rows = writer->rows.len;
    buf_add(&table, &n_rows, sizeof n_rows);
    for (size_t i = 0; i < writer->rows.len; i++) {
        struct slice name = str_map_key(writer->names, i);
        buf_add(&table, &writer->rows.data[i], sizeof(struct row));
        buf_add(&table, name.data, name.len);
        buf_add(&table, zeros, padded(name.len) - name.len);
    }
    enum status status = write_padding(writer, ALIGNMENT, err);
    writer->header.table_offset = writer->at;
    writer->header.table_bytes = table.len;
    writer->header.table_checksum = hash_bytes(table.data, table.len, TABLE_SEED);
    if (status == OK) status = write_bytes(writer, table.data, table.len, err);
    buf_release(&table);
    return status;
}

static enum status write_header(struct store_writer *writer, struct error *err) {
    writer->header.checksum = header_checksum(&writer->header);
    if (fseeko(writer->file.stream, 0, SEEK_SET) != 0) return write_failed(writer, err);
    return write_bytes(writer, &writer->header, sizeof writer->header, err);
}

enum status store_finish(struct store_writer *writer, bool keep, struct error *err) {
    enum status status = OK;
    if (keep && writer->failed) status = write_failed(writer, err);
    if (keep && status == OK) status = write_table(writer, err);
    if (keep && status == OK) status = write_header(writer, err);
    enum status closed = file_writer_close(&writer->file, keep && status == OK, err);
    writer_free(writer);
    return status != OK ? status : closed;
}

/* --- reading --- */

struct section {
    struct row row;
    bool checked;
};

struct store_reader {
    char *path;
    struct file_map file;
    char kind[17];
    struct section *sections;
    size_t n_sections;
    struct str_map *names;
    char *folder; /* before every name; NULL: none */
};

static enum status damaged(const char *path, const char *what, struct error *err) {
    err_set(err, ERR_DATA, "`%s` is damaged: %s", path, what);
    err_hint(err, "copy or save it again");
    return ERR_DATA;
}

static enum status damaged_section(const struct store_reader *reader, const char *name, const char *what, struct error *err) {
    err_set(err, ERR_DATA, "the section `%s` of `%s` is damaged: %s", name, reader->path, what);
    err_hint(err, "copy or save the file again");
    return ERR_DATA;
}

static enum status check_header(const struct store_reader *reader, struct header *out, struct error *err) {
    struct header header;
    size_t known = reader->file.len < sizeof header.magic ? reader->file.len : sizeof header.magic;
    if (known == 0 || memcmp(reader->file.data, MAGIC, known) != 0) {
        err_set(err, ERR_DATA, "`%s` is not a file that Reckon wrote", reader->path);
        err_hint(err, "save() writes such files (their names end in .reckon); load() reads CSV and the like");
        return ERR_DATA;
    }
    if (reader->file.len < sizeof header) return damaged(reader->path, "it ends within its header", err);
    memcpy(&header, reader->file.data, sizeof header);
    if (header.checksum != header_checksum(&header)) return damaged(reader->path, "the checksum of its header is wrong", err);
    if (header.format != FORMAT) {
        err_set(err, ERR_DATA, "`%s` has format %u; this Reckon reads format %u", reader->path, header.format, FORMAT);
        err_hint(err, "load it with the Reckon that wrote it, or fit and save again");
        return ERR_DATA;
    }
    if (header.table_offset > reader->file.len || header.table_bytes > reader->file.len - header.table_offset)
        return damaged(reader->path, "it is cut off", err);
    if (hash_bytes(reader->file.data + header.table_offset, (size_t)header.table_bytes, TABLE_SEED) != header.table_checksum)
        return damaged(reader->path, "the checksum of its table of sections is wrong", err);
    *out = header;
    return OK;
}

static bool row_fits(const struct store_reader *reader, const struct row *row) {
    uint64_t each = type_bytes(row->type), size_bytes;
    if (row->count > INT64_MAX || row->offset % ALIGNMENT != 0) return false;
    if (row->offset > reader->file.len || row->size_bytes > reader->file.len - row->offset) return false;
    if (row->type == STORE_TEXTS) return row->count <= row->size_bytes / 8;
    return each == 0 || (!__builtin_mul_overflow(each, row->count, &size_bytes) && size_bytes == row->size_bytes);
}

/* Reads one row of the table; the checksum held, so a row that doesn't fit was written wrong. */
static enum status read_row(struct store_reader *reader, struct slice *table, struct error *err) {
    struct row row;
    if (table->len < sizeof row) return damaged(reader->path, "its table of sections is cut off", err);
    memcpy(&row, table->data, sizeof row);
    if (row.name_len == 0 || row.name_len > MAX_NAME || table->len - sizeof row < padded(row.name_len))
        return damaged(reader->path, "a name in its table of sections is cut off", err);
    struct slice name = {table->data + sizeof row, row.name_len};
    if (!row_fits(reader, &row) || !str_map_put(reader->names, name, (int64_t)reader->n_sections, false))
        return damaged(reader->path, "its table of sections contradicts itself", err);
    reader->sections[reader->n_sections++].row = row;
    table->data += sizeof row + padded(row.name_len);
    table->len -= sizeof row + padded(row.name_len);
    return OK;
}

static enum status read_table(struct store_reader *reader, struct slice table, struct error *err) {
    uint64_t n_rows = 0;
    if (table.len < sizeof n_rows) return damaged(reader->path, "its table of sections is cut off", err);
    memcpy(&n_rows, table.data, sizeof n_rows);
    if (n_rows > MAX_SECTIONS || n_rows > table.len / sizeof(struct row)) return damaged(reader->path, "its table of sections is cut off", err);
    TRY(mem_try_array((size_t)n_rows, "the table of sections", &reader->sections, err));
    table.data += sizeof n_rows;
    table.len -= sizeof n_rows;
    for (uint64_t i = 0; i < n_rows; i++) TRY(read_row(reader, &table, err));
    return OK;
}

static enum status read_head(struct store_reader *reader, struct error *err) {
    struct header header = {0};
    TRY(check_header(reader, &header, err));
    memcpy(reader->kind, header.kind, sizeof header.kind);
    if (!utf8_valid(slice_of(reader->kind))) return damaged(reader->path, "its kind is no text", err);
    return read_table(reader, (struct slice){reader->file.data + header.table_offset, (size_t)header.table_bytes}, err);
}

enum status store_open(const char *path, struct store_reader **out, struct error *err) {
    struct store_reader *reader = xnew(struct store_reader);
    reader->path = xstrdup(path);
    reader->names = str_map_new();
    enum status status = file_map_open(path, &reader->file, err);
    if (status == OK) status = read_head(reader, err);
    if (status == OK) *out = reader;
    else store_close(reader);
    return status;
}

void store_close(struct store_reader *reader) {
    if (!reader) return;
    file_map_close(&reader->file);
    str_map_free(reader->names);
    free(reader->folder);
    mem_free(reader->sections);
    free(reader->path);
    free(reader);
}

const char *store_kind(const struct store_reader *reader) { return reader->kind; }
const char *store_path(const struct store_reader *reader) { return reader->path; }

void store_reader_enter(struct store_reader *reader, const char *folder) { reader->folder = another_folder(reader->folder, folder); }

bool store_reader_entered(const struct store_reader *reader) { return reader->folder != NULL; }

static bool section_at(const struct store_reader *reader, const char *name, int64_t *out) {
    if (!reader->folder) return str_map_get(reader->names, slice_of(name), out);
    char *whole = whole_name(reader->folder, name);
    const bool there = str_map_get(reader->names, slice_of(whole), out);
    free(whole);
    return there;
}

bool store_has(const struct store_reader *reader, const char *name) { return section_at(reader, name, NULL); }

/* The section with its bytes checked once. */
static enum status find_section(struct store_reader *reader, const char *name, enum store_type type, const struct row **out, struct error *err) {
    int64_t i;
    if (!section_at(reader, name, &i)) {
        err_set(err, ERR_DATA, "`%s` has no section `%s`", reader->path, name);
        err_hint(err, "load it with the Reckon that wrote it, or fit and save again");
        return ERR_DATA;
    }
    struct section *section = &reader->sections[i];
    if (section->row.type != type)
        return err_set(err, ERR_DATA, "the section `%s` of `%s` holds %s, not %s", name, reader->path, type_name(section->row.type), type_name(type));
    if (!section->checked && hash_bytes(reader->file.data + section->row.offset, (size_t)section->row.size_bytes, type) != section->row.checksum)
        return damaged_section(reader, name, "its checksum is wrong", err);
    section->checked = true;
    *out = &section->row;
    return OK;
}

static enum status check_count(const struct store_reader *reader, const char *name, int64_t count, int64_t want_count, struct error *err) {
    if (want_count < 0 || count == want_count) return OK;
    return err_set(err, ERR_DATA, "the section `%s` of `%s` holds %lld values, expected %lld", name, reader->path, (long long)count,
                   (long long)want_count);
}

enum status store_get(struct store_reader *reader, const char *name, enum store_type type, int64_t want_count, const void **out, int64_t *out_count,
                      struct error *err) {
    const struct row *row;
    TRY(find_section(reader, name, type, &row, err));
    TRY(check_count(reader, name, (int64_t)row->count, want_count, err));
    *out = reader->file.data + row->offset;
    if (out_count) *out_count = (int64_t)row->count;
    return OK;
}

static bool is_text(struct slice text) { return !memchr(text.data, 0, text.len) && utf8_valid(text); }

enum status store_get_text(struct store_reader *reader, const char *name, char **out_owned, struct error *err) {
    const void *data;
    int64_t len;
    TRY(store_get(reader, name, STORE_BYTES, -1, &data, &len, err));
    if (!is_text((struct slice){data, (size_t)len})) return damaged_section(reader, name, "it is not UTF-8 text", err);
    char *text;
    TRY(mem_try((size_t)len + 1, 1, name, (void **)&text, err));
    memcpy(text, data, (size_t)len);
    *out_owned = text;
    return OK;
}

enum status store_get_json(struct store_reader *reader, const char *name, json_t **out, struct error *err) {
    const void *data;
    int64_t len;
    TRY(store_get(reader, name, STORE_BYTES, -1, &data, &len, err));
    struct error why = ERROR_INIT;
    if (json_parse((struct slice){data, (size_t)len}, out, &why) != OK) return damaged_section(reader, name, why.message, err);
    return OK;
}

/* Copies text i of a STORE_TEXTS section; *at walks over the bytes. */
static bool copy_text(struct slice *at, int64_t len, char **out) {
    if (len == -1) return true;
    if (len < 0 || (uint64_t)len > at->len || !is_text((struct slice){at->data, (size_t)len})) return false;
    *out = xstrndup(at->data, (size_t)len);
    at->data += len;
    at->len -= (size_t)len;
    return true;
}

enum status store_get_texts(struct store_reader *reader, const char *name, int64_t want_count, char ***out_owned, int64_t *out_count,
                            struct error *err) {
    const struct row *row;
    TRY(find_section(reader, name, STORE_TEXTS, &row, err));
    TRY(check_count(reader, name, (int64_t)row->count, want_count, err));
    size_t count = (size_t)row->count;
    const char *lengths = reader->file.data + row->offset;
    struct slice at = {lengths + 8 * count, (size_t)row->size_bytes - 8 * count};
    char **texts;
    TRY(mem_try_array(count, name, &texts, err));
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        int64_t len;
        memcpy(&len, lengths + 8 * i, sizeof len);
        good = copy_text(&at, len, &texts[i]);
    }
    if (!good || at.len) {
        names_free(texts, count);
        return damaged_section(reader, name, "the lengths of its texts are wrong", err);
    }
    *out_owned = texts;
    if (out_count) *out_count = (int64_t)count;
    return OK;
}
