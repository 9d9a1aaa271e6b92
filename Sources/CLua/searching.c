/* `string.find`, `match`, `gmatch` and `gsub`, on the matcher of patterns.c. */
#define _GNU_SOURCE
#include <string.h>

#include "patterns.h"

/* Where a string's argument `init` points to, counted from 0; it may lie past the end. [-0, +0, e] */
static size_t start_argument(lua_State *L, int argument, size_t length) {
  lua_Integer init = luaL_optinteger(L, argument, 1);
  if (init > 0) return (size_t)init - 1;
  if (init == 0 || init < -(lua_Integer)length) return 0;
  return length + (size_t)init;
}

/* The first place of a text in another, or NULL. memmem takes linear time at worst, but is slow to get going. */
static const char *find_in_part(const char *text, size_t length, const char *wanted, size_t wanted_length) {
  enum { TRIES = 32 };
  if (wanted_length == 0) return text;
  for (int tries = 0; tries < TRIES; tries++) {
    if (length < wanted_length) return NULL;
    const char *first = memchr(text, *wanted, length - wanted_length + 1);
    if (!first || memcmp(first, wanted, wanted_length) == 0) return first;
    length -= (size_t)(first + 1 - text);
    text = first + 1;
  }
  return memmem(text, length, wanted, wanted_length);
}

/* The same by parts, between which there is a look. [-0, +0, v] */
static const char *find_text(lua_State *L, const char *text, size_t length, const char *wanted,
                             size_t wanted_length) {
  enum { PART = 1 << 20 };
  clua_state *state = state_of(L);
  size_t part = wanted_length > PART / 4 ? wanted_length * 4 : PART;
  while (length > part) {
    look(L, state);
    const char *found = find_in_part(text, part, wanted, wanted_length);
    if (found) return found;
    size_t passed = part - wanted_length + 1; /* one that begins here may end in the next part */
    text += passed;
    length -= passed;
  }
  return find_in_part(text, length, wanted, wanted_length);
}

static bool is_plain(const char *pattern, size_t length) {
  for (size_t i = 0; i < length; i++) {
    switch (pattern[i]) {
      case '^': case '$': case '*': case '+': case '?': case '.': case '(': case '[': case '%': case '-': return false;
    }
  }
  return true;
}

/* Goes on from `at` to the first place where the pattern matches; returns the end of the match, NULL if
 * there is none. [-0, +0, v] */
static const char *match_from(matcher *m, const char **at, bool anchored) {
  for (;; ++*at) {
    const char *end = match_here(m, *at);
    if (end || anchored || *at == m->subject_end) return end;
  }
}

/* [-0, +2, -] */
static void push_span(lua_State *L, const char *subject, const char *start, const char *end) {
  lua_pushinteger(L, start - subject + 1);
  lua_pushinteger(L, end - subject);
}

static int find_or_match(lua_State *L, bool find) {
  size_t length, pattern_length;
  const char *subject = luaL_checklstring(L, 1, &length);
  const char *pattern = luaL_checklstring(L, 2, &pattern_length);
  size_t start = start_argument(L, 3, length);
  const char *at = subject + start, *end;
  if (start > length) {
    luaL_pushfail(L);
    return 1;
  }
  if (find && (lua_toboolean(L, 4) || is_plain(pattern, pattern_length))) {
    at = find_text(L, at, length - start, pattern, pattern_length);
    end = at ? at + pattern_length : NULL;
    if (end) {
      push_span(L, subject, at, end);
      return 2;
    }
  } else {
    matcher m;
    bool anchored = *pattern == '^';
    begin_matching(&m, L, subject, length, pattern + anchored, pattern_length - anchored);
    end = match_from(&m, &at, anchored);
    if (end && !find) return push_captures(&m, at, end);
    if (end) {
      push_span(L, subject, at, end);
      return push_captures(&m, NULL, NULL) + 2;
    }
  }
  luaL_pushfail(L);
  return 1;
}

static int string_find(lua_State *L) { return find_or_match(L, true); }

static int string_match(lua_State *L) { return find_or_match(L, false); }

/* gmatch */

/* How far an iterator has come. The texts are upvalues of it, which keeps them where they are. */
typedef struct {
  const char *subject, *pattern;
  size_t length, pattern_length;
  const char *at;       /* where the next search begins; past the end when there is none */
  const char *last_end; /* of the last match, NULL before the first */
} iteration;

/* Upvalues: the iteration, the subject, the pattern. */
static int next_match(lua_State *L) {
  matcher m;
  iteration *own = lua_touserdata(L, lua_upvalueindex(1));
  begin_matching(&m, L, own->subject, own->length, own->pattern, own->pattern_length);
  for (const char *at = own->at; at <= m.subject_end; at++) {
    const char *end = match_from(&m, &at, false);
    if (!end) break;
    if (end == own->last_end) continue; /* the empty match at the end of the last one */
    own->at = own->last_end = end;
    return push_captures(&m, at, end);
  }
  return 0;
}

static int string_gmatch(lua_State *L) {
  size_t length, pattern_length;
  const char *subject = luaL_checklstring(L, 1, &length);
  const char *pattern = luaL_checklstring(L, 2, &pattern_length);
  size_t start = start_argument(L, 3, length);
  lua_settop(L, 2);
  iteration *own = lua_newuserdatauv(L, sizeof *own, 0);
  *own = (iteration){subject, pattern, length, pattern_length,
                     subject + (start > length ? length + 1 : start), NULL};
  lua_insert(L, 1);
  lua_pushcclosure(L, next_match, 3);
  return 1;
}

/* gsub */

/* Adds the replacement text, which is at index 3, with its captures put in. [-0, +0, e] */
static void add_template(matcher *m, luaL_Buffer *result, const char *start, const char *end) {
  size_t length;
  const char *text = lua_tolstring(m->L, 3, &length);
  const char *escape, *text_end = text + length;
  while ((escape = memchr(text, '%', (size_t)(text_end - text)))) {
    char name = escape[1];
    luaL_addlstring(result, text, (size_t)(escape - text));
    text = escape + 2;
    spend(m, 1);
    if (name == '%') {
      luaL_addchar(result, '%');
    } else if (name == '0') {
      luaL_addlstring(result, start, (size_t)(end - start));
    } else if (name >= '1' && name <= '9') {
      push_capture(m, name - '1', start, end);
      luaL_addvalue(result);
    } else {
      luaL_error(m->L, "invalid use of '%%' in replacement string");
    }
  }
  luaL_addlstring(result, text, (size_t)(text_end - text));
}

/* Adds what a match is replaced by; returns false if it stays as it is. [-0, +0, v] */
static bool add_replacement(matcher *m, luaL_Buffer *result, const char *start, const char *end, int type) {
  lua_State *L = m->L;
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    int count = push_captures(m, start, end);
    call_back(L, state_of(L), count, 1);
  } else if (type == LUA_TTABLE) {
    push_capture(m, 0, start, end);
    lua_gettable(L, 3);
  } else {
    add_template(m, result, start, end);
    return true;
  }
  if (lua_toboolean(L, -1)) {
    if (!lua_isstring(L, -1)) luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(result);
    return true;
  }
  lua_pop(L, 1);
  luaL_addlstring(result, start, (size_t)(end - start));
  return false;
}

static int string_gsub(lua_State *L) {
  size_t length, pattern_length;
  const char *subject = luaL_checklstring(L, 1, &length);
  const char *pattern = luaL_checklstring(L, 2, &pattern_length);
  int type = lua_type(L, 3);
  lua_Integer limit = luaL_optinteger(L, 4, (lua_Integer)length + 1);
  luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE,
                   3, "string/function/table");
  matcher m;
  luaL_Buffer result;
  bool anchored = *pattern == '^', changed = false;
  begin_matching(&m, L, subject, length, pattern + anchored, pattern_length - anchored);
  luaL_buffinit(L, &result);
  lua_Integer count = 0;
  const char *at = subject, *copied = subject, *last_end = NULL; /* copied: up to there, to the result */
  while (count < limit) {
    const char *end = match_from(&m, &at, anchored);
    if (!end) break;
    if (end != last_end) {
      count++;
      luaL_addlstring(&result, copied, (size_t)(at - copied));
      changed |= add_replacement(&m, &result, at, end, type);
      at = copied = last_end = end;
    } else if (at++ == m.subject_end) { /* the empty match at the end of the last one */
      break;
    }
    if (anchored) break;
  }
  if (changed) {
    luaL_addlstring(&result, copied, (size_t)(m.subject_end - copied));
    luaL_pushresult(&result);
  } else {
    lua_pushvalue(L, 1);
  }
  lua_pushinteger(L, count);
  return 2;
}

void open_searching(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub}, {NULL, NULL},
  };
  replace_functions(L, functions);
  lua_getfield(L, -1, "gsub");
  name_obstacle(L, "a string.gsub callback");
}
