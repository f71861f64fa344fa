/* The table of options. A new option is a row here, its name in OptionId, and its use in a
 * command. */
#include "cli/options.h"

#include "base/check.h"
#include "cli/mailing.h"
#include "domain/rows_wanted.h"
#include "domain/user_sessions.h"
#include "format/table_out.h"
#include "model/job.h"
#include "model/organization.h"
#include "model/page.h"

static const char *const LOG_LEVELS[] = {"debug", "info", "warn", "error", "off"};
static const char *const LOG_FORMATS[] = {"text", "json"};
static const char *const KINDS[KIND_COUNT] = {"annual", "quarterly"};
static const char *const DEFAULT_ROLES[] = {"org_viewer", "org_member", "org_auditor"};

#define USER_ONES                                                                                  \
    (ON(USER_ADD) | ON(USER_PASSWD) | ON(USER_VERIFY) | ON(USER_DISABLE) | ON(USER_ENABLE) |       \
     ON(USER_LINK))
#define JOBS (ON(JOBS_LIST) | ON(JOBS_SHOW) | ON(JOBS_CANCEL) | ON(JOBS_DELETE) | ON(JOBS_RESTORE))

enum { DAYS_MAX = 36500 };
#define AUDIT (ON(AUDIT_VERIFY) | ON(AUDIT_HEAD) | ON(AUDIT_SEAL))
#define AUDIT_WRITERS                                                                              \
    (ON(SERVE) | ON(WORKER) | USER_ONES | ON(ORG_ADD) | ON(MODEL_ADD) | ON(MODEL_ACTIVATE) |       \
     ON(IMPORT) | ON(EXPORT) | ON(JOBS_CANCEL) | ON(JOBS_DELETE) | ON(JOBS_RESTORE))

/* Designated by name; the order is that of OptionId and of every list of options. */
static const OptionSpec OPTIONS[OPTION_COUNT] = {
    [OPTION_DB] =
        {
            .name = "db",
            .environment = "OBLIGOR_DB",
            .fallback = "sqlite:obligor.db",
            .value = "URL",
            .help = "the database: sqlite:PATH, or postgresql://USER@HOST/NAME",
            .secrecy = SECRET_IN_URL,
            .commands = ON_EVERY_ONE & ~(ON(VERSION) | ON(HELP) | ON(SCORE)),
        },
    [OPTION_CONFIG] =
        {
            .name = "config",
            .environment = "OBLIGOR_CONFIG",
            .value = "FILE",
            .help = "read settings from FILE, lines of name = value",
            .commands = ON_EVERY_ONE & ~(ON(VERSION) | ON(HELP)),
        },
    [OPTION_LOG_LEVEL] =
        {
            .name = "log-level",
            .environment = "OBLIGOR_LOG_LEVEL",
            .fallback = "info",
            .value = "LEVEL",
            .help = "log what is at least this grave (warn by default, but for serve and worker)",
            .kind = OPTION_IS_CHOICE,
            .choices = LOG_LEVELS,
            .choice_count = ARRAY_COUNT(LOG_LEVELS),
            .commands = ON_EVERY_ONE,
        },
    [OPTION_LOG_FORMAT] =
        {
            .name = "log-format",
            .environment = "OBLIGOR_LOG_FORMAT",
            .fallback = "text",
            .value = "FORMAT",
            .help = "write log lines as text or as json",
            .kind = OPTION_IS_CHOICE,
            .choices = LOG_FORMATS,
            .choice_count = ARRAY_COUNT(LOG_FORMATS),
            .commands = ON_EVERY_ONE,
        },
    [OPTION_JSON] =
        {
            .name = "json",
            .help = "write the result as JSON, for programs",
            .kind = OPTION_IS_BOOL,
            .commands = ON_EVERY_ONE & ~ON(HELP),
        },
    [OPTION_HELP] =
        {
            .name = "help",
            .letter = 'h',
            .help = "say how this command is used",
            .kind = OPTION_IS_BOOL,
            .commands = ON_EVERY_ONE,
        },
    [OPTION_VERSION] =
        {
            .name = "version",
            .letter = 'V',
            .help = "say which version this is",
            .kind = OPTION_IS_BOOL,
            .commands = ON(VERSION),
        },
    [OPTION_AUDIT_KEY_FILE] =
        {
            .name = "audit-key-file",
            .environment = "OBLIGOR_AUDIT_KEY_FILE",
            .value = "FILE",
            .help = "keep the audit trail with the key in FILE; former keys on lines below it",
            .secrecy = SECRET_ALL,
            .commands = AUDIT_WRITERS | AUDIT | ON(CHECK),
        },
    [OPTION_LISTEN] =
        {
            .name = "listen",
            .environment = "OBLIGOR_LISTEN",
            .fallback = "127.0.0.1:8000",
            .value = "ADDR:PORT",
            .help = "listen here; port 0 lets the system choose",
            .commands = ON(SERVE),
        },
    [OPTION_TRUSTED_PROXY] =
        {
            .name = "trusted-proxy",
            .environment = "OBLIGOR_TRUSTED_PROXY",
            .value = "NETWORKS",
            .help = "believe these what they say of the client's address: 10.0.0.0/8,192.0.2.7",
            .repeats = true,
            .commands = ON(SERVE),
        },
    [OPTION_CORS_ORIGIN] =
        {
            .name = "cors-origin",
            .environment = "OBLIGOR_CORS_ORIGIN",
            .value = "ORIGINS",
            .help = "other sites whose pages may read answers: https://a.example,https://b.example",
            .repeats = true,
            .commands = ON(SERVE),
        },
    [OPTION_RATE_REQUESTS] =
        {
            .name = "rate-requests",
            .environment = "OBLIGOR_RATE_REQUESTS",
            .fallback = "1000/s:5000",
            .value = "N/s:BURST",
            .help = "requests of one user, or of one address; 0: no limit",
            .commands = ON(SERVE),
        },
    [OPTION_RATE_UPLOADS] =
        {
            .name = "rate-uploads",
            .environment = "OBLIGOR_RATE_UPLOADS",
            .fallback = "20/s:200",
            .value = "N/s:BURST",
            .help = "uploads of one user; 0: no limit",
            .commands = ON(SERVE),
        },
    [OPTION_RATE_SCORES] =
        {
            .name = "rate-scores",
            .environment = "OBLIGOR_RATE_SCORES",
            .fallback = "100/s:1000",
            .value = "N/s:BURST",
            .help = "requests for scores of one user; 0: no limit",
            .commands = ON(SERVE),
        },
    [OPTION_RATE_SIGN_INS] =
        {
            .name = "rate-sign-ins",
            .environment = "OBLIGOR_RATE_SIGN_INS",
            .fallback = "30/m:100",
            .value = "N/m:BURST",
            .help = "wrong passwords, links and join tokens from one address; 0: no limit",
            .commands = ON(SERVE),
        },
    [OPTION_DB_REPLICA] =
        {
            .name = "db-replica",
            .environment = "OBLIGOR_DB_REPLICA",
            .value = "URL",
            .help = "a standby of the database, for requests that say Prefer: stale-ok",
            .secrecy = SECRET_IN_URL,
            .commands = ON(SERVE),
        },
    [OPTION_WORKERS] =
        {
            .name = "workers",
            .environment = "OBLIGOR_WORKERS",
            .fallback = "1",
            .value = "N",
            .help = "background workers in this process; 0 serves only",
            .kind = OPTION_IS_INT,
            .low = 0,
            .high = 64,
            .commands = ON(SERVE),
        },
    [OPTION_THREADS] =
        {
            .name = "threads",
            .environment = "OBLIGOR_THREADS",
            .fallback = "4",
            .value = "N",
            .help = "threads that answer requests, each with a database session",
            .kind = OPTION_IS_INT,
            .low = 1,
            .high = 256,
            .commands = ON(SERVE),
        },
    [OPTION_QUEUE] =
        {
            .name = "queue",
            .environment = "OBLIGOR_QUEUE",
            .fallback = "256",
            .value = "N",
            .help = "requests that may wait for a thread; more are asked to come again",
            .kind = OPTION_IS_INT,
            .low = 1,
            .high = 100000,
            .commands = ON(SERVE),
        },
    [OPTION_STATEMENT_TIMEOUT] =
        {
            .name = "statement-timeout",
            .environment = "OBLIGOR_STATEMENT_TIMEOUT",
            .fallback = "30",
            .value = "SECONDS",
            .help = "the longest that a statement of a request may take (PostgreSQL)",
            .kind = OPTION_IS_INT,
            .low = 1,
            .high = 3600,
            .commands = ON(SERVE),
        },
    [OPTION_MAX_UPLOAD] =
        {
            .name = "max-upload",
            .environment = "OBLIGOR_MAX_UPLOAD",
            .fallback = "1GiB",
            .value = "BYTES",
            .help = "the largest file taken over HTTP, and the most that a packed one may hold",
            .kind = OPTION_IS_BYTES,
            .low = 1,
            .high = INT64_C(1) << 50,
            .commands = ON(SERVE) | ON(WORKER) | ON(IMPORT) | ON(SCORE),
        },
    [OPTION_MAX_BODY] =
        {
            .name = "max-body",
            .environment = "OBLIGOR_MAX_BODY",
            .fallback = "1MiB",
            .value = "BYTES",
            .help = "the largest body of any other request",
            .kind = OPTION_IS_BYTES,
            .low = 1024,
            .high = INT64_C(1) << 30,
            .commands = ON(SERVE),
        },
    [OPTION_SPOOL] =
        {
            .name = "spool",
            .environment = "OBLIGOR_SPOOL",
            .fallback = "/var/tmp",
            .value = "DIR",
            .help = "where a file is kept while it is taken in",
            .commands = ON(SERVE) | ON(IMPORT) | ON(SCORE),
        },
    [OPTION_SPOOL_QUOTA] =
        {
            .name = "spool-quota",
            .environment = "OBLIGOR_SPOOL_QUOTA",
            .fallback = "10GiB",
            .value = "BYTES",
            .help = "the room in the spool for files on their way out, such as exports",
            .kind = OPTION_IS_BYTES,
            .low = 1 << 20,
            .high = INT64_C(1) << 50,
            .commands = ON(SERVE),
        },
    [OPTION_RESTORE_WINDOW] =
        {
            .name = "restore-window",
            .environment = "OBLIGOR_RESTORE_WINDOW",
            .fallback = "30",
            .value = "DAYS",
            .help = "for so long a deletion may be taken back by who made it",
            .kind = OPTION_IS_INT,
            .low = 1,
            .high = DAYS_MAX,
            .commands = ON(SERVE) | ON(WORKER) | ON(JOBS_DELETE),
        },
    [OPTION_KEEP_ARCHIVES] =
        {
            .name = "keep-archives",
            .environment = "OBLIGOR_KEEP_ARCHIVES",
            .value = "DAYS",
            .help = "purge what was deleted longer ago; else it is kept",
            .kind = OPTION_IS_INT,
            .low = 1,
            .high = DAYS_MAX,
            .commands = ON(SERVE) | ON(WORKER),
        },
    [OPTION_REGISTRATION] =
        {
            .name = "registration",
            .environment = "OBLIGOR_REGISTRATION",
            .fallback = "closed",
            .value = "WHO",
            .help = "who may register: closed, open, or domain=a.example,b.example",
            .commands = ON(SERVE),
        },
    [OPTION_PUBLIC_URL] =
        {
            .name = "public-url",
            .environment = "OBLIGOR_PUBLIC_URL",
            .value = "URL",
            .help = "where people find the server, for links (default: http:// and --listen)",
            .commands = ON(SERVE) | ON(WORKER) | ON(USER_LINK),
        },
    [OPTION_MAIL] =
        {
            .name = "mail",
            .environment = "OBLIGOR_MAIL",
            .value = "HOW",
            .help = "send mail by smtp, write its links to the log, or send none",
            .kind = OPTION_IS_CHOICE,
            .choices = MAIL_MODE_WORDS,
            .choice_count = MAIL_MODE_COUNT,
            .commands = ON(SERVE) | ON(WORKER),
        },
    [OPTION_SMTP_URL] =
        {
            .name = "smtp-url",
            .environment = "OBLIGOR_SMTP_URL",
            .value = "URL",
            .help = "the mail server: smtp://USER:PASSWORD@HOST:PORT, or smtps:",
            .secrecy = SECRET_IN_URL,
            .commands = ON(SERVE) | ON(WORKER),
        },
    [OPTION_SMTP_CA] =
        {
            .name = "smtp-ca",
            .environment = "OBLIGOR_SMTP_CA",
            .value = "FILE",
            .help = "trust these certificates for the mail server, instead of the system's",
            .commands = ON(SERVE) | ON(WORKER),
        },
    [OPTION_MAIL_FROM] =
        {
            .name = "mail-from",
            .environment = "OBLIGOR_MAIL_FROM",
            .value = "EMAIL",
            .help = "the address that mail comes from",
            .commands = ON(SERVE) | ON(WORKER),
        },
    [OPTION_SESSION_HOURS] =
        {
            .name = "session-hours",
            .environment = "OBLIGOR_SESSION_HOURS",
            .fallback = "12",
            .value = "HOURS",
            .help = "sessions end so long after signing in, unless they are refreshed",
            .kind = OPTION_IS_INT,
            .low = 1,
            .high = SESSION_HOURS_MAX,
            .commands = ON(SERVE),
        },
    [OPTION_DISTRIBUTED] =
        {
            .name = "distributed",
            .help = "then distribute the tables over the machines of a Citus cluster",
            .kind = OPTION_IS_BOOL,
            .commands = ON(MIGRATE),
        },
    [OPTION_EMAIL] =
        {
            .name = "email",
            .value = "EMAIL",
            .help = "the user's address",
            .commands = USER_ONES,
            .required = ON(USER_ADD),
        },
    [OPTION_ROLE] =
        {
            .name = "role",
            .value = "ROLE",
            .help = "what the user may do (user, or what the organization gives who joins)",
            .kind = OPTION_IS_CHOICE,
            .choices = ROLE_WORDS,
            .choice_count = ROLE_COUNT,
            .commands = ON(USER_ADD),
        },
    [OPTION_ORG] =
        {
            .name = "org",
            .value = "SLUG",
            .help = "a member of this organization, with one of its roles",
            .commands = ON(USER_ADD),
        },
    [OPTION_FULL_NAME] =
        {
            .name = "full-name",
            .value = "NAME",
            .help = "the user's name",
            .commands = ON(USER_ADD),
        },
    [OPTION_VERIFIED] =
        {
            .name = "verified",
            .help = "the address is known to be the user's: may sign in at once",
            .kind = OPTION_IS_BOOL,
            .commands = ON(USER_ADD),
        },
    [OPTION_PASSWORD_STDIN] =
        {
            .name = "password-stdin",
            .help = "read the password from the first line of standard input",
            .kind = OPTION_IS_BOOL,
            .commands = ON(USER_ADD) | ON(USER_PASSWD),
        },
    [OPTION_NO_PASSWORD] =
        {
            .name = "no-password",
            .help = "set none: the user cannot sign in until one is set",
            .kind = OPTION_IS_BOOL,
            .commands = ON(USER_ADD),
        },
    [OPTION_SLUG] =
        {
            .name = "slug",
            .value = "SLUG",
            .help = "its short name (made of the name)",
            .commands = ON(ORG_ADD),
        },
    [OPTION_MAX_USERS] =
        {
            .name = "max-users",
            .value = "N",
            .help = "at most so many members",
            .kind = OPTION_IS_INT,
            .low = 1,
            .high = MEMBERS_MOST,
            .commands = ON(ORG_ADD),
        },
    [OPTION_DEFAULT_ROLE] =
        {
            .name = "default-role",
            .fallback = "org_member",
            .value = "ROLE",
            .help = "of who joins",
            .kind = OPTION_IS_CHOICE,
            .choices = DEFAULT_ROLES,
            .choice_count = ARRAY_COUNT(DEFAULT_ROLES),
            .commands = ON(ORG_ADD),
        },
    [OPTION_ALLOW_GLOBAL_DATA] =
        {
            .name = "allow-global-data",
            .help = "its members read the system's data too",
            .kind = OPTION_IS_BOOL,
            .commands = ON(ORG_ADD),
        },
    [OPTION_ACTIVATE] =
        {
            .name = "activate",
            .help = "use it for new predictions from now on",
            .kind = OPTION_IS_BOOL,
            .commands = ON(MODEL_ADD),
        },
    [OPTION_USER] =
        {
            .name = "user",
            .environment = "OBLIGOR_USER",
            .value = "EMAIL",
            .help = "act for this user",
            .commands = ON(IMPORT) | ON(EXPORT) | JOBS,
            .required = ON(IMPORT) | ON(EXPORT) | JOBS,
        },
    [OPTION_TYPE] =
        {
            .name = "type",
            .value = "KIND",
            .help = "which kind of prediction",
            .kind = OPTION_IS_CHOICE,
            .choices = KINDS,
            .choice_count = KIND_COUNT,
            .commands = ON(IMPORT) | ON(EXPORT) | ON(SCORE) | ON(JOBS_LIST),
            .required = ON(IMPORT) | ON(EXPORT) | ON(SCORE),
        },
    [OPTION_ON_DUPLICATE] =
        {
            .name = "on-duplicate",
            .fallback = "reject",
            .value = "MODE",
            .help = "a row whose company and period have another prediction",
            .kind = OPTION_IS_CHOICE,
            .choices = ON_DUPLICATE_WORDS,
            .choice_count = DUPLICATE_COUNT,
            .commands = ON(IMPORT),
        },
    [OPTION_MAX_FAILED_ROWS] =
        {
            .name = "max-failed-rows",
            .value = "N",
            .help = "give up after more rejected rows than this; 0: all or nothing (default: no "
                    "limit)",
            .kind = OPTION_IS_INT,
            .low = 0,
            .high = INT64_MAX,
            .commands = ON(IMPORT),
        },
    [OPTION_SHEET] =
        {
            .name = "sheet",
            .value = "NAME",
            .help = "read this sheet of a workbook, by name or number (default: the first shown)",
            .commands = ON(IMPORT) | ON(SCORE),
        },
    [OPTION_RETRY_OF] =
        {
            .name = "retry-of",
            .value = "JOB",
            .help = "the job whose rows the file mends (default: what its column obligor_job says)",
            .commands = ON(IMPORT),
        },
    [OPTION_MARKET_CAP_UNIT] =
        {
            .name = "market-cap-unit",
            .fallback = "usd",
            .value = "UNIT",
            .help = "what the file's market_cap counts",
            .kind = OPTION_IS_CHOICE,
            .choices = CAP_UNIT_WORDS,
            .choice_count = CAP_UNIT_COUNT,
            .commands = ON(IMPORT) | ON(SCORE),
        },
    [OPTION_UPDATE_COMPANIES] =
        {
            .name = "update-companies",
            .help = "take names and sectors that differ from the file",
            .kind = OPTION_IS_BOOL,
            .commands = ON(IMPORT),
        },
    [OPTION_ENCODING] =
        {
            .name = "encoding",
            .value = "NAME",
            .help = "the encoding of a text file that is not UTF-8 and has no byte order mark",
            .commands = ON(IMPORT) | ON(SCORE),
        },
    [OPTION_DECIMAL] =
        {
            .name = "decimal",
            .fallback = "point",
            .value = "MARK",
            .help = "what stands before the decimals of a text file's numbers",
            .kind = OPTION_IS_CHOICE,
            .choices = DECIMAL_MARK_WORDS,
            .choice_count = DECIMAL_MARK_COUNT,
            .commands = ON(IMPORT) | ON(SCORE),
        },
    [OPTION_MODEL] =
        {
            .name = "model",
            .value = "FILE",
            .help = "score with the card in FILE",
            .commands = ON(SCORE),
        },
    [OPTION_FORMAT] =
        {
            .name = "format",
            .value = "FORMAT",
            .help = "what to write (default: by the ending of --output, else csv)",
            .kind = OPTION_IS_CHOICE,
            .choices = TABLE_FORMAT_WORDS,
            .choice_count = TABLE_FORMAT_COUNT,
            .commands = ON(EXPORT) | ON(SCORE),
        },
    [OPTION_OUTPUT] =
        {
            .name = "output",
            .value = "FILE",
            .help = "write to FILE instead of standard output",
            .letter = 'o',
            .commands = ON(EXPORT) | ON(SCORE),
        },
    [OPTION_COMPANY_SYMBOL] =
        {
            .name = "company-symbol",
            .value = "TEXT",
            .help = "only symbols with this in them",
            .commands = ON(EXPORT),
        },
    [OPTION_SECTOR] =
        {
            .name = "sector",
            .value = "NAMES",
            .help = "only these sectors",
            .commands = ON(EXPORT),
        },
    [OPTION_REPORTING_YEAR] =
        {
            .name = "reporting-year",
            .value = "YEARS",
            .help = "only these years",
            .commands = ON(EXPORT),
        },
    [OPTION_REPORTING_QUARTER] =
        {
            .name = "reporting-quarter",
            .value = "QUARTERS",
            .help = "only these quarters: Q1 to Q4",
            .commands = ON(EXPORT),
        },
    [OPTION_RISK_LEVEL] =
        {
            .name = "risk-level",
            .value = "LEVELS",
            .help = "only these: LOW, MEDIUM, HIGH, CRITICAL",
            .commands = ON(EXPORT),
        },
    [OPTION_SOURCE] =
        {
            .name = "source",
            .value = "SOURCES",
            .help = "only what came so: bulk_upload, manual, edit, rescore",
            .commands = ON(EXPORT),
        },
    [OPTION_JOB_ID] =
        {
            .name = "job-id",
            .value = "ID",
            .help = "only what this job made",
            .commands = ON(EXPORT),
        },
    [OPTION_OUTCOME] =
        {
            .name = "outcome",
            .value = "OUTCOME",
            .help = "rows of the file of --job-id that met this, instead of predictions",
            .kind = OPTION_IS_CHOICE,
            .choices = FATE_WORDS,
            .choice_count = FATE_COUNT,
            .commands = ON(EXPORT),
        },
    [OPTION_CREATED_AFTER] =
        {
            .name = "created-after",
            .value = "TIME",
            .help = "only what was made since",
            .commands = ON(EXPORT),
        },
    [OPTION_CREATED_BEFORE] =
        {
            .name = "created-before",
            .value = "TIME",
            .help = "only what was made before",
            .commands = ON(EXPORT),
        },
    [OPTION_PROBABILITY_MIN] =
        {
            .name = "probability-min",
            .value = "P",
            .help = "only probabilities of at least P, from 0 to 1",
            .commands = ON(EXPORT),
        },
    [OPTION_PROBABILITY_MAX] =
        {
            .name = "probability-max",
            .value = "P",
            .help = "only probabilities of at most P",
            .commands = ON(EXPORT),
        },
    [OPTION_STATUS] =
        {
            .name = "status",
            .value = "STATUS",
            .help = "only jobs in this state",
            .kind = OPTION_IS_CHOICE,
            .choices = JOB_STATUS_WORDS,
            .choice_count = JOB_STATUS_COUNT,
            .commands = ON(JOBS_LIST),
        },
    [OPTION_LIMIT] =
        {
            .name = "limit",
            .fallback = "50",
            .value = "N",
            .help = "at most so many, newest first",
            .kind = OPTION_IS_INT,
            .low = 1,
            .high = PAGE_LIMIT_MAX,
            .commands = ON(JOBS_LIST) | ON(AUDIT_LIST),
        },
    [OPTION_SHOW_DELETED] =
        {
            .name = "show-deleted",
            .help = "deleted jobs too",
            .kind = OPTION_IS_BOOL,
            .commands = ON(JOBS_LIST) | ON(JOBS_SHOW),
        },
    [OPTION_WITH_PREDICTIONS] =
        {
            .name = "with-predictions",
            .help = "also exactly the predictions that the job made",
            .kind = OPTION_IS_BOOL,
            .commands = ON(JOBS_DELETE),
        },
    [OPTION_INCLUDE_EDITED] =
        {
            .name = "include-edited",
            .help = "also versions edited by hand from its rows",
            .kind = OPTION_IS_BOOL,
            .commands = ON(JOBS_DELETE),
        },
    [OPTION_INCLUDE_INFERRED] =
        {
            .name = "include-inferred",
            .help = "also predictions whose link to the job was inferred",
            .kind = OPTION_IS_BOOL,
            .commands = ON(JOBS_DELETE),
        },
    [OPTION_INCLUDE_RETRIES] =
        {
            .name = "include-retries",
            .help = "also the jobs that mend it (of a restoration: that were deleted with it)",
            .kind = OPTION_IS_BOOL,
            .commands = ON(JOBS_DELETE) | ON(JOBS_RESTORE),
        },
    [OPTION_ORPHANED_COMPANIES] =
        {
            .name = "delete-orphaned-companies",
            .help = "also companies that are left without a prediction",
            .kind = OPTION_IS_BOOL,
            .commands = ON(JOBS_DELETE),
        },
    [OPTION_REASON] =
        {
            .name = "reason",
            .value = "TEXT",
            .help = "why, for the audit trail",
            .commands = ON(JOBS_DELETE) | ON(JOBS_RESTORE),
        },
    [OPTION_DRY_RUN] =
        {
            .name = "dry-run",
            .help = "say what would come of it, and change nothing",
            .kind = OPTION_IS_BOOL,
            .commands = ON(MIGRATE) | ON(IMPORT) | ON(JOBS_DELETE) | ON(JOBS_RESTORE),
        },
    [OPTION_OWNER] =
        {
            .name = "owner",
            .value = "OWNER",
            .help = "only what belongs to this owner",
            .commands = ON(CHECK) | ON(AUDIT_LIST),
        },
    [OPTION_FILES] =
        {
            .name = "files",
            .help = "also read every uploaded file and compare it with its SHA-256, and unpack "
                    "every archive",
            .kind = OPTION_IS_BOOL,
            .commands = ON(CHECK),
        },
    [OPTION_HEAD] =
        {
            .name = "head",
            .value = "FILE",
            .help = "heads that 'obligor audit head' wrote before; - for standard input",
            .commands = ON(AUDIT_VERIFY),
        },
};

const OptionSpec *option_spec(OptionId id)
{
    CHECK(id < OPTION_COUNT);
    return &OPTIONS[id];
}

bool option_find(Str name, OptionId *ret_id)
{
    for (OptionId id = 0; id < OPTION_COUNT; id++)
        if (str_is(name, OPTIONS[id].name)) {
            *ret_id = id;
            return true;
        }
    return false;
}

bool option_find_letter(char letter, OptionId *ret_id)
{
    for (OptionId id = 0; id < OPTION_COUNT; id++)
        if (letter != 0 && OPTIONS[id].letter == letter) {
            *ret_id = id;
            return true;
        }
    return false;
}

bool option_belongs(OptionId id, CommandId command)
{
    const OptionSpec *spec = option_spec(id);
    bool setting = spec->environment != NULL;
    return (spec->commands >> command & 1) || (command == COMMAND_CONFIG && setting);
}
