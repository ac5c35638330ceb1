/* The one list of published experiments. */
#include <string.h>

#include "base/fail.h"
#include "base/nearest.h"
#include "lab/experiment.h"

extern const experiment experiment_bengio1994_latch, experiment_hochreiter1997_copy,
    experiment_hochreiter1997_adding, experiment_pascanu2013_temporal_order, experiment_le2015_irnn,
    experiment_arjovsky2016_copy, experiment_jozefowicz2015_forget_bias,
    experiment_tallec2018_chrono, experiment_depth, experiment_cooijmans2016_norm,
    experiment_karpathy2015_saturation, experiment_cho2014_length, experiment_sutskever2014_reversal;

const experiment *const experiment_table[] = {
    &experiment_bengio1994_latch,
    &experiment_hochreiter1997_copy,
    &experiment_hochreiter1997_adding,
    &experiment_pascanu2013_temporal_order,
    &experiment_le2015_irnn,
    &experiment_arjovsky2016_copy,
    &experiment_jozefowicz2015_forget_bias,
    &experiment_tallec2018_chrono,
    &experiment_depth,
    &experiment_cooijmans2016_norm,
    &experiment_karpathy2015_saturation,
    &experiment_cho2014_length,
    &experiment_sutskever2014_reversal,
    NULL,
};

unroll_status experiment_find(const char *name, const experiment **out)
{
    const char *names[sizeof experiment_table / sizeof *experiment_table] = {NULL};
    for (size_t i = 0; experiment_table[i]; i++) {
        names[i] = experiment_table[i]->name;
        if (strcmp(names[i], name) == 0) {
            *out = experiment_table[i];
            return UNROLL_OK;
        }
    }
    const char *near = unroll_nearest(names, name);
    return unroll_fail(UNROLL_EUSAGE, "there is no experiment '%.80s'%s%s%s", name,
                       near ? "; did you mean " : "; see 'unroll reproduce --list'",
                       near ? near : "", near ? "?" : "");
}
