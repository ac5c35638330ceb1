#include "net_bodies.h"

#include <check.h>
#include <stdlib.h>

#include "base/rng.h"
#include "cell/cell.h"
#include "work_options.h"

struct body bodies[BODIES_MAX];
int body_count;

void list_bodies(void)
{
    const unroll_kernels *k = unroll_kernels_get();
    for (size_t c = 0; k->cells[c]; c++)
        for (size_t a = 0; k->activations[a] && (a == 0 || k->cells[c]->has_activation); a++)
            bodies[body_count++] = (struct body){
                k->cells[c]->name,
                *k->cells[c]->variant ? k->cells[c]->variant : NULL,
                k->cells[c]->has_activation ? k->activations[a]->name : NULL,
                k->cells[c]->states,
            };
}

unroll_net_spec make_spec(int body)
{
    return (unroll_net_spec){
        .size = sizeof(unroll_net_spec),
        .inputs = SYMBOLS,
        .outputs = SYMBOLS,
        .cell = bodies[body].cell,
        .gru = bodies[body].form,
        .lstm = bodies[body].form,
        .activation = bodies[body].activation,
        .layers = 2,
        .hidden = UNITS,
    };
}

unroll_net *new_net(unroll_net_spec spec)
{
    unroll_net *net = NULL;
    ck_assert_msg(unroll_net_new(&spec, &net) == UNROLL_OK, "%s", unroll_message());
    const unroll_init init = {
        .size = sizeof init, .kind = "xavier", .scale = 1, .forget_bias = 1, .seed = 3};
    ck_assert_int_eq(unroll_net_init(net, &init), UNROLL_OK);
    unroll_net_pack(net, 1);
    return net;
}

unroll_work *new_work(const unroll_net *net, size_t T, size_t B, size_t threads)
{
    unroll_work *work = NULL;
    const unroll_status made =
        unroll_work_new(net, WORK(.T = T, .B = B, .threads = threads, .training = true), &work);
    ck_assert_msg(made == UNROLL_OK, "%s", unroll_message());
    return work;
}

void *new_array(size_t count, size_t size)
{
    void *array = calloc(count, size);
    ck_assert_ptr_nonnull(array);
    return array;
}

void open_window(window *w, const unroll_net_spec *spec, size_t T, size_t B, bool padded)
{
    const size_t n = T * B;
    unroll_rng rng;
    unroll_rng_seed(&rng, 5, 99);
    w->input = new_array(n, sizeof *w->input);
    w->target = new_array(n, sizeof *w->target);
    w->weight = new_array(n, sizeof *w->weight);
    w->mode = new_array(n, 1);
    w->feature = new_array(n * FEATURES, sizeof *w->feature);
    w->value = new_array(n * (spec->squared ? spec->outputs : 1), sizeof *w->value);
    for (size_t i = 0; i < n; i++) {
        w->input[i] = (uint32_t)unroll_rng_below(&rng, spec->inputs);
        w->target[i] = (uint32_t)unroll_rng_below(&rng, spec->outputs);
        w->mode[i] = (uint8_t)(unroll_rng_below(&rng, 4) ? 0 : unroll_rng_below(&rng, 3));
        w->weight[i] = w->mode[i] == UNROLL_RUN ? (float)unroll_rng_below(&rng, 3) : 0;
    }
    for (size_t i = 0; i < n * FEATURES; i++)
        w->feature[i] = (float)unroll_rng_normal(&rng);
    for (size_t i = 0; spec->squared && i < n * spec->outputs; i++)
        w->value[i] = (float)unroll_rng_normal(&rng);
    w->batch = (unroll_batch){
        .T = T,
        .B = B,
        .input = spec->features ? NULL : w->input,
        .feature = spec->features ? w->feature : NULL,
        .target = spec->squared ? NULL : w->target,
        .value = spec->squared ? w->value : NULL,
        .weight = padded ? w->weight : NULL,
        .mode = padded ? w->mode : NULL,
    };
}

void close_window(window *w)
{
    free(w->input);
    free(w->target);
    free(w->feature);
    free(w->value);
    free(w->weight);
    free(w->mode);
}
