"""One module for each verb: parse, call one function, print."""
