"""Changes as rows of inserts with a column that says what they do, and back."""
