"""Takes names out of a recording: hosts, tasks, users, addresses and paths become pseudonyms."""
