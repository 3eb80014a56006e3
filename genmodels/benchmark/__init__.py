"""What training costs on this machine, measured on the very programs that it runs."""
