#include "kernel/wire/links.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/mem.h"

struct link {
    int fd, number;  /* our duplicate; the number that it was accepted as */
    int left;        /* bytes that the other side hasn't taken, at the last look */
    double stands_s; /* since when that hasn't changed; 0: nothing is left */
    struct link *next;
};

struct links {
    struct link *first;
};

struct links *links_new(void) {
    return xnew(struct links);
}

static struct link *link_free(struct link *link) {
    struct link *next = link->next;
    close(link->fd);
    free(link);
    return next;
}

void links_free(struct links *links) {
    if (!links) return;
    while (links->first) links->first = link_free(links->first);
    free(links);
}

void links_add(struct links *links, int fd) {
    const int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own < 0) return;
    links_remove(links, fd);
    struct link *link = xnew(struct link);
    *link = (struct link){.fd = own, .number = fd, .next = links->first};
    links->first = link;
}

void links_remove(struct links *links, int fd) {
    for (struct link **at = &links->first; *at;) {
        if ((*at)->number == fd) *at = link_free(*at);
        else at = &(*at)->next;
    }
}

/* tcp(7) and unix(7): what TIOCOUTQ tells of a socket is what the other side has not taken. */
void links_look(struct links *links, double now_s) {
    for (struct link *link = links->first; link; link = link->next) {
        int left = 0;
        if (ioctl(link->fd, TIOCOUTQ, &left) != 0) left = 0;
        if (left == 0) link->stands_s = 0;
        else if (left != link->left || link->stands_s == 0) link->stands_s = now_s;
        link->left = left;
    }
}

void links_forget(struct links *links) {
    for (struct link *link = links->first; link; link = link->next) link->stands_s = 0;
}

/* Somebody has taken all there was: who holds things up, holds up him. */
static bool any_waits(const struct links *links) {
    for (const struct link *link = links->first; link; link = link->next)
        if (link->stands_s == 0) return true;
    return false;
}

int links_cut(struct links *links, double now_s, double seconds, double seconds_alone) {
    const double patience_s = any_waits(links) ? seconds : seconds_alone;
    int n = 0;
    for (struct link *link = links->first; link; link = link->next) {
        if (link->stands_s == 0 || now_s - link->stands_s < patience_s) continue;
        link->stands_s = 0;
        n += shutdown(link->fd, SHUT_RDWR) == 0;
    }
    return n;
}
