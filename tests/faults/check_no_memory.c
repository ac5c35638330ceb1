/* Whole commands without memory: each allocation in turn is the first that fails, and then so do all that follow. The
 * command ends with 71 and a message, or with 0 and all that it says with memory. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../own_directory.h"
#include "../runner.h"
#include "base/fail.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/out.h"

enum { WORDS = 64, ROOM = 1 << 16 };

/* A command line; what it prints goes into the file `out`, what it reports into `err`. */
static unroll_status run(const char *line)
{
    char text[1024], *word[WORDS], *rest = text;
    int count = 0;
    ck_assert_int_eq(system("rm -rf run report compared"), 0); /* of the run before */
    cli_call call;
    snprintf(text, sizeof text, "%s", line);
    for (char *at; (at = strsep(&rest, " "));)
        word[count++] = at;
    fflush(NULL);
    const int said = dup(1), told = dup(2);
    ck_assert(freopen("out", "w", stdout) && freopen("err", "w", stderr));
    const cli_command *command = cli_command_find(word[0]);
    unroll_status status = cli_parse(command, count - 1, word + 1, &call);
    if (status == UNROLL_OK)
        status = command->execute(&call);
    cli_release(&call);
    if (status == UNROLL_OK)
        status = out_finish();
    else
        out_flush();
    fflush(NULL);
    dup2(said, 1), dup2(told, 2);
    close(said), close(told);
    return status;
}

static const char small[] = "--hidden 3 --layers 1 --batch 2 --threads 1 --seed 1 --quiet";

static void train(const char *rest)
{
    char line[512];
    snprintf(line, sizeof line, "train %s %s", small, rest);
    OK(run(line));
}

static void make_models(void)
{
    enter_directory();
    cli_commands_prepare();
    unroll_memory_hook_jansson();
    setenv("UNROLL_GNUPLOT", "none", 1);
    char text[1300] = "";
    for (size_t i = 0; i < 40; i++)
        strcat(text, "the cat sat on the mat, I said\n");
    put_text("text", text);
    put_text("pairs", "a b\tb a\nb\tb\na a b\tb a a\nb b\tb b\na\ta\n");
    train("text --seq-length 5 --steps 2 --out letters");
    train("--task translate --tokens word --embedding 3 --split 1,0,0 --steps 2 pairs --out words");
    train("--task copy:delay=2,length=1,symbols=2 --steps 2 --out copy");
}

/* `step`: every how many allocations one is the first to fail. `clock`: what it says depends on the time. */
static const struct row {
    const char *name, *line;
    long step;
    bool clock;
} rows[] = {
    {"generate", "generate copy:delay=2 --count 2 --json", 1, false},
    {"a toy language", "generate toy-translation --count 3", 1, false},
    {"sample", "sample letters --length 20 --prime the --stop said", 1, false},
    {"inspect", "inspect letters --json", 1, false},
    {"inspect words", "inspect words", 1, false},
    {"eval", "eval letters text --quiet", 1, true},
    {"eval task", "eval copy --quiet --json", 2, true},
    {"eval pairs", "eval words pairs --quiet --json", 2, true},
    {"translate", "translate words pairs", 2, false},
    {"gradient", "gradient letters text --window 6 --windows 2 --threads 1 --json", 23, true},
    {"gradient report",
     "gradient letters text --window 6 --windows 2 --threads 1 --quiet --out report", 23, true},
    {"train",
     "train --hidden 3 --layers 1 --batch 2 --threads 1 --quiet text --seq-length 5 --steps 2 "
     "--grad-every 1 --sample-every 1 --save-every 1 --out run",
     41, true},
    {"train words",
     "train --hidden 3 --layers 1 --batch 2 --threads 1 --quiet --task translate --tokens word "
     "--embedding 3 --split 0.6,0.2,0.2 --steps 2 --eval-every 1 pairs --out run",
     41, true},
    {"compare",
     "compare --task copy:delay=2,length=1,symbols=2 --hidden 3 --layers 1 --batch 2 --threads 1 --steps 2 "
     "--variant cell=rnn --variant cell=gru --seeds 1 --jobs 1 --quiet --json --out compared",
     61, true},
};
enum { ROWS = sizeof rows / sizeof *rows };

START_TEST(a_command_without_memory)
{
    const struct row *r = &rows[_i];
    static char whole[ROOM], got[ROOM];
    const unsigned long before = unroll_alloc_count();
    ck_assert_msg(run(r->line) == UNROLL_OK, "%s: %s", r->name, unroll_message());
    const long count = (long)(unroll_alloc_count() - before);
    whole[get("out", whole, ROOM)] = '\0';
    ck_assert_int_gt(count, 10);
    for (long n = 0; n < count; n += r->step) {
        unroll_alloc_fail_after(n);
        const unroll_status status = run(r->line);
        unroll_alloc_fail_after(-1);
        if (status == UNROLL_OK) {
            got[get("out", got, ROOM)] = '\0';
            ck_assert_msg(r->clock || strcmp(got, whole) == 0,
                          "%s, after %ld of %ld: ends with 0, and says\n%s", r->name, n, count, got);
            ck_assert_msg(*get_text("err") || n > count / 2, "%s, after %ld of %ld: nothing failed",
                          r->name, n, count);
        } else {
            ck_assert_msg(status == UNROLL_EMEMORY, "%s, after %ld of %ld: %d, %s", r->name, n,
                          count, status, unroll_message());
            ck_assert_msg(*unroll_message() || *get_text("err"), "%s, after %ld: no message",
                          r->name, n);
        }
    }
    ck_assert_msg(run(r->line) == UNROLL_OK, "%s, with memory again: %s", r->name, unroll_message());
    got[get("out", got, ROOM)] = '\0';
    ck_assert(r->clock || strcmp(got, whole) == 0);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("no memory");
    TCase *commands = new_case(suite, "commands");
    tcase_add_checked_fixture(commands, make_models, leave_directory);
    tcase_add_loop_test(commands, a_command_without_memory, 0, ROWS);
    return suite;
}
