"""The queue's data in Redis: key names, connection, uploads, results, job records and mean times."""
