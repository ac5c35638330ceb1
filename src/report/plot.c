#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include "report/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "base/path.h"

extern char **environ;

/* Okabe and Ito's colours, told apart by most colour-blind people and, with the dashes, in grey. */
static const struct look {
    const char *colour, *dash;
    int mark;
} looks[] = {
    {"#0072B2", "1", 7},  {"#D55E00", "2", 5},      {"#009E73", "4", 9}, {"#CC79A7", "5", 11},
    {"#E69F00", "3", 13}, {"#56B4E9", "(14,4)", 6}, {"#000000", "1", 4}, {"#999999", "2", 8},
    {"#0072B2", "3", 10}, {"#D55E00", "5", 12},
};
enum { LOOKS = sizeof looks / sizeof *looks };

/* Of an SVG file; a PNG file is half as large again. */
enum { WIDTH = 800, HEIGHT = 500, KEY_ROW = 20, KEY_LETTER = 8, KEY_SAMPLE = 70 };
enum { MOST_PIXELS = 5000 };

/* gnuplot's logarithmic axes end some decades above the smallest double. */
static const double lowest_log = 1e-300;

static bool on_axis(double x, bool log_axis)
{
    return isfinite(x) && (!log_axis || x > lowest_log);
}

/* gnuplot fails where nothing can be drawn. */
static bool is_empty(const unroll_plot *plot)
{
    const unroll_heat *h = plot->heat;
    for (size_t i = 0; h && i < h->rows * h->columns; i++)
        if (isfinite(h->z[i]))
            return false;
    for (size_t s = 0; !h && s < plot->count; s++)
        for (size_t i = 0; i < plot->series[s].count; i++)
            if (on_axis(plot->series[s].x[i], plot->log_x) &&
                on_axis(plot->series[s].y[i], plot->log_y))
                return false;
    return true;
}

/* Columns of a legend below the picture, such that the longest label has room; and with them its rows. */
static size_t key_columns(const unroll_plot *plot, size_t *rows)
{
    size_t longest = 1;
    for (size_t s = 0; s < plot->count; s++) {
        const size_t n = strlen(plot->series[s].label);
        longest = n > longest ? n : longest;
    }
    const size_t fit = (WIDTH - 60) / (longest * KEY_LETTER + KEY_SAMPLE), columns = fit ? fit : 1;
    *rows = (plot->count + columns - 1) / columns;
    return columns;
}

static unroll_status make_path(const unroll_plot *plot, const char *ending, char **path)
{
    *path = unroll_path_join_ending(plot->directory, plot->name, ending);
    return *path ? UNROLL_OK : UNROLL_EMEMORY;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Texts, one behind the other, as gnuplot reads them back. Between single quotes nothing is special but the quote itself,
 * and gnuplot 5.4 takes two of them for a quote inside a text alone, not at its beginning nor in a row. So the text is put
 * together of what stands between its quotes and of octal numbers for them: 'it'."\047".'s'. Between double quotes gnuplot
 * would run what stands in backquotes, so no other text may go there. */
static void put_strings(unroll_output *out, const char *const *text, size_t count, bool controls)
{
    bool open = true;
    unroll_output_write(out, "'", 1);
    for (size_t i = 0; i < count; i++)
        for (const char *c = text[i]; *c; c++) {
            const char shown = is_control(*c) && !controls ? ' ' : *c;
            const bool plain = shown != '\'' && !is_control(shown);
            if (plain != open)
                unroll_output_printf(out, plain ? "\".'" : "'.\"");
            open = plain;
            if (plain)
                unroll_output_write(out, &shown, 1);
            else
                unroll_output_printf(out, "\\%03o", (unsigned)shown);
        }
    unroll_output_write(out, open ? "'" : "\"", 1);
}

/* Words of a picture: a control character, which could end the line, becomes a space. */
static void put_quoted(unroll_output *out, const char *text)
{
    put_strings(out, &text, 1, false);
}

static void put_file_name(unroll_output *out, const char *place, const unroll_plot *plot,
                          const char *ending)
{
    put_strings(out, (const char *const[]){place, plot->name, ending}, 3, true);
}

/* What is drawn. A name that begins with < would be a command. */
static void put_input(const unroll_plot *plot, unroll_output *out)
{
    put_file_name(out, *plot->name == '<' ? "./" : "", plot, ".csv");
}

static void put_heat_data(const unroll_heat *h, unroll_output *out)
{
    unroll_output_printf(out, "x,y,z\n");
    for (size_t i = 0; i < h->rows * h->columns; i++) {
        char x[32], y[32], z[32];
        unroll_output_printf(out, "%s,%s,%s\n", unroll_format_double(x, h->x[i % h->columns]),
                             unroll_format_double(y, h->y[i / h->columns]),
                             isfinite(h->z[i]) ? unroll_format_double(z, h->z[i]) : "NaN");
    }
}

/* "1,2.5": numbers of one row, empty where there are none. */
static void put_numbers(unroll_output *out, const double *const *column, size_t count, size_t row,
                        bool there)
{
    for (size_t i = 0; i < count; i++) {
        char number[32];
        const bool number_there = there && isfinite(column[i][row]);
        unroll_output_printf(out, "%s%s", i ? "," : "",
                             number_there ? unroll_format_double(number, column[i][row]) : "");
    }
}

/* Two columns a series, four with a band, since their x need not agree. */
static void put_data(const unroll_plot *plot, unroll_output *out)
{
    if (plot->heat) {
        put_heat_data(plot->heat, out);
        return;
    }
    size_t rows = 0;
    for (size_t s = 0; s < plot->count; s++) {
        unroll_output_printf(out, "%sx%zu,y%zu", s ? "," : "", s + 1, s + 1);
        if (plot->series[s].low)
            unroll_output_printf(out, ",low%zu,high%zu", s + 1, s + 1);
        if (plot->series[s].count > rows)
            rows = plot->series[s].count;
    }
    unroll_output_printf(out, "\n");
    for (size_t r = 0; r < rows; r++) {
        for (size_t s = 0; s < plot->count; s++) {
            const unroll_series *one = &plot->series[s];
            const double *const column[] = {one->x, one->y, one->low, one->high};
            const bool there = r < one->count && on_axis(one->x[r], plot->log_x) &&
                               on_axis(one->y[r], plot->log_y);
            unroll_output_printf(out, "%s", s ? "," : "");
            put_numbers(out, column, one->low ? 4 : 2, r, there);
        }
        unroll_output_printf(out, "\n");
    }
}

static void put_file(const unroll_plot *plot, unroll_output *out)
{
    unroll_output_write(out, " ", 1);
    put_input(plot, out);
    unroll_output_printf(out, " skip 1 using ");
}

/* A series that is shown in several pictures looks the same in each. */
static const struct look *look_of(const unroll_plot *plot, size_t s)
{
    const size_t chosen = plot->series[s].look;
    return &looks[(chosen ? chosen - 1 : s) % LOOKS];
}

/* Not in characters, where it would hide the lines. */
static void put_band(const unroll_plot *plot, unroll_output *out, size_t s, size_t column)
{
    put_file(plot, out);
    unroll_output_printf(out,
                         "(exists('columns') ? NaN : $%zu):%zu:%zu with filledcurves "
                         "fs transparent solid 0.2 noborder lc rgb '%s' notitle, \\\n   ",
                         column, column + 2, column + 3, look_of(plot, s)->colour);
}

static void put_series(const unroll_plot *plot, unroll_output *out, size_t s)
{
    const unroll_series *one = &plot->series[s];
    const struct look *look = look_of(plot, s);
    size_t column = 1;
    for (size_t i = 0; i < s; i++)
        column += plot->series[i].low ? 4 : 2;
    unroll_output_printf(out, "%s", s ? ", \\\n   " : "plot");
    if (one->low)
        put_band(plot, out, s, column);
    put_file(plot, out);
    unroll_output_printf(out, "%zu:%zu with ", column, column + 1);
    if (one->reference)
        unroll_output_printf(out, "lines lw 1.2 dt 3 lc rgb '#777777'");
    else if (one->marks)
        unroll_output_printf(out, "points lw 2 pt %d ps 1 lc rgb '%s'", look->mark, look->colour);
    else if (one->points)
        unroll_output_printf(out, "linespoints lw 2 dt %s pt %d ps 0.7 lc rgb '%s'", look->dash,
                             look->mark, look->colour);
    else
        unroll_output_printf(out, "lines lw 2 dt %s lc rgb '%s'", look->dash, look->colour);
    unroll_output_printf(out, " title ");
    put_quoted(out, one->label);
}

static void put_names(unroll_output *out, const char *axis, const char *const *name,
                      const double *at, size_t count)
{
    unroll_output_printf(out, "set %s (", axis);
    for (size_t i = 0; i < count; i++) {
        char place[32];
        unroll_output_printf(out, "%s", i ? ", " : "");
        put_quoted(out, name[i]);
        unroll_output_printf(out, " %s", unroll_format_digits(place, at[i], 9));
    }
    unroll_output_printf(out, ") noenhanced%s\n", count > 24 ? " font ',9'" : "");
}

/* At rows, and at no more of them than there is room for: an axis of its own reaches half a row beyond them. */
static void put_row_ticks(unroll_output *out, const unroll_heat *heat)
{
    enum { MOST = 20 };
    const size_t every = (heat->rows + MOST - 1) / MOST;
    unroll_output_printf(out, "set ytics (");
    for (size_t i = 0; i < heat->rows; i += every) {
        char place[32];
        unroll_output_printf(out, "%s%s", i ? ", " : "", unroll_format_digits(place, heat->y[i], 4));
    }
    unroll_output_printf(out, ")\n");
}

/* Colours after Nuñez, Anderton and Renslow's cividis (2018): the same to most eyes, and rising in grey. */
static void put_heat(const unroll_plot *plot, unroll_output *out)
{
    unroll_output_printf(
        out,
        "set palette defined (0 '#00204d', 1 '#31446b', 2 '#666970', 3 '#958f78', 4 '#cbba69', "
        "5 '#ffea46')\nset autoscale fix\nunset grid\nset tics out nomirror\nset format cb '%%g'\nset cblabel ");
    put_quoted(out, plot->heat->label);
    unroll_output_printf(out, " noenhanced offset 1.5,0\n");
    if (plot->heat->x_name) {
        put_names(out, "xtics rotate by -40", plot->heat->x_name, plot->heat->x, plot->heat->columns);
        put_names(out, "ytics", plot->heat->y_name, plot->heat->y, plot->heat->rows);
        unroll_output_printf(out, "set yrange [*:*] reverse\n");
    } else {
        put_row_ticks(out, plot->heat);
    }
}

static void put_plots(const unroll_plot *plot, unroll_output *out)
{
    if (is_empty(plot)) {
        unroll_output_printf(
            out,
            "unset logscale\nset format '%%g'\nunset key\nset xrange [0:1]\nset yrange [0:1]\nunset tics\n"
            "set label 1 'all values are zero or not finite' at graph 0.5,0.5 center\nplot NaN notitle");
        return;
    }
    for (size_t s = 0; s < plot->count && !plot->heat; s++)
        put_series(plot, out, s);
    if (!plot->heat)
        return;
    unroll_output_printf(out, "plot ");
    put_input(plot, out);
    /* Viewers smooth an image; rectangles stay sharp, but each takes some 100 bytes. */
    unroll_output_printf(out, " skip 1 using 1:2:3 with image%s notitle",
                         plot->heat->rows * plot->heat->columns <= MOST_PIXELS ? " pixels" : "");
}

static void put_labels(const unroll_plot *plot, unroll_output *out)
{
    const struct {
        const char *command, *text, *offset;
    } labels[] = {{"title", plot->title, ""},
                  {"xlabel", plot->x_label, plot->key_below ? " offset 0,0.5" : ""},
                  {"ylabel", plot->y_label, ""}};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        unroll_output_printf(out, "set %s ", labels[i].command);
        put_quoted(out, labels[i].text);
        unroll_output_printf(out, " noenhanced%s\n", labels[i].offset);
    }
}

static void put_axes(const unroll_plot *plot, unroll_output *out, size_t *key_rows)
{
    *key_rows = 0;
    if (plot->whole_x)
        unroll_output_printf(out, "set xtics 1\n");
    if (plot->y_from < plot->y_to) {
        char from[32], to[32];
        unroll_output_printf(out, "set yrange [%s:%s]\n", unroll_format_digits(from, plot->y_from, 9),
                             unroll_format_digits(to, plot->y_to, 9));
    }
    if (plot->key_below)
        unroll_output_printf(out, "set key below Left reverse height 1 maxcols %zu\n",
                             key_columns(plot, key_rows));
    if (plot->log_x)
        unroll_output_printf(out, "set logscale x\nset format x '10^{%%L}'\n");
    if (plot->log_y)
        unroll_output_printf(out, "set logscale y\nset format y '10^{%%L}'\n");
    if (plot->heat)
        put_heat(plot, out);
}

/* The name of a picture in the script's own directory. */
static void put_output(const unroll_plot *plot, unroll_output *out, const char *ending)
{
    unroll_output_printf(out, "set output ");
    put_file_name(out, "./", plot, ending);
}

/* Run as it is, the script draws both files; with `columns` defined it draws on the terminal instead. */
static void put_script(const unroll_plot *plot, unroll_output *out)
{
    size_t key_rows;
    unroll_output_printf(out, "# Run gnuplot on this file, in this directory, to draw it again.\n"
                              "set encoding utf8\nset datafile separator ','\n"
                              "set grid lc rgb '#cccccc'\nset key noenhanced\n");
    put_labels(plot, out);
    put_axes(plot, out, &key_rows);
    const size_t height = HEIGHT + KEY_ROW * (key_rows > 3 ? key_rows - 3 : 0);
    unroll_output_printf(out,
                         "if (!exists('columns')) set terminal svg size %d,%zu dynamic background rgb 'white' "
                         "font 'sans,14'; ",
                         WIDTH, height);
    put_output(plot, out, ".svg");
    unroll_output_printf(
        out,
        "\nif (exists('columns')) set terminal dumb size columns,rows; set output; unset grid\n");
    put_plots(plot, out);
    unroll_output_printf(out,
                         "\nif (!exists('columns')) set terminal pngcairo size %d,%zu font 'sans,16'; ",
                         WIDTH * 3 / 2, height * 3 / 2);
    put_output(plot, out, ".png");
    unroll_output_printf(out, "; replot\n");
}

static unroll_status write_one(const unroll_plot *plot, const char *ending,
                               void (*put)(const unroll_plot *, unroll_output *))
{
    char *path;
    unroll_output *out;
    UNROLL_TRY(make_path(plot, ending, &path));
    unroll_status status = unroll_output_open(path, &out);
    unroll_free(path);
    if (status != UNROLL_OK)
        return status;
    put(plot, out); /* the commit knows of what could not be written */
    return unroll_output_commit(out);
}

unroll_status unroll_plot_write(const unroll_plot *plot)
{
    UNROLL_TRY(write_one(plot, ".csv", put_data));
    return write_one(plot, ".gp", put_script);
}

/* gnuplot as UNROLL_GNUPLOT names it; else as it is found now, or where it was at configure time. */
static unroll_status start(const unroll_plot *plot, char *const *arguments, int output, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    const char *named = getenv("UNROLL_GNUPLOT");
    named = named && *named ? named : NULL;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return unroll_fail(UNROLL_EMEMORY, "no memory to start gnuplot");
    int error = posix_spawn_file_actions_addchdir_np(&actions, plot->directory);
    error = error ? error : posix_spawn_file_actions_adddup2(&actions, output, 1);
    error = error ? error : posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    error = error ? error : posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (!error) {
        error = posix_spawnp(pid, named ? named : "gnuplot", &actions, NULL, arguments, environ);
        if (error == ENOENT && !named)
            error = posix_spawn(pid, UNROLL_GNUPLOT, &actions, NULL, arguments, environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (error == ENOENT)
        return unroll_fail(UNROLL_ENOINPUT,
                           "gnuplot is not installed; %s/%s.csv and .gp are written, "
                           "install gnuplot to draw them",
                           plot->directory, plot->name);
    return error ? unroll_fail(error == ENOMEM ? UNROLL_EMEMORY : UNROLL_EIO,
                               "gnuplot cannot be started: %s", strerror(error))
                 : UNROLL_OK;
}

static unroll_status finish(const unroll_plot *plot, pid_t pid)
{
    int code;
    while (waitpid(pid, &code, 0) < 0)
        if (errno != EINTR)
            return unroll_fail(UNROLL_EIO, "gnuplot was lost: %s", strerror(errno));
    if (!WIFEXITED(code) || WEXITSTATUS(code) != 0)
        return unroll_fail(UNROLL_EIO, "gnuplot failed on %s/%s.gp; run it there to see why",
                           plot->directory, plot->name);
    return UNROLL_OK;
}

static unroll_status script_name(const unroll_plot *plot, char **script)
{
    return make_path(&(unroll_plot){.directory = ".", .name = plot->name}, ".gp", script);
}

unroll_status unroll_plot_draw(const unroll_plot *plot)
{
    char *script;
    pid_t pid;
    int null;
    do
        null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    while (null < 0 && errno == EINTR);
    if (null < 0)
        return unroll_fail(UNROLL_EIO, "/dev/null: %s", strerror(errno));
    unroll_status status = script_name(plot, &script);
    if (status == UNROLL_OK) {
        status = start(plot, (char *const[]){"gnuplot", script, NULL}, null, &pid);
        if (status == UNROLL_OK)
            status = finish(plot, pid);
        unroll_free(script);
    }
    close(null);
    return status;
}

/* Everything from a descriptor, at most `room` bytes. */
static size_t drain(int from, char *text, size_t room)
{
    size_t length = 0;
    for (;;) {
        char rest[256];
        const bool full = length + 1 >= room;
        const ssize_t n =
            read(from, full ? rest : text + length, full ? sizeof rest : room - length - 1);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return length;
        length += full || n < 0 ? 0 : (size_t)n;
    }
}

unroll_status unroll_plot_text(const unroll_plot *plot, size_t columns, size_t rows, char **out)
{
    char size[64], *script;
    int ends[2];
    pid_t pid;
    const size_t room = 4 * (columns + 2) * (rows + 2) + 1;
    snprintf(size, sizeof size, "columns=%zu;rows=%zu", columns, rows);
    if (columns < 20 || columns > 1000 || rows < 5 || rows > 1000)
        return unroll_fail(UNROLL_EBUG, "a plot of %zu by %zu characters", columns, rows);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return unroll_fail(UNROLL_EIO, "no pipe to gnuplot: %s", strerror(errno));
    *out = unroll_alloc(room, 1);
    unroll_status status = *out ? script_name(plot, &script) : UNROLL_EMEMORY;
    if (status == UNROLL_OK) {
        status = start(plot, (char *const[]){"gnuplot", "-e", size, script, NULL}, ends[1], &pid);
        unroll_free(script);
        close(ends[1]);
        if (status == UNROLL_OK) {
            (*out)[drain(ends[0], *out, room)] = '\0';
            status = finish(plot, pid);
        }
    } else {
        close(ends[1]);
    }
    close(ends[0]);
    if (status != UNROLL_OK) {
        unroll_free(*out);
        *out = NULL;
    }
    return status;
}
