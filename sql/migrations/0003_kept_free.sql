-- Kept for the archive.
SELECT 1;
