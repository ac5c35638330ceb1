#include "parameter.h"

#include <check.h>
#include <string.h>

const unroll_parameter *find_parameter(const unroll_net *net, const char *name)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(net, &list);
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

const unroll_parameter *parameter_of(const unroll_net *net, const char *name)
{
    const unroll_parameter *p = find_parameter(net, name);
    ck_assert_msg(p != NULL, "no parameter %s", name);
    return p;
}

unroll_real *weights_of(unroll_net *net, const char *name)
{
    return unroll_net_weights(net) + parameter_of(net, name)->offset;
}
