/* Signals and the parent's death, as descriptors for poll. */
#ifndef RECKON_WATCH_H
#define RECKON_WATCH_H

#include <stdbool.h>

/* Before any thread: SIGINT, SIGTERM and SIGHUP are blocked everywhere and come through the descriptor instead. */
void watch_block_signals(void);
int watch_signals_open(void); /* descriptor, or -1 */
void watch_signals_close(int fd);
/* Next signal number that came, or 0. */
int watch_signal_next(int fd);
/* Lets a signal do what it does to those who don't watch: ends the process. */
void watch_signal_obey(int number);

/* The launcher (JPY_PARENT_PID, else nobody). PID 1 may be a launcher (containers) and is never watched. */
struct parent_watch {
    int fd;        /* readable when the parent has ended; -1: look with parent_watch_gone now and then */
    int parent_id; /* 0: nobody to watch */
    bool direct;   /* it is the one that getppid names */
};
struct parent_watch parent_watch_open(const char *jpy_parent_pid);
bool parent_watch_gone(const struct parent_watch *watch);
void parent_watch_close(struct parent_watch *watch);

#endif
