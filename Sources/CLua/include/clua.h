/* A job's Lua state, as the Swift side of the host sees it.
 *
 * Lua raises and yields by longjmp, which must never cross a Swift frame. So Swift never sees a
 * lua_State: it enters Lua by the functions below, each of which runs everything that may raise inside a
 * coroutine of its own and comes back with a status; and Lua enters Swift by the callbacks in
 * `clua_config`, which return a status too and leave what they have to say in a buffer.
 *
 * Values cross the border in the coding of `Values/ByteWriter.swift`. A list of values is a UInt32 count
 * and the values.
 *
 * A state is used by one thread at a time; the functions that any thread may call say so. */
#ifndef CLUA_H
#define CLUA_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct clua_state clua_state;

/* What Swift answers when Lua calls it. */
enum {
  CLUA_REPLY_VALUES = 0,  /* the buffer holds a list of values: the call returns them */
  CLUA_REPLY_TROUBLE = 1, /* it holds a text: the call returns nil and it */
  CLUA_REPLY_MISUSE = 2,  /* it holds a text: the call raises it */
  CLUA_REPLY_WAIT = 3,    /* the answer comes with clua_continue */
  CLUA_REPLY_CANNOT_WAIT = 4,
  CLUA_REPLY_END = 5, /* the run ends here, from any depth (job.skip and its kin) */
};

/* Whether a call may wait, as Swift is told. */
enum {
  CLUA_CANNOT_WAIT = 0,
  CLUA_CAN_WAIT = 1,
  CLUA_CAN_BLOCK = 2, /* a closer of a run that is being ended: the thread itself may wait */
};

/* How far a state has come when its thread is back from Lua. */
enum {
  CLUA_WAITING = 0, /* for the answer to a call */
  CLUA_ENDED = 1,
};

/* How what was called has ended. */
enum {
  CLUA_END_VALUE = 0,   /* the output holds its first value */
  CLUA_END_ERROR = 1,   /* the output holds what was raised, or what came after nil */
  CLUA_END_REPLY = 2,   /* by CLUA_REPLY_END */
  CLUA_END_STOPPED = 3, /* because clua_request_stop was called; the state is to be closed */
  CLUA_END_MEMORY = 4,  /* by its memory limit; the state is to be closed */
  CLUA_END_BROKEN = 5,  /* by an error outside of all that is protected: a mistake of the host's own */
};

typedef struct {
  void *context;
  /* A call of function number `function`; the arguments are a list of values that lasts until this
   * returns. `can_wait` is one of CLUA_CANNOT_WAIT, CLUA_CAN_WAIT, CLUA_CAN_BLOCK. */
  int (*call)(void *context, int32_t function, const uint8_t *arguments, size_t length, int can_wait);
  /* The state is over its memory limit and begins to unwind; called inside a hook. */
  void (*over_memory)(void *context);
  /* Nobody can use the handle any more; called inside the collector. */
  void (*released)(void *context, int64_t handle);
  size_t memory_limit;
} clua_config;

/* Makes a state with the libraries and the prelude; NULL when there is no memory for it. */
clua_state *clua_new(const clua_config *config);
void clua_close(clua_state *state);
void clua_set_memory_limit(clua_state *state, size_t limit);

/* Forgets what came of the last call, and a stop that was requested; before each of the next three. */
void clua_prepare(clua_state *state);

/* These six run Lua, and return CLUA_WAITING or CLUA_ENDED.
 * Loads the text of a job's file and runs its top level. The output is the global `schedule`. */
int clua_load(clua_state *state, const uint8_t *text, size_t length, const char *chunk_name);
/* Only compiles the text: the output is nil, or what is wrong with it. */
int clua_compile(clua_state *state, const uint8_t *text, size_t length, const char *chunk_name);
/* Calls the global `initialize`; without one, ends at once with nil. */
int clua_initialize(clua_state *state);
/* Calls the global `main` with the value that `argument` holds. */
int clua_main(clua_state *state, const uint8_t *argument, size_t length);
/* Calls the schedule's `when` with a list of values. The output is true, false, or a table with the `reason` why
 * not. */
int clua_when(clua_state *state, const uint8_t *arguments, size_t length);
/* Answers the call that it waits for with a CLUA_REPLY_...; or, when a stop was requested, unwinds. */
int clua_continue(clua_state *state, int reply);

/* Room for `length` bytes of an answer, NULL when there is no memory. It lasts until the next answer. */
uint8_t *clua_reply_space(clua_state *state, size_t length);

/* After CLUA_ENDED. */
int clua_end(const clua_state *state);
const uint8_t *clua_output(const clua_state *state, size_t *length);
/* The stack when the error was raised, or NULL. */
const char *clua_traceback(const clua_state *state);
/* `file:line` where the run was when it was stopped or met its memory limit, or NULL. */
const char *clua_stopped_at(const clua_state *state);
/* After clua_load: the names of the types of the globals. */
const char *clua_main_type(const clua_state *state);
const char *clua_initialize_type(const clua_state *state);

/* The most bytes that it took since clua_prepare, and those that it takes. */
size_t clua_peak(const clua_state *state);
size_t clua_used(const clua_state *state);

/* Any thread. Level 1 unwinds what runs, calling its `<close>` variables; level 2 ends those too. What is
 * in Lua notices when its thread gets the signal; what waits, by clua_continue. */
void clua_request_stop(clua_state *state, int level);
/* Any thread. Whether a stop was requested that the state has not noticed yet. */
bool clua_stop_pending(const clua_state *state);
/* Whether what the calling thread runs in Lua is to end: for functions that loop, which no hook sees. `made` is how
 * many bytes of data they have made since they last asked, about as many as Lua would take for it: a call that makes
 * more than the memory limit allows ends its run. */
bool clua_must_end(size_t made);
/* Any thread. The level that was requested, 0 for none. */
int clua_stop_level(const clua_state *state);

/* Installs the signal by which a thread in Lua is told to look up. Call it before the first state is used. */
void clua_install_signal(void);
/* Any thread. Sends it to a thread that has not ended. */
void clua_signal(pthread_t thread);

/* To be called first by a thread that will be in Lua: names it, lets the signal through, which a
 * thread inherits as blocked when one of Dispatch's has started it, and has it keep small blocks of memory. */
void clua_begin_thread(const char *name);
/* The calling thread's number for clua_lower_priority. */
int clua_thread_number(void);
/* Any thread. The kernel prefers others to this one from now on; there is no way back without privileges. */
void clua_lower_priority(int thread_number);

/* The file of `lua/` with this path, or NULL. */
const uint8_t *clua_embedded(const char *path, size_t *length);

#endif
