#ifndef UNROLL_REPORT_ATTENTION_MAP_H
#define UNROLL_REPORT_ATTENTION_MAP_H
#include <stdbool.h>
#include <unroll/translate.h>

/** Can a picture become this? @return UNROLL_EUSAGE where it does not end in .svg, UNROLL_ECREATE where its
 *  directory is missing or not to be written */
unroll_status unroll_attention_map_check_path(const char *path);

/** A map of attention, a row a target token, a column a source token in its own order, as PATH; where
 *  there is no gnuplot, its .csv and .gp.
 *  @param t       with attention
 *  @param copies  a source token stands in the text for each <unk>, so it does in the picture
 *  @return as unroll_plot_write() and unroll_plot_draw() */
unroll_status unroll_attention_map_draw(const char *path, const unroll_model *model,
                                        const unroll_source *source, const unroll_translation *t,
                                        bool copies);
#endif
