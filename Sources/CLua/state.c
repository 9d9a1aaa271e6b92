/* A state's life, and the ways into it. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* The base of the run's coroutine: it calls what is to be called, protected, and leaves what came of it in
 * the state. Being protected it also turns hooks on again after an error that the hook raised, so that
 * closers can be ended too. */

/* Keeps the stack as text when an error is raised. [-0, +0, -] but for the message. */
static int keep_traceback(lua_State *L) {
  clua_state *state = state_of(L);
  if (state->cause != CAUSE_NONE) return 1;
  state->overdraft++;
  luaL_traceback(L, L, NULL, 1);
  state->overdraft--;
  free(state->traceback);
  state->traceback = strdup(lua_tostring(L, -1));
  lua_pop(L, 1);
  return 1;
}

static int convert_to_text(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  return 1;
}

enum {
  /* Up to which size of its coding a table is taken for an error's text, in bytes. No limit ends what is done with
   * it later. */
  ERROR_LIMIT = 64 << 10,
  /* The same for a result. Far less is kept of it. */
  RESULT_LIMIT = 8 << 20,
};

/* Leaves the error value at the top in the output: a string, a number or a table as data, others as text. A
 * __tostring is the script's: it is called protected, and may run into the limits. [-1, +0, -] */
static void put_error(lua_State *L, clua_state *state) {
  state->end = CLUA_END_ERROR;
  buffer_reset(&state->output);
  if (lua_type(L, -1) == LUA_TNUMBER) {
    state->overdraft++;
    lua_tolstring(L, -1, NULL);
    state->overdraft--;
  }
  if (luaL_getmetafield(L, -1, "__tostring") != LUA_TNIL) {
    lua_pop(L, 1);
    lua_pushcfunction(L, convert_to_text);
    lua_pushvalue(L, -2);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
      if (state->hook_raised == L) state->hook_raised = NULL;
      lua_pushliteral(L, "(an error value whose __tostring fails)");
    }
    lua_replace(L, -2);
  }
  if (encode(L, -1, &state->output, lua_istable(L, -1) ? ERROR_LIMIT : SIZE_MAX)) {
    lua_pushliteral(L, "(an error value that cannot be shown: a table that is too large, or holds itself)");
    buffer_reset(&state->output);
    encode(L, -1, &state->output, SIZE_MAX);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static void put_value(lua_State *L, clua_state *state, int index) {
  state->end = CLUA_END_VALUE;
  buffer_reset(&state->output);
  bool is_result = lua_istable(L, index) && !state->at_top_level;
  const char *wrong = encode(L, index, &state->output, is_result ? RESULT_LIMIT : SIZE_MAX);
  if (wrong && clua_stop_pending(state)) {
    notice_stop(L, state);
  } else if (wrong == too_large && is_result) {
    encode_type(&state->output, "table that is far too large");
  } else if (wrong) {
    state->overdraft++;
    lua_pushfstring(L, "what was returned cannot be kept: %s", wrong);
    state->overdraft--;
    put_error(L, state);
  }
}

/* Reads a global that the file may have defined; a metatable of the globals has no say. [-0, +1, m] */
static int push_global(lua_State *L, const char *name) {
  lua_pushglobaltable(L);
  lua_pushstring(L, name);
  int type = lua_rawget(L, -2);
  lua_remove(L, -2);
  return type;
}

static void put_globals(lua_State *L, clua_state *state) {
  state->main_type = lua_typename(L, push_global(L, "main"));
  state->initialize_type = lua_typename(L, push_global(L, "initialize"));
  push_global(L, "schedule");
  keep_when(L);
  put_value(L, state, -1);
}

static int end_of_cause(const clua_state *state) {
  switch (state->cause) {
    case CAUSE_REPLY: return CLUA_END_REPLY;
    case CAUSE_MEMORY: return CLUA_END_MEMORY;
    default: return CLUA_END_STOPPED;
  }
}

/* The results, or the error, lie above the message handler. */
static int finish_entry(lua_State *L, int status, lua_KContext context) {
  clua_state *state = state_of(L);
  if (state->hook_raised == L) state->hook_raised = NULL;
  state->overdraft = 0;
  if (status == LUA_ERRMEM) begin_memory_end(state);
  if (state->cause == CAUSE_NONE) {
    bool failed = status != LUA_OK && status != LUA_YIELD;
    if (failed) put_error(L, state);
    else if (state->at_top_level) put_globals(L, state);
    else {
      lua_settop(L, context + 2); /* the first two values */
      if (lua_isnil(L, -2) && !lua_isnil(L, -1)) put_error(L, state);
      else put_value(L, state, -2);
    }
  }
  if (state->cause != CAUSE_NONE) state->end = end_of_cause(state); /* put_error may have met a limit, too */
  return 0;
}

static int run_entry(lua_State *L) {
  clua_state *state = state_of(L);
  lua_settop(L, 0);
  if (notice_stop(L, state)) { /* before it has begun */
    state->end = CLUA_END_STOPPED;
    return 0;
  }
  lua_pushcfunction(L, keep_traceback);
  int count = state->push_task(L, state);
  if (count < 0) { /* there is nothing to call, or it does not parse: what it comes to lies on top */
    if (count == -1) put_value(L, state, -1);
    else put_error(L, state);
    return 0;
  }
  int status = lua_pcallk(L, count, LUA_MULTRET, 1, 1, finish_entry);
  return finish_entry(L, status, 1);
}

static int push_load(lua_State *L, clua_state *state) {
  lua_Integer generation = state->generation;
  int status = load_file(L, (const char *)state->task_bytes, state->task_length, state->task_name);
  if (status != LUA_OK) let_through(L, state, status, generation);
  return status == LUA_OK ? 0 : -2;
}

static int push_compile(lua_State *L, clua_state *state) {
  int failed = push_load(L, state);
  return failed ? failed : (lua_pushnil(L), -1);
}

static int push_initialize(lua_State *L, clua_state *state) {
  (void)state;
  return push_global(L, "initialize") == LUA_TFUNCTION ? 0 : (lua_pushnil(L), -1);
}

static int push_main(lua_State *L, clua_state *state) {
  const uint8_t *position = state->task_bytes;
  push_global(L, "main");
  decode(L, &position, position + state->task_length);
  return 1;
}

/* Runs Lua until the run ends or waits. An error that comes out of the entry itself leaves a dead thread. */
static int enter(clua_state *state) {
  int count;
  lua_State *L = state->run_thread;
  state->host_wait = false;
  state->running = L;
  set_current(state);
  int status = lua_resume(L, state->main_thread, 0, &count);
  bool waits = status == LUA_YIELD && state->host_wait;
  if (status == LUA_YIELD && state->kill_yield) {
    state->kill_yield = false;
    if (lua_resetthread(L) == LUA_ERRMEM) begin_memory_end(state);
    state->end = end_of_cause(state);
  } else if (status == LUA_ERRMEM) {
    begin_memory_end(state);
    state->end = end_of_cause(state);
  } else if (status != LUA_OK && !waits) {
    state->end = CLUA_END_BROKEN;
  }
  set_current(NULL);
  state->running = NULL;
  return waits ? CLUA_WAITING : CLUA_ENDED;
}

void clua_prepare(clua_state *state) {
  state->cause = CAUSE_NONE;
  state->stopped_at[0] = state->refused_at[0] = 0;
  state->overdraft = state->depth = state->blocked = 0;
  state->hook_raised = NULL;
  state->kill_yield = false;
  atomic_store(&state->stop_requested, 0);
  atomic_store(&state->stop_taken, 0);
  state->peak = state->used;
  buffer_reset(&state->output);
  free(state->traceback);
  state->traceback = NULL;
}

static int begin(clua_state *state, int (*push_task)(lua_State *, clua_state *)) {
  state->push_task = push_task;
  lua_settop(state->run_thread, 0);
  lua_pushcfunction(state->run_thread, run_entry);
  int result = enter(state);
  state->task_bytes = NULL;
  return result;
}

int clua_load(clua_state *state, const uint8_t *text, size_t length, const char *chunk_name) {
  state->task_bytes = text;
  state->task_length = length;
  state->task_name = chunk_name;
  state->at_top_level = true;
  int result = begin(state, push_load);
  state->at_top_level = false;
  return result;
}

int clua_compile(clua_state *state, const uint8_t *text, size_t length, const char *chunk_name) {
  state->task_bytes = text;
  state->task_length = length;
  state->task_name = chunk_name;
  return begin(state, push_compile);
}

int clua_initialize(clua_state *state) { return begin(state, push_initialize); }

int clua_main(clua_state *state, const uint8_t *argument, size_t length) {
  state->task_bytes = argument;
  state->task_length = length;
  return begin(state, push_main);
}

int clua_when(clua_state *state, const uint8_t *arguments, size_t length) {
  state->task_bytes = arguments;
  state->task_length = length;
  return begin(state, push_when);
}

int clua_continue(clua_state *state, int reply) {
  state->reply_status = reply;
  return enter(state);
}

/* Set-up. */

static int set_up(lua_State *L) {
  lua_gc(L, LUA_GCSTOP);
  open_base(L);
  open_coroutines(L);
  open_tables(L);
  open_strings(L);
  luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
  luaL_requiref(L, LUA_UTF8LIBNAME, luaopen_utf8, 1);
  open_system(L);
  lua_settop(L, 0);
  push_list_metatable(L);
  dress_null(L);
  open_prelude(L);
  state_of(L)->run_thread = lua_newthread(L);
  luaL_ref(L, LUA_REGISTRYINDEX);
  lua_gc(L, LUA_GCRESTART);
  lua_gc(L, LUA_GCGEN, 0, 0); /* as the program `lua` does: short-lived tables cost a quarter less */
  return 0;
}

clua_state *clua_new(const clua_config *config) {
  clua_state *state = calloc(1, sizeof *state);
  if (!state) return NULL;
  state->config = *config;
  clua_set_memory_limit(state, config->memory_limit);
  state->overdraft = 1;
  lua_State *L = state->main_thread = lua_newstate(allocate, state);
  if (!L) {
    free(state);
    return NULL;
  }
  *(clua_state **)lua_getextraspace(L) = state;
  lua_sethook(L, NULL, 0, 0); /* binds the symbol before a signal's handler calls it */
  lua_pushcfunction(L, set_up);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) {
    clua_close(state);
    return NULL;
  }
  state->overdraft = 0;
  return state;
}

void clua_close(clua_state *state) {
  lua_close(state->main_thread);
  buffer_free(&state->arguments);
  buffer_free(&state->reply);
  buffer_free(&state->output);
  free(state->traceback);
  free(state);
}

int clua_end(const clua_state *state) { return state->end; }

const uint8_t *clua_output(const clua_state *state, size_t *length) {
  *length = state->output.length;
  return state->output.bytes;
}

const char *clua_traceback(const clua_state *state) { return state->traceback; }
const char *clua_stopped_at(const clua_state *state) { return state->stopped_at[0] ? state->stopped_at : NULL; }
const char *clua_main_type(const clua_state *state) { return state->main_type; }
const char *clua_initialize_type(const clua_state *state) { return state->initialize_type; }
