/* What the toy languages share. */
#include "base/fail.h"
#include "base/memory.h"
#include "task/task.h"

void unroll_toy_word(unroll_buffer *s, const char *word)
{
    if (s->length)
        unroll_buffer_text(s, " ");
    unroll_buffer_text(s, word);
}

unroll_status unroll_toy_text(const unroll_toy_row *row, const double *value, uint64_t seed,
                              uint64_t count, char **text, size_t *length)
{
    unroll_buffer all = {0}, side[UNROLL_SIDES] = {{0}};
    unroll_rng rng;
    unroll_rng_seed(&rng, seed, UNROLL_STREAM_DATA);
    for (uint64_t i = 0; i < count && !all.failed; i++) {
        side[0].length = side[1].length = 0;
        row->draw(value, &rng, &side[UNROLL_SOURCE], &side[UNROLL_TARGET]);
        all.failed = side[0].failed || side[1].failed;
        unroll_buffer_add(&all, side[0].text, side[0].length);
        unroll_buffer_text(&all, "\t");
        unroll_buffer_add(&all, side[1].text, side[1].length);
        unroll_buffer_text(&all, "\n");
    }
    unroll_free(side[0].text);
    unroll_free(side[1].text);
    if (all.failed) {
        unroll_free(all.text);
        return UNROLL_EMEMORY;
    }
    *text = all.text;
    *length = all.length;
    return UNROLL_OK;
}
