/* The counting allocator: a soft limit that the hook looks after, and a hard one above it. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Whether the state may take `more` bytes. Most calls end at the first comparison. */
static inline bool may_take(clua_state *state, size_t more) {
  size_t used = state->used + more;
  if (used <= state->check_at && used <= state->hard) return true;
  if (used > state->check_at) {
    state->check_memory = true;
    arm_hook(state); /* again, should it stay armed in a thread that runs no more */
  }
  if (used <= state->hard || state->overdraft > 0) return true;
  note_refusal(state);
  return false;
}

void *allocate(void *context, void *block, size_t old_size, size_t size) {
  clua_state *state = context;
  if (!block) old_size = 0; /* Lua passes the kind of a new object there */
  if (size == 0) {
    state->used -= old_size;
    free_block(block, old_size);
    return NULL;
  }
  if (size > old_size && !may_take(state, size - old_size)) return NULL;
  void *moved = block ? resize_block(block, size) : make_block(size);
  if (!moved) return size <= old_size ? block : NULL;
  state->used += size - old_size;
  if (state->used > state->peak) state->peak = state->used;
  return moved;
}

void clua_set_memory_limit(clua_state *state, size_t limit) {
  size_t above = limit / 4 > 4 << 20 ? limit / 4 : 4 << 20;
  state->soft = state->check_at = limit;
  state->hard = limit > SIZE_MAX - above ? SIZE_MAX : limit + above;
}

size_t clua_peak(const clua_state *state) { return state->peak; }
size_t clua_used(const clua_state *state) { return state->used; }

bool buffer_reserve(buffer *target, size_t more, size_t limit) {
  if (more > limit || target->length > limit - more) return false;
  size_t needed = target->length + more;
  if (needed <= target->capacity) return true;
  size_t capacity = target->capacity ? target->capacity : 256;
  while (capacity < needed) capacity *= 2;
  uint8_t *bytes = realloc(target->bytes, capacity);
  if (!bytes) return false;
  target->bytes = bytes;
  target->capacity = capacity;
  return true;
}

bool buffer_append(buffer *target, const void *bytes, size_t length, size_t limit) {
  if (!buffer_reserve(target, length, limit)) return false;
  if (length) memcpy(target->bytes + target->length, bytes, length);
  target->length += length;
  return true;
}

void buffer_reset(buffer *target) {
  if (target->capacity > 4096) buffer_free(target);
  target->length = 0;
}

void buffer_free(buffer *target) {
  free(target->bytes);
  memset(target, 0, sizeof *target);
}
