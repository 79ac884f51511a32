"""What several test modules share: builders, servers, snapshots. Tested themselves."""
