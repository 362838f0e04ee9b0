//! Ways in that need somebody else: a mail server, an OpenID Connect provider. Both are real ones, out of tests/node.

mod link;
mod node;
mod provider;
