/* `coroutine`: as Lua's own, but that it knows which thread runs, and passes outward what is not the
 * script's: a call that waits, a run that ends. */
#include "internal.h"

/* What resume_thread returns beside a count of results. */
enum { FAILED = -1, WAITS = -2 };

static lua_State *coroutine_argument(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "thread");
  return co;
}

/* Runs the closers of a coroutine that is suspended or dead. [-0, +?, -] on co. */
static int reset_thread(lua_State *L, clua_state *state, lua_State *co) {
  if (state->depth >= DEPTH_LIMIT) return LUA_OK;
  state->chain[state->depth++] = L;
  state->blocked++;
  state->running = co;
  int status = lua_resetthread(co);
  state->running = L;
  state->blocked--;
  state->depth--;
  if (state->hook_raised == co) state->hook_raised = NULL; /* each closer ran protected */
  return status;
}

/* What runs is ended: runs the closers of `co`, and goes on outward. Hooks are off in a coroutine that died
 * by an error raised in the hook, so that its closers might never end: they do not run. */
static int end_through(lua_State *L, clua_state *state, lua_State *co) {
  state->kill_yield = false;
  note_place(L, state); /* if there was no Lua function in the coroutine to tell it */
  if (state->hook_raised == co) state->hook_raised = NULL;
  else reset_thread(L, state, co);
  return raise_end(L);
}

/* Resumes `co` with the `narg` values on its stack, and moves what it yields or returns to L: [-0, +n, e].
 * FAILED leaves an error value instead. */
static int resume_thread(lua_State *L, clua_state *state, lua_State *co, int narg, lua_Integer generation) {
  int count, blocked = !lua_isyieldable(L);
  if (state->depth >= DEPTH_LIMIT) {
    lua_pop(co, narg);
    lua_pushliteral(L, "C stack overflow");
    return FAILED;
  }
  state->chain[state->depth++] = L;
  state->blocked += blocked;
  state->running = co;
  int status = lua_resume(co, L, narg, &count);
  state->running = L;
  state->blocked -= blocked;
  state->depth--;
  if (status == LUA_YIELD && state->host_wait) return WAITS;
  if (status == LUA_YIELD && state->kill_yield) return end_through(L, state, co);
  if (status == LUA_OK || status == LUA_YIELD) {
    look(L, state);
    if (!lua_checkstack(L, count + 1)) {
      lua_pop(co, count);
      lua_pushliteral(L, "too many results to resume");
      return FAILED;
    }
    lua_xmove(co, L, count);
    return count;
  }
  state->overdraft = 0;
  if (status == LUA_ERRMEM) begin_memory_end(state);
  if (state->cause != CAUSE_NONE && generation != state->generation) return end_through(L, state, co);
  lua_xmove(co, L, 1);
  return FAILED;
}

/* Moves the arguments over and resumes. */
static int begin_resume(lua_State *L, clua_state *state, lua_State *co, int narg) {
  look(L, state);
  if (!lua_checkstack(co, narg)) {
    lua_pushliteral(L, "too many arguments to resume");
    return FAILED;
  }
  lua_xmove(L, co, narg);
  return resume_thread(L, state, co, narg, state->generation);
}

static int continue_resume(lua_State *L, int status, lua_KContext generation);

static int finish_resume(lua_State *L, int count, lua_Integer generation) {
  if (count == WAITS) return lua_yieldk(L, 0, generation, continue_resume);
  lua_pushboolean(L, count != FAILED);
  if (count == FAILED) count = 1;
  lua_insert(L, -(count + 1));
  return count + 1;
}

static int continue_resume(lua_State *L, int status, lua_KContext generation) {
  (void)status;
  return finish_resume(L, resume_thread(L, state_of(L), lua_tothread(L, 1), 0, generation), generation);
}

static int co_resume(lua_State *L) {
  clua_state *state = state_of(L);
  lua_State *co = coroutine_argument(L);
  lua_Integer generation = state->generation;
  return finish_resume(L, begin_resume(L, state, co, lua_gettop(L) - 1), generation);
}

static int continue_wrap(lua_State *L, int status, lua_KContext generation);

static int finish_wrap(lua_State *L, lua_State *co, int count, lua_Integer generation) {
  if (count == WAITS) return lua_yieldk(L, 0, generation, continue_wrap);
  if (count != FAILED) return count;
  int status = lua_status(co);
  if (status != LUA_OK && status != LUA_YIELD) { /* it died: close its variables, which may change the error */
    clua_state *state = state_of(L);
    lua_xmove(L, co, 1);
    reset_thread(L, state, co);
    if (state->cause != CAUSE_NONE && generation != state->generation) return raise_end(L);
    lua_xmove(co, L, 1);
  }
  if (lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int continue_wrap(lua_State *L, int status, lua_KContext generation) {
  (void)status;
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  return finish_wrap(L, co, resume_thread(L, state_of(L), co, 0, generation), generation);
}

static int call_wrapped(lua_State *L) {
  clua_state *state = state_of(L);
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  lua_Integer generation = state->generation;
  return finish_wrap(L, co, begin_resume(L, state, co, lua_gettop(L)), generation);
}

static int co_create(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  return 1;
}

static int co_wrap(lua_State *L) {
  co_create(L);
  lua_pushcclosure(L, call_wrapped, 1);
  return 1;
}

static int co_yield(lua_State *L) {
  if (L == state_of(L)->run_thread) return luaL_error(L, "attempt to yield from outside a coroutine");
  return lua_yield(L, lua_gettop(L));
}

static const char *status_name(lua_State *L, lua_State *co) {
  lua_Debug frame;
  if (L == co) return "running";
  switch (lua_status(co)) {
    case LUA_YIELD: return "suspended";
    case LUA_OK:
      if (lua_getstack(co, 0, &frame)) return "normal";
      return lua_gettop(co) == 0 ? "dead" : "suspended";
    default: return "dead";
  }
}

static int co_status(lua_State *L) {
  lua_pushstring(L, status_name(L, coroutine_argument(L)));
  return 1;
}

static int co_isyieldable(lua_State *L) {
  lua_State *co = lua_isnone(L, 1) ? L : coroutine_argument(L);
  lua_pushboolean(L, co != state_of(L)->run_thread && lua_isyieldable(co));
  return 1;
}

static int co_running(lua_State *L) {
  lua_pushthread(L);
  lua_pushboolean(L, L == state_of(L)->run_thread);
  return 2;
}

static int co_close(lua_State *L) {
  clua_state *state = state_of(L);
  lua_State *co = coroutine_argument(L);
  const char *name = status_name(L, co);
  if (name[0] == 'r' || name[0] == 'n') return luaL_error(L, "cannot close a %s coroutine", name);
  look(L, state);
  if (state->depth >= DEPTH_LIMIT) return luaL_error(L, "C stack overflow");
  lua_Integer generation = state->generation;
  int status = reset_thread(L, state, co);
  if (status == LUA_ERRMEM) begin_memory_end(state);
  if (state->cause != CAUSE_NONE && generation != state->generation) return raise_end(L);
  lua_pushboolean(L, status == LUA_OK);
  if (status == LUA_OK) return 1;
  lua_xmove(co, L, 1);
  return 2;
}

void open_coroutines(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"create", co_create}, {"resume", co_resume},         {"running", co_running}, {"status", co_status},
    {"wrap", co_wrap},     {"yield", co_yield},           {"close", co_close},     {"isyieldable", co_isyieldable},
    {NULL, NULL},
  };
  luaL_newlib(L, functions);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, LUA_COLIBNAME);
  lua_pop(L, 1);
  lua_getfield(L, -1, "close");
  name_obstacle(L, "a __close metamethod");
  lua_setglobal(L, LUA_COLIBNAME);
}
