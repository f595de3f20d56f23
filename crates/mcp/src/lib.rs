//! Both wire edges: agents in, servers out; raw JSON over stdio, Streamable HTTP and the local socket.
