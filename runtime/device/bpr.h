/* Bayesian personalised ranking (Rendle et al. 2009) by stochastic gradient
 * descent, on the CPU, in a schedule that doesn't depend on the number of
 * threads: users and items are cut into groups; a step on (user, item, other
 * item) belongs to the groups of the three; tasks that share neither a group of
 * users nor one of items run side by side. Item groups are paired as in a round
 * robin tournament, so every pair of items meets. */
#ifndef RECKON_BPR_H
#define RECKON_BPR_H

#include "runtime/device/ops.h"

enum bpr_negatives { BPR_UNIFORM, BPR_POPULARITY }; /* all items alike; by their events to the power 0.75 */

/* Events by user, laid out once. */
struct bpr_plan;
/* starts, items: by user, items ascending; borrowed while the plan lives. candidates: of so many others the one with the highest score is taken, 1 to
 * BPR_MOST_CANDIDATES. */
#define BPR_MOST_CANDIDATES 64
enum status bpr_plan_new(struct task *task, int64_t n_users, int64_t n_items, const int64_t *starts, const int32_t *items,
                         enum bpr_negatives negatives, int64_t candidates, uint64_t seed, struct bpr_plan **out, struct error *err) MUST_CHECK;
void bpr_plan_free(struct bpr_plan *plan);

/* Every event once, against others drawn from (seed, epoch, user), none of which the user has: with d = p·(q_i − q_j) + b_i − b_j and e = 1 / (1 +
 * exp(d)): p += lr (e (q_i − q_j) − reg p), q_i += lr (e p − reg q_i), q_j −= lr (e p + reg q_j), biases alike. factors on the CPU, without user
 * biases. *out_loss: mean of log(1 + exp(−d)) as met; users who have everything are left out. */
enum status bpr_epoch(struct task *task, struct bpr_plan *plan, struct mf_factors *factors, float lr, float reg, uint64_t seed, int64_t epoch,
                      double *out_loss, struct error *err) MUST_CHECK;

/* One user's steps against fixed items, `passes` times over his n items (ascending). vector: f zeros, becomes his. parts (n, f), zeros, or NULL: what
 * of it came by each item; they add up to vector. */
enum status bpr_replay(struct task *task, const struct mf_factors *factors, const int32_t *items, int64_t n, int64_t passes, float lr, float reg,
                       uint64_t seed, float *vector, float *parts, struct error *err) MUST_CHECK;

/* An item that comes later, and how it takes part in an epoch. */
struct bpr_newcomer {
    int64_t n_users;
    const int64_t *starts; /* the events trained on, by user, items ascending; n_users + 1 */
    const int32_t *items;
    int32_t item;         /* its position; where the factors have a row of it, that is never drawn */
    const int32_t *users; /* n: who has it, ascending */
    int64_t n;
    double draws;       /* how often it is drawn as a candidate against another's event, on average */
    int64_t candidates; /* as in bpr_plan_new; drawn from all items alike */
};
/* The item's steps against fixed users and other items, `passes` times: its own events, and the draws. vector: f zeros, *bias: 0; become the item's.
 */
enum status bpr_replay_item(struct task *task, const struct mf_factors *factors, const struct bpr_newcomer *newcomer, int64_t passes, float lr,
                            float reg, uint64_t seed, float *vector, float *bias, struct error *err) MUST_CHECK;

#endif
