"""What is drawn of a trained model: sheets of images, plots, videos."""
