"""Writes metric_fixtures.json: what other tools say about the same float32 scores. test_parity.c compares our rows with it.

    python3 -m venv /tmp/tools && /tmp/tools/bin/pip install numpy==2.4.6 scipy==1.17.1 ranx==0.3.21 pytrec-eval-terrier==0.5.11
    pip download --no-deps recbole==1.2.1 && unzip recbole-1.2.1-py3-none-any.whl -d /tmp/recbole
    /tmp/tools/bin/python tests/unit/eval/make_metric_fixtures.py /tmp/recbole

pytrec_eval gives trec_eval's values unrounded. Of RecBole the file evaluator/metrics.py runs as it is in its package, without torch: its formulas take
arrays. Its rounding (metric_decimal_place) comes after them, so it is left out. `plain` are definitions of papers that none of the three has.

Equal scores are in the data on purpose. Ours go to the lower position: trec_eval sorts equal scores by document name, descending, so the names descend;
ranx sorts by a quicksort, where equal scores end up anyhow, so it is given the places in the list as scores; for RecBole the lists are made here.
"""

import importlib.util
import json
import math
import os
import sys
import types
from importlib.metadata import version

import numpy as np
import pytrec_eval
import ranx
import scipy
import scipy.stats

N_USERS, N_ITEMS = 32, 24
KS = [1, 3, 10, 20]
CUTS = ",".join(str(k) for k in KS)


def make_data():
    rng = np.random.default_rng(20240229)
    scores = rng.normal(size=(N_USERS, N_ITEMS)).astype(np.float32)
    relevant = []
    for user in range(N_USERS):
        n = [0, 1, 2, 3, 5, 9, 15, N_ITEMS][user % 8]  # every eighth user has nothing to find, every eighth finds everything
        items = sorted(int(i) for i in rng.choice(N_ITEMS, size=n, replace=False))
        relevant.append({item: int(rng.integers(1, 6)) for item in items})
        if user % 3 == 1:
            scores[user] = np.round(scores[user] * 2) / 2  # many ties
        if user % 11 == 5:
            scores[user] = 0.25  # nothing but ties
    scores[3, :4] = [np.float32(0.1), np.nextafter(np.float32(0.1), np.float32(1)), np.float32(16777216), np.float32(-16777216)]
    return scores, relevant


def ranking(scores):
    """Positions, best first; ties to the lower one."""
    return np.argsort(-scores.astype(np.float64), kind="stable")


def series(tool, metric, ours, values):
    return {"tool": tool, "metric": metric, "ours": ours, "values": [None if v is None or math.isnan(v) else float(v) for v in values]}


def document(item):
    return f"d{N_ITEMS - item:02d}"


def by_trec_eval(scores, relevant):
    run = {f"u{u}": {document(i): float(scores[u, i]) for i in range(N_ITEMS)} for u in range(N_USERS)}
    qrels = {f"u{u}": {document(i): 1 for i in relevant[u]} or {document(0): 0} for u in range(N_USERS)}
    names = {f"{theirs}_{k}": f"{ours}@{k}" for k in KS for theirs, ours in
             (("P", "precision"), ("recall", "recall"), ("success", "hit_rate"), ("map_cut", "map_rel"), ("ndcg_cut", "ndcg"))}
    names |= {"recip_rank": f"mrr@{N_ITEMS}", "map": f"map_rel@{N_ITEMS}", "ndcg": f"ndcg@{N_ITEMS}"}
    measures = {f"{m}.{CUTS}" for m in ("P", "recall", "success", "map_cut", "ndcg_cut")} | {"recip_rank", "map", "ndcg"}
    found = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)
    for theirs, ours in names.items():
        yield series("pytrec_eval", theirs, ours, [found[f"u{u}"][theirs] for u in range(N_USERS)])


def by_ranx(scores, relevant):
    run = ranx.Run({f"u{u:02d}": {f"i{i:02d}": float(N_ITEMS - rank) for rank, i in enumerate(ranking(scores[u]))} for u in range(N_USERS)})
    qrels = ranx.Qrels({f"u{u:02d}": {f"i{i:02d}": g for i, g in relevant[u].items()} or {"none": 0} for u in range(N_USERS)})
    binary = ranx.Qrels({f"u{u:02d}": {f"i{i:02d}": 1 for i in relevant[u]} or {"none": 0} for u in range(N_USERS)})
    names = {"precision": "precision", "recall": "recall", "hit_rate": "hit_rate", "mrr": "mrr", "map": "map_rel", "ndcg": "ndcg"}
    for k in KS:
        for theirs, ours in names.items():
            ranx.evaluate(binary, run, f"{theirs}@{k}", make_comparable=False)
            yield series("ranx", f"{theirs}@{k}", f"{ours}@{k}", [run.scores[f"{theirs}@{k}"][f"u{u:02d}"] for u in range(N_USERS)])
        ranx.evaluate(qrels, run, f"ndcg_burges@{k}", make_comparable=False)
        yield series("ranx", f"ndcg_burges@{k}", f"ndcg_exp@{k}", [run.scores[f"ndcg_burges@{k}"][f"u{u:02d}"] for u in range(N_USERS)])


def recbole_metrics(folder):
    """Their evaluator/metrics.py, with stand-ins for what it imports and doesn't call here."""
    np.float, np.bool = float, bool  # names that numpy has given up since
    stubs = {"torch": {}, "sklearn": {}, "recbole": {}, "recbole.evaluator": {},
             "sklearn.metrics": {"auc": None, "mean_absolute_error": None, "mean_squared_error": None},
             "recbole.utils": {"EvaluatorType": types.SimpleNamespace(RANKING=1, VALUE=2)}}
    for name, attributes in stubs.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(attributes)
    for name in ("utils", "base_metric", "metrics"):
        spec = importlib.util.spec_from_file_location(f"recbole.evaluator.{name}", os.path.join(folder, "recbole", "evaluator", f"{name}.py"))
        sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        if name != "utils":
            spec.loader.exec_module(sys.modules[spec.name])
        else:
            sys.modules[spec.name]._binary_clf_curve = None
    metrics = sys.modules["recbole.evaluator.metrics"]
    for name in stubs:
        del sys.modules[name]  # scipy looks whether there is a torch
    return metrics


def by_recbole(scores, relevant, folder):
    theirs = recbole_metrics(folder)
    config = {"topk": KS, "metric_decimal_place": 17}
    users = [u for u in range(N_USERS) if relevant[u]]
    hits = np.array([[item in relevant[u] for item in ranking(scores[u])[: max(KS)]] for u in users])
    lengths = np.array([len(relevant[u]) for u in users])
    names = {"Hit": "hit_rate", "MRR": "mrr", "MAP": "map", "Recall": "recall", "NDCG": "ndcg", "Precision": "precision"}
    for name, ours in names.items():
        metric = getattr(theirs, name)(config)
        arguments = (hits,) if name in ("Hit", "MRR", "Precision") else (hits, lengths)
        values = metric.metric_info(*arguments)
        for k in KS:
            of_user = dict(zip(users, values[:, k - 1]))
            yield series("RecBole", f"{name}@{k}", f"{ours}@{k}", [of_user.get(u) for u in range(N_USERS)])
    ranks = [scipy.stats.rankdata(-scores[u].astype(np.float64)) for u in users]
    rank_sums = np.array([[sum(r[i] for i in relevant[u])] for u, r in zip(users, ranks)])
    value = theirs.GAUC(config).metric_info(rank_sums, np.full(len(users), N_ITEMS), lengths)
    yield {"tool": "RecBole", "metric": "GAUC", "ours": "gauc", "mean": float(value)}


def plainly(scores, relevant):
    def found(user, k):
        return sum(item in relevant[user] for item in ranking(scores[user])[:k])

    users = [u for u in range(N_USERS) if relevant[u]]
    for k in KS:
        yield series("plain", f"recall, Mult-VAE @{k}", f"recall_cut@{k}",
                     [found(u, k) / min(k, len(relevant[u])) if relevant[u] else None for u in range(N_USERS)])
        yield {"tool": "plain", "metric": f"top-{k} accuracy", "ours": f"accuracy@{k}",
               "mean": sum(found(u, k) for u in users) / sum(len(relevant[u]) for u in users)}
        hits = {u: [r for r, item in enumerate(ranking(scores[u])[:k]) if item in relevant[u]] for u in users}
        yield series("plain", f"average precision over hits @{k}", f"map_hits@{k}",
                     [None if not relevant[u] else sum((n + 1) / (r + 1) for n, r in enumerate(hits[u])) / max(len(hits[u]), 1) for u in range(N_USERS)])
    values = []
    for u in range(N_USERS):
        ours, others = [float(scores[u, i]) for i in relevant[u]], [float(scores[u, i]) for i in range(N_ITEMS) if i not in relevant[u]]
        values.append(scipy.stats.mannwhitneyu(ours, others).statistic / len(ours) / len(others) if ours and others else None)
    yield series("scipy", "mannwhitneyu / (n m)", "auc", values)


def main():
    scores, relevant = make_data()
    tools = [*by_trec_eval(scores, relevant), *by_ranx(scores, relevant), *by_recbole(scores, relevant, sys.argv[1]), *plainly(scores, relevant)]
    out = {
        "versions": {"pytrec_eval": version("pytrec-eval-terrier"), "ranx": version("ranx"),
                     "RecBole": "1.2.1", "scipy": scipy.__version__, "numpy": np.__version__},
        "n_items": N_ITEMS,
        "scores": [[float(x) for x in row] for row in scores],
        "relevant": [{str(item): gain for item, gain in of_user.items()} for of_user in relevant],
        "series": tools,
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "metric_fixtures.json")
    with open(path, "w") as file:
        file.write("{\n")
        for key in ("versions", "n_items", "scores", "relevant"):
            file.write(f"{json.dumps(key)}: {json.dumps(out[key])},\n")
        file.write('"series": [\n' + ",\n".join(json.dumps(s) for s in out["series"]) + "\n]}\n")
    for s in tools:
        print(f"{s['ours']:14} = {s['tool']} {s['metric']}")


main()
