/* From vectors to pictures: PCA, t-SNE, k-means, neighbours, label placement.
 * All deterministic by seed, for any number of threads. */
#ifndef RECKON_PROJECTION_H
#define RECKON_PROJECTION_H

#include "plots/plot.h"
#include "runtime/device/mat.h"

/* out (n, k) host doubles; *out_share: k shares of variance explained. Signs: the largest loading is positive. */
enum status pca_project(struct task *task, const struct mat *x, int64_t k, double *out, double *out_share, struct error *err) MUST_CHECK;

struct tsne_request {
    double perplexity;  /* 0 = 30, at most (n-1)/3 */
    int64_t iterations; /* 0 = 750 */
    bool cosine;
    uint64_t seed;
};
struct tsne_report {
    double perplexity, kl, recall10, trust, seconds;
    int64_t neighbors, iterations;
};
/* x (n, d) → out (n, 2). n >= 4 (ERR_VALUE). NaN in x: ERR_NUMERIC. plots-ann.md section 1 is the recipe. */
enum status tsne_project(struct task *task, const struct mat *x, const struct tsne_request *request, double *out, struct tsne_report *out_report,
                         struct error *err) MUST_CHECK;

/* k-means (k-means++ seeding, Lloyd, empty clusters refilled), cosine = unit rows. out_cluster (n), clusters ordered by size, largest 0. */
enum status kmeans(struct task *task, const struct mat *x, int64_t k, bool cosine, uint64_t seed, int32_t *out_cluster, double *out_inertia,
                   struct error *err) MUST_CHECK;

/* Chooses where texts stand on a map: greedy, by weight; texts that fit nowhere are dropped. In: anchors in data units, plot's pixel box. Fills
 * plot->labels. Widths from DejaVu Sans advances. */
struct label_wish {
    const char *text;
    double x, y, weight;
    int color;
    bool bold;
};
void place_labels(struct plot *plot, const struct label_wish *wishes, size_t n_wishes, size_t max_labels);

#endif
