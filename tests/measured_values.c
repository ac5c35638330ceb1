/* Prints what a probe measures in doubles, of nets whose weights are floats. It is built twice, with the library as it
 * is built and with the one that is in doubles throughout, and tests/cli/precision.sh compares what both say. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unroll.h>

enum { SYMBOLS = 6, HIDDEN = 9, T = 30, B = 4, TEXT = 400 };

static void need(unroll_status status)
{
    if (status == UNROLL_OK)
        return;
    fprintf(stderr, "measured_values: %s\n", unroll_message());
    exit(EXIT_FAILURE);
}

static void print(const char *what, size_t count, const double *x)
{
    for (size_t i = 0; i < count; i++)
        printf("%s %zu %.17g\n", what, i, x[i]);
}

/* Weights from a generator of its own: those of unroll_net_init() are rounded to another precision in each library. */
static void set_weights(unroll_net *net)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(net, &list);
    uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        static float plain[4096];
        const size_t count = list[i].rows * (list[i].cols ? list[i].cols : 1);
        for (size_t k = 0; k < count && k < 4096; k++) {
            state = state * 1664525 + 1013904223;
            plain[k] = list[i].frozen ? 1 : ((float)(state >> 8) / 0x1p24f - 0.5f) * 0.8f;
        }
        unroll_parameter_set(&list[i], unroll_net_weights(net), plain);
    }
    unroll_net_pack(net, 1);
}

static void measure(const unroll_net *net, const unroll_batch *batch)
{
    const unroll_probe_options o = {
        .size = sizeof o, .T = T, .B = B, .threads = 1, .precision = UNROLL_PRECISION_DOUBLE};
    unroll_probe *probe;
    unroll_curve *c;
    unroll_jacobian *j;
    unroll_lyapunov *l;
    unroll_weight_curve *w;
    unroll_diagnosis *d;
    need(unroll_probe_new(net, &o, &probe));
    need(unroll_curve_new(net, NULL, &c));
    need(unroll_curve_add(c, probe, batch));
    for (size_t r = 0; r < B; r++)
        print("h", T, unroll_curve_sample(c, r, 0, UNROLL_STATE_H));
    need(unroll_jacobian_measure(probe, batch, NULL, &j));
    print("frobenius", T, unroll_jacobian_frobenius(j));
    need(unroll_lyapunov_measure(probe, batch, NULL, &l));
    print("lyapunov", 2, unroll_lyapunov_exponents(l));
    need(unroll_weight_curve_measure(probe, batch, 0, &w));
    print("weights", T - 1, unroll_weight_curve_norm(w, 1));
    need(unroll_diagnosis_measure(probe, batch, 0, &d));
    if (unroll_diagnosis_keep(d, 1))
        print("keep", T, unroll_diagnosis_keep(d, 1));
    else
        printf("slope 0 %.17g\n", unroll_diagnosis_slope_square(d, 1));
    unroll_diagnosis_free(d);
    unroll_weight_curve_free(w);
    unroll_lyapunov_free(l);
    unroll_jacobian_free(j);
    unroll_curve_free(c);
    unroll_probe_free(probe);
}

int main(void)
{
    static const struct {
        const char *cell, *norm, *activation;
        bool residual;
    } nets[] = {{"rnn", NULL, NULL, false},    {"rnn", NULL, "prelu", true},
                {"lstm", NULL, NULL, false},   {"lstm", "recurrent-batch", NULL, false},
                {"lstm", "layer", NULL, true}, {"gru", NULL, NULL, false}};
    uint32_t id[TEXT];
    unroll_windows *windows;
    const unroll_windows_options o = {.size = sizeof o, .T = T, .windows = B};
    for (size_t i = 0; i < TEXT; i++)
        id[i] = (uint32_t)(i * i / 3 % SYMBOLS);
    need(unroll_windows_of_tokens(id, TEXT, &o, &windows));
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        const unroll_net_spec spec = {.size = sizeof spec,
                                      .inputs = SYMBOLS,
                                      .outputs = SYMBOLS,
                                      .cell = nets[i].cell,
                                      .norm = nets[i].norm,
                                      .activation = nets[i].activation,
                                      .residual = nets[i].residual,
                                      .layers = 2,
                                      .hidden = HIDDEN};
        unroll_net *net;
        need(unroll_net_new(&spec, &net));
        set_weights(net);
        measure(net, unroll_windows_batch(windows));
        unroll_net_free(net);
    }
    unroll_windows_free(windows);
    return 0;
}
