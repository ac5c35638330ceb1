/* What the toy languages share. */
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "task/task.h"

static void add_bytes(unroll_sentence *s, const char *bytes, size_t length)
{
    if (s->failed)
        return;
    if (length > s->room - s->length) {
        const size_t room = 2 * (s->room + length);
        char *grown = unroll_realloc(s->bytes, room, 1);
        if (!grown) {
            s->failed = true;
            return;
        }
        s->bytes = grown;
        s->room = room;
    }
    memcpy(s->bytes + s->length, bytes, length);
    s->length += length;
}

void unroll_sentence_add(unroll_sentence *s, const char *bytes)
{
    add_bytes(s, bytes, strlen(bytes));
}

void unroll_sentence_word(unroll_sentence *s, const char *word)
{
    if (s->length)
        unroll_sentence_add(s, " ");
    unroll_sentence_add(s, word);
}

unroll_status unroll_toy_text(const unroll_toy_row *row, const double *value, uint64_t seed,
                              uint64_t count, char **text, size_t *length)
{
    unroll_sentence all = {0}, side[UNROLL_SIDES] = {{0}};
    unroll_rng rng;
    unroll_rng_seed(&rng, seed, UNROLL_STREAM_DATA);
    for (uint64_t i = 0; i < count && !all.failed; i++) {
        side[0].length = side[1].length = 0;
        row->draw(value, &rng, &side[UNROLL_SOURCE], &side[UNROLL_TARGET]);
        all.failed = side[0].failed || side[1].failed;
        add_bytes(&all, side[0].bytes, side[0].length);
        unroll_sentence_add(&all, "\t");
        add_bytes(&all, side[1].bytes, side[1].length);
        unroll_sentence_add(&all, "\n");
    }
    unroll_free(side[0].bytes);
    unroll_free(side[1].bytes);
    if (all.failed) {
        unroll_free(all.bytes);
        return UNROLL_EMEMORY;
    }
    *text = all.bytes;
    *length = all.length;
    return UNROLL_OK;
}
