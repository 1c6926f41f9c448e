/* The steps of t-SNE, apart so that tests can hold each to its definition.
 * van der Maaten and Hinton 2008; recipe and defaults of openTSNE. */
#ifndef RECKON_TSNE_PARTS_H
#define RECKON_TSNE_PARTS_H

#include <stdint.h>

#include "plots/projection/projection.h"

#define TSNE_LANES 16 /* rows of affinities and coordinates are padded to whole vectors */

/* Symmetric probabilities p_ij that sum to 1. Row i: entries starts[i] … starts[i+1], a multiple of TSNE_LANES: columns ascend, then the padding with
 * column i and p 0. */
struct affinities {
    int64_t n;
    int64_t *starts;
    int32_t *columns;
    float *p;
    int64_t n_neighbors;
};

/* The k nearest other rows of each row of x (n, d; host): out_neighbors, out_squares (n, k), nearest first, equal distances by index. Squares in
 * double of exact differences. k <= n - 1. */
enum status tsne_neighbors(struct task *task, const float *x, int64_t n, int64_t d, int64_t k, int32_t *out_neighbors, double *out_squares,
                           struct error *err) MUST_CHECK;
/* Weights of a row's neighbours (k squares, nearest first; out_p sums to 1) whose entropy is log(perplexity); returns the entropy reached. */
double tsne_row_weights(const double *squares, int64_t k, double perplexity, double *out_p);
/* Takes nothing; free with affinities_release. */
enum status tsne_affinities(struct task *task, const float *x, int64_t n, int64_t d, double perplexity, struct affinities *out,
                            struct error *err) MUST_CHECK;
void affinities_release(struct affinities *affinities);

/* Coordinates and forces; arrays of n_padded floats, coordinates beyond n so far away that they weigh nothing. */
struct layout2d {
    int64_t n, n_padded;
    float *x, *y;
    float *pull_x, *pull_y; /* Σ p q (y_i − y_j), q = 1 / (1 + |y_i − y_j|²) */
    float *push_x, *push_y; /* Σ q² (y_i − y_j) */
    double *z;              /* Σ q over the others */
};
enum status layout2d_init(struct layout2d *layout, int64_t n, struct error *err) MUST_CHECK;
void layout2d_release(struct layout2d *layout);
/* Fills pull, push and z; *out_z: Σ z. The gradient of KL is 4 (pull − push / Z). */
enum status tsne_forces(struct task *task, const struct affinities *affinities, struct layout2d *layout, double *out_z, struct error *err) MUST_CHECK;
/* KL(P‖Q) of the coordinates. */
double tsne_kl(const struct affinities *affinities, const struct layout2d *layout, double z);

/* Shares of near neighbours kept, over at most 2,000 rows: recall of the 10 nearest, trustworthiness of the 5 nearest (Venna and Kaski 2001). x (n,
 * d), map (n, 2) host. */
enum status map_quality(struct task *task, const float *x, int64_t n, int64_t d, const double *map, double *out_recall10, double *out_trust,
                        struct error *err) MUST_CHECK;

#endif
