#include "public_nets.h"

#include <math.h>

#include "runner.h"

unroll_net *new_net(const unroll_net_spec *spec, const char *init)
{
    unroll_net *net;
    const unroll_init start = {
        .size = sizeof start, .kind = init, .scale = 1, .forget_bias = NAN, .seed = 3};
    OK(unroll_net_new(spec, &net));
    OK(unroll_net_init(net, &start));
    unroll_net_pack(net, 1);
    return net;
}

unroll_net *new_cell(const char *cell, const char *init)
{
    return new_net(&(unroll_net_spec){.size = sizeof(unroll_net_spec),
                                      .inputs = SYMBOLS,
                                      .outputs = SYMBOLS,
                                      .cell = cell,
                                      .layers = 2,
                                      .hidden = HIDDEN},
                   init);
}

unroll_probe *new_probe_in(enum unroll_precision precision, const unroll_net *net, size_t steps,
                           size_t rows)
{
    unroll_probe *probe;
    const unroll_probe_options o = {
        .size = sizeof o, .T = steps, .B = rows, .threads = 1, .precision = precision};
    OK(unroll_probe_new(net, &o, &probe));
    return probe;
}

unroll_probe *new_probe(const unroll_net *net, size_t steps, size_t rows)
{
    return new_probe_in(UNROLL_PRECISION_DEFAULT, net, steps, rows);
}

void fill_tokens(size_t count, uint32_t *id)
{
    uint32_t state = 12345;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525 + 1013904223;
        id[i] = (state >> 16) % SYMBOLS;
    }
}

unroll_windows *new_windows(size_t steps, size_t windows)
{
    uint32_t id[1000];
    unroll_windows *w;
    const unroll_windows_options o = {.size = sizeof o, .T = steps, .windows = windows};
    fill_tokens(1000, id);
    OK(unroll_windows_of_tokens(id, 1000, &o, &w));
    return w;
}
