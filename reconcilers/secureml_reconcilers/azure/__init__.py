"""The only door to Azure: ids, clients, throttling, and the one typed error."""
