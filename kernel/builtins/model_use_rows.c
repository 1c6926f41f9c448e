/* The rows of the group "Use". */
#include "kernel/builtins/model_use.h"

#define GROUP "Use"
#define NOTES (const struct param_note[])
#define MODEL \
    { "model", .doc = "a fitted model" }
#define USER \
    { "user", .doc = "an id as the source has it; None: the user that fold_in added" }
#define ITEM \
    { "item", .doc = "an id, or a title that is unique", .completes = "item" }
#define K \
    { "k", .doc = "how many", .min = 1, .max = 100000 }

const struct builtin_row builtins_models[] = {
    {.sigs = "fit(model: Recipe | Model, train: Dataset, *, epochs: int | None = None, valid: Dataset | None = None, patience: int | None = None, "
             "monitor: str | None = None, seed: int | None = None, name: str | None = None, verbose: bool | None = None) -> Model",
     .group = GROUP,
     .summary = "Fits a recipe, or goes on from a fitted model.",
     .notes = NOTES{{"model", .doc = "a Recipe such as als(factors=64), or a Model to go on from"},
                    {"train", .doc = "the ratings or interactions to learn from"},
                    {"epochs", .doc = "passes over the data; None: the recipe's", .min = 1, .max = 1e6},
                    {"valid", .doc = "a part to judge every epoch on; the best epoch is kept"},
                    {"patience", .doc = "epochs without a better value before it stops", .min = 1, .max = 1e6},
                    {"monitor", .doc = "what is judged on valid; None: rmse for ratings, ndcg@10 for order", .completes = "metric"},
                    {"seed", .doc = "of every random choice; None: the recipe's, else the session's"},
                    {"name", .doc = "what tables call it; None: the recipe's"},
                    {"verbose", .doc = "a progress line; None: the recipe's"},
                    {0}},
     .doc = "als(train, factors=64) is the same as fit(als(factors=64), train). Going on keeps the model's parameters and adds to its history; the "
            "model "
            "that was given stays as it is.",
     .example = "train, test = split(synth(), seed=1)\nm = fit(als(factors=4, epochs=3), train)\nfit(m, train, epochs=2).epochs",
     .run = bi_fit,
     .other_names = "train, partial_fit (scikit-learn)"},
    {.sigs = "predict(model: Model, ratings: Dataset) -> Table\npredict(model: Model, user: Id | None = None, item: Id | None = None) -> float",
     .group = GROUP,
     .summary = "What a user would give an item; or a prediction for each row of a data set.",
     .notes = NOTES{MODEL, {"ratings", .doc = "whose rows are predicted: user, item, rating, prediction"}, USER, ITEM, {0}},
     .doc = "Rating models stay within the scale of what they were fitted on. A model that ranks gives its score.",
     .example = "m = bias(synth())\npredict(m, user=1, item=1)",
     .run = bi_predict,
     .other_names = "score, test (Surprise), estimate (Surprise)"},
    {.sigs =
         "recommend(model: Model, user: Id | list[Id] | None = None, k: int = 10, *, users: \"all\" | list[Id] | None = None, items: list[Id] | None "
         "= None, exclude: list[Id] | None = None, filter_seen: bool = True) -> Table",
     .group = GROUP,
     .summary = "The best items that a user hasn't seen.",
     .notes = NOTES{MODEL,
                    {"user", .doc = "an id as the source has it, or a list of them; None: the user that fold_in added"},
                    K,
                    {"users", .doc = "several ids, or \"all\": a list for each"},
                    {"items", .doc = "choose among these alone (ids or titles); None: all", .completes = "item"},
                    {"exclude", .doc = "never these (ids or titles)", .completes = "item"},
                    {"filter_seen", .doc = "leave out what the user has in the train and valid parts"},
                    {0}},
     .doc = "Seen are the rows that the model was fitted on and those of the train and valid parts of the same split, never those of test. Equal "
            "scores go "
            "to the lower position.",
     .example = "recommend(als(synth(), factors=4, epochs=3), user=1, k=5)",
     .run = bi_recommend,
     .other_names = "top_n (Surprise), recommend_k_items (Recommenders), recommendForAllUsers (Spark)"},
    {.sigs = "similar(model: Model, item: Id, k: int = 10) -> Table",
     .group = GROUP,
     .summary = "The items that a model finds most like one.",
     .notes = NOTES{MODEL, ITEM, K, {0}},
     .doc = "Models with vectors: by the cosine of these. item_knn and content_knn: by the similarity that they predict with; ease and slist: by the "
            "weight that the one item has for the other; a blend: by its parts', standardised and weighted. The item itself is left out.",
     .example = "similar(als(synth(), factors=4, epochs=3), 1, k=5)",
     .run = bi_similar,
     .other_names = "similar_items (implicit), most_similar (gensim), get_neighbors (Surprise)"},
    {.sigs = "explain(model: Model, user: Id | None = None, item: Id | None = None, *, k: int | None = None) -> Table",
     .group = GROUP,
     .summary = "Which of a user's ratings speak for or against an item, and how much.",
     .notes = NOTES{MODEL, USER, ITEM, {"k", .doc = "the heaviest so many; None: all", .min = 1, .max = 1e6}, {0}},
     .doc = "A factor model's prediction is a weighted sum of the user's ratings (Hu, Koren and Volinsky 2008, section 5): weight is what each adds "
            "to it. "
            "Heaviest first.",
     .example = "explain(als(synth(), factors=4, epochs=3), user=1, item=1, k=5)",
     .run = bi_explain,
     .other_names = "explain (implicit), why"},
    {.sigs = "fold_in(model: Model, ratings: dict, *, item: Id | None = None, about: dict | None = None) -> Model",
     .group = GROUP,
     .summary = "A model that knows one more user, or one more item, without fitting again.",
     .notes = NOTES{MODEL,
                    {"ratings", .doc = "of the new user: {title or id: rating}; of a new item: {user id: rating}", .completes = "item"},
                    {"item", .doc = "the new item: an id or a title that is unknown, or an item without rows; None: what is new is a user"},
                    {"about", .doc = "what is known of a new item: {\"title\": \"…\", \"genres\": [\"Drama\"], …}, by columns of items()"},
                    {0}},
     .doc = "The new user is the one that predict, recommend and explain are about when none is named. A new item stands among the others in all "
            "that the model is asked; those who rated it have it seen. Factor models solve for the one new vector against the others as they are; "
            "ease adds a row and a column to its inverse; neighbours are looked for anew; in the order of slist the item is the newest of its users' "
            "events. content_knn needs no ratings: fold_in(m, {}, item=\"A new film\", about={…}). The model that was given stays as it is.",
     .example = "m = als(synth(), factors=4, epochs=3)\nme = fold_in(m, {1: 5, 2: 1})\nrecommend(me, k=3)\nlater = fold_in(m, {1: 5, 2: 4, 3: 5}, "
                "item=\"A new film (2026)\")\npredict(later, user=4, item=\"A new film (2026)\")",
     .run = bi_fold_in,
     .other_names = "recalculate_user, recalculate_item (implicit), partial_fit_users, partial_fit_items"},
    {0},
};
