"""LIBMF and cmfrec for bench_mf: peer_mf.py libmf|cmfrec|cmfrec-exact FOLDER, which holds train, valid, known and test: float32 user, item, rating.
Chooses among its grid what needs the fewest epochs to an RMSE of 0.85 on valid (or gets lowest), then fits on known from one epoch up until test has
0.85. Prints epochs, RMSE, seconds of the whole call (least and median of five), least seconds of processors, and the settings."""
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np
import scipy.sparse as sp

tool, folder = sys.argv[1:3]
FACTORS, MOST, WANTED, THREADS = 64, 30, 0.85, os.cpu_count()
parts = {name: np.fromfile(f"{folder}/{name}", np.float32).reshape(-1, 3) for name in ("train", "valid", "known", "test")}
stdout = os.dup(1)
os.dup2(2, 1)  # the wrapper of LIBMF prints


def libmf(setting, epochs):
    from libmf import mf

    reg, lr = setting
    def fit(rows):
        model = mf.MF(k=FACTORS, nr_iters=epochs, nr_threads=THREADS, nr_bins=2 * THREADS * THREADS + 1 + THREADS, quiet=True, eta=lr, lambda_p1=0.0, lambda_q1=0.0,
                      lambda_p2=reg, lambda_q2=reg)
        model.fit(rows)
        return model.model

    def predict(model, users, items):
        p = np.ctypeslib.as_array(model.P, (model.m, model.k))
        q = np.ctypeslib.as_array(model.Q, (model.n, model.k))
        known = (users < model.m) & (items < model.n)
        scores = np.full(len(users), model.b, np.float32)
        scores[known] = (p[users[known]] * q[items[known]]).sum(1)
        return np.where(np.isnan(scores), model.b, scores)

    return fit, predict


def cmfrec(setting, epochs):
    from cmfrec import CMF

    def fit(rows):
        model = CMF(k=FACTORS, lambda_=setting[0], scale_lam=True, niter=epochs, use_cg=tool == "cmfrec", finalize_chol=False, nthreads=THREADS,
                    verbose=False, use_float=True, precompute_for_predictions=False, random_state=1)
        return model.fit(sp.coo_matrix((rows[:, 2], (rows[:, 0].astype(np.int32), rows[:, 1].astype(np.int32)))))

    return fit, lambda model, users, items: model.predict(users, items)


make = libmf if tool == "libmf" else cmfrec
grid = [(reg, lr) for reg in (0.03, 0.05, 0.08, 0.1) for lr in (0.05, 0.1, 0.2)] if tool == "libmf" else [(reg, 0) for reg in (0.05, 0.06, 0.07, 0.08)]


def rmse(setting, epochs, train, test):
    fit, predict = make(setting, epochs)
    rows = parts[test]
    scores = predict(fit(parts[train]), rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64))
    return float(np.sqrt(np.mean((np.clip(scores, 1, 5) - rows[:, 2]) ** 2, where=np.isfinite(scores))))


def reached(setting, train, test, tried):
    """The fewest of the tried epochs that do, and the RMSE; else those of the lowest."""
    lowest = (np.inf, 0)
    for epochs in tried:
        error = rmse(setting, epochs, train, test)
        if error <= WANTED:
            return epochs, error
        lowest = min(lowest, (error, epochs))
    return MOST + 1, lowest[0]


coarse = (4, 7, 10, 14, 20, 30) if tool == "libmf" else (5, 10, 15)
setting = min(grid, key=lambda one: reached(one, "train", "valid", coarse))
epochs, error = reached(setting, "known", "test", range(1, MOST + 1) if tool == "libmf" else (3, 4, 5, 6, 8, 10, 12, 15))
wall, spent = [], []
fit, _ = make(setting, min(epochs, MOST))
for _ in range(5):
    start, before = time.perf_counter(), time.process_time()
    fit(parts["known"])
    wall.append(time.perf_counter() - start)
    spent.append(time.process_time() - before)
os.dup2(stdout, 1)
print(min(epochs, MOST), error, min(wall), np.median(wall), min(spent), *setting, flush=True)
