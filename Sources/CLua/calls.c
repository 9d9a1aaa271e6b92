/* Lua calls Swift: one trampoline for every host function. */
#include <string.h>

#include "internal.h"

/* [-0, +1, v] Raises the answer's text. */
static int raise_reply(lua_State *L, clua_state *state) {
  state->overdraft++;
  lua_pushlstring(L, (const char *)state->reply.bytes, state->reply.length);
  state->overdraft--;
  return raise_at_caller(L);
}

static int continue_call(lua_State *L, int status, lua_KContext context);

/* Does what Swift answered; returns the number of results, raises or yields. */
static int take_reply(lua_State *L, clua_state *state, int reply) {
  int count;
  switch (reply) {
    case CLUA_REPLY_VALUES:
      count = decode_list(L, state->reply.bytes, state->reply.length);
      buffer_reset(&state->reply);
      return count;
    case CLUA_REPLY_TROUBLE:
      lua_pushnil(L);
      state->overdraft++;
      lua_pushlstring(L, (const char *)state->reply.bytes, state->reply.length);
      state->overdraft--;
      return 2;
    case CLUA_REPLY_WAIT: state->host_wait = true; return lua_yieldk(L, 0, 0, continue_call);
    case CLUA_REPLY_CANNOT_WAIT:
      lua_pushfstring(L, "cannot wait inside %s", obstacle(L, state));
      return raise_at_caller(L);
    case CLUA_REPLY_END: begin_unwinding(state, CAUSE_REPLY); return raise_end(L);
    default: return raise_reply(L, state);
  }
}

static int continue_call(lua_State *L, int status, lua_KContext context) {
  (void)status;
  (void)context;
  clua_state *state = state_of(L);
  look(L, state);
  return take_reply(L, state, state->reply_status);
}

static int whether_waiting(lua_State *L, clua_state *state) {
  if (!state->at_top_level && state->blocked == 0 && lua_isyieldable(L)) return CLUA_CAN_WAIT;
  return state->cause != CAUSE_NONE ? CLUA_CAN_BLOCK : CLUA_CANNOT_WAIT;
}

/* [-0, +1, m] Pushes what the script calls a host function by: "json.encode". A wrapper in Lua stands for what it
 * calls, but its name is not known to who returns what it returns: then it is "http" alone. */
static void push_called_name(lua_State *L) {
  const char *module = lua_tostring(L, lua_upvalueindex(2)), *name = lua_tostring(L, lua_upvalueindex(3));
  lua_Debug frame;
  for (int level = 1; lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "Sn", &frame);
    if (strncmp(frame.short_src, "[almanac", 8) != 0) break;
    name = frame.name;
  }
  if (name) lua_pushfstring(L, "%s.%s", module, name);
  else lua_pushstring(L, module);
}

/* Its upvalues are the function's number, and the names of its module and of itself. */
static int call_host(lua_State *L) {
  clua_state *state = state_of(L);
  look(L, state);
  buffer_reset(&state->arguments);
  const char *wrong = encode_list(L, 1, &state->arguments);
  if (wrong) {
    look(L, state);
    push_called_name(L);
    lua_pushfstring(L, "%s: an argument cannot be handed over: %s", lua_tostring(L, -1), wrong);
    return raise_at_caller(L);
  }
  int32_t function = (int32_t)lua_tointeger(L, lua_upvalueindex(1));
  state->made = 0;
  int reply = state->config.call(state->config.context, function, state->arguments.bytes,
                                 state->arguments.length, whether_waiting(L, state));
  look(L, state); /* it may have given up */
  if (state->made > state->hard) return raise_memory_end(L, state);
  return take_reply(L, state, reply);
}

void push_host_function(lua_State *L, int32_t index) {
  lua_pushinteger(L, index);
  lua_insert(L, -3);
  lua_pushcclosure(L, call_host, 3);
}

uint8_t *clua_reply_space(clua_state *state, size_t length) {
  buffer_reset(&state->reply);
  if (!buffer_reserve(&state->reply, length ? length : 1, SIZE_MAX / 4)) return NULL;
  state->reply.length = length;
  return state->reply.bytes;
}

int raise_at_caller(lua_State *L) {
  lua_Debug frame;
  for (int level = 1; lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "Sl", &frame);
    if (frame.currentline > 0 && strncmp(frame.short_src, "[almanac", 8) != 0) {
      lua_pushfstring(L, "%s:%d: ", frame.short_src, frame.currentline);
      lua_insert(L, -2);
      lua_concat(L, 2);
      break;
    }
  }
  return lua_error(L);
}

/* Its address is the registry key of the table of obstacles: description by address of the C function. */
static char obstacles_key;

/* A function's address as a light userdata, nil for a Lua function. [-0, +1, -] */
static void push_address(lua_State *L, lua_CFunction function) {
  if (function) lua_pushlightuserdata(L, (void *)function);
  else lua_pushnil(L);
}

void name_obstacle(lua_State *L, const char *description) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &obstacles_key) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &obstacles_key);
  }
  push_address(L, lua_tocfunction(L, -2));
  lua_pushstring(L, description);
  lua_rawset(L, -3);
  lua_pop(L, 2);
}

/* The innermost C function of `thread` that has a description. [-0, +0, -] */
static const char *obstacle_in(lua_State *L, lua_State *thread) {
  lua_Debug frame;
  const char *found = NULL;
  if (!lua_checkstack(thread, 1) || !lua_checkstack(L, 2)) return NULL;
  for (int level = 0; !found && lua_getstack(thread, level, &frame); level++) {
    lua_getinfo(thread, "f", &frame);
    lua_CFunction function = lua_tocfunction(thread, -1);
    lua_pop(thread, 1);
    if (!function) continue;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &obstacles_key);
    push_address(L, function);
    lua_rawget(L, -2);
    found = lua_tostring(L, -1); /* the description stays in its table */
    lua_pop(L, 2);
  }
  return found;
}

const char *obstacle(lua_State *L, clua_state *state) {
  if (state->at_top_level) return "the top level of a file";
  const char *found = obstacle_in(L, L);
  for (int i = state->depth; !found && i > 0; i--) found = obstacle_in(L, state->chain[i - 1]);
  return found ? found : "a metamethod or a callback";
}
