/* Compiling the text of a chunk. Lua's compiler knows no hook: some texts within the limit take it many
 * seconds. So it is handed the text in pieces, with a look before each.
 *
 * And a text that compiles may still crash Lua when it fails: to name a nil value, 5.4.4 recurses through
 * the code that has indexed it, one level of the C stack for each link of `a.b.b.b...`. Such chains are
 * counted before the compiler sees them. */
#include <ctype.h>
#include <string.h>

#include "internal.h"

enum {
  /* Links of a chain of indices. For each, Lua also looks through the whole function. */
  LINK_LIMIT = 200,
  /* Brackets within brackets; the compiler itself takes fewer. */
  BRACKET_LIMIT = 256,
  PIECE = 512,
};

/* What the character before has begun. */
typedef enum {
  CODE,
  WORD, /* a name, a keyword or a number */
  DOT,
  DASH,
  QUOTES,
  BACKSLASH, /* in quotes */
  BRACKET,   /* `[` and any `=`: the beginning of a long text, or an index */
  LONG_TEXT,
  LONG_END, /* `]` and any `=` in it */
  COMMENT,  /* to the end of the line */
} place;

/* Reads Lua as far as it takes to tell indices from all else. */
typedef struct {
  place at;
  bool in_comment;  /* BRACKET, LONG_TEXT: of a comment */
  bool in_number;   /* WORD */
  bool after_index; /* the next word is the name of a field */
  char quote;
  int level, equals; /* of long brackets */
  int line;
  int links;
  int depth, outer[BRACKET_LIMIT]; /* the links before each open bracket */
} scanner;

static void open_index(scanner *s) {
  if (s->depth < BRACKET_LIMIT) s->outer[s->depth] = s->links;
  s->depth++;
  s->links = 0;
}

static void close_index(scanner *s) {
  if (s->depth == 0) return;
  s->depth--;
  s->links = 1 + (s->depth < BRACKET_LIMIT ? s->outer[s->depth] : 0);
}

static void begin_word(scanner *s, bool is_number) {
  if (!s->after_index) s->links = 0;
  s->after_index = false;
  s->in_number = is_number;
  s->at = WORD;
}

static void scan_code(scanner *s, char c) {
  s->at = CODE;
  if (isalpha((uint8_t)c) || c == '_') begin_word(s, false);
  else if (isdigit((uint8_t)c)) begin_word(s, true);
  else if (c == '.') s->at = DOT;
  else if (c == '-') s->at = DASH;
  else if (c == ']') close_index(s);
  else if (c == '[') {
    s->in_comment = false;
    s->equals = 0;
    s->at = BRACKET;
  } else if (c == '"' || c == '\'') {
    s->links = 0;
    s->quote = c;
    s->at = QUOTES;
  }
}

/* After `[` and `equals` times `=`. */
static void scan_bracket(scanner *s, char c) {
  if (c == '=') {
    s->equals++;
  } else if (c == '[') {
    s->level = s->equals;
    s->at = LONG_TEXT;
  } else if (s->in_comment) {
    s->at = c == '\n' ? CODE : COMMENT;
  } else {
    open_index(s);
    scan_code(s, c);
  }
}

static void scan(scanner *s, char c) {
  if (c == '\n') s->line++;
  switch (s->at) {
    case CODE: scan_code(s, c); break;
    case WORD:
      if (!isalnum((uint8_t)c) && c != '_' && !(c == '.' && s->in_number)) scan_code(s, c);
      break;
    case DOT:
      if (c == '.') {
        s->links = 0; /* `..` or `...` */
        s->at = CODE;
      } else if (isdigit((uint8_t)c)) {
        begin_word(s, true);
      } else {
        s->links++;
        s->after_index = true;
        scan_code(s, c);
      }
      break;
    case DASH:
      if (c == '-') {
        s->in_comment = true;
        s->equals = -1; /* before the first bracket */
        s->at = BRACKET;
      } else {
        scan_code(s, c);
      }
      break;
    case QUOTES:
      if (c == '\\') s->at = BACKSLASH;
      else if (c == s->quote || c == '\n') s->at = CODE;
      break;
    case BACKSLASH: s->at = QUOTES; break;
    case BRACKET:
      if (s->equals >= 0) scan_bracket(s, c);
      else if (c == '[') s->equals = 0;
      else s->at = c == '\n' ? CODE : COMMENT;
      break;
    case LONG_TEXT:
      if (c == ']') {
        s->equals = 0;
        s->at = LONG_END;
      }
      break;
    case LONG_END:
      if (c == '=') s->equals++;
      else if (c == ']' && s->equals == s->level) s->at = CODE;
      else if (c == ']') s->equals = 0;
      else s->at = LONG_TEXT;
      break;
    case COMMENT:
      if (c == '\n') s->at = CODE;
      break;
  }
}

/* Raises if a chain gets too long in this part of the text. [-0, +0, e] */
static void scan_piece(lua_State *L, scanner *s, const char *chunk_name, const char *piece, size_t length) {
  for (size_t i = 0; i < length; i++) {
    scan(s, piece[i]);
    if (s->links <= LINK_LIMIT) continue;
    bool has_name = *chunk_name == '@' || *chunk_name == '=';
    lua_pushfstring(L, "%s:%d: a chain of more than %d indices (a.b.c): keep a part of it in a local variable",
                    has_name ? chunk_name + 1 : "[string]", s->line, LINK_LIMIT);
    lua_error(L);
  }
}

typedef struct {
  next_text *next;
  void *context;
  const char *name;
  const char *text; /* what is left of the text that came last */
  size_t length;
  scanner scanner;
} source;

static const char *next_piece(lua_State *L, void *context, size_t *size) {
  source *from = context;
  look(L, state_of(L));
  if (from->length == 0) from->text = from->next(L, from->context, &from->length);
  if (!from->text || from->length == 0) return NULL;
  const char *piece = from->text;
  *size = from->length < PIECE ? from->length : PIECE;
  from->text += *size;
  from->length -= *size;
  scan_piece(L, &from->scanner, from->name, piece, *size);
  return piece;
}

int load_texts(lua_State *L, next_text *next, void *context, const char *chunk_name) {
  source from = {.next = next, .context = context, .name = chunk_name, .scanner.line = 1};
  return lua_load(L, next_piece, &from, chunk_name, "t");
}

typedef struct {
  const char *text;
  size_t length;
} whole;

static const char *take_whole(lua_State *L, void *context, size_t *size) {
  (void)L;
  whole *left = context;
  *size = left->length;
  left->length = 0;
  return *size ? left->text : NULL;
}

int load_text(lua_State *L, const char *text, size_t length, const char *chunk_name) {
  whole all = {text, length};
  return load_texts(L, take_whole, &all, chunk_name);
}

int load_file(lua_State *L, const char *text, size_t length, const char *chunk_name) {
  if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3, length -= 3;
  if (length > 0 && *text == '#')
    while (length > 0 && *text != '\n') text++, length--;
  return load_text(L, text, length, chunk_name);
}
