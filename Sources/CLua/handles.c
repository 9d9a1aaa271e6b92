/* Handles: userdata that stand for something that the host keeps, such as an open file. The host is told when
 * Lua's collector has found one that nobody can use any more. */
#include "internal.h"

/* [-0, +0, -] Runs in the collector: it must not raise. */
static int release(lua_State *L) {
  const lua_Integer *id = lua_touserdata(L, 1);
  clua_state *state = state_of(L);
  if (id) state->config.released(state->config.context, *id);
  return 0;
}

/* Whether the value at `index` is a handle. A script cannot make one: it sets no __gc. [-0, +0, -] */
static bool is_handle(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return false;
  lua_pushliteral(L, "__gc");
  lua_rawget(L, -2);
  bool result = lua_tocfunction(L, -1) == release;
  lua_pop(L, 2);
  return result;
}

/* handle(id, data, metatable): a userdata that keeps the table `data`. The metatable becomes one of handles. */
static int new_handle(lua_State *L) {
  lua_Integer id = luaL_checkinteger(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_pushliteral(L, "__gc");
  lua_pushcfunction(L, release);
  lua_rawset(L, 3);
  lua_Integer *handle = lua_newuserdatauv(L, sizeof *handle, 1);
  *handle = id;
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, 1);
  lua_pushvalue(L, 3);
  lua_setmetatable(L, -2);
  return 1;
}

/* handle_data(value): a handle's table, nil for anything else. */
static int handle_data(lua_State *L) {
  luaL_checkany(L, 1);
  if (is_handle(L, 1)) lua_getiuservalue(L, 1, 1);
  else lua_pushnil(L);
  return 1;
}

/* collect(): handles that nobody can use any more are released now. */
static int collect(lua_State *L) {
  lua_gc(L, LUA_GCCOLLECT);
  return 0;
}

void add_handle_functions(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"handle", new_handle}, {"handle_data", handle_data}, {"collect", collect}, {NULL, NULL},
  };
  luaL_setfuncs(L, functions, 0);
}
