/* Words of the severities. */
#include "model/problem.h"

const char *const SEVERITY_WORDS[SEVERITY_COUNT] = {"error", "warning"};
