/* The schedule table goes to the daemon as data; its `when`, a function, stays here. */
#include "internal.h"

/* Its address is the registry key of the function. */
static char when_key;

void keep_when(lua_State *L) {
  lua_pushnil(L);
  if (lua_istable(L, -2)) {
    lua_pushliteral(L, "when");
    if (lua_rawget(L, -3) == LUA_TFUNCTION) lua_replace(L, -2);
    else lua_pop(L, 1);
  }
  lua_rawsetp(L, LUA_REGISTRYINDEX, &when_key);
}

/* The function's first two values lie on top: true, or false, or { reason = text }. [-2, +1, m] */
static int judge(lua_State *L, int status, lua_KContext context) {
  (void)status;
  (void)context;
  if (lua_toboolean(L, -2) || lua_isnil(L, -1)) {
    lua_pushboolean(L, lua_toboolean(L, -2));
    return 1;
  }
  lua_createtable(L, 0, 1);
  luaL_tolstring(L, -2, NULL);
  lua_setfield(L, -2, "reason");
  return 1;
}

static int call_when(lua_State *L) {
  lua_callk(L, lua_gettop(L) - 1, 2, 0, judge);
  return judge(L, LUA_OK, 0);
}

int push_when(lua_State *L, clua_state *state) {
  lua_pushcfunction(L, call_when);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &when_key) != LUA_TFUNCTION) {
    lua_pushliteral(L, "the schedule has no when");
    return -2;
  }
  return 1 + decode_list(L, state->task_bytes, state->task_length);
}
