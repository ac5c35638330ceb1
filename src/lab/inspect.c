#include "lab/inspect.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "cell/cells.h"
#include "probe/spectrum.h"
#include "store/model.h"

static void summarise(size_t count, const float *x, inspect_tensor *t)
{
    double squares = 0;
    t->min = t->max = NAN;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(x[i])) {
            t->bad++;
            continue;
        }
        squares += (double)x[i] * x[i];
        t->min = fmin(t->min, x[i]); /* fmin and fmax pass over a NaN */
        t->max = fmax(t->max, x[i]);
    }
    t->norm = sqrt(squares);
}

/* Gates of a recurrent matrix, [gates·H, H]; 0 for any other tensor. */
static size_t recurrent_gates(const unroll_parameter *p)
{
    return strstr(p->name, "weight_hh") && p->cols && p->rows % p->cols == 0 ? p->rows / p->cols : 0;
}

static unroll_status measure_blocks(const unroll_cell *cell, const unroll_parameter *p,
                                    const float *W, inspection *out)
{
    const size_t H = p->cols, gates = recurrent_gates(p);
    for (size_t g = 0; g < gates; g++) {
        inspect_block *b = &out->block[out->blocks++];
        *b = (inspect_block){.parameter = p, .gate = cell->gate[g].name};
        UNROLL_TRY(unroll_spectral_radius(H, W + g * H * H, &b->radius));
        UNROLL_TRY(unroll_spectral_norm(H, H, W + g * H * H, &b->norm));
    }
    return UNROLL_OK;
}

unroll_status inspect_model(unroll_model *model, inspection *out)
{
    unroll_net *net = unroll_model_net(model);
    const unroll_net_spec *spec = unroll_net_get_spec(net);
    const unroll_cell *cell =
        unroll_cell_find_form(spec->cell, &(unroll_cell_forms){spec->gru, spec->lstm});
    const unroll_parameter *list;
    const size_t count = unroll_net_parameters(net, &list);
    size_t blocks = 0;
    for (size_t i = 0; i < count; i++)
        blocks += recurrent_gates(&list[i]);
    *out = (inspection){0};
    out->tensor = unroll_alloc(count, sizeof *out->tensor);
    out->block = unroll_alloc(blocks, sizeof *out->block);
    unroll_status status = out->tensor && out->block ? UNROLL_OK : UNROLL_EMEMORY;
    for (size_t i = 0; i < count && status == UNROLL_OK; i++) {
        inspect_tensor *t = &out->tensor[out->tensors++];
        size_t size;
        float *plain = unroll_model_tensor(net, &list[i], &size);
        if (!plain)
            return UNROLL_EMEMORY;
        t->parameter = &list[i];
        summarise(size, plain, t);
        out->bad += t->bad;
        status = measure_blocks(cell, &list[i], plain, out);
        unroll_free(plain);
    }
    return status;
}

void inspection_free(inspection *r)
{
    unroll_free(r->block);
    unroll_free(r->tensor);
    *r = (inspection){0};
}
