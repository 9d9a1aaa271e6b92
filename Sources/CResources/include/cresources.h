// Files that the program writes for people: the job that `almanac new` makes, and the annotations for
// editors. They stand in `lua/` and are embedded at build time. Nothing here knows Lua.
#ifndef CRESOURCES_H
#define CRESOURCES_H

#include <stddef.h>

/// One embedded file. The bytes are not closed by a zero.
typedef struct {
  /// Its path below `lua/`: "template.lua", "annotations/http.lua".
  const char *name;
  const unsigned char *bytes;
  size_t length;
} cresources_file;

/// How many files there are.
size_t cresources_count(void);

/// The file at `index`, or NULL past the last.
const cresources_file *cresources_at(size_t index);

/// The file of this name, or NULL.
const cresources_file *cresources_find(const char *name);

#endif
