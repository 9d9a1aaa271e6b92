/* Where the memory of states comes from: the C library's, with a store of small blocks in each thread of ours.
 *
 * A collector frees small blocks by the thousand, and what runs then asks for as many. The C library keeps seven of
 * a size at hand; the way past those is a slow one in a process that has threads. So a thread keeps some that were
 * freed in it, for whatever asks for their size next: tables and closures cost a fifth less. */
#include <pthread.h>
#include <stdlib.h>

#include "internal.h"

enum {
  SIZES = 8, /* of small blocks: up to 24, 40, ... 136 bytes, of which the C library wastes none */
  MOST_KEPT = 256, /* of each size: at most 160 KB a thread */
};

typedef struct block {
  struct block *next;
} block;

typedef struct {
  int most; /* of each size; 0 in threads that are not ours */
  int count[SIZES];
  block *first[SIZES];
} store;

static __thread store own;

/* The number of the size that has room for so many bytes; SIZES and more for what is not small. */
static inline size_t size_number(size_t size) { return size <= 24 ? 0 : (size - 9) / 16; }

/* So many bytes, or what its size has room for: a block of a size is good for all that ask for it. */
static inline size_t rounded(size_t size) {
  size_t number = size_number(size);
  return number < SIZES ? number * 16 + 24 : size;
}

void *make_block(size_t size) {
  size_t number = size_number(size);
  if (number >= SIZES || !own.first[number]) return malloc(rounded(size));
  block *taken = own.first[number];
  own.first[number] = taken->next;
  own.count[number]--;
  return taken;
}

void *resize_block(void *old, size_t size) { return realloc(old, rounded(size)); }

void free_block(void *old, size_t size) {
  size_t number = size_number(size);
  if (!old || number >= SIZES || own.count[number] >= own.most) {
    free(old);
    return;
  }
  block *kept = old;
  kept->next = own.first[number];
  own.first[number] = kept;
  own.count[number]++;
}

static void free_store(void *context) {
  store *ended = context;
  for (size_t number = 0; number < SIZES; number++) {
    for (block *next, *kept = ended->first[number]; kept; kept = next) {
      next = kept->next;
      free(kept);
    }
  }
  *ended = (store){0};
}

static pthread_key_t key;
static int key_error;

static void make_key(void) { key_error = pthread_key_create(&key, free_store); }

void begin_block_store(void) {
#if !__has_feature(address_sanitizer) /* which is to see each block that is used after it was freed */
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_key);
  if (key_error == 0 && pthread_setspecific(key, &own) == 0) own.most = MOST_KEPT;
#endif
}
