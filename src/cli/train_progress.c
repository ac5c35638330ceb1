/* What unroll train shows while it runs: the progress line, validations and samples. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/display.h"
#include "base/memory.h"
#include "cli/out.h"
#include "cli/train_text.h"
#include "config/config.h"

/* ---- how far it is ---- */

/* From 0 to 1 of what this process has to do, by what bounds it. */
static double share_done(const train_call *t, uint64_t step)
{
    const unroll_training *course = &t->training;
    const double seconds = course->config->learning.seconds;
    const uint64_t last = t->last_step, first = t->first_step;
    double share = 0;
    if (last > first)
        share = (double)(step - first) / (double)(last - first);
    if (seconds > 0)
        share = fmax(share, (unroll_seconds() - course->start) / seconds);
    return fmin(share, 1);
}

/* Is it time for another line about something? A twelfth of the way after the last one, and at the end: however
 * many epochs there are, they do not fill the screen. */
static bool is_due(const train_call *t, uint64_t step, double *shown)
{
    enum { LINES = 12 };
    const double share = share_done(t, step);
    if (*shown >= 0 && share < 1 && share - *shown < 0.999 / LINES && t->bounded)
        return false;
    *shown = share;
    return true;
}

void train_progress_begin(train_call *t)
{
    t->first_step = unroll_trainer_steps(t->training.trainer);
    t->valid_shown = t->sample_shown = -1;
    terminal_progress_start(&t->progress, t->training.config->quiet, 10);
}

/* ---- the progress line ---- */

enum { PIECES = 14, LINE = 256 };

/* What a narrow line leaves out first has the highest rank. */
typedef struct piece {
    int rank;
    char text[64];
} piece;

typedef struct line {
    piece piece[PIECES];
    size_t count;
} line;

static void add(line *l, int rank, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void add(line *l, int rank, const char *format, ...)
{
    va_list args;
    piece *p = &l->piece[l->count++];
    p->rank = rank;
    va_start(args, format);
    vsnprintf(p->text, sizeof p->text, format, args);
    va_end(args);
}

static size_t width_of(const line *l, int most)
{
    size_t width = 0;
    for (size_t i = 0; i < l->count; i++)
        if (l->piece[i].rank <= most)
            width += strlen(l->piece[i].text) + 2;
    return width ? width - 2 : 0;
}

static void join(const line *l, size_t width, char text[LINE])
{
    size_t used = 0;
    int most = PIECES;
    while (most > 1 && width_of(l, most) > width)
        most--;
    text[0] = '\0';
    for (size_t i = 0; i < l->count && used < LINE; i++)
        if (l->piece[i].rank <= most)
            used += (size_t)snprintf(text + used, LINE - used, "%s%s", used ? "  " : "",
                                     l->piece[i].text);
}

static void add_bar(line *l, double share, size_t width)
{
    enum { MOST = 20 };
    static const char full[] = "====================", empty[] = "                    ";
    const int cells = width < 90 ? 10 : MOST, done = (int)(share * cells);
    add(l, 1, "[%.*s%s%.*s] %3d%%", done, full, done < cells ? ">" : "",
        done < cells ? cells - done - 1 : 0, empty, (int)(100 * share));
}

static double seconds_left(const train_call *t, const unroll_progress *p)
{
    const unroll_training *course = &t->training;
    const double seconds = course->config->learning.seconds;
    double left = NAN;
    if (p->last_step && (p->last_step == p->step || p->tokens_per_s > 0))
        left = (double)(p->last_step - p->step) * p->tokens / fmax(p->tokens_per_s, 1e-9);
    if (seconds > 0)
        left = fmin(isnan(left) ? INFINITY : left,
                    fmax(0, seconds - (unroll_seconds() - course->start)));
    return left;
}

static void add_gradient(line *l, const train_call *t, const unroll_progress *p)
{
    char horizon[48];
    if (p->clip_scale < 1)
        add(l, 8, "gradient %.3g clipped to %.3g", p->grad_norm, p->grad_norm * p->clip_scale);
    else
        add(l, 8, "gradient %.3g", p->grad_norm);
    if (t->training.recorder && *unroll_recorder_horizon(t->training.recorder, horizon))
        add(l, 9, "%s", horizon);
    add(l, 10, "%.0f%% clipped", 100 * p->clipped_share);
}

static void print_progress(train_call *t, const unroll_progress *p)
{
    const unroll_training *course = &t->training;
    const size_t width = t->progress.redraw ? terminal_width(STDERR_FILENO) - 1 : LINE - 1;
    char number[UNROLL_NUMBER_MAX], text[LINE], last[32] = "";
    line l = {.count = 0};
    if (t->bounded && t->progress.redraw)
        add_bar(&l, share_done(t, p->step), width);
    if (p->last_step)
        snprintf(last, sizeof last, "/%llu", (unsigned long long)p->last_step);
    add(&l, 4, "step %llu%s", (unsigned long long)p->step, last);
    if (!course->row)
        add(&l, 5, "epoch %.2f", p->epoch);
    add(&l, 3, "loss %.4g", p->loss);
    if (!course->session.task.squared && !course->row)
        add(&l, 11, "%.4g bits", p->loss / log(2));
    if (course->row)
        add(&l, 5, "accuracy %.3g", p->accuracy);
    if (t->valid > 0)
        add(&l, 6, "validation %.4g", t->valid);
    add_gradient(&l, t, p);
    add(&l, 12, "rate %.3g", p->lr);
    add(&l, 7, "%s %s/s", unroll_display_short(number, p->tokens_per_s), train_token_word(t));
    const double left = seconds_left(t, p);
    add(&l, 2, "%s left", isnan(left) ? "?" : unroll_display_duration(number, left));
    join(&l, width, text);
    terminal_progress_show(&t->progress, "%s", text);
}

void train_print_progress(void *arg, const unroll_progress *p)
{
    train_call *t = arg;
    t->last_step = p->last_step;
    t->bounded = p->last_step || t->training.config->learning.seconds > 0;
    if (t->training.config->json_lines)
        train_report_step(t, p);
    if (t->progress.on && (p->step == p->last_step || terminal_progress_due(&t->progress)))
        print_progress(t, p);
}

void train_print_skipped(void *arg, const unroll_progress *progress)
{
    train_call *t = arg;
    (void)progress;
    if (!t->training.config->quiet)
        train_print_fault(t);
}

/* ---- lines on the way ---- */

void train_print_solved(void *arg, uint64_t step)
{
    train_print(arg, "step %llu: solved (mean of the last %d updates)", (unsigned long long)step,
                UNROLL_SOLVED_UPDATES);
}

void train_print_evaluation(void *arg, const unroll_evaluation *e)
{
    train_call *t = arg;
    const bool synthetic = t->training.row != NULL;
    char accuracy[48] = "", epoch[48] = "", best[64] = "";
    t->valid = e->loss;
    if (t->training.config->json_lines)
        train_report_evaluation(t, e);
    if (e->best) {
        t->best_step = e->step;
        snprintf(best, sizeof best, ", the best so far");
    } else if (t->best_step) {
        snprintf(best, sizeof best, "; the best was %.4g at step %llu", t->training.valid_loss,
                 (unsigned long long)t->best_step);
    }
    t->sample_is_due = is_due(t, e->step, &t->valid_shown);
    if (!t->sample_is_due)
        return;
    if (synthetic || t->training.session.pairs)
        snprintf(accuracy, sizeof accuracy, ", %saccuracy %.3g", synthetic ? "" : "token ",
                 e->accuracy);
    if (!synthetic)
        snprintf(epoch, sizeof epoch, ", epoch %.3g", e->epoch);
    train_print(t, "step %llu%s: validation loss %.4g %s%s%s", (unsigned long long)e->step, epoch,
                e->loss, train_unit(t), accuracy, best);
}

/* Characters of a line that fit; one that is cut ends in dots. */
static void cut(char *text, size_t columns)
{
    size_t n = 0;
    for (char *c = text; *c; c++) {
        n += ((unsigned char)*c & 0xc0) != 0x80;
        if (n > columns) {
            snprintf(c, strlen(c) + 1, "...");
            return;
        }
    }
}

bool train_shows_sample(train_call *t, uint64_t step)
{
    if (t->training.config->sample_every == 0)
        return t->sample_is_due;
    return is_due(t, step, &t->sample_shown);
}

void train_print_sample(train_call *t, const char *text, size_t length)
{
    enum { LINES = 2 };
    const char *at = text, *const end = text + length;
    const size_t width = t->progress.redraw ? terminal_width(STDERR_FILENO) : 80;
    for (size_t lines = 0; at < end && lines < LINES;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const size_t bytes = (size_t)((newline ? newline : end) - at);
        char *shown = bytes ? unroll_display_escape_line(at, bytes) : NULL;
        if (shown) {
            cut(shown, width > 20 ? width - 10 : 10);
            train_print(t, "    | %s", shown);
            lines++;
        }
        unroll_free(shown);
        at += bytes + 1;
    }
}
