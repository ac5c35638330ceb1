/* A comparison's report.html. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/path.h"
#include "config/config.h"
#include "lab/compare.h"
#include "lab/compare_summary.h"
#include "report/html.h"

static const struct {
    const char *name, *caption;
} pictures[] = {
    {"length-exact",
     "Share of held-out sentences that are translated exactly, against the length of their "
     "source: the mean over seeds, the band from the lowest to the highest; two seeds are dots."},
    {"length-bleu", "BLEU of the same translations."},
    {"gradient-layers", "Before training, at distance 0: the gradient at each layer's output."},
    {"learning",
     "Training loss against updates: the mean over seeds, the band from the lowest to the "
     "highest, two seeds as dots; a seed that diverged is in it until then. Dotted: the loss of the "
     "best guess that remembers nothing."},
    {"accuracy", "Training accuracy, of the targets that the task scores."},
    {"gradient-start",
     "Before training: the norm of dL_t/dh_s for the loss of one step alone, on "
     "held-out samples, against the distance t - s, forward and back in doubles. Each line is "
     "a geometric mean over samples and seeds: it ends where one of them is 0, and the legend says how "
     "many seeds are."},
    {"gradient-middle",
     "The same, half-way through the training, by updates or time; or at its end where it solved "
     "the task before."},
    {"gradient-end", "The same, after training."},
    {"solved", "Share of seeds that solved the task, against its difficulty."},
    {"sweep", "Held-out accuracy after training, against the task's difficulty. Dotted: chance."},
    {"sweep-loss", "Held-out loss after training. Dotted: the best guess that remembers nothing."},
    {"generalization",
     "Accuracy after training on sequences shorter and longer than those that were trained: the mean over "
     "seeds on 1000 sequences of each length. The dotted upright marks the length of training."},
    {"half-life",
     "How fast the fresh network's gradient decays, beside how long learning took. Only jobs "
     "that solved the task, and whose curve falls; the table counts the others."},
};

static bool was_drawn(const char *plots, const char *name)
{
    char *path = unroll_path_join_ending(plots, name, ".csv");
    const bool drawn = path && access(path, R_OK) == 0;
    unroll_free(path);
    return drawn;
}

static void put_lengths(unroll_page *page, const compare_study *s, bool bleu)
{
    unroll_table table = {0};
    compare_lengths_table(s, bleu, &table);
    if (table.cells)
        unroll_page_table(page, &table);
    unroll_table_free(&table);
}

static void put_means(unroll_page *page, const compare_study *s)
{
    unroll_table table = {0};
    compare_means_table(s, &table);
    unroll_page_table(page, &table);
    unroll_table_free(&table);
}

static void add_half_life(unroll_table *table, double value)
{
    if (isfinite(value))
        unroll_table_cell(table, "%.4g", value);
    else
        unroll_table_text(table, isinf(value) ? "growing" : "-");
}

static void put_jobs(unroll_page *page, const compare_study *s)
{
    static const char *const head[] = {"variant",  "seed",      "updates",         "loss",
                                       "accuracy", "solved at", "half-life start", "end",
                                       "seconds"};
    unroll_table table = {.columns = sizeof head / sizeof *head};
    unroll_table_row(&table, head);
    for (size_t i = 0; i < s->variants * s->seeds; i++) {
        const compare_result *r = &s->result[i];
        if (!r->done)
            continue;
        unroll_table_text(&table, s->variant[i / s->seeds].label);
        unroll_table_cell(&table, "%llu", (unsigned long long)(s->seed + i % s->seeds));
        unroll_table_cell(&table, "%llu%s", (unsigned long long)r->steps,
                          r->diverged ? ", diverged" : "");
        unroll_table_cell(&table, "%.5g", r->loss);
        unroll_table_cell(&table, "%.4g", r->accuracy);
        if (r->solved)
            unroll_table_cell(&table, "%llu", (unsigned long long)r->steps_to_solve);
        else
            unroll_table_text(&table, "-");
        add_half_life(&table, r->half_life[COMPARE_START]);
        add_half_life(&table, r->half_life[COMPARE_END]);
        unroll_table_cell(&table, "%.1f", r->seconds);
    }
    unroll_page_heading(page, "Every job");
    unroll_page_table(page, &table);
    unroll_table_free(&table);
}

/* What the page is about, in a sentence or two. */
static void put_lead(unroll_page *page, const compare_study *s)
{
    char text[400 + COMPARE_WORDS], task[140], words[COMPARE_WORDS];
    snprintf(task, sizeof task, "%.120s", s->variant[0].config->task);
    if (s->sweep_key)
        task[strcspn(task, ":")] = '\0';
    snprintf(text, sizeof text,
             "%zu variants with %llu seeds each, on %s. Loss and accuracy are those "
             "of held-out samples after the last update. %s",
             s->variants, (unsigned long long)s->seeds, task, compare_means_words(s, words));
    unroll_page_text(page, text);
    if (!isnan(s->baseline)) {
        snprintf(text, sizeof text,
                 "A guess that remembers nothing reaches a loss of %.4g and an accuracy "
                 "of %.4g. Solved: the mean over 500 updates is as the task asks (unroll generate "
                 "--list).",
                 s->baseline, s->chance);
        unroll_page_text(page, text);
    }
}

static void put_claims(unroll_page *page, const compare_lead *lead)
{
    for (size_t i = 0; lead->text[i]; i++)
        unroll_page_text(page, lead->text[i]);
    unroll_page_table(page, lead->table);
    unroll_page_heading(page, "All results");
}

unroll_status compare_report(const compare_study *s, const char *title, const compare_lead *lead,
                             int argc, char *const *argv)
{
    char *path = unroll_path_join(s->directory, "report.html");
    char *plots = unroll_path_join(s->directory, "plots");
    unroll_page *page = NULL;
    unroll_status status = path && plots ? unroll_page_begin(path, title, &page) : UNROLL_EMEMORY;
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
                unroll_page_picture(page, plots, name,
                                    "How strongly the loss of each target token depends on "
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
