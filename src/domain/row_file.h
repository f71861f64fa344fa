/* The three columns that stand behind the user's own in a file of failed, skipped or warned rows. */
#ifndef OBLIGOR_DOMAIN_ROW_FILE_H
#define OBLIGOR_DOMAIN_ROW_FILE_H

#define ROW_FILE_JOB "obligor_job"           /* the id of the job that the row comes from */
#define ROW_FILE_ROW "obligor_row"           /* its number in that job's file */
#define ROW_FILE_PROBLEMS "obligor_problems" /* what is wrong with it, for people */

#endif
