#ifndef UNROLL_LAB_COMPARE_DRAWING_H
#define UNROLL_LAB_COMPARE_DRAWING_H
#include "lab/compare.h"
#include "report/plot.h"
#include "score/statistics.h"

/** A picture of a comparison while its series are put together; all of a series' numbers are one block. */
typedef struct compare_drawing {
    const compare_study *study;
    char *folder; /**< DIRECTORY/plots */
    unroll_series *series;
    char (*label)[COMPARE_PLOT_LABEL];
    double **block;
    size_t count, most;
    unroll_status status; /**< the first failure */
} compare_drawing;

/** Memory and the folder, for `study`. compare_drawing_free() in any case.
 *  @return UNROLL_EMEMORY, UNROLL_ECREATE */
unroll_status compare_drawing_start(compare_drawing *drawing);
void compare_drawing_free(compare_drawing *drawing);

/** A series of `count` points with a band, which the caller sets one by one. @return NULL where there is no room for it;
 *  a lack of memory is kept in `status` */
unroll_series *compare_drawing_add(compare_drawing *drawing, const char *label, size_t look,
                                   size_t count);
/** Point i of the last series. */
void compare_drawing_set(compare_drawing *drawing, size_t i, double x, const unroll_mean *y);
/** The last series has all its points, means over the study's seeds: a band of one or two seeds would look like an
 *  interval, so one seed is a line, and two are dots beside their mean. */
void compare_drawing_finish(compare_drawing *drawing, size_t look);
/** A reference line at `level`; none where that is NaN. */
void compare_drawing_level(compare_drawing *drawing, const char *label, double level, double from,
                           double to);
/** Write and draw the series as a plot like this one, unless no series has two points; then none is left. */
void compare_drawing_flush(compare_drawing *drawing, const unroll_plot *like);
void compare_drawing_lack_memory(compare_drawing *drawing);

/** What a reader must know of a line beside its name. */
__attribute__((format(printf, 2, 3))) void compare_drawing_note(char label[COMPARE_PLOT_LABEL],
                                                                const char *format, ...);
#endif
