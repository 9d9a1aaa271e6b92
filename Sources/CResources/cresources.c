#include "cresources.h"

#include <string.h>

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char template_lua[] = {
#embed "../../lua/template.lua"
};
static const unsigned char annotations_crypto[] = {
#embed "../../lua/annotations/crypto.lua"
};
static const unsigned char annotations_csv[] = {
#embed "../../lua/annotations/csv.lua"
};
static const unsigned char annotations_fs[] = {
#embed "../../lua/annotations/fs.lua"
};
static const unsigned char annotations_http[] = {
#embed "../../lua/annotations/http.lua"
};
static const unsigned char annotations_job[] = {
#embed "../../lua/annotations/job.lua"
};
static const unsigned char annotations_json[] = {
#embed "../../lua/annotations/json.lua"
};
static const unsigned char annotations_kv[] = {
#embed "../../lua/annotations/kv.lua"
};
static const unsigned char annotations_log[] = {
#embed "../../lua/annotations/log.lua"
};
static const unsigned char annotations_notify[] = {
#embed "../../lua/annotations/notify.lua"
};
static const unsigned char annotations_process[] = {
#embed "../../lua/annotations/process.lua"
};
static const unsigned char annotations_schedule[] = {
#embed "../../lua/annotations/schedule.lua"
};
static const unsigned char annotations_time[] = {
#embed "../../lua/annotations/time.lua"
};
static const unsigned char annotations_yaml[] = {
#embed "../../lua/annotations/yaml.lua"
};
static const unsigned char editors_luarc[] = {
#embed "../../lua/editors/.luarc.json"
};
static const unsigned char editors_luacheckrc[] = {
#embed "../../lua/editors/.luacheckrc"
};

static const cresources_file files[] = {
    {"template.lua", template_lua, sizeof template_lua},
    {"annotations/crypto.lua", annotations_crypto, sizeof annotations_crypto},
    {"annotations/csv.lua", annotations_csv, sizeof annotations_csv},
    {"annotations/fs.lua", annotations_fs, sizeof annotations_fs},
    {"annotations/http.lua", annotations_http, sizeof annotations_http},
    {"annotations/job.lua", annotations_job, sizeof annotations_job},
    {"annotations/json.lua", annotations_json, sizeof annotations_json},
    {"annotations/kv.lua", annotations_kv, sizeof annotations_kv},
    {"annotations/log.lua", annotations_log, sizeof annotations_log},
    {"annotations/notify.lua", annotations_notify, sizeof annotations_notify},
    {"annotations/process.lua", annotations_process, sizeof annotations_process},
    {"annotations/schedule.lua", annotations_schedule, sizeof annotations_schedule},
    {"annotations/time.lua", annotations_time, sizeof annotations_time},
    {"annotations/yaml.lua", annotations_yaml, sizeof annotations_yaml},
    {"editors/.luarc.json", editors_luarc, sizeof editors_luarc},
    {"editors/.luacheckrc", editors_luacheckrc, sizeof editors_luacheckrc},
};

size_t cresources_count(void) { return sizeof files / sizeof files[0]; }

const cresources_file *cresources_at(size_t index) {
  return index < cresources_count() ? &files[index] : NULL;
}

const cresources_file *cresources_find(const char *name) {
  for (size_t index = 0; index < cresources_count(); index++) {
    if (strcmp(files[index].name, name) == 0) return &files[index];
  }
  return NULL;
}
