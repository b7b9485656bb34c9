"""One codec per type: values as bytes, and back."""
