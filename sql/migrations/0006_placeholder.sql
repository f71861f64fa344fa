-- Holds the number of a migration that comes with the files of failed rows; it goes when that one is there.
SELECT 1;
