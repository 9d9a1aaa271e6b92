/* `string`, without what never ends or makes bytecode. */
#include "internal.h"

static _Atomic(lua_CFunction) stock_rep;

/* Lua's own copies an empty string as often as it is told to. */
static int string_rep(lua_State *L) {
  size_t length, separator;
  luaL_checklstring(L, 1, &length);
  luaL_checkinteger(L, 2);
  luaL_optlstring(L, 3, "", &separator);
  look(L, state_of(L));
  if (length + separator > 0) return stock_rep(L);
  lua_pushliteral(L, "");
  return 1;
}

static int string_dump(lua_State *L) {
  return luaL_error(L, "string.dump is not available in a job: bytecode cannot be loaded");
}

void open_strings(lua_State *L) {
  static const luaL_Reg functions[] = {{"rep", string_rep}, {"dump", string_dump}, {NULL, NULL}};
  luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
  lua_getfield(L, -1, "rep");
  stock_rep = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  replace_functions(L, functions);
  lua_getfield(L, -1, "gsub");
  name_obstacle(L, "a string.gsub callback");
  lua_getfield(L, -1, "format");
  name_obstacle(L, "a __tostring metamethod");
  lua_pop(L, 1);
}
