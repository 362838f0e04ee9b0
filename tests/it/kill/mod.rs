//! Nothing lost (attribution.md §2): the real server, killed, starved and robbed of its store, against every
//! click it answered.

mod beside;
mod books;
mod crowd;
mod hunger;
mod proof;
mod rounds;
mod tail;

/// Settings of a server that believes the load's `X-Forwarded-For`.
const LOADED: [(&str, &str); 1] = [("trusted_proxies", "127.0.0.0/8")];

/// Where the links of these tests lead; nobody goes there.
const SHOP: &str = "https://shop.example/autumn";
