/* The connections of iopub's subscribers, each seen by how much of what was sent
 * to it hasn't been taken yet. libzmq tells neither who lags nor how long; so
 * one subscriber that never reads would hold up all others, or cost them
 * messages. Here it is found and disconnected. One thread. */
#ifndef RECKON_LINKS_H
#define RECKON_LINKS_H

#include <stdbool.h>

struct links;
struct links *links_new(void);
void links_free(struct links *links); /* NULL is fine; the connections live on */

/* fd was accepted; keeps a duplicate, so that the number may be used again by others. */
void links_add(struct links *links, int fd);
void links_remove(struct links *links, int fd);

/* Looks who has taken something since the last look. Often: a connection in full flow is full at most looks, so two alike prove nothing. */
void links_look(struct links *links, double now_s);
/* Nobody stands still so far. */
void links_forget(struct links *links);
/* Shuts the connections down that have taken nothing for `seconds` though there was something; where no other has taken all
 * there was and waits for more, only after `seconds_alone`. Returns how many. */
int links_cut(struct links *links, double now_s, double seconds, double seconds_alone);

#endif
