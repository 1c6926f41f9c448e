/* tsne and pca: embeddings as a map. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/plots_data.h"
#include "plots/projection/projection.h"
#include "runtime/base/mem.h"
#include "runtime/base/rng.h"

#define LAYERS_MAX 4
#define TITLES_ON_MAP 14
#define TITLES_TRIED 80
#define REACH 0.035  /* radius of a point's surroundings, a share of the map's extent */
#define LIFT_MIN 1.7 /* a group is named on the map where its share is so many times its share of all */
#define CROWD_MIN 4

/* One set of vectors on the map. */
struct layer {
    const struct embeddings *embeddings; /* NULL: an Array */
    const struct mat *vectors;
    int64_t n;
    const char *unit;        /* "items" */
    struct groups groups;    /* of all its rows */
    const char *color;       /* column, or NULL */
    int64_t first, n_points; /* its points among those drawn */
};

struct map {
    const struct call *call;
    struct layer layers[LAYERS_MAX];
    size_t n_layers;
    int64_t n_all, n;    /* rows in all, points drawn */
    int64_t *rows;       /* n: the row of each point in its layer, layers after one another */
    struct mat *vectors; /* n rows on the CPU */
    double *x, *y;       /* n */
};

static void map_release(struct map *map) {
    for (size_t s = 0; s < map->n_layers; s++) groups_release(&map->layers[s].groups);
    free(map->rows);
    mat_unref(map->vectors);
    free(map->x);
    free(map->y);
}

/* --- what is drawn --- */

static const char *unit_of(const struct embeddings *embeddings) {
    return !embeddings || embeddings->what == EMBED_ROWS ? "vectors" : embeddings->what == EMBED_USERS ? "users" : "items";
}

static enum status add_layer(struct map *map, struct value value, struct error *err) {
    if (map->n_layers == LAYERS_MAX) return arg_error("embeddings", err, ERR_VALUE, "at most %d sets of vectors share a map", LAYERS_MAX);
    struct layer *layer = &map->layers[map->n_layers];
    *layer = (struct layer){.embeddings = value_data(value, &type_embeddings)};
    layer->vectors = layer->embeddings ? layer->embeddings->vectors : value_data(value, &type_array);
    layer->unit = unit_of(layer->embeddings);
    layer->n = mat_rows(layer->vectors);
    map->n_layers++;
    map->n_all += layer->n;
    int64_t d = mat_cols(map->layers[0].vectors);
    if (mat_cols(layer->vectors) == d) return OK;
    return arg_error("embeddings", err, ERR_SHAPE, "the vectors are not in one space: %s have %lld dimensions, %s have %lld", map->layers[0].unit,
                     (long long)d, layer->unit, (long long)mat_cols(layer->vectors));
}

static enum status read_layers(struct map *map, struct error *err) {
    struct value value = arg(map->call, "embeddings");
    if (value.kind != VAL_LIST) return add_layer(map, value, err);
    if (seq_len(value) == 0) return arg_error("embeddings", err, ERR_VALUE, "there is nothing to draw: the list is empty");
    for (size_t i = 0; i < seq_len(value); i++) TRY(add_layer(map, seq_item(value, i), err));
    return OK;
}

/* All rows, or `most` of them drawn by seed, in order. */
static void choose_rows(struct map *map, int64_t most, uint64_t seed) {
    int64_t *order = xnew_array(int64_t, (size_t)map->n_all), at = 0, base = 0;
    bool *chosen = xnew_array(bool, (size_t)map->n_all);
    for (int64_t i = 0; i < map->n_all; i++) order[i] = i;
    struct rng rng = rng_at(seed, RNG_SAMPLE, 0);
    if (map->n_all > most) rng_shuffle(&rng, order, map->n_all);
    map->n = map->n_all < most ? map->n_all : most;
    for (int64_t i = 0; i < map->n; i++) chosen[order[i]] = true;
    map->rows = xnew_array(int64_t, (size_t)map->n);
    for (size_t s = 0; s < map->n_layers; s++) {
        struct layer *layer = &map->layers[s];
        layer->first = at;
        for (int64_t r = 0; r < layer->n; r++)
            if (chosen[base + r]) map->rows[at++] = r;
        layer->n_points = at - layer->first;
        base += layer->n;
    }
    free(order);
    free(chosen);
}

static enum status gather_vectors(struct map *map, struct error *err) {
    int64_t d = mat_cols(map->layers[0].vectors);
    float *host = NULL;
    TRY(mem_try_array((size_t)(map->n * d > 0 ? map->n * d : 1), "the vectors to draw", &host, err));
    enum status status = OK;
    for (size_t s = 0; s < map->n_layers && status == OK; s++) {
        const struct layer *layer = &map->layers[s];
        struct mat *taken = NULL;
        status = mat_take_rows(layer->vectors, &map->rows[layer->first], layer->n_points, &taken, err);
        if (status == OK) status = mat_read(taken, 0, layer->n_points, &host[layer->first * d], err);
        mat_unref(taken);
    }
    if (status == OK) status = mat_from(device_cpu(), map->n, d, host, &map->vectors, err);
    mem_free(host);
    return status;
}

/* --- colours --- */

static enum status color_by_column(struct layer *layer, const char *name, int most, int first_color, struct error *err) {
    if (!layer->embeddings)
        return arg_error("color", err, ERR_VALUE, "an Array has no columns to colour by; give a list of %lld values", (long long)layer->n);
    const struct table *features = embeddings_features(layer->embeddings);
    struct column *column = NULL;
    if (features->n_columns == 0) return arg_error("color", err, ERR_KEY, "the %s have no columns to colour by", layer->unit);
    if (table_want(features, name, &column, err) != OK) return err_about(err, "color");
    groups_of_column(column, features->n_rows, most, first_color, &layer->groups);
    layer->color = column->name;
    return OK;
}

/* color=: a column's name, one a layer in a list, or a list of values for the rows of a lone layer. */
static enum status color_layer(struct map *map, size_t s, struct error *err) {
    struct layer *layer = &map->layers[s];
    struct value color = arg(map->call, "color");
    int most = PALETTE_SIZE / (int)map->n_layers, first = most * (int)s;
    bool values = color.kind == VAL_LIST && map->n_layers == 1 && (int64_t)seq_len(color) == layer->n && layer->n > 1;
    if (values) {
        groups_of_list(color, most, first, &layer->groups);
        return OK;
    }
    if (color.kind == VAL_LIST && seq_len(color) != map->n_layers) {
        arg_error("color", err, ERR_VALUE, "color has %zu entries, there are %zu sets of vectors", seq_len(color), map->n_layers);
        return err_hint(err, "a column's name for each set, or a value for each row of a single set");
    }
    if (color.kind == VAL_LIST) color = seq_item(color, s);
    if (color.kind == VAL_STR) return color_by_column(layer, value_text(color).data, most, first, err);
    if (color.kind == VAL_NONE) {
        groups_of_all(layer->n, first, &layer->groups);
        return OK;
    }
    return arg_error("color", err, ERR_TYPE, "color needs a column's name, got %s", value_type_name(color));
}

/* --- titles --- */

static bool has_titles(const struct layer *layer) {
    return layer->embeddings && layer->embeddings->what == EMBED_ITEMS && layer->embeddings->catalog && layer->embeddings->catalog->titles;
}

/* label=: "title" is the title where there is one, else the id; another name is a column. */
static enum status label_column(const struct map *map, const struct layer *layer, struct column **out, struct error *err) {
    const char *label = arg_str(map->call, "label");
    *out = NULL;
    if (!label || strcmp(label, "title") == 0 || !layer->embeddings) return OK;
    const struct table *features = embeddings_features(layer->embeddings);
    struct column *column = table_column(features, label);
    if (!column && map->n_layers == 1) return named_column(map->call, "label", features, out, err);
    *out = column;
    return OK;
}

static char *title_of(const struct layer *layer, const struct column *column, int64_t row) {
    struct buf text = BUF_INIT;
    if (column && !cell_is_null(column, row)) cell_text(column, row, &text);
    else if (!column && has_titles(layer)) buf_adds(&text, embeddings_title(layer->embeddings, row));
    if (text.len == 0 && layer->embeddings) {
        buf_addf(&text, "%.*s ", (int)strlen(layer->unit) - 1, layer->unit);
        embeddings_id(layer->embeddings, row, &text);
    }
    return buf_take(&text);
}

static const int64_t *popularity_of(const struct layer *layer) { return layer->embeddings ? layer->embeddings->popularity : NULL; }

/* --- points --- */

/* The drawn rows' groups of a layer. */
static void narrow_groups(const struct map *map, const struct layer *layer, struct groups *out) {
    *out = layer->groups;
    out->n = layer->n_points;
    out->n_other = 0;
    out->of = xnew_array(int32_t, (size_t)layer->n_points);
    out->sizes = xnew_array(int64_t, (size_t)layer->groups.n_groups);
    for (int64_t i = 0; i < layer->n_points; i++) {
        out->of[i] = layer->groups.of[map->rows[layer->first + i]];
        if (out->of[i] < 0) out->n_other++;
        else out->sizes[out->of[i]]++;
    }
}

static float *layer_sizes(const struct map *map, const struct layer *layer) {
    const int64_t *popularity = popularity_of(layer);
    if (!popularity) return NULL;
    double *counts = xnew_array(double, (size_t)layer->n_points);
    for (int64_t i = 0; i < layer->n_points; i++) counts[i] = (double)popularity[map->rows[layer->first + i]];
    float *sizes = log_sizes(counts, layer->n_points);
    free(counts);
    return sizes;
}

static enum status add_layer_points(const struct map *map, size_t s, struct plot *plot, struct error *err) {
    const struct layer *layer = &map->layers[s];
    struct column *column = NULL;
    struct groups groups;
    TRY(label_column(map, layer, &column, err));
    char **titles = NULL;
    if (layer->embeddings && !arg_is_none(map->call, "label")) {
        titles = xnew_array(char *, (size_t)layer->n_points);
        for (int64_t i = 0; i < layer->n_points; i++) titles[i] = title_of(layer, column, map->rows[layer->first + i]);
    }
    narrow_groups(map, layer, &groups);
    float *sizes = layer_sizes(map, layer);
    struct buf prefix = BUF_INIT;
    if (map->n_layers > 1) buf_addf(&prefix, "%s%s", layer->unit, layer->color ? ": " : "");
    struct cloud cloud = {
        &map->x[layer->first], &map->y[layer->first], sizes, &groups, (enum plot_marker)s, titles, prefix.len ? buf_text(&prefix) : NULL};
    plot_add_cloud(plot, &cloud);
    buf_release(&prefix);
    free(sizes);
    free(titles);
    free(groups.of);
    free(groups.sizes);
    return OK;
}

/* --- names on the map --- */

static double map_extent(const struct map *map) {
    double x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
    for (int64_t i = 0; i < map->n; i++) {
        x0 = fmin(x0, map->x[i]);
        x1 = fmax(x1, map->x[i]);
        y0 = fmin(y0, map->y[i]);
        y1 = fmax(y1, map->y[i]);
    }
    return fmax(x1 - x0, y1 - y0);
}

/* How many points of a series are within `reach` of (x, y). */
static int64_t crowd(const struct series *series, double x, double y, double reach) {
    int64_t n = 0;
    for (int64_t i = 0; i < series->n; i++) {
        double dx = series->x[i] - x, dy = series->y[i] - y;
        n += dx * dx + dy * dy <= reach * reach;
    }
    return n;
}

/* Where a series is densest, looking at no more than about 400 of its points; false: it is nowhere denser than elsewhere. */
static bool densest_place(const struct plot *plot, const struct series *series, int64_t n_kind, double reach, struct label_wish *out) {
    int64_t best = -1, most = 0, step = series->n / 400 + 1;
    for (int64_t i = 0; i < series->n; i += step) {
        int64_t n = crowd(series, series->x[i], series->y[i], reach);
        if (n > most) most = n, best = i;
    }
    if (best < 0 || most < CROWD_MIN) return false;
    int64_t around = 0;
    for (size_t s = 0; s < plot->n_series; s++)
        if (plot->series[s].marker == series->marker) around += crowd(&plot->series[s], series->x[best], series->y[best], reach);
    double share = (double)most / (double)around, of_all = (double)series->n / (double)n_kind;
    if (share < LIFT_MIN * of_all && share < 0.75) return false;
    *out = (struct label_wish){series->name, series->x[best], series->y[best], (double)series->n, series->color, true};
    return true;
}

static void name_groups(struct plot *plot, const struct map *map) {
    struct label_wish *wishes = xnew_array(struct label_wish, plot->n_series + 1);
    size_t n = 0;
    double reach = REACH * map_extent(map);
    for (size_t s = 0; s < plot->n_series; s++) {
        const struct series *series = &plot->series[s];
        const struct layer *layer = &map->layers[series->marker];
        if (!series->name || series->color < 0 || layer->groups.n_groups < 2) continue;
        if (!densest_place(plot, series, layer->n_points, reach, &wishes[n])) continue;
        if (map->n_layers > 1 && strstr(series->name, ": ")) wishes[n].text = strstr(series->name, ": ") + 2;
        n++;
    }
    place_labels(plot, wishes, n, PALETTE_SIZE);
    free(wishes);
}

static int heavier(const void *a, const void *b) {
    const struct label_wish *x = a, *y = b;
    return x->weight != y->weight ? (x->weight > y->weight ? -1 : 1) : strcmp(x->text, y->text);
}

/* Titles of the largest dots (the most popular items) that find room. */
static void name_points(struct plot *plot, const struct map *map) {
    if (!plot->point_titles) return;
    struct label_wish *wishes = xnew_array(struct label_wish, (size_t)map->n);
    size_t n = 0, at = 0;
    for (size_t s = 0; s < plot->n_series; s++) {
        const struct series *series = &plot->series[s];
        bool named = has_titles(&map->layers[series->marker]) || map->n <= 60;
        for (int64_t i = 0; i < series->n; i++, at++)
            if (named && plot->point_titles[at])
                wishes[n++] =
                    (struct label_wish){plot->point_titles[at], series->x[i], series->y[i], series->sizes ? (double)series->sizes[i] : 1, -1, false};
    }
    qsort(wishes, n, sizeof *wishes, heavier);
    place_labels(plot, wishes, n < TITLES_TRIED ? n : TITLES_TRIED, TITLES_ON_MAP);
    free(wishes);
}

/* --- words --- */

static void add_counts(const struct map *map, struct buf *out) {
    for (size_t s = 0; s < map->n_layers; s++) {
        buf_adds(out, s ? ", " : "");
        buf_add_count(out, map->layers[s].n_points);
        buf_addf(out, " %s", map->layers[s].unit);
    }
    if (map->n < map->n_all) {
        buf_adds(out, " (a sample of ");
        buf_add_count(out, map->n_all);
        buf_adds(out, ")");
    }
}

static void add_colors(const struct map *map, struct buf *out) {
    bool any = false;
    for (size_t s = 0; s < map->n_layers; s++) {
        if (!map->layers[s].color) continue;
        buf_addf(out, "%s%s%s", any ? ", " : " · colour: ", map->layers[s].color, map->layers[s].groups.chosen ? " (the rarest of each)" : "");
        any = true;
    }
    if (popularity_of(&map->layers[0])) buf_adds(out, " · dot size: log(ratings)");
}

static void name_map(const struct map *map, const char *method, struct plot *plot) {
    if (plot->title) return;
    struct buf title = BUF_INIT;
    for (size_t s = 0; s < map->n_layers; s++) {
        const struct embeddings *embeddings = map->layers[s].embeddings;
        buf_addf(&title, "%s%s", s ? " and " : "", s ? map->layers[s].unit : embeddings && embeddings->name ? embeddings->name : "vectors");
    }
    plot_set_text(&plot->title, "%s · %s", buf_text(&title), method);
    buf_release(&title);
}

/* Three largest groups, for readers without the picture. */
static void add_groups(const struct plot *plot, struct buf *out) {
    if (plot->n_series < 2) return;
    buf_adds(out, " Groups:");
    for (size_t s = 0; s < plot->n_series; s++)
        buf_addf(out, "%s %s %lld", s ? "," : "", plot->series[s].name ? plot->series[s].name : "unnamed", (long long)plot->series[s].n);
    buf_adds(out, ".");
}

/* --- the builtins --- */

static enum status begin_map(struct map *map, const struct call *call, int64_t most, uint64_t seed, struct error *err) {
    *map = (struct map){.call = call};
    TRY(read_layers(map, err));
    for (size_t s = 0; s < map->n_layers; s++) TRY(color_layer(map, s, err));
    if (map->n_all == 0) return arg_error("embeddings", err, ERR_VALUE, "there is nothing to draw: no vectors");
    choose_rows(map, most, seed);
    map->x = xnew_array(double, (size_t)map->n);
    map->y = xnew_array(double, (size_t)map->n);
    return gather_vectors(map, err);
}

static void take_coordinates(struct map *map, const double *both) {
    for (int64_t i = 0; i < map->n; i++) {
        map->x[i] = both[2 * i];
        map->y[i] = both[2 * i + 1];
    }
}

/* figures: what stands in the subtitle after the counts ("perplexity 30 · KL 1.32"). */
static enum status finish_map(const struct map *map, const char *method, const char *figures, const char *footnote, struct value *out,
                              struct error *err) {
    struct plot *plot = plot_new(PLOT_MAP);
    enum status status = OK;
    for (size_t s = 0; s < map->n_layers && status == OK; s++) status = add_layer_points(map, s, plot, err);
    if (status != OK) {
        plot_unref(plot);
        return status;
    }
    struct buf text = BUF_INIT;
    plot_common(map->call, plot);
    name_map(map, method, plot);
    if (map->n_layers == 1 && map->layers[0].color) plot_set_text(&plot->color_title, "%s", map->layers[0].color);
    add_counts(map, &text);
    buf_addf(&text, " · %s", figures);
    add_colors(map, &text);
    plot_set_text(&plot->subtitle, "%s", buf_text(&text));
    if (footnote) plot_set_text(&plot->footnote, "%s", footnote);
    buf_clear(&text);
    buf_addf(&text, "%s: %s.", plot->title, plot->subtitle);
    add_groups(plot, &text);
    plot_set_text(&plot->summary, "%s", buf_text(&text));
    buf_release(&text);
    name_groups(plot, map);
    name_points(plot, map);
    *out = value_plot(plot);
    return OK;
}

static enum status run_tsne(struct map *map, uint64_t seed, struct value *out, struct error *err) {
    const struct call *call = map->call;
    const char *metric = arg_str(call, "metric");
    struct tsne_request request = {.perplexity = arg_float(call, "perplexity"),
                                   .iterations = arg_int(call, "iterations"),
                                   .cosine = strcmp(metric, "cosine") == 0,
                                   .seed = seed};
    struct tsne_report report;
    double *both = NULL;
    TRY(mem_try_array((size_t)(2 * map->n), "the map", &both, err));
    enum status status = tsne_project(call->task, map->vectors, &request, both, &report, err);
    if (status == OK) take_coordinates(map, both);
    mem_free(both);
    if (status != OK) return status;
    struct buf figures = BUF_INIT;
    buf_addf(&figures, "perplexity %.3g%s · KL %.3f · 10-NN recall %.2f", report.perplexity,
             report.perplexity < request.perplexity ? " (the most for so few)" : "", report.kl, report.recall10);
    status = finish_map(map, "t-SNE", buf_text(&figures), "Distances between far-apart groups mean nothing in t-SNE.", out, err);
    buf_release(&figures);
    return status;
}

enum status bi_tsne(const struct call *call, struct value *out, struct error *err) {
    struct map map;
    uint64_t seed = context_seed(call);
    enum status status = begin_map(&map, call, arg_int(call, "sample"), seed, err);
    if (status == OK) status = run_tsne(&map, seed, out, err);
    map_release(&map);
    return status;
}

static enum status run_pca(struct map *map, struct value *out, struct error *err) {
    double share[2], *both = NULL;
    TRY(mem_try_array((size_t)(2 * map->n), "the map", &both, err));
    enum status status = pca_project(map->call->task, map->vectors, 2, both, share, err);
    if (status == OK) take_coordinates(map, both);
    mem_free(both);
    if (status != OK) return status;
    struct buf figures = BUF_INIT;
    buf_addf(&figures, "%.1f %% of the variance across, %.1f %% upward", 100 * share[0], 100 * share[1]);
    status = finish_map(map, "PCA", buf_text(&figures), NULL, out, err);
    buf_release(&figures);
    return status;
}

enum status bi_pca(const struct call *call, struct value *out, struct error *err) {
    struct map map;
    enum status status = begin_map(&map, call, arg_int(call, "sample"), 0, err);
    if (status == OK) status = run_pca(&map, out, err);
    map_release(&map);
    return status;
}
