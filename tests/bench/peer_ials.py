"""implicit's ALS for bench_ials: peer_ials.py NCF_FOLDER OUT_FOLDER FACTORS CONFIDENCE REG SWEEPS CG. Prints the median and the least seconds of a
sweep; its vectors go to OUT_FOLDER/users and OUT_FOLDER/items as raw float32."""
import os
import sys

for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # implicit's advice: its own threads do the work
import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares

ncf, out = sys.argv[1:3]
factors, confidence, reg, sweeps, cg = int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6]), sys.argv[7] == "1"
users, items = np.loadtxt(f"{ncf}/ml-1m.train.rating", dtype=np.int64, usecols=(0, 1)).T
events = sp.csr_matrix((np.full(len(users), confidence, np.float32), (users, items)), shape=(6040, 3706))
seconds = []
model = AlternatingLeastSquares(factors, regularization=reg, use_cg=cg, iterations=sweeps, num_threads=os.cpu_count(), random_state=1)
model.fit(events, show_progress=False, callback=lambda _, spent, *rest: seconds.append(spent))
model.user_factors.astype(np.float32).tofile(f"{out}/users")
model.item_factors.astype(np.float32).tofile(f"{out}/items")
print(np.median(seconds), min(seconds))
