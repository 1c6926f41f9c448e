/* Fetching by libcurl: into a file that may have its beginning already. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/net/net.h"

#define CONNECT_TIMEOUT_MS 5000L
#define STALLED_S 20L /* without a byte */
#define POLL_MS 50    /* between two safe points while nothing comes */

struct transfer {
    const struct net_api *net;
    struct task *task;
    const struct net_fetch *request;
    struct error *err;
    int fd;
    int64_t n; /* bytes in the file */
    int write_errno;
    bool too_large, cancelled;
    char reason[CURL_ERROR_SIZE];
};

bool net_start(void) { return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; }

/* Anything but len stops the transfer. */
static size_t on_data(char *data, size_t size, size_t len, void *ctx) {
    struct transfer *transfer = ctx;
    len *= size;
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

static CURL *prepare(struct transfer *transfer) {
    CURL *curl = curl_easy_init();
    if (!curl) return NULL;
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
    curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)transfer->n);
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
    CURL *curl = prepare(transfer);
    CURLM *multi = curl ? curl_multi_init() : NULL;
    CURLcode code = CURLE_FAILED_INIT;
    transfer->reason[0] = 0;
    *out_http = 0;
    if (multi && curl_multi_add_handle(multi, curl) == CURLM_OK) {
        code = perform(transfer, multi);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, out_http);
        curl_multi_remove_handle(multi, curl);
    }
    curl_multi_cleanup(multi);
    curl_easy_cleanup(curl);
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

static bool cannot_continue(CURLcode code, long http) {
    return code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME || (code == CURLE_HTTP_RETURNED_ERROR && http == 416);
}

static enum status fetch_into(struct transfer *transfer, int64_t *out_kept) {
    long http;
    int64_t kept = transfer->n;
    CURLcode code = transfer_once(transfer, &http);
    if (kept > 0 && cannot_continue(code, http)) {
        kept = transfer->n = 0;
        if (ftruncate(transfer->fd, 0) != 0) transfer->write_errno = errno;
        else code = transfer_once(transfer, &http);
    }
    if (code != CURLE_OK || transfer->cancelled) return why(transfer, code, http);
    *out_kept = kept;
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
