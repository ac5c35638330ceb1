/* The gradient curve of a batch that another program made: what exact_autograd.py holds against PyTorch.
 *     curve_of_batch MODEL <batch
 * The batch is numbers with blanks between: T B S, input [T][B], target [T][B] with −1 for none, which is padding too
 * where no target of the row follows; then, where S is not 0, source [S][B] with −1 for padding. Out come lines
 * "SAMPLE LAYER STATE DISTANCE NORM". */
#include <stdio.h>
#include <stdlib.h>
#include <unroll.h>

static void need(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "curve_of_batch: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static void *room(size_t count, size_t size)
{
    void *p = calloc(count + 1, size);
    need(p != NULL, "no memory");
    return p;
}

static long next_number(void)
{
    long x;
    need(scanf("%ld", &x) == 1, "the batch ends early");
    return x;
}

/* [steps][B] tokens; weight 0 and a mode that holds the state where there is none. */
static uint32_t *tokens(size_t count, unroll_real *weight, uint8_t *mode)
{
    uint32_t *id = room(count, sizeof *id);
    for (size_t i = 0; i < count; i++) {
        const long x = next_number();
        id[i] = x < 0 ? 0 : (uint32_t)x;
        if (weight != NULL)
            weight[i] = x >= 0;
        if (mode != NULL)
            mode[i] = x < 0 ? UNROLL_HOLD : UNROLL_RUN;
    }
    return id;
}

static unroll_batch read_batch(void)
{
    unroll_batch b = {0};
    b.T = (size_t)next_number();
    b.B = (size_t)next_number();
    b.S = (size_t)next_number();
    unroll_real *weight = room(b.T * b.B, sizeof *weight);
    uint8_t *mode = room(b.T * b.B, 1), *source_mode = room(b.S * b.B, 1);
    b.input = tokens(b.T * b.B, NULL, NULL);
    b.target = tokens(b.T * b.B, weight, NULL);
    b.weight = weight;
    for (size_t r = 0; r < b.B; r++) /* after the last target */
        for (size_t t = b.T; t-- > 0 && !(weight[t * b.B + r] > 0);)
            mode[t * b.B + r] = UNROLL_HOLD;
    b.mode = mode;
    if (b.S > 0) {
        b.source = tokens(b.S * b.B, NULL, source_mode);
        b.source_mode = source_mode;
    }
    return b;
}

static void print_curve(const unroll_curve *curve)
{
    for (size_t i = 0; i < unroll_curve_samples(curve); i++)
        for (size_t l = 0; l < unroll_curve_layers(curve); l++)
            for (int s = 0; s <= unroll_curve_has_c(curve); s++) {
                const double *norm = unroll_curve_sample(curve, i, l, (enum unroll_state)s);
                for (size_t k = 0; k < unroll_curve_distances(curve); k++)
                    printf("%zu %zu %c %zu %.17g\n", i, l, s ? 'c' : 'h', k, norm[k]);
            }
}

int main(int argc, char **argv)
{
    unroll_model *model;
    unroll_probe *probe;
    unroll_curve *curve;
    need(argc == 2, "usage: curve_of_batch MODEL <batch");
    const unroll_batch batch = read_batch();
    need(unroll_model_load(argv[1], &model) == UNROLL_OK, unroll_message());
    const unroll_probe_options o = {.size = sizeof o, .T = batch.T, .B = batch.B, .S = batch.S};
    need(unroll_probe_new(unroll_model_net(model), &o, &probe) == UNROLL_OK, unroll_message());
    need(unroll_curve_new(unroll_model_net(model), NULL, &curve) == UNROLL_OK, unroll_message());
    need(unroll_curve_add(curve, probe, &batch) == UNROLL_OK, unroll_message());
    print_curve(curve);
    unroll_curve_free(curve);
    unroll_probe_free(probe);
    unroll_model_free(model);
    return EXIT_SUCCESS;
}
