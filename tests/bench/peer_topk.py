"""implicit's recommend for bench_topk: peer_topk.py FOLDER RUNS. Prints the least and the median seconds, of the wall and of all processors."""
import os
import sys
import time

for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # its own threads do the work
import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix

folder, runs = sys.argv[1], int(sys.argv[2])
n_users, n_items, n_factors, n = (int(x) for x in np.fromfile(f"{folder}/shape", np.int64))
starts, columns = np.fromfile(f"{folder}/starts", np.int64), np.fromfile(f"{folder}/columns", np.int32)
seen = csr_matrix((np.ones(n, np.float32), columns, starts), shape=(n_users, n_items))
model = AlternatingLeastSquares(64, num_threads=os.cpu_count())
model.user_factors = np.ascontiguousarray(np.fromfile(f"{folder}/users", np.float32).reshape(n_users, n_factors)[:, :64])
model.item_factors = np.ascontiguousarray(np.fromfile(f"{folder}/items", np.float32).reshape(n_items, n_factors)[:, :64])
users, wall, cpu = np.arange(n_users), [], []
for _ in range(runs + 1):
    start, spent = time.perf_counter(), time.process_time()
    model.recommend(users, seen, N=100, filter_already_liked_items=True)
    wall.append(time.perf_counter() - start)
    cpu.append(time.process_time() - spent)
print(min(wall[1:]), np.median(wall[1:]), min(cpu[1:]), np.median(cpu[1:]))
