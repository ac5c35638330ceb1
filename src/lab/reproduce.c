#include "lab/reproduce.h"

#include <stdio.h>

#include "base/fail.h"

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

unroll_status reproduction_open(const experiment *e, bool quick, reproduction *out)
{
    const experiment_setting *setting = quick ? &e->quick : &e->full;
    *out = (reproduction){.experiment = e,
                          .setting = setting,
                          .study = {.seeds = setting->seeds,
                                    .ask = {.stop_solved = setting->until_solved,
                                            .probe = true,
                                            .through = setting->through}}};
    UNROLL_TRY(add_variants(setting, &out->study));
    return setting->sweep ? compare_study_sweep(&out->study, setting->sweep) : UNROLL_OK;
}

void reproduction_free(reproduction *r)
{
    unroll_table_free(&r->table);
    compare_study_free(&r->study);
}

/* ---- what came out ---- */

void reproduction_judge(reproduction *r)
{
    static const char *const head[] = {"claim", "reported", "measured", "holds"};
    r->table = (unroll_table){.columns = sizeof head / sizeof *head};
    unroll_table_row(&r->table, head);
    r->checks = r->failed = 0;
    for (size_t i = 0; r->setting->check[i].what; i++, r->checks++) {
        const experiment_check *c = &r->setting->check[i];
        r->holds[i] = experiment_holds(&r->study, c, &r->measured[i]);
        r->failed += !r->holds[i];
        unroll_table_text(&r->table, c->what);
        unroll_table_text(&r->table, *c->reported ? c->reported : "-");
        unroll_table_cell(&r->table, "%.4g (%s %g)", r->measured[i],
                          experiment_relation_name(c->relation), c->bound);
        unroll_table_text(&r->table, r->holds[i] ? "yes" : "NO");
    }
}

unroll_status reproduction_page(const reproduction *r, int argc, char *const *argv)
{
    const experiment *e = r->experiment;
    char paper[300], claim[400], reported[400], here[200];
    const char *text[6] = {paper, claim, reported};
    size_t lines = 3;
    snprintf(paper, sizeof paper, "Source: %s.", e->paper);
    snprintf(claim, sizeof claim, "Claim: %s", e->claim);
    snprintf(reported, sizeof reported, "Reported: %s.", e->published);
    if (e->here) {
        snprintf(here, sizeof here, "Here: %s.", e->here);
        text[lines++] = here;
    }
    text[lines] = e->note;
    return compare_report(&r->study, e->name, &(compare_lead){text, &r->table}, argc, argv);
}
