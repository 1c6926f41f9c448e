"""scikit-surprise's KNNBaseline for bench_knn: peer_knn.py ML_100K_FOLDER. For its own default (MSD between users) and for its Pearson by the baseline
between users and between items: RMSE on u1 … u5 on average, seconds and processor seconds of fit and prediction, all five."""
import sys
import time

from surprise import KNNBaseline, Dataset, Reader, accuracy

CASES = [("msd", True), ("pearson_baseline", True), ("pearson_baseline", False)]
folds = [(f"{sys.argv[1]}/u{f}.base", f"{sys.argv[1]}/u{f}.test") for f in range(1, 6)]
data = Dataset.load_from_folds(folds, Reader("ml-100k"))
parts = [(data.construct_trainset(data.read_ratings(base)), data.construct_testset(data.read_ratings(test))) for base, test in folds]
for similarity, by_users in CASES:
    rmse, start, spent = 0, time.perf_counter(), time.process_time()
    for train, test in parts:
        model = KNNBaseline(sim_options={"name": similarity, "user_based": by_users}, verbose=False).fit(train)
        rmse += accuracy.rmse(model.test(test), verbose=False) / len(parts)
    print(rmse, time.perf_counter() - start, time.process_time() - spent, flush=True)
