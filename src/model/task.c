/* Words of the task kinds. */
#include "model/task.h"

const char *const TASK_KIND_WORDS[TASK_KIND_COUNT] = {"import", "deletion", "restore", "purge",
                                                      "purge_organization"};
