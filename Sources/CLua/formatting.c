/* `string.format`: as Lua's own, with a look now and then. A float may take the C library microseconds, and `%q` a
 * step for each byte of its string: what a format asks for may take seconds. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

enum {
  /* The longest conversion, with its `%` and the zero at its end; ten bytes of it are for the length modifier. */
  CONVERSION_SIZE = 32,
  /* The longest result, but of `%f` and `%s`: 99 digits, a sign, a point, an exponent. */
  ITEM_SIZE = 120,
  /* `%f` of the largest number: 309 digits more. */
  LONG_ITEM_SIZE = ITEM_SIZE + 309,
  /* The longest format that is left to Lua's own function, which is faster by a fifth: it cannot ask for more than a
   * millisecond or so, unless there is a `%q` in it. */
  SHORT_FORMAT = 256,
  /* How much is done between two looks, in bytes or so. */
  BETWEEN_LOOKS = 1 << 12,
};

static const char FLOAT_FLAGS[] = "-+#0 ";

typedef struct {
  lua_State *L;
  luaL_Buffer result;
  size_t until_look;
  int argument;                     /* that of the conversion */
  char conversion[CONVERSION_SIZE]; /* as it stands in the format */
} formatter;

/* [-0, +0, v] */
static inline void spend(formatter *f, size_t steps) {
  if (steps < f->until_look) {
    f->until_look -= steps;
    return;
  }
  f->until_look = BETWEEN_LOOKS;
  look(f->L, state_of(f->L));
}

/* Copies the conversion that begins at `text`, up to its letter, which it returns. [-0, +0, e] */
static const char *read_conversion(formatter *f, const char *text) {
  size_t length = 2 + strspn(text + 1, "-+#0 123456789.");
  if (length > CONVERSION_SIZE - 10) luaL_error(f->L, "invalid format (too long)");
  memcpy(f->conversion, text, length);
  f->conversion[length] = 0;
  return text + length - 1;
}

static const char *skip_width(const char *text) {
  for (int digits = 0; digits < 2 && isdigit((uint8_t)*text); digits++) text++;
  return text;
}

/* Raises unless the conversion has nothing but these flags, a width and, if it may, a precision. [-0, +0, e] */
static void check_conversion(formatter *f, const char *flags, bool with_precision) {
  const char *rest = f->conversion + 1;
  rest += strspn(rest, flags);
  if (*rest != '0') {
    rest = skip_width(rest);
    if (*rest == '.' && with_precision) rest = skip_width(rest + 1);
  }
  if (!isalpha((uint8_t)*rest)) luaL_error(f->L, "invalid conversion specification: '%s'", f->conversion);
}

/* Puts what the C library needs to know of Lua's numbers before the letter. */
static void add_modifier(formatter *f, const char *modifier) {
  size_t length = strlen(f->conversion);
  char letter = f->conversion[length - 1];
  snprintf(f->conversion + length - 1, CONVERSION_SIZE - length + 1, "%s%c", modifier, letter);
}

/* Adds what snprintf makes of a value, with `size` bytes of room. */
#define ADD_ITEM(f, size, value)                                                                    \
  do {                                                                                              \
    char *room = luaL_prepbuffsize(&(f)->result, (size));                                           \
    int length = snprintf(room, (size), (f)->conversion, (value));                                  \
    luaL_addsize(&(f)->result, (size_t)length);                                                     \
    spend(f, (size_t)length);                                                                       \
  } while (0)

/* [-0, +0, e] */
static void add_integer(formatter *f, const char *flags) {
  lua_Integer number = luaL_checkinteger(f->L, f->argument);
  check_conversion(f, flags, true);
  add_modifier(f, LUA_INTEGER_FRMLEN);
  ADD_ITEM(f, ITEM_SIZE, (LUAI_UACINT)number);
}

/* [-0, +0, e] */
static void add_float(formatter *f, size_t size) {
  lua_Number number = luaL_checknumber(f->L, f->argument);
  check_conversion(f, FLOAT_FLAGS, true);
  add_modifier(f, LUA_NUMBER_FRMLEN);
  ADD_ITEM(f, size, (LUAI_UACNUMBER)number);
  spend(f, BETWEEN_LOOKS / 32); /* the digits that are not shown cost as much */
}

/* [-0, +0, e] */
static void add_string(formatter *f) {
  lua_State *L = f->L;
  size_t length;
  const char *text = luaL_tolstring(L, f->argument, &length);
  bool has_options = f->conversion[2] != 0;
  if (has_options) {
    luaL_argcheck(L, length == strlen(text), f->argument, "string contains zeros");
    check_conversion(f, "-", true);
  }
  /* A long one is not cut or filled up unless it has a precision, which is less than the room. */
  if (!has_options || (length >= 100 && !strchr(f->conversion, '.'))) {
    luaL_addvalue(&f->result);
    spend(f, length / 16);
  } else {
    /* The text stands on the stack, above the buffer: it goes when it is no more needed. */
    char item[ITEM_SIZE];
    int filled = snprintf(item, sizeof item, f->conversion, text);
    lua_pop(L, 1);
    luaL_addlstring(&f->result, item, (size_t)filled);
  }
}

/* `%q`: what Lua reads as the same value. */

/* [-0, +0, e] */
static void add_quoted_string(formatter *f) {
  size_t length;
  const char *text = lua_tolstring(f->L, f->argument, &length), *end = text + length;
  luaL_addchar(&f->result, '"');
  for (; text < end; text++) {
    uint8_t c = (uint8_t)*text;
    spend(f, 1);
    if (c == '"' || c == '\\' || c == '\n') {
      luaL_addchar(&f->result, '\\');
    } else if (iscntrl(c)) {
      char escape[8];
      /* A digit that follows would be taken for one of the escape's. The string ends with a zero. */
      int size = snprintf(escape, sizeof escape, isdigit((uint8_t)text[1]) ? "\\%03d" : "\\%d", c);
      luaL_addlstring(&f->result, escape, (size_t)size);
      continue;
    }
    luaL_addchar(&f->result, (char)c);
  }
  luaL_addchar(&f->result, '"');
}

/* [-0, +0, e] */
static void add_quoted_number(formatter *f) {
  char text[ITEM_SIZE];
  if (lua_isinteger(f->L, f->argument)) {
    lua_Integer number = lua_tointeger(f->L, f->argument);
    /* The least integer has no decimal numeral that is one. */
    snprintf(text, sizeof text, number == LUA_MININTEGER ? "0x%" LUA_INTEGER_FRMLEN "x" : LUA_INTEGER_FMT, number);
  } else {
    lua_Number number = lua_tonumber(f->L, f->argument);
    if (isnan(number)) strcpy(text, "(0/0)");
    else if (isinf(number)) strcpy(text, number > 0 ? "1e9999" : "-1e9999");
    else snprintf(text, sizeof text, "%" LUA_NUMBER_FRMLEN "a", number);
  }
  luaL_addstring(&f->result, text);
}

/* [-0, +0, e] */
static void add_quoted(formatter *f) {
  if (f->conversion[2] != 0) luaL_error(f->L, "specifier '%%q' cannot have modifiers");
  switch (lua_type(f->L, f->argument)) {
    case LUA_TSTRING: add_quoted_string(f); break;
    case LUA_TNUMBER: add_quoted_number(f); break;
    case LUA_TNIL:
    case LUA_TBOOLEAN:
      luaL_tolstring(f->L, f->argument, NULL);
      luaL_addvalue(&f->result);
      break;
    default: luaL_argerror(f->L, f->argument, "value has no literal form");
  }
}

/* [-0, +0, e] */
static void add_pointer(formatter *f) {
  const void *pointer = lua_topointer(f->L, f->argument);
  check_conversion(f, "-", false);
  if (pointer) {
    ADD_ITEM(f, ITEM_SIZE, pointer);
  } else {
    f->conversion[strlen(f->conversion) - 1] = 's';
    ADD_ITEM(f, ITEM_SIZE, "(null)");
  }
}

/* [-0, +0, e] */
static void add_argument(formatter *f, char letter) {
  switch (letter) {
    case 'c':
      check_conversion(f, "-", false);
      ADD_ITEM(f, ITEM_SIZE, (int)luaL_checkinteger(f->L, f->argument));
      break;
    case 'd': case 'i': add_integer(f, "-+0 "); break;
    case 'u': add_integer(f, "-0"); break;
    case 'o': case 'x': case 'X': add_integer(f, "-#0"); break;
    case 'a': case 'A':
      check_conversion(f, FLOAT_FLAGS, true); /* here it comes before the argument */
      add_float(f, ITEM_SIZE);
      break;
    case 'e': case 'E': case 'g': case 'G': add_float(f, ITEM_SIZE); break;
    case 'f': add_float(f, LONG_ITEM_SIZE); break;
    case 'p': add_pointer(f); break;
    case 'q': add_quoted(f); break;
    case 's': add_string(f); break;
    default: luaL_error(f->L, "invalid conversion '%s' to 'format'", f->conversion);
  }
}

static _Atomic(lua_CFunction) stock_format;

static int string_format(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length), *end = text + length, *sign;
  if (length <= SHORT_FORMAT && !memchr(text, 'q', length)) return stock_format(L);
  formatter f = {.L = L, .until_look = BETWEEN_LOOKS, .argument = 1};
  int last = lua_gettop(L);
  luaL_buffinit(L, &f.result);
  while ((sign = memchr(text, '%', (size_t)(end - text)))) {
    luaL_addlstring(&f.result, text, (size_t)(sign - text));
    spend(&f, 1);
    if (sign[1] == '%') {
      luaL_addchar(&f.result, '%');
      text = sign + 2;
      continue;
    }
    if (++f.argument > last) return luaL_argerror(L, f.argument, "no value");
    text = read_conversion(&f, sign);
    add_argument(&f, *text++);
  }
  luaL_addlstring(&f.result, text, (size_t)(end - text));
  luaL_pushresult(&f.result);
  return 1;
}

void open_formatting(lua_State *L) {
  static const luaL_Reg functions[] = {{"format", string_format}, {NULL, NULL}};
  stock_format = field_function(L, "format");
  replace_functions(L, functions);
  lua_getfield(L, -1, "format");
  name_obstacle(L, "a __tostring metamethod");
}
