#include "lab/reproduce.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/samples.h"
#include "config/config.h"

const char *const reproduction_control_name[REPRODUCTION_CONTROLS + 1] = {"none", "untrained",
                                                                          "diverged"};
static const double rate_factor[REPRODUCTION_CONTROLS] = {1, 0, 1e5};

/* ---- from an experiment to a study ---- */

static unroll_status add_variants(const experiment_setting *setting, compare_study *s)
{
    unroll_config *plain;
    compare_variant common = {0};
    UNROLL_TRY(unroll_config_new(&plain));
    unroll_status status = compare_variant_parse(setting->common, plain, &common);
    unroll_config_free(plain);
    for (size_t i = 0; status == UNROLL_OK && setting->variant[i]; i++)
        status = compare_study_add(s, setting->variant[i], common.config);
    compare_variant_free(&common);
    return status;
}

unroll_status reproduction_open(const experiment *e, bool quick, enum reproduction_control control,
                                reproduction *out)
{
    const experiment_setting *setting = quick ? &e->quick : &e->full;
    *out = (reproduction){.experiment = e,
                          .setting = setting,
                          .control = control,
                          .study = {.seeds = setting->seeds,
                                    .ask = {.stop_solved = setting->until_solved,
                                            .probe = true,
                                            .through = setting->through}}};
    UNROLL_TRY(add_variants(setting, &out->study));
    if (setting->sweep)
        UNROLL_TRY(compare_study_sweep(&out->study, setting->sweep));
    for (size_t i = 0; i < out->study.variants; i++)
        out->study.variant[i].config->learning.lr *= rate_factor[control];
    return UNROLL_OK;
}

void reproduction_free(reproduction *r)
{
    unroll_table_free(&r->table);
    compare_study_free(&r->study);
}

/* ---- what came out ---- */

/* "0.1312 [0.12, 0.1424] (at most 0.2), 1 diverged" */
static void add_measured(unroll_table *table, const experiment_check *c, const experiment_outcome *o)
{
    char interval[64] = "", bounds[64], diverged[40] = "";
    if (isfinite(o->low) && isfinite(o->high))
        snprintf(interval, sizeof interval, " [%.4g, %.4g]", o->low, o->high);
    if (isinf(c->high))
        snprintf(bounds, sizeof bounds, "at least %g", c->low);
    else if (isinf(c->low))
        snprintf(bounds, sizeof bounds, "at most %g", c->high);
    else
        snprintf(bounds, sizeof bounds, "%g to %g", c->low, c->high);
    if (o->diverged)
        snprintf(diverged, sizeof diverged, ", %zu diverged", o->diverged);
    unroll_table_cell(table, "%.4g%s (%s)%s", o->mean, interval, bounds, diverged);
}

void reproduction_judge(reproduction *r)
{
    static const char *const head[] = {"claim", "reported", "measured [95% interval]", "holds"};
    static const char *const verdict[] = {"NO", "open", "yes"};
    r->table = (unroll_table){.columns = sizeof head / sizeof *head};
    unroll_table_row(&r->table, head);
    r->checks = r->failed = r->open = 0;
    for (size_t i = 0; r->setting->check[i].what; i++, r->checks++) {
        const experiment_check *c = &r->setting->check[i];
        experiment_outcome *o = &r->outcome[i];
        experiment_judge(&r->study, c, o);
        r->failed += o->verdict == EXPERIMENT_FAILS;
        r->open += o->verdict == EXPERIMENT_OPEN;
        unroll_table_text(&r->table, c->what);
        unroll_table_text(&r->table, *c->reported ? c->reported : "-");
        add_measured(&r->table, c, o);
        unroll_table_text(&r->table, verdict[o->verdict]);
    }
}

static const char *holds_text(const reproduction *r)
{
    return r->failed ? "does NOT hold" : r->open ? "is left open" : "holds";
}

static void append(char *text, const char *more)
{
    const size_t length = strlen(text);
    snprintf(text + length, REPRODUCTION_VERDICT - length, "%s", more);
}

void reproduction_verdict(const reproduction *r, char text[REPRODUCTION_VERDICT])
{
    const experiment_setting *s = r->setting;
    const unsigned long long seeds = r->study.seeds;
    char sentence[REPRODUCTION_VERDICT];
    *text = '\0';
    if (r->control) {
        snprintf(sentence, sizeof sentence,
                 "Control: every learning rate times %g, under which it must not hold. ",
                 rate_factor[r->control]);
        append(text, sentence);
    }
    if (s->part) {
        snprintf(sentence, sizeof sentence, "Only a part of the claim was tested: %s ", s->part);
        append(text, sentence);
    }
    snprintf(sentence, sizeof sentence, "%s %s with %llu seed%s", s->part ? "That part" : "It",
             holds_text(r), seeds, seeds == 1 ? "" : "s");
    append(text, sentence);
    if (s->here) {
        append(text, ", in a setting that is not the source's: ");
        append(text, s->here);
    }
    append(text, ".");
    if (!r->failed && r->open)
        append(text, seeds < UNROLL_INTERVAL_FROM
                         ? " Fewer than four seeds have no interval and give no verdict."
                         : " A mean is within its bounds, but its interval is not.");
}

unroll_status reproduction_page(const reproduction *r, int argc, char *const *argv)
{
    const experiment *e = r->experiment;
    char paper[300], claim[400], reported[400], verdict[REPRODUCTION_VERDICT];
    const char *text[] = {paper, claim, reported, verdict, e->note, NULL};
    snprintf(paper, sizeof paper, "Source: %s.", e->paper);
    snprintf(claim, sizeof claim, "Claim: %s", e->claim);
    snprintf(reported, sizeof reported, "Reported: %s.", e->published);
    reproduction_verdict(r, verdict);
    return compare_report(&r->study, e->name, &(compare_lead){text, &r->table}, argc, argv);
}
