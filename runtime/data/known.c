/* The data sets that are known by name. Sizes and md5 are of the publisher's archives. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/data/download.h"

#define GROUPLENS "https://files.grouplens.org/datasets/movielens/"
/* The terms in the publisher's READMEs: the three oldest may not be passed on, the later ones may under the same terms. */
#define TERMS_OLD(readme)                                                                                                       \
    "MovieLens, GroupLens, University of Minnesota: research use; no redistribution and no commercial use without permission; " \
    "cite Harper and Konstan 2015 (" GROUPLENS readme ")"
#define TERMS_NEW(readme)                                                                                                          \
    "MovieLens, GroupLens, University of Minnesota: research use; redistribution under the same terms, no commercial use without " \
    "permission; cite Harper and Konstan 2015 (" GROUPLENS readme ")"

size_t known_datasets(const struct known_dataset **out) {
    static const struct known_dataset known[] = {
        {"ml-100k", "100,000 ratings of 1,682 movies by 943 users, 1998; genres, user attributes, published folds", TERMS_OLD("ml-100k-README.txt"),
         GROUPLENS "ml-100k.zip", "0e33842e24a9c977be4e0107933c0723", 4924029, "ml-100k", NULL},
        {"ml-1m", "1,000,209 ratings of 3,706 movies by 6,040 users, 2000; genres, user attributes", TERMS_OLD("ml-1m-README.txt"),
         GROUPLENS "ml-1m.zip", "c4d9eecfca2ab87c1945afe126590906", 5917549, "ml-1m", NULL},
        {"ml-10m", "10,000,054 ratings of 10,677 movies by 69,878 users, 2009; genres, half stars", TERMS_OLD("ml-10m-README.html"),
         GROUPLENS "ml-10m.zip", "ce571fd55effeba0271552578f2648bd", 65566137, "ml-10m", NULL},
        {"ml-20m", "20,000,263 ratings of 26,744 movies by 138,493 users, 2015; genres, half stars", TERMS_NEW("ml-20m-README.html"),
         GROUPLENS "ml-20m.zip", "cd245b17a1ae2cc31bb14903e1204af3", 198702078, "ml-20m", NULL},
        {"ml-25m", "25,000,095 ratings of 59,047 movies by 162,541 users, 2019; genres, half stars", TERMS_NEW("ml-25m-README.html"),
         GROUPLENS "ml-25m.zip", "6b51fb2759a8657d3bfcbfc42b592ada", 261978986, "ml-25m", NULL},
        {"ml-32m", "32,000,204 ratings of 84,432 movies by 200,948 users, 2023; genres, half stars", TERMS_NEW("ml-32m-README.html"),
         GROUPLENS "ml-32m.zip", "d472be332d4daa821edc399621853b57", 238950008, "ml-32m", NULL},
        /* Its publisher replaces it now and then: only the sum beside the archive fits. */
        {"ml-latest-small", "about 100,000 ratings of 9,700 movies by 600 users, replaced now and then; genres, half stars",
         TERMS_NEW("ml-latest-small-README.html"), GROUPLENS "ml-latest-small.zip", NULL, 978202, "ml-latest-small", NULL},
        {"ncf-ml-1m", "MovieLens 1M as implicit, each user's last movie for testing among 99 published negatives (He et al. 2017)",
         TERMS_OLD("ml-1m-README.txt"), NULL, NULL, 0, "ncf",
         "ml-1m.train.rating, ml-1m.test.rating and ml-1m.test.negative of hexiangnan/neural_collaborative_filtering on GitHub (Data),"},
        {"gowalla", "1,027,370 check-ins of 29,858 users at 40,981 places, with the published train and test parts (He et al. 2020)",
         "Gowalla: no licence is stated; for research; cite Cho, Myers and Leskovec 2011, and He et al. 2020 for the split", NULL, NULL, 0, "gowalla",
         "train.txt and test.txt of kuandeng/LightGCN on GitHub (Data/gowalla),"},
    };
    *out = known;
    return sizeof known / sizeof *known;
}

/* A folder that holds something else (or nothing yet) doesn't count. */
bool folder_holds_ratings(const char *folder) {
    static const char *const files[] = {"u.data", "ratings.dat", "ratings.csv", "ml-1m.train.rating", "train.txt"};
    bool found = false;
    for (size_t i = 0; i < sizeof files / sizeof *files && !found; i++) {
        char *path = path_join(folder, files[i]);
        found = file_size(path) > 0;
        free(path);
    }
    return found;
}

/* NAME.zip beside where the folder would be. Takes folder. */
static char *archive_of(char *folder) {
    struct buf archive = BUF_INIT;
    buf_addf(&archive, "%s.zip", folder);
    free(folder);
    if (file_size(buf_text(&archive)) > 0) return buf_take(&archive);
    buf_release(&archive);
    return NULL;
}

/* Takes parent; NULL when the data set isn't there. */
static char *found_below(char *parent, const char *name) {
    char *folder = path_join(parent, name);
    free(parent);
    return folder_holds_ratings(folder) ? folder : archive_of(folder);
}

const struct known_dataset *known_dataset_find(const char *name) {
    const struct known_dataset *known;
    const size_t n = known_datasets(&known);
    for (size_t i = 0; i < n; i++)
        if (strcmp(known[i].name, name) == 0) return &known[i];
    return NULL;
}

char *known_dataset_folder(const char *name) {
    const char *own = getenv("RECKON_DATA");
    const struct known_dataset *known = known_dataset_find(name);
    if (!known) return NULL;
    char *folder = own && *own ? found_below(path_expand(own), known->folder) : NULL;
    return folder ? folder : found_below(cache_dir("datasets"), known->folder);
}

struct table *datasets_table(void) {
    const struct known_dataset *known;
    const size_t n = known_datasets(&known);
    struct table *table = table_new((int64_t)n);
    char **names = table_add_strs(table, "name"), **whats = table_add_strs(table, "what"), **sizes = table_add_strs(table, "size");
    char **licences = table_add_strs(table, "licence"), **found = table_add_strs(table, "found");
    for (size_t i = 0; i < n; i++) {
        struct buf size = BUF_INIT;
        if (known[i].url) buf_add_bytes(&size, (double)known[i].size_bytes);
        names[i] = xstrdup(known[i].name);
        whats[i] = xstrdup(known[i].what);
        sizes[i] = known[i].url ? buf_take(&size) : NULL;
        licences[i] = xstrdup(known[i].licence);
        found[i] = known_dataset_folder(known[i].name);
    }
    table_note(table,
               "size: of the archive to download, none where there is no download; found: where its folder or archive lies ($RECKON_DATA, then "
               "the user's cache)");
    return table;
}
