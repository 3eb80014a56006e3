"""What is shown of trained models: figures and videos."""
