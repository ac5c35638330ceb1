/* The kernel rows of the library in doubles: nonlinearities against long doubles, products, sums and softmax against
 * plain loops. */
#include <check.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "kernel_rows.h"
#include "runner.h"

/* --- nonlinearities --- */

static double ulp(double of)
{
    int e;
    frexp(of, &e);
    return fabs(of) < DBL_MIN ? 0x1p-1074 : ldexp(1, e - 53);
}

/* How many ulp `got` is from the long double that it should be. */
static double ulps(double got, long double want)
{
    return (double)fabsl(got - want) / ulp((double)want);
}

enum { CHUNK = 1003 }; /* odd, so that a value meets every lane and the tail */

typedef struct worst_errors {
    double exp, tanh, sigmoid;
} worst_errors;

static void larger(double *to, double by)
{
    if (by > *to)
        *to = by;
}

static void check_value(const char *name, double x, double e, double t, double s, worst_errors *w)
{
    if (isnan(x)) {
        expect(isnan(e) && isnan(t) && isnan(s), "%s: NaN is lost", name);
        return;
    }
    if (x < -708.04)
        expect(e == 0 || x > -708.06, "%s: exp(%g) is %g", name, x, e);
    else if (x > 709.7828)
        expect(isinf(e) && e > 0, "%s: exp(%g) is %g", name, x, e);
    else
        larger(&w->exp, ulps(e, expl(x)));
    larger(&w->tanh, ulps(t, tanhl(x)));
    if (x < -708)
        expect(s >= 0 && s < 4e-308, "%s: sigmoid(%g) is %g", name, x, s);
    else
        larger(&w->sigmoid, ulps(s, 1 / (1 + expl(-(long double)x))));
    expect(fabs(t) <= 1 && !signbit(x) == !signbit(t), "%s: tanh(%g) is %g", name, x, t);
    expect(s >= 0 && s <= 1, "%s: sigmoid(%g) is %g", name, x, s);
}

/* Doubles of every exponent and sign, infinities and NaN included, and evenly over the range that nets use; the bounds
 * are those that vec.h states. */
START_TEST(nonlinearities)
{
    const unroll_kernels *k = kernel_row(_i);
    worst_errors w = {0};
    for (size_t round = 0; k && round < 2000; round++) {
        double x[CHUNK], e[CHUNK], t[CHUNK], s[CHUNK];
        for (size_t i = 0; i < CHUNK; i++) {
            const double u = 2 * unroll_rng_uniform(&rng) - 1;
            const uint64_t bits = unroll_rng_next(&rng);
            memcpy(x + i, &bits, sizeof bits);
            x[i] = round % 4 == 0 ? x[i] : round % 4 == 1 ? u : round % 4 == 2 ? 40 * u : 720 * u;
        }
        k->exp(CHUNK, x, e);
        k->tanh(CHUNK, x, t);
        k->sigmoid(CHUNK, x, s);
        for (size_t i = 0; i < CHUNK; i++)
            check_value(k->name, x[i], e[i], t[i], s[i], &w);
    }
    expect(w.exp <= 1.4, "exp is off by %g ulp", w.exp);
    expect(w.tanh <= 2.7, "tanh is off by %g ulp", w.tanh);
    expect(w.sigmoid <= 2.5, "sigmoid is off by %g ulp", w.sigmoid);
}
END_TEST

START_TEST(corners)
{
    const unroll_kernels *k = kernel_row(_i);
    if (!k)
        return;
    const double x[] = {0,      -0.0, 5e-324, -5e-324,  1e-310,   -1e-310,
                        1e-300, 1000, -1000,  INFINITY, -INFINITY};
    enum { N = sizeof x / sizeof *x };
    double t[N], s[N], e[N];
    k->tanh(N, x, t);
    k->sigmoid(N, x, s);
    k->exp(N, x, e);
    expect(memcmp(t, x, 7 * sizeof *x) == 0,
           "%s: tanh(x) = x where x is tiny, sign of zero included", k->name);
    ck_assert(t[7] == 1 && t[8] == -1 && t[9] == 1 && t[10] == -1);
    for (size_t i = 0; i < 7; i++)
        ck_assert(s[i] == 0.5 && e[i] == 1);
    ck_assert(s[7] == 1 && s[9] == 1 && s[8] < 4e-308 && s[10] < 4e-308);
    ck_assert(isinf(e[7]) && e[8] == 0 && isinf(e[9]) && e[10] == 0);
}
END_TEST

/* --- products and sums --- */

/* C = A · W^T by panels, and C += A^T · B, for sizes that leave no tile and no panel whole. */
static void check_products(const unroll_kernels *k, size_t rows, size_t K, size_t N)
{
    const size_t pitch = round_up(N, k->width);
    double *A = reals(rows * K), *W = reals(N * K), *panels = reals(pitch * K);
    double *C = reals(rows * pitch), *G = reals(K * N), *before = copy(G, K * N);
    double *scratch = reals(k->outer_scratch);
    k->pack_transposed(N, K, W, K, panels, K);
    k->product(&(unroll_product){.groups = 1,
                                 .rows = rows,
                                 .N = pitch,
                                 .K = K,
                                 .A = A,
                                 .a_pitch = K,
                                 .panels = panels,
                                 .depth = K,
                                 .C = C,
                                 .c_pitch = pitch});
    for (size_t r = 0; r < rows; r++)
        for (size_t n = 0; n < N; n++) {
            long double sum = 0;
            for (size_t i = 0; i < K; i++)
                sum += (long double)A[r * K + i] * W[n * K + i];
            expect(fabsl(C[r * pitch + n] - sum) <= bound(K, (double)K),
                   "%s: %zu rows, K %zu, N %zu: product (%zu, %zu)", k->name, rows, K, N, r, n);
        }
    k->outer(&(unroll_outer){.rows = rows,
                             .M = K,
                             .A = A,
                             .a_pitch = K,
                             .right = {{.B = C, .b_pitch = pitch, .N = N, .C = G, .c_pitch = N}},
                             .scratch = scratch});
    for (size_t i = 0; i < K; i++)
        for (size_t n = 0; n < N; n++) {
            long double sum = before[i * N + n], magnitude = 1;
            for (size_t r = 0; r < rows; r++) {
                sum += (long double)A[r * K + i] * C[r * pitch + n];
                magnitude += fabsl((long double)A[r * K + i] * C[r * pitch + n]);
            }
            expect(fabsl(G[i * N + n] - sum) <= bound(rows + 2, (double)magnitude),
                   "%s: %zu rows, K %zu, N %zu: outer product (%zu, %zu)", k->name, rows, K, N, i, n);
        }
    double *all[] = {A, W, panels, C, G, before, scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        unroll_free(all[i]);
}

START_TEST(products)
{
    const unroll_kernels *k = kernel_row(_i);
    static const size_t sizes[] = {1, 3, 8, 13, 40, 300};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    for (size_t i = 0; k && i < SIZES * SIZES * SIZES; i++)
        check_products(k, sizes[i % SIZES], sizes[i / SIZES % SIZES], sizes[i / SIZES / SIZES]);
}
END_TEST

START_TEST(softmax)
{
    const unroll_kernels *k = kernel_row(_i);
    static const size_t sizes[] = {1, 2, 7, 16, 65, 1000};
    for (size_t i = 0; k && i < sizeof sizes / sizeof *sizes; i++) {
        const size_t V = sizes[i], pitch = round_up(V, k->width);
        double *row = reals(pitch), *logits = copy(row, pitch);
        const uint32_t target = (uint32_t)(V / 2);
        long double sum = 0;
        uint32_t best;
        for (size_t j = 0; j < V; j++)
            sum += expl(logits[j]);
        const double loss = k->softmax(V, pitch, row, target, 1, &best);
        expect(fabsl(loss - (logl(sum) - logits[target])) < 1e-14, "%s: V %zu: loss", k->name, V);
        for (size_t j = 0; j < V; j++) {
            const long double want = expl(logits[j]) / sum - (j == target);
            expect(fabsl(row[j] - want) < 1e-15, "%s: V %zu: gradient %zu", k->name, V, j);
            ck_assert(logits[j] <= logits[best]);
        }
        for (size_t j = V; j < pitch; j++)
            ck_assert(row[j] == 0);
        unroll_free(row);
        unroll_free(logits);
    }
}
END_TEST

Suite *make_suite(void)
{
    unroll_rng_seed(&rng, 1, UNROLL_STREAM_DATA);
    Suite *s = suite_create("double kernels");
    TCase *t = new_case(s, "rows");
    const int n = kernel_rows();
    tcase_add_loop_test(t, nonlinearities, 0, n);
    tcase_add_loop_test(t, corners, 0, n);
    tcase_add_loop_test(t, products, 0, n);
    tcase_add_loop_test(t, softmax, 0, n);
    return s;
}
