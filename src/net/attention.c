#include "net/net.h"

#include <string.h>

static const char none[] = "none";

const char *unroll_attention_name(size_t i)
{
    return i == 0 ? none : NULL;
}
