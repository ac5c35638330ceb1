#include "net/init.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/versioned.h"
#include "math/radius.h"
#include "net/net.h"

/* The kinds, their formulas and sources are listed in unroll/net.h. fan_in and fan_out of one gate's block
 * [H][K] are K and H. "orthogonal" draws its other matrices as "uniform" does, because with the larger
 * inputs of "xavier" an orthogonal tanh network saturates: it no longer learns temporal order over 100
 * steps, where it does with these. */

/* What all draws of one network share. */
typedef struct draw {
    unroll_rng rng;
    const unroll_init *init;
    double hidden;
} draw;

typedef void fill_fn(draw *d, size_t count, double fan_in, double fan_out, unroll_real *w);

static void fill_range(draw *d, size_t count, double bound, unroll_real *w)
{
    for (size_t i = 0; i < count; i++)
        w[i] = (unroll_real)(bound * (2 * unroll_rng_uniform(&d->rng) - 1));
}

static void fill_normal(draw *d, size_t count, double deviation, unroll_real *w)
{
    for (size_t i = 0; i < count; i++)
        w[i] = (unroll_real)(deviation * unroll_rng_normal(&d->rng));
}

static void fill_uniform(draw *d, size_t count, double fan_in, double fan_out, unroll_real *w)
{
    (void)fan_in, (void)fan_out;
    fill_range(d, count, d->init->scale / sqrt(d->hidden), w);
}

static void fill_gauss(draw *d, size_t count, double fan_in, double fan_out, unroll_real *w)
{
    (void)fan_in, (void)fan_out;
    fill_normal(d, count, d->init->scale / sqrt(d->hidden), w);
}

static void fill_xavier(draw *d, size_t count, double fan_in, double fan_out, unroll_real *w)
{
    fill_range(d, count, d->init->scale * sqrt(6 / (fan_in + fan_out)), w);
}

static void fill_he(draw *d, size_t count, double fan_in, double fan_out, unroll_real *w)
{
    (void)fan_out;
    fill_normal(d, count, d->init->scale * sqrt(2 / fan_in), w);
}

static void fill_tiny(draw *d, size_t count, double fan_in, double fan_out, unroll_real *w)
{
    (void)fan_in, (void)fan_out;
    fill_normal(d, count, 0.001, w);
}

void unroll_orthonormalise(size_t count, size_t n, double *q, double *length)
{
    for (size_t i = 0; i < count; i++) {
        double *v = q + i * n, square = 0;
        for (size_t k = 0; k < 2 * i;
             k++) { /* twice, because rounding leaves a remainder the first time */
            const double *u = q + k % i * n;
            double dot = 0;
            for (size_t j = 0; j < n; j++)
                dot += u[j] * v[j];
            for (size_t j = 0; j < n; j++)
                v[j] -= dot * u[j];
        }
        for (size_t j = 0; j < n; j++)
            square += v[j] * v[j];
        const double norm = sqrt(square);
        for (size_t j = 0; norm > 0 && j < n; j++)
            v[j] /= norm;
        if (length)
            length[i] = norm;
    }
}

/* Make the rows of a Gaussian matrix orthonormal, in doubles: the result is uniform over the orthogonal
 * matrices. */
static unroll_status fill_orthogonal(draw *d, size_t H, unroll_real *w)
{
    size_t count;
    if (!unroll_mul(H, H, &count))
        return unroll_fail(UNROLL_EMEMORY, UNROLL_OPTION "hidden %zu is too large", H);
    double *q = unroll_alloc(count, sizeof *q);
    if (!q)
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < count; i++)
        q[i] = unroll_rng_normal(&d->rng);
    unroll_orthonormalise(H, H, q, NULL);
    for (size_t i = 0; i < count; i++)
        w[i] = (unroll_real)(d->init->scale * q[i]);
    unroll_free(q);
    return UNROLL_OK;
}

static unroll_status fill_identity(draw *d, size_t H, unroll_real *w)
{
    memset(w, 0, H * H * sizeof *w);
    for (size_t i = 0; i < H; i++)
        w[i * H + i] = (unroll_real)d->init->scale;
    return UNROLL_OK;
}

enum { SPARSE_ROW = 15 };

/* Of the plain kernels, so that a start is the same with every set. */
static unroll_status radius_of(size_t H, const unroll_real *w, double *radius)
{
    const unroll_kernels *const *k = unroll_kernels_table;
    while (k[1])
        k++;
    return unroll_radius(*k, H, w, radius);
}

/* Up to 15 weights in each row, elsewhere 0, scaled to the spectral radius 0.95. */
static unroll_status fill_sparse(draw *d, size_t H, unroll_real *w)
{
    const size_t n = H < SPARSE_ROW ? H : SPARSE_ROW;
    double radius;
    memset(w, 0, H * H * sizeof *w);
    for (size_t k = 0; k < H * n; k++) {
        unroll_real *row = w + k / n * H;
        size_t column;
        do
            column = (size_t)unroll_rng_below(&d->rng, H);
        while (row[column] != 0);
        do
            row[column] = (unroll_real)unroll_rng_normal(&d->rng);
        while (row[column] == 0);
    }
    UNROLL_TRY(radius_of(H, w, &radius));
    for (size_t i = 0; radius > 0 && i < H * H; i++)
        w[i] = (unroll_real)(d->init->scale * 0.95 / radius * (double)w[i]);
    return UNROLL_OK;
}

static void fill_small(draw *d, size_t count, double fan_in, double fan_out, unroll_real *w)
{
    (void)fan_in, (void)fan_out;
    fill_normal(d, count, 0.01, w);
}

static const struct kind {
    const char *name;
    fill_fn *weights;
    unroll_status (*recurrent)(draw *d, size_t H,
                               unroll_real *w); /* NULL: `weights` draws these as well */
    bool biases;
    const char *summary; /* for help */
} kinds[] = {
    {"uniform", fill_uniform, NULL, true, "within 1/sqrt(hidden), biases too, as PyTorch does"},
    {"normal", fill_gauss, NULL, false, "N(0, 1/hidden)"},
    {"xavier", fill_xavier, NULL, false, "within sqrt(6/(inputs + outputs)) (Glorot and Bengio 2010)"},
    {"he", fill_he, NULL, false, "N(0, 2/inputs) (He et al. 2015)"},
    {"orthogonal", fill_uniform, fill_orthogonal, false,
     "recurrent matrices orthogonal, the rest as uniform (Saxe et al. 2014)"},
    {"identity", fill_tiny, fill_identity, false,
     "recurrent matrices the identity, the rest N(0, 0.001^2) (Le et al. 2015)"},
    {"sparse", fill_small, fill_sparse, false,
     "15 recurrent weights a row, spectral radius 0.95, the rest N(0, 0.01^2) (Pascanu et al. 2013)"},
};

const char *unroll_init_name(size_t i)
{
    return i < sizeof kinds / sizeof *kinds ? kinds[i].name : NULL;
}

const char *unroll_init_summary(size_t i)
{
    return i < sizeof kinds / sizeof *kinds ? kinds[i].summary : NULL;
}

/* Draw a weight matrix [G·H][K], gate by gate. */
static unroll_status init_matrix(draw *d, const struct kind *kind, const unroll_parameter *p,
                                 const unroll_cell *cell, bool recurrent, unroll_real *w)
{
    const size_t H = p->rows / cell->gates, K = p->cols;
    for (size_t g = 0; g < cell->gates; g++) {
        unroll_real *block = w + g * H * K;
        if (recurrent && kind->recurrent)
            UNROLL_TRY(kind->recurrent(d, H, block));
        else
            kind->weights(d, H * K, (double)K, (double)H, block);
    }
    return UNROLL_OK;
}

/* Draw a bias. Where a second bias is frozen it is the sum of two draws, because PyTorch's two biases add
 * up to that. */
static void init_bias(draw *d, const struct kind *kind, const struct unroll_parameter_use *use,
                      const unroll_parameter *p, unroll_real *w)
{
    memset(w, 0, p->rows * sizeof *w);
    if (!kind->biases)
        return;
    const double bound = 1 / sqrt(d->hidden);
    for (size_t i = use->first; i < use->first + use->trained; i++) {
        double x = bound * (2 * unroll_rng_uniform(&d->rng) - 1);
        if (use->kind == UNROLL_P_BIAS && use->trained == p->rows)
            x += bound * (2 * unroll_rng_uniform(&d->rng) - 1);
        w[i] = (unroll_real)x;
    }
}

/* Set the biases of the gates that keep the state and let input in: in the first bias vector of every
 * layer. */
static void init_gates(draw *d, const unroll_net *net, const unroll_stack *s)
{
    const unroll_cell *cell = s->cell;
    const unroll_init *init = d->init;
    const double bias = isnan(init->forget_bias) ? cell->forget_bias : init->forget_bias;
    if (cell->forget_gate < 0 || (!init->chrono && isnan(init->forget_bias) && bias == 0))
        return;
    const size_t H = net->spec.hidden;
    const double sign = cell->keep.complement ? -1 : 1;
    for (size_t l = 0; l < s->layers; l++) {
        unroll_real *b = net->weights + net->parameters.list[s->at[l].b_ih].offset;
        for (size_t j = 0; j < H; j++) {
            const double x =
                init->chrono ? log(1 + (init->chrono_max - 2) * unroll_rng_uniform(&d->rng)) : bias;
            b[(size_t)cell->forget_gate * H + j] = (unroll_real)(sign * x);
            if (init->chrono && cell->input_gate >= 0)
                b[(size_t)cell->input_gate * H + j] = (unroll_real)(-sign * x);
        }
    }
}

/* Gains of recurrent batch normalisation start far below 1: with unit variance tanh would be saturated at
 * every step, and the gradient would vanish. Cooijmans et al. (2016), section 4. */
static unroll_real first_gain(const unroll_net *net, const unroll_init *init)
{
    const unroll_norm *norm = net->stack.norm;
    if (norm->units || !norm->recurrent)
        return 1;
    return (unroll_real)(init->norm_gamma > 0 ? init->norm_gamma : 0.1);
}

static unroll_status init_parameter(draw *d, const struct kind *kind, const unroll_net *net, size_t i)
{
    const unroll_parameter *p = &net->parameters.list[i];
    const struct unroll_parameter_use *use = &net->parameters.use[i];
    unroll_real *w = net->weights + p->offset;
    const size_t count = p->rows * (p->cols ? p->cols : 1);
    switch (use->kind) {
    case UNROLL_P_INPUT:
    case UNROLL_P_RECURRENT:
        return init_matrix(d, kind, p, use->cell, use->kind == UNROLL_P_RECURRENT, w);
    case UNROLL_P_DIAGONAL: /* as one more weight of the recurrent matrix that is not drawn as a whole */
        kind->weights(d, count, d->hidden, d->hidden, w);
        return UNROLL_OK;
    case UNROLL_P_BIAS:
    case UNROLL_P_OUTPUT_BIAS: init_bias(d, kind, use, p, w); return UNROLL_OK;
    case UNROLL_P_SLOPE:
        for (size_t j = 0; j < count; j++)
            w[j] = (unroll_real)0.25;
        return UNROLL_OK;
    case UNROLL_P_GAIN:
    case UNROLL_P_VARIANCE:
        for (size_t j = 0; j < count; j++)
            w[j] = use->kind == UNROLL_P_GAIN ? first_gain(net, d->init) : 1;
        return UNROLL_OK;
    case UNROLL_P_SHIFT:
    case UNROLL_P_MEAN: return UNROLL_OK; /* they are zero already */
    case UNROLL_P_EMBEDDING:
        if (!net->spec.tie || i != net->embedding) {
            fill_normal(d, count, 1, w);
            return UNROLL_OK;
        }
        break;
    case UNROLL_P_OUTPUT: break;
    }
    /* a vector is the weights of one output */
    kind->weights(d, count, (double)(p->cols ? p->cols : p->rows), (double)(p->cols ? p->rows : 1),
                  w);
    return UNROLL_OK;
}

unroll_status unroll_net_init(unroll_net *net, const unroll_init *options)
{
    unroll_init checked;
    UNROLL_TRY(unroll_versioned_copy("unroll_init", options, &checked, sizeof checked));
    const unroll_init *init = &checked;
    const struct kind *kind = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !kind; i++)
        if (strcmp(kinds[i].name, init->kind) == 0)
            kind = &kinds[i];
    if (!kind)
        return unroll_fail(UNROLL_EUSAGE, "there is no initialisation '%s'", init->kind);
    if (init->chrono && !(init->chrono_max > 2))
        return unroll_fail(UNROLL_EUSAGE, "chrono needs a time span above 2; give " UNROLL_OPTION
                                          "forget-bias chrono:T");
    draw d = {.init = init, .hidden = (double)net->spec.hidden};
    unroll_rng_seed(&d.rng, init->seed, UNROLL_STREAM_INIT);
    memset(net->weights, 0, net->parameters.size * sizeof *net->weights);
    for (size_t i = 0; i < net->parameters.count; i++)
        UNROLL_TRY(init_parameter(&d, kind, net, i));
    for (size_t i = 0; i < net->encoder.stacks; i++)
        init_gates(&d, net, &net->encoder.stack[i]);
    init_gates(&d, net, &net->stack);
    unroll_net_pack(net, 1);
    return UNROLL_OK;
}
