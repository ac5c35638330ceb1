#include "report/variant.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cell/cells.h"
#include "config/config.h"

const char *unroll_variant_text(const unroll_config *c, char buffer[UNROLL_VARIANT_MAX])
{
    const unroll_cell_forms forms = {.gru = c->gru, .lstm = c->lstm};
    const unroll_cell *cell = unroll_config_cell(c);
    const char *form = unroll_cell_form_text(c->cell, &forms, c->activation);
    char bias[48] = "", number[32], scale[48] = "", norm[48] = "";
    if (c->chrono)
        snprintf(bias, sizeof bias, ", chrono gate biases");
    else if (!isnan(c->forget_bias) || cell->forget_bias != 0)
        snprintf(bias, sizeof bias, ", forget bias %s",
                 unroll_format_digits(number,
                                      isnan(c->forget_bias) ? cell->forget_bias : c->forget_bias, 6));
    if (c->init_scale != 1)
        snprintf(scale, sizeof scale, " x %s", unroll_format_digits(number, c->init_scale, 6));
    if (c->norm && strcmp(c->norm, "none") != 0)
        snprintf(norm, sizeof norm, ", %s norm", c->norm);
    if (c->norm && strcmp(c->norm, "recurrent-batch") == 0)
        snprintf(norm, sizeof norm, ", recurrent-batch norm, gamma %s",
                 unroll_format_digits(number, c->norm_gamma, 6));
    snprintf(buffer, UNROLL_VARIANT_MAX, "%s%s%s %llux%llu%s%s%s, init %s%s%s", c->cell,
             *form ? " " : "", form, (unsigned long long)c->layers, (unsigned long long)c->hidden,
             c->residual ? ", residual" : "", c->skip_input ? ", input to all layers" : "", norm,
             c->init, scale, bias);
    return buffer;
}
