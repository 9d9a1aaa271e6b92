/* Lua values to bytes and back, in the coding of Values/ByteWriter.swift. */
#include <stdio.h>
#include <string.h>

#include "internal.h"

enum { TAG_NULL, TAG_FALSE, TAG_TRUE, TAG_INTEGER, TAG_FLOAT, TAG_STRING, TAG_TABLE, TAG_LIST, TAG_OPAQUE };

enum { NESTING_LIMIT = 100 };

/* Its address is json.null. */
static char null_mark;
/* Its address is the registry key of the metatable that marks lists. */
static char list_key;

void push_null(lua_State *L) { lua_pushlightuserdata(L, &null_mark); }

/* All light userdata share one metatable: native rocks may have others. */

static bool is_null(lua_State *L, int index) { return lua_touserdata(L, index) == &null_mark; }

static int null_to_text(lua_State *L) {
  if (is_null(L, 1)) lua_pushliteral(L, "null");
  else lua_pushfstring(L, "userdata: %p", lua_topointer(L, 1));
  return 1;
}

/* A field that a server has sent as null is a value here, and easily taken for the table that it might be. */
static int index_null(lua_State *L) {
  if (!is_null(L, 1)) return luaL_error(L, "attempt to index a userdata value");
  if (lua_type(L, 2) != LUA_TSTRING) return luaL_error(L, "attempt to index json.null");
  return luaL_error(L, "attempt to index json.null (field '%s')", lua_tostring(L, 2));
}

void dress_null(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"__tostring", null_to_text}, {"__index", index_null}, {"__newindex", index_null}, {NULL, NULL},
  };
  push_null(L);
  luaL_newlib(L, functions);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

void push_list_metatable(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &list_key) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &list_key);
  state_of(L)->list_metatable = lua_topointer(L, -1);
}

/* Encoding. A table that appears in many places is written in each of them, so what is written may be far
 * more than what is held: the memory limit holds for it too. */

typedef struct {
  lua_State *L;
  buffer *target;
  size_t limit;
  unsigned count; /* of values */
} encoder;

const char *const too_large = "more data than the memory limit allows";
static const char *const given_up = "the run is to end";

/* How many values are written or read between two looks whether the run is to end. */
enum { BETWEEN_LOOKS = 1 << 12 };

static bool put(encoder *to, const void *bytes, size_t length) {
  return buffer_append(to->target, bytes, length, to->limit);
}

static bool put_tag(encoder *to, uint8_t tag) { return put(to, &tag, 1); }

static bool put_count(encoder *to, uint32_t count) { return put(to, &count, sizeof count); }

static bool put_text(encoder *to, const char *text, size_t length) {
  return length <= UINT32_MAX && put_count(to, (uint32_t)length) && put(to, text, length);
}

static const char *encode_value(encoder *to, int index, int depth);

/* Writes the key at -2 as text. Numbers are not converted in place: that would confuse lua_next. */
static const char *encode_key(encoder *to) {
  lua_State *L = to->L;
  char digits[64];
  size_t length;
  const char *text;
  switch (lua_type(L, -2)) {
    case LUA_TSTRING:
      text = lua_tolstring(L, -2, &length);
      break;
    case LUA_TNUMBER:
      text = digits;
      length = lua_isinteger(L, -2)
                   ? (size_t)snprintf(digits, sizeof digits, LUA_INTEGER_FMT, lua_tointeger(L, -2))
                   : (size_t)snprintf(digits, sizeof digits, "%.14g", lua_tonumber(L, -2));
      break;
    default: return "a table with a key that is neither a string nor a number";
  }
  return put_text(to, text, length) ? NULL : too_large;
}

static const char *encode_table(encoder *to, int index, int depth) {
  lua_State *L = to->L;
  if (depth >= NESTING_LIMIT) return "a table that is nested too deep, or holds itself";
  if (!lua_checkstack(L, 4)) return "a table that is nested too deep";
  bool is_list = false;
  if (lua_getmetatable(L, index)) {
    is_list = lua_topointer(L, -1) == state_of(L)->list_metatable;
    lua_pop(L, 1);
  }
  lua_Unsigned items = lua_rawlen(L, index);
  if (items > UINT32_MAX) return too_large;
  if (!put_tag(to, is_list ? TAG_LIST : TAG_TABLE) || !put_count(to, (uint32_t)items)) return too_large;
  for (lua_Unsigned i = 1; i <= items; i++) {
    lua_rawgeti(L, index, (lua_Integer)i);
    const char *wrong = encode_value(to, lua_gettop(L), depth + 1);
    lua_pop(L, 1);
    if (wrong) return wrong;
  }
  size_t count_at = to->target->length;
  uint32_t count = 0;
  if (!put_count(to, 0)) return too_large;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (!lua_isinteger(L, -2) || (lua_Unsigned)lua_tointeger(L, -2) - 1 >= items) {
      const char *wrong = encode_key(to);
      if (!wrong) wrong = encode_value(to, lua_gettop(L), depth + 1);
      if (wrong) {
        lua_pop(L, 2);
        return wrong;
      }
      count++;
    }
    lua_pop(L, 1);
  }
  memcpy(to->target->bytes + count_at, &count, sizeof count);
  return NULL;
}

static const char *encode_value(encoder *to, int index, int depth) {
  lua_State *L = to->L;
  bool fits;
  size_t length;
  if (++to->count % BETWEEN_LOOKS == 0 && clua_stop_pending(state_of(L))) return given_up;
  switch (lua_type(L, index)) {
    case LUA_TNONE:
    case LUA_TNIL: fits = put_tag(to, TAG_NULL); break;
    case LUA_TBOOLEAN: fits = put_tag(to, lua_toboolean(L, index) ? TAG_TRUE : TAG_FALSE); break;
    case LUA_TNUMBER:
      if (lua_isinteger(L, index)) {
        int64_t number = lua_tointeger(L, index);
        fits = put_tag(to, TAG_INTEGER) && put(to, &number, sizeof number);
      } else {
        double number = lua_tonumber(L, index);
        fits = put_tag(to, TAG_FLOAT) && put(to, &number, sizeof number);
      }
      break;
    case LUA_TSTRING: {
      const char *text = lua_tolstring(L, index, &length);
      fits = put_tag(to, TAG_STRING) && put_text(to, text, length);
      break;
    }
    case LUA_TTABLE: return encode_table(to, index, depth);
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(L, index) == &null_mark) {
        fits = put_tag(to, TAG_NULL);
        break;
      }
      /* FALLTHROUGH */
    default: {
      const char *name = luaL_typename(L, index);
      fits = put_tag(to, TAG_OPAQUE) && put_text(to, name, strlen(name));
    }
  }
  return fits ? NULL : too_large;
}

const char *encode(lua_State *L, int index, buffer *target, size_t limit) {
  encoder to = {L, target, limit < state_of(L)->soft ? limit : state_of(L)->soft, 0};
  return encode_value(&to, lua_absindex(L, index), 0);
}

void encode_type(buffer *target, const char *name) {
  encoder to = {NULL, target, SIZE_MAX, 0};
  buffer_reset(target);
  if (put_tag(&to, TAG_OPAQUE)) put_text(&to, name, strlen(name));
}

const char *encode_list(lua_State *L, int first, buffer *target) {
  encoder to = {L, target, state_of(L)->soft, 0};
  int last = lua_gettop(L);
  if (!put_count(&to, (uint32_t)(last - first + 1))) return too_large;
  for (int i = first; i <= last; i++) {
    const char *wrong = encode_value(&to, i, 0);
    if (wrong) return wrong;
  }
  return NULL;
}

/* Decoding. The bytes are our own, so that what is wrong with them is a mistake in the host. */

/* Raises when the run is to end, or what is decoded, for which nothing is refused, has gone past the hard limit.
 * [-0, +0, v] */
static void look_around(lua_State *L, clua_state *state) {
  look(L, state);
  if (state->used > state->hard) raise_memory_end(L, state);
}

static void take(lua_State *L, const uint8_t **position, const uint8_t *end, void *into, size_t length) {
  if ((size_t)(end - *position) < length) luaL_error(L, "the host's answer is cut short");
  memcpy(into, *position, length);
  *position += length;
}

static void push_text(lua_State *L, const uint8_t **position, const uint8_t *end) {
  uint32_t length;
  take(L, position, end, &length, sizeof length);
  if ((size_t)(end - *position) < length) luaL_error(L, "the host's answer is cut short");
  lua_pushlstring(L, (const char *)*position, length);
  *position += length;
}

static void decode_nested(lua_State *L, const uint8_t **position, const uint8_t *end, bool nested) {
  clua_state *state = state_of(L);
  if (++state->decoded % BETWEEN_LOOKS == 0) look_around(L, state);
  uint8_t tag;
  int64_t integer;
  double number;
  uint32_t count;
  take(L, position, end, &tag, 1);
  switch (tag) {
    case TAG_NULL:
      if (nested) push_null(L);
      else lua_pushnil(L);
      break;
    case TAG_FALSE: lua_pushboolean(L, 0); break;
    case TAG_TRUE: lua_pushboolean(L, 1); break;
    case TAG_INTEGER:
      take(L, position, end, &integer, sizeof integer);
      lua_pushinteger(L, integer);
      break;
    case TAG_FLOAT:
      take(L, position, end, &number, sizeof number);
      lua_pushnumber(L, number);
      break;
    case TAG_STRING: push_text(L, position, end); break;
    case TAG_TABLE:
    case TAG_LIST:
      luaL_checkstack(L, 4, "data nested too deep");
      take(L, position, end, &count, sizeof count);
      lua_createtable(L, count < 1 << 20 ? (int)count : 1 << 20, 0);
      for (uint32_t i = 1; i <= count; i++) {
        decode_nested(L, position, end, true);
        lua_rawseti(L, -2, i);
      }
      take(L, position, end, &count, sizeof count);
      for (; count > 0; count--) {
        push_text(L, position, end);
        decode_nested(L, position, end, true);
        lua_rawset(L, -3);
      }
      if (tag == TAG_LIST) {
        push_list_metatable(L);
        lua_setmetatable(L, -2);
      }
      break;
    case TAG_OPAQUE:
      push_text(L, position, end);
      lua_pop(L, 1);
      lua_pushnil(L);
      break;
    default: luaL_error(L, "the host's answer makes no sense");
  }
}

void decode(lua_State *L, const uint8_t **position, const uint8_t *end) {
  clua_state *state = state_of(L);
  state->overdraft++;
  decode_nested(L, position, end, false);
  state->overdraft--;
}

int decode_list(lua_State *L, const uint8_t *bytes, size_t length) {
  const uint8_t *position = bytes, *end = bytes + length;
  uint32_t count;
  take(L, &position, end, &count, sizeof count);
  luaL_checkstack(L, (int)count, "too many values");
  for (uint32_t i = 0; i < count; i++) decode(L, &position, end);
  return (int)count;
}
