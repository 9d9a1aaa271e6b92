/* The basic functions that a run could escape by: protected calls, `load`, `setmetatable`. Each behaves as
 * Lua's own (lbaselib.c), whose author is the PUC-Rio, under the MIT licence. */
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* The longest text that `load` takes: as long as a job's file. */
enum { CHUNK_LIMIT = 2 << 20 };

/* A protected call's context: how many values lie below its results, and the generation it began in. */
static lua_KContext pack_context(int below, lua_Integer generation) { return generation * 4 + below; }

static int finish_protected(lua_State *L, int status, lua_KContext context) {
  if (status != LUA_OK && status != LUA_YIELD) {
    let_through(L, state_of(L), status, context / 4);
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
  }
  return lua_gettop(L) - (int)(context % 4);
}

static int base_pcall(lua_State *L) {
  clua_state *state = state_of(L);
  luaL_checkany(L, 1);
  look(L, state);
  lua_KContext context = pack_context(0, state->generation);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, context, finish_protected);
  return finish_protected(L, status, context);
}

/* A message handler around the script's: it is not called for what ends the run. Inside the hook, where
 * that may be raised, nothing could stop it. Upvalues: the handler, the generation. */
static int handle_message(lua_State *L) {
  clua_state *state = state_of(L);
  if (state->cause != CAUSE_NONE && lua_tointeger(L, lua_upvalueindex(2)) != state->generation) return 1;
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

static int base_xpcall(lua_State *L) {
  clua_state *state = state_of(L);
  int count = lua_gettop(L);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  look(L, state);
  lua_KContext context = pack_context(2, state->generation);
  if (lua_tocfunction(L, 2) != traceback) {
    lua_pushvalue(L, 2);
    lua_pushinteger(L, state->generation);
    lua_pushcclosure(L, handle_message, 2);
    lua_replace(L, 2);
  }
  lua_pushboolean(L, 1);
  lua_pushvalue(L, 1);
  lua_rotate(L, 3, 2);
  int status = lua_pcallk(L, count - 2, LUA_MULTRET, 2, context, finish_protected);
  return finish_protected(L, status, context);
}

/* `setmetatable`. A finalizer runs where no hook can end it. Upvalues: "__gc" and "__metatable", which would else
 * be looked for among all strings at each call. */
static int base_setmetatable(lua_State *L) {
  int type = lua_type(L, 2);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
  if (lua_getmetatable(L, 1)) {
    lua_pushvalue(L, lua_upvalueindex(2));
    if (lua_rawget(L, -2) != LUA_TNIL) return luaL_error(L, "cannot change a protected metatable");
  }
  if (type == LUA_TTABLE) {
    lua_pushvalue(L, lua_upvalueindex(1));
    if (lua_rawget(L, 2) != LUA_TNIL)
      return luaL_error(L, "__gc is not available in a job: use a <close> variable");
  }
  lua_settop(L, 2);
  lua_setmetatable(L, 1);
  return 1;
}

static int base_collectgarbage(lua_State *L) {
  const char *option = luaL_optstring(L, 1, "collect");
  if (strcmp(option, "count") != 0)
    return luaL_error(L, "collectgarbage(\"%s\") is not available in a job: only \"count\" is", option);
  lua_pushnumber(L, (lua_Number)lua_gc(L, LUA_GCCOUNT) + (lua_Number)lua_gc(L, LUA_GCCOUNTB) / 1024);
  return 1;
}

/* `load` */

enum { RESERVED_SLOT = 5 };

static const char *read_piece(lua_State *L, void *context, size_t *size) {
  size_t *total = context;
  luaL_checkstack(L, 2, "too many nested functions");
  lua_pushvalue(L, 1);
  lua_call(L, 0, 1);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    *size = 0;
    return NULL;
  }
  if (!lua_isstring(L, -1)) luaL_error(L, "reader function must return a string");
  lua_replace(L, RESERVED_SLOT);
  const char *piece = lua_tolstring(L, RESERVED_SLOT, size);
  *total += *size;
  if (*total > CHUNK_LIMIT) luaL_error(L, "chunk too large (the limit is 2 MB)");
  return piece;
}

static int base_load(lua_State *L) {
  clua_state *state = state_of(L);
  size_t length, total = 0;
  int status;
  const char *text = lua_tolstring(L, 1, &length);
  const char *mode = luaL_optstring(L, 3, "t");
  int environment = lua_isnone(L, 4) ? 0 : 4;
  lua_Integer generation = state->generation;
  look(L, state);
  if (!strchr(mode, 't')) {
    lua_pushnil(L);
    lua_pushfstring(L, "attempt to load a text chunk (mode is '%s'): bytecode is not available in a job", mode);
    return 2;
  }
  if (text) {
    const char *name = luaL_optstring(L, 2, text);
    if (length > CHUNK_LIMIT) {
      lua_pushnil(L);
      lua_pushliteral(L, "chunk too large (the limit is 2 MB)");
      return 2;
    }
    status = load_text(L, text, length, name);
  } else {
    const char *name = luaL_optstring(L, 2, "=(load)");
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, RESERVED_SLOT);
    status = load_texts(L, read_piece, &total, name);
  }
  if (status != LUA_OK) {
    let_through(L, state, status, generation);
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  if (environment) {
    lua_pushvalue(L, environment);
    if (!lua_setupvalue(L, -2, 1)) lua_pop(L, 1);
  }
  return 1;
}

lua_CFunction field_function(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  lua_CFunction function = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  return function;
}

void replace_functions(lua_State *L, const luaL_Reg *functions) {
  for (; functions->name; functions++) {
    lua_pushcfunction(L, functions->func);
    lua_setfield(L, -2, functions->name);
  }
}

void open_base(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"pcall", base_pcall}, {"xpcall", base_xpcall},
    {"load", base_load},   {"collectgarbage", base_collectgarbage}, {NULL, NULL},
  };
  luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
  replace_functions(L, functions);
  lua_pushliteral(L, "__gc");
  lua_pushliteral(L, "__metatable");
  lua_pushcclosure(L, base_setmetatable, 2);
  lua_setfield(L, -2, "setmetatable");
  lua_getfield(L, -1, "load");
  name_obstacle(L, "a reader function of load");
  lua_getfield(L, -1, "tostring");
  name_obstacle(L, "a __tostring metamethod");
  lua_pushcfunction(L, handle_message);
  name_obstacle(L, "a message handler of xpcall");
  lua_pop(L, 1);
}
