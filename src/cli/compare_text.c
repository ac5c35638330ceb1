#include "cli/compare_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/out.h"
#include "lab/compare_summary.h"

/* ---- while it trains ---- */

static void say_estimate(const compare_terminal *t, const char *text)
{
    enum { LONG = 120 };
    char line[240];
    const bool long_one = t->shorter && t->study->seconds > LONG;
    snprintf(line, sizeof line, "%.120s%s%s", text, long_one ? "; " : "", long_one ? t->shorter : "");
    terminal_say(line);
}

static void on_event(void *arg, enum compare_event event, const char *text)
{
    compare_terminal *t = arg;
    if (event == COMPARE_PROGRESS) {
        if (terminal_progress_due(&t->progress))
            terminal_progress_show(&t->progress, "%s", text);
        return;
    }
    if (t->quiet && event != COMPARE_FAILED)
        return;
    terminal_progress_clear(&t->progress);
    if (event == COMPARE_NEWS)
        terminal_say(text);
    else if (event == COMPARE_ESTIMATE)
        say_estimate(t, text);
    else
        cli_report(t->call, "%s", text);
}

void compare_terminal_listen(compare_terminal *t, const cli_call *call, bool quiet, compare_study *s)
{
    *t = (compare_terminal){.call = call, .quiet = quiet, .study = s};
    s->estimate = !quiet;
    terminal_progress_start(&t->progress, quiet, 30);
    s->listener = on_event;
    s->listener_arg = t;
}

unroll_status compare_pictures(const cli_call *call, const compare_study *s, const char *title)
{
    const unroll_status status = compare_draw(s, title);
    if (status == UNROLL_OK || status == UNROLL_EMEMORY)
        return status;
    cli_report(call, "%s", unroll_marked_message());
    return UNROLL_OK;
}

/* ---- for people ---- */

static void print_lengths(const compare_study *s, bool bleu)
{
    unroll_table table = {0};
    compare_lengths_table(s, bleu, &table);
    if (table.cells) {
        out_table(&table);
        out_text("\n");
    }
    unroll_table_free(&table);
}

static void print_text(const compare_study *s)
{
    unroll_table table = {0};
    print_lengths(s, false);
    print_lengths(s, true);
    compare_means_table(s, &table);
    out_table(&table);
    unroll_table_free(&table);
    char words[COMPARE_WORDS];
    out_printf("\nHeld-out %s%s", s->squared ? "squared error" : "loss in nats",
               s->squared ? "" : " per target");
    if (!isnan(s->baseline))
        out_printf("; a guess that remembers nothing has %.4g", s->baseline);
    out_printf(".\n%s\n", compare_means_words(s, words));
    out_shown(s->directory);
    out_text("/report.html\n");
}

/* ---- for programs ---- */

static json_t *mean_json(const unroll_mean *m)
{
    return json_pack("{s:o, s:o, s:o, s:I}", "mean", out_json_real(m->mean), "low",
                     out_json_real(m->interval.low), "high", out_json_real(m->interval.high), "n",
                     (json_int_t)m->n);
}

/* Beside the mean of those that fall: how many seeds' curves do not. The rest was not measured. */
static json_t *half_life_json(const compare_study *s, size_t v, int when, const unroll_mean *m)
{
    json_t *o = mean_json(m);
    json_int_t growing = 0;
    for (size_t k = 0; k < s->seeds; k++) {
        const compare_result *r = compare_at(s, v, k);
        growing += r->done && isinf(r->half_life[when]);
    }
    unroll_json_set(&o, "growing", json_integer(growing));
    return o;
}

static json_t *survival_json(const unroll_survival *u)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "mean", out_json_real(u->mean), "low",
                     out_json_real(u->interval.low), "high", out_json_real(u->interval.high),
                     "horizon", out_json_real(u->horizon), "median", out_json_real(u->median),
                     "solved", (json_int_t)u->happened, "n", (json_int_t)u->n);
}

static json_t *lengths_json(const compare_study *s, size_t v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < compare_length_count(s); i++) {
        const compare_length *of = compare_length_at(s, i);
        const unroll_mean exact = compare_length_mean(s, v, of, false);
        const unroll_mean bleu = compare_length_mean(s, v, of, true);
        unroll_json_append(&list, json_pack("{s:I, s:I, s:o, s:o}", "source_min", (json_int_t)of->min,
                                            "source_max", (json_int_t)of->max, "exact_match",
                                            mean_json(&exact), "bleu", mean_json(&bleu)));
    }
    return list;
}

json_t *compare_json(const compare_study *s)
{
    json_t *list = json_array();
    for (size_t v = 0; v < s->variants; v++) {
        const char *label = s->variant[v].label;
        compare_summary m;
        compare_summarise(s, v, &m);
        unroll_json_append(&list,
                           json_pack("{s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}",
                                     "variant", out_json_text(label, strlen(label)), "seeds",
                                     (json_int_t)m.done, "solved", (json_int_t)m.solved, "diverged",
                                     (json_int_t)m.diverged, "loss", mean_json(&m.loss), "accuracy",
                                     mean_json(&m.accuracy), "steps_to_solve",
                                     survival_json(&m.steps_to_solve), "half_life_start",
                                     half_life_json(s, v, COMPARE_START, &m.half_life_start),
                                     "half_life_end",
                                     half_life_json(s, v, COMPARE_END, &m.half_life_end), "lengths",
                                     lengths_json(s, v)));
    }
    return list;
}

unroll_status compare_print(const compare_study *s, bool json)
{
    if (json)
        return out_json(json_pack("{s:o, s:o, s:o}", "variants", compare_json(s), "baseline",
                                  out_json_real(s->baseline), "out",
                                  out_json_text(s->directory, strlen(s->directory))));
    print_text(s);
    return UNROLL_OK;
}
