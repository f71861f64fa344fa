/* The options: one table gives the parser, the environment names, the defaults, the help and the
 * effective configuration.
 *
 * An option with an environment name is a *setting*: it may also come from the environment or from
 * the file that --config names. One without belongs to a single call. */
#ifndef OBLIGOR_CLI_OPTIONS_H
#define OBLIGOR_CLI_OPTIONS_H

#include "cli/command.h"

typedef enum OptionId {
    /* everywhere */
    OPTION_DB,
    OPTION_CONFIG,
    OPTION_LOG_LEVEL,
    OPTION_LOG_FORMAT,
    OPTION_JSON,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_AUDIT_KEY_FILE,
    /* serve */
    OPTION_LISTEN,
    OPTION_TRUSTED_PROXY,
    OPTION_CORS_ORIGIN,
    OPTION_RATE_REQUESTS,
    OPTION_RATE_UPLOADS,
    OPTION_RATE_SCORES,
    OPTION_RATE_SIGN_INS,
    OPTION_DB_REPLICA,
    OPTION_WORKERS,
    OPTION_THREADS,
    OPTION_QUEUE,
    OPTION_STATEMENT_TIMEOUT,
    OPTION_MAX_UPLOAD,
    OPTION_MAX_BODY,
    OPTION_SPOOL,
    OPTION_SPOOL_QUOTA,
    OPTION_RESTORE_WINDOW,
    OPTION_KEEP_ARCHIVES,
    OPTION_REGISTRATION,
    OPTION_PUBLIC_URL,
    OPTION_MAIL,
    OPTION_SMTP_URL,
    OPTION_SMTP_CA,
    OPTION_MAIL_FROM,
    OPTION_SESSION_HOURS,
    /* migrate */
    OPTION_DISTRIBUTED,
    /* user */
    OPTION_EMAIL,
    OPTION_ROLE,
    OPTION_ORG,
    OPTION_FULL_NAME,
    OPTION_VERIFIED,
    OPTION_PASSWORD_STDIN,
    OPTION_NO_PASSWORD,

    OPTION_SLUG,
    OPTION_MAX_USERS,
    OPTION_DEFAULT_ROLE,
    OPTION_ALLOW_GLOBAL_DATA,
    /* model */
    OPTION_ACTIVATE,
    /* import, jobs */
    OPTION_USER,
    OPTION_TYPE,
    OPTION_ON_DUPLICATE,
    OPTION_MAX_FAILED_ROWS,
    OPTION_SHEET,
    OPTION_RETRY_OF,
    OPTION_MARKET_CAP_UNIT,
    OPTION_UPDATE_COMPANIES,
    OPTION_ENCODING,
    OPTION_DECIMAL,
    /* export, score */
    OPTION_MODEL,
    OPTION_FORMAT,
    OPTION_OUTPUT,
    OPTION_COMPANY_SYMBOL,
    OPTION_SECTOR,
    OPTION_REPORTING_YEAR,
    OPTION_REPORTING_QUARTER,
    OPTION_RISK_LEVEL,
    OPTION_SOURCE,
    OPTION_JOB_ID,
    OPTION_OUTCOME,
    OPTION_CREATED_AFTER,
    OPTION_CREATED_BEFORE,
    OPTION_PROBABILITY_MIN,
    OPTION_PROBABILITY_MAX,
    /* jobs */
    OPTION_STATUS,
    OPTION_LIMIT,
    OPTION_SHOW_DELETED,
    OPTION_WITH_PREDICTIONS,
    OPTION_INCLUDE_EDITED,
    OPTION_INCLUDE_INFERRED,
    OPTION_INCLUDE_RETRIES,
    OPTION_ORPHANED_COMPANIES,
    OPTION_REASON,
    OPTION_DRY_RUN,
    /* check */
    OPTION_OWNER,
    OPTION_FILES,
    /* audit */
    OPTION_HEAD,
    OPTION_COUNT
} OptionId;

typedef enum OptionKind {
    OPTION_IS_TEXT,
    OPTION_IS_INT,
    OPTION_IS_BYTES, /* "512MiB", "1G", "1000" */
    OPTION_IS_BOOL,  /* --x, or --x=no; elsewhere true/false, 1/0, yes/no, on/off */
    OPTION_IS_CHOICE
} OptionKind;

typedef enum Secrecy {
    SECRET_NOTHING,
    SECRET_IN_URL, /* the password inside a URL is masked */
    SECRET_ALL
} Secrecy;

typedef struct OptionSpec {
    const char *name;        /* without the dashes */
    char letter;             /* -h; 0: none */
    const char *environment; /* NULL: belongs to a single call */
    const char *fallback;    /* the default; NULL: none */
    const char *value;       /* what stands for the value in help: "ADDR:PORT"; NULL for a bool */
    const char *help;
    OptionKind kind;
    bool
        repeats; /* a text that is a list: given again it goes on, behind a comma; else the last one counts */
    Secrecy secrecy;
    int64_t low, high;          /* of an int, or of bytes */
    const char *const *choices; /* of a choice; its number is the index */
    size_t choice_count;
    CommandSet commands; /* that take it */
    CommandSet required; /* that cannot do without */
} OptionSpec;

const OptionSpec *option_spec(OptionId id);

/* True and the option when one has this long name; `letter` likewise. */
bool option_find(Str name, OptionId *ret_id);
bool option_find_letter(char letter, OptionId *ret_id);

/* Does this command take the option? `config` takes every setting. */
bool option_belongs(OptionId id, CommandId command);

/* Reads a value: the number of an int, of bytes, of a bool (0, 1) or of a choice; 0 for a text.
 * ERROR_INVALID, reason "usage", says what is wrong and what is allowed; `where` names the place
 * that the value came from, as in "--workers". */
Error *option_check(Arena *arena, const OptionSpec *spec, const char *where, Str text,
                    int64_t *ret_number) MUST_CHECK;

/* The value as it may be shown. */
const char *option_masked(Arena *arena, const OptionSpec *spec, const char *text);

/* "4 KiB", "1 GiB", "1000": the shortest way to write a number of bytes that option_check reads. */
const char *option_bytes_text(Arena *arena, int64_t bytes);

/* ERROR_INVALID with reason "usage" and a hint beneath the sentence. `hint` may be NULL. */
Error *usage_error(Arena *arena, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull));

#endif
