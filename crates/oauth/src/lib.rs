//! The client side of MCP authorization: discovery, registration, login, refresh, revocation.
