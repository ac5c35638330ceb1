#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "net/embed.h"
#include "net/net.h"
#include "net/readout.h"
#include "net/stack_pass.h"

struct unroll_stepper {
    unroll_work *work;
    unroll_batch batch;
    uint32_t input;
};

unroll_status unroll_stepper_new(const unroll_net *net, unroll_stepper **out)
{
    if (net->spec.features)
        return unroll_fail(UNROLL_EUSAGE, "a model with real inputs cannot be fed tokens");
    if (net->spec.source)
        return unroll_fail(UNROLL_EUSAGE, "a translation model writes only what a source asks for");
    unroll_stepper *s = unroll_alloc(1, sizeof *s);
    if (!s)
        return UNROLL_EMEMORY;
    const unroll_work_options options = {.size = sizeof options, .T = 1, .B = 1, .threads = 1};
    const unroll_status status = unroll_work_new(net, &options, &s->work);
    if (status != UNROLL_OK) {
        unroll_free(s);
        return status;
    }
    s->batch = (unroll_batch){.T = 1, .B = 1, .carry = 1, .input = &s->input};
    s->work->batch = &s->batch;
    s->work->run.steps = 1;
    s->work->run.input = &s->input;
    *out = s;
    return UNROLL_OK;
}

void unroll_stepper_free(unroll_stepper *stepper)
{
    if (stepper)
        unroll_work_free(stepper->work);
    unroll_free(stepper);
}

void unroll_stepper_reset(unroll_stepper *stepper)
{
    unroll_work_reset(stepper->work);
}

const unroll_real *unroll_stepper_step(unroll_stepper *s, uint32_t id)
{
    unroll_work *w = s->work;
    const unroll_net *net = w->net;
    const size_t pitch = net->stack.pitch;
    s->input = id < net->spec.inputs ? id : 0;
    unroll_embed_input(net, w, 0, 1);
    unroll_stack_forward(&net->stack, &w->run, net->parameters.list, net->weights, 0, 1);
    unroll_readout_logits(net, w, 0, 1, 0, 1);
    unroll_stack_count_step(&net->stack, &w->run);
    for (size_t l = 0; l < net->stack.layers; l++) {
        const unroll_layer_run *r = &w->run.at[l];
        memcpy(r->h, r->h + pitch, pitch * sizeof *r->h);
        if (r->c)
            memcpy(r->c, r->c + pitch, pitch * sizeof *r->c);
    }
    return w->logits;
}
