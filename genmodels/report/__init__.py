"""What is shown of trained models: figures, videos, and the page of the comparison."""
