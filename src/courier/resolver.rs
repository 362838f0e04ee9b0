//! Names to addresses, those that may be spoken to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::tell::is_public;

/// Why an address is not spoken to.
#[derive(Debug, thiserror::Error)]
#[error("{0} leads to a private address, which webhook_networks does not allow")]
pub(super) struct Private(pub String);

/// Public addresses, and those in the networks that are allowed.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowed(pub Arc<[IpNet]>);

impl Allowed {
    pub(super) fn is(&self, address: IpAddr) -> bool {
        let plain = address.to_canonical();
        is_public(plain) || self.0.iter().any(|net| net.contains(&plain))
    }
}

/// The connection is made to what this gives, and to nothing else: there is no second look-up in between.
impl Resolve for Allowed {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let kept: Vec<SocketAddr> = found.filter(|at| allowed.is(at.ip())).collect();
            if kept.is_empty() {
                return Err(Private(host).into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}
