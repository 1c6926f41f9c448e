"""implicit's BPR for bench_bpr: peer_bpr.py RATINGS HELD_OUT FACTORS LR REG EPOCHS; the two files hold pairs of int32, user and item. Prints the least
and the mean seconds of an epoch, the processor seconds of all threads over the fit by its epochs, then the AUC of the held-out rows against all items that the user hasn't."""
import os
import sys
import time

for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np
import scipy.sparse as sp
from implicit.cpu.bpr import BayesianPersonalizedRanking

(users, items), (held_users, held_items) = (np.fromfile(path, np.int32).reshape(-1, 2).T for path in sys.argv[1:3])
factors, lr, reg, epochs = int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6])
shape = (max(users.max(), held_users.max()) + 1, max(items.max(), held_items.max()) + 1)
train = sp.csr_matrix((np.ones(len(users), np.float32), (users, items)), shape=shape)
held = sp.csr_matrix((np.ones(len(held_users), np.float32), (held_users, held_items)), shape=shape)
seconds = []
model = BayesianPersonalizedRanking(factors, learning_rate=lr, regularization=reg, iterations=epochs, num_threads=os.cpu_count(), random_state=1)
before = time.process_time()
model.fit(train, show_progress=False, callback=lambda _, spent, *rest: seconds.append(spent))
processor = (time.process_time() - before) / epochs
aucs = []
for user in range(shape[0]):
    relevant = held.indices[held.indptr[user] : held.indptr[user + 1]]
    if not len(relevant):
        continue
    scores = model.item_factors @ model.user_factors[user]
    others = np.ones(shape[1], bool)
    others[train.indices[train.indptr[user] : train.indptr[user + 1]]] = others[relevant] = False
    ranks = np.sort(scores[others])
    below = np.searchsorted(ranks, scores[relevant], "left") + np.searchsorted(ranks, scores[relevant], "right")
    aucs.append(below.mean() / 2 / len(ranks))
print(min(seconds), np.mean(seconds), processor, np.mean(aucs))
