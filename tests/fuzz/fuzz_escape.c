/* Text on its way to a terminal, to JSON, HTML, CSV and a shell: JSON reads back the same, and what is shown holds no
 * control character. */
#include "fuzz.h"

#include <string.h>

#include "base/buffer.h"
#include "base/display.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "report/html.h"

static void json(const char *text)
{
    unroll_buffer quoted = {0}, back = {0};
    json_t *tree;
    unroll_buffer_text(&quoted, "[");
    unroll_json_quote_bytes(&quoted, text, strlen(text));
    unroll_buffer_text(&quoted, "]");
    fuzz_require(quoted.text);
    if (unroll_json_parse("x", "text", quoted.text, strlen(quoted.text), 1 << 20, &tree) ==
        UNROLL_OK) {
        fuzz_require(unroll_json_bytes(json_array_get(tree, 0), &back));
        fuzz_require(strcmp(back.text ? back.text : "", text) == 0);
        json_decref(tree);
    } else {
        fuzz_require(false);
    }
    unroll_free(back.text);
    unroll_free(quoted.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    char *shown = unroll_display_escape_line((const char *)data, size);
    fuzz_require(shown);
    for (const char *c = shown; *c; c++)
        fuzz_require((unsigned char)*c >= ' ' && *c != 0x7f);
    fuzz_require(unroll_utf8_prefix(shown, strlen(shown)) == strlen(shown));
    char *html = unroll_html_escape(text);
    fuzz_require(html && !strpbrk(html, "<>\"'"));
    char *shell = unroll_shell_quote(1, &text);
    fuzz_require(shell);
    unroll_buffer csv = {0};
    unroll_buffer_csv(&csv, text);
    json(text);
    unroll_free(csv.text);
    unroll_free(shell);
    unroll_free(html);
    unroll_free(shown);
    free(text);
    return 0;
}
