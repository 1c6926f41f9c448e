/* clusters and neighbors: which vectors lie together, and what they share. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/plots_data.h"
#include "plots/projection/projection.h"
#include "plots/projection/rows.h"
#include "runtime/base/map.h"
#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/device/ops.h"

#define TRAIT_VALUES_MAX 50 /* a column of more different texts names nothing (zip codes) */
#define PRIOR_ROWS 10.0     /* pseudo-rows with the overall share of a trait: small clusters don't boast */
#define Z_MIN 3.3           /* about one in 2,000 by chance */
#define LIFT_MIN 1.25
#define TRAITS_NAMED 3
#define ROWS_A_READ 4096

/* --- traits: genres, decades, occupations … --- */

struct bearer {
    int32_t row, trait;
};
struct traits {
    struct str_map *names;
    VEC(struct bearer) bearers;
};

static void add_trait(struct traits *traits, int64_t row, const char *name) {
    int64_t trait = (int64_t)str_map_len(traits->names);
    str_map_put(traits->names, slice_of(name), trait, false);
    str_map_get(traits->names, slice_of(name), &trait);
    vec_push(&traits->bearers, ((struct bearer){(int32_t)row, (int32_t)trait}));
}

static void add_list_traits(struct traits *traits, const struct column *column, int64_t n_rows) {
    for (int64_t r = 0; r < n_rows; r++)
        for (int64_t e = column->u.lists.starts[r]; e < column->u.lists.starts[r + 1]; e++) add_trait(traits, r, column->u.lists.strs[e]);
}

static bool has_few_values(const struct column *column, int64_t n_rows) {
    struct str_map *seen = str_map_new();
    for (int64_t r = 0; r < n_rows && str_map_len(seen) <= TRAIT_VALUES_MAX; r++)
        if (!cell_is_null(column, r)) str_map_put(seen, slice_of(column->u.strs[r]), 0, false);
    size_t n = str_map_len(seen);
    str_map_free(seen);
    return n >= 2 && n <= TRAIT_VALUES_MAX;
}

/* "genre" says nothing that "genres" doesn't. */
static bool is_derived(const struct table *features, const char *name) {
    struct buf plural = BUF_INIT;
    buf_addf(&plural, "%ss", name);
    const struct column *column = table_column(features, buf_text(&plural));
    buf_release(&plural);
    return column && column->type == COL_STRS;
}

/* Years become decades ("1990s"), ages tens ("aged 20–29"); other numbers say nothing. */
static void add_number_traits(struct traits *traits, const struct column *column, int64_t n_rows) {
    bool year = strcmp(column->name, "year") == 0, age = strcmp(column->name, "age") == 0;
    for (int64_t r = 0; r < n_rows && (year || age); r++) {
        double value = cell_number(column, r);
        if (!isfinite(value)) continue;
        struct buf text = BUF_INIT;
        long long ten = (long long)floor(value / 10) * 10;
        if (year) buf_addf(&text, "%llds", ten);
        else buf_addf(&text, "aged %lld–%lld", ten, ten + 9);
        add_trait(traits, r, buf_text(&text));
        buf_release(&text);
    }
}

static void collect_traits(const struct table *features, struct traits *out) {
    *out = (struct traits){.names = str_map_new()};
    for (size_t c = 0; c < features->n_columns; c++) {
        const struct column *column = &features->columns[c];
        if (column->type == COL_STRS) add_list_traits(out, column, features->n_rows);
        else if (column_is_numeric(column)) add_number_traits(out, column, features->n_rows);
        else if (column->type == COL_STR && !is_derived(features, column->name) && has_few_values(column, features->n_rows))
            for (int64_t r = 0; r < features->n_rows; r++)
                if (!cell_is_null(column, r)) add_trait(out, r, column->u.strs[r]);
    }
}

static void traits_release(struct traits *traits) {
    str_map_free(traits->names);
    vec_release(&traits->bearers);
}

/* --- clusters --- */

struct clusters {
    const struct embeddings *embeddings; /* NULL: an Array */
    const struct mat *vectors;
    int64_t n, d, k, n_examples;
    bool cosine;
    int32_t *of;      /* n */
    int64_t *sizes;   /* k */
    double *distance; /* n: squared, to the cluster's centre */
    struct traits traits;
    int64_t *counts;  /* (k, n_traits) */
    int64_t *overall; /* n_traits */
};

static void count_traits(struct clusters *c) {
    size_t n_traits = str_map_len(c->traits.names);
    c->counts = xnew_array(int64_t, (size_t)c->k * n_traits + 1);
    c->overall = xnew_array(int64_t, n_traits + 1);
    for (size_t b = 0; b < c->traits.bearers.len; b++) {
        struct bearer bearer = c->traits.bearers.data[b];
        if (bearer.row >= c->n) continue;
        c->counts[(size_t)c->of[bearer.row] * n_traits + (size_t)bearer.trait]++;
        c->overall[bearer.trait]++;
    }
}

struct finding {
    size_t trait;
    double z, lift;
};

/* Log-odds of a trait inside against outside, shrunk towards the overall share (Monroe et al. 2008), over its standard error. */
static struct finding judge_trait(const struct clusters *c, int64_t cluster, size_t trait) {
    size_t n_traits = str_map_len(c->traits.names);
    double inside = (double)c->counts[(size_t)cluster * n_traits + trait], all = (double)c->overall[trait], size = (double)c->sizes[cluster],
           n = (double)c->n;
    double prior = PRIOR_ROWS * all / n, no_prior = PRIOR_ROWS - prior;
    double a = inside + prior, b = size - inside + no_prior, e = all - inside + prior, f = n - size - all + inside + no_prior;
    struct finding finding = {trait, 0, all > 0 ? inside / size / (all / n) : 0};
    if (a > 0 && b > 0 && e > 0 && f > 0) finding.z = (log(a / b) - log(e / f)) / sqrt(1 / a + 1 / b + 1 / e + 1 / f);
    return finding;
}

static void keep_finding(struct finding *best, size_t *n_best, struct finding finding) {
    size_t at = *n_best;
    while (at > 0 && best[at - 1].z < finding.z) at--;
    if (at == TRAITS_NAMED) return;
    if (*n_best < TRAITS_NAMED) ++*n_best;
    for (size_t i = *n_best - 1; i > at; i--) best[i] = best[i - 1];
    best[at] = finding;
}

static char *name_cluster(const struct clusters *c, int64_t cluster) {
    struct finding best[TRAITS_NAMED];
    size_t n_best = 0;
    for (size_t t = 0; t < str_map_len(c->traits.names); t++) {
        struct finding finding = judge_trait(c, cluster, t);
        if (finding.z >= Z_MIN && finding.lift >= LIFT_MIN) keep_finding(best, &n_best, finding);
    }
    struct buf name = BUF_INIT;
    for (size_t i = 0; i < n_best; i++) {
        struct slice text = str_map_key(c->traits.names, best[i].trait);
        buf_addf(&name, "%s%.*s ×%.1f", i ? ", " : "", (int)text.len, text.data, best[i].lift);
    }
    if (n_best == 0) buf_adds(&name, "mixed");
    return buf_take(&name);
}

/* Squared distances of rows to their cluster's mean. */
static enum status measure_distances(struct clusters *c, struct error *err) {
    float *rows = NULL;
    TRY(rows_read(c->vectors, c->cosine ? ROWS_UNIT : ROWS_CENTRED, &rows, err));
    double *means = xnew_array(double, (size_t)(c->k * c->d));
    for (int64_t i = 0; i < c->n; i++)
        for (int64_t f = 0; f < c->d; f++) means[c->of[i] * c->d + f] += rows[i * c->d + f] / (double)c->sizes[c->of[i]];
    for (int64_t i = 0; i < c->n; i++)
        for (int64_t f = 0; f < c->d; f++) {
            double difference = rows[i * c->d + f] - means[c->of[i] * c->d + f];
            c->distance[i] += difference * difference;
        }
    free(means);
    mem_free(rows);
    return OK;
}

struct member {
    int64_t row;
    double distance, popularity;
};

static int by_distance(const void *a, const void *b) {
    const struct member *x = a, *y = b;
    return x->distance != y->distance ? (x->distance < y->distance ? -1 : 1) : (x->row > y->row) - (x->row < y->row);
}

static int by_popularity(const void *a, const void *b) {
    const struct member *x = a, *y = b;
    return x->popularity != y->popularity ? (x->popularity > y->popularity ? -1 : 1) : by_distance(a, b);
}

static char *row_name(const struct clusters *c, int64_t row) {
    struct buf text = BUF_INIT;
    if (c->embeddings) buf_adds(&text, embeddings_title(c->embeddings, row));
    if (c->embeddings && text.len == 0) embeddings_id(c->embeddings, row, &text);
    if (text.len == 0) buf_addf(&text, "%lld", (long long)row);
    return buf_take(&text);
}

/* The most popular of the half that lies nearest to the centre. */
static int64_t find_examples(const struct clusters *c, int64_t cluster, char **out) {
    struct member *members = xnew_array(struct member, (size_t)c->sizes[cluster]);
    int64_t n = 0, near = (c->sizes[cluster] + 1) / 2;
    const int64_t *popularity = c->embeddings ? c->embeddings->popularity : NULL;
    for (int64_t i = 0; i < c->n; i++)
        if (c->of[i] == cluster) members[n++] = (struct member){i, c->distance[i], popularity ? (double)popularity[i] : 0};
    qsort(members, (size_t)n, sizeof *members, by_distance);
    if (near < c->n_examples) near = n < c->n_examples ? n : c->n_examples;
    qsort(members, (size_t)near, sizeof *members, by_popularity);
    int64_t found = near < c->n_examples ? near : c->n_examples;
    for (int64_t e = 0; e < found; e++) out[e] = row_name(c, members[e].row);
    free(members);
    return found;
}

static const char *clusters_unit(const struct clusters *c) {
    return !c->embeddings || c->embeddings->what == EMBED_ROWS ? "vectors" : c->embeddings->what == EMBED_USERS ? "users" : "items";
}

static struct table *clusters_table(const struct clusters *c, uint64_t seed) {
    struct table *table = table_new(c->k);
    int64_t *numbers = table_add_ints(table, "cluster"), *sizes = table_add_ints(table, "size"), n_examples = 0;
    char **names = table_add_strs(table, "name"), **texts = xnew_array(char *, (size_t)(c->k * c->n_examples) + 1);
    int64_t *starts = xnew_array(int64_t, (size_t)c->k + 1);
    for (int64_t m = 0; m < c->k; m++) {
        numbers[m] = m;
        sizes[m] = c->sizes[m];
        names[m] = name_cluster(c, m);
        n_examples += find_examples(c, m, &texts[n_examples]);
        starts[m + 1] = n_examples;
    }
    struct column *examples = table_add_lists(table, "examples", COL_STRS, n_examples);
    memcpy(examples->u.lists.starts, starts, (size_t)(c->k + 1) * sizeof *starts);
    memcpy(examples->u.lists.strs, texts, (size_t)n_examples * sizeof *texts);
    free(starts);
    free(texts);
    table_caption(table, "%lld clusters of %s (k-means, %s, seed %llu)", (long long)c->k,
                  c->embeddings && c->embeddings->name ? c->embeddings->name : clusters_unit(c), c->cosine ? "cosine" : "euclidean",
                  (unsigned long long)seed);
    if (str_map_len(c->traits.names))
        table_note(table, "name: what is over-represented, × its share of all %s (log-odds with a prior, z ≥ %.1f)", clusters_unit(c), Z_MIN);
    table_note(table, c->embeddings && c->embeddings->popularity ? "examples: the most popular of the half nearest to the centre"
                                                                 : "examples: the nearest to the centre");
    return table;
}

static enum status run_clusters(struct clusters *c, struct task *task, uint64_t seed, struct value *out, struct error *err) {
    double inertia;
    c->of = xnew_array(int32_t, (size_t)c->n);
    c->sizes = xnew_array(int64_t, (size_t)c->k);
    c->distance = xnew_array(double, (size_t)c->n);
    c->traits.names = str_map_new();
    TRY(kmeans(task, c->vectors, c->k, c->cosine, seed, c->of, &inertia, err));
    for (int64_t i = 0; i < c->n; i++) c->sizes[c->of[i]]++;
    TRY(measure_distances(c, err));
    if (c->embeddings) {
        traits_release(&c->traits);
        collect_traits(embeddings_features(c->embeddings), &c->traits);
    }
    count_traits(c);
    *out = value_table(clusters_table(c, seed));
    return OK;
}

enum status bi_clusters(const struct call *call, struct value *out, struct error *err) {
    struct clusters c = {
        .embeddings = value_data(arg(call, "embeddings"), &type_embeddings), .k = arg_int(call, "k"), .n_examples = arg_int(call, "examples")};
    uint64_t seed = context_seed(call);
    c.vectors = c.embeddings ? c.embeddings->vectors : value_data(arg(call, "embeddings"), &type_array);
    c.n = mat_rows(c.vectors);
    c.d = mat_cols(c.vectors);
    c.cosine = strcmp(arg_str(call, "metric"), "cosine") == 0;
    if (c.n == 0) return arg_error("embeddings", err, ERR_VALUE, "there is nothing to group: no vectors");
    if (c.k > c.n)
        return arg_error("k", err, ERR_VALUE, "%lld clusters need at least as many %s, there are %lld", (long long)c.k, clusters_unit(&c),
                         (long long)c.n);
    enum status status = run_clusters(&c, call->task, seed, out, err);
    traits_release(&c.traits);
    void *owned[] = {c.of, c.sizes, c.distance, c.counts, c.overall};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    return status;
}

/* --- neighbors --- */

static double norm_of(const float *row, int64_t d) {
    double sum = 0;
    for (int64_t c = 0; c < d; c++) sum += (double)row[c] * row[c];
    return sqrt(sum);
}

/* Cosine of one row with all: 0 for zero vectors. */
static enum status cosines(struct task *task, const struct mat *vectors, const float *query, float *block, float *out, struct error *err) {
    int64_t n = mat_rows(vectors), d = mat_cols(vectors);
    double length = norm_of(query, d);
    for (int64_t first = 0; first < n; first += ROWS_A_READ) {
        int64_t n_rows = first + ROWS_A_READ < n ? ROWS_A_READ : n - first;
        TRY(task_check(task, err));
        TRY(mat_read(vectors, first, n_rows, block, err));
        for (int64_t r = 0; r < n_rows; r++) {
            double other = norm_of(&block[r * d], d);
            out[first + r] = other > 0 ? (float)(dot_canonical(query, &block[r * d], d) / (length * other)) : 0;
        }
    }
    return OK;
}

/* Ids of users or items, else positions; titles where the data set has them. */
static void add_names(struct table *table, const struct embeddings *e, const int32_t *rows, int64_t n) {
    if (e->what == EMBED_ROWS || !e->catalog) {
        int64_t *positions = table_add_ints(table, "row");
        for (int64_t i = 0; i < n; i++) positions[i] = rows[i];
    } else if (e->what == EMBED_USERS) table_add_users(table, e->catalog, rows);
    else {
        table_add_items(table, e->catalog, rows);
        table_add_titles(table, e->catalog, rows);
    }
}

static struct table *neighbors_table(const struct embeddings *e, int64_t row, const int32_t *rows, const float *scores, int64_t n) {
    static const char *const units[] = {[EMBED_USERS] = "user ", [EMBED_ITEMS] = "item ", [EMBED_ROWS] = "row "};
    struct table *table = table_new(n);
    int64_t *ranks = table_add_ints(table, "rank");
    for (int64_t i = 0; i < n; i++) ranks[i] = i + 1;
    add_names(table, e, rows, n);
    double *values = table_add_floats(table, "score", 4);
    for (int64_t i = 0; i < n; i++) values[i] = scores[i];
    struct buf name = BUF_INIT;
    buf_adds(&name, embeddings_title(e, row));
    if (name.len == 0) {
        buf_adds(&name, units[e->what]);
        embeddings_id(e, row, &name);
    }
    table_caption(table, "Nearest to %s by cosine%s%s", buf_text(&name), e->name ? " in " : "", e->name ? e->name : "");
    buf_release(&name);
    return table;
}

static enum status find_neighbors(const struct call *call, const struct embeddings *e, int64_t row, int64_t k, struct value *out, struct error *err) {
    int64_t n = mat_rows(e->vectors), d = mat_cols(e->vectors), starts[] = {0, 1}, found = 0;
    int32_t skip = (int32_t)row;
    int32_t *rows = xnew_array(int32_t, (size_t)k);
    float *best = xnew_array(float, (size_t)k), *query = xnew_array(float, (size_t)d), *block = NULL, *scores = NULL;
    enum status status = mem_try_array((size_t)(n < ROWS_A_READ ? n : ROWS_A_READ) * (size_t)d, "a block of vectors", &block, err);
    if (status == OK) status = mem_try_array((size_t)n, "the scores", &scores, err);
    if (status == OK) status = mat_read(e->vectors, row, 1, query, err);
    if (status == OK && !(norm_of(query, d) > 0))
        status = arg_error("item", err, ERR_NUMERIC, "its vector is all zeros (nothing was learnt about it), so it has no direction");
    if (status == OK) status = cosines(call->task, e->vectors, query, block, scores, err);
    if (status == OK) status = ops_top_k(call->task, scores, 1, n, starts, &skip, k, rows, best, err);
    while (status == OK && found < k && rows[found] >= 0) found++;
    if (status == OK) *out = value_table(neighbors_table(e, row, rows, best, found));
    mem_free(block);
    mem_free(scores);
    free(rows);
    free(best);
    free(query);
    return status;
}

enum status bi_neighbors(const struct call *call, struct value *out, struct error *err) {
    const struct embeddings *e = arg_data(call, "embeddings", &type_embeddings);
    struct id id;
    int64_t row = 0, k = arg_int(call, "k");
    TRY(value_id(arg(call, "item"), &id, err));
    TRY(embeddings_find(e, id, &row, err));
    if (k > mat_rows(e->vectors) - 1) k = mat_rows(e->vectors) - 1;
    if (k < 1) return arg_error("embeddings", err, ERR_VALUE, "there is nothing beside it: the embeddings hold one vector");
    return find_neighbors(call, e, row, k, out, err);
}
