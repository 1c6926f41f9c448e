/* Which column is the user's, the item's, the rating, the time. */
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/csv.h"

#define NAME_MAX_BYTES 40

static const char *const role_names[N_ROLES] = {"user", "item", "rating", "time"};

/* Names that files use, most usual first, without case and signs. */
static const char *const user_names[] = {"user",      "userid",   "uid",      "usr",       "customerid", "customer", "reviewerid", "visitorid",
                                         "accountid", "memberid", "playerid", "profileid", "listenerid", "reviewer", "userhash",   NULL};
static const char *const item_names[] = {"item",       "itemid",  "iid",     "movieid", "movie",    "productid",  "product",   "asin",
                                         "parentasin", "bookid",  "isbn",    "book",    "artistid", "artist",     "trackid",   "songid",
                                         "track",      "song",    "videoid", "gameid",  "appid",    "businessid", "articleid", "newsid",
                                         "recipeid",   "animeid", "beerid",  "venueid", "filmid",   "mid",        NULL};
static const char *const rating_names[] = {"rating", "ratings", "score", "stars", "star", "overall", "bookrating", "reviewscore", "preference", NULL};
static const char *const time_names[] = {"time", "timestamp",        "ts",        "unixtime", "unixreviewtime", "datetime",
                                         "date", "timestampseconds", "createdat", "created",  "reviewtime",     "ratingtime",
                                         NULL};
static const char *const *const known_names[N_ROLES] = {user_names, item_names, rating_names, time_names};

/* "User-ID:token" → "userid". */
static void plain_name(const char *name, char out[NAME_MAX_BYTES]) {
    size_t n = 0;
    for (; *name && *name != ':' && n + 1 < NAME_MAX_BYTES; name++) {
        const char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
        if (c != '_' && c != '-' && c != ' ' && c != '.') out[n++] = c;
    }
    out[n] = 0;
}

int role_column(char *const *names, int n_names, enum role role) {
    for (const char *const *known = known_names[role]; *known; known++) {
        for (int i = 0; i < n_names; i++) {
            char plain[NAME_MAX_BYTES];
            plain_name(names[i], plain);
            if (strcmp(plain, *known) == 0) return i;
        }
    }
    return -1;
}

/* --- asking --- */

static void names_line(char *const *names, int n_names, struct buf *out) {
    for (int i = 0; i < n_names && i < 12; i++) buf_addf(out, "%s%s", i ? ", " : "", names[i]);
    if (n_names > 12) buf_addf(out, " and %d more", n_names - 12);
}

static enum status no_such_column(const char *path, char *const *names, int n_names, enum role role, const char *wanted, struct error *err) {
    struct buf line = BUF_INIT;
    const char *near = nearest_name(wanted, (const char *const *)names, (size_t)n_names);
    names_line(names, n_names, &line);
    err_set(err, ERR_KEY, "%s has no column `%s` for %s=", path, wanted, role_names[role]);
    if (near) err_hint(err, "did you mean `%s`? The columns are %s", near, buf_text(&line));
    else err_hint(err, "the columns are %s", buf_text(&line));
    buf_release(&line);
    return err_about(err, role_names[role]);
}

static enum status cannot_guess(const char *path, char *const *names, int n_names, enum role role, bool has_header, struct error *err) {
    struct buf line = BUF_INIT;
    names_line(names, n_names, &line);
    if (n_names < 2) {
        err_set(err, ERR_DATA, "%s has one column, and a user and an item are needed", path);
        err_hint(err, "is there a separator that is not , ; tab :: or |? Then say separator=");
    } else if (has_header) {
        err_set(err, ERR_DATA, "none of %s's columns is known to be the %s's: %s", path, role_names[role], buf_text(&line));
        err_hint(err, "say which: load(\"%s\", %s=\"%s\", …)", path, role_names[role], names[role < (enum role)n_names ? role : 0]);
    } else {
        err_set(err, ERR_DATA, "%s has %d columns and no header, so which are user and item is not known", path, n_names);
        err_hint(err, "say it by their numbers: load(\"%s\", user=\"1\", item=\"2\"); or does its first line name them? Then header=True", path);
    }
    buf_release(&line);
    return ERR_DATA;
}

/* By name, or by number where there is no header. */
static enum status named_column(const char *path, char *const *names, int n_names, bool has_header, enum role role, const char *wanted, int *out,
                                struct error *err) {
    int64_t number;
    for (int i = 0; i < n_names; i++) {
        const char *colon = strchr(names[i], ':');
        const size_t length = colon ? (size_t)(colon - names[i]) : strlen(names[i]); /* "user_id:token" is user_id */
        if (strcmp(names[i], wanted) != 0 && (strlen(wanted) != length || memcmp(names[i], wanted, length) != 0)) continue;
        *out = i;
        return OK;
    }
    if (!has_header && parse_int64(slice_of(wanted), &number) && number >= 1 && number <= n_names) {
        *out = (int)number - 1;
        return OK;
    }
    return no_such_column(path, names, n_names, role, wanted, err);
}

static enum status check_twice(const int columns[N_ROLES], int role, const char *path, const char *name, struct error *err) {
    for (int r = 0; r < role; r++) {
        if (columns[r] != columns[role]) continue;
        err_set(err, ERR_VALUE, "the column `%s` of %s can't be both %s and %s", name, path, role_names[r], role_names[role]);
        return err_about(err, role_names[role]);
    }
    return OK;
}

/* A guess leaves alone what the request names for another role. */
static int guessed_column(const int named[N_ROLES], char *const *names, int n_names, enum role role) {
    const int guess = role_column(names, n_names, role);
    for (int r = 0; r < N_ROLES; r++)
        if (named[r] == guess) return -1;
    return guess;
}

enum status role_columns(const struct load_request *request, const char *path, char *const *names, int n_names, bool has_header, int out[N_ROLES],
                         struct error *err) {
    const char *const wanted[N_ROLES] = {request->user, request->item, request->rating, request->time};
    int columns[N_ROLES] = {-1, -1, -1, -1};
    for (int r = 0; r < N_ROLES; r++) {
        if (!wanted[r]) continue;
        TRY(named_column(path, names, n_names, has_header, (enum role)r, wanted[r], &columns[r], err));
        TRY(check_twice(columns, r, path, wanted[r], err));
    }
    for (int r = 0; r < N_ROLES; r++) {
        if (columns[r] < 0) columns[r] = guessed_column(columns, names, n_names, (enum role)r);
        if (columns[r] < 0 && r <= ROLE_ITEM) return cannot_guess(path, names, n_names, (enum role)r, has_header, err);
    }
    memcpy(out, columns, sizeof columns);
    return OK;
}
