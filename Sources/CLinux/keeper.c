#define _GNU_SOURCE
#include "clinux_keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* One packet of the conversation. A launch comes with four descriptors: the block, and the child's three. */
typedef struct {
  uint32_t id;
  int32_t signal; /* 0: a launch */
  uint32_t programs, arguments, variables;
} request;

enum { CARRIED = 4 };

/* The host's side */

static int send_request(int socket, const request *message, const int *descriptors) {
  struct iovec part = {.iov_base = (void *)message, .iov_len = sizeof *message};
  union {
    char bytes[CMSG_SPACE(sizeof(int) * CARRIED)];
    struct cmsghdr align;
  } control;
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  if (descriptors) {
    memset(&control, 0, sizeof control);
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof control.bytes;
    struct cmsghdr *carried = CMSG_FIRSTHDR(&header);
    carried->cmsg_level = SOL_SOCKET;
    carried->cmsg_type = SCM_RIGHTS;
    carried->cmsg_len = CMSG_LEN(sizeof(int) * CARRIED);
    memcpy(CMSG_DATA(carried), descriptors, sizeof(int) * CARRIED);
  }
  for (;;) {
    if (sendmsg(socket, &header, MSG_NOSIGNAL) >= 0) return 0;
    /* More descriptors are on their way than the system allows: the keeper takes them out. */
    if (errno == ETOOMANYREFS) poll(NULL, 0, 1);
    else if (errno != EINTR) return -errno;
  }
}

static int write_all(int fd, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t count = write(fd, bytes, length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -errno;
    bytes += count;
    length -= (size_t)count;
  }
  return 0;
}

int keeper_launch_child(int socket, const keeper_launch *launch) {
  request message = {
    .id = launch->id, .programs = launch->programs, .arguments = launch->arguments,
    .variables = launch->variables,
  };
  int block = memfd_create("almanac-launch", MFD_CLOEXEC);
  if (block < 0) return -errno;
  int descriptors[CARRIED] = {block, launch->descriptors[0], launch->descriptors[1], launch->descriptors[2]};
  int result = write_all(block, launch->texts, launch->length);
  if (result == 0) result = send_request(socket, &message, descriptors);
  close(block);
  return result;
}

int keeper_signal(int socket, uint32_t id, int signal_number) {
  request message = {.id = id, .signal = signal_number};
  return send_request(socket, &message, NULL);
}

int keeper_next(int socket, keeper_report *report) {
  ssize_t count;
  do count = recv(socket, report, sizeof *report, 0);
  while (count < 0 && errno == EINTR);
  if (count < 0) return -errno;
  return count == sizeof *report ? 1 : 0;
}

/* The keeper's side: one thread, which waits for nothing but what it is told and its children. */

typedef struct {
  pid_t pid; /* of the child, and of its group */
  uint32_t id;
  bool has_ended;
} child;

static child *children;
static size_t count, capacity;
/* How many have ended, with others of their group still there. */
static size_t lingering;

static child *child_with_id(uint32_t id) {
  for (size_t i = 0; i < count; i++)
    if (children[i].id == id) return &children[i];
  return NULL;
}

static child *child_with_pid(pid_t pid) {
  for (size_t i = 0; i < count; i++)
    if (children[i].pid == pid) return &children[i];
  return NULL;
}

/* All that is left of this process' descendants ends, whatever group or session they have gone to: those whose
 * parents die become its children. */
static void kill_children(void) {
  DIR *folder = opendir("/proc");
  if (!folder) return;
  for (struct dirent *entry; (entry = readdir(folder));) {
    char path[64], text[512];
    int pid = atoi(entry->d_name), parent = 0;
    if (pid <= 0) continue;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) continue;
    text[length] = 0;
    /* The command's name stands in parentheses and may hold anything. */
    char *rest = strrchr(text, ')');
    if (rest && sscanf(rest + 1, " %*c %d", &parent) == 1 && parent == getpid()) kill(pid, SIGKILL);
  }
  closedir(folder);
}

static void end_children(void) {
  for (;;) {
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {}
    if (pid < 0 && errno == ECHILD) return;
    kill_children();
    poll(NULL, 0, 2);
  }
}

static _Noreturn void end_all(void) {
  for (size_t i = 0; i < count; i++) kill(-children[i].pid, SIGKILL);
  end_children();
  _exit(0);
}

static void report(int socket, uint32_t id, int32_t kind, int32_t value, int32_t detail) {
  keeper_report message = {.id = id, .kind = kind, .value = value, .detail = detail};
  while (send(socket, &message, sizeof message, MSG_NOSIGNAL) < 0)
    if (errno != EINTR) end_all(); /* the host is gone */
}

/* Written by the child that is being started, which shares the keeper's memory until it has become its program. */
static volatile int launch_error, launch_in_folder;

/* Gives a signal its default effect. The kernel is asked, not the C library, which refuses the signals that it keeps
 * for its own threads: whoever started the daemon may have had those ignored too. In each machine's layout of the
 * kernel's structure zeros say SIG_DFL, no flags and an empty mask; SIGKILL and SIGSTOP are refused, and need none. */
static void reset(int number) {
  static const long zeros[16];
  syscall(SYS_rt_sigaction, number, zeros, NULL, NSIG / 8);
}

/* In the child: becomes its program, or leaves why it could not. */
static _Noreturn void become(pid_t keeper, const char *folder, char *const *programs, char *const *arguments,
                             char *const *environment, const int *descriptors) {
  sigset_t none;
  sigemptyset(&none);
  setsid();
  /* Its group is ended by the host if the keeper is killed, and by this if both are. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != keeper) _exit(127);
  for (int number = 1; number < NSIG; number++) reset(number);
  for (int i = 0; i < 3; i++) dup2(descriptors[i], i); /* all others are closed by becoming the program */
  int error = ENOENT;
  if (chdir(folder) < 0) {
    launch_in_folder = 1;
    launch_error = errno;
    _exit(127);
  }
  sigprocmask(SIG_SETMASK, &none, NULL);
  for (; *programs; programs++) {
    execve(*programs, arguments, environment);
    /* As a shell does: what cannot be run is passed over, but remembered. */
    if (errno == EACCES) error = EACCES;
    else if (errno != ENOENT && errno != ENOTDIR) {
      error = errno;
      break;
    }
  }
  launch_error = error;
  _exit(127);
}

static void launch(int socket, const request *message, const int *descriptors) {
  off_t length = lseek(descriptors[0], 0, SEEK_END);
  size_t pointers = (size_t)message->programs + message->arguments + message->variables + 3;
  char **table = calloc(pointers, sizeof *table);
  char *texts = length > 0 ? mmap(NULL, (size_t)length, PROT_READ, MAP_PRIVATE, descriptors[0], 0) : MAP_FAILED;
  if (!table || texts == MAP_FAILED) {
    report(socket, message->id, KEEPER_REFUSED, ENOMEM, 0);
  } else {
    char *text = texts + strlen(texts) + 1, **next = table, **lists[3];
    const uint32_t sizes[3] = {message->programs, message->arguments, message->variables};
    for (int list = 0; list < 3; list++) {
      lists[list] = next;
      for (uint32_t i = 0; i < sizes[list]; i++, text += strlen(text) + 1) *next++ = text;
      next++; /* which is NULL */
    }
    launch_error = launch_in_folder = 0;
    pid_t keeper = getpid(), pid = vfork();
    if (pid == 0) become(keeper, texts, lists[0], lists[1], lists[2], descriptors + 1);
    if (pid < 0) {
      report(socket, message->id, KEEPER_REFUSED, errno, 0);
    } else if (launch_error != 0) {
      /* After a failure nothing but _exit has followed. */
      while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
      report(socket, message->id, KEEPER_REFUSED, launch_error, launch_in_folder);
    } else {
      children[count++] = (child){.pid = pid, .id = message->id};
      report(socket, message->id, KEEPER_STARTED, pid, 0);
    }
  }
  if (texts != MAP_FAILED) munmap(texts, (size_t)length);
  free(table);
}

/* Room for one child more. */
static bool reserve(void) {
  if (count < capacity) return true;
  size_t larger = capacity ? capacity * 2 : 64;
  child *moved = realloc(children, larger * sizeof *children);
  if (!moved) return false;
  children = moved;
  capacity = larger;
  return true;
}

static void obey(int socket, const request *message, const int *descriptors) {
  if (message->signal != 0) {
    child *found = child_with_id(message->id);
    if (found) kill(-found->pid, message->signal);
  } else if (!descriptors || !reserve()) {
    report(socket, message->id, KEEPER_REFUSED, descriptors ? ENOMEM : EMFILE, 0);
  } else {
    launch(socket, message, descriptors);
  }
}

/* Takes one request; false when there is none yet. */
static bool take_request(int socket) {
  request message;
  struct iovec part = {.iov_base = &message, .iov_len = sizeof message};
  union {
    char bytes[CMSG_SPACE(sizeof(int) * CARRIED)];
    struct cmsghdr align;
  } control;
  struct msghdr header = {
    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes,
  };
  ssize_t received = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (received < 0) {
    if (errno == EAGAIN) return false;
    if (errno == EINTR) return true;
    end_all();
  }
  if (received != sizeof message) end_all(); /* the socket is closed: the host is gone */
  int descriptors[CARRIED];
  size_t carried = 0;
  struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
  if (rights && rights->cmsg_type == SCM_RIGHTS) {
    carried = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(descriptors, CMSG_DATA(rights), carried * sizeof(int));
  }
  obey(socket, &message, carried == CARRIED ? descriptors : NULL);
  for (size_t i = 0; i < carried; i++) close(descriptors[i]);
  return true;
}

static void reap(int socket) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    child *found = child_with_pid(pid);
    if (!found || found->has_ended) continue; /* an orphan that came here to die */
    found->has_ended = true;
    lingering++;
    if (WIFSIGNALED(status)) report(socket, found->id, KEEPER_ENDED, WTERMSIG(status), 1);
    else report(socket, found->id, KEEPER_ENDED, WEXITSTATUS(status), 0);
  }
  /* As long as there is anybody in the group, its number belongs to it. */
  for (size_t i = 0; lingering > 0 && i < count;) {
    child found = children[i];
    if (found.has_ended && kill(-found.pid, 0) < 0 && errno == ESRCH) {
      children[i] = children[--count];
      lingering--;
      report(socket, found.id, KEEPER_GONE, 0, 0);
    } else {
      i++;
    }
  }
}

/* Nothing of the host's stays open here but its socket, which becomes descriptor 3. */
static int keep_only(int socket) {
  int lifted = fcntl(socket, F_DUPFD_CLOEXEC, 4), nothing = open("/dev/null", O_RDWR);
  if (lifted < 0 || nothing < 0) _exit(1);
  for (int i = 0; i < 3; i++)
    if (dup2(nothing, i) < 0) _exit(1);
  if (dup3(lifted, 3, O_CLOEXEC) < 0) _exit(1);
  closefrom(4);
  return 3;
}

/* How many requests are taken before the dead are looked after. */
enum { AT_ONCE = 16 };

static _Noreturn void keep(int socket) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  /* A group of its own: what ends the host's must not end who tidies up after it. */
  setsid();
  prctl(PR_SET_NAME, "almanac-keeper");
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  socket = keep_only(socket);
  sigset_t deaths;
  sigemptyset(&deaths);
  sigaddset(&deaths, SIGCHLD);
  int news = signalfd(-1, &deaths, SFD_NONBLOCK | SFD_CLOEXEC);
  if (news < 0) _exit(1);
  for (;;) {
    struct pollfd waiting[2] = {{.fd = socket, .events = POLLIN}, {.fd = news, .events = POLLIN}};
    /* That the last of a group has ended need not be news to the keeper: it may have had another parent. */
    poll(waiting, 2, lingering > 0 ? 10 : -1);
    struct signalfd_siginfo ignored;
    while (read(news, &ignored, sizeof ignored) > 0) {}
    reap(socket);
    for (int taken = 0; taken < AT_ONCE && take_request(socket); taken++) {}
  }
}

int keeper_start(pid_t *pid) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -errno;
  *pid = fork();
  if (*pid == 0) keep(ends[1]);
  int error = errno;
  close(ends[1]);
  if (*pid > 0) return ends[0];
  close(ends[0]);
  return -error;
}

void keeper_end_orphans(void) {
  int is_reaper = 0;
  if (prctl(PR_GET_CHILD_SUBREAPER, &is_reaper) == 0 && is_reaper) end_children();
}
