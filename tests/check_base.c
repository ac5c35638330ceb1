/* src/base: messages, memory, random numbers, numbers as text, threads. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <check.h>
#include <float.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/versioned.h"
#include "runner.h"

/* Messages */

START_TEST(fail_escapes_what_drives_a_terminal)
{
    static const struct {
        const char *raw, *shown;
    } row[] = {
        {"plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"a\nb\r\t", "a\\x0ab\\x0d\\x09"},
        {"\x1b[31m\x7f", "\\x1b[31m\\x7f"},
        {"\xc2\x9b""31m \xc2\xa0", "\\xc2\\x9b""31m \xc2\xa0"}, /* C1, and the first after it */
        {"\xff\xc3", "\\xff\\xc3"},                             /* no lead byte; cut off */
        {"\xc0\x9b\xe0\x80\x9b", "\\xc0\\x9b\\xe0\\x80\\x9b"},  /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},                    /* surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},           /* above 10FFFF */
        {"\xe2\x82 x", "\\xe2\\x82 x"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        ck_assert_int_eq(unroll_fail(UNROLL_EDATA, "%s", row[i].raw), UNROLL_EDATA);
        ck_assert_str_eq(unroll_message(), row[i].shown);
    }
}
END_TEST

START_TEST(fail_prefix_goes_in_front)
{
    unroll_fail(UNROLL_EIO, "byte %d: \x01", 7);
    ck_assert_int_eq(unroll_fail_prefix(UNROLL_EDATA, "%s", "a\nfile"), UNROLL_EDATA);
    ck_assert_str_eq(unroll_message(), "a\\x0afile: byte 7: \\x01");
}
END_TEST

START_TEST(fail_cuts_what_is_too_long)
{
    static char text[100000];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 3; i++) { /* again and again in front: still bounded */
        i ? unroll_fail_prefix(UNROLL_EIO, "%s", text) : unroll_fail(UNROLL_EIO, "%s", text);
        ck_assert_uint_gt(strlen(unroll_message()), 4096);
        ck_assert_uint_lt(strlen(unroll_message()), 8192);
    }
    memset(text, '\n', sizeof text - 1);
    unroll_fail(UNROLL_EIO, "%s", text);
    ck_assert_str_eq(unroll_message() + strlen(unroll_message()) - 7, "\\x0a...");
}
END_TEST

static void *other_thread(void *arg)
{
    *(size_t *)arg = strlen(unroll_message());
    unroll_fail(UNROLL_EIO, "theirs");
    return NULL;
}

START_TEST(fail_message_is_the_threads_own)
{
    pthread_t thread;
    size_t length = 1;
    unroll_fail(UNROLL_EIO, "ours");
    ck_assert_int_eq(pthread_create(&thread, NULL, other_thread, &length), 0);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(length, 0);
    ck_assert_str_eq(unroll_message(), "ours");
}
END_TEST

/* Memory */

/* check writes a record an assertion: loops over bytes or draws count first and assert once. */
static size_t bytes_not(const unsigned char *p, size_t n, unsigned char value)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += p[i] != value;
    return count;
}

START_TEST(memory_is_aligned_and_zeroed)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 1000, 100000, 3000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *const p = unroll_alloc(sizes[i], 1);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((size_t)p % 64, 0);
        ck_assert_uint_eq(bytes_not(p, sizes[i], 0), 0);
        memset(p, 0xaa, sizes[i]); /* a freed block must not come back dirty */
        unroll_free(p);
    }
    unroll_free(NULL);
}
END_TEST

START_TEST(memory_realloc_keeps_the_content)
{
    unsigned char *p = NULL;
    size_t had = 0, wrong = 0;
    static const size_t sizes[] = {1, 100, 5000, 200000, 3000000, 700000, 1000, 3, 0, 50};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        p = unroll_realloc(p, sizes[i], 1);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((size_t)p % 64, 0);
        for (size_t k = 0; k < had && k < sizes[i]; k++)
            wrong += p[k] != k % 251;
        for (size_t k = 0; k < sizes[i]; k++)
            p[k] = (unsigned char)(k % 251);
        had = sizes[i];
    }
    ck_assert_uint_eq(wrong, 0);
    unroll_free(p);
}
END_TEST

START_TEST(memory_refuses_overflow)
{
    size_t out;
    char *const small = unroll_strndup("kept", 4);

    ck_assert_ptr_null(unroll_alloc(SIZE_MAX, 2));
    ck_assert_ptr_nonnull(strstr(unroll_message(), "18446744073709551615 times 2 bytes"));
    ck_assert_ptr_null(unroll_alloc(SIZE_MAX, 1));
    ck_assert_ptr_null(unroll_alloc(1, (size_t)PTRDIFF_MAX));
    ck_assert_ptr_null(unroll_realloc(small, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(unroll_strndup("", SIZE_MAX));
    ck_assert_str_eq(small, "kept");
    unroll_free(small);

    ck_assert(unroll_mul(SIZE_MAX / 2, 2, &out) && out == SIZE_MAX - 1);
    ck_assert(!unroll_mul(SIZE_MAX / 2 + 1, 2, &out));
    ck_assert(unroll_mul(SIZE_MAX, 0, &out) && out == 0);
    ck_assert(unroll_add(SIZE_MAX, 0, &out) && out == SIZE_MAX);
    ck_assert(!unroll_add(SIZE_MAX, 1, &out));
}
END_TEST

START_TEST(memory_strndup_copies_every_byte)
{
    char *const copy = unroll_strndup("a\0bcd", 3);
    ck_assert_mem_eq(copy, "a\0b", 4);
    unroll_free(copy);
}
END_TEST

START_TEST(memory_fails_after_n)
{
    void *p[4];
    const unsigned long before = unroll_alloc_count();

    unroll_alloc_fail_after(2);
    for (int i = 0; i < 4; i++) {
        p[i] = i == 1 ? unroll_realloc(p[0], 10, 10) : unroll_alloc(10, 10);
        ck_assert_int_eq(p[i] != NULL, i < 2);
    }
    ck_assert_ptr_nonnull(strstr(unroll_message(), "100 bytes"));
    ck_assert_ptr_null(unroll_realloc(p[1], 1, 1));
    unroll_alloc_fail_after(-1);
    memset(p[1], 1, 100); /* as large as it was */
    unroll_free(p[1]);
    p[0] = unroll_alloc(1, 1);
    ck_assert_ptr_nonnull(p[0]);
    unroll_free(p[0]);
    ck_assert_uint_eq(unroll_alloc_count() - before, 3);
}
END_TEST

static void allocate_many(void *arg, size_t index)
{
    for (int i = 0; i < 500; i++) {
        void *const p = unroll_alloc(1, 16);
        ((size_t *)arg)[index] += p != NULL;
        unroll_free(p);
    }
}

START_TEST(memory_injection_counts_over_threads)
{
    size_t had[4] = {0};
    unroll_alloc_fail_after(1111);
    unroll_parallel(4, allocate_many, had);
    unroll_alloc_fail_after(-1);
    ck_assert_uint_eq(had[0] + had[1] + had[2] + had[3], 1111);
}
END_TEST

START_TEST(memory_hooks_jansson)
{
    json_t *const before = json_string("made with malloc");
    unroll_memory_hook_jansson();
    unroll_alloc_fail_after(0);
    ck_assert_ptr_null(json_object());
    unroll_alloc_fail_after(-1);
    const unsigned long count = unroll_alloc_count();
    json_t *const after = json_string("made here");
    ck_assert_ptr_nonnull(after);
    ck_assert_uint_gt(unroll_alloc_count(), count);
    json_decref(after);
    json_decref(before);
}
END_TEST

/* Random numbers */

START_TEST(rng_is_the_published_generator)
{
    /* From the reference code's sequence for the state 1, 2, 3, 4, and for splitmix64 from 1234567. */
    static const uint64_t xoshiro[] = {41943041u, 58720359u, 3588806011781223u, 3591011842654386u,
                                       9228616714210784205u, 9973669472204895162u};
    static const uint64_t splitmix[] = {6457827717110365317u, 3203168211198807973u,
                                        9817491932198370423u, 4593380528125082431u,
                                        16408922859458223821u};
    unroll_rng rng = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof xoshiro / sizeof *xoshiro; i++)
        ck_assert_uint_eq(unroll_rng_next(&rng), xoshiro[i]);
    for (size_t i = 0; i < sizeof splitmix / sizeof *splitmix; i++)
        ck_assert_uint_eq(unroll_rng_hash(1234567, i), splitmix[i]);
}
END_TEST

START_TEST(rng_seeding_never_changes)
{
    /* Computed apart from this code: splitmix64's output number stream + 1 from `seed` starts a second
     * splitmix64, whose first four outputs are the state. A change here breaks every resumed run. */
    static const struct {
        uint64_t seed, stream, first[4];
    } row[] = {
        {1, 1, {0x1468c9ab219fb32cu, 0x27a0f00d0b9db552u, 0x444e2da8450063acu, 0xeb7b2d6b2681c7d6u}},
        {1, 2, {0x9099102b522be687u, 0xa6b0ef9a1df3b809u, 0x55f5a061c5c44f6eu, 0x1b90b05b96afc6c2u}},
        {0, 0, {0x84f09bf307c1073au, 0xc82ffb597ceee51bu, 0xadf96905c5df4417u, 0xe9d9a8489d042c93u}},
        {UINT64_MAX, 3,
         {0xfb95795d100fea70u, 0x05a5f95f12b0f897u, 0x6fd21e155bbecd65u, 0xcbc9eda6864484d0u}},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        unroll_rng rng;
        unroll_rng_seed(&rng, row[i].seed, row[i].stream);
        for (int k = 0; k < 4; k++)
            ck_assert_uint_eq(unroll_rng_next(&rng), row[i].first[k]);
    }
}
END_TEST

START_TEST(rng_uniform_is_uniform)
{
    enum { N = 160000, CELLS = 16 };
    unroll_rng rng;
    size_t count[CELLS] = {0}, outside = 0;
    double chi2 = 0;

    unroll_rng_seed(&rng, 1, UNROLL_STREAM_PROBE);
    for (int i = 0; i < N; i++) {
        const double u = unroll_rng_uniform(&rng);
        if (u >= 0 && u < 1)
            count[(size_t)(u * CELLS)]++;
        else
            outside++;
    }
    ck_assert_uint_eq(outside, 0);
    for (int c = 0; c < CELLS; c++)
        chi2 += pow((double)count[c] - N / CELLS, 2) / (N / CELLS);
    ck_assert_double_lt(chi2, 37.7); /* the 99.9% point at 15 degrees of freedom; the seed is fixed */

    /* The largest output there is: (s0 + s3 <<< 23) + s0 = 2^64 − 1. */
    unroll_rng top = {{UINT64_MAX, 0, 0, 1}};
    unroll_rng copy = top;
    ck_assert_uint_eq(unroll_rng_next(&copy), UINT64_MAX);
    ck_assert(unroll_rng_uniform(&top) == 1 - DBL_EPSILON / 2);
}
END_TEST

START_TEST(rng_normal_is_normal)
{
    enum { N = 200000 };
    unroll_rng rng;
    double m[5] = {0};
    size_t beyond2 = 0, infinite = 0;

    unroll_rng_seed(&rng, 2, UNROLL_STREAM_INIT);
    for (int i = 0; i < N; i++) {
        const double x = unroll_rng_normal(&rng);
        infinite += !isfinite(x);
        for (int k = 1; k <= 4; k++)
            m[k] += pow(x, k) / N;
        beyond2 += fabs(x) > 2;
    }
    ck_assert_uint_eq(infinite, 0);
    /* Each bound is about four standard errors: 1, sqrt 2, sqrt 15, sqrt 96 over sqrt N. */
    ck_assert_double_eq_tol(m[1], 0, 0.009);
    ck_assert_double_eq_tol(m[2], 1, 0.013);
    ck_assert_double_eq_tol(m[3], 0, 0.035);
    ck_assert_double_eq_tol(m[4], 3, 0.09);
    ck_assert_double_eq_tol((double)beyond2 / N, 0.0455, 0.002);
}
END_TEST

START_TEST(rng_below_is_unbiased)
{
    enum { N = 30000 };
    const uint64_t quarter = (uint64_t)1 << 62;
    unroll_rng rng;
    size_t low = 0, outside = 0, seen[5] = {0};

    unroll_rng_seed(&rng, 3, UNROLL_STREAM_DATA);
    for (int i = 0; i < N; i++) {
        outside += unroll_rng_below(&rng, 1) != 0;
        seen[unroll_rng_below(&rng, 5)]++;
        /* A bare remainder would hit the first third of three quarters half of the time. */
        const uint64_t x = unroll_rng_below(&rng, 3 * quarter);
        outside += x >= 3 * quarter;
        low += x < quarter;
    }
    ck_assert_uint_eq(outside, 0);
    ck_assert_double_eq_tol((double)low / N, 1.0 / 3, 0.011); /* four standard errors */
    for (int k = 0; k < 5; k++)
        ck_assert_double_eq_tol((double)seen[k] / N, 0.2, 0.0095);
    ck_assert_uint_lt(unroll_rng_below(&rng, UINT64_MAX), UINT64_MAX);
}
END_TEST

/* Numbers */

START_TEST(number_size)
{
    static const char *const bad[] = {"", " ", "-1", "+1", "1 ", " 1", "1x", "x", "0x10", "1.0", "1e3",
                                      "1,000", "18446744073709551616", "99999999999999999999999",
                                      "\xd9\xa1", "nan", "1\n"};
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {{"0", 0}, {"7", 7}, {"007", 7}, {"18446744073709551615", UINT64_MAX}};
    uint64_t x = 42;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!unroll_parse_size(bad[i], &x) && x == 42, "'%s' was taken", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert(unroll_parse_size(good[i].text, &x));
        ck_assert_uint_eq(x, good[i].value);
    }
}
END_TEST

START_TEST(number_int)
{
    static const char *const bad[] = {"", "-", "+", "--1", "+-1", "- 1", " 1", "1 ", "1.", "0x1",
                                      "9223372036854775808", "-9223372036854775809"};
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0}, {"-0", 0}, {"+5", 5}, {"-5", -5},
                {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}};
    int64_t x = 42;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!unroll_parse_int(bad[i], &x) && x == 42, "'%s' was taken", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert(unroll_parse_int(good[i].text, &x));
        ck_assert_int_eq(x, good[i].value);
    }
}
END_TEST

/* Bits are compared, so that -0 and the last digit count. */
static void same_double(double a, double b)
{
    ck_assert_msg(memcmp(&a, &b, sizeof a) == 0, "%.17g is not %.17g", a, b);
}

static void number_double(void)
{
    static const char *const bad[] = {
        "", " ", ".", "-", "+", "-.", "e5", ".e5", "1e", "1e+", "1e-", "1e5.", "1e5x", "1..2", "1.2.3",
        " 1", "1 ", "1\n", "0x10", "0x1p3", "nan", "NaN", "-nan", "nan(1)", "inf", "-inf", "INFINITY",
        "1e999", "-1e999", "1e-999", "-1e-400", "1,5", "1_000", "3x", "--1", "1e99999999999999999999",
        "1e-99999999999999999999", "1d5", "1f"};
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0}, {"-0", -0.0}, {"0.5", 0.5}, {".5", 0.5}, {"5.", 5}, {"+2", 2}, {"-2.25", -2.25},
                {"1e3", 1000}, {"1E3", 1000}, {"1e+3", 1000}, {"1e-38", 1e-38}, {"007", 7},
                {"5e-324", 5e-324}, {"2.2250738585072011e-308", 2.2250738585072011e-308},
                {"1.7976931348623157e308", DBL_MAX}, {"0e999", 0}, {"0.000e-999", 0},
                {"0.1", 0.1}, {"123456789012345678901234567890", 123456789012345678901234567890.0}};
    double x = 42;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!unroll_parse_double(bad[i], &x) && x == 42, "'%s' was taken", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_msg(unroll_parse_double(good[i].text, &x), "'%s' was refused", good[i].text);
        same_double(x, good[i].value);
        x = 42;
    }
}

static void number_format(void)
{
    static const struct {
        double value;
        const char *text;
    } row[] = {{0, "0"}, {-0.0, "-0"}, {0.5, "0.5"}, {0.1, "0.1"}, {1.0 / 3, "0.3333333333333333"},
               {0.1 + 0.2, "0.30000000000000004"}, {1e-38, "1e-38"}, {5e-324, "5e-324"},
               {1.5e-310, "1.5e-310"}, {1e22, "1e+22"}, {-2.25, "-2.25"},
               {DBL_MAX, "1.7976931348623157e+308"},
               {DBL_MIN, "2.2250738585072014e-308"}, {(double)NAN, "nan"}, {-(double)NAN, "nan"},
               {(double)INFINITY, "inf"}, {-(double)INFINITY, "-inf"}};
    char buffer[32];

    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        ck_assert_str_eq(unroll_format_double(buffer, row[i].value), row[i].text);
    ck_assert_str_eq(unroll_format_digits(buffer, 1234.5678, 6), "1234.57");
    ck_assert_str_eq(unroll_format_digits(buffer, 0.5, 3), "0.5");
    ck_assert_str_eq(unroll_format_digits(buffer, (double)NAN, 3), "nan");
    ck_assert_str_eq(unroll_format_digits(buffer, 1.25, -3), "1");
    ck_assert_str_eq(unroll_format_digits(buffer, 0.1, 1000), "0.10000000000000001");
    unroll_fail(UNROLL_EDATA, "%g", 0.5);
    ck_assert_str_eq(unroll_message(), "0.5");
}

START_TEST(number_double_and_back)
{
    number_double();
    number_format();
}
END_TEST

START_TEST(number_any_double_survives)
{
    unroll_rng rng;
    unroll_rng_seed(&rng, 4, UNROLL_STREAM_DATA);
    for (int i = 0; i < 20000; i++) {
        const uint64_t bits = unroll_rng_next(&rng) >> (i % 3 ? 0 : unroll_rng_below(&rng, 64));
        double value, again;
        char buffer[32];
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        unroll_format_double(buffer, value);
        if (!unroll_parse_double(buffer, &again) || memcmp(&value, &again, sizeof value) != 0)
            ck_abort_msg("%.17g became %s", value, buffer);
    }
}
END_TEST

/* A locale that writes 0,5: one that is installed, else one made here from the C library's sources.
 * Where neither is to be had (no package `locales`), the test says so. */
static bool decimal_comma(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "tr_TR.UTF-8"};
    char directory[] = "/tmp/unroll-locale-XXXXXX", command[200];
    bool found = false;

    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++)
        found = setlocale(LC_ALL, names[i]) != NULL;
    if (!found && mkdtemp(directory)) {
        snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >%s/log 2>&1",
                 directory, directory);
        setenv("LOCPATH", directory, 1);
        found = system(command) == 0 && setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
        snprintf(command, sizeof command, "rm -rf %s", directory);
        if (system(command) != 0)
            fprintf(stderr, "%s is left\n", directory);
    }
    return found && strcmp(localeconv()->decimal_point, ",") == 0;
}

START_TEST(number_knows_no_locale)
{
    char text[8];
    if (!decimal_comma()) {
        fprintf(stderr, "no locale with a decimal comma: install the package locales\n");
        return;
    }
    snprintf(text, sizeof text, "%.1f", 0.5);
    ck_assert_str_eq(text, "0,5"); /* it is in force */
    number_double();
    number_format();
    snprintf(text, sizeof text, "%.1f", 0.5);
    ck_assert_str_eq(text, "0,5"); /* and the host's again afterwards */
}
END_TEST

/* Threads */

static void mark(void *arg, size_t index)
{
    ((int *)arg)[index]++;
}

static void nest(void *arg, size_t index)
{
    unroll_parallel(5, mark, (int *)arg + 5 * index);
}

START_TEST(parallel_runs_each_index_once)
{
    static const size_t threads[] = {0, 1, 2, 3, 8, 100};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        int count[101] = {0};
        unroll_parallel(threads[i], mark, count);
        for (size_t k = 0; k <= 100; k++)
            ck_assert_int_eq(count[k], k < threads[i]);
    }
    int count[15] = {0};
    unroll_parallel(3, nest, count);
    for (int k = 0; k < 15; k++)
        ck_assert_int_eq(count[k], 1);
}
END_TEST

/* 64 stacks of 16 terabytes do not fit into 47 bits of addresses. */
static bool forbid_threads(void)
{
#if defined __GLIBC__ && defined __x86_64__ && !defined __SANITIZE_ADDRESS__
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    ck_assert_int_eq(pthread_attr_setstacksize(&attr, (size_t)1 << 44), 0);
    ck_assert_int_eq(pthread_setattr_default_np(&attr), 0);
    return true;
#else
    return false;
#endif
}

START_TEST(parallel_needs_no_threads)
{
    int count[64] = {0};
    if (!forbid_threads())
        return;
    unroll_parallel(64, mark, count);
    for (int k = 0; k < 64; k++)
        ck_assert_int_eq(count[k], 1);
}
END_TEST

static void *call_often(void *count)
{
    for (int i = 0; i < 200; i++)
        unroll_parallel(3, mark, count);
    return NULL;
}

START_TEST(parallel_is_called_from_anywhere)
{
    int mine[3] = {0}, other[3] = {0};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, call_often, other), 0);
    call_often(mine);
    pthread_join(thread, NULL);
    for (int k = 0; k < 3; k++)
        ck_assert(mine[k] == 200 && other[k] == 200);
    const pid_t child = fork(); /* which has no workers of its parent's */
    if (child == 0) {
        call_often(mine);
        _exit(mine[0] == 400 && mine[2] == 400 ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

START_TEST(parallel_knows_what_can_start)
{
    ck_assert_int_eq(unroll_parallel_check(0), UNROLL_OK);
    ck_assert_int_eq(unroll_parallel_check(4), UNROLL_OK);
    if (!forbid_threads())
        return;
    ck_assert_int_eq(unroll_parallel_check(64), UNROLL_EMEMORY);
    ck_assert_ptr_nonnull(strstr(unroll_message(), " of 64 threads can be started"));
}
END_TEST

START_TEST(parallel_counts_cores)
{
    const long online = sysconf(_SC_NPROCESSORS_CONF);
    ck_assert_uint_ge(unroll_cores(), 1);
    ck_assert_uint_le(unroll_cores(), (size_t)online);
}
END_TEST

START_TEST(parallel_shares_all)
{
    static const size_t counts[] = {0, 1, 7, 16, 33, 1000}, grains[] = {1, 8, 16, 64};
    for (size_t c = 0; c < 6; c++)
        for (size_t g = 0; g < 4; g++)
            for (size_t parts = 1; parts < 10; parts++) {
                size_t at = 0, begin, end;
                for (size_t i = 0; i < parts; i++, at = end) {
                    unroll_share(counts[c], grains[g], parts, i, &begin, &end);
                    ck_assert_uint_eq(begin, at);
                    ck_assert_uint_ge(end, begin);
                    ck_assert(end == counts[c] || end % grains[g] == 0);
                }
                ck_assert_uint_eq(at, counts[c]);
            }
}
END_TEST

/* Structs that carry their size */

struct first {
    size_t size;
    double a;
};

struct second {
    size_t size;
    double a, b;
};

START_TEST(versioned_fills_what_an_older_caller_does_not_know)
{
    const struct first from = {.size = sizeof from, .a = 3};
    struct second to = {.b = 7};
    ck_assert_int_eq(unroll_versioned_copy("thing", &from, &to, sizeof to), UNROLL_OK);
    ck_assert_uint_eq(to.size, sizeof to);
    ck_assert(to.a == 3 && to.b == 0);
}
END_TEST

START_TEST(versioned_takes_a_newer_caller_who_uses_nothing_new)
{
    struct second from = {.size = sizeof from, .a = 3};
    struct {
        struct first known;
        double behind;
    } to = {.behind = 5};
    ck_assert_int_eq(unroll_versioned_copy("thing", &from, &to, sizeof to.known), UNROLL_OK);
    ck_assert_uint_eq(to.known.size, sizeof to.known);
    ck_assert(to.known.a == 3 && to.behind == 5);
    from.b = 1;
    to.known.a = 4;
    ck_assert_int_eq(unroll_versioned_copy("thing", &from, &to, sizeof to.known), UNROLL_EUSAGE);
    char known[64];
    snprintf(known, sizeof known, "it knows the first %zu bytes", sizeof to.known);
    ck_assert_ptr_nonnull(strstr(unroll_message(), known));
    ck_assert(to.known.a == 4);
}
END_TEST

START_TEST(versioned_refuses_a_struct_without_its_size)
{
    for (size_t size = 0; size < sizeof size; size++) {
        const struct first from = {.size = size, .a = 3};
        struct first to = {.a = 4};
        ck_assert_int_eq(unroll_versioned_copy("unroll_thing", &from, &to, sizeof to), UNROLL_EUSAGE);
        ck_assert_ptr_nonnull(strstr(unroll_message(), "sizeof(unroll_thing)"));
        ck_assert(to.a == 4);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("base");
    TCase *t = new_case(suite, "fail");
    tcase_add_test(t, fail_escapes_what_drives_a_terminal);
    tcase_add_test(t, fail_prefix_goes_in_front);
    tcase_add_test(t, fail_cuts_what_is_too_long);
    tcase_add_test(t, fail_message_is_the_threads_own);
    t = new_case(suite, "memory");
    tcase_add_test(t, memory_is_aligned_and_zeroed);
    tcase_add_test(t, memory_realloc_keeps_the_content);
    tcase_add_test(t, memory_refuses_overflow);
    tcase_add_test(t, memory_strndup_copies_every_byte);
    tcase_add_test(t, memory_fails_after_n);
    tcase_add_test(t, memory_injection_counts_over_threads);
    tcase_add_test(t, memory_hooks_jansson);
    t = new_case(suite, "versioned");
    tcase_add_test(t, versioned_fills_what_an_older_caller_does_not_know);
    tcase_add_test(t, versioned_takes_a_newer_caller_who_uses_nothing_new);
    tcase_add_test(t, versioned_refuses_a_struct_without_its_size);
    t = new_case(suite, "rng");
    tcase_add_test(t, rng_is_the_published_generator);
    tcase_add_test(t, rng_seeding_never_changes);
    tcase_add_test(t, rng_uniform_is_uniform);
    tcase_add_test(t, rng_normal_is_normal);
    tcase_add_test(t, rng_below_is_unbiased);
    t = new_case(suite, "number");
    tcase_add_test(t, number_size);
    tcase_add_test(t, number_int);
    tcase_add_test(t, number_double_and_back);
    tcase_add_test(t, number_any_double_survives);
    tcase_add_test(t, number_knows_no_locale);
    t = new_case(suite, "threads");
    tcase_add_test(t, parallel_runs_each_index_once);
    tcase_add_test(t, parallel_is_called_from_anywhere);
    tcase_add_test(t, parallel_knows_what_can_start);
    tcase_add_test(t, parallel_counts_cores);
    tcase_add_test(t, parallel_shares_all);
    t = new_case(suite, "thread limit");
    tcase_add_test(t, parallel_needs_no_threads);
    return suite;
}
