/* Sums, softmax, nonlinearities and attention scores of every kernel row that this machine can run, against
 * doubles and against themselves cut in other ways; and which row is chosen. */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unroll/status.h>

#include "base/memory.h"
#include "base/rng.h"
#include "kernel_rows.h"
#include "math/kernels.h"
#include "runner.h"

/* --- sums --- */

/* Sums of products of two arrays' columns, added to `before`; in two parts they are the same bits. */
static void check_dots(const unroll_kernels *k, size_t R, size_t N, const float *A, size_t pitch,
                       const float *before)
{
    const size_t b_pitch = N + 3;
    float *B = reals(R * b_pitch), *whole = copy(before, N), *parts = copy(before, N);
    k->column_dot(R, N, A, pitch, B, b_pitch, whole);
    for (size_t n = 0; n < N; n++) {
        double sum = before[n], magnitude = fabs(sum);
        for (size_t r = 0; r < R; r++) {
            const double product = (double)A[r * pitch + n] * B[r * b_pitch + n];
            sum += product, magnitude += fabs(product);
        }
        expect(fabs(whole[n] - sum) <= bound(R + 1, magnitude),
               "%s: column %zu of two times %zu rows: %g, not %g", k->name, n, R, (double)whole[n],
               sum);
    }
    k->column_dot(R, N / 3, A, pitch, B, b_pitch, parts);
    k->column_dot(R, N - N / 3, A + N / 3, pitch, B + N / 3, b_pitch, parts + N / 3);
    expect(memcmp(whole, parts, N * sizeof *parts) == 0, "%s: products of columns in two parts",
           k->name);
    unroll_free(B);
    unroll_free(whole);
    unroll_free(parts);
}

START_TEST(sums)
{
    const unroll_kernels *k = kernel_row(_i);
    if (!k)
        return;
    const unroll_kernels *generic = kernel_row(kernel_rows() - 1);
    static const size_t Ns[] = {1, 3, 8, 17, 40, 131}, rows[] = {0, 1, 7, 8, 9, 300};
    for (size_t i = 0; i < sizeof Ns / sizeof *Ns; i++)
        for (size_t j = 0; j < sizeof rows / sizeof *rows; j++) {
            const size_t N = Ns[i], R = rows[j], pitch = N + j % 2;
            float *A = reals(R * pitch), *out = reals(N), *before = copy(out, N), *y = reals(N);
            k->column_sum(R, N, A, pitch, out);
            for (size_t n = 0; n < N; n++) {
                double sum = before[n], magnitude = fabs(sum);
                for (size_t r = 0; r < R; r++)
                    sum += A[r * pitch + n], magnitude += fabs((double)A[r * pitch + n]);
                expect(fabs(out[n] - sum) <= bound(R, magnitude),
                       "%s: column sum %zu of %zu rows: %g, not %g", k->name, n, R, (double)out[n],
                       sum);
            }
            float *whole = copy(out, N);
            memcpy(out, before, N * sizeof *out);
            k->column_sum(R, N / 3, A, pitch, out);
            k->column_sum(R, N - N / 3, A + N / 3, pitch, out + N / 3);
            expect(memcmp(whole, out, N * sizeof *out) == 0, "%s: column sums in two parts", k->name);

            check_dots(k, R, N, A, pitch, before);

            double squares = 0;
            for (size_t q = 0; q < R * pitch; q++)
                squares += (double)A[q] * A[q];
            const double got = k->sum_squares(R * pitch, A);
            expect(fabs(got - squares) <= 1e-13 * squares,
                   "%s: sum of %zu squares: %.17g, not %.17g", k->name, R * pitch, got, squares);
            expect(got == generic->sum_squares(R * pitch, A), "%s: squares differ from generic's",
                   k->name);

            k->add(N, before, whole, y);
            for (size_t n = 0; n < N; n++)
                ck_assert(y[n] == before[n] + whole[n]);
            k->add(N, y, before, y);
            for (size_t n = 0; n < N; n++)
                ck_assert(y[n] == (before[n] + whole[n]) + before[n]);
            unroll_free(A);
            unroll_free(out);
            unroll_free(before);
            unroll_free(y);
            unroll_free(whole);
        }
}
END_TEST

/* --- softmax --- */

static void check_softmax(const unroll_kernels *k, size_t V, const float *logits, uint32_t target,
                          float scale)
{
    const size_t pitch = round_up(V, k->width) + (V % 3 ? 0 : k->width);
    float *row_ = reals(pitch); /* what lies past V must not matter */
    memcpy(row_, logits, V * sizeof *logits);
    if (pitch > V)
        row_[V] = 1e30f;
    size_t top = 0;
    for (size_t i = 1; i < V; i++)
        if (logits[i] > logits[top])
            top = i;
    double sum = 0;
    for (size_t i = 0; i < V; i++)
        sum += exp((double)logits[i] - logits[top]);
    const double loss = log(sum) + ((double)logits[top] - (double)logits[target]);

    uint32_t best = UINT32_MAX;
    const double got = k->softmax(V, pitch, row_, target, scale, &best);
    expect(best == top, "%s: V %zu: best is %u, not %zu", k->name, V, best, top);
    /* sums of V/lanes floats, each exp within 1.4 ulp */
    expect(fabs(got - loss) <= 1e-7 * (6 + (double)V / (double)k->lanes / 2) + 1e-15 * fabs(loss),
           "%s: V %zu: loss %.9g, not %.9g", k->name, V, got, loss);
    for (size_t i = 0; i < pitch; i++) {
        const double p = i < V ? exp((double)logits[i] - logits[top]) / sum : 0;
        const double want = scale * (p - (i == target ? 1 : 0));
        /* the difference to the largest is rounded before exp takes it */
        const double apart = i < V ? (double)logits[top] - (double)logits[i] : 0;
        const double slack =
            (double)scale * ((i == target ? 1.2e-7 : 1.3e-38) +
                             p * 1e-7 * (5 + (double)V / (double)k->lanes / 2 + apart));
        expect(i < V && scale != 0 ? fabs(row_[i] - want) <= slack : row_[i] == 0,
               "%s: V %zu scale %g: [%zu] is %g, not %g", k->name, V, (double)scale, i,
               (double)row_[i], want);
    }
    unroll_free(row_);
}

START_TEST(softmax)
{
    const unroll_kernels *k = kernel_row(_i);
    if (!k)
        return;
    static const size_t Vs[] = {1, 2, 7, 16, 65, 100, 1000};
    static const float spreads[] = {0.1f, 3, 30, 300, 1e30f};
    for (size_t v = 0; v < sizeof Vs / sizeof *Vs; v++)
        for (size_t s = 0; s < sizeof spreads / sizeof *spreads; s++) {
            const size_t V = Vs[v];
            float *x = reals(V);
            for (size_t i = 0; i < V; i++)
                x[i] *= spreads[s];
            const uint32_t target = (uint32_t)unroll_rng_below(&rng, V);
            check_softmax(k, V, x, target, 1);
            check_softmax(k, V, x, (uint32_t)(V - 1), 0.0004f);
            check_softmax(k, V, x, 0, 0);
            x[V / 2] = x[V - 1] = x[V / 3] = 2 * spreads[s]; /* a tie: the lowest wins */
            check_softmax(k, V, x, target, 1);
            for (size_t i = 0; i < V; i++)
                x[i] = -3e38f; /* all alike */
            check_softmax(k, V, x, target, 1);
            unroll_free(x);
        }
    /* what is not finite must show in the loss, and scale 0 must hide it from the gradient */
    for (int i = 0; i < 3; i++) {
        float *x = reals(64);
        x[5] = i == 0 ? NAN : i == 1 ? INFINITY : 0;
        for (size_t j = 0; i == 2 && j < 64; j++)
            x[j] = -INFINITY;
        uint32_t best = UINT32_MAX;
        ck_assert(!isfinite(k->softmax(50, 64, x, 5, 0, &best)));
        ck_assert_uint_lt(best, 50);
        for (size_t j = 0; j < 64; j++)
            ck_assert(x[j] == 0);
        unroll_free(x);
    }
}
END_TEST

/* A model that is sure and right: p − 1 has no digits in float, nor has −ln p. */
START_TEST(sure_softmax)
{
    const unroll_kernels *k = kernel_row(_i);
    static const size_t Vs[] = {2, 65, 1000};
    for (size_t v = 0; k && v < sizeof Vs / sizeof *Vs; v++) {
        const size_t V = Vs[v], target = V / 2, pitch = round_up(V, k->width);
        float *x = reals(pitch);
        double others = 0, top;
        uint32_t best;
        x[target] = (float)(27.5 + log((double)V)); /* p is 1 − 10^−12 or so */
        top = (double)x[target];
        for (size_t j = 0; j < V; j++)
            others += j == target ? 0 : exp((double)x[j] - top);
        const double loss = k->softmax(V, pitch, x, (uint32_t)target, 1, &best);
        expect(fabs((double)x[target] / (-others / (1 + others)) - 1) <= 1e-6,
               "%s: V %zu: p - 1 is %g, not %g", k->name, V, (double)x[target], -others);
        expect(fabs(loss / log1p(others) - 1) <= 1e-6, "%s: V %zu: -ln p is %g, not %g", k->name, V,
               loss, log1p(others));
        unroll_free(x);
    }
}
END_TEST

/* --- nonlinearities --- */

static double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

static double ulp(double of)
{
    int e;
    frexp(of, &e);
    return fabs(of) < FLT_MIN ? 0x1p-149 : ldexp(1, e - 24);
}

enum { CHUNK = 1003 }; /* odd, so that a value meets every lane and the tail */

/* Every 8,191st float, signs, infinities and NaN included; the bounds are those that vec.h states, found over
 * all floats. */
START_TEST(nonlinearities)
{
    const unroll_kernels *k = kernel_row(_i);
    if (!k)
        return;
    double worst[3] = {0};
    for (uint64_t begin = 0; begin < (uint64_t)1 << 32; begin += (uint64_t)CHUNK * 8191) {
        float x[CHUNK], e[CHUNK], t[CHUNK], s[CHUNK];
        for (uint64_t i = 0; i < CHUNK; i++) {
            const uint32_t bits = (uint32_t)(begin + i * 8191);
            memcpy(x + i, &bits, sizeof bits);
        }
        k->exp(CHUNK, x, e);
        k->tanh(CHUNK, x, t);
        k->sigmoid(CHUNK, x, s);
        for (size_t i = 0; i < CHUNK; i++) {
            const double v = x[i];
            if (isnan(v)) {
                expect(isnan(e[i]) && isnan(t[i]) && isnan(s[i]), "%s: NaN is lost", k->name);
                continue;
            }
            const double want[3] = {exp(v), tanh(v), logistic(v)};
            const double got[3] = {e[i], t[i], s[i]};
            for (size_t f = 0; f < 3; f++) {
                const double error = fabs(got[f] - want[f]) / ulp(want[f]);
                if (f == 0 && v < -86.98)
                    expect(got[0] == 0 || v > -87, "%s: exp(%g) is %g", k->name, v, got[0]);
                else if (f == 0 && v > 88.7228)
                    expect(isinf(got[0]) && got[0] > 0, "%s: exp(%g) is %g", k->name, v, got[0]);
                else if (f == 2 && v < -87.33)
                    expect(got[2] >= 0 && got[2] < 1.2e-38, "%s: sigmoid(%g) is %g", k->name, v,
                           got[2]);
                else if (error > worst[f])
                    worst[f] = error;
            }
            expect(fabs(got[1]) <= 1 && !signbit(v) == !signbit(t[i]), "%s: tanh(%g) is %g",
                   k->name, v, got[1]);
            expect(got[2] >= 0 && got[2] <= 1, "%s: sigmoid(%g) is %g", k->name, v, got[2]);
        }
    }
    expect(worst[0] <= 1.4, "%s: exp is off by %g ulp", k->name, worst[0]);
    expect(worst[1] <= 2.7, "%s: tanh is off by %g ulp", k->name, worst[1]);
    expect(worst[2] <= 2.5, "%s: sigmoid is off by %g ulp", k->name, worst[2]);
}
END_TEST

/* dy sech²(x), which has digits as far as float has numbers, at any place of any length. */
START_TEST(slopes)
{
    enum { N = 1003 };
    const unroll_kernels *k = kernel_row(_i);
    float x[N], dy[N], dx[N], own[N];
    for (size_t i = 0; k && i < N; i++) {
        x[i] = (float)((double)i / (N - 1) * 86 - 43);
        dy[i] = 1 + (float)i;
    }
    for (size_t n = N; k && n > N - 40; n--) {
        memcpy(own, dy, sizeof own);
        k->tanh_back(n, x, dy, dx);
        k->tanh_back(n, x, own, own);
        for (size_t i = 0; i < n; i++) {
            const double want = (double)dy[i] / (cosh((double)x[i]) * cosh((double)x[i]));
            expect(fabs((double)dx[i] / want - 1) < 1e-6, "%s: sech²(%g) is %g", k->name,
                   (double)x[i], (double)(dx[i] / dy[i]));
            expect(own[i] == dx[i], "%s: in place", k->name);
        }
        expect(n == N || own[n] == dy[n], "%s: past the end", k->name);
    }
}
END_TEST

typedef void map_fn(size_t n, const float *x, float *y);

/* Any length, in place or not, gives a value the same bits; nothing is written past the end. */
static void check_map(const char *name, map_fn *f)
{
    enum { N = 75 };
    float *x = reals(N), *all = reals(N);
    for (size_t i = 0; i < N; i++)
        x[i] *= 9;
    f(N, x, all);
    for (size_t n = 0; n <= N; n++) {
        float *in = copy(x, n), *out = reals(n + 1);
        out[n] = 42;
        f(n, in, out);
        f(n, in, in);
        expect(memcmp(out, all, n * sizeof *all) == 0, "%s: n %zu gives other bits", name, n);
        expect(memcmp(in, all, n * sizeof *all) == 0, "%s: n %zu in place gives other bits", name, n);
        expect(out[n] == 42, "%s: n %zu writes past the end", name, n);
        unroll_free(in);
        unroll_free(out);
    }
    unroll_free(x);
    unroll_free(all);
}

START_TEST(tails)
{
    const unroll_kernels *k = kernel_row(_i);
    if (!k)
        return;
    check_map("exp", k->exp);
    check_map("tanh", k->tanh);
    check_map("sigmoid", k->sigmoid);
}
END_TEST

START_TEST(corners)
{
    const unroll_kernels *k = kernel_row(_i);
    if (!k)
        return;
    const float x[] = {0,      -0.0f, 1e-45f, -1e-45f,  1e-39f,   -1e-39f,
                       1e-30f, 100,   -100,   INFINITY, -INFINITY};
    enum { N = sizeof x / sizeof *x };
    float t[N], s[N], e[N];
    k->tanh(N, x, t);
    k->sigmoid(N, x, s);
    k->exp(N, x, e);
    expect(memcmp(t, x, 7 * sizeof *x) == 0,
           "%s: tanh(x) = x where x is tiny, sign of zero included", k->name);
    ck_assert(t[7] == 1 && t[8] == -1 && t[9] == 1 && t[10] == -1);
    for (size_t i = 0; i < 7; i++)
        ck_assert(s[i] == 0.5f && e[i] == 1);
    ck_assert(s[7] == 1 && s[9] == 1 && s[8] < 1.2e-38f && s[10] == s[8]);
    ck_assert(isinf(e[7]) && e[8] == 0 && isinf(e[9]) && e[10] == 0);
}
END_TEST

/* --- choice --- */

/* Chosen once a process, so each question is a process of its own. @return its exit code */
static int ask(const char *value, const char *want)
{
    fflush(NULL);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (value)
            setenv("UNROLL_KERNELS", value, 1);
        else
            unsetenv("UNROLL_KERNELS");
        const unroll_kernels *k = unroll_kernels_get();
        if (!want)
            _exit(k || !strstr(unroll_message(), "UNROLL_KERNELS") ||
                  !strstr(unroll_message(), value) || !strstr(unroll_message(), "generic"));
        _exit(!k || strcmp(k->name, want) != 0 || unroll_kernels_get() != k);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(choice)
{
    const int n = kernel_rows();
    ck_assert_str_eq(unroll_kernels_table[n - 1]->name, "generic");
    ck_assert(unroll_kernels_table[n - 1]->supported());
    const char *best = NULL;
    for (int i = n - 1; i >= 0; i--) {
        const unroll_kernels *k = unroll_kernels_table[i];
        ck_assert(k->width % k->lanes == 0);
        if (k->supported())
            best = k->name;
        ck_assert_int_eq(ask(k->name, k->supported() ? k->name : NULL), 0);
    }
    ck_assert_int_eq(ask(NULL, best), 0);
    ck_assert_int_eq(ask("", best), 0);
    ck_assert_int_eq(ask("mmx", NULL), 0);
    ck_assert_int_eq(ask("generic ", NULL), 0);
}
END_TEST

/* --- additive attention --- */

/* Against doubles; tanh is good to 3 ulp, and gradients are added to what is there. */
START_TEST(additive)
{
    const unroll_kernels *k = kernel_row(_i);
    static const size_t sizes[] = {1, 2, 5};
    for (size_t i = 0; k && i < 9; i++) {
        const size_t T = sizes[i % 3], S = sizes[i / 3], K = k->width * (1 + i % 2);
        const size_t q_pitch = 2 * K, k_pitch = 3 * K, a_pitch = k->width;
        float *q = reals(T * q_pitch), *key = reals(S * k_pitch), *v = reals(K);
        float *a = reals(T * a_pitch), *da = copy(a, T * a_pitch);
        float *dq = reals(T * q_pitch), *dk = reals(S * k_pitch), *dv = reals(K);
        float *dq0 = copy(dq, T * q_pitch), *dk0 = copy(dk, S * k_pitch), *dv0 = copy(dv, K);
        const unroll_additive p = {.T = T,
                                   .S = S,
                                   .K = K,
                                   .q = q,
                                   .k = key,
                                   .v = v,
                                   .q_pitch = q_pitch,
                                   .k_pitch = k_pitch,
                                   .a = a,
                                   .a_pitch = a_pitch,
                                   .dq = dq,
                                   .dk = dk,
                                   .dv = dv};
        k->additive(&p);
        for (size_t t = 0; t < T; t++)
            for (size_t s = 0; s < S; s++) {
                double want = 0;
                for (size_t j = 0; j < K; j++)
                    want += v[j] * tanh((double)q[t * q_pitch + j] + (double)key[s * k_pitch + j]);
                expect(fabs(a[t * a_pitch + s] - want) <= bound(4 * K, (double)K),
                       "%s: score %zu, %zu", k->name, t, s);
            }
        memcpy(a, da, T * a_pitch * sizeof *a);
        k->additive_back(&p);
        for (size_t j = 0; j < K; j++) {
            double dv_want = dv0[j];
            for (size_t t = 0; t < T; t++) {
                double want = dq0[t * q_pitch + j];
                for (size_t s = 0; s < S; s++) {
                    const double y = tanh((double)q[t * q_pitch + j] + (double)key[s * k_pitch + j]);
                    want += (double)da[t * a_pitch + s] * v[j] * (1 - y * y);
                    dv_want += da[t * a_pitch + s] * y;
                }
                expect(fabs(dq[t * q_pitch + j] - want) <= bound(8 * S, (double)S),
                       "%s: dq %zu, %zu", k->name, t, j);
            }
            expect(fabs(dv[j] - dv_want) <= bound(8 * S * T, (double)(S * T)), "%s: dv %zu",
                   k->name, j);
            for (size_t s = 0; s < S; s++) {
                double want = dk0[s * k_pitch + j];
                for (size_t t = 0; t < T; t++) {
                    const double y = tanh((double)q[t * q_pitch + j] + (double)key[s * k_pitch + j]);
                    want += (double)da[t * a_pitch + s] * v[j] * (1 - y * y);
                }
                expect(fabs(dk[s * k_pitch + j] - want) <= bound(8 * T, (double)T),
                       "%s: dk %zu, %zu", k->name, s, j);
            }
        }
        float *all[] = {q, key, v, a, da, dq, dk, dv, dq0, dk0, dv0};
        for (size_t n = 0; n < sizeof all / sizeof *all; n++)
            unroll_free(all[n]);
    }
}
END_TEST

Suite *make_suite(void)
{
    unroll_rng_seed(&rng, 1, UNROLL_STREAM_DATA);
    Suite *s = suite_create("kernels");
    TCase *t = new_case(s, "rows");
    const int n = kernel_rows();
    tcase_add_loop_test(t, sums, 0, n);
    tcase_add_loop_test(t, softmax, 0, n);
    tcase_add_loop_test(t, sure_softmax, 0, n);
    tcase_add_loop_test(t, slopes, 0, n);
    tcase_add_loop_test(t, nonlinearities, 0, n);
    tcase_add_loop_test(t, tails, 0, n);
    tcase_add_loop_test(t, corners, 0, n);
    tcase_add_loop_test(t, additive, 0, n);
    tcase_add_test(t, choice);
    return s;
}
