/* Columns of ours in a file of rows that failed, were skipped or warned about, behind the user's own. */
#ifndef OBLIGOR_DOMAIN_ROW_FILE_H
#define OBLIGOR_DOMAIN_ROW_FILE_H

#define ROW_FILE_JOB      "obligor_job"
#define ROW_FILE_ROW      "obligor_row"
#define ROW_FILE_PROBLEMS "obligor_problems"

#endif
