"""What is shown of trained models: figures, videos, the page of the comparison, and exported models."""
