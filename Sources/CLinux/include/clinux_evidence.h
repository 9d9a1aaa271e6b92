/* The evidence file: memory that a host process and the daemon share, backed by a file, so that it
 * tells what a run had done even after both were killed. (After a power cut its content is unknown;
 * the boot id in it tells.) */
#ifndef CLINUX_EVIDENCE_H
#define CLINUX_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

enum {
  EVIDENCE_WORKERS = 320,
  EVIDENCE_SLOTS = 16384,
};

/* How far a run has come. */
enum {
  EVIDENCE_FREE = 0,
  EVIDENCE_HANDED_OVER = 1, /* main was not called */
  EVIDENCE_MAIN_CALLED = 2,
  EVIDENCE_CALLED_OUTSIDE = 3, /* it may have changed the world */
};

typedef struct evidence evidence;

size_t evidence_size(void);
/* Maps the file behind `fd`, or NULL. */
evidence *evidence_map(int fd);
void evidence_unmap(evidence *map);

/* The daemon: a host was started (or is about to be), and what was there before is void. */
void evidence_reset(evidence *map, const char *boot_id, int64_t pid, uint64_t start_time);
void evidence_set_host(evidence *map, int64_t pid, uint64_t start_time);
int64_t evidence_pid(const evidence *map);
uint64_t evidence_start_time(const evidence *map);
const char *evidence_boot_id(const evidence *map);
/* The host: the process that looks after its children, and ends them when the host is gone. */
void evidence_set_keeper(evidence *map, int64_t pid, uint64_t start_time);
int64_t evidence_keeper(const evidence *map);
uint64_t evidence_keeper_start_time(const evidence *map);

/* The daemon gives a slot to an attempt of a run, and takes it back. */
void evidence_slot_take(evidence *map, int slot, uint64_t run, uint32_t attempt);
void evidence_slot_free(evidence *map, int slot);
/* The host, just before it calls main, or the first time that the run calls outside. */
void evidence_slot_main_called(evidence *map, int slot, int64_t now_us);
void evidence_slot_called_outside(evidence *map, int slot);

int evidence_slot_stage(const evidence *map, int slot);
uint64_t evidence_slot_run(const evidence *map, int slot);
uint32_t evidence_slot_attempt(const evidence *map, int slot);
int64_t evidence_slot_started_us(const evidence *map, int slot);

/* The host: this thread is worker `worker`, and works for `owner` (a run's slot, or a state that is
 * being loaded, see the Swift side), or for nobody (0). */
void evidence_worker_enter(evidence *map, int worker, uint64_t owner);
void evidence_worker_leave(evidence *map, int worker);
uint64_t evidence_worker_owner(const evidence *map, int worker);
/* The signal by which this worker brought the host down, or 0. */
uint32_t evidence_worker_fault(const evidence *map, int worker);

/* Installs the handler that marks the worker at fault when the kernel (not another process) raises
 * SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT or SIGTRAP in it, and then lets the signal end the process. */
void evidence_install_crash_handler(evidence *map);
/* A crash handler needs a stack of its own on each worker thread. */
void evidence_worker_thread_started(void);

#endif
