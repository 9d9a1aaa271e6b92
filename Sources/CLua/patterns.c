/* The matcher. It backtracks, as the manual has it: items are matched from left to right, each quantifier
 * tries the longest (`-`: the shortest) repetition first. What was tried is kept in a list of choices, not
 * in recursion, so that its depth is that of the pattern.
 *
 * A pattern is read while it is matched: what is malformed in it raises when the match gets there, and not
 * at all if it never does. Both a pattern and a subject end with a zero that may be read. */
#include <ctype.h>
#include <string.h>

#include "patterns.h"

/* Sets of characters, a bit for each. */

static inline bool contains(const charset *set, uint8_t c) { return set->bits[c / 64] >> (c % 64) & 1; }

static inline void include(charset *set, uint8_t c) { set->bits[c / 64] |= UINT64_C(1) << (c % 64); }

static void include_all(charset *set, const charset *other) {
  for (int i = 0; i < 4; i++) set->bits[i] |= other->bits[i];
}

static void complement(charset *set) {
  for (int i = 0; i < 4; i++) set->bits[i] = ~set->bits[i];
}

/* The classes by the letter after '%', in the C locale, which is that of a host. */
static charset classes[256];
static bool is_class[256];
static charset everything;

static int is_zero(int c) { return c == 0; }

__attribute__((constructor)) static void fill_classes(void) {
  static const struct {
    char letter;
    int (*holds)(int);
  } all[] = {
    {'a', isalpha}, {'c', iscntrl}, {'d', isdigit}, {'g', isgraph}, {'l', islower}, {'p', ispunct},
    {'s', isspace}, {'u', isupper}, {'w', isalnum}, {'x', isxdigit},
    {'z', is_zero}, /* not in the manual any more, but it still works */
  };
  complement(&everything);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    uint8_t letter = (uint8_t)all[i].letter, other = (uint8_t)toupper(letter);
    for (int c = 0; c < 256; c++) include(all[i].holds(c) ? &classes[letter] : &classes[other], (uint8_t)c);
    is_class[letter] = is_class[other] = true;
  }
}

/* Items: a character, `.`, `%x` or `[set]`. */

/* Reads the set that begins after '[' and ends at `close`. */
static void read_set(charset *set, const char *p, const char *close) {
  memset(set, 0, sizeof *set);
  bool negated = *p == '^';
  for (p += negated; p < close; p++) {
    if (*p == '%') {
      uint8_t letter = (uint8_t)*++p; /* it may be the ']' */
      if (is_class[letter]) include_all(set, &classes[letter]);
      else include(set, letter);
    } else if (p[1] == '-' && p + 2 < close) {
      for (int c = (uint8_t)p[0]; c <= (uint8_t)p[2]; c++) include(set, (uint8_t)c);
      p += 2;
    } else {
      include(set, (uint8_t)*p);
    }
  }
  if (negated) complement(set);
}

/* The set at p, a '[': read, unless it is among those that were read last. [-0, +0, e] */
static const known_set *set_at(matcher *m, const char *p) {
  for (int i = 0; i < m->known_count; i++)
    if (m->known[i].start == p) return &m->known[i];
  const char *close = p + 1;
  if (*close == '^') close++;
  do { /* a ']' that comes first is one of the set */
    if (close == m->pattern_end) luaL_error(m->L, "malformed pattern (missing ']')");
    if (*close++ == '%' && close < m->pattern_end) close++;
  } while (*close != ']');
  if (m->known_count < KNOWN_SETS) m->known_count++;
  known_set *known = &m->known[m->next_known++ % KNOWN_SETS];
  known->start = p;
  known->end = close + 1;
  read_set(&known->set, p + 1, close);
  return known;
}

/* The item at p. [-0, +0, e] */
static item read_item(matcher *m, const char *p) {
  switch (*p) {
    case '.': return (item){&everything, 0, p + 1};
    case '%':
      if (p + 1 == m->pattern_end) luaL_error(m->L, "malformed pattern (ends with '%%')");
      uint8_t letter = (uint8_t)p[1];
      return (item){is_class[letter] ? &classes[letter] : NULL, letter, p + 2};
    case '[': {
      const known_set *known = set_at(m, p);
      return (item){&known->set, 0, known->end};
    }
    default: return (item){NULL, (uint8_t)*p, p + 1};
  }
}

static inline bool is_of(const item *one, char c) {
  return one->set ? contains(one->set, (uint8_t)c) : (uint8_t)c == one->character;
}

/* The end of the characters from `at` to `limit` that fit. */
static const char *run_end(const char *at, const char *limit, const item *one) {
  if (one->set == &everything) return limit;
  while (at < limit && is_of(one, *at)) at++;
  return at;
}

/* The same up to the end of the subject, by parts between which there is a look. [-0, +0, v] */
static const char *longest_run(matcher *m, const char *at, const item *one) {
  enum { PART = 1 << 12 };
  for (;;) {
    const char *limit = m->subject_end - at > PART ? at + PART : m->subject_end;
    const char *stop = run_end(at, limit, one);
    spend(m, (size_t)(stop - at));
    if (stop < limit || limit == m->subject_end) return stop;
    at = stop;
  }
}

static bool fits(matcher *m, char c, const char *start) {
  item one = read_item(m, start);
  return is_of(&one, c);
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
        if (last->at == m->subject_end || !fits(m, *last->at, last->item)) continue;
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
  item one = read_item(m, set);
  *pattern = one.end;
  return !is_of(&one, at == m->subject ? 0 : at[-1]) && is_of(&one, *at);
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
  const char *start = *pattern, *here = *at;
  item one = read_item(m, start);
  char quantifier = *one.end;
  bool fitting = here < m->subject_end && is_of(&one, *here);
  bool quantified = quantifier == '?' || quantifier == '*' || quantifier == '+' || quantifier == '-';
  const char *rest = *pattern = one.end + quantified;
  if (!fitting) return quantified && quantifier != '+';
  choice *left;
  switch (quantifier) {
    case '?':
      add_choice(m, LEAVE_OUT, here, rest);
      *at = here + 1;
      return true;
    case '*':
    case '+':
      *at = longest_run(m, here + 1, &one);
      left = add_choice(m, SHRINK, *at, rest);
      left->least = quantifier == '+' ? here + 1 : here;
      return true;
    case '-':
      left = add_choice(m, GROW, here, rest);
      left->item = start;
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
  m->known_count = m->next_known = 0;
}
