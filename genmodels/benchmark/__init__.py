"""What training costs on this machine, measured on the programs that training itself runs."""
