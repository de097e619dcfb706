"""Questions about a network on a domain that a bound answers, without all its regions."""
