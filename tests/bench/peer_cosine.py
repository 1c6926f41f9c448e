"""implicit's item cosine for bench_cosine: peer_cosine.py RATINGS_DAT NEIGHBORS ONES RUNS. Prints the least seconds of a fit, the processor seconds of a
fit on average, and the sum of the similarities kept."""
import os
import sys
import time

import numpy as np
from implicit.nearest_neighbours import CosineRecommender
from scipy.sparse import csr_matrix

path, neighbors, ones, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
users, items, ratings = (np.array(column) for column in zip(*(map(int, line.split("::")[:3]) for line in open(path, encoding="latin-1"))))
values = np.ones(len(users)) if ones else ratings.astype(float)
matrix = csr_matrix((values, (users - 1, np.unique(items, return_inverse=True)[1])))
seconds, began = [], time.process_time()
for _ in range(runs):
    start = time.perf_counter()
    model = CosineRecommender(K=neighbors + 1, num_threads=os.cpu_count())  # its lists begin with the item itself
    model.fit(matrix, show_progress=False)
    seconds.append(time.perf_counter() - start)
spent = time.process_time() - began
kept = model.similarity.tolil()
kept.setdiag(0)
print(min(seconds), spent / runs, kept.sum())
