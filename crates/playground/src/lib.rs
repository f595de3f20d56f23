//! A world to try the wallet in: an authorization server and a protected MCP server on loopback.
