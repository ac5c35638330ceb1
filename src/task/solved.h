#ifndef UNROLL_TASK_SOLVED_H
#define UNROLL_TASK_SOLVED_H
#include "task/task.h"

enum { UNROLL_SOLVED_UPDATES = 500 };

/** When did a training solve its task? After the first update where the mean over the last 500 is
 *  good enough: the accuracy above 0.995, or the loss below the row's solved_loss. */
typedef struct unroll_solved {
    double solved_loss;
    uint64_t step;                        /**< the step that solved it; 0: not yet */
    size_t count;                         /**< of updates so far */
    double recent[UNROLL_SOLVED_UPDATES]; /**< their losses or accuracies */
} unroll_solved;

void unroll_solved_start(unroll_solved *solved, const unroll_task_row *row);
enum { UNROLL_SOLVED_WORDS = 120 };
/** "accuracy above 0.995, in the mean over the last 500 updates" */
const char *unroll_solved_words(const unroll_task_row *row, char buffer[UNROLL_SOLVED_WORDS]);
/** One update, as unroll_progress has it; leave skipped ones out.
 *  @return is it solved? once it is, it stays so */
bool unroll_solved_add(unroll_solved *solved, uint64_t step, double loss, double accuracy);
/** Mean of the last updates' accuracies, of losses where those decide; NAN before the first. */
double unroll_solved_mean(const unroll_solved *solved);
#endif
