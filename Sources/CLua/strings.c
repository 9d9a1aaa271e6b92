/* `string`, without what never ends or makes bytecode. What searches by patterns is in searching.c. */
#include <limits.h>
#include <string.h>

#include "internal.h"

/* Fills `result`, `length` bytes, with repetitions of what its first `done` bytes are. */
static void repeat(char *result, size_t done, size_t length) {
  while (done < length) {
    size_t more = done < length - done ? done : length - done;
    memcpy(result + done, result, more);
    done += more;
  }
}

static int string_rep(lua_State *L) {
  size_t length, separator_length;
  luaL_Buffer result;
  const char *text = luaL_checklstring(L, 1, &length);
  lua_Integer count = luaL_checkinteger(L, 2);
  const char *separator = luaL_optlstring(L, 3, "", &separator_length);
  size_t period = length + separator_length;
  look(L, state_of(L));
  if (count <= 0 || period == 0) {
    lua_pushliteral(L, "");
    return 1;
  }
  if (period < length || period > INT_MAX / (size_t)count)
    return luaL_error(L, "resulting string too large");
  size_t total = (size_t)count * period - separator_length;
  char *bytes = luaL_buffinitsize(L, &result, total);
  memcpy(bytes, text, length);
  if (count > 1) {
    memcpy(bytes + length, separator, separator_length);
    repeat(bytes, period, total);
  }
  luaL_pushresultsize(&result, total);
  return 1;
}

static int string_dump(lua_State *L) {
  return luaL_error(L, "string.dump is not available in a job: bytecode cannot be loaded");
}

void open_strings(lua_State *L) {
  static const luaL_Reg functions[] = {{"rep", string_rep}, {"dump", string_dump}, {NULL, NULL}};
  luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
  replace_functions(L, functions);
  open_searching(L);
  lua_getfield(L, -1, "format");
  name_obstacle(L, "a __tostring metamethod");
  lua_pop(L, 1);
}
