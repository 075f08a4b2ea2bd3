"""What each page shows: functions from a view to what its template needs."""
