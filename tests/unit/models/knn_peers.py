#!/usr/bin/env python3
"""Writes knn_peers.h: what scikit-surprise and implicit make of a small set of ratings, for test_knn.c.

    pip install numpy scipy scikit-surprise implicit
    python3 tests/unit/models/knn_peers.py > tests/unit/models/knn_peers.h
"""
import sys
from importlib.metadata import version

import numpy as np
import surprise
from implicit.nearest_neighbours import CosineRecommender, ItemItemRecommender, TFIDFRecommender, bm25_weight, normalize
from scipy.sparse import csr_matrix
from surprise import KNNBaseline, KNNBasic, KNNWithMeans

N_USERS, N_ITEMS = 24, 16
BASELINES = {"method": "als", "n_epochs": 2000, "reg_u": 15, "reg_i": 10}  # until they settle
# class, by users, similarity, k, shrinkage; center and similarity as Reckon calls them
CASES = [
    (KNNBasic, True, "cosine", 4, None, "none", "cosine"),
    (KNNBasic, False, "msd", 3, None, "none", "msd"),
    (KNNWithMeans, True, "msd", 5, None, "mean", "msd"),
    (KNNWithMeans, False, "pearson", 4, None, "mean", "pearson"),
    (KNNBaseline, True, "pearson_baseline", 6, 10, "bias", "pearson"),
    (KNNBaseline, False, "pearson_baseline", 4, 100, "bias", "pearson"),
    (KNNBaseline, False, "cosine", 3, None, "bias", "cosine"),
]


def ratings():
    rng = np.random.default_rng(7)
    taste, kind = rng.normal(size=(N_USERS, 2)), rng.normal(size=(N_ITEMS, 2))
    values = np.clip(np.round(3.3 + 0.8 * taste @ kind.T + rng.normal(size=(N_USERS, N_ITEMS)) * 0.6), 1, 5)
    rated = rng.random((N_USERS, N_ITEMS)) < 0.45
    rated[np.arange(N_USERS), np.arange(N_USERS) % N_ITEMS] = True
    return [(u + 1, i + 1, float(values[u, i])) for u in range(N_USERS) for i in range(N_ITEMS) if rated[u, i]]


def predictions(rows, case):
    kind, by_users, similarity, k, shrinkage, _, _ = case
    data = surprise.Dataset(surprise.Reader(rating_scale=(1, 5)))
    trainset = data.construct_trainset([(str(u), str(i), r, None) for u, i, r in rows])
    options = {"name": similarity, "user_based": by_users}
    if shrinkage is not None:
        options["shrinkage"] = shrinkage
    more = {"bsl_options": BASELINES} if kind is KNNBaseline or similarity == "pearson_baseline" else {}
    model = kind(k=k, sim_options=options, verbose=False, **more).fit(trainset)
    rated = {(u, i) for u, i, _ in rows}
    return [
        model.predict(str(u), str(i), clip=False).est
        for u in range(1, N_USERS + 1)
        for i in range(1, N_ITEMS + 1)
        if (u, i) not in rated
    ]


def counts_of(rows):
    """How often the user of each row met its item. For rows of ones BM25 is TF-IDF: its length of an item goes out of the cosine."""
    return np.random.default_rng(8).geometric(0.35, len(rows))


def similarities(rows, weights):
    """Of all pairs of items by implicit: cosine, TF-IDF, cosine of BM25's weights."""
    users, items = [u - 1 for u, _, _ in rows], [i - 1 for _, i, _ in rows]
    counts = csr_matrix((np.asarray(weights, dtype=float), (users, items)), shape=(N_USERS, N_ITEMS))
    models = [CosineRecommender(K=N_ITEMS), TFIDFRecommender(K=N_ITEMS), ItemItemRecommender(K=N_ITEMS)]
    weighed = [counts, counts, normalize(bm25_weight(counts.T, 1.2, 0.75)).T.tocsr()]
    for model, matrix in zip(models, weighed):
        model.fit(matrix, show_progress=False)
        full = model.similarity.toarray()
        yield [full[i, j] for i in range(N_ITEMS) for j in range(N_ITEMS) if i != j]


def array(name, kind, values, form):
    lines, line = [], "   "
    for value in values:
        text = f" {value:{form}},"
        if len(line) + len(text) > 148:
            lines.append(line)
            line = "   "
        line += text
    print(f"static const {kind} {name}[] = {{\n" + "\n".join([*lines, line]) + "\n};")


def main():
    rows = ratings()
    print("/* clang-format off */")
    print(f"/* Made by knn_peers.py with scikit-surprise {version('scikit-surprise')}, implicit {version('implicit')}. */")
    print("#include <stdint.h>\n")
    print(f"enum {{ PEER_USERS = {N_USERS}, PEER_ITEMS = {N_ITEMS}, PEER_ROWS = {len(rows)} }};")
    array("peer_users", "int64_t", [u for u, _, _ in rows], "d")
    array("peer_items", "int64_t", [i for _, i, _ in rows], "d")
    array("peer_ratings", "float", [r for _, _, r in rows], ".0f")
    array("peer_counts", "float", counts_of(rows), "d")
    print("\n/* Predictions of every pair without a rating, by user, then item. */")
    for c, case in enumerate(CASES):
        print(f"/* {case[0].__name__} */")
        array(f"peer_case_{c}", "double", predictions(rows, case), ".9f")
    print("static const struct { const char *kind, *text; const double *predictions; } peer_cases[] = {")
    for c, (_, by_users, _, k, shrinkage, center, similarity) in enumerate(CASES):
        kind = "user_knn" if by_users else "item_knn"
        print(f'    {{"{kind}", "neighbors={k}, similarity={similarity}, shrinkage={shrinkage or 0}, center={center}", peer_case_{c}}},')
    print("};\n\n/* Similarities of implicit's items by row, without the diagonal: of ones, then of the counts. */")
    for name, values in zip(("cosine", "tfidf"), similarities(rows, np.ones(len(rows)))):
        array(f"peer_{name}", "double", values, ".9f")
    for name, values in zip(("cosine", "tfidf", "bm25"), similarities(rows, counts_of(rows))):
        array(f"peer_{name}_of_counts", "double", values, ".9f")


sys.exit(main())
