/* The planted world. Genres have places in a space of tastes; an item stands
 * near its genres, a user likes some genres (which depends a little on age and
 * gender) and has a taste of its own on top. All numbers are made by + - * / of
 * the generator's: the same on every machine. */
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/base/task.h"
#include "runtime/data/synth_parts.h"

#define ACTIVITY_SPREAD 1.25  /* of the logarithm: MovieLens 100K's users */
#define POPULARITY_SPREAD 1.6 /* and movies */
#define TAIL 2.2              /* standard deviations at which both are cut */
#define OWN_TASTE 0.55        /* of users and items, next to 1 for the genres' */

struct rng synth_rng(const struct synth_request *request, enum synth_kind kind, int64_t index) {
    return rng_at(request->seed, RNG_SYNTH, (uint64_t)kind << 40 | (uint64_t)index);
}

/* e^x for |x| < 10: a series for x / 1024, squared ten times. */
static double exp_of(double x) {
    double sum = 1;
    for (int k = 8; k >= 1; k--) sum = 1 + x / 1024 / k * sum;
    for (int i = 0; i < 10; i++) sum *= sum;
    return sum;
}

static double normal_within(struct rng *rng, double least, double most) {
    const double x = rng_normal(rng);
    return x < least ? least : x > most ? most : x;
}

static void add_scaled(double *taste, double factor, const double *other) {
    for (int k = 0; k < SYNTH_TASTES; k++) taste[k] += factor * other[k];
}

static void add_own(double *taste, double factor, struct rng *rng) {
    for (int k = 0; k < SYNTH_TASTES; k++) taste[k] += factor * rng_normal(rng);
}

/* --- genres --- */

/* How much more women, and older people, like a genre: the first two numbers of its stream. */
struct leaning {
    double gender, age;
};

static void make_genres(struct synth_world *world, struct leaning *leanings) {
    for (int64_t g = 0; g < world->request->genres; g++) {
        struct rng rng = synth_rng(world->request, SYNTH_GENRE, g);
        leanings[g] = (struct leaning){rng_normal(&rng), rng_normal(&rng)};
        add_own(world->genre_tastes[g], 1, &rng);
    }
}

/* Weight 1 / (g + 2): the first genres are the commonest. */
static int64_t draw_genre(struct rng *rng, int64_t n_genres) {
    double whole = 0;
    for (int64_t g = 0; g < n_genres; g++) whole += 1.0 / (double)(g + 2);
    double left = rng_uniform(rng) * whole;
    for (int64_t g = 0; g + 1 < n_genres; g++) {
        left -= 1.0 / (double)(g + 2);
        if (left < 0) return g;
    }
    return n_genres - 1;
}

/* --- items --- */

/* Every genre has an item when there are enough: item g is of genre g. */
static uint32_t draw_genres(struct rng *rng, int64_t item, int64_t n_genres) {
    const double more = rng_uniform(rng);
    uint32_t genres = 1u << (item < n_genres ? item : draw_genre(rng, n_genres));
    if (more > 0.5) genres |= 1u << draw_genre(rng, n_genres);
    if (more > 0.83) genres |= 1u << draw_genre(rng, n_genres);
    return genres;
}

static void make_item(struct synth_world *world, int64_t i) {
    const int64_t n_genres = world->request->genres;
    struct synth_item *item = &world->items[i];
    struct rng rng = synth_rng(world->request, SYNTH_ITEM, i);
    const double fame = normal_within(&rng, -TAIL, TAIL), age = rng_uniform(&rng);
    int n_own = 0;
    item->genres = draw_genres(&rng, i, n_genres);
    item->popularity = exp_of(POPULARITY_SPREAD * fame);
    item->quality = 0.4 * fame + 0.9165 * rng_normal(&rng); /* what is good is seen more */
    item->year = 2024 - (int)(80 * age * age * age);
    for (int64_t g = 0; g < n_genres; g++) n_own += item->genres >> g & 1;
    for (int64_t g = 0; g < n_genres; g++)
        if (item->genres >> g & 1) add_scaled(item->taste, 1.0 / n_own, world->genre_tastes[g]);
    add_own(item->taste, OWN_TASTE, &rng);
}

/* --- users --- */

/* Index of a list whose first entries are the commonest; the young are students, the old are retired. */
static int draw_occupation(struct rng *rng, int age) {
    const double x = rng_uniform(rng);
    const int drawn = (int)(21 * x * x);
    if (age >= 65) return SYNTH_RETIRED;
    if (age < 18 || (age < 24 && x < 0.7)) return SYNTH_STUDENT;
    return drawn == SYNTH_RETIRED ? SYNTH_OTHER : drawn;
}

static void make_user(struct synth_world *world, const struct leaning *leanings, int64_t u) {
    const int64_t n_genres = world->request->genres;
    struct synth_user *user = &world->users[u];
    struct rng rng = synth_rng(world->request, SYNTH_USER, u);
    const double years = normal_within(&rng, -1.8, 3);
    user->age = (int)(34 + 13 * years);
    user->is_woman = rng_uniform(&rng) < 0.29;
    user->occupation = draw_occupation(&rng, user->age);
    user->zip = (int)rng_below(&rng, 100000);
    user->activity = exp_of(ACTIVITY_SPREAD * normal_within(&rng, -TAIL, TAIL));
    user->mildness = rng_normal(&rng);
    for (int64_t g = 0; g < n_genres; g++) {
        const double liking = rng_normal(&rng) + 0.5 * (user->is_woman ? 1 : -0.4) * leanings[g].gender + 0.4 * years * leanings[g].age;
        add_scaled(user->taste, liking * 2 / (double)(n_genres + 3), world->genre_tastes[g]);
    }
    add_own(user->taste, OWN_TASTE, &rng);
}

/* --- the whole --- */

static enum status world_room(const struct synth_request *request, struct synth_world *world, struct error *err) {
    TRY(mem_try_array((size_t)request->genres, "genres", &world->genre_tastes, err));
    TRY(mem_try_array((size_t)request->items, "items", &world->items, err));
    return mem_try_array((size_t)request->users, "users", &world->users, err);
}

static enum status populate(struct task *task, struct synth_world *world, struct error *err) {
    struct leaning leanings[SYNTH_GENRES_MAX];
    make_genres(world, leanings);
    for (int64_t i = 0; i < world->request->items; i++) {
        if (i % SYNTH_CHECK == 0) TRY(task_check(task, err));
        make_item(world, i);
    }
    for (int64_t u = 0; u < world->request->users; u++) {
        if (u % SYNTH_CHECK == 0) TRY(task_check(task, err));
        make_user(world, leanings, u);
    }
    return OK;
}

enum status synth_world_make(struct task *task, const struct synth_request *request, struct synth_world *out, struct error *err) {
    struct synth_world world = {.request = request};
    enum status status = world_room(request, &world, err);
    if (status == OK) status = populate(task, &world, err);
    if (status == OK) *out = world;
    else synth_world_release(&world);
    return status;
}

void synth_world_release(struct synth_world *world) {
    mem_free(world->genre_tastes);
    mem_free(world->items);
    mem_free(world->users);
}
