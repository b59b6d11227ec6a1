"""Published leaderboards held to what they say."""
