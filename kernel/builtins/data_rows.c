/* The rows of the group "Load and shape" that are about data sets. */
#include "kernel/builtins/data_rows.h"

#include <math.h>

#define GROUP "Load and shape"
#define NOTES (const struct param_note[])
#define RATINGS \
    { "ratings", .doc = "a Dataset, or a part of a split" }
#define SEED \
    { "seed", .doc = "of the random choice; None: the session's, see seed(n)" }

const struct builtin_row builtins_data[] = {
    {.sigs = "load(source: str, *, user: str | None = None, item: str | None = None, rating: str | None = None, time: str | None = None, "
             "separator: str | None = None, header: bool | None = None, duplicates: str = \"error\", skip_bad: bool = False) -> Dataset",
     .group = GROUP,
     .summary = "Ratings or interactions of a known data set, or of a file or folder.",
     .notes = NOTES{{"source", .doc = "a name of datasets(), or a path", .completes = "dataset"},
                    {"user", .doc = "the column of user ids; None: found by its name in the header, else the first"},
                    {"item", .doc = "the column of item ids"},
                    {"rating", .doc = "the column of ratings; without one the data is implicit"},
                    {"time", .doc = "the column of times: seconds since 1970 (UTC), or dates"},
                    {"separator", .doc = "between columns: \",\" \";\" \"\\t\" \"::\"; None: found out"},
                    {"header", .doc = "whether the first line names the columns; None: found out"},
                    {"duplicates", .doc = "what happens to a pair of user and item that comes twice", .choices = "error|last|sum|mean"},
                    {"skip_bad", .doc = "leaves out rows of a file that can't be used, and says how many, which and why"},
                    {0}},
     .doc =
         "A name is looked up in $RECKON_DATA, then in the user's cache, then downloaded, after its licence is shown; sums are checked. Folders and "
         "archives (.zip, .tar.gz) of "
         "MovieLens and of RecBole are recognised. Ids stay as the source has them. A file that isn't what it should be is an error with file, line "
         "and column, and nothing is loaded; skip_bad=True leaves such rows out. Files of any length are read by all threads, in memory for the rows "
         "alone.",
     .example = "export(synth(seed=1), \"made-up.csv\")\nload(\"made-up.csv\")",
     .run = bi_load,
     .other_names = "read_csv (pandas), load_builtin (Surprise), load_from_file (Surprise)"},
    {.sigs = "datasets() -> Table",
     .group = GROUP,
     .summary = "The data sets that load() knows by name, and where they were found.",
     .example = "datasets()",
     .run = bi_datasets},
    {.sigs = "synth(users: int = 600, items: int = 400, density: float = 0.06, *, genres: int = 8, seed: int | None = None) -> Dataset",
     .group = GROUP,
     .summary = "Made-up ratings with planted genres and tastes, shaped like MovieLens 100K.",
     .notes = NOTES{{"users", .doc = "how many", .min = 1, .max = 1e7},
                    {"items", .doc = "how many", .min = 1, .max = 1e7},
                    {"density", .doc = "share of all pairs that get a rating", .min = 0, .max = 1, .above_min = true},
                    {"genres", .doc = "how many tastes there are", .min = 1, .max = 24},
                    SEED,
                    {0}},
     .doc =
         "Popularity has a long tail, ratings go from 1 to 5, users and items have attributes and titles. The same seed gives the same data on every "
         "machine.",
     .example = "synth(users=200, items=120, density=0.1, seed=1)",
     .run = bi_synth,
     .other_names = "make_ratings, generate"},
    {.sigs = "describe(ratings: Dataset) -> Table",
     .group = GROUP,
     .summary = "Counts, density, mean, and quantiles of ratings per user and per item.",
     .notes = NOTES{RATINGS, {0}},
     .doc = "Users and items are those of the whole catalogue; those without a row in this part count with 0 in the quantiles.",
     .example = "describe(synth())",
     .run = bi_describe,
     .other_names = "info (pandas), summary"},
    {.sigs = "head(ratings: Dataset, n: int = 5) -> Table\nhead(table: Table, n: int = 5) -> Table",
     .group = GROUP,
     .summary = "The first rows.",
     .notes = NOTES{RATINGS, {"table", .doc = "or a Table"}, {"n", .doc = "how many", .max = INFINITY}, {0}},
     .example = "head(synth(), 3)",
     .run = bi_head},
    {.sigs = "interactions(ratings: Dataset) -> Table",
     .group = GROUP,
     .summary = "All rows: user, item, rating, time, title.",
     .notes = NOTES{RATINGS, {0}},
     .example = "interactions(synth()).group(\"rating\", n=\"count\").sort(\"rating\")",
     .run = bi_interactions,
     .other_names = "ratings, to_pandas, build_full_trainset (Surprise)"},
    {.sigs = "users(ratings: Dataset) -> Table",
     .group = GROUP,
     .summary = "A row a user: id, attributes, how many ratings, their mean.",
     .notes = NOTES{RATINGS, {0}},
     .example = "users(synth()).sort(\"ratings\", descending=True)[:3]",
     .run = bi_users},
    {.sigs = "items(ratings: Dataset) -> Table",
     .group = GROUP,
     .summary = "A row an item: id, title, attributes, how many ratings, their mean.",
     .notes = NOTES{RATINGS, {0}},
     .example = "items(synth()).sort(\"ratings\", descending=True)[:3]",
     .run = bi_items,
     .other_names = "movies"},
    {.sigs = "matrix(ratings: Dataset, *, center: str | None = None) -> Array",
     .group = GROUP,
     .summary = "The ratings as a dense Array, users by items; 0 where there is none.",
     .notes = NOTES{RATINGS,
                    {"center", .doc = "what is taken off every rating: the mean of all, of its user, of its item; None: nothing",
                     .choices = "none|mean|user|item"},
                    {0}},
     .doc = "Rows and columns are positions: ids ascending. A pair that comes twice has its later rating.",
     .example = "R = matrix(synth(users=60, items=40, density=0.2), center=\"user\")\nU, S, V = R.svd(4)\n(U * S @ V.T).shape",
     .run = bi_matrix,
     .other_names = "pivot (pandas), pivot_table (pandas), csr_matrix (SciPy)"},
    {.sigs = "implicit(ratings: Dataset, threshold: float | None = None, *, counts: bool = False) -> Dataset",
     .group = GROUP,
     .summary = "Ratings as things that happened: those from a threshold on, each weighing 1.",
     .notes = NOTES{RATINGS,
                    {"threshold", .doc = "the least rating that is kept; None: all"},
                    {"counts", .doc = "a row weighs its rating (times played) instead of 1"},
                    {0}},
     .doc = "The catalogue stays whole. A part of a split stays a part of it, its siblings changed alike.",
     .example = "implicit(synth(), threshold=4)",
     .run = bi_implicit,
     .other_names = "binarize, binarise"},
    {.sigs =
         "filter(ratings: Dataset, *, min_user: int = 0, min_item: int = 0, since: int | str | None = None, until: int | str | None = None, where: "
         "function | None = None) -> Dataset\nfilter(keep: function | None, items: Any) -> list",
     .group = GROUP,
     .summary = "Fewer rows of a data set; or the items of a list for which keep(item) is true.",
     .notes = NOTES{RATINGS,
                    {"min_user", .doc = "users with at least so many rows", .min = 0, .max = 1e9},
                    {"min_item", .doc = "items with at least so many rows", .min = 0, .max = 1e9},
                    {"since", .doc = "rows from this time on: \"1998-01-31\", or seconds since 1970 (UTC)"},
                    {"until", .doc = "rows before this time"},
                    {"where", .doc = "a function of a row (a dict: user, item, rating, time, title) that says whether it stays"},
                    {"keep", .doc = "a function of an item; None: true items stay"},
                    {"items", .doc = "a list, tuple, range, set, dict, str or Table"},
                    {0}},
     .doc = "min_user and min_item are asked for again until both hold (the k-core). A whole data set loses the users and items that have no row "
            "left; a "
            "part of a split keeps its catalogue and its siblings.",
     .example = "filter(synth(), min_user=10, min_item=10)",
     .run = bi_filter,
     .other_names = "k_core, query (pandas), where"},
    {.sigs = "join(ratings: Dataset, table: Table, on: \"user\" | \"item\") -> Dataset\n"
             "join(left: Table, right: Table, on: str | list[str], how: str = \"inner\") -> Table",
     .group = GROUP,
     .summary = "What a Table knows of the users or items, added to a data set; or two Tables side by side.",
     .notes = NOTES{RATINGS,
                    {"table", .doc = "a row for each user or item, with a column of that name that holds the ids"},
                    {"on", .doc = "\"user\" or \"item\"; of two Tables the columns that both have", .completes = "column"},
                    {"left", .doc = "the Table on the left"},
                    {"right", .doc = "the Table on the right"},
                    {"how", .doc = "inner: rows with a match; left: all of the left Table, None where there is no match", .choices = "inner|left"},
                    {0}},
     .doc = "The rows stay as they are, so a part of a split stays a part of it. Users and items that the table lacks have None; rows of the table "
            "that are "
            "of nobody are left out and counted on the card. A column `title` becomes the items' titles, where there were none.",
     .example =
         "ratings = synth(users=60, items=40, density=0.2, seed=1)\nmade = items(ratings).select(\"item\").add(length=lambda r: 90 + r[\"item\"] % "
         "60)\nhead(items(join(ratings, made, on=\"item\")).select(\"item\", \"length\"), 3)",
     .run = bi_join,
     .other_names = "merge (pandas), side tables, features"},
    {.sigs = "sql(query: str, params: list | tuple = [], **files: str) -> Table",
     .group = GROUP,
     .summary = "A query in SQL over the session's Datasets and Tables, and over SQLite files.",
     .notes =
         NOTES{{"query", .doc = "one SELECT; names in FROM are the session's"},
               {"params", .doc = "a list of values for the ? in the query: [5]"},
               {"files", .doc = "SQLite files, by the name that they have in the query: shop=\"shop.sqlite\" for shop.orders", .completes = "path"},
               {0}},
     .doc =
         "It only reads, with SQLite's language and functions. A Dataset is a table of user, item, rating, time and title. None is NULL; a bool is 0 "
         "or 1; a time is seconds since 1970 (UTC): datetime(time, 'unixepoch') writes it, unixepoch('1998-01-31') is such a number. A list is JSON "
         "text, which json_each opens. A column that comes out as it was has its type again. A name alone is the session's before a file's; of two "
         "names that differ in upper and lower case alone, it is the one that the query spells.",
     .example = "ratings = synth(seed=1)\nsql(\"select item, count(*) n, avg(rating) mean from ratings group by item order by n desc limit 5\")",
     .run = bi_sql,
     .other_names = "read_sql (pandas), duckdb.sql, query"},
    {.sigs =
         "split(ratings: Dataset, *, test: float = 0.2, valid: float | \"last\" | None = None, by: str = \"random\", seed: int | None = None, given: "
         "int = 0, fold: str | None = None) -> tuple",
     .group = GROUP,
     .summary = "Parts to train on, to choose by, to judge on: train, test or train, valid, test.",
     .notes =
         NOTES{RATINGS,
               {"test", .doc = "share of the rows that are judged on", .min = 0, .max = 1, .above_min = true},
               {"valid", .doc = "share to choose by, or \"last\": each user's last training row; None: no such part", .min = 0, .max = 1},
               {"by",
                .doc = "which rows: at random; of each user or item at random; the latest; each user's latest; each user's last one; whole users; "
                       "whole items; as published",
                .choices = "random|per_user|per_item|time|user_time|leave_one_out|user|cold_item|published"},
               SEED,
               {"given", .doc = "by=\"user\": rows of each held-out user that stay in train", .min = 0, .max = 1e9},
               {"fold", .doc = "by=\"published\": its name, such as \"u1\""},
               {0}},
     .doc =
         "The parts know each other: recommend leaves out what a user has in train and valid, and evaluate refuses rows that a model was fitted on. "
         "The same seed gives the same parts everywhere. Equal times stay together; by time, the share of rows whose user or item is new is printed.",
     .example = "train, valid, test = split(synth(), valid=0.1, test=0.2, seed=42)\nlen(train), len(valid), len(test)",
     .run = bi_split,
     .other_names = "train_test_split (scikit-learn, Surprise), random_split (torch)"},
    {.sigs = "folds(ratings: Dataset, k: int | \"published\" = 5, *, seed: int | None = None) -> list",
     .group = GROUP,
     .summary = "k pairs (train, test): every row is in one test part.",
     .notes = NOTES{RATINGS, {"k", .doc = "how many, or \"published\": the publisher's own", .min = 2, .max = 1000}, SEED, {0}},
     .example = "[len(test) for train, test in folds(synth(), 5, seed=1)]",
     .run = bi_folds,
     .other_names = "KFold (scikit-learn, Surprise)"},
    {.sigs = "concat(*parts: Dataset) -> Dataset",
     .group = GROUP,
     .summary = "Parts of a split as one: to fit again on train and valid after choosing.",
     .notes = NOTES{{"parts", .doc = "of one data set, without common rows"}, {0}},
     .doc = "Rows are in the source's order. Parts of one split stay in it, so a test part beside them is still known to be unseen.",
     .example = "train, valid, test = split(synth(), valid=0.1, test=0.2, seed=1)\nlen(concat(train, valid))",
     .run = bi_concat,
     .other_names = "append, pd.concat (pandas)"},
    {0},
};
