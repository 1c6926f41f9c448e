/* The rows of the group "See". */
#include "kernel/builtins/plots_data.h"

#define COMMON_NOTES                                                                                       \
    {.name = "title", .doc = "the heading; by default the table's caption or what is shown"},              \
        {.name = "width", .doc = "of the picture in CSS pixels; 0: by its kind", .min = 0, .max = 3000}, { \
        .name = "height", .doc = "of the picture in CSS pixels; 0: by its kind", .min = 0, .max = 3000     \
    }
#define COMMON ", title: str | None = None, width: int = 0, height: int = 0"
#define LOGS ", log_x: bool | None = None, log_y: bool | None = None"

static const struct param_note plot_notes[] = {
    {.name = "data", .doc = "a table; each row is a place on the lines"},
    {.name = "x", .doc = "the column across (default: the first of numbers), or numbers", .completes = "column"},
    {.name = "y", .doc = "the column or columns upward (default: all others of numbers), or numbers", .completes = "column"},
    {.name = "log_x", .doc = "logarithmic axis; None: when x grows by factors (1, 10, 100)"},
    {.name = "log_y", .doc = "logarithmic axis; None: when y spans more than two decades"},
    COMMON_NOTES,
    {0}};
static const struct param_note curve_notes[] = {
    {.name = "data", .doc = "a table, or fitted models, whose histories are drawn as a line each"},
    {.name = "x", .doc = "the column across; default: the first of numbers, for models \"epoch\"", .completes = "column"},
    {.name = "y",
     .doc = "the column upward; default: what is judged, else the second of numbers; for models what validation measures",
     .completes = "column"},
    {.name = "log_x", .doc = "logarithmic axis; None: when x grows by factors (1, 10, 100)"},
    {.name = "log_y", .doc = "logarithmic axis; None: when y spans more than two decades"},
    COMMON_NOTES,
    {0}};
static const struct param_note bars_notes[] = {
    {.name = "table", .doc = "a row a bar, at most 60"},
    {.name = "x", .doc = "the column of names; default: the first of text", .completes = "column"},
    {.name = "y", .doc = "the column or columns of heights; default: what is judged, else all of numbers", .completes = "column"},
    COMMON_NOTES,
    {0}};
static const struct param_note heatmap_notes[] = {
    {.name = "data", .doc = "a table such as sweep gives; a row for each cell, or several"},
    {.name = "x", .doc = "the column across; default: the first", .completes = "column"},
    {.name = "y", .doc = "the column upward; default: the second", .completes = "column"},
    {.name = "value", .doc = "the column that colours; default: the one whose best cell is marked, else the last of numbers", .completes = "column"},
    {.name = "matrix", .doc = "an Array of at most 200 × 200; its first row stands on top"},
    COMMON_NOTES,
    {0}};
static const struct param_note hist_notes[] = {
    {.name = "data", .doc = "numbers, a table's column, or a Dataset's ratings"},
    {.name = "column", .doc = "of a table; default: the first of numbers", .completes = "column"},
    {.name = "bins", .doc = "how many bars; None: one a value where there are few, else by Freedman and Diaconis", .min = 1, .max = 500},
    COMMON_NOTES,
    {0}};
static const struct param_note scatter_notes[] = {
    {.name = "table", .doc = "a row a point"},
    {.name = "x", .doc = "the column across, or numbers", .completes = "column"},
    {.name = "y", .doc = "the column upward, or numbers", .completes = "column"},
    {.name = "color", .doc = "a column whose 12 most frequent values get a colour each, the rest grey", .completes = "column"},
    {.name = "label", .doc = "a column of names, shown on hover and where there is room", .completes = "column"},
    {.name = "size", .doc = "a column of counts: dots grow with its logarithm", .completes = "column"},
    {.name = "log_x", .doc = "logarithmic axis; points that are not above 0 are left out"},
    {.name = "log_y", .doc = "logarithmic axis; points that are not above 0 are left out"},
    COMMON_NOTES,
    {0}};

#define MAP_NOTES                                                                                                                       \
    {.name = "embeddings", .doc = "vectors, or a list of them in one space (users and items)"},                                         \
        {.name = "color",                                                                                                               \
         .doc = "a feature column (one for each in a list), or a value for each row; the most frequent get a colour, the rest is grey", \
         .completes = "column"},                                                                                                        \
    {                                                                                                                                   \
        .name = "label", .doc = "what names the points: \"title\", another column, or None", .completes = "column"                      \
    }
#define MAP_SAMPLE \
    { .name = "sample", .doc = "draw so many at most, chosen by seed", .min = 100, .max = 200000 }

static const struct param_note tsne_notes[] = {
    MAP_NOTES,
    {.name = "perplexity", .doc = "how many neighbours a point looks to; at most a third of the points", .min = 1, .max = 1000},
    {.name = "iterations", .doc = "the first third draws groups together", .min = 50, .max = 10000},
    {.name = "metric", .doc = "what is near: direction, or distance", .choices = "cosine|euclidean"},
    {.name = "seed", .doc = "None: the session's"},
    MAP_SAMPLE,
    COMMON_NOTES,
    {0}};
static const struct param_note pca_notes[] = {MAP_NOTES, MAP_SAMPLE, COMMON_NOTES, {0}};
static const struct param_note clusters_notes[] = {{.name = "embeddings", .doc = "vectors to group"},
                                                   {.name = "k", .doc = "how many groups", .min = 1, .max = 1000},
                                                   {.name = "metric", .doc = "what is near: direction, or distance", .choices = "cosine|euclidean"},
                                                   {.name = "examples", .doc = "how many members to show of each", .min = 1, .max = 50},
                                                   {.name = "seed", .doc = "None: the session's"},
                                                   {0}};
static const struct param_note neighbors_notes[] = {{.name = "embeddings", .doc = "where to look"},
                                                    {.name = "item", .doc = "an id, or a title that is unique", .completes = "item"},
                                                    {.name = "k", .doc = "how many", .min = 1, .max = 100000},
                                                    {0}};

const struct builtin_row builtins_plots[] = {
    {.sigs = "plot(data: Table, x: str | None = None, y: str | list[str] | None = None, *" LOGS COMMON ") -> Plot\n"
             "plot(y: list | tuple | Array, *" LOGS COMMON ") -> Plot\n"
             "plot(x: list | tuple | Array, y: list | tuple | Array, *" LOGS COMMON ") -> Plot",
     .group = "See",
     .summary = "Lines: columns of a table over another, or lists of numbers.",
     .notes = plot_notes,
     .doc = "Columns that begin with valid_ or test_ are dashed beside those that begin with train_, and the best place of a valid_ column is "
            "marked. Rows without a number leave a gap.",
     .example = "plot(als(synth(), factors=4, epochs=5).history, x=\"epoch\", y=\"train_rmse\")",
     .run = bi_plot,
     .other_names = "line, lineplot (seaborn), plt.plot (matplotlib)"},
    {.sigs = "curve(data: Table | Model | list[Model], x: str | None = None, y: str | None = None, *" LOGS COMMON ") -> Plot",
     .group = "See",
     .summary = "One quantity over another: of a table, or of several models' histories.",
     .notes = curve_notes,
     .doc = "For models it compares training or validation by epoch, a line a model. For a table it draws the second column of numbers over the "
            "first; where the table says what is better (a sweep's metric) that column, and of several rows at one x the best.",
     .example = "data = synth()\ncurve([als(data, factors=4, epochs=5, name=\"four\"), als(data, factors=8, epochs=5, name=\"eight\")])",
     .run = bi_curve,
     .other_names = "learning_curve (scikit-learn)"},
    {.sigs = "bars(table: Table, x: str | None = None, y: str | list[str] | None = None, *" COMMON ") -> Plot",
     .group = "See",
     .summary = "Bars: a table's numbers by name.",
     .notes = bars_notes,
     .doc = "A table that says what is better (a sweep's, an evaluation's) is drawn by that, each row named by the columns before it. Bars begin "
            "at 0. They lie when their names are too long to stand beside one another.",
     .example = "bars(interactions(synth()).group(\"rating\", n=\"count\").sort(\"rating\"), x=\"rating\", y=\"n\")",
     .run = bi_bars,
     .other_names = "barplot (seaborn), plt.bar (matplotlib)"},
    {.sigs = "heatmap(data: Table, x: str | None = None, y: str | None = None, value: str | None = None, *" COMMON ") -> Plot\n"
             "heatmap(matrix: Array, *" COMMON ") -> Plot",
     .group = "See",
     .summary = "A grid of colours: a number for each pair of values.",
     .notes = heatmap_notes,
     .doc =
         "Dark is low, light is high. Where the table says what is better (a sweep's metric), the best cell is framed, and of several rows in one "
         "cell the best one counts; else their mean. Cells without a number are grey. Numbers ascend to the right and upward, other values stand in "
         "the order of their rows. Where the front end draws Vega-Lite, hovering a cell tells its names and value.",
     .example = "train, valid, test = split(synth(), valid=0.1, test=0.1, seed=1)\n"
                "heatmap(sweep(als(epochs=3), train, valid, factors=[2, 4, 8], reg=[0.05, 0.1, 0.2]))",
     .run = bi_heatmap,
     .other_names = "sns.heatmap (seaborn), imshow (matplotlib), pivot"},
    {.sigs = "hist(data: Table | Dataset | list | tuple | Array, column: str | None = None, *, bins: int | None = None" COMMON ") -> Plot",
     .group = "See",
     .summary = "Histogram: how often which numbers occur.",
     .notes = hist_notes,
     .doc = "A dashed line marks the mean. Rows without a number are left out.",
     .example = "hist(synth())",
     .run = bi_hist,
     .other_names = "histplot (seaborn), plt.hist (matplotlib)"},
    {.sigs = "scatter(table: Table, x: str, y: str, *, color: str | None = None, label: str | None = None, size: str | None = None, log_x: bool = "
             "False, log_y: bool = False" COMMON ") -> Plot\n"
             "scatter(x: list | tuple | Array, y: list | tuple | Array, *, log_x: bool = False, log_y: bool = False" COMMON ") -> Plot",
     .group = "See",
     .summary = "Points: one column against another.",
     .notes = scatter_notes,
     .doc = "Numbers of many values in color= become ranges on a ramp from dark to light; a list column counts by each row's rarest value. The "
            "subtitle gives Pearson's correlation.",
     .example = "scatter(items(synth()), x=\"ratings\", y=\"mean\", log_x=True)",
     .run = bi_scatter,
     .other_names = "scatterplot (seaborn), plt.scatter (matplotlib)"},
    {.sigs = "tsne(embeddings: Embeddings | Array | list[Embeddings | Array], color: str | list | None = None, label: str | None = \"title\", *, "
             "perplexity: float = 30, "
             "iterations: int = 750, "
             "metric: str = \"cosine\", seed: int | None = None, sample: int = 20000" COMMON ") -> Plot",
     .group = "See",
     .summary = "A map of embeddings by t-SNE: near in the space, near on the map.",
     .notes = tsne_notes,
     .doc = "Exact t-SNE (van der Maaten and Hinton 2008) from principal components, so the same seed gives the same map. Dots grow with popularity; "
            "groups are named where they crowd, the most popular "
            "items where there is room. The subtitle gives KL and the share of the 10 nearest neighbours that stay near. Distances between far-apart "
            "groups mean nothing.",
     .example = "tsne(als(synth(users=200, items=120), factors=8).items, seed=1)",
     .run = bi_tsne,
     .other_names = "TSNE (scikit-learn), umap"},
    {.sigs = "pca(embeddings: Embeddings | Array | list[Embeddings | Array], color: str | list | None = None, label: str | None = \"title\", *, "
             "sample: int = 20000" COMMON ") -> Plot",
     .group = "See",
     .summary = "A map of embeddings by their two principal components.",
     .notes = pca_notes,
     .doc = "The two directions in which the vectors vary most. Unlike in t-SNE, distances on the map are true lower bounds of those in the space.",
     .example = "pca(als(synth(users=200, items=120), factors=8).items)",
     .run = bi_pca,
     .other_names = "PCA (scikit-learn)"},
    {.sigs =
         "clusters(embeddings: Embeddings | Array, k: int = 12, *, metric: str = \"cosine\", examples: int = 4, seed: int | None = None) -> Table",
     .group = "See",
     .summary = "Groups of embeddings, named by what is over-represented in them.",
     .notes = clusters_notes,
     .doc = "k-means with greedy k-means++ seeding, the best of four starts. A group is named by up to three features (genres, decades, occupations) "
            "that are more frequent in it than elsewhere "
            "beyond chance, each with its factor; \"mixed\" when there is none.",
     .example = "clusters(als(synth(users=200, items=120), factors=8).items, k=4, seed=1)",
     .run = bi_clusters,
     .other_names = "KMeans (scikit-learn), kmeans"},
    {.sigs = "neighbors(embeddings: Embeddings, item: Id, k: int = 10) -> Table",
     .group = "See",
     .summary = "The nearest vectors by cosine.",
     .notes = neighbors_notes,
     .doc = "Exact: every vector is compared.",
     .example = "neighbors(als(synth(users=200, items=120), factors=8).items, 1, k=5)",
     .run = bi_neighbors,
     .other_names = "most_similar (gensim), NearestNeighbors (scikit-learn)"},
    {0},
};
