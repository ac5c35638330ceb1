#include "base/fail.h"
#include "runner.h"

const char *program_message(void)
{
    static char text[UNROLL_MESSAGE_MAX];
    unroll_dashed_message(text);
    return text;
}
