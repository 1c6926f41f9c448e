/* A peer's measurement within a bench: a script under tests/bench, run by the Python that tests/bench/peers.sh made, prints lines of numbers. */
#ifndef RECKON_BENCH_PEER_H
#define RECKON_BENCH_PEER_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* build/peers/bin/python, found from build/tests/bench/NAME. False: there are no peers. */
static inline bool peer_python(char *out, size_t size) {
    char self[2000];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0) return false;
    self[n] = 0;
    for (int up = 0; up < 3; up++) *strrchr(self, '/') = 0;
    snprintf(out, size, "%s/peers/bin/python", self);
    return access(out, X_OK) == 0;
}

/* Runs `script argument…` (NULL ends) and reads up to n numbers that it prints; returns how many, 0 when there is no peer. */
static inline int peer_numbers(const char *const *argv, double *out, int n) {
    char python[2100];
    int ends[2], got = 0;
    const char *all[16] = {python};
    if (!peer_python(python, sizeof python) || pipe(ends) != 0) return 0;
    for (int i = 0; i < 14 && argv[i]; i++) all[i + 1] = argv[i];
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        execv(python, (char *const *)all);
        _exit(127);
    }
    close(ends[1]);
    FILE *lines = fdopen(ends[0], "r");
    while (lines && got < n && fscanf(lines, "%lf", &out[got]) == 1) got++;
    if (lines) fclose(lines);
    waitpid(child, NULL, 0);
    return got;
}

#endif
