/* A translator in another program: it translates standard input line by line. Without an argument it first learns to
 * write numbers up to 99 in digits; with one it takes a model of `unroll train --task translate`.
 *   cc translator.c $(pkg-config --cflags --libs unroll) -o translator && echo 'forty two' | ./translator [MODEL] */
#include <stdio.h>
#include <string.h>
#include <unroll.h>

static const char *const ones[] = {"zero", "one", "two",   "three", "four",
                                   "five", "six", "seven", "eight", "nine"};
static const char *const tens[] = {"twenty", "thirty",  "forty",  "fifty",
                                   "sixty",  "seventy", "eighty", "ninety"};

/* A pair per line, source, tab, target: "forty two", "4 2". */
static size_t write_pairs(char *tsv, size_t room)
{
    size_t n = 0;
    for (int i = 0; i < 10; i++)
        n += (size_t)snprintf(tsv + n, room - n, "%s\t%d\n", ones[i], i);
    for (int t = 2; t < 10; t++) {
        n += (size_t)snprintf(tsv + n, room - n, "%s\t%d 0\n", tens[t - 2], t);
        for (int i = 1; i < 10; i++)
            n += (size_t)snprintf(tsv + n, room - n, "%s %s\t%d %d\n", tens[t - 2], ones[i], t, i);
    }
    return n;
}

static unroll_status learn(unroll_model **model)
{
    static const char *const options[][2] = {
        {"task", "translate"}, {"tokens", "word"},  {"cell", "gru"},      {"layers", "1"},
        {"hidden", "32"},      {"embedding", "16"}, {"attention", "dot"}, {"lr", "0.02"},
        {"steps", "150"},      {"split", "1,0,0"}};
    static char tsv[4000];
    const size_t length = write_pairs(tsv, sizeof tsv);
    unroll_config *config = NULL;
    unroll_status status = unroll_config_new(&config);
    for (size_t i = 0; i < sizeof options / sizeof *options && status == UNROLL_OK; i++)
        status = unroll_config_set(config, options[i][0], options[i][1]);
    if (status == UNROLL_OK)
        status = unroll_model_train(config, tsv, length, NULL, model);
    unroll_config_free(config);
    return status;
}

static unroll_status translate(unroll_translator *translator, char *line)
{
    unroll_translations found;
    line[strcspn(line, "\n")] = '\0';
    const unroll_status status = unroll_translator_line(translator, NULL, line, strlen(line), &found);
    for (size_t i = 0; i < found.count; i++)
        printf("%-20s %8.3f nats\n", found.list[i].text, found.list[i].log_probability);
    unroll_translations_free(&found);
    return status;
}

int main(int argc, char **argv)
{
    const unroll_translator_options two = {.size = sizeof two, .beam = 4, .best = 2};
    unroll_model *model = NULL;
    unroll_translator *translator = NULL;
    unroll_status status = argc > 1 ? unroll_model_load(argv[1], &model) : learn(&model);
    if (status == UNROLL_OK)
        status = unroll_translator_new(model, &two, &translator);
    for (char line[1000]; status == UNROLL_OK && fgets(line, sizeof line, stdin) != NULL;)
        status = translate(translator, line);
    if (status != UNROLL_OK)
        fprintf(stderr, "%s: %s\n", argv[0], unroll_message());
    unroll_translator_free(translator);
    unroll_model_free(model);
    return status;
}
