#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static int failed(void) { return -errno; }

/* posix_spawn runs the file actions in order, so a descriptor that stands where another must go is
 * moved out of the way first: all are duplicated above the targets. */
pid_t clinux_spawn(const char *path, char *const argv[], char *const envp[], const int *fds, int count) {
  int lifted[16];
  if (count < 0 || count > 16) return -EINVAL;
  for (int i = 0; i < count; i++) {
    lifted[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3 + count);
    if (lifted[i] < 0) {
      int error = errno;
      while (i-- > 0) close(lifted[i]);
      return -error;
    }
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  for (int i = 0; i < count; i++) posix_spawn_file_actions_adddup2(&actions, lifted[i], 3 + i);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3 + count);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  int error = posix_spawn(&pid, path, &actions, &attributes, argv, envp);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  for (int i = 0; i < count; i++) close(lifted[i]);
  return error == 0 ? pid : -error;
}

int clinux_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? failed() : 0; }

int clinux_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? failed() : 0; }

int clinux_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? failed() : 0; }

int clinux_no_core_dumps(void) {
  struct rlimit none = {0, 0};
  return setrlimit(RLIMIT_CORE, &none) < 0 ? failed() : 0;
}

int clinux_limit_descriptors(uint64_t most) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return failed();
  if (limit.rlim_max > most) limit.rlim_max = most;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? failed() : 0;
}

const char *clinux_signal_name(int number) { return sigabbrev_np(number); }

int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) < 0 ? failed() : 0; }

int clinux_temporary_file(char *name) {
  int fd = mkostemp(name, O_CLOEXEC);
  return fd < 0 ? failed() : fd;
}

int clinux_prefer_as_victim(int score) {
  char text[16];
  int length = snprintf(text, sizeof text, "%d", score);
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return failed();
  int result = write(fd, text, (size_t)length) == length ? 0 : failed();
  close(fd);
  return result;
}

#ifdef INJECTED_CLOCK
/* Debug builds: the fault campaign sets the wall clock of one daemon and its hosts. The file that ALMANAC_CLOCK names
 * holds, as eight bytes, by how many microseconds their clock is ahead of the machine's. */
static const volatile int64_t *lead;

__attribute__((constructor)) static void inject_clock(void) {
  const char *path = getenv("ALMANAC_CLOCK");
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *memory = mmap(NULL, sizeof *lead, PROT_READ, MAP_SHARED, fd, 0);
  if (memory != MAP_FAILED) lead = memory;
  close(fd);
}

static int64_t lead_us(void) { return lead ? *lead : 0; }
#else
static int64_t lead_us(void) { return 0; }
#endif

int clinux_wall_timer(void) {
  int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  return fd < 0 ? failed() : fd;
}

static int arm(int fd, struct timespec at) {
  struct itimerspec spec = {.it_value = at};
  return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL) < 0 ? failed() : 0;
}

int clinux_wall_timer_arm(int fd, int64_t instant_us) {
  instant_us -= lead_us();
  if (instant_us < 1) instant_us = 1; /* zero would disarm it */
  struct timespec at = {.tv_sec = instant_us / 1000000, .tv_nsec = instant_us % 1000000 * 1000};
  return arm(fd, at);
}

/* A timer that is not armed does not notice a clock that is set: arm it for the end of time. */
int clinux_wall_timer_disarm(int fd) {
  struct timespec never = {.tv_sec = INT64_C(1) << 33};
  return arm(fd, never);
}

int clinux_wall_timer_take(int fd) {
  uint64_t expirations;
  if (read(fd, &expirations, sizeof expirations) > 0) return 1;
  return errno == ECANCELED ? 2 : 0;
}

static int64_t now(clockid_t clock, int64_t per_second) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * per_second + time.tv_nsec / (1000000000 / per_second);
}

int64_t clinux_wall_us(void) { return now(CLOCK_REALTIME, 1000000) + lead_us(); }
int64_t clinux_monotonic_ns(void) { return now(CLOCK_MONOTONIC, 1000000000); }

int clinux_accept(int fd) {
  int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return accepted < 0 ? failed() : accepted;
}

int clinux_wakeup(void) {
  int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return fd < 0 ? failed() : fd;
}

void clinux_wakeup_signal(int fd) {
  uint64_t one = 1;
  ssize_t written = write(fd, &one, sizeof one);
  (void)written; /* a full counter is a wake-up too */
}

void clinux_wakeup_clear(int fd) {
  uint64_t count;
  ssize_t taken = read(fd, &count, sizeof count);
  (void)taken;
}

int clinux_poller(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? failed() : fd;
}

int clinux_poller_add(int poller, int fd, bool for_writing, uint64_t token) {
  struct epoll_event event = {.events = for_writing ? EPOLLOUT : EPOLLIN, .data.u64 = token};
  return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0 ? failed() : 0;
}

void clinux_poller_remove(int poller, int fd) { epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL); }

int clinux_poller_wait(int poller, uint64_t *tokens, int capacity, int timeout_ms) {
  struct epoll_event events[CLINUX_POLLER_BATCH];
  if (capacity > CLINUX_POLLER_BATCH) capacity = CLINUX_POLLER_BATCH;
  int count = epoll_wait(poller, events, capacity, timeout_ms);
  for (int i = 0; i < count; i++) tokens[i] = events[i].data.u64;
  return count < 0 ? failed() : count;
}

uint64_t clinux_start_time(pid_t pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *file = fopen(path, "re");
  if (!file) return 0;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  /* The command's name stands in parentheses and may hold anything; field 22 counts from its end. */
  char *rest = strrchr(text, ')');
  unsigned long long start = 0;
  char state = 0;
  if (!rest || sscanf(rest + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                      &state, &start) != 2)
    return 0;
  return state == 'Z' || state == 'X' ? 0 : start;
}

static int lock(int fd, int kind) {
  if (flock(fd, kind | LOCK_NB) == 0) return 1;
  return errno == EWOULDBLOCK ? 0 : failed();
}

int clinux_lock(int fd) { return lock(fd, LOCK_EX); }
int clinux_lock_shared(int fd) { return lock(fd, LOCK_SH); }

uint32_t clinux_file_system(int fd) {
  struct statfs status;
  return fstatfs(fd, &status) < 0 ? 0 : (uint32_t)status.f_type;
}

int clinux_open_for_writing(int fd) {
  /* A lease on reading is given only while nobody writes. Whoever opens the file for writing in the moment
   * that it is held waits for its end, and we would be told by a signal whose default is to end us. */
  if (fcntl(fd, F_SETSIG, SIGURG) < 0) return failed();
  if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0) return errno == EAGAIN ? 1 : failed();
  fcntl(fd, F_SETLEASE, F_UNLCK);
  return 0;
}
