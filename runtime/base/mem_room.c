#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/base/mem.h"

/* The number after `name` at the start of a line of a file of the kernel's; false when there is none. */
static bool read_number(const char *path, const char *name, unsigned long long *out) {
    FILE *file = fopen(path, "re");
    if (!file) return false;
    char line[256];
    size_t len = strlen(name);
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) found = strncmp(line, name, len) == 0 && sscanf(line + len, "%llu", out) == 1;
    fclose(file);
    return found;
}

/* What `ulimit -v` leaves: address space, whether it is used or not. */
static unsigned long long address_room(void) {
    struct rlimit limit;
    unsigned long long pages, used;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || !read_number("/proc/self/statm", "", &pages)) return SIZE_MAX;
    used = pages * (unsigned long long)sysconf(_SC_PAGESIZE);
    return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

/* statm(5), in pages: size, resident, shared, text, 0, data. */
size_t mem_promised_bytes(void) {
    unsigned long long resident, shared, data;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return 0;
    const int n = fscanf(file, "%*u %llu %llu %*u %*u %llu", &resident, &shared, &data);
    fclose(file);
    const unsigned long long touched = n == 3 && resident > shared ? resident - shared : 0;
    return n == 3 && data > touched ? (size_t)(data - touched) * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

size_t mem_room_bytes(void) {
    unsigned long long available, limit, used;
    unsigned long long room = SIZE_MAX;
    if (read_number("/proc/meminfo", "MemAvailable:", &available)) room = available * 1024;
    /* A container's limit ("max" when it has none); its page cache gives way, so only anonymous memory counts as used. */
    if (read_number("/sys/fs/cgroup/memory.max", "", &limit) && read_number("/sys/fs/cgroup/memory.stat", "anon ", &used)) {
        unsigned long long left = limit > used ? limit - used : 0;
        if (left < room) room = left;
    }
    unsigned long long space = address_room();
    if (space < room) room = space;
    return room > SIZE_MAX ? SIZE_MAX : (size_t)room;
}
