/* `string`, without what never ends or makes bytecode. What searches by patterns is in searching.c, `format` in
 * formatting.c. */
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

/* `pack`, `packsize` and `unpack` walk through their format in C, and options such as `x` need no argument. */

enum { FORMAT_LIMIT = 1 << 20 }; /* walked through in ten milliseconds */

static _Atomic(lua_CFunction) stock_pack, stock_packsize, stock_unpack;

/* [-0, +0, e] */
static void check_format(lua_State *L) {
  size_t length;
  luaL_checklstring(L, 1, &length);
  if (length > FORMAT_LIMIT) luaL_error(L, "format too long (the limit is 1 MB)");
}

static int string_pack(lua_State *L) {
  check_format(L);
  return stock_pack(L);
}

static int string_packsize(lua_State *L) {
  check_format(L);
  return stock_packsize(L);
}

static int string_unpack(lua_State *L) {
  check_format(L);
  return stock_unpack(L);
}

void open_strings(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"rep", string_rep},           {"dump", string_dump},     {"pack", string_pack},
    {"packsize", string_packsize}, {"unpack", string_unpack}, {NULL, NULL},
  };
  luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
  stock_pack = field_function(L, "pack");
  stock_packsize = field_function(L, "packsize");
  stock_unpack = field_function(L, "unpack");
  replace_functions(L, functions);
  open_searching(L);
  open_formatting(L);
  lua_pop(L, 1);
}
