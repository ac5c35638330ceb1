/* A comparison's report.html. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/config.h"
#include "lab/compare.h"
#include "lab/compare_table.h"
#include "report/html.h"

static const struct {
    const char *name, *caption;
} pictures[] = {
    {"length-exact", "Share of held-out sentences that are translated exactly, against the length of their "
                     "source: the mean over seeds, the band from the lowest to the highest."},
    {"length-bleu", "BLEU of the same translations."},
    {"learning", "Training loss against updates: the mean over seeds, the band from the lowest to the "
                 "highest. Dashed: the loss of the best guess that remembers nothing."},
    {"accuracy", "Training accuracy, of the targets that the task scores."},
    {"gradient-start", "Before training: the norm of dL_t/dh_s for the loss of one step alone, on "
                       "held-out samples, against the distance t - s. Each line is a geometric mean."},
    {"gradient-middle", "The same, half-way through the training, by updates or time; or at its end where it solved "
                        "the task before."},
    {"gradient-end", "The same, after training."},
    {"gradient-layers", "Before training, at distance 0: the gradient at each layer's output."},
    {"solved", "Share of seeds that solved the task, against its difficulty."},
    {"sweep", "Held-out accuracy after training, against the task's difficulty. Dashed: chance."},
    {"sweep-loss", "Held-out loss after training. Dashed: the best guess that remembers nothing."},
    {"half-life", "How fast the fresh network's gradient decays, beside how long learning took. Only jobs "
                  "that solved the task."},
};

static bool was_drawn(const char *plots, const char *name)
{
    char path[PATH_MAX];
    return snprintf(path, sizeof path, "%s/%s.csv", plots, name) < (int)sizeof path &&
           access(path, R_OK) == 0;
}

static void put_lengths(unroll_page *page, const compare_study *s, bool bleu)
{
    const size_t columns = compare_length_count(s) + 1;
    if (columns == 1)
        return;
    for (size_t r = 0; r <= s->variants; r++) {
        char cell[COMPARE_LENGTHS + 1][COMPARE_CELL];
        const char *row[COMPARE_LENGTHS + 1];
        if (r == 0)
            compare_length_heads(s, bleu, cell);
        else
            compare_length_cells(s, r - 1, bleu, cell);
        for (size_t c = 0; c < columns; c++)
            row[c] = cell[c];
        if (r == 0)
            unroll_page_table(page, row, columns);
        else
            unroll_page_row(page, row, columns);
    }
    unroll_page_table_end(page);
}

static void put_means(unroll_page *page, const compare_study *s)
{
    unroll_page_table(page, compare_heads, COMPARE_COLUMNS);
    for (size_t v = 0; v < s->variants; v++) {
        char cell[COMPARE_COLUMNS][COMPARE_CELL];
        const char *row[COMPARE_COLUMNS];
        compare_cells(s, v, cell);
        for (size_t c = 0; c < COMPARE_COLUMNS; c++)
            row[c] = cell[c];
        unroll_page_row(page, row, COMPARE_COLUMNS);
    }
    unroll_page_table_end(page);
}

static void put_half_life(char cell[48], double value)
{
    if (isfinite(value))
        snprintf(cell, 48, "%.4g", value);
    else
        snprintf(cell, 48, "%s", isinf(value) ? "growing" : "-");
}

static void put_jobs(unroll_page *page, const compare_study *s)
{
    static const char *const head[] = {"variant", "seed", "updates", "loss", "accuracy",
                                       "solved at", "half-life start", "end", "seconds"};
    enum { COLUMNS = sizeof head / sizeof *head };
    unroll_page_heading(page, "Every job");
    unroll_page_table(page, head, COLUMNS);
    for (size_t i = 0; i < s->variants * s->seeds; i++) {
        const compare_result *r = &s->result[i];
        char cell[COLUMNS - 1][48] = {""};
        if (!r->done)
            continue;
        snprintf(cell[0], 48, "%llu", (unsigned long long)(s->seed + i % s->seeds));
        snprintf(cell[1], 48, "%llu%s", (unsigned long long)r->steps,
                 r->diverged ? ", diverged" : "");
        snprintf(cell[2], 48, "%.5g", r->loss);
        snprintf(cell[3], 48, "%.4f", r->accuracy);
        snprintf(cell[4], 48, r->solved ? "%llu" : "-", (unsigned long long)r->steps_to_solve);
        put_half_life(cell[5], r->half_life[COMPARE_START]);
        put_half_life(cell[6], r->half_life[COMPARE_END]);
        snprintf(cell[7], 48, "%.1f", r->seconds);
        unroll_page_row(page, (const char *const[]){s->variant[i / s->seeds].label, cell[0],
                                                    cell[1], cell[2], cell[3], cell[4], cell[5],
                                                    cell[6], cell[7]}, COLUMNS);
    }
    unroll_page_table_end(page);
}

/* What the page is about, in a sentence or two. */
static void put_lead(unroll_page *page, const compare_study *s)
{
    char text[400], task[140];
    snprintf(task, sizeof task, "%.120s", s->variant[0].config->task);
    if (s->sweep_key)
        task[strcspn(task, ":")] = '\0';
    snprintf(text, sizeof text, "%zu variants with %llu seeds each, on %s. Loss and accuracy are those "
             "of held-out samples after the last update; ± is half the width of a 95%% interval by "
             "Student's t over seeds.", s->variants, (unsigned long long)s->seeds, task);
    unroll_page_text(page, text);
    if (!isnan(s->baseline)) {
        snprintf(text, sizeof text, "A guess that remembers nothing reaches a loss of %.4g and an accuracy "
                 "of %.4g. Solved: the mean over 500 updates is as the task asks (unroll generate "
                 "--list).", s->baseline, s->chance);
        unroll_page_text(page, text);
    }
}

static void put_claims(unroll_page *page, const compare_lead *lead)
{
    for (size_t i = 0; lead->text[i]; i++)
        unroll_page_text(page, lead->text[i]);
    unroll_page_table(page, lead->cell, lead->columns);
    for (size_t r = 1; r < lead->rows; r++)
        unroll_page_row(page, lead->cell + r * lead->columns, lead->columns);
    unroll_page_table_end(page);
    unroll_page_heading(page, "All results");
}

unroll_status compare_report(const compare_study *s, const char *title, const compare_lead *lead,
                             int argc, char *const *argv)
{
    const size_t room = strlen(s->directory) + sizeof "/report.html";
    char *path = unroll_alloc(room, 1), *plots = unroll_alloc(room, 1);
    unroll_page *page = NULL;
    unroll_status status = path && plots ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK) {
        snprintf(path, room, "%s/report.html", s->directory);
        snprintf(plots, room, "%s/plots", s->directory);
        status = unroll_page_begin(path, title, &page);
    }
    if (status == UNROLL_OK) {
        if (lead)
            put_claims(page, lead);
        put_lead(page, s);
        put_lengths(page, s, false);
        put_lengths(page, s, true);
        put_means(page, s);
        unroll_page_heading(page, "Pictures");
        for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
            if (was_drawn(plots, pictures[i].name))
                unroll_page_picture(page, plots, pictures[i].name, pictures[i].caption);
        for (size_t v = 0; v < s->variants; v++) {
            char name[COMPARE_MAP_NAME];
            if (was_drawn(plots, compare_map_name(name, v)))
                unroll_page_picture(page, plots, name, "How strongly the loss of each target token depends on "
                                    "each source token, in the order they are written: the geometric mean "
                                    "over held-out sentences of one length, first seed.");
        }
        put_jobs(page, s);
        unroll_page_made(page, argc, argv, s->variant[0].config);
        status = unroll_page_end(page);
    }
    unroll_free(plots);
    unroll_free(path);
    return status;
}
