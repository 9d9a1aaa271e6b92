/* What Linux offers and Swift does not see: spawning with descriptors, timers that notice a clock that
 * was set, atomics in memory that two processes share. Every function returns a negative errno on
 * failure. */
#ifndef CLINUX_H
#define CLINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Starts `path` in a session of its own, with an empty signal mask and default handlers. The child's
 * descriptors 3, 4, ... are `fds`; all others but 0 to 2 are closed. Returns its process id. */
pid_t clinux_spawn(const char *path, char *const argv[], char *const envp[], const int *fds, int count);

/* The process becomes the parent of its orphaned descendants, so that it can reap them. */
int clinux_become_subreaper(void);
/* Neither this process nor its children gain privileges by executing a file. */
int clinux_no_new_privileges(void);
/* SIGKILL to this process when the thread that spawned it ends. */
int clinux_die_with_parent(void);
/* Sets the soft and hard limit on core dumps to none. */
int clinux_no_core_dumps(void);
/* Open descriptors of this process: as many as it may have, but no more than `most`. */
int clinux_limit_descriptors(uint64_t most);
/* When memory runs out, the kernel ends this process (and its children) before others; at most 1000. */
int clinux_prefer_as_victim(int score);

/* "TERM", or NULL for a number that has no name. */
const char *clinux_signal_name(int number);

/* A pipe that is closed on exec: its end to read from, and the one to write to. */
int clinux_pipe(int ends[2]);

/* Makes a file that is the user's only. The last six characters of the name are XXXXXX, and get replaced. */
int clinux_temporary_file(char *name);

/* A timer on the wall clock, as a descriptor that can be polled. */
int clinux_wall_timer(void);
/* Arms it for an instant in microseconds since the epoch; one that is past fires at once. */
int clinux_wall_timer_arm(int fd, int64_t instant_us);
int clinux_wall_timer_disarm(int fd);
/* Takes what happened: 1 fired, 2 the clock was set (arm it again), 0 nothing. */
int clinux_wall_timer_take(int fd);

int64_t clinux_wall_us(void);
int64_t clinux_monotonic_ns(void);

/* Accepts a connection; its descriptor does not block, and is closed on exec. */
int clinux_accept(int fd);

/* A counter to wake a poll with. */
int clinux_wakeup(void);
void clinux_wakeup_signal(int fd);
void clinux_wakeup_clear(int fd);

/* What waits for any of thousands of descriptors. One that is added is told, by its token, for as long as it can be
 * read or written without waiting, or has no other end any more; it must be removed before it is closed. */
enum { CLINUX_POLLER_BATCH = 64 };
int clinux_poller(void);
int clinux_poller_add(int poller, int fd, bool for_writing, uint64_t token);
void clinux_poller_remove(int poller, int fd);
/* Waits for at most that many milliseconds, for ever if negative; returns how many tokens it has left. */
int clinux_poller_wait(int poller, uint64_t *tokens, int capacity, int timeout_ms);

/* Process start time in clock ticks since boot (from /proc): with the id, it names a process. 0 for one that is
 * not there, or dead and not yet buried. */
uint64_t clinux_start_time(pid_t pid);

/* Locks by flock, alone or together with others who share it; 1 when it is locked, 0 when another holds it. */
int clinux_lock(int fd);
int clinux_lock_shared(int fd);

/* The type of the file system that the file lies on, as statfs(2) lists them; 0 where it cannot be had. */
uint32_t clinux_file_system(int fd);
/* Whether somebody has the regular file open for writing: 1 yes, 0 no. A negative errno where the file is of
 * another user, or on a file system that does not tell. */
int clinux_open_for_writing(int fd);

#endif
