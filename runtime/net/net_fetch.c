/* Fetching by libcurl: into a file that may have its beginning already. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/net/net.h"

#define CONNECT_TIMEOUT_MS 5000L
#define STALLED_S 20L /* without a byte */
#define POLL_MS 50    /* between two safe points while nothing comes */
#define MARK_BYTES 256

struct transfer {
    const struct net_api *net;
    struct task *task;
    const struct net_fetch *request;
    struct error *err;
    CURL *curl;
    int fd;
    int64_t n, kept; /* bytes in the file; of an earlier try */
    int write_errno;
    bool began, too_large, elsewhere, cancelled;
    int64_t range_from; /* of the answer; -1: it didn't say */
    char etag[MARK_BYTES], changed[MARK_BYTES];
    char reason[CURL_ERROR_SIZE];
};

bool net_start(void) { return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; }

/* --- the server's mark of what it gives --- */

/* "ETag: "x"" → "x", when the line is of that header; else nothing changes. */
static void take_header(const char *line, size_t len, const char *name, char out[MARK_BYTES]) {
    const size_t length = strlen(name);
    if (len <= length || line[length] != ':' || strncasecmp(line, name, length) != 0) return;
    const char *at = line + length + 1, *end = line + len;
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    while (end > at && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ')) end--;
    const size_t n = (size_t)(end - at) < MARK_BYTES ? (size_t)(end - at) : 0; /* a longer one is none */
    memcpy(out, at, n);
    out[n] = 0;
}

static size_t on_header(char *data, size_t size, size_t len, void *ctx) {
    struct transfer *transfer = ctx;
    char range[MARK_BYTES] = "";
    len *= size;
    if (len > 5 && memcmp(data, "HTTP/", 5) == 0) { /* of each answer on the way */
        transfer->etag[0] = transfer->changed[0] = 0;
        transfer->range_from = -1;
    }
    take_header(data, len, "ETag", transfer->etag);
    take_header(data, len, "Last-Modified", transfer->changed);
    take_header(data, len, "Content-Range", range);
    long long from;
    if (sscanf(range, "bytes %lld-", &from) == 1) transfer->range_from = from;
    return len;
}

/* A weak ETag promises no equal bytes. */
static void keep_mark(const struct transfer *transfer) {
    const char *path = transfer->request->mark_path;
    const char *mark = transfer->etag[0] && strncmp(transfer->etag, "W/", 2) != 0 ? transfer->etag : transfer->changed;
    if (!path) return;
    unlink(path);
    const int fd = *mark ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666) : -1;
    if (fd < 0) return; /* without one the sum at the end must tell */
    if (net_write(fd, mark, strlen(mark)) != 0) unlink(path);
    close(fd);
}

/* "If-Range: <mark>" of the file's beginning; NULL: nothing is known of it. */
static struct curl_slist *condition(const struct transfer *transfer) {
    char header[MARK_BYTES + 16] = "If-Range: ";
    const size_t before = strlen(header);
    const int fd = transfer->request->mark_path ? open(transfer->request->mark_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0) return NULL;
    const ssize_t n = read(fd, header + before, MARK_BYTES - 1);
    close(fd);
    if (n <= 0 || memchr(header + before, '\n', (size_t)n)) return NULL;
    header[before + (size_t)n] = 0;
    return curl_slist_append(NULL, header);
}

/* --- what comes --- */

/* Whether the answer goes on where the file ends. A whole one (200) takes the place of what there was; a part from elsewhere is of no use. */
static bool begin(struct transfer *transfer) {
    long http = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &http);
    transfer->began = true;
    if (transfer->n > 0 && http == 200) {
        if (ftruncate(transfer->fd, 0) != 0) transfer->write_errno = errno;
        transfer->n = transfer->kept = 0;
    }
    transfer->elsewhere = http == 206 && transfer->range_from != transfer->n;
    if (transfer->n == 0 && !transfer->elsewhere) keep_mark(transfer);
    return transfer->write_errno == 0 && !transfer->elsewhere;
}

/* Anything but len stops the transfer. */
static size_t on_data(char *data, size_t size, size_t len, void *ctx) {
    struct transfer *transfer = ctx;
    len *= size;
    if (!transfer->began && !begin(transfer)) return 0;
    transfer->too_large = (int64_t)len > transfer->request->max_bytes - transfer->n;
    transfer->cancelled = transfer->net->host->task_check(transfer->task, transfer->err) != OK;
    if (transfer->too_large || transfer->cancelled) return 0;
    transfer->write_errno = net_write(transfer->fd, data, len);
    if (transfer->write_errno) return 0;
    transfer->n += (int64_t)len;
    transfer->net->host->task_report(transfer->task, transfer->n, "%s", "");
    return len;
}

static void only_the_web(CURL *curl) {
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS | CURLPROTO_FILE));
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* an interrupt doesn't wait for the name server */
#endif
}

static CURL *prepare(struct transfer *transfer, const struct curl_slist *headers) {
    CURL *curl = curl_easy_init();
    char range[32];
    if (!curl) return NULL;
    snprintf(range, sizeof range, "%lld-", (long long)transfer->n);
    only_the_web(curl);
    curl_easy_setopt(curl, CURLOPT_URL, transfer->request->url);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "reckon");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALLED_S);
    if (transfer->n > 0) curl_easy_setopt(curl, CURLOPT_RANGE, range); /* copied */
    if (headers) curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->reason);
    return curl;
}

/* Performs in small waits, so that an interrupt ends a transfer from which nothing comes. */
static CURLcode perform(struct transfer *transfer, CURLM *multi) {
    int running = 1, left;
    while (running && !transfer->cancelled) {
        if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
        if (running && curl_multi_poll(multi, NULL, 0, POLL_MS, NULL) != CURLM_OK) return CURLE_FAILED_INIT;
        if (!transfer->cancelled) transfer->cancelled = transfer->net->host->task_check(transfer->task, transfer->err) != OK;
    }
    const CURLMsg *message = curl_multi_info_read(multi, &left);
    return message ? message->data.result : CURLE_ABORTED_BY_CALLBACK;
}

/* *out_http: the answer's code, 0 when there was none. */
static CURLcode transfer_once(struct transfer *transfer, long *out_http) {
    struct curl_slist *headers = transfer->n > 0 ? condition(transfer) : NULL;
    CURL *curl = transfer->curl = prepare(transfer, headers);
    CURLM *multi = curl ? curl_multi_init() : NULL;
    CURLcode code = CURLE_FAILED_INIT;
    transfer->reason[0] = 0;
    transfer->began = transfer->elsewhere = false;
    transfer->range_from = -1;
    *out_http = 0;
    if (multi && curl_multi_add_handle(multi, curl) == CURLM_OK) {
        code = perform(transfer, multi);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, out_http);
        curl_multi_remove_handle(multi, curl);
    }
    curl_multi_cleanup(multi);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return code;
}

static enum status why(const struct transfer *transfer, CURLcode code, long http) {
    const struct net_fetch *request = transfer->request;
    const char *system = strerrordesc_np(transfer->write_errno);
    if (transfer->cancelled) return ERR_INTERRUPTED;
    if (transfer->write_errno)
        return net_fail(transfer->net, transfer->err, ERR_FILE, "can't write `%s`: %s", request->path, system ? system : "unknown reason");
    if (transfer->too_large)
        return net_fail(transfer->net, transfer->err, ERR_NETWORK, "%s is larger than the %lld bytes that were expected at most", request->url,
                        (long long)request->max_bytes);
    if (code == CURLE_HTTP_RETURNED_ERROR)
        return net_fail(transfer->net, transfer->err, ERR_NETWORK, "%s: the server answers %ld", request->url, http);
    return net_fail(transfer->net, transfer->err, ERR_NETWORK, "can't fetch %s: %s", request->url,
                    transfer->reason[0] ? transfer->reason : curl_easy_strerror(code));
}

/* Of a file that is longer than what there is, or a range that isn't the one that was asked for. */
static bool cannot_continue(const struct transfer *transfer, CURLcode code, long http) {
    return transfer->elsewhere || code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME ||
           (code == CURLE_HTTP_RETURNED_ERROR && http == 416);
}

static enum status fetch_into(struct transfer *transfer, int64_t *out_kept) {
    long http;
    transfer->kept = transfer->n;
    CURLcode code = transfer_once(transfer, &http);
    if (transfer->kept > 0 && cannot_continue(transfer, code, http)) {
        transfer->kept = transfer->n = 0;
        if (ftruncate(transfer->fd, 0) != 0) transfer->write_errno = errno;
        else code = transfer_once(transfer, &http);
    }
    if (code != CURLE_OK || transfer->cancelled) return why(transfer, code, http);
    *out_kept = transfer->kept;
    return OK;
}

enum status net_fetch(const struct net_api *net, struct task *task, const struct net_fetch *request, int64_t *out_kept, struct error *err) {
    struct transfer transfer = {.net = net, .task = task, .request = request, .err = err};
    struct stat info;
    transfer.fd = open(request->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (transfer.fd < 0 || fstat(transfer.fd, &info) != 0) {
        const char *reason = strerrordesc_np(errno);
        if (transfer.fd >= 0) close(transfer.fd);
        return net_fail(net, err, ERR_FILE, "can't write `%s`: %s", request->path, reason ? reason : "unknown reason");
    }
    transfer.n = info.st_size;
    enum status status = fetch_into(&transfer, out_kept);
    if (close(transfer.fd) != 0 && status == OK) status = net_fail(net, err, ERR_FILE, "can't write `%s`", request->path);
    return status;
}
