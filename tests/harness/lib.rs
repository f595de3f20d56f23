//! What every journey needs: a home of its own, real servers and clients, a desktop without a screen.
