/* The only source of randomness of the product: counter-based (Philox4x32-10,
 * Salmon et al. 2011), keyed by (seed, purpose, index), so any number can be
 * drawn anywhere, in any order, by any thread, with the same result.
 *
 *     struct rng rng = rng_at(seed, RNG_INIT, row);   a stream of its own
 *     float x = rng_normal(&rng);
 *
 * The functions that turn bits into numbers use our own arithmetic (no libm),
 * so results are the same on every machine. */
#ifndef RECKON_RNG_H
#define RECKON_RNG_H

#include <stdint.h>

/* Purposes keep streams apart. Append only: their values decide results. */
enum rng_purpose {
    RNG_SPLIT = 1,
    RNG_FOLDS,
    RNG_SYNTH,
    RNG_INIT_USERS,
    RNG_INIT_ITEMS,
    RNG_ORDER,
    RNG_NEGATIVES,
    RNG_TSNE,
    RNG_CLUSTER,
    RNG_SAMPLE,
    RNG_BOOTSTRAP,
    RNG_SVD,
    RNG_USER, /* of tests, which know some of its numbers: new purposes come after it */
    RNG_SWEEP,
    RNG_PERMUTATION,
};

struct rng {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4];
    int used; /* of block; 4 = empty */
};

struct rng rng_at(uint64_t seed, enum rng_purpose purpose, uint64_t index);
uint32_t rng_u32(struct rng *rng);
uint64_t rng_u64(struct rng *rng);
uint64_t rng_below(struct rng *rng, uint64_t bound); /* [0, bound), unbiased; bound > 0 */
double rng_uniform(struct rng *rng);                 /* [0, 1), 53 bits */
double rng_normal(struct rng *rng);                  /* N(0, 1) */
double normal_quantile(double p);                    /* of N(0, 1), full double precision; 0 < p < 1 */
/* Fisher-Yates. A long one can be done in steps: of the items from high (n_items - 1 at first) down to the one above low (0 at last). */
void rng_shuffle(struct rng *rng, int64_t *items, int64_t n_items);
void rng_shuffle_steps(struct rng *rng, int64_t *items, int64_t high, int64_t low);

#endif
