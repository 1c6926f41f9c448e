"""ranx's evaluate for bench_rank: peer_rank.py FOLDER RUNS. Prints the least and the median seconds, of the wall and of all processors, then its six means
over the users who have something to find."""
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np
from ranx import Qrels, Run, evaluate

folder, runs = sys.argv[1], int(sys.argv[2])
n_users, k, n = (int(x) for x in np.fromfile(f"{folder}/shape", np.int64))
items = np.fromfile(f"{folder}/items", np.int32).reshape(n_users, k)
relevant = {}
for user, item in zip(np.fromfile(f"{folder}/relevant_users", np.int32), np.fromfile(f"{folder}/relevant_items", np.int32)):
    relevant.setdefault(f"u{user}", {})[f"i{item}"] = 1
qrels = Qrels(relevant)
run = Run({user: {f"i{item}": float(k - rank) for rank, item in enumerate(items[int(user[1:])]) if item >= 0} for user in relevant})
metrics = [f"{name}@10" for name in ("ndcg", "recall", "precision", "hit_rate", "mrr", "map")]
means, wall, cpu = evaluate(qrels, run, metrics), [], []  # the first compiles
for _ in range(runs):
    start, spent = time.perf_counter(), time.process_time()
    evaluate(qrels, run, metrics)
    wall.append(time.perf_counter() - start)
    cpu.append(time.process_time() - spent)
print(min(wall), np.median(wall), min(cpu), np.median(cpu), *(means[name] for name in metrics))
