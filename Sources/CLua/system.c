/* `os` and `debug`: what cannot do harm. The prelude says what is not there. */
#include <string.h>
#include <time.h>

#include "internal.h"

static _Atomic(lua_CFunction) stock_traceback, stock_getinfo;

int traceback(lua_State *L) { return stock_traceback(L); }

/* As Lua's own, without the function itself: with it a script could call what it has no name for. */
static int debug_getinfo(lua_State *L) {
  int count = stock_getinfo(L);
  if (count == 1 && lua_istable(L, -1)) {
    lua_pushnil(L);
    lua_setfield(L, -2, "func");
  }
  return count;
}

/* `os.date`. A long format is put together from what Lua's own makes of its parts, with a look before each:
 * a conversion may take a microsecond and give a single character. */

static _Atomic(lua_CFunction) stock_date;

enum { FORMAT_PART = 1 << 12 };

/* Where a format may be cut: before the first conversion after a part's length. */
static const char *cut(const char *format, const char *end) {
  const char *p = format;
  while ((p = memchr(p, '%', (size_t)(end - p)))) {
    if (p - format >= FORMAT_PART) return p;
    p += p + 1 < end && (p[1] == 'E' || p[1] == 'O') ? 3 : 2;
    if (p >= end) break;
  }
  return end;
}

static int os_date(lua_State *L) {
  size_t length;
  const char *format = luaL_optlstring(L, 1, "", &length);
  if (length <= FORMAT_PART) return stock_date(L);
  const char *end = format + length;
  lua_Integer instant = luaL_optinteger(L, 2, (lua_Integer)time(NULL));
  bool utc = *format == '!';
  luaL_Buffer result;
  luaL_buffinit(L, &result);
  for (format += utc; format < end;) {
    const char *next = cut(format, end);
    look(L, state_of(L));
    lua_pushcfunction(L, stock_date);
    lua_pushstring(L, utc ? "!" : "");
    lua_pushlstring(L, format, (size_t)(next - format));
    lua_concat(L, 2);
    lua_pushinteger(L, instant);
    lua_call(L, 2, 1);
    luaL_addvalue(&result);
    format = next;
  }
  luaL_pushresult(&result);
  return 1;
}

/* Puts a table with only these fields of the one on top of the stack in its place. [-1, +1, m] */
static void keep_only(lua_State *L, const char *const *names) {
  lua_newtable(L);
  for (; *names; names++) {
    lua_getfield(L, -2, *names);
    lua_setfield(L, -2, *names);
  }
  lua_remove(L, -2);
}

void open_system(lua_State *L) {
  static const char *const of_os[] = {"time", "date", "clock", "getenv", "difftime", NULL};
  static const luaL_Reg of_debug[] = {{"traceback", traceback}, {"getinfo", debug_getinfo}, {NULL, NULL}};
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushcfunction(L, luaopen_os);
  lua_call(L, 0, 1);
  keep_only(L, of_os);
  stock_date = field_function(L, "date");
  lua_pushcfunction(L, os_date);
  lua_setfield(L, -2, "date");
  lua_pushvalue(L, -1);
  lua_setglobal(L, LUA_OSLIBNAME);
  lua_setfield(L, -2, LUA_OSLIBNAME);
  lua_pushcfunction(L, luaopen_debug);
  lua_call(L, 0, 1);
  stock_traceback = field_function(L, "traceback");
  stock_getinfo = field_function(L, "getinfo");
  lua_pop(L, 1);
  luaL_newlib(L, of_debug);
  lua_pushvalue(L, -1);
  lua_setglobal(L, LUA_DBLIBNAME);
  lua_setfield(L, -2, LUA_DBLIBNAME);
  lua_pop(L, 1);
}
