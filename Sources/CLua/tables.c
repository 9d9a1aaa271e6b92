/* `table`: as Lua's own (ltablib.c, by the PUC-Rio, under the MIT licence), with a look at each step whether
 * the run is to end. A table's length or items may come from metamethods, and so may never come to an end. */
#include <limits.h>
#include <stdbool.h>

#include "internal.h"

enum { READS = 1, WRITES = 2, MEASURES = 4 };

static bool has_field(lua_State *L, const char *name, int metatable) {
  lua_pushstring(L, name);
  return lua_rawget(L, metatable) != LUA_TNIL;
}

/* Accepts a table, or what has the metamethods to act like one. */
static void check_table(lua_State *L, int argument, int use) {
  if (lua_type(L, argument) == LUA_TTABLE) return;
  if (lua_getmetatable(L, argument)) {
    int metatable = lua_gettop(L);
    if ((!(use & READS) || has_field(L, "__index", metatable)) &&
        (!(use & WRITES) || has_field(L, "__newindex", metatable)) &&
        (!(use & MEASURES) || has_field(L, "__len", metatable))) {
      lua_settop(L, metatable - 1);
      return;
    }
  }
  luaL_checktype(L, argument, LUA_TTABLE);
}

static lua_Integer check_length(lua_State *L, int argument, int use) {
  check_table(L, argument, use | MEASURES);
  return luaL_len(L, argument);
}

/* A plain table at index 1, whose items no metamethod has a say in. */
static bool is_plain_table(lua_State *L) {
  if (lua_type(L, 1) != LUA_TTABLE) return false;
  if (!lua_getmetatable(L, 1)) return true;
  lua_pop(L, 1);
  return false;
}

static int table_insert(lua_State *L) {
  clua_state *state = state_of(L);
  if (lua_gettop(L) == 2 && is_plain_table(L)) { /* most calls: the shortest way */
    lua_rawseti(L, 1, (lua_Integer)(lua_rawlen(L, 1) + 1));
    return 0;
  }
  lua_Integer position;
  lua_Integer end = (lua_Integer)((lua_Unsigned)check_length(L, 1, READS | WRITES) + 1);
  switch (lua_gettop(L)) {
    case 2: position = end; break;
    case 3:
      position = luaL_checkinteger(L, 2);
      luaL_argcheck(L, (lua_Unsigned)position - 1u < (lua_Unsigned)end, 2, "position out of bounds");
      for (lua_Integer i = end; i > position; i--) {
        look(L, state);
        lua_geti(L, 1, i - 1);
        lua_seti(L, 1, i);
      }
      break;
    default: return luaL_error(L, "wrong number of arguments to 'insert'");
  }
  lua_seti(L, 1, position);
  return 0;
}

static int table_remove(lua_State *L) {
  clua_state *state = state_of(L);
  lua_Integer size = check_length(L, 1, READS | WRITES);
  lua_Integer position = luaL_optinteger(L, 2, size);
  if (position != size)
    luaL_argcheck(L, (lua_Unsigned)position - 1u <= (lua_Unsigned)size, 2, "position out of bounds");
  lua_geti(L, 1, position);
  for (; position < size; position++) {
    look(L, state);
    lua_geti(L, 1, position + 1);
    lua_seti(L, 1, position);
  }
  lua_pushnil(L);
  lua_seti(L, 1, position);
  return 1;
}

static int table_move(lua_State *L) {
  clua_state *state = state_of(L);
  lua_Integer from = luaL_checkinteger(L, 2);
  lua_Integer end = luaL_checkinteger(L, 3);
  lua_Integer to = luaL_checkinteger(L, 4);
  int target = lua_isnoneornil(L, 5) ? 1 : 5;
  check_table(L, 1, READS);
  check_table(L, target, WRITES);
  if (end >= from) {
    luaL_argcheck(L, from > 0 || end < LUA_MAXINTEGER + from, 3, "too many elements to move");
    lua_Integer count = end - from + 1;
    luaL_argcheck(L, to <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
    bool upward = to > end || to <= from || (target != 1 && !lua_compare(L, 1, target, LUA_OPEQ));
    for (lua_Integer step = 0; step < count; step++) {
      lua_Integer i = upward ? step : count - 1 - step;
      look(L, state);
      lua_geti(L, 1, from + i);
      lua_seti(L, target, to + i);
    }
  }
  lua_pushvalue(L, target);
  return 1;
}

static int table_unpack(lua_State *L) {
  bool is_plain = is_plain_table(L);
  lua_Integer from = luaL_optinteger(L, 2, 1), end;
  if (!lua_isnoneornil(L, 3)) end = luaL_checkinteger(L, 3);
  else end = is_plain ? (lua_Integer)lua_rawlen(L, 1) : luaL_len(L, 1);
  if (from > end) return 0;
  lua_Unsigned count = (lua_Unsigned)end - (lua_Unsigned)from + 1; /* 0 for all that there are */
  if (count - 1 >= INT_MAX || !lua_checkstack(L, (int)count)) return luaL_error(L, "too many results to unpack");
  if (is_plain) {
    for (lua_Unsigned i = 0; i < count; i++) lua_rawgeti(L, 1, (lua_Integer)((lua_Unsigned)from + i));
    return (int)count;
  }
  clua_state *state = state_of(L);
  for (lua_Unsigned i = 0; i < count; i++) {
    look(L, state);
    lua_geti(L, 1, (lua_Integer)((lua_Unsigned)from + i));
  }
  return (int)count;
}

static void add_field(lua_State *L, luaL_Buffer *text, lua_Integer i) {
  lua_geti(L, 1, i);
  if (!lua_isstring(L, -1))
    luaL_error(L, "invalid value (at index %I) in table for 'concat'", (LUAI_UACINT)i);
  luaL_addvalue(text);
}

static int table_concat(lua_State *L) {
  clua_state *state = state_of(L);
  luaL_Buffer text;
  size_t length;
  lua_Integer last = check_length(L, 1, READS);
  const char *separator = luaL_optlstring(L, 2, "", &length);
  lua_Integer i = luaL_optinteger(L, 3, 1);
  last = luaL_optinteger(L, 4, last);
  luaL_buffinit(L, &text);
  for (; i < last; i++) {
    look(L, state);
    add_field(L, &text, i);
    luaL_addlstring(&text, separator, length);
  }
  if (i == last) add_field(L, &text, i);
  luaL_pushresult(&text);
  return 1;
}

/* Sorting: quicksort, as in ltablib.c, the items on the Lua stack. */

typedef unsigned int position;

enum { CHOOSE_ABOVE = 100 };

static void set_two(lua_State *L, position i, position j) {
  lua_seti(L, 1, i);
  lua_seti(L, 1, j);
}

/* Whether the value at index a comes before the one at b. [-0, +0, e] */
static bool less(lua_State *L, int a, int b) {
  clua_state *state = state_of(L);
  look(L, state);
  if (lua_isnil(L, 2)) return lua_compare(L, a, b, LUA_OPLT);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, a - 1);
  lua_pushvalue(L, b - 2);
  call_back(L, state, 2, 1);
  bool result = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return result;
}

/* Splits t[low..up] around the pivot on top of the stack, which is t[up - 1]. [-1, +0, e] */
static position partition(lua_State *L, position low, position up) {
  position i = low, j = up - 1;
  for (;;) {
    while (lua_geti(L, 1, ++i), less(L, -1, -2)) {
      if (i == up - 1) luaL_error(L, "invalid order function for sorting");
      lua_pop(L, 1);
    }
    while (lua_geti(L, 1, --j), less(L, -3, -1)) {
      if (j < i) luaL_error(L, "invalid order function for sorting");
      lua_pop(L, 1);
    }
    if (j < i) {
      lua_pop(L, 1);
      set_two(L, up - 1, i);
      return i;
    }
    set_two(L, i, j);
  }
}

static position choose_pivot(position low, position up, unsigned random) {
  position quarter = (up - low) / 4;
  return random % (quarter * 2) + (low + quarter);
}

static void sort(lua_State *L, position low, position up, unsigned random) {
  while (low < up) {
    lua_geti(L, 1, low);
    lua_geti(L, 1, up);
    if (less(L, -1, -2)) set_two(L, low, up);
    else lua_pop(L, 2);
    if (up - low == 1) return;
    position p = up - low <= CHOOSE_ABOVE ? (low + up) / 2 : choose_pivot(low, up, random);
    lua_geti(L, 1, p);
    lua_geti(L, 1, low);
    if (less(L, -2, -1)) set_two(L, p, low);
    else {
      lua_pop(L, 1);
      lua_geti(L, 1, up);
      if (less(L, -1, -2)) set_two(L, p, up);
      else lua_pop(L, 2);
    }
    if (up - low == 2) return;
    lua_geti(L, 1, p);
    lua_pushvalue(L, -1);
    lua_geti(L, 1, up - 1);
    set_two(L, p, up - 1);
    p = partition(L, low, up);
    position size;
    if (p - low < up - p) {
      sort(L, low, p - 1, random);
      size = p - low;
      low = p + 1;
    } else {
      sort(L, p + 1, up, random);
      size = up - p;
      up = p - 1;
    }
    if ((up - low) / 128 > size) random = random * 1664525u + 1013904223u + low; /* badly split */
  }
}

static int table_sort(lua_State *L) {
  lua_Integer size = check_length(L, 1, READS | WRITES);
  if (size > 1) {
    luaL_argcheck(L, size < INT_MAX, 1, "array too big");
    if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    sort(L, 1, (position)size, 0);
  }
  return 0;
}

void open_tables(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"insert", table_insert}, {"remove", table_remove}, {"move", table_move},
    {"concat", table_concat}, {"sort", table_sort},     {"unpack", table_unpack}, {NULL, NULL},
  };
  luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
  replace_functions(L, functions);
  lua_getfield(L, -1, "sort");
  name_obstacle(L, "a table.sort comparator");
  lua_pop(L, 1);
}
