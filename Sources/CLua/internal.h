/* What the files of this target share. */
#ifndef CLUA_INTERNAL_H
#define CLUA_INTERNAL_H

#include <lua5.4/lauxlib.h>
#include <lua5.4/lua.h>
#include <lua5.4/lualib.h>
#include <stdatomic.h>

#include "clua.h"

typedef struct {
  uint8_t *bytes;
  size_t length, capacity;
} buffer;

/* Why a state unwinds. The last two are final: the first of them stays. */
enum { CAUSE_NONE = 0, CAUSE_REPLY = 1, CAUSE_MEMORY = 2, CAUSE_STOP = 3 };

enum {
  /* How deep coroutines may resume or close one another. Lua 5.4.4 counts resumes, up to 200 C calls, but
   * not closes: 15,000 nested ones crash it. */
  DEPTH_LIMIT = 190,
};

struct clua_state {
  clua_config config;
  lua_State *main_thread; /* runs the set-up only */
  lua_State *run_thread;  /* the coroutine in which the job's functions are called */
  lua_State *_Atomic running; /* the thread that Lua is in: the one to hook */

  /* Memory. */
  size_t used, peak, soft, hard;
  size_t check_at;  /* past it, the hook looks */
  bool check_memory; /* the hook is to look */
  int overdraft;     /* > 0: the host pushes, nothing is refused */
  size_t made;       /* by the host, in the call that is being answered */

  /* Stopping. */
  _Atomic int stop_requested; /* the level */
  _Atomic int stop_taken;
  int cause;             /* CAUSE_NONE when nothing unwinds */
  lua_Integer generation; /* counts the beginnings of unwinding: a protected call in which one began fails */
  lua_State *hook_raised; /* died, or is about to, by an error that the hook raised: hooks are off in it */
  bool kill_yield;        /* a coroutine has yielded, to be ended */
  bool host_wait;         /* a call has yielded, to wait */
  char stopped_at[128], refused_at[128]; /* `file:line` */

  /* The coroutines that have resumed (or close) one another, outermost first. */
  int depth;
  int blocked; /* how many of them cannot yield */
  lua_State *chain[DEPTH_LIMIT];

  /* What is being done. */
  int (*push_task)(lua_State *L, clua_state *state); /* pushes a function and its arguments */
  const uint8_t *task_bytes;
  size_t task_length;
  const char *task_name;
  bool at_top_level;
  const char *main_type, *initialize_type; /* of the globals when the file was loaded */

  buffer arguments, reply, output;
  unsigned decoded; /* how many values, for a look now and then */
  int reply_status;
  int end;
  char *traceback;
  const void *list_metatable;
};

static inline clua_state *state_of(lua_State *L) { return *(clua_state **)lua_getextraspace(L); }

/* Buffers: false when there is no memory or they get larger than `limit`. */
bool buffer_reserve(buffer *target, size_t more, size_t limit);
bool buffer_append(buffer *target, const void *bytes, size_t length, size_t limit);
void buffer_reset(buffer *target); /* gives large ones back */
void buffer_free(buffer *target);

/* The coding. encode writes up to `limit` bytes, and no more than the memory limit; it returns NULL or what is
 * wrong, and never raises. [-0, +0, -] */
const char *encode(lua_State *L, int index, buffer *target, size_t limit);
extern const char *const too_large; /* what is wrong with more than the limit */
/* Writes that there is a value that is not data, of this type, in place of all else. [-0, +0, -] */
void encode_type(buffer *target, const char *name);
const char *encode_list(lua_State *L, int first, buffer *target);
/* Pushes the value at *position. [-0, +1, m] */
void decode(lua_State *L, const uint8_t **position, const uint8_t *end);
/* Pushes a list of values and returns how many. [-0, +n, m] */
int decode_list(lua_State *L, const uint8_t *bytes, size_t length);
/* The value that stands for null inside tables. [-0, +1, -] */
void push_null(lua_State *L);
/* Gives it a text, and a word for who takes it for a table. [-0, +0, m] */
void dress_null(lua_State *L);
void push_list_metatable(lua_State *L);

/* Stopping. */
/* clua_stop_pending, for loops. */
static inline bool is_stop_pending(const clua_state *state) {
  int taken = atomic_load_explicit(&state->stop_taken, memory_order_relaxed);
  return taken >= 2 || atomic_load_explicit(&state->stop_requested, memory_order_relaxed) > taken;
}
/* From now on everything unwinds. */
void begin_unwinding(clua_state *state, int cause);
/* Ends what runs in L: yields or raises, and nothing of the script's gets to run but closers. To be
 * returned from a C function. [-0, +0, v] */
int raise_end(lua_State *L);
/* Keeps where the run was when it came to its end. [-0, +0, -] */
void note_place(lua_State *L, clua_state *state);
/* The same for a run that was refused memory. It is called by the allocator: by the time that the error is
 * caught, the place is gone. */
void note_refusal(clua_state *state);
/* The run has met its hard limit. */
void begin_memory_end(clua_state *state);
/* The same, found by a function of ours. [-0, +0, v] */
int raise_memory_end(lua_State *L, clua_state *state);
/* Arms the hook in the running thread. Safe in a signal handler. */
void arm_hook(clua_state *state);
/* What pends is noticed; returns the level that was requested, 0 for none. [-0, +0, -] */
int notice_stop(lua_State *L, clua_state *state);
int take_stop(lua_State *L, clua_state *state);
/* Raises when a stop is pending. Every function of ours that loops or calls back asks. [-0, +0, v] */
static inline void look(lua_State *L, clua_state *state) {
  if (__builtin_expect(is_stop_pending(state), 0)) take_stop(L, state);
}
/* An error of `status` was caught in L by a protected call begun in `generation`: raises again when it
 * must not be swallowed. [-0, +0, v] */
void let_through(lua_State *L, clua_state *state, int status, lua_Integer generation);
/* lua_call of a script's function by a C function of ours that goes on when it returns. [-(n + 1), +m, v] */
void call_back(lua_State *L, clua_state *state, int argument_count, int result_count);
/* The thread that is in Lua, for the signal's handler. */
void set_current(clua_state *state);

void *allocate(void *context, void *block, size_t old_size, size_t size);

/* Blocks of memory, as malloc, realloc and free have them; who frees one knows how large it was asked for. */
void *make_block(size_t size);
void *resize_block(void *old, size_t size);
void free_block(void *old, size_t size);
/* From now on the calling thread keeps some of what is freed in it, until it ends. */
void begin_block_store(void);

/* A host function as a Lua function. [-0, +1, m] */
void push_host_function(lua_State *L, int32_t index);
/* "a table.sort comparator", ...: what keeps L from waiting. */
const char *obstacle(lua_State *L, clua_state *state);
/* Raises with the position of the innermost function that is not the host's own. [-1, +0, v] */
int raise_at_caller(lua_State *L);

/* Keeps the `when` of the schedule table on top of the stack, or that it has none. [-0, +0, m] */
void keep_when(lua_State *L);
/* Pushes what calls it, the function and its arguments, which the task's bytes hold. [-0, +n, m] */
int push_when(lua_State *L, clua_state *state);
/* Adds what makes and opens handles to the table on top. [-0, +0, m] */
void add_handle_functions(lua_State *L);

/* Sources. All compile text only, and return a status as lua_load does. [-0, +1, v]
 * Each call gives the next part of a text, which lasts until the next call; NULL or nothing ends it. */
typedef const char *next_text(lua_State *L, void *context, size_t *size);
int load_texts(lua_State *L, next_text *next, void *context, const char *chunk_name);
int load_text(lua_State *L, const char *text, size_t length, const char *chunk_name);
/* That of a file: it may begin with a byte order mark, and a first line `#!...` is for the shell, but counts. */
int load_file(lua_State *L, const char *text, size_t length, const char *chunk_name);

/* Set-up: opens libraries into the globals. [-0, +0, m] */
void open_base(lua_State *L);
void open_coroutines(lua_State *L);
void open_tables(lua_State *L);
void open_strings(lua_State *L);
/* Puts the functions that search by patterns into the library table on top of the stack. [-0, +0, m] */
void open_searching(lua_State *L);
/* The same for `format`. */
void open_formatting(lua_State *L);
void open_system(lua_State *L);
void open_prelude(lua_State *L);
/* `debug.traceback`, which leaves alone what is not a string. */
int traceback(lua_State *L);
/* The C function that a field of the table on top of the stack is. [-0, +0, m] */
lua_CFunction field_function(lua_State *L, const char *name);
/* Replaces functions of the library table on top of the stack. [-0, +0, m] */
void replace_functions(lua_State *L, const luaL_Reg *functions);
/* Names what a waiting call inside the function on top of the stack is told. [-1, +0, m] */
void name_obstacle(lua_State *L, const char *description);

#endif
