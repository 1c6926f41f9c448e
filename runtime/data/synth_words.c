/* Names of the synthetic world: titles, genres, occupations. */
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/data/synth_parts.h"

/* clang-format off */
static const char *const genre_names[SYNTH_GENRES_MAX] = { /* the commonest first */
    "Drama", "Comedy", "Action", "Thriller", "Romance", "Adventure", "Crime", "Science Fiction", "Children", "Horror", "War", "Mystery",
    "Musical", "Animation", "Documentary", "Western", "Fantasy", "Film Noir", "History", "Biography", "Sport", "Family", "Music", "Travel"};
static const char *const occupations[] = {
    "student", "other", "educator", "administrator", "engineer", "programmer", "librarian", "writer", "executive", "scientist", "artist",
    "technician", "marketing", "entertainment", "healthcare", "retired", "lawyer", "salesperson", "none", "homemaker", "doctor"};
static const char *const adjectives[] = {
    "Silent", "Golden", "Broken", "Hidden", "Last", "First", "Crimson", "Distant", "Endless", "Forgotten", "Gentle", "Hollow", "Iron",
    "Lonely", "Midnight", "Northern", "Painted", "Quiet", "Restless", "Scarlet", "Secret", "Shattered", "Silver", "Stolen", "Summer",
    "Tender", "Velvet", "Wandering", "Wild", "Winter", "Burning", "Frozen", "Perfect", "Dangerous", "Invisible", "Electric", "Sacred",
    "Savage", "Second", "Blue"};
static const char *const nouns[] = {
    "River", "Garden", "Harbor", "Mountain", "Orchard", "Letter", "Promise", "Stranger", "Shadow", "Mirror", "Kingdom", "Island", "Bridge",
    "Lantern", "Station", "Voyage", "Horizon", "Witness", "Dancer", "Soldier", "Captain", "Doctor", "Thief", "Painter", "Pilot", "Queen",
    "Hunter", "Widow", "Prophet", "Clockmaker", "City", "Desert", "Forest", "Ocean", "Road", "Tower", "Valley", "Window", "House", "Train",
    "Circus", "Carnival", "Summer", "Winter", "Morning", "Evening", "Hour", "Season", "Storm", "Fire", "Rain", "Snow", "Moon", "Star",
    "Crown", "Sword", "Song", "Dream", "Secret", "Heart"};
/* clang-format on */
#define COUNT(array) ((int64_t)(sizeof(array) / sizeof *(array)))
#define N_PLAIN (COUNT(adjectives) * COUNT(nouns))  /* of "The Silent River", and of "Silent River" */
#define N_PAIRS (COUNT(nouns) * (COUNT(nouns) - 1)) /* of "River of the Queen" */
#define N_TITLES (2 * N_PLAIN + N_PAIRS)

/* The k-th title: no two are alike. */
static void add_title(int64_t k, struct buf *out) {
    if (k < 2 * N_PLAIN) {
        const int64_t pair = k % N_PLAIN;
        buf_addf(out, "%s%s %s", k < N_PLAIN ? "The " : "", adjectives[pair / COUNT(nouns)], nouns[pair % COUNT(nouns)]);
        return;
    }
    const int64_t pair = k - 2 * N_PLAIN, first = pair / (COUNT(nouns) - 1), other = pair % (COUNT(nouns) - 1);
    buf_addf(out, "%s of the %s", nouns[first], nouns[other + (other >= first)]);
}

static void fill_titles(const struct synth_world *world, char **titles) {
    int64_t *order = xnew_array(int64_t, (size_t)N_TITLES);
    struct rng rng = synth_rng(world->request, SYNTH_TITLES, 0);
    for (int64_t k = 0; k < N_TITLES; k++) order[k] = k;
    rng_shuffle(&rng, order, N_TITLES);
    for (int64_t i = 0; i < world->request->items; i++) {
        struct buf title = BUF_INIT;
        add_title(order[i % N_TITLES], &title);
        if (i >= N_TITLES) buf_addf(&title, " %lld", (long long)(i / N_TITLES + 1)); /* a sequel */
        buf_addf(&title, " (%d)", world->items[i].year);
        titles[i] = buf_take(&title);
    }
    free(order);
}

static int64_t count_bits(uint32_t bits) {
    int64_t n = 0;
    for (; bits; bits &= bits - 1) n++;
    return n;
}

static void fill_genres(const struct synth_world *world, struct table *table) {
    int64_t n = 0;
    for (int64_t i = 0; i < world->request->items; i++) n += count_bits(world->items[i].genres);
    struct column *column = table_add_lists(table, "genres", COL_STRS, n);
    n = 0;
    for (int64_t i = 0; i < world->request->items; i++) {
        for (int64_t g = 0; g < world->request->genres; g++)
            if (world->items[i].genres >> g & 1) column->u.lists.strs[n++] = xstrdup(genre_names[g]);
        column->u.lists.starts[i + 1] = n;
    }
}

static void fill_ids(struct table *table, const char *name) {
    int64_t *ids = table_add_ints(table, name);
    for (int64_t i = 0; i < table->n_rows; i++) ids[i] = i + 1;
}

struct table *synth_item_table(const struct synth_world *world) {
    struct table *table = table_new(world->request->items);
    fill_ids(table, "item");
    fill_titles(world, table_add_strs(table, "title"));
    fill_genres(world, table);
    return table;
}

struct table *synth_user_table(const struct synth_world *world) {
    const int64_t n = world->request->users;
    struct table *table = table_new(n);
    fill_ids(table, "user");
    int64_t *ages = table_add_ints(table, "age");
    char **genders = table_add_strs(table, "gender"), **jobs = table_add_strs(table, "occupation"), **zips = table_add_strs(table, "zip");
    for (int64_t u = 0; u < n; u++) {
        const struct synth_user *user = &world->users[u];
        struct buf zip = BUF_INIT;
        buf_addf(&zip, "%05d", user->zip);
        ages[u] = user->age;
        genders[u] = xstrdup(user->is_woman ? "F" : "M");
        jobs[u] = xstrdup(occupations[user->occupation % COUNT(occupations)]);
        zips[u] = buf_take(&zip);
    }
    return table;
}
