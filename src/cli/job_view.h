/* A job as commands show it. */
#ifndef OBLIGOR_CLI_JOB_VIEW_H
#define OBLIGOR_CLI_JOB_VIEW_H

#include "cli/cli.h"
#include "domain/jobs.h"

enum { JOB_VIEW_PROBLEMS = 10 };

void job_view_list(Cli *cli, const Job *jobs, size_t count);

/* The job with its figures, then at most JOB_VIEW_PROBLEMS of its rejected fields and of its
 * warnings. */
Error *job_view_show(Cli *cli, Db *db, const Job *job) MUST_CHECK;

/* The seconds that the job has been worked; 0 before it began. */
double job_view_seconds(const Job *job, int64_t now);

#endif
