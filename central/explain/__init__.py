"""What central can say about one record, transfer or queue, from the state that it decides by."""
