/* Pictures: the data and the script that are written for gnuplot, and what is said where gnuplot is missing, fails or
 * cannot be started. A shell script stands for gnuplot, so that these tests need none. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "own_directory.h"
#include "report/plot.h"
#include "run_directory.h"
#include "runner.h"

static const double one_two_three[] = {1, 2, 3}, level[] = {0.5, 0.25, 0.125};

static unroll_plot plot_of(const unroll_series *series, size_t count)
{
    return (unroll_plot){.directory = ".",
                         .name = "loss",
                         .title = "Loss",
                         .x_label = "step",
                         .y_label = "nats",
                         .series = series,
                         .count = count};
}

/* A program of that name and text, which UNROLL_GNUPLOT names. */
static void gnuplot_is(const char *text)
{
    char path[64];
    put_text("fake", text);
    chmod("fake", 0755);
    snprintf(path, sizeof path, "%s/fake", directory);
    setenv("UNROLL_GNUPLOT", path, 1);
}

static void written(const char *path, const char *part)
{
    const char *text = get_text(path);
    ck_assert_msg(strstr(text, part) != NULL, "%s has no \"%s\" but:\n%s", path, part, text);
}

/* ---- data ---- */

START_TEST(series_stand_side_by_side)
{
    const double low[] = {0.25, NAN, 0.1}, high[] = {0.75, 0.5, INFINITY};
    const unroll_series series[] = {
        {.label = "a", .x = one_two_three, .y = level, .count = 3, .low = low, .high = high},
        {.label = "b", .x = one_two_three, .y = level, .count = 1}};
    const unroll_plot plot = plot_of(series, 2);
    OK(unroll_plot_write(&plot));
    ck_assert_str_eq(get_text("loss.csv"), "x1,y1,low1,high1,x2,y2\n"
                                           "1,0.5,0.25,0.75,1,0.5\n"
                                           "2,0.25,,0.5,,\n"
                                           "3,0.125,0.1,,,\n");
    written("loss.gp", "1:2 with lines");
    written("loss.gp", "title 'a'");
    written("loss.gp", "5:6 with lines");
    written("loss.gp", "title 'b'");
}
END_TEST

/* Zero has no logarithm, and gnuplot fails on values near the smallest double. */
START_TEST(a_logarithmic_axis_leaves_out_what_it_cannot_show)
{
    const double y[] = {1, 0, 1e-305}, x[] = {0, 1, 2};
    const unroll_series series = {.label = "a", .x = x, .y = y, .count = 3};
    unroll_plot plot = plot_of(&series, 1);
    plot.log_y = true;
    OK(unroll_plot_write(&plot));
    ck_assert_str_eq(get_text("loss.csv"), "x1,y1\n0,1\n,\n,\n");
    written("loss.gp", "set logscale y");
    plot.log_x = true;
    OK(unroll_plot_write(&plot));
    ck_assert_str_eq(get_text("loss.csv"), "x1,y1\n,\n,\n,\n");
    written("loss.gp", "set logscale x");
    written("loss.gp", "all values are zero or not finite");
}
END_TEST

START_TEST(a_map_has_names_at_its_axes)
{
    const double z[] = {0.5, NAN, 0.25, 1}, at[] = {0, 1};
    const char *const x_name[] = {"the", "cat's"}, *const y_name[] = {"le", "`chat`"};
    unroll_heat heat = {.z = z,
                        .x = at,
                        .y = at,
                        .columns = 2,
                        .rows = 2,
                        .x_name = x_name,
                        .y_name = y_name,
                        .label = "weight"};
    unroll_plot plot = plot_of(NULL, 0);
    plot.heat = &heat;
    OK(unroll_plot_write(&plot));
    ck_assert_str_eq(get_text("loss.csv"), "x,y,z\n0,0,0.5\n1,0,NaN\n0,1,0.25\n1,1,1\n");
    written("loss.gp", "set ytics ('le' 0, '`chat`' 1) noenhanced");
    written("loss.gp", "'cat'.\"\\047\".'s' 1)");
    written("loss.gp", "reverse");
    heat.x_name = heat.y_name = NULL;
    OK(unroll_plot_write(&plot));
    written("loss.gp", "set ytics (0, 1)\n");
    heat.rows = 1;
    OK(unroll_plot_write(&plot));
    written("loss.gp", "set ytics (0)\n");
    heat.z = &z[1];
    heat.columns = 1;
    OK(unroll_plot_write(&plot));
    written("loss.gp", "all values are zero or not finite");
}
END_TEST

START_TEST(looks_and_axes_are_as_asked_for)
{
    const unroll_series series[] = {
        {.label = "line", .x = one_two_three, .y = level, .count = 3, .look = 2},
        {.label = "marks", .x = one_two_three, .y = level, .count = 3, .marks = true},
        {.label = "both", .x = one_two_three, .y = level, .count = 3, .points = true},
        {.label = "theory", .x = one_two_three, .y = level, .count = 3, .reference = true}};
    unroll_plot plot = plot_of(series, 4);
    plot.whole_x = plot.key_below = true;
    plot.y_to = 1;
    OK(unroll_plot_write(&plot));
    written("loss.gp", "1:2 with lines lw 2 dt 2 lc rgb '#D55E00' title 'line'");
    written("loss.gp", "3:4 with points lw 2 pt 5 ps 1 lc rgb '#D55E00' title 'marks'");
    written("loss.gp", "5:6 with linespoints");
    written("loss.gp", "7:8 with lines lw 1.2 dt 3 lc rgb '#777777' title 'theory'");
    written("loss.gp", "set xtics 1\n");
    written("loss.gp", "set yrange [0:1]");
    written("loss.gp", "set key below");
}
END_TEST

/* A control character could end the line and begin a command of gnuplot's. */
START_TEST(words_cannot_be_commands)
{
    const unroll_series series = {
        .label = "a'\nsystem 'x'", .x = one_two_three, .y = level, .count = 3};
    unroll_plot plot = plot_of(&series, 1);
    plot.name = "<ls '";
    OK(unroll_plot_write(&plot));
    written("<ls '.gp", "title 'a'.\"\\047\".' system '.\"\\047\".'x'.\"\\047\"\n");
    written("<ls '.gp", "plot './<ls '.\"\\047\".'.csv' skip 1");
}
END_TEST

START_TEST(what_cannot_be_written_is_said)
{
    const unroll_series series = {.label = "a", .x = one_two_three, .y = level, .count = 3};
    unroll_plot plot = plot_of(&series, 1);
    plot.directory = "none";
    expect(unroll_plot_write(&plot), UNROLL_ECREATE, "none/loss.csv: cannot be created");
    plot.directory = ".";
    limit_file_size(10);
    expect(unroll_plot_write(&plot), UNROLL_EIO, "loss.csv: cannot be written");
    limit_file_size(100);
    expect(unroll_plot_write(&plot), UNROLL_EIO, "loss.gp: cannot be written");
    limit_file_size(RLIM_INFINITY);
    ck_assert(there("loss.csv") && !there("loss.gp"));
    ck_assert_uint_eq(entries(".", NULL), 1);
}
END_TEST

/* ---- gnuplot ---- */

START_TEST(the_script_is_run_in_its_directory)
{
    const unroll_series series = {.label = "a", .x = one_two_three, .y = level, .count = 3};
    unroll_plot plot = plot_of(&series, 1);
    ck_assert_int_eq(mkdir("plots", 0777), 0);
    plot.directory = "plots";
    OK(unroll_plot_write(&plot));
    gnuplot_is("#!/bin/sh\necho \"$1\"; cp \"$1\" drawn\n");
    OK(unroll_plot_draw(&plot));
    ck_assert(there("plots/drawn"));
}
END_TEST

START_TEST(a_gnuplot_that_fails_is_told_of)
{
    const unroll_series series = {.label = "a", .x = one_two_three, .y = level, .count = 3};
    const unroll_plot plot = plot_of(&series, 1);
    char *text;
    OK(unroll_plot_write(&plot));
    gnuplot_is("#!/bin/sh\nexit 3\n");
    expect(unroll_plot_draw(&plot), UNROLL_EIO,
           "gnuplot failed on ./loss.gp; run it there to see why");
    expect(unroll_plot_text(&plot, 80, 20, &text), UNROLL_EIO, "gnuplot failed on ./loss.gp");
    ck_assert_ptr_null(text);
    gnuplot_is("#!/bin/sh\nkill -9 $$\n");
    expect(unroll_plot_draw(&plot), UNROLL_EIO, "gnuplot failed on ./loss.gp");
    setenv("UNROLL_GNUPLOT", directory, 1);
    expect(unroll_plot_draw(&plot), UNROLL_EIO, "gnuplot cannot be started: Permission denied");
    setenv("UNROLL_GNUPLOT", "/nowhere/gnuplot", 1);
    expect(unroll_plot_draw(&plot), UNROLL_ENOINPUT,
           "gnuplot is not installed; ./loss.csv and .gp are written, install gnuplot to draw them");
    expect(unroll_plot_text(&plot, 80, 20, &text), UNROLL_ENOINPUT, "gnuplot is not installed");
    ck_assert_ptr_null(text);
}
END_TEST

/* A terminal is as wide as it is; whoever answers more than fits is read to the end and cut. */
START_TEST(a_plot_in_characters)
{
    const unroll_series series = {.label = "a", .x = one_two_three, .y = level, .count = 3};
    const unroll_plot plot = plot_of(&series, 1);
    char *text;
    OK(unroll_plot_write(&plot));
    gnuplot_is("#!/bin/sh\necho \"$1 $2 $3\"\n");
    OK(unroll_plot_text(&plot, 80, 20, &text));
    ck_assert_str_eq(text, "-e columns=80;rows=20 ./loss.gp\n");
    unroll_free(text);
    gnuplot_is("#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' x\n");
    OK(unroll_plot_text(&plot, 20, 5, &text));
    ck_assert_uint_eq(strlen(text), 4 * 22 * 7);
    unroll_free(text);
    expect(unroll_plot_text(&plot, 19, 20, &text), UNROLL_EBUG, "a plot of 19 by 20 characters");
    expect(unroll_plot_text(&plot, 80, 1001, &text), UNROLL_EBUG, "a plot of 80 by 1001 characters");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("plot");
    TCase *data = new_case(suite, "data");
    tcase_add_checked_fixture(data, enter_directory, leave_directory);
    tcase_add_test(data, series_stand_side_by_side);
    tcase_add_test(data, a_logarithmic_axis_leaves_out_what_it_cannot_show);
    tcase_add_test(data, a_map_has_names_at_its_axes);
    tcase_add_test(data, looks_and_axes_are_as_asked_for);
    tcase_add_test(data, words_cannot_be_commands);
    tcase_add_test(data, what_cannot_be_written_is_said);
    TCase *drawn = new_case(suite, "gnuplot");
    tcase_add_checked_fixture(drawn, enter_directory, leave_directory);
    tcase_add_test(drawn, the_script_is_run_in_its_directory);
    tcase_add_test(drawn, a_gnuplot_that_fails_is_told_of);
    tcase_add_test(drawn, a_plot_in_characters);
    return suite;
}
