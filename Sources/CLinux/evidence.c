#define _GNU_SOURCE
#include "clinux_evidence.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
  _Atomic uint64_t owner;
  _Atomic uint32_t fault;
  uint32_t unused;
} worker_record;

typedef struct {
  _Atomic uint64_t run;
  _Atomic int64_t started_us;
  _Atomic uint32_t attempt;
  _Atomic uint32_t stage;
} slot_record;

struct evidence {
  char boot_id[48];
  _Atomic int64_t pid;
  _Atomic uint64_t start_time;
  worker_record workers[EVIDENCE_WORKERS];
  slot_record slots[EVIDENCE_SLOTS];
  _Atomic int64_t keeper;
  _Atomic uint64_t keeper_start_time;
};

/* What the crash handler needs, set before any worker runs. */
static evidence *crash_map;
static __thread int current_worker = -1;

size_t evidence_size(void) { return sizeof(evidence); }

evidence *evidence_map(int fd) {
  void *map = mmap(NULL, sizeof(evidence), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return map == MAP_FAILED ? NULL : map;
}

void evidence_unmap(evidence *map) { munmap(map, sizeof *map); }

void evidence_reset(evidence *map, const char *boot_id, int64_t pid, uint64_t start_time) {
  memset((void *)map, 0, sizeof *map);
  strncpy(map->boot_id, boot_id, sizeof map->boot_id - 1);
  evidence_set_host(map, pid, start_time);
}

void evidence_set_host(evidence *map, int64_t pid, uint64_t start_time) {
  map->start_time = start_time;
  map->pid = pid;
}

void evidence_set_keeper(evidence *map, int64_t pid, uint64_t start_time) {
  map->keeper_start_time = start_time;
  map->keeper = pid;
}

int64_t evidence_keeper(const evidence *map) { return map->keeper; }
uint64_t evidence_keeper_start_time(const evidence *map) { return map->keeper_start_time; }

int64_t evidence_pid(const evidence *map) { return map->pid; }
uint64_t evidence_start_time(const evidence *map) { return map->start_time; }
const char *evidence_boot_id(const evidence *map) { return map->boot_id; }

static int is_slot(int slot) { return slot >= 0 && slot < EVIDENCE_SLOTS; }
static int is_worker(int worker) { return worker >= 0 && worker < EVIDENCE_WORKERS; }

void evidence_slot_take(evidence *map, int slot, uint64_t run, uint32_t attempt) {
  if (!is_slot(slot)) return;
  slot_record *record = &map->slots[slot];
  record->stage = EVIDENCE_FREE;
  record->run = run;
  record->attempt = attempt;
  record->started_us = 0;
  record->stage = EVIDENCE_HANDED_OVER;
}

void evidence_slot_free(evidence *map, int slot) {
  if (is_slot(slot)) map->slots[slot].stage = EVIDENCE_FREE;
}

void evidence_slot_main_called(evidence *map, int slot, int64_t now_us) {
  if (!is_slot(slot)) return;
  map->slots[slot].started_us = now_us;
  map->slots[slot].stage = EVIDENCE_MAIN_CALLED;
}

void evidence_slot_called_outside(evidence *map, int slot) {
  if (is_slot(slot)) map->slots[slot].stage = EVIDENCE_CALLED_OUTSIDE;
}

int evidence_slot_stage(const evidence *map, int slot) {
  return is_slot(slot) ? (int)map->slots[slot].stage : EVIDENCE_FREE;
}

uint64_t evidence_slot_run(const evidence *map, int slot) { return is_slot(slot) ? map->slots[slot].run : 0; }

uint32_t evidence_slot_attempt(const evidence *map, int slot) {
  return is_slot(slot) ? map->slots[slot].attempt : 0;
}

int64_t evidence_slot_started_us(const evidence *map, int slot) {
  return is_slot(slot) ? map->slots[slot].started_us : 0;
}

void evidence_worker_enter(evidence *map, int worker, uint64_t owner) {
  if (!is_worker(worker)) return;
  current_worker = worker;
  map->workers[worker].owner = owner;
}

void evidence_worker_leave(evidence *map, int worker) {
  if (is_worker(worker)) map->workers[worker].owner = 0;
}

uint64_t evidence_worker_owner(const evidence *map, int worker) {
  return is_worker(worker) ? map->workers[worker].owner : 0;
}

uint32_t evidence_worker_fault(const evidence *map, int worker) {
  return is_worker(worker) ? map->workers[worker].fault : 0;
}

static void on_crash(int signal_number, siginfo_t *info, void *context) {
  (void)context;
  /* A positive code is the kernel's own finding; kill() and its kin have codes of zero and below.
   * abort() raises by tgkill, so SIGABRT counts when it came from this very process. */
  int own = info->si_code > 0 || (signal_number == SIGABRT && info->si_pid == getpid());
  if (own && is_worker(current_worker)) crash_map->workers[current_worker].fault = (uint32_t)signal_number;
  signal(signal_number, SIG_DFL);
  if (info->si_code <= 0) raise(signal_number);
  /* Otherwise the faulting instruction is run again, and ends the process. */
}

void evidence_install_crash_handler(evidence *map) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
  crash_map = map;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}

static pthread_key_t stack_key;

/* Workers come and go: the stack goes with its thread. */
static void end_stack(void *stack) {
  stack_t none = {.ss_flags = SS_DISABLE};
  sigaltstack(&none, NULL);
  free(stack);
}

static void make_stack_key(void) { pthread_key_create(&stack_key, end_stack); }

void evidence_worker_thread_started(void) {
  enum { STACK = 64 * 1024 };
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_stack_key);
  if (pthread_getspecific(stack_key)) return;
  char *stack = malloc(STACK);
  if (!stack) return;
  pthread_setspecific(stack_key, stack);
  stack_t alternative = {.ss_sp = stack, .ss_size = STACK};
  sigaltstack(&alternative, NULL);
}
