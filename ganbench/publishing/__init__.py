"""Published leaderboards: written, read back, validated, merged."""
