#include "report/translation_plot.h"

#include "base/memory.h"
#include "base/output.h"
#include "report/picture.h"
#include "report/plot.h"

unroll_status unroll_translation_scores_plot(const unroll_translation_scores *s,
                                             const char *directory, const char *title)
{
    double x[UNROLL_LENGTH_BUCKETS], bleu[UNROLL_LENGTH_BUCKETS], exact[UNROLL_LENGTH_BUCKETS];
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++) {
        const unroll_score_sums *b = &s->bucket[i];
        if (!b->pairs)
            continue;
        x[count] = ((double)i + 0.5) * (double)s->width + 0.5;
        bleu[count] = unroll_bleu_score(&b->bleu);
        exact[count++] = 100 * unroll_exact_match(b);
    }
    const unroll_series series[] = {
        {.label = "BLEU", .x = x, .y = bleu, .count = count, .points = true},
        {.label = "exact match, %", .x = x, .y = exact, .count = count, .points = true}};
    char *folder = unroll_plots_folder(directory);
    if (!folder)
        return UNROLL_EMEMORY;
    const unroll_plot plot = {.directory = folder,
                              .name = "length",
                              .title = title,
                              .x_label = "tokens of the source",
                              .y_label = "BLEU, exact match in %",
                              .y_to = 105,
                              .key_below = true,
                              .series = series,
                              .count = 2};
    unroll_status status = unroll_make_directory(folder);
    if (!status)
        status = unroll_plot_write(&plot);
    if (!status)
        status = unroll_plot_draw(&plot);
    unroll_free(folder);
    return status;
}
