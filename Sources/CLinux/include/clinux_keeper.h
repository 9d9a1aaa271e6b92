/* The keeper: a small process beside a host that starts the host's child processes, reaps them, and ends
 * them all when the host is gone, however it went.
 *
 * It is the host forked before there is anything in it, so it costs little memory, and a child costs no
 * more when its host has grown. Each child leads a session and a process group of its own. Orphans among the
 * descendants come to the keeper, which buries them: no zombies, whatever a job starts. */
#ifndef CLINUX_KEEPER_H
#define CLINUX_KEEPER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a child is started with. All texts are closed by a zero byte, in one block: the working directory, the
 * paths to try as the program in their order, the arguments, the environment. */
typedef struct {
  uint32_t id; /* the caller's name for the child */
  uint32_t programs, arguments, variables;
  const uint8_t *texts;
  size_t length;
  int descriptors[3]; /* the child's stdin, stdout and stderr */
} keeper_launch;

enum {
  KEEPER_STARTED = 1, /* value: the process id, which is that of the group too */
  KEEPER_REFUSED = 2, /* value: errno of the working directory (detail 1) or the program (detail 0); the last */
  KEEPER_ENDED = 3,   /* value: the exit code, or with detail 1 the signal; others of the group may live on */
  KEEPER_GONE = 4,    /* nothing of the group is left; the last */
};

typedef struct {
  uint32_t id;
  int32_t kind, value, detail;
} keeper_report;

/* Forks the keeper, and returns the socket to it. */
int keeper_start(pid_t *pid);
/* Sends a child off. The descriptors stay the caller's. Waits while the keeper is busy. */
int keeper_launch_child(int socket, const keeper_launch *launch);
/* Sends a signal to the child's whole group, if there is one left. */
int keeper_signal(int socket, uint32_t id, int signal_number);
/* Waits for the next report; 0 when the keeper is gone. */
int keeper_next(int socket, keeper_report *report);
/* After a keeper was killed, and before another is started: ends what it leaves to its host, if the host takes
 * orphans in. Waits until it is gone. */
void keeper_end_orphans(void);

#endif
