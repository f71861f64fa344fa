"""What is asked of both engines in the same words. An id is written as the engine has it."""

# From the acceptance of a job (the moment of its 202) to its end.
JOB_SECONDS = ("SELECT %s - %s FROM bulk_upload_jobs j JOIN audit_events a ON a.owner_id = j.owner_id"
               " AND a.object_id = j.id AND a.action = 'job.accepted' WHERE j.id = %s")
JOB_OF = "owner_id = (SELECT owner_id FROM bulk_upload_jobs WHERE id = %s) AND job_id = %s"
# Belongs to nobody and counts nothing.
ONE_ROW = ("INSERT INTO prediction_counts (owner_id, id, kind, job_id, reporting_year, risk_level, sector, delta)"
           " VALUES (%s, %s, 0, %s, 2020, 0, 'Energy', 0)")
