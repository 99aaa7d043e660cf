//! The admin socket that the command line talks to.
