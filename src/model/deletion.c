/* Words of the deletion states. */
#include "model/deletion.h"

const char *const DELETION_STATE_WORDS[DELETION_STATE_COUNT] = {"pending", "running", "done",
                                                                "stalled"};
