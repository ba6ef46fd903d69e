"""The write side: walks folders, describes pictures, writes them to a library; and the `pictor` command."""
