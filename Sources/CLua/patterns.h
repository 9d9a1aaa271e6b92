/* Lua's patterns (reference manual, section 6.4.1): a matcher that can be ended at any step. */
#ifndef CLUA_PATTERNS_H
#define CLUA_PATTERNS_H

#include "internal.h"

enum {
  MAX_CAPTURES = 32,
  /* How many choices may be open at a time. A pattern that needs more is "too complex", from the same
   * one on as in Lua's own. */
  MAX_CHOICES = 199,
  KNOWN_SETS = 8,
};

/* Lengths of captures that are not lengths. */
enum { CAPTURE_UNFINISHED = -1, CAPTURE_POSITION = -2 };

/* A set of characters, a bit for each. */
typedef struct {
  uint64_t bits[4];
} charset;

/* What matches a single character: those of a set, or one. */
typedef struct {
  const charset *set; /* or NULL */
  uint8_t character;
  const char *end; /* in the pattern */
} item;

/* A `[set]` that has been read. */
typedef struct {
  const char *start, *end;
  charset set;
} known_set;

typedef struct {
  const char *start;
  ptrdiff_t length;
} capture;

/* A point that the match comes back to when what follows does not fit. */
typedef struct {
  enum { SHRINK, GROW, LEAVE_OUT, UNDO_OPEN, UNDO_CLOSE } kind;
  int capture;       /* UNDO_CLOSE: which one */
  const char *at;    /* where in the subject what follows was tried */
  const char *least; /* SHRINK: how far it may go back */
  const char *item;  /* GROW: the item that is to fit once more */
  const char *rest;  /* the pattern that follows */
} choice;

typedef struct {
  lua_State *L;
  const char *subject, *subject_end;
  const char *pattern, *pattern_end; /* without its anchor */
  int steps; /* until the next look whether the run is to end */
  int count; /* of captures */
  capture captures[MAX_CAPTURES];
  int depth;
  choice choices[MAX_CHOICES];
  int known_count;
  unsigned next_known; /* which to forget next */
  known_set known[KNOWN_SETS];
} matcher;

void begin_matching(matcher *m, lua_State *L, const char *subject, size_t subject_length, const char *pattern,
                    size_t pattern_length);

/* Where a match that begins at `at` ends, or NULL. [-0, +0, v] */
const char *match_here(matcher *m, const char *at);

/* Pushes capture number `index`, counted from 0; without captures, the first is the match from `start` to
 * `end`. [-0, +1, e] */
void push_capture(matcher *m, int index, const char *start, const char *end);

/* Pushes all captures, or the match if there are none and `start` is not NULL; returns how many. [-0, +n, e] */
int push_captures(matcher *m, const char *start, const char *end);

/* Counts steps, and looks now and then. [-0, +0, v] */
static inline void spend(matcher *m, size_t steps) {
  enum { BETWEEN_LOOKS = 1 << 14 };
  if (steps < (size_t)m->steps) {
    m->steps -= (int)steps;
    return;
  }
  m->steps = BETWEEN_LOOKS;
  look(m->L, state_of(m->L));
}

#endif
