/* The group "Judge": evaluate, significance, cross_validate. */
#include "models/eval/significance_table.h"
#include "models/eval/outside.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/judge_metrics.h"
#include "kernel/builtins/recipe.h"
#include "runtime/base/mem.h"

/* --- how lists are judged --- */

static int mask_of(const struct call *call) {
    static const struct {
        const char *word;
        int bits;
    } masks[] = {{"train", PART_TRAIN}, {"valid", PART_VALID}, {"train+valid", PART_TRAIN | PART_VALID}, {"none", MASK_NOTHING}};
    if (arg_is_none(call, "mask")) return 0;
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++)
        if (strcmp(arg_str(call, "mask"), masks[i].word) == 0) return masks[i].bits;
    return 0;
}

static bool is_sampled(const struct call *call) { return strcmp(arg_str(call, "protocol"), "sampled") == 0; }

/* negatives: how many where the call doesn't say. */
static struct protocol protocol_by(const struct call *call, int64_t negatives, uint64_t seed) {
    if (!is_sampled(call)) return (struct protocol){.sampled = false};
    return (struct protocol){.sampled = true,
                             .negatives = arg_is_none(call, "negatives") ? negatives : arg_int(call, "negatives"),
                             .sampler = strcmp(arg_str(call, "sampler"), "popularity") == 0 ? SAMPLER_POPULARITY : SAMPLER_UNIFORM,
                             .seed = seed};
}

/* protocol="sampled" takes the published negatives where the part has some, else draws 99. */
static struct protocol protocol_of(const struct call *call, struct dataset *test) {
    const struct split *split = dataset_split(test);
    const bool published = split && split->negatives && dataset_part(test) & PART_TEST;
    struct protocol protocol = protocol_by(call, published ? 0 : 99, context_seed(call));
    protocol.mask = mask_of(call);
    return protocol;
}

/* --- evaluate --- */

/* Models and Tables of scores, as models. */
struct judged_models {
    struct model **models; /* owned, with counts */
    size_t n;
    const char **names; /* of the rows, borrowed from the call; NULL: the models' own */
};

static enum status add_judged(const struct call *call, struct value given, size_t *n_tables, struct judged_models *out, struct error *err) {
    struct model *model = value_data(given, &type_model);
    struct table *table = value_data(given, &type_table);
    char name[64];
    if (model) model_ref(model);
    else {
        const char *wanted = out->names ? out->names[out->n] : "table";
        if (*n_tables && !out->names) snprintf(name, sizeof name, "table %zu", *n_tables + 1);
        else snprintf(name, sizeof name, "%s", wanted);
        ++*n_tables;
        TRY(outside_model(call->task, table, name, arg_data(call, "test", &type_dataset), &model, err));
    }
    out->models[out->n++] = model;
    return OK;
}

static enum status names_of(const struct call *call, size_t n_models, struct judged_models *out, struct error *err) {
    size_t n;
    if (arg_is_none(call, "names")) return OK;
    TRY(value_texts(arg(call, "names"), &out->names, &n, err));
    if (n == n_models) return OK;
    return arg_error("names", err, ERR_VALUE, "there are %zu names for %zu rows", n, n_models);
}

/* The argument `name`, one or a list; then that of `last`, one, unless NULL. */
static enum status models_of(const struct call *call, const char *name, const char *last, struct judged_models *out, struct error *err) {
    const struct value given = arg(call, name);
    const bool one = given.kind == VAL_OBJECT;
    const size_t n = one ? 1 : seq_len(given);
    size_t n_tables = 0;
    if (n == 0) return arg_error(name, err, ERR_VALUE, "there is no model to judge");
    out->models = xnew_array(struct model *, n + 1);
    TRY(names_of(call, last ? n + 1 : n, out, err));
    for (size_t i = 0; i < n; i++) TRY(add_judged(call, one ? given : seq_item(given, i), &n_tables, out, err));
    return last ? add_judged(call, arg(call, last), &n_tables, out, err) : OK;
}

static void judged_models_release(struct judged_models *models) {
    for (size_t i = 0; i < models->n; i++) model_unref(models->models[i]);
    free(models->models);
    free(models->names);
}

/* draws: something else uses the seed. */
static enum status check_use(const struct call *call, bool draws, struct error *err) {
    static const char *const names[] = {"negatives", "sampler", "seed"};
    if (is_sampled(call)) return OK;
    for (size_t i = 0; i < (draws ? 2 : 3); i++)
        if (arg_given(call, names[i]) && !arg_is_none(call, names[i]))
            return arg_error(names[i], err, ERR_VALUE, "the full protocol draws nothing: %s= is for protocol=\"sampled\"", names[i]);
    return OK;
}

static enum status check_intervals(const struct call *call, struct error *err) {
    static const char *const names[] = {"interval", "draws"};
    if (!arg_is_none(call, "confidence")) return OK;
    for (size_t i = 0; i < 2; i++)
        if (arg_given(call, names[i]))
            return arg_error(names[i], err, ERR_VALUE, "%s= is for intervals, and there are none without confidence=: confidence=0.95", names[i]);
    return OK;
}

static struct resampling resampling_of(const struct call *call) {
    return (struct resampling){.n = arg_int(call, "draws"),
                               .level = arg_is_none(call, "confidence") ? 0 : arg_float(call, "confidence"),
                               .method = strcmp(arg_str(call, "interval"), "percentile") == 0 ? INTERVAL_PERCENTILE : INTERVAL_BCA,
                               .seed = context_seed(call),
                               .task = call->task};
}

static enum status judge(const struct call *call, const struct judge_metrics *metrics, struct value *out, struct error *err) {
    struct table *table;
    struct judged_models models = {0};
    const struct resampling resampling = resampling_of(call);
    TRY(check_use(call, resampling.level > 0, err));
    TRY(check_intervals(call, err));
    enum status status = models_of(call, "models", NULL, &models, err);
    const struct evaluate_request request = {.models = models.models,
                                             .n_models = models.n,
                                             .names = models.names,
                                             .test = arg_data(call, "test", &type_dataset),
                                             .metrics = metrics->metrics,
                                             .n_metrics = metrics->n,
                                             .protocol = protocol_of(call, arg_data(call, "test", &type_dataset)),
                                             .allow_leak = arg_bool(call, "allow_leak"),
                                             .intervals = resampling.level > 0 ? &resampling : NULL,
                                             .task = call->task};
    if (status == OK) status = evaluate_models(&request, &table, err);
    judged_models_release(&models);
    if (status == OK) *out = value_table(table);
    return status;
}

static enum status bi_evaluate(const struct call *call, struct value *out, struct error *err) {
    struct judge_metrics metrics = {0};
    struct dataset *test = arg_data(call, "test", &type_dataset);
    enum status status = judge_metrics(call, dataset_is_explicit(test), arg_is_none(call, "k") ? 0 : arg_int(call, "k"), &metrics, err);
    if (status == OK) status = judge(call, &metrics, out, err);
    judge_metrics_release(&metrics);
    return status;
}

/* --- significance --- */

static enum test_method method_of(const struct call *call) {
    static const char *const names[] = {"permutation", "wilcoxon", "bootstrap"};
    for (int i = 0; i < 3; i++)
        if (strcmp(arg_str(call, "method"), names[i]) == 0) return (enum test_method)i;
    return TEST_MCNEMAR;
}

static enum status compare_pairs(const struct call *call, const struct judge_metrics *metrics, struct value *out, struct error *err) {
    struct table *table;
    struct judged_models models = {0};
    TRY(check_use(call, true, err));
    enum status status = models_of(call, "a", "b", &models, err);
    const struct significance_request request = {.judged = {.models = models.models,
                                                            .n_models = models.n,
                                                            .names = models.names,
                                                            .test = arg_data(call, "test", &type_dataset),
                                                            .metrics = metrics->metrics,
                                                            .n_metrics = 1,
                                                            .protocol = protocol_of(call, arg_data(call, "test", &type_dataset)),
                                                            .allow_leak = arg_bool(call, "allow_leak"),
                                                            .task = call->task},
                                                 .method = method_of(call),
                                                 .resampling = resampling_of(call)};
    if (status == OK) status = significance_table(&request, &table, err);
    judged_models_release(&models);
    if (status == OK) *out = value_table(table);
    return status;
}

static enum status bi_significance(const struct call *call, struct value *out, struct error *err) {
    struct judge_metrics metrics = {0};
    const bool ratings = dataset_is_explicit(arg_data(call, "test", &type_dataset));
    const char *otherwise = method_of(call) == TEST_MCNEMAR ? "hit_rate@10" : ratings ? "rmse" : "ndcg@10";
    enum status status = judge_metric(call, "metric", otherwise, &metrics, err);
    if (status == OK) status = compare_pairs(call, &metrics, out, err);
    judge_metrics_release(&metrics);
    return status;
}

/* --- cross_validate --- */

static enum status cross(const struct call *call, const struct judge_metrics *metrics, struct value *out, struct error *err) {
    const struct recipe *recipe = arg_data(call, "recipe", &type_recipe);
    const struct value folds = arg(call, "folds");
    struct device *device;
    struct table *table;
    TRY(check_use(call, true, err));
    TRY(context_device(context_of(call), &device, err));
    struct cross_validate_request request = {.class = recipe->class,
                                             .params = &recipe->params,
                                             .data = arg_data(call, "ratings", &type_dataset),
                                             .published = folds.kind == VAL_STR,
                                             .k = folds.kind == VAL_INT ? folds.u.i : 0,
                                             .metrics = metrics->metrics,
                                             .n_metrics = metrics->n,
                                             .device = device,
                                             .task = call->task};
    recipe_common(call, recipe, &request.common);
    request.protocol = protocol_by(call, 99, request.common.seed); /* nobody publishes negatives of folds */
    TRY(cross_validate(&request, &table, err));
    *out = value_table(table);
    return OK;
}

static enum status bi_cross_validate(const struct call *call, struct value *out, struct error *err) {
    struct judge_metrics metrics = {0};
    const struct recipe *recipe = arg_data(call, "recipe", &type_recipe);
    const bool ratings = recipe->class->predicts_ratings && dataset_is_explicit(arg_data(call, "ratings", &type_dataset));
    enum status status = judge_metrics(call, ratings, 0, &metrics, err);
    if (status == OK) status = cross(call, &metrics, out, err);
    judge_metrics_release(&metrics);
    return status;
}

/* --- rows --- */

#define GROUP "Judge"
#define NOTES (const struct param_note[])

const struct builtin_row builtins_evaluate[] = {
    {.sigs = "evaluate(models: Model | Table | list[Model | Table], test: Dataset, *, metrics: str | function | list[str | function] | None = None, "
             "k: int | None = "
             "None, protocol: "
             "\"full\" | \"sampled\" = \"full\", negatives: int | None = None, sampler: \"uniform\" | \"popularity\" = \"uniform\", mask: "
             "\"train\" | \"valid\" | \"train+valid\" | \"none\" | None = None, seed: int | None = None, allow_leak: bool = False, names: str | "
             "list[str] | None = None, confidence: float | None = None, interval: \"bca\" | \"percentile\" = \"bca\", "
             "draws: int = 2000) -> Table",
     .group = GROUP,
     .summary = "Judges models on rows that they haven't seen: a row a model, a column a metric.",
     .notes =
         NOTES{{"models", .doc = "one, or a list, in the order of the table's rows; a Table (user, item, score) stands for a model from elsewhere"},
               {"test", .doc = "the held-out part"},
               {"metrics",
                .doc = "names such as \"rmse\" or \"ndcg@10\", or functions of a list of item ids, best first, and the set of relevant ones; None: "
                       "rmse and mae for ratings, else ndcg, recall and hit_rate",
                .completes = "metric"},
               {"k", .doc = "how long lists are, for metrics without @; None: 10, and whole lists for functions", .min = 1, .max = 1e6},
               {"protocol", .doc = "\"full\" ranks every item that the user hasn't seen; \"sampled\" each held-out row among a few others"},
               {"negatives", .doc = "sampled: how many others; None: the published ones of the test part, else 99", .min = 1, .max = 1e6},
               {"sampler", .doc = "sampled: how others are drawn: all items alike, or by their training rows"},
               {"mask", .doc = "which parts count as seen; None: those before the judged one"},
               {"seed", .doc = "of the drawn others and of the bootstrap; None: the session's"},
               {"allow_leak", .doc = "judge even rows that a model was fitted on"},
               {"names", .doc = "of the rows; None: the models' own, and `table` for a Table"},
               {"confidence", .doc = "a share such as 0.95: low and high of each value over users; None: no intervals", .min = 0, .max = 0.9999,
                .above_min = true},
               {"interval", .doc = "by the bootstrap over users: bias-corrected and accelerated, or plain percentiles"},
               {"draws", .doc = "of the bootstrap", .min = 100, .max = 1e6},
               {0}},
     .doc = "The best value of each column is bold. A model that was fitted on rows of the test part is an error, unless allow_leak=True. Rows whose "
            "user or item the model never met are predicted by what it knows otherwise, and counted below the table. Ranking metrics: every row of "
            "the part is relevant; users without one are left out and counted; equal scores go to the lower position, in the sampled protocol "
            "against the held-out item. Of a Table of scores, pairs without a row come last and are on no list.",
     .example =
         "train, test = split(synth(), test=0.2, seed=1)\nevaluate([bias(train), svd(train, factors=4)], test, metrics=[\"rmse\", \"ndcg@10\"])",
     .run = bi_evaluate,
     .other_names = "accuracy (Surprise), score, test"},
    {.sigs =
         "significance(a: Model | Table | list[Model | Table], b: Model | Table, test: Dataset, *, metric: str | function | None = None, method: "
         "\"permutation\" | \"wilcoxon\" | \"bootstrap\" | \"mcnemar\" = \"permutation\", draws: int = 10000, confidence: float = 0.95, interval: "
         "\"bca\" | \"percentile\" = \"bca\", protocol: \"full\" | \"sampled\" = \"full\", negatives: int | None = None, sampler: "
         "\"uniform\" | \"popularity\" = \"uniform\", mask: \"train\" | \"valid\" | \"train+valid\" | \"none\" | None = None, seed: int | None "
         "= None, allow_leak: bool = False, names: str | list[str] | None = None) -> Table",
     .group = GROUP,
     .summary = "Whether a is better than b, user by user: the difference, its interval, and a paired test's p.",
     .notes = NOTES{{"a", .doc = "a model or a Table of scores; several: each is compared with b, and p_holm corrects for their number"},
                    {"b", .doc = "what it is compared with"},
                    {"test", .doc = "the held-out part"},
                    {"metric", .doc = "a name or a function, as in evaluate; None: rmse for ratings, else ndcg@10, and hit_rate@10 for mcnemar",
                     .completes = "metric"},
                    {"method", .doc = "permutation: users' values change places at random, of any metric; wilcoxon: signed ranks of each user's own "
                                      "values; bootstrap: drawn users; "
                                      "mcnemar: hits of one that the other misses"},
                    {"draws", .doc = "of permutations and of the bootstrap", .min = 100, .max = 1e7},
                    {"confidence", .doc = "of low and high", .min = 0, .max = 0.9999, .above_min = true},
                    {"interval", .doc = "by the bootstrap over users: bias-corrected and accelerated, or plain percentiles"},
                    {"protocol", .doc = "as in evaluate"},
                    {"negatives", .doc = "sampled: how many others; None: the published ones of the test part, else 99", .min = 1, .max = 1e6},
                    {"sampler", .doc = "sampled: how others are drawn"},
                    {"mask", .doc = "which parts count as seen; None: those before the judged one"},
                    {"seed", .doc = "of everything drawn; None: the session's"},
                    {"allow_leak", .doc = "judge even rows that a model was fitted on"},
                    {"names", .doc = "of a's rows and then of b; None: their own"},
                    {0}},
     .doc =
         "Users are what another sample would change, so tests and intervals are over users; those who have a value under both count. rmse and other "
         "pooled values change with the users as they are computed. A p of 0.05 says that, were there no difference, one sample in twenty would show "
         "one as large; it doesn't say how large the difference is: low and high do.",
     .example = "train, test = split(implicit(synth()), by=\"per_user\", test=0.2, seed=1)\nsignificance(ease(train), popular(train), test, "
                "metric=\"ndcg@10\")",
     .run = bi_significance,
     .other_names = "ttest_rel (SciPy), wilcoxon (SciPy), compare (ranx), statistical_significance (Elliot)"},
    {.sigs = "cross_validate(recipe: Recipe, ratings: Dataset, folds: int | \"published\" = 5, *, metrics: str | function | list[str | function] | "
             "None = None, protocol: \"full\" | \"sampled\" = \"full\", negatives: int | None = None, sampler: \"uniform\" | \"popularity\" = "
             "\"uniform\", seed: int | None = None, verbose: bool = True) -> Table",
     .group = GROUP,
     .summary = "Fits and judges a recipe on every fold; mean and spread stand below the table.",
     .notes =
         NOTES{{"recipe", .doc = "a model that is not fitted: als(factors=64)"},
               {"ratings", .doc = "all ratings or interactions; the folds are made of them"},
               {"folds", .doc = "how many, or \"published\": the publisher's own, u1 to u5", .min = 2, .max = 1000},
               {"metrics",
                .doc = "names such as \"rmse\" or \"ndcg@10\", or functions, as in evaluate; None: rmse and mae where ratings are predicted, else "
                       "ndcg, recall and hit_rate",
                .completes = "metric"},
               {"protocol", .doc = "as in evaluate, on every fold"},
               {"negatives", .doc = "sampled: how many others each row of a fold stands among; None: 99", .min = 1, .max = 1e6},
               {"sampler", .doc = "sampled: how others are drawn: all items alike, or by their rows in the other folds"},
               {"seed", .doc = "of the folds, the fits and the drawn others; None: the recipe's, else the session's"},
               {"verbose", .doc = "a progress line"},
               {0}},
     .doc = "Every row is judged once, by a model that hasn't seen it. Ranking metrics: of all items that the user hasn't in the other folds, or "
            "each row of the fold among drawn items that he has in none; `users` counts whom a fold's mean is over, who have a row in it.",
     .example = "cross_validate(bias(), synth(), folds=3, metrics=[\"rmse\"])",
     .run = bi_cross_validate,
     .other_names = "cross_val_score (scikit-learn)"},
    {0},
};
