#include "task/solved.h"

#include <math.h>
#include <stdio.h>

#define SOLVED_ACCURACY 0.995

void unroll_solved_start(unroll_solved *s, const unroll_task_row *row)
{
    *s = (unroll_solved){.solved_loss = row->solved_loss};
}

const char *unroll_solved_words(const unroll_task_row *row, char buffer[UNROLL_SOLVED_WORDS])
{
    const bool by_loss = row->solved_loss > 0;
    snprintf(buffer, UNROLL_SOLVED_WORDS, "%s %.4g, in the mean over the last %d updates",
             by_loss ? "loss below" : "accuracy above",
             by_loss ? row->solved_loss : SOLVED_ACCURACY, UNROLL_SOLVED_UPDATES);
    return buffer;
}

double unroll_solved_mean(const unroll_solved *s)
{
    const size_t n = s->count < UNROLL_SOLVED_UPDATES ? s->count : UNROLL_SOLVED_UPDATES;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += s->recent[i];
    return n ? sum / (double)n : NAN;
}

bool unroll_solved_add(unroll_solved *s, uint64_t step, double loss, double accuracy)
{
    const bool by_loss = s->solved_loss > 0;
    s->recent[s->count++ % UNROLL_SOLVED_UPDATES] = by_loss ? loss : accuracy;
    if (s->step || s->count < UNROLL_SOLVED_UPDATES)
        return s->step != 0;
    const double mean = unroll_solved_mean(s);
    if (by_loss ? mean < s->solved_loss : mean > SOLVED_ACCURACY)
        s->step = step;
    return s->step != 0;
}
