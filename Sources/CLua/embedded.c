/* The Lua files that are part of the program. Each has an array and a row. */
#include <string.h>

#include "clua.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t prelude[] = {
#embed "../../lua/prelude.lua"
};
static const uint8_t almanac_csv[] = {
#embed "../../lua/almanac/csv.lua"
};
static const uint8_t almanac_fs[] = {
#embed "../../lua/almanac/fs.lua"
};
static const uint8_t almanac_http[] = {
#embed "../../lua/almanac/http.lua"
};
static const uint8_t almanac_io[] = {
#embed "../../lua/almanac/io.lua"
};
static const uint8_t almanac_job[] = {
#embed "../../lua/almanac/job.lua"
};
static const uint8_t almanac_json[] = {
#embed "../../lua/almanac/json.lua"
};
static const uint8_t almanac_kv[] = {
#embed "../../lua/almanac/kv.lua"
};
static const uint8_t almanac_log[] = {
#embed "../../lua/almanac/log.lua"
};
static const uint8_t almanac_notify[] = {
#embed "../../lua/almanac/notify.lua"
};
static const uint8_t almanac_yaml[] = {
#embed "../../lua/almanac/yaml.lua"
};

static const struct {
  const char *path;
  const uint8_t *bytes;
  size_t length;
} files[] = {
  {"prelude.lua", prelude, sizeof prelude},
  {"almanac/csv.lua", almanac_csv, sizeof almanac_csv},
  {"almanac/fs.lua", almanac_fs, sizeof almanac_fs},
  {"almanac/http.lua", almanac_http, sizeof almanac_http},
  {"almanac/io.lua", almanac_io, sizeof almanac_io},
  {"almanac/job.lua", almanac_job, sizeof almanac_job},
  {"almanac/json.lua", almanac_json, sizeof almanac_json},
  {"almanac/kv.lua", almanac_kv, sizeof almanac_kv},
  {"almanac/log.lua", almanac_log, sizeof almanac_log},
  {"almanac/notify.lua", almanac_notify, sizeof almanac_notify},
  {"almanac/yaml.lua", almanac_yaml, sizeof almanac_yaml},
};

const uint8_t *clua_embedded(const char *path, size_t *length) {
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    if (strcmp(files[i].path, path) != 0) continue;
    *length = files[i].length;
    return files[i].bytes;
  }
  return NULL;
}
