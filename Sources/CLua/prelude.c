/* The prelude: the part of every state that is written in Lua, and what only it is given. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* bind(n, module, name): host function number n, and what messages call it. */
static int host_bind(lua_State *L) {
  luaL_checkstring(L, 2);
  luaL_checkstring(L, 3);
  lua_settop(L, 3);
  push_host_function(L, (int32_t)luaL_checkinteger(L, 1));
  return 1;
}

/* load(text, chunk name): the function, or raises what is wrong with the text. */
static int host_load(lua_State *L) {
  size_t length;
  lua_Integer generation = state_of(L)->generation;
  const char *text = luaL_checklstring(L, 1, &length);
  int status = load_file(L, text, length, luaL_checkstring(L, 2));
  if (status != LUA_OK) {
    let_through(L, state_of(L), status, generation);
    return lua_error(L);
  }
  return 1;
}

/* load_native(path, name): the function `name` of a shared library, or raises. The library stays: what it has made
 * may be anywhere. */
static int host_load_native(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return luaL_error(L, "%s", dlerror());
  lua_CFunction function = (lua_CFunction)dlsym(library, luaL_checkstring(L, 2));
  if (!function) return luaL_error(L, "%s", dlerror());
  lua_pushcfunction(L, function);
  return 1;
}

/* call(f, ...): calls a module's chunk, in which nothing can wait: who else requires the module meanwhile
 * would find it half made. */
static int host_call(lua_State *L) {
  lua_call(L, lua_gettop(L) - 1, 1);
  return 1;
}

static int host_list(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  push_list_metatable(L);
  lua_setmetatable(L, 1);
  return 1;
}

static int host_is_list(lua_State *L) {
  bool is_list = lua_istable(L, 1) && lua_getmetatable(L, 1) &&
                 lua_topointer(L, -1) == state_of(L)->list_metatable;
  lua_pushboolean(L, is_list);
  return 1;
}

/* raise(message): raises with the line of the innermost function that is not the host's own. */
static int host_raise(lua_State *L) {
  luaL_checkstring(L, 1);
  lua_settop(L, 1);
  return raise_at_caller(L);
}

/* The prelude is compiled once a process. */
static struct {
  pthread_once_t once;
  buffer code;
} compiled = {.once = PTHREAD_ONCE_INIT};

static int write_code(lua_State *L, const void *bytes, size_t length, void *context) {
  (void)L;
  return buffer_append(context, bytes, length, SIZE_MAX / 4) ? 0 : 1;
}

static void compile(void) {
  size_t length;
  const uint8_t *text = clua_embedded("prelude.lua", &length);
  lua_State *L = luaL_newstate();
  if (!L) return;
  if (text && luaL_loadbufferx(L, (const char *)text, length, "=[almanac]", "t") == LUA_OK)
    lua_dump(L, write_code, &compiled.code, 0);
  lua_close(L);
}

void open_prelude(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"bind", host_bind}, {"load", host_load},       {"call", host_call},
    {"list", host_list}, {"is_list", host_is_list}, {"raise", host_raise},
    {"load_native", host_load_native}, {NULL, NULL},
  };
  pthread_once(&compiled.once, compile);
  const char *code = (const char *)compiled.code.bytes;
  if (!code || luaL_loadbufferx(L, code, compiled.code.length, "=[almanac]", "b") != LUA_OK)
    luaL_error(L, "the prelude does not load");
  luaL_newlib(L, functions);
  add_handle_functions(L);
  lua_getfield(L, -1, "call");
  name_obstacle(L, "a module's top level");
  push_null(L);
  lua_setfield(L, -2, "null");
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_setfield(L, -2, "loaded");
  lua_call(L, 1, 0);
}
