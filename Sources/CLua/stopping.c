/* Stopping Lua: a signal arms a hook, and the hook ends what runs, as job.skip and the memory limit do.
 *
 * A coroutine that ends so yields, to be reset by whoever has resumed it: its closers run, and no protected
 * call has a say. (Raising through many protected calls would also take quadratic time.) Where it cannot
 * yield, an error is raised that our own pcall, xpcall, resume, wrap, close and load raise again, up to
 * where it can.
 *
 * Which errors those are is told by a generation: a protected call in which an ending began lets nothing
 * be swallowed; one that a closer makes while it goes on works as ever. A second stop is a new generation,
 * and ends the closers too. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "internal.h"

/* Its address is the error value that ends a run. Should a script get hold of it (a closer does, as its
 * second argument), it is worth nothing: what counts is the generation. */
static char end_mark;

static __thread clua_state *volatile current;

static void on_event(lua_State *L, lua_Debug *frame);

/* Each instruction; and each call, for C functions of Lua's that call C functions in a loop. */
enum { EVENTS = LUA_MASKCOUNT | LUA_MASKCALL };

void set_current(clua_state *state) {
  current = state;
  atomic_signal_fence(memory_order_seq_cst);
}

void begin_unwinding(clua_state *state, int cause) {
  bool first_of_memory = cause == CAUSE_MEMORY && state->cause < CAUSE_MEMORY;
  if (state->cause < CAUSE_MEMORY) state->cause = cause;
  state->generation++;
  if (first_of_memory) {
    state->check_at = SIZE_MAX; /* closers have what is left up to the hard limit */
    state->config.over_memory(state->config.context);
  }
}

int raise_end(lua_State *L) {
  clua_state *state = state_of(L);
  state->overdraft = 0; /* what was being pushed is not */
  /* After a second stop the hook stays armed, so that no closer gets further than an instruction. */
  if (atomic_load_explicit(&state->stop_taken, memory_order_relaxed) >= 2 && !lua_gethook(L))
    lua_sethook(L, on_event, EVENTS, 1);
  if (lua_isyieldable(L)) {
    state->kill_yield = true;
    return lua_yield(L, 0);
  }
  lua_pushlightuserdata(L, &end_mark);
  return lua_error(L);
}

static void describe_place(lua_State *L, char *place, size_t size) {
  lua_Debug frame;
  for (int level = 0; lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "Sl", &frame);
    if (frame.currentline > 0 && frame.short_src[0] != '[') {
      snprintf(place, size, "%s:%d", frame.short_src, frame.currentline);
      return;
    }
  }
}

void note_place(lua_State *L, clua_state *state) {
  if (!state->stopped_at[0]) describe_place(L, state->stopped_at, sizeof state->stopped_at);
}

void note_refusal(clua_state *state) {
  lua_State *L = atomic_load_explicit(&state->running, memory_order_relaxed);
  if (L) describe_place(L, state->refused_at, sizeof state->refused_at);
}

void begin_memory_end(clua_state *state) {
  if (!state->stopped_at[0]) memcpy(state->stopped_at, state->refused_at, sizeof state->stopped_at);
  begin_unwinding(state, CAUSE_MEMORY);
}

int raise_memory_end(lua_State *L, clua_state *state) {
  note_place(L, state);
  begin_memory_end(state);
  return raise_end(L);
}

int notice_stop(lua_State *L, clua_state *state) {
  int requested = atomic_load(&state->stop_requested);
  if (requested > atomic_load(&state->stop_taken)) {
    atomic_store(&state->stop_taken, requested);
    note_place(L, state);
    begin_unwinding(state, CAUSE_STOP);
  }
  return requested;
}

int take_stop(lua_State *L, clua_state *state) {
  notice_stop(L, state);
  return raise_end(L);
}

void let_through(lua_State *L, clua_state *state, int status, lua_Integer generation) {
  if (state->hook_raised == L) state->hook_raised = NULL; /* being caught has turned its hooks on again */
  state->overdraft = 0;
  if (status == LUA_ERRMEM) {
    begin_memory_end(state);
    raise_end(L);
  }
  if (state->cause != CAUSE_NONE && generation != state->generation) raise_end(L);
}

/* In an inner coroutine the call is protected: an error that the hook raises in it is caught here, where hooks
 * are turned on again and the coroutine may be able to yield, so that its closers run. The run's own coroutine
 * is protected at its base, which costs nothing for each call. */
void call_back(lua_State *L, clua_state *state, int argument_count, int result_count) {
  if (L == state->run_thread) {
    lua_call(L, argument_count, result_count);
    return;
  }
  lua_Integer generation = state->generation;
  int status = lua_pcall(L, argument_count, result_count, 0);
  if (status == LUA_OK) return;
  let_through(L, state, status, generation);
  lua_error(L);
}

/* raise_end inside the hook, where a yield returns, and happens when the hook has. An error that is raised in
 * a hook leaves hooks off until a protected call catches it. [-0, +0, v] */
static void end_in_hook(lua_State *L, clua_state *state) {
  if (!lua_isyieldable(L)) state->hook_raised = L;
  raise_end(L);
}

static void look_at_memory(lua_State *L, clua_state *state) {
  state->check_memory = false;
  lua_gc(L, LUA_GCCOLLECT, 0);
  if (state->used > state->soft && state->cause < CAUSE_MEMORY) {
    note_place(L, state);
    begin_unwinding(state, CAUSE_MEMORY);
    end_in_hook(L, state);
    return;
  }
  /* Some room for garbage, or a heap just below the limit would be collected at every step. */
  size_t next = state->used + state->soft / 8;
  if (state->check_at != SIZE_MAX) state->check_at = next > state->soft ? next : state->soft;
}

static void on_event(lua_State *L, lua_Debug *frame) {
  clua_state *state = state_of(L);
  /* Only an instruction's hook may yield. */
  if (frame->event != LUA_HOOKCOUNT && (lua_isyieldable(L) || !clua_stop_pending(state))) return;
  if (clua_stop_pending(state)) {
    if (notice_stop(L, state) < 2) lua_sethook(L, NULL, 0, 0); /* closers run at full speed */
    end_in_hook(L, state);
    return;
  }
  lua_sethook(L, NULL, 0, 0);
  if (state->check_memory) look_at_memory(L, state);
}

/* lua_sethook costs O(call depth), hence only when the hook is not armed already. */
void arm_hook(clua_state *state) {
  lua_State *L = atomic_load_explicit(&state->running, memory_order_relaxed);
  if (L && !lua_gethook(L)) lua_sethook(L, on_event, EVENTS, 1);
}

void clua_request_stop(clua_state *state, int level) {
  if (level > atomic_load(&state->stop_requested)) atomic_store(&state->stop_requested, level);
}

bool clua_stop_pending(const clua_state *state) { return is_stop_pending(state); }

bool clua_must_end(size_t made) {
  clua_state *state = current;
  if (!state) return false;
  state->made += made;
  return state->made > state->hard || clua_stop_pending(state);
}

int clua_stop_level(const clua_state *state) {
  return atomic_load_explicit(&state->stop_requested, memory_order_relaxed);
}

/* A signal that does nothing by default, and of which no more than one is pending in a thread: real-time
 * signals would queue up for threads that do not get to run, until the user may have no more. */
static int stop_signal(void) { return SIGURG; }

static void on_signal(int number) {
  (void)number;
  clua_state *state = current;
  if (state && clua_stop_pending(state)) arm_hook(state);
}

static void install(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(stop_signal(), &action, NULL);
}

void clua_install_signal(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
}

void clua_signal(pthread_t thread) { pthread_kill(thread, stop_signal()); }

void clua_begin_thread(const char *name) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, stop_signal());
  pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
  pthread_setname_np(pthread_self(), name);
  begin_block_store();
}

int clua_thread_number(void) { return gettid(); }

void clua_lower_priority(int thread_number) { setpriority(PRIO_PROCESS, (id_t)thread_number, 10); }
