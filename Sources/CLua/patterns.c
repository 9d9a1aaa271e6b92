/* The matcher. It backtracks, as the manual has it: items are matched from left to right, each quantifier
 * tries the longest (`-`: the shortest) repetition first. What was tried is kept in a list of choices, not
 * in recursion, so that its depth is that of the pattern.
 *
 * A pattern is read while it is matched: what is malformed in it raises when the match gets there, and not
 * at all if it never does. Both a pattern and a subject end with a zero that may be read. */
#include <ctype.h>
#include <string.h>

#include "patterns.h"

/* Classes of characters, in the C locale, which is that of a host. */

enum {
  ALPHA = 1 << 0,
  CONTROL = 1 << 1,
  DIGIT = 1 << 2,
  GRAPH = 1 << 3,
  LOWER = 1 << 4,
  PUNCTUATION = 1 << 5,
  SPACE = 1 << 6,
  UPPER = 1 << 7,
  ALPHANUMERIC = 1 << 8,
  HEXADECIMAL = 1 << 9,
  ZERO = 1 << 10, /* %z is not in the manual any more, but still works */
  COMPLEMENT = 1 << 11,
};

static uint16_t classes_of[256];  /* by character */
static uint16_t class_named[256]; /* by the letter after '%'; 0: the character itself is meant */

static void name_class(char letter, uint16_t bits) {
  class_named[(uint8_t)letter] = bits;
  class_named[toupper(letter)] = bits | COMPLEMENT;
}

__attribute__((constructor)) static void fill_tables(void) {
  for (int c = 0; c < 256; c++) {
    classes_of[c] = (isalpha(c) ? ALPHA : 0) | (iscntrl(c) ? CONTROL : 0) | (isdigit(c) ? DIGIT : 0) |
                    (isgraph(c) ? GRAPH : 0) | (islower(c) ? LOWER : 0) | (ispunct(c) ? PUNCTUATION : 0) |
                    (isspace(c) ? SPACE : 0) | (isupper(c) ? UPPER : 0) | (isalnum(c) ? ALPHANUMERIC : 0) |
                    (isxdigit(c) ? HEXADECIMAL : 0) | (c == 0 ? ZERO : 0);
  }
  name_class('a', ALPHA);
  name_class('c', CONTROL);
  name_class('d', DIGIT);
  name_class('g', GRAPH);
  name_class('l', LOWER);
  name_class('p', PUNCTUATION);
  name_class('s', SPACE);
  name_class('u', UPPER);
  name_class('w', ALPHANUMERIC);
  name_class('x', HEXADECIMAL);
  name_class('z', ZERO);
}

static inline bool in_class(uint8_t c, uint8_t letter) {
  uint16_t bits = class_named[letter];
  if (bits == 0) return c == letter;
  return ((classes_of[c] & bits) != 0) != ((bits & COMPLEMENT) != 0);
}

/* Whether c is in the set whose '[' is at `set` and whose ']' is at `close`. */
static bool in_set(uint8_t c, const char *set, const char *close) {
  bool found = true;
  const char *p = set + 1;
  if (*p == '^') {
    found = false;
    p++;
  }
  for (; p < close; p++) {
    if (*p == '%') {
      if (in_class(c, (uint8_t)*++p)) return found;
    } else if (p[1] == '-' && p + 2 < close) {
      if ((uint8_t)p[0] <= c && c <= (uint8_t)p[2]) return found;
      p += 2;
    } else if ((uint8_t)*p == c) {
      return found;
    }
  }
  return !found;
}

/* Items: a character, `.`, `%x` or `[set]`. */

/* The end of the item at p. [-0, +0, e] */
static const char *item_end(matcher *m, const char *p) {
  const char *end = m->pattern_end;
  switch (*p++) {
    case '%':
      if (p == end) luaL_error(m->L, "malformed pattern (ends with '%%')");
      return p + 1;
    case '[':
      if (*p == '^') p++;
      do { /* a ']' that comes first is one of the set */
        if (p == end) luaL_error(m->L, "malformed pattern (missing ']')");
        if (*p++ == '%' && p < end) p++;
      } while (*p != ']');
      return p + 1;
    default: return p;
  }
}

static inline bool fits(uint8_t c, const char *item, const char *end) {
  switch (*item) {
    case '.': return true;
    case '%': return in_class(c, (uint8_t)item[1]);
    case '[': return in_set(c, item, end - 1);
    default: return (uint8_t)*item == c;
  }
}

/* The end of the characters from `at` to `limit` that fit the item. */
static const char *run_end(const char *at, const char *limit, const char *item, const char *end) {
  switch (*item) {
    case '.': return limit;
    case '%':
      while (at < limit && in_class((uint8_t)*at, (uint8_t)item[1])) at++;
      return at;
    case '[':
      while (at < limit && in_set((uint8_t)*at, item, end - 1)) at++;
      return at;
    default:
      while (at < limit && *at == *item) at++;
      return at;
  }
}

/* The same up to the end of the subject, by parts between which there is a look. [-0, +0, v] */
static const char *longest_run(matcher *m, const char *at, const char *item, const char *end) {
  enum { PART = 1 << 12 };
  for (;;) {
    const char *limit = m->subject_end - at > PART ? at + PART : m->subject_end;
    const char *stop = run_end(at, limit, item, end);
    spend(m, (size_t)(stop - at));
    if (stop < limit || limit == m->subject_end) return stop;
    at = stop;
  }
}

/* Choices. */

/* [-0, +0, e] */
static choice *add_choice(matcher *m, int kind, const char *at, const char *rest) {
  if (m->depth == MAX_CHOICES) luaL_error(m->L, "pattern too complex");
  choice *added = &m->choices[m->depth++];
  added->kind = kind;
  added->at = at;
  added->rest = rest;
  return added;
}

/* Takes back what has led nowhere, to the last point at which something else may be tried: *at and
 * *pattern go there. False if there is none. */
static bool retreat(matcher *m, const char **at, const char **pattern) {
  for (; m->depth > 0; m->depth--) {
    choice *last = &m->choices[m->depth - 1];
    switch (last->kind) {
      case UNDO_OPEN: m->count--; continue;
      case UNDO_CLOSE: m->captures[last->capture].length = CAPTURE_UNFINISHED; continue;
      case LEAVE_OUT: m->depth--; break;
      case SHRINK:
        if (last->at == last->least) continue;
        last->at--;
        break;
      case GROW:
        if (last->at == m->subject_end || !fits((uint8_t)*last->at, last->item, last->end)) continue;
        last->at++;
        break;
    }
    *at = last->at;
    *pattern = last->rest;
    return true;
  }
  return false;
}

/* Captures. */

/* [-0, +0, e] */
static void open_capture(matcher *m, const char *at, const char *rest, int length) {
  if (m->count == MAX_CAPTURES) luaL_error(m->L, "too many captures");
  m->captures[m->count].start = at;
  m->captures[m->count].length = length;
  m->count++;
  add_choice(m, UNDO_OPEN, at, rest);
}

/* [-0, +0, e] */
static void close_capture(matcher *m, const char *at, const char *rest) {
  int index = m->count - 1;
  while (index >= 0 && m->captures[index].length != CAPTURE_UNFINISHED) index--;
  if (index < 0) luaL_error(m->L, "invalid pattern capture");
  m->captures[index].length = at - m->captures[index].start;
  add_choice(m, UNDO_CLOSE, at, rest)->capture = index;
}

/* `%1`: the end of the same text as that of a capture, or NULL. [-0, +0, e] */
static const char *match_again(matcher *m, const char *at, char digit) {
  int index = digit - '1';
  if (index < 0 || index >= m->count || m->captures[index].length == CAPTURE_UNFINISHED)
    luaL_error(m->L, "invalid capture index %%%d", index + 1);
  const capture *earlier = &m->captures[index];
  if (earlier->length == CAPTURE_POSITION || m->subject_end - at < earlier->length) return NULL;
  spend(m, (size_t)earlier->length / 16); /* memcmp is fast */
  return memcmp(earlier->start, at, (size_t)earlier->length) == 0 ? at + earlier->length : NULL;
}

void push_capture(matcher *m, int index, const char *start, const char *end) {
  if (index >= m->count) {
    if (index != 0) luaL_error(m->L, "invalid capture index %%%d", index + 1);
    lua_pushlstring(m->L, start, (size_t)(end - start));
    return;
  }
  const capture *wanted = &m->captures[index];
  if (wanted->length == CAPTURE_POSITION) lua_pushinteger(m->L, wanted->start - m->subject + 1);
  else if (wanted->length == CAPTURE_UNFINISHED) luaL_error(m->L, "unfinished capture");
  else lua_pushlstring(m->L, wanted->start, (size_t)wanted->length);
}

int push_captures(matcher *m, const char *start, const char *end) {
  int count = m->count == 0 && start ? 1 : m->count;
  luaL_checkstack(m->L, count, "too many captures");
  for (int i = 0; i < count; i++) push_capture(m, i, start, end);
  return count;
}

/* Matching. */

/* `%bxy`: the end of the text from an x to the y that balances it, or NULL. [-0, +0, e] */
static const char *match_balanced(matcher *m, const char *at, const char *pair) {
  if (m->pattern_end - pair < 2) luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
  if (at == m->subject_end || *at != pair[0]) return NULL;
  int open = 1;
  while (++at < m->subject_end) {
    spend(m, 1);
    if (*at == pair[1]) {
      if (--open == 0) return at + 1;
    } else if (*at == pair[0]) {
      open++;
    }
  }
  return NULL;
}

/* `%f[set]`: whether a frontier is at `at`; *pattern, at the set, goes past it. [-0, +0, e] */
static bool match_frontier(matcher *m, const char *at, const char **pattern) {
  const char *set = *pattern;
  if (*set != '[') luaL_error(m->L, "missing '[' after '%%f' in pattern");
  const char *end = *pattern = item_end(m, set);
  uint8_t before = at == m->subject ? 0 : (uint8_t)at[-1];
  return !in_set(before, set, end - 1) && in_set((uint8_t)*at, set, end - 1);
}

/* Matches what is not an item with its quantifier, if that is what is at *pattern, and goes past it. */
typedef enum { NO, YES, AN_ITEM } special;

static special match_special(matcher *m, const char **at, const char **pattern) {
  const char *p = *pattern;
  switch (*p) {
    case '(': {
      bool position = p[1] == ')';
      *pattern = p + (position ? 2 : 1);
      open_capture(m, *at, *pattern, position ? CAPTURE_POSITION : CAPTURE_UNFINISHED);
      return YES;
    }
    case ')':
      *pattern = p + 1;
      close_capture(m, *at, *pattern);
      return YES;
    case '$':
      if (p + 1 != m->pattern_end) return AN_ITEM;
      *pattern = p + 1;
      return *at == m->subject_end ? YES : NO;
    case '%':
      switch (p[1]) {
        case 'b':
          *pattern = p + 4;
          return (*at = match_balanced(m, *at, p + 2)) ? YES : NO;
        case 'f':
          *pattern = p + 2;
          return match_frontier(m, *at, pattern) ? YES : NO;
        case '0': case '1': case '2': case '3': case '4':
        case '5': case '6': case '7': case '8': case '9':
          *pattern = p + 2;
          return (*at = match_again(m, *at, p[1])) ? YES : NO;
        default: return AN_ITEM;
      }
    default: return AN_ITEM;
  }
}

/* Matches the item at *pattern with its quantifier, leaving a choice behind where there is one. */
static bool match_item(matcher *m, const char **at, const char **pattern) {
  const char *item = *pattern, *here = *at;
  const char *end = item_end(m, item);
  bool fitting = here < m->subject_end && fits((uint8_t)*here, item, end);
  bool quantified = *end == '?' || *end == '*' || *end == '+' || *end == '-';
  const char *rest = *pattern = quantified ? end + 1 : end;
  if (!fitting) return quantified && *end != '+';
  choice *left;
  switch (*end) {
    case '?':
      add_choice(m, LEAVE_OUT, here, rest);
      *at = here + 1;
      return true;
    case '*':
    case '+':
      *at = longest_run(m, here + 1, item, end);
      left = add_choice(m, SHRINK, *at, rest);
      left->least = *end == '+' ? here + 1 : here;
      return true;
    case '-':
      left = add_choice(m, GROW, here, rest);
      left->item = item;
      left->end = end;
      return true;
    default: *at = here + 1; return true;
  }
}

const char *match_here(matcher *m, const char *at) {
  const char *pattern = m->pattern;
  m->count = m->depth = 0;
  while (pattern != m->pattern_end) {
    spend(m, 1);
    special found = match_special(m, &at, &pattern);
    bool goes_on = found == AN_ITEM ? match_item(m, &at, &pattern) : found == YES;
    if (!goes_on && !retreat(m, &at, &pattern)) return NULL;
  }
  return at;
}

void begin_matching(matcher *m, lua_State *L, const char *subject, size_t subject_length, const char *pattern,
                    size_t pattern_length) {
  m->L = L;
  m->subject = subject;
  m->subject_end = subject + subject_length;
  m->pattern = pattern;
  m->pattern_end = pattern + pattern_length;
  m->steps = 0; /* the first step looks */
}
