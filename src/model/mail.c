/* As they stand in the database and in the log. */
#include "model/mail.h"

const char *const MAIL_KIND_WORDS[MAIL_KIND_COUNT] = {"verify", "reset", "invite", "known"};
